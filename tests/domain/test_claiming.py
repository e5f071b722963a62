"""Claims as a journey sees them: what a claim may count, what it may not and why, and what is paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain import journey
from domain.care import ClaimedRow
from domain.decision import Command, DateInFuture
from domain.deliveries import OutsidePeriod
from domain.events import DeliveriesClaimed, DeliveryRecorded, EntitlementRecorded, PaymentRecorded
from domain.ledger import Account
from domain.parties import Person
from domain.stages.claiming import NothingToPay
from domain.stages.delivery import CorrectDelivery, DisputeDelivery, SettleDispute
from domain.stages.planning import ReopenPlan
from domain.stages.throughout import CheckDoubleFunding, RaiseReminders
from domain.states import Delivery, Journey
from tests.domain.given import PERSON, PROVIDER, Given, a_person, consented, contracted, given, provider, registered
from tests.domain.steps import HELPED, claim, in_delivery, leaving, line, paid, payment, replanned, visit
from tests.domain.test_budgeting import five_numbers

FIRST, SECOND = "delivery-1", "delivery-2"


def verdicts(case: Given[Journey], command: Command) -> list[tuple[str, int, str, str | None]]:
    rows = case.when(command).the(DeliveriesClaimed).rows
    return [(row.delivery_id, row.cents, row.verdict, row.reason) for row in rows]


def the_first(case: Given[Journey]) -> Delivery:
    return case.known.file.deliveries[FIRST]


def correction(minutes: int) -> CorrectDelivery:
    return CorrectDelivery(delivery_id=FIRST, minutes=minutes, reason="She stayed for less.")


def test_what_passes_every_check_is_accepted() -> None:
    answer = in_delivery(visit(), visit(minutes=30)).when(claim(FIRST, SECOND))
    answer.then(
        DeliveriesClaimed(
            claim_id="claim-1",
            rules="demo.eligibility@2026",
            rows=(
                ClaimedRow(delivery_id=FIRST, line_id="recovery", cents=3200, verdict="accepted"),
                ClaimedRow(delivery_id=SECOND, line_id="recovery", cents=1600, verdict="accepted"),
            ),
        )
    )
    assert five_numbers(answer.after) == (32000, 32000, 4800, 4800, 0)
    assert [(each.delivery_id, each.code, each.cents) for each in answer.decided.rows] == [
        (FIRST, "accepted", 3200), (SECOND, "accepted", 1600),
    ]  # fmt: skip


def test_a_claim_is_accepted_in_part_with_its_reasons() -> None:
    case = in_delivery(visit(), visit())
    command = claim(FIRST, SECOND, rejected={SECOND: "not_delivered"})
    assert verdicts(case, command) == [
        (FIRST, 3200, "accepted", None), (SECOND, 3200, "rejected", "not_delivered"),
    ]  # fmt: skip
    assert five_numbers(given(case, command)) == (32000, 32000, 6400, 3200, 0)


def test_a_dispute_holds_its_own_delivery_and_no_other() -> None:
    case = in_delivery(visit(), visit(), DisputeDelivery(delivery_id=FIRST, reason="Not so."))
    assert verdicts(case, claim(FIRST, SECOND)) == [(FIRST, 0, "held", "disputed"), (SECOND, 3200, "accepted", None)]
    settled = given(case, claim(FIRST, SECOND), SettleDispute(delivery_id=FIRST, upheld=False, reason="Asked."))
    assert verdicts(settled, claim(FIRST, number=2)) == [(FIRST, 3200, "accepted", None)]


def test_nothing_is_claimed_twice() -> None:
    case = in_delivery(visit(), claim())
    assert verdicts(case, claim(number=2)) == [(FIRST, 0, "rejected", "nothing_to_claim")]
    assert verdicts(given(case, payment()), claim(number=2)) == [(FIRST, 0, "rejected", "nothing_to_claim")]
    assert five_numbers(given(case, claim(number=2))) == (32000, 32000, 3200, 3200, 0)


def test_what_was_rejected_can_be_claimed_again_once_it_is_corrected() -> None:
    case = in_delivery(visit(), claim(rejected={FIRST: "poorly_recorded"}))
    assert verdicts(case, claim(number=2)) == [(FIRST, 0, "rejected", "nothing_to_claim")]
    assert verdicts(given(case, correction(59)), claim(number=2)) == [(FIRST, 3147, "accepted", None)]


def test_a_correction_stands_in_the_next_claim_as_the_difference() -> None:
    """Also when the first claim is paid only after it was corrected."""
    less = in_delivery(visit(), claim(), correction(30))
    assert five_numbers(less) == (32000, 32000, 1600, 1600, 0)
    assert verdicts(less, claim(number=2)) == [(FIRST, -1600, "accepted", None)]
    late = given(less, payment())
    assert five_numbers(late) == (32000, 32000, 1600, 1600, 1600)
    assert late.known.file.accounts["recovery"].of(Account.OWED_BACK) == 1600
    even = given(late, *paid(number=2))
    assert five_numbers(even) == (32000, 32000, 1600, 1600, 1600)
    assert even.known.file.accounts["recovery"].of(Account.OWED_BACK) == 0


def test_more_after_a_correction_is_claimed_and_may_be_rejected_by_itself() -> None:
    more = in_delivery(visit(), *paid(), correction(90))
    assert verdicts(more, claim(number=2)) == [(FIRST, 1600, "accepted", None)]
    rejected = given(more, claim(number=2, rejected={FIRST: "not_delivered"}))
    assert five_numbers(rejected) == (32000, 32000, 4800, 3200, 3200)
    assert the_first(rejected).claimable == 0


def test_a_delivery_of_another_provider_is_unknown_to_a_claim() -> None:
    case = in_delivery(visit())
    others = claim().model_copy(update={"provider_id": "provider-90000002"})
    assert verdicts(case, others) == [(FIRST, 0, "rejected", "unknown_delivery")]
    assert verdicts(case, claim("delivery-9")) == [("delivery-9", 0, "rejected", "unknown_delivery")]
    assert five_numbers(given(case, others)) == (32000, 32000, 3200, 0, 0)


def test_help_outside_the_plan_is_rejected() -> None:
    """It could not have been recorded; whatever stands in the record otherwise, no claim counts it."""
    recorded = in_delivery().when(visit()).the(DeliveryRecorded)
    earlier = recorded.model_copy(update={"day": date(2026, 3, 15)})
    assert verdicts(given(in_delivery(), earlier), claim()) == [(FIRST, 3200, "rejected", "outside_plan")]


def test_help_after_the_exit_is_rejected() -> None:
    """It could not have been recorded either."""
    late = in_delivery().when(visit()).the(DeliveryRecorded)
    gone = given(in_delivery(), leaving(on=date(2026, 3, 25)), late)
    assert verdicts(gone, claim()) == [(FIRST, 3200, "rejected", "after_exit")]


def test_help_of_a_former_plan_is_claimed_under_the_next() -> None:
    """The line goes on under the new plan, from today; what was delivered before was as planned then."""
    again = given(in_delivery(visit()), date(2026, 4, 10), ReopenPlan(reason="She moved."))
    changed = given(again, *replanned(line(starts_on=date(2026, 4, 10)), on=date(2026, 4, 10)))
    assert verdicts(changed, claim()) == [(FIRST, 3200, "accepted", None)]
    changed.when(visit(on=HELPED)).then(DeliveryRecorded)
    changed.on(date(2026, 9, 2)).when(visit(on=date(2026, 9, 1))).refused(OutsidePeriod, field="day")


def test_without_a_contract_on_the_day_nothing_is_accepted() -> None:
    case = in_delivery(visit()).served_by(provider(PROVIDER, contracted(valid_to=date(2026, 3, 25))))
    assert verdicts(case, claim()) == [(FIRST, 3200, "rejected", "no_contract")]
    assert verdicts(in_delivery(visit()).served_by(), claim()) == [(FIRST, 3200, "rejected", "no_contract")]


def test_another_price_than_that_of_the_day_is_rejected() -> None:
    case = in_delivery(visit())
    dearer = {
        key: tuple(replace(each, cents_per_hour=each.cents_per_hour + 1) for each in prices)
        for key, prices in case.programme.prices.items()
    }
    assert verdicts(case.under(replace(case.programme, prices=dearer)), claim()) == [
        (FIRST, 3200, "rejected", "price_differs")
    ]


def served_elsewhere() -> EntitlementRecorded:
    return EntitlementRecorded(
        entitlement_id="entitlement-1",
        service="state_special_care",
        starts_on=HELPED,
        ends_on=HELPED,
        told_by="register",
    )


def test_a_day_that_is_paid_for_elsewhere_is_rejected() -> None:
    person = a_person(registered(), consented(), served_elsewhere()).known
    assert person.person_id == PERSON
    assert verdicts(in_delivery(visit()).about(person), claim()) == [(FIRST, 3200, "rejected", "double_funding")]


def test_what_is_found_to_be_paid_for_elsewhere_after_it_was_paid_is_owed_back() -> None:
    person = a_person(registered(), consented(), served_elsewhere()).known
    case = given(in_delivery(visit(), *paid()).about(person), CheckDoubleFunding())
    assert five_numbers(case) == (32000, 32000, 3200, 0, 0)
    assert case.known.file.accounts["recovery"].of(Account.OWED_BACK) == 3200
    assert verdicts(case, claim(number=2)) == [(FIRST, -3200, "accepted", None)]


def test_a_claim_is_paid_line_by_line() -> None:
    case = given(in_delivery(visit()), claim())
    case.when(payment()).then(
        PaymentRecorded(
            line_id="recovery", paid_on=HELPED, cents=3200, reference="invoice-1", claim_id="claim-1", set_off_cents=0
        )
    )
    case.when(payment(on=date(2026, 3, 27))).refused(DateInFuture, field="paid_on")


def test_a_claim_of_many_rows_is_checked_in_parts_and_paid_as_a_whole() -> None:
    case = in_delivery(visit(), visit(), claim(FIRST), claim(SECOND))
    assert case.when(payment()).the(PaymentRecorded).cents == 6400


def test_nothing_is_paid_that_no_claim_accepted_or_that_is_paid_already() -> None:
    rejected = claim(rejected={FIRST: "not_delivered"})
    for case in (in_delivery(visit()), in_delivery(visit(), rejected), in_delivery(visit(), *paid())):
        case.when(payment()).refused(NothingToPay, field="claim_id", says="claim-1")


def test_a_payment_from_before_there_were_claims_settles_the_oldest_help() -> None:
    before = PaymentRecorded(line_id="recovery", paid_on=HELPED, cents=4800, reference="invoice-1")
    case = given(in_delivery(visit(), visit()), before)
    assert five_numbers(case) == (32000, 32000, 6400, 4800, 4800)
    assert [each.claimable for each in case.known.file.deliveries.values()] == [0, 1600]


@pytest.mark.parametrize("steps", [(), (claim(),), (DisputeDelivery(delivery_id=FIRST, reason="Not so."),)])
def test_as_long_as_something_may_be_claimed_or_paid_nothing_is_settled(steps: tuple[Command, ...]) -> None:
    """Else nobody would look after it any more."""
    gone = given(in_delivery(visit(), *steps), leaving(on=HELPED), date(2026, 4, 28), RaiseReminders())
    assert not journey.settled(gone.known)


def test_when_all_is_claimed_and_paid_a_journey_that_is_over_is_settled() -> None:
    gone = given(in_delivery(visit(), *paid()), leaving(on=HELPED), date(2026, 4, 28), RaiseReminders())
    assert journey.settled(gone.known)
    assert not journey.settled(given(gone, correction(30)).known)


@pytest.mark.parametrize("steps", [(claim(), payment()), (claim(),)])
def test_a_correction_that_is_taken_back_before_the_next_claim_costs_nobody_anything(
    steps: tuple[Command, ...],
) -> None:
    """Nothing is left that the provider would owe, or would never get."""
    case = in_delivery(visit(), *steps, correction(30), correction(60))
    paid_now = 3200 if len(steps) > 1 else 0
    assert five_numbers(case) == (32000, 32000, 3200, 3200, paid_now)
    assert case.known.file.accounts["recovery"].of(Account.OWED_BACK) == 0
    assert the_first(case).claimable == 0


# ── What was claimed back, and turns out to be due after all ─────────────────────────────────────────────────────────


def owed(case: Given[Journey]) -> int:
    return case.known.file.accounts["recovery"].of(Account.OWED_BACK)


def elsewhere(*known: EntitlementRecorded) -> Person:
    return a_person(registered(), consented(), *known).known


def recovered(*steps: Command) -> Given[Journey]:
    """After these it became known that the day is paid for elsewhere."""
    return given(in_delivery(visit(), *steps).about(elsewhere(served_elsewhere())), CheckDoubleFunding())


def after_all(case: Given[Journey]) -> Given[Journey]:
    """It was not: the register had the wrong person."""
    return given(case.about(elsewhere()), CheckDoubleFunding())


def test_what_was_paid_and_claimed_back_and_set_off_is_claimed_again() -> None:
    set_off = given(recovered(*paid()), *paid(number=2))
    assert (five_numbers(set_off), owed(set_off)) == ((32000, 32000, 3200, 0, 0), 0)
    free = after_all(set_off)
    assert (five_numbers(free), owed(free)) == ((32000, 32000, 3200, 0, 0), 0)
    assert verdicts(free, claim(number=3)) == [(FIRST, 3200, "accepted", None)]
    again = given(free, *paid(number=3))
    assert (five_numbers(again), owed(again)) == ((32000, 32000, 3200, 3200, 3200), 0)
    assert the_first(again).claimable == 0


def test_what_was_claimed_back_and_never_set_off_is_paid_as_it_was() -> None:
    case = recovered(*paid())
    assert owed(case) == 3200
    free = after_all(case)
    assert (five_numbers(free), owed(free)) == ((32000, 32000, 3200, 3200, 3200), 0)
    assert verdicts(free, claim(number=2)) == [(FIRST, 0, "rejected", "nothing_to_claim")]


def test_what_was_accepted_and_not_paid_yet_is_payable_again() -> None:
    free = after_all(recovered(claim()))
    assert (five_numbers(free), owed(free)) == ((32000, 32000, 3200, 3200, 0), 0)
    even = given(free, payment())
    assert (five_numbers(even), owed(even)) == ((32000, 32000, 3200, 3200, 3200), 0)


def test_a_claim_that_is_paid_while_its_help_is_claimed_back_is_owed_until_it_is_not() -> None:
    case = given(recovered(claim()), payment())
    assert (five_numbers(case), owed(case)) == ((32000, 32000, 3200, 0, 0), 3200)
    free = after_all(case)
    assert (five_numbers(free), owed(free)) == ((32000, 32000, 3200, 3200, 3200), 0)


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_what_sets_off_and_what_claims_again_may_be_paid_in_any_order(order: tuple[int, int]) -> None:
    between = given(after_all(given(recovered(*paid()), claim(number=2))), claim(number=3))
    even = given(between, *(payment(number) for number in order))
    assert (five_numbers(even), owed(even)) == ((32000, 32000, 3200, 3200, 3200), 0)


def test_what_was_never_claimed_is_claimed_once_it_is_not_claimed_back_any_more() -> None:
    free = after_all(recovered())
    assert verdicts(free, claim()) == [(FIRST, 3200, "accepted", None)]


@pytest.mark.parametrize("looked", [(CheckDoubleFunding(),), ()])
def test_what_a_claim_refused_for_the_other_service_is_claimed_when_that_was_wrong(
    looked: tuple[CheckDoubleFunding, ...],
) -> None:
    """Whether or not somebody had looked before the claim came: it is recovered with the refusal at the latest."""
    case = given(in_delivery(visit()).about(elsewhere(served_elsewhere())), *looked, claim())
    assert the_first(case).recovered
    assert the_first(case).claimable == 0
    assert verdicts(after_all(case), claim(number=2)) == [(FIRST, 3200, "accepted", None)]


def test_what_the_municipality_refused_stays_refused() -> None:
    case = recovered(claim(rejected={FIRST: "not_delivered"}))
    assert the_first(after_all(case)).claimable == 0


def test_what_is_claimed_back_and_then_taken_back_altogether_is_owed_once() -> None:
    none = given(recovered(*paid()), correction(0))
    assert (five_numbers(none), owed(none)) == ((32000, 32000, 0, 0, 0), 3200)
    assert owed(after_all(none)) == 3200
    for case in (none, after_all(none)):
        even = given(case, *paid(number=2))
        assert (five_numbers(even), owed(even)) == ((32000, 32000, 0, 0, 0), 0)
        assert the_first(even).claimable == 0


def test_what_was_shortened_while_it_was_claimed_back_is_owed_for_the_rest() -> None:
    free = after_all(given(recovered(*paid()), correction(30)))
    assert (five_numbers(free), owed(free)) == ((32000, 32000, 1600, 1600, 1600), 1600)
    assert verdicts(free, claim(number=2)) == [(FIRST, -1600, "accepted", None)]
