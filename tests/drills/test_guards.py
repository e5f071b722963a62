"""Each guard of places and money is taken away once, and the laws of the town notice; and they hold in many more towns."""

from __future__ import annotations

import pytest

from tests.activities.guards import GUARDS, Guard, without
from tests.activities.test_town import MET as MET_SOON
from tests.activities.test_town import SEEN, run

MET = MET_SOON | {
    "budget.reinstated", "dispute.settled", "entitlement.corrected", "holding.resumed", "holding.suspended",
    "offer.received", "review.held", "a claim holds back", "a claim sets off", "all is settled",
    *(f"refused: {code}" for code in (
        "after_exit", "cap_across_years", "exit_before_delivery", "helped_since", "nothing_to_claim", "open_claim",
        "reference_reused", "while_suspended", "yearly_cap_reached",
    )),
}  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS, ids=lambda each: each.name)
def test_without_it_a_law_is_broken(guard: Guard) -> None:
    with without(guard), pytest.raises(AssertionError):
        run(examples=400)


def test_the_laws_hold_in_many_more_towns() -> None:
    SEEN.clear()
    run(examples=300)
    assert set(+SEEN) >= MET, MET - set(+SEEN)
