"""Delivery: what was done, when, at the price of the day; said to be so, or not so; and never rewritten."""

from __future__ import annotations

from datetime import date

import pytest

from domain.decision import BeforeBeginning, Command, DateInFuture
from domain.events import (
    DeliveryConfirmed,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryRecorded,
    DisputeSettled,
    ProgressNoted,
    VisitMissed,
)
from domain.pricing import NoPriceInForce
from domain.stages.assessment import ReopenAssessment
from domain.stages.delivery import (
    AfterExit,
    AlreadyDisputed,
    AlreadyPaid,
    ConfirmDelivery,
    CorrectDelivery,
    DisputeDelivery,
    NoBudget,
    NotCommitted,
    NoteProgress,
    NothingDisputed,
    OutsidePeriod,
    RecordMissedVisit,
    SettleDispute,
    UnknownDelivery,
    UnknownPlanGoal,
)
from domain.states import UnknownLine
from tests.domain.given import PROVIDER, SOURCED, given
from tests.domain.steps import (
    BUDGETED,
    DRAFTED,
    ENDS,
    HELPED,
    agreed,
    assessed,
    budgeted,
    in_delivery,
    leaving,
    line,
    order,
    planned,
    visit,
)
from tests.domain.test_budgeting import four_numbers, payment

YESTERDAY = date(2026, 3, 25)
FIRST = "delivery-1"


def correction(minutes: int, delivery_id: str = FIRST) -> CorrectDelivery:
    return CorrectDelivery(delivery_id=delivery_id, minutes=minutes, reason="She stayed for less.")


def dispute(delivery_id: str = FIRST) -> DisputeDelivery:
    return DisputeDelivery(delivery_id=delivery_id, reason="She stayed one hour, not two.")


def settlement(delivery_id: str = FIRST, *, upheld: bool = True) -> SettleDispute:
    return SettleDispute(delivery_id=delivery_id, upheld=upheld, reason="The worker remembers it so too.")


def missed(on: date = HELPED, line_id: str = "recovery") -> RecordMissedVisit:
    return RecordMissedVisit(line_id=line_id, day=on)


def progress(on: date = HELPED, goal_id: str = "out") -> NoteProgress:
    return NoteProgress(goal_id=goal_id, on=on, note="Goes to the shop alone.", direction="better")


# ── What was done ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_help_is_recorded_by_line_day_and_minutes_at_the_price_of_the_day() -> None:
    in_delivery().when(visit(minutes=90)).then(
        DeliveryRecorded(
            delivery_id=FIRST,
            line_id="recovery",
            day=HELPED,
            minutes=90,
            component="mental.recovery",
            tariff="individual",
            provider_id=PROVIDER,
            price="demo.prices@2026",
            cents_per_hour=3200,
            cents=4800,
            worker=None,
            note=None,
        )
    )


def test_an_hour_in_january_costs_what_it_costs_in_january() -> None:
    winter = budgeted(line(ends_on=date(2027, 3, 31)))
    last_year = given(winter, order(), date(2026, 12, 31))
    assert last_year.when(visit(on=date(2026, 12, 31))).the(DeliveryRecorded).cents == 3200
    assert last_year.on(date(2027, 1, 4)).when(visit(on=date(2027, 1, 4))).the(DeliveryRecorded).cents == 3360


def test_recorded_in_january_december_still_costs_what_it_did() -> None:
    late = given(budgeted(line(ends_on=date(2027, 3, 31))), order(), date(2027, 1, 4))
    told = late.when(visit(on=date(2026, 12, 31))).the(DeliveryRecorded)
    assert (told.price, told.cents) == ("demo.prices@2026", 3200)


def test_a_price_that_is_not_known_any_more_is_refused() -> None:
    in_delivery().under(SOURCED).when(visit()).refused(NoPriceInForce, field="component", says="2026-03-26")


def test_no_more_is_delivered_than_was_ordered() -> None:
    case = given(budgeted(), order(minutes=60), HELPED)
    case.when(visit(minutes=61)).refused(
        NotCommitted, field="minutes", says="32.00 euros ordered and not yet delivered; this delivery costs 32.53"
    )
    given(case, visit()).when(visit(minutes=1)).refused(NotCommitted, field="minutes")


@pytest.mark.parametrize("command", [visit(), missed(), correction(0), dispute()], ids=lambda each: each.name)
def test_before_the_budget_nothing_is_delivered(command: Command) -> None:
    agreed().when(command).refused(NoBudget)


@pytest.mark.parametrize(("day", "ok"), [(DRAFTED, True), (ENDS, True), (date(2026, 3, 15), False)])
def test_help_is_given_in_the_period_of_its_line(day: date, ok: bool) -> None:
    case = in_delivery(date(2026, 9, 30))
    if ok:
        case.when(visit(on=day)).then(DeliveryRecorded)
    else:
        case.when(visit(on=day)).refused(OutsidePeriod, field="day", says="2026-03-16 to 2026-08-31")


def test_help_after_the_line_s_last_day_is_refused() -> None:
    in_delivery(date(2026, 9, 30)).when(visit(on=date(2026, 9, 1))).refused(OutsidePeriod, field="day")


def test_tomorrow_s_help_is_not_recorded_today() -> None:
    in_delivery().when(visit(on=date(2026, 3, 27))).refused(DateInFuture, field="day")


def test_help_is_recorded_on_a_line_of_the_budget() -> None:
    for command in (visit("dancing"), missed(line_id="dancing")):
        in_delivery().when(command).refused(UnknownLine, field="line_id", says="dancing")


def test_help_goes_on_while_need_is_assessed_anew() -> None:
    in_delivery(ReopenAssessment(reason="She was in hospital.")).when(visit()).then(DeliveryRecorded)


def test_help_from_before_the_exit_may_be_told_late() -> None:
    gone = given(in_delivery(), leaving(on=YESTERDAY), date(2026, 4, 10))
    assert four_numbers(given(gone, visit(on=YESTERDAY))) == (32000, 32000, 3200, 0)


def test_after_the_exit_there_is_no_more_help() -> None:
    gone = given(in_delivery(), leaving(on=YESTERDAY), date(2026, 4, 10))
    gone.when(visit(on=HELPED)).refused(AfterExit, field="day", says="2026-03-26 lies after the exit on 2026-03-25")
    gone.when(missed(HELPED)).refused(AfterExit, field="day")


# ── Corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_correction_is_a_new_entry_and_books_the_difference() -> None:
    answer = (
        in_delivery(visit(minutes=120))
        .when(correction(60))
        .then(
            DeliveryCorrected(
                delivery_id=FIRST,
                minutes_before=120,
                minutes=60,
                cents_before=6400,
                cents=3200,
                reason="She stayed for less.",
            )
        )
    )
    assert four_numbers(answer.after) == (32000, 32000, 3200, 0)


def test_no_minutes_take_a_delivery_back_altogether() -> None:
    assert four_numbers(in_delivery(visit(), correction(0))) == (32000, 32000, 0, 0)


def test_a_correction_is_priced_as_the_delivery_was() -> None:
    """Corrected in January, an hour of December costs what it did."""
    case = given(budgeted(line(ends_on=date(2027, 3, 31))), order(), date(2026, 12, 31), visit(on=date(2026, 12, 31)))
    assert case.on(date(2027, 1, 15)).when(correction(120)).the(DeliveryCorrected).cents == 6400


def test_each_correction_starts_from_the_one_before() -> None:
    twice = in_delivery(visit(minutes=120), correction(60)).when(correction(90)).the(DeliveryCorrected)
    assert (twice.minutes_before, twice.cents_before) == (60, 3200)


def test_a_correction_upwards_is_bound_by_what_was_ordered() -> None:
    given(budgeted(), order(minutes=60), HELPED, visit()).when(correction(61)).refused(NotCommitted, field="minutes")


def test_a_correction_leaves_at_least_what_was_paid() -> None:
    in_delivery(visit(), payment(3200)).when(correction(59)).refused(
        AlreadyPaid, field="minutes", says="32.00 euros paid already; the correction would leave only 31.47"
    )


# ── So, or not so ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_person_says_that_it_was_so() -> None:
    answer = (
        in_delivery(visit())
        .when(ConfirmDelivery(delivery_id=FIRST))
        .then(DeliveryConfirmed(delivery_id=FIRST, confirmed_by="person"))
    )
    assert answer.state.file.deliveries[FIRST].confirmed


def test_the_person_says_that_it_was_not_so_and_the_dispute_is_settled() -> None:
    disputed = in_delivery(visit()).when(dispute()).then(DeliveryDisputed)
    assert disputed.state.file.deliveries[FIRST].disputed
    settled = disputed.after.when(settlement()).then(DisputeSettled)
    assert not settled.state.file.deliveries[FIRST].disputed


def test_a_delivery_is_disputed_once_at_a_time() -> None:
    in_delivery(visit(), dispute()).when(dispute()).refused(AlreadyDisputed, field="delivery_id")
    in_delivery(visit(), dispute(), settlement(upheld=False)).when(dispute()).then(DeliveryDisputed)


def test_what_is_not_disputed_needs_no_settling() -> None:
    in_delivery(visit()).when(settlement()).refused(NothingDisputed, field="delivery_id")


UNKNOWN = "delivery-9"


@pytest.mark.parametrize(
    "command",
    [correction(0, UNKNOWN), ConfirmDelivery(delivery_id=UNKNOWN), dispute(UNKNOWN), settlement(UNKNOWN)],
    ids=lambda each: each.name,
)
def test_a_delivery_that_was_never_recorded_is_unknown(command: Command) -> None:
    in_delivery(visit()).when(command).refused(UnknownDelivery, field="delivery_id", says=UNKNOWN)


# ── Missed visits and progress ───────────────────────────────────────────────────────────────────────────────────────


def test_a_missed_visit_is_recorded_neutrally_and_costs_nothing() -> None:
    answer = in_delivery().when(missed()).then(VisitMissed(line_id="recovery", day=HELPED, note=None))
    assert four_numbers(answer.after) == (32000, 32000, 0, 0)


def test_a_missed_visit_has_a_day_of_its_line() -> None:
    in_delivery().when(missed(date(2026, 3, 27))).refused(DateInFuture, field="day")
    in_delivery().when(missed(date(2026, 3, 15))).refused(OutsidePeriod, field="day")


def test_progress_is_noted_by_goal_from_the_first_plan_on() -> None:
    in_delivery().when(progress()).then(
        ProgressNoted(goal_id="out", on=HELPED, note="Goes to the shop alone.", direction="better")
    )
    planned().when(progress(date(2026, 3, 17))).then(ProgressNoted)


def test_progress_is_towards_a_goal_of_a_plan() -> None:
    in_delivery().when(progress(goal_id="fly")).refused(UnknownPlanGoal, field="goal_id", says="fly")
    assessed().when(progress(BUDGETED)).refused(UnknownPlanGoal, field="goal_id")


def test_progress_is_neither_of_tomorrow_nor_from_before_the_beginning() -> None:
    in_delivery().when(progress(date(2026, 3, 27))).refused(DateInFuture, field="on")
    in_delivery().when(progress(date(2026, 3, 1))).refused(BeforeBeginning, field="on")
