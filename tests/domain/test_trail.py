"""The euro's trail over facts alone: what each step says, what it rests on, that it adds up, and what became of wrong cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.care import ClaimRow, RowVerdict
from domain.claims import Claim, ClaimStage
from domain.decision import Command
from domain.events import BudgetDecided, ClaimPaymentOrdered, DeliveryCorrected, EntitlementRecorded, PaymentRecorded
from domain.stages.assessment import AssessCarer
from domain.stages.delivery import CorrectDelivery, DisputeDelivery
from domain.stages.planning import ReopenPlan
from domain.stages.throughout import CheckDoubleFunding, RaiseReminders
from domain.states import Journey
from domain.trail import LineTrail, Source, claim_amiss, fate, journey_amiss, line_amiss, line_trail, postings
from tests.domain.given import CARER, PROVIDER, Given, given
from tests.domain.steps import (
    AGREED,
    ASSESSED,
    BUDGETED,
    ENDS,
    HELPED,
    agreement_to,
    assessed,
    budget,
    budgeted,
    claim,
    in_delivery,
    leaving,
    line,
    order,
    paid,
    payment,
    plan,
    replanned,
    visit,
)
from tests.domain.telling_when import recorded
from tests.domain.test_double_funding import entitled, someone

LATER = date(2026, 4, 10)


def trail(case: Given[Journey], *deliveries: str) -> LineTrail:
    source = Source(journey=recorded(case), person=(), agreements=())
    return line_trail(source, "recovery", deliveries or None)


def moves(case: Given[Journey], *deliveries: str) -> list[tuple[str, int | None]]:
    return [(each.what, each.cents) for each in trail(case, *deliveries).moves]


def correction(minutes: int, number: int = 1) -> CorrectDelivery:
    return CorrectDelivery(delivery_id=f"delivery-{number}", minutes=minutes, reason="Shorter.")


def changed_plan() -> Given[Journey]:
    """An hour under the first plan, one under the second."""
    first = given(in_delivery(visit()), LATER, ReopenPlan(reason="She moved."))
    second = replanned(line(starts_on=LATER, minutes=300), on=LATER)
    return given(first, *second, visit(on=LATER))


# ── Forward ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_is_told_from_what_was_set_aside_to_what_was_paid() -> None:
    case = in_delivery(visit(), visit(minutes=30), *paid("delivery-1", "delivery-2"), correction(30), *paid(number=2))
    assert moves(case) == [
        ("budget", 32000), ("order", 32000), ("delivery", 3200), ("delivery", 1600), ("verdict", 3200), ("verdict", 1600),
        ("payment", 3200), ("payment", 1600), ("correction", -1600), ("verdict", -1600), ("payment", -1600),
    ]  # fmt: skip
    found = trail(case)
    assert found.adds_up
    assert list(line_amiss(found)) == []
    assert sum(each.cents or 0 for each in found.moves if each.what == "payment") == found.books.paid == 3200


def test_of_a_rejected_row_nothing_moves() -> None:
    case = in_delivery(visit(), claim(rejected={"delivery-1": "not_delivered"}))
    told = trail(case).moves[-1]
    assert (told.what, told.cents) == ("verdict", 0)
    assert told.sentence == "delivery-1 in claim-1: 32.00 euros rejected (not delivered), by demo.eligibility@2026."


def test_what_is_given_back_at_the_end_is_told_too() -> None:
    assert moves(given(in_delivery(visit()), leaving(on=HELPED)))[-1][0] == "given_back"


def test_a_line_that_a_new_plan_drops_is_told_to_have_ended() -> None:
    again = given(in_delivery(visit()), LATER, ReopenPlan(reason="She moved."))
    assert moves(given(again, *replanned(line("other", starts_on=LATER), on=LATER)))[-1][0] == "ended"


def test_a_line_that_goes_on_because_the_office_is_late_is_told_so() -> None:
    late = given(in_delivery(visit()), ENDS, RaiseReminders(), ENDS + timedelta(days=1), RaiseReminders())
    told = trail(late).moves[-1]
    assert (told.what, told.cents) == ("extension", trail(late).books.allocated - 32000)
    assert trail(late).adds_up


def test_help_for_a_carer_names_them_and_their_own_needs() -> None:
    supporting = line("recovery", "family.respite", tariff="family", carer_id=CARER)
    needs = AssessCarer(carer_id=CARER, on=ASSESSED, needs="Sleep.", own_needs=("respite",))
    words = [
        next(each.sentence for each in trail(case).grounds if each.what == "carer")
        for case in (
            given(assessed(), *before, plan(supporting), AGREED, agreement_to(), BUDGETED, budget())
            for before in ((needs,), ())
        )
    ]
    assert words == [
        "It supports the carer person-7, whose own needs were assessed: respite.",
        "It supports the carer person-7; own needs were not assessed by then.",
    ]


# ── Back ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_is_told_back_to_the_order_with_its_share_of_each_payment() -> None:
    """And nothing of the other one."""
    case = given(budgeted(), order(minutes=120), HELPED, visit(), visit(minutes=30), *paid("delivery-1", "delivery-2"))
    case = given(case, order(minutes=60), DisputeDelivery(delivery_id="delivery-1", reason="Not so."))
    assert moves(case, "delivery-1") == [
        ("dispute", None), ("payment", 3200), ("verdict", 3200), ("delivery", 3200), ("order", 6400),
    ]  # fmt: skip
    assert "for recovery in all 48.00, 0.00 set off" in trail(case, "delivery-1").moves[1].sentence


def test_help_rests_on_the_decision_under_which_it_was_given() -> None:
    """Each hour on the plan, the goal, the assessment, the place and the eligibility of its own day."""
    case = changed_plan()
    first, second = trail(case, "delivery-1"), trail(case, "delivery-2")
    assert [each.what for each in first.grounds] == [
        "budget", "agreement_to_plan", "goal", "assessment", "place", "eligibility", "referral", "no_consent",
    ]  # fmt: skip
    assert first.grounds[-1].sentence == "No consent to the care by tori was on record at the referral."
    assert [each.sentence.split()[0] for each in (first.grounds[0], second.grounds[0])] == ["decision-2", "decision-3"]
    assert [each.sentence.split()[0] for each in (first.grounds[2], second.grounds[2])] == ["plan-1:", "plan-2:"]
    assert len(trail(case, "delivery-1", "delivery-2").grounds) == 8 + 3  # what both rest on is told once


def test_help_that_is_told_late_rests_on_the_decision_of_its_day() -> None:
    case = given(changed_plan(), visit(on=HELPED))
    assert trail(case, "delivery-3").grounds == trail(case, "delivery-1").grounds


def test_help_that_was_told_before_a_decision_of_the_same_day_does_not_rest_on_it() -> None:
    case = given(in_delivery(), LATER, visit(on=LATER), ReopenPlan(reason="She moved."))
    case = given(case, *replanned(line(starts_on=LATER, minutes=300), on=LATER))
    assert trail(case, "delivery-1").grounds[0].sentence.startswith("decision-2 ")


def test_each_step_names_its_place_in_the_record_and_what_it_was_decided_by() -> None:
    found = trail(in_delivery(visit()), "delivery-1")
    budget = found.grounds[0]
    assert (budget.stream_id, budget.publication, budget.recorded_by) == (
        "journey-1",
        "demonstration/1",
        "case_manager.tori",
    )
    assert budget.versions == ("demo.catalogue@2026", "demo.settings@2026", "demo.prices@2026")
    assert {each.rule for each in budget.trace} == {"ceiling_minutes_per_month", "price"}
    events = {each.version: each.event for each in recorded(in_delivery(visit()))}
    assert isinstance(events[budget.version], BudgetDecided)


# ── Adding up ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_correction_that_does_not_start_where_the_delivery_stood_is_found() -> None:
    """The books go by what it was corrected to; by the difference that it names, the facts come to something else."""
    case = in_delivery(visit(), claim())
    told = case.when(correction(30)).the(DeliveryCorrected)
    forged = told.model_copy(update={"cents_before": 3000})
    (amiss,) = [each for each in line_amiss(trail(given(case, forged))) if "delivered" in each]
    assert amiss == "journey-1/recovery: the books say delivered 16.00, the facts come to 18.00 euros."


HOUR = ClaimRow(
    journey_id="journey-1", delivery_id="delivery-1", line_id="recovery", day=HELPED, component="mental.recovery",
    tariff="individual", minutes=60, cents=3200,
)  # fmt: skip


def a_paid_claim(cents: int) -> Claim:
    verdict = RowVerdict(delivery_id="delivery-1", verdict="accepted", cents=cents)
    return Claim(
        claim_id="claim-1", provider_id=PROVIDER, municipality="tori", month=HELPED.replace(day=1), stage=ClaimStage.PAID,
        rows=(HOUR,), verdicts={"delivery-1": verdict},
    )  # fmt: skip


def test_a_claim_and_its_journey_say_the_same_of_each_row() -> None:
    history = recorded(in_delivery(visit(), *paid()))
    assert list(journey_amiss(a_paid_claim(3200), (HOUR,), history)) == []
    assert list(journey_amiss(a_paid_claim(3300), (HOUR,), history)) == [
        "journey-1 accepted 32.00 euros of claim-1, the claim says 33.00.",
        "journey-1 was paid 32.00 euros of claim-1, the claim says 33.00.",
    ]


def test_a_claim_is_paid_as_it_was_accepted() -> None:
    order = ClaimPaymentOrdered(paid_on=HELPED, reference="INV-1", cents=3200)
    (told, *_) = recorded(in_delivery())
    history = (replace(told, event=order),)
    assert list(claim_amiss(a_paid_claim(3200), history)) == []
    assert list(claim_amiss(a_paid_claim(3300), history)) == [
        "claim-1: 33.00 euros were accepted, 32.00 ordered to be paid."
    ]


def test_payments_from_before_there_were_claims_add_up() -> None:
    before_claims = PaymentRecorded(line_id="recovery", paid_on=HELPED, cents=4000, reference="old-1")
    case = given(in_delivery(visit(), visit()), before_claims)
    assert trail(case).adds_up
    assert trail(case).books.paid == 4000
    assert moves(case, "delivery-2")[0] == ("payment", 4000)


def test_the_books_are_the_entries() -> None:
    """Debits less credits are the balances, at the end of a history with everything in it."""
    case = given(changed_plan(), *paid("delivery-1", "delivery-2"), correction(30), *paid(number=2), leaving(on=LATER))
    balances: Counter[tuple[str, str]] = Counter()
    for each in postings(recorded(case)):
        assert each.entry.cents > 0
        balances[each.line_id, each.entry.debit] += each.entry.cents
        balances[each.line_id, each.entry.credit] -= each.entry.cents
    accounts = case.known.file.accounts
    assert {key: cents for key, cents in balances.items() if cents} == {
        (line_id, each): cents for line_id, account in accounts.items() for each, cents in account.balances.items()
    }


# ── Wrong cost ───────────────────────────────────────────────────────────────────────────────────────────────────────


def served_elsewhere() -> EntitlementRecorded:
    return entitled(HELPED, HELPED)


def found_out(*steps: Command) -> Given[Journey]:
    """After those steps, a service that must not be combined becomes known for the day of help."""
    return given(in_delivery(*steps).about(someone(served_elsewhere())), CheckDoubleFunding())


def what_became_of_it(case: Given[Journey]) -> tuple[bool, str]:
    found = fate(recorded(case), "delivery-1", "recovery")
    return found.explained, found.sentence


@pytest.mark.parametrize(
    ("steps", "then", "how"),
    [
        ((), (), "nothing of it was claimed"),
        ((claim(),), (), "accepted and not paid: comes off the next claim"),
        (paid(), (), "32.00 euros still owed"),
        (paid(), (claim(number=2),), "set off in claim-2, which is not paid yet"),
        (paid(), paid(number=2), "set off in claim-2"),
        ((claim(),), (payment(),), "32.00 euros still owed"),
        ((claim(rejected={"delivery-1": "other"}),), (), "stopped in claim-1 (other)"),
    ],
)
def test_cost_that_was_claimed_back_is_explained(
    steps: tuple[Command, ...], then: tuple[Command, ...], how: str
) -> None:
    case = given(found_out(visit(), *steps), *then)
    assert what_became_of_it(case) == (True, f"claimed back (recovery-1), {how}")


def test_cost_that_a_claim_stopped_is_explained() -> None:
    case = given(in_delivery(visit()).about(someone(served_elsewhere())), claim())
    assert what_became_of_it(case) == (True, "claimed back (recovery-1), stopped in claim-1 (double funding)")


def test_what_is_claimed_back_no_more_is_told_in_the_trail_and_is_open_again() -> None:
    """The service was not there after all; should it turn out that it was, the cost stands open."""
    free = given(found_out(visit(), *paid()).about(someone()), CheckDoubleFunding())
    assert ("recovery", 3200) in moves(free)
    assert trail(free).adds_up
    assert (trail(free).told.paid, trail(free).told.owed_back) == (3200, 0)
    assert what_became_of_it(free) == (False, "NOT CLAIMED BACK")


@pytest.mark.parametrize("steps", [(), (claim(),), paid()])
def test_cost_that_nobody_claimed_back_is_open(steps: tuple[Command, ...]) -> None:
    assert what_became_of_it(in_delivery(visit(), *steps)) == (False, "NOT CLAIMED BACK")


def test_what_was_stopped_and_then_corrected_can_be_claimed_again_and_is_open() -> None:
    stopped = in_delivery(visit(), claim(rejected={"delivery-1": "other"}))
    assert what_became_of_it(stopped)[0]
    assert not what_became_of_it(given(stopped, correction(59)))[0]
    assert not what_became_of_it(given(stopped, correction(59), claim(number=2)))[0]


def test_cost_of_which_only_the_rest_was_stopped_is_open() -> None:
    more = in_delivery(visit(), *paid(), correction(90), claim(number=2, rejected={"delivery-1": "other"}))
    assert what_became_of_it(more) == (False, "NOT CLAIMED BACK")
