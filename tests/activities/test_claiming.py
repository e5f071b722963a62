"""A claim on its way through its journeys: what each answers is noted, and nothing is done twice however often it is tried."""

from __future__ import annotations

import pytest
from temporalio.testing import ActivityEnvironment

from activities.claiming import ClaimToSettle, settle_claim
from activities.messages import Outcome, Submission
from activities.recording import Recorder
from domain.care import Rejection
from domain.claims import AssembleClaim, Claim, ClaimStage, DecideClaim, OpenClaim, PayClaim
from domain.states import Journey
from tests.activities.claims import given_help
from tests.activities.examples import (
    MUNICIPALITY,
    NOON,
    PROVIDER,
    WatchedStore,
    delivery,
    given_the_programme,
    later,
    recorder,
    step,
)

CLAIM = "claim-1"
IN_APRIL = later(NOON, days=31)


class Straight:
    """Hands steps to the record without an engine between; `breaks` of them fail first."""

    def __init__(self, clerk: Recorder, *, breaks: int = 0) -> None:
        self._clerk, self._breaks = clerk, breaks
        self.asked: list[Submission] = []

    async def submit(self, step: Submission) -> Outcome:
        self.asked.append(step)
        if len(self.asked) == self._breaks:
            raise ConnectionError("the engine went away")
        return await self._clerk.record(step.model_copy(update={"at": IN_APRIL}))


@pytest.fixture
async def clerk() -> tuple[Recorder, WatchedStore]:
    """Three journeys with help in March, and their provider's claim of it."""
    store = WatchedStore()
    found = recorder(store)
    await given_the_programme(found, NOON)
    for number in range(3):
        await given_help(found, NOON, f"journey-{number}", f"person-{number}")
    await found.record(step(assembly(), CLAIM, at=IN_APRIL))
    return found, store


def assembly() -> AssembleClaim:
    return AssembleClaim(provider_id=PROVIDER, municipality=MUNICIPALITY, month=NOON.date().replace(day=1))


async def the_claim(clerk: Recorder) -> Claim:
    claim = (await clerk.claims.at_latest(CLAIM))[0].state
    assert claim is not None
    return claim


async def a_journey(clerk: Recorder, number: int) -> Journey:
    found = (await clerk.journeys.at_latest(f"journey-{number}"))[0].state
    assert found is not None
    return found


async def settle(clerk: Recorder, steps: Straight) -> None:
    await ActivityEnvironment().run(settle_claim(clerk, steps), ClaimToSettle(claim_id=CLAIM, at=IN_APRIL))


async def test_each_journey_checks_its_rows_and_the_claim_notes_the_verdicts(
    clerk: tuple[Recorder, WatchedStore],
) -> None:
    of, _ = clerk
    rows = (await the_claim(of)).rows
    assert [row.journey_id for row in rows] == ["journey-0", "journey-1", "journey-2"]
    rejection = Rejection(delivery_id=rows[1].delivery_id, reason="not_delivered")
    await of.record(step(DecideClaim(rejections=(rejection,)), CLAIM, at=IN_APRIL))
    await settle(of, Straight(of))
    claim = await the_claim(of)
    assert claim.stage is ClaimStage.CHECKED
    assert [claim.verdicts[row.delivery_id].verdict for row in rows] == ["accepted", "rejected", "accepted"]
    assert claim.accepted_cents == rows[0].cents + rows[2].cents
    accepted = [sum(a.accepted for a in (await a_journey(of, n)).file.accounts.values()) for n in range(3)]
    assert accepted == [rows[0].cents, 0, rows[2].cents]


async def test_a_payment_stands_in_the_books_of_every_journey(clerk: tuple[Recorder, WatchedStore]) -> None:
    of, _ = clerk
    await of.record(step(DecideClaim(), CLAIM, at=IN_APRIL))
    await settle(of, Straight(of))
    await of.record(step(PayClaim(paid_on=IN_APRIL.date(), reference="INV-7"), CLAIM, at=IN_APRIL))
    await settle(of, Straight(of))
    claim = await the_claim(of)
    assert claim.stage is ClaimStage.PAID
    paid = [sum(a.paid for a in (await a_journey(of, n)).file.accounts.values()) for n in range(3)]
    assert paid == [row.cents for row in claim.rows]


@pytest.mark.parametrize("breaks", [1, 2, 3])
async def test_whoever_takes_up_a_broken_try_does_nothing_twice(
    clerk: tuple[Recorder, WatchedStore], breaks: int
) -> None:
    of, store = clerk
    await of.record(step(DecideClaim(), CLAIM, at=IN_APRIL))
    with pytest.raises(ExceptionGroup):
        await settle(of, Straight(of, breaks=breaks))
    assert (await the_claim(of)).stage is ClaimStage.BEING_CHECKED
    await settle(of, Straight(of))
    await settle(of, Straight(of))
    assert (await the_claim(of)).stage is ClaimStage.CHECKED
    for number in range(3):
        assert store.types(f"journey-{number}").count("deliveries.claimed") == 1
    assert store.types(CLAIM) == ["claim.assembled", "claim.decided", "claim.checked"]


async def test_one_claim_at_a_time_is_undecided(clerk: tuple[Recorder, WatchedStore]) -> None:
    """The bound in the database says so, whoever assembles it."""
    of, _ = clerk
    with pytest.raises(OpenClaim):
        await of.record(step(assembly(), "claim-2", at=IN_APRIL))
    await of.record(step(DecideClaim(), CLAIM, at=IN_APRIL))
    await settle(of, Straight(of))
    await of.record(step(delivery(NOON), "journey-0", at=IN_APRIL))
    await of.record(step(assembly(), "claim-2", at=IN_APRIL))
