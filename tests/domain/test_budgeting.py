"""Budgeting: the money for each line, its bounds, and the four numbers: allocated, committed, delivered, paid."""

from __future__ import annotations

from datetime import date

import pytest

from domain.care import Allocation
from domain.decision import BeforeBeginning, DateInFuture, WrongStage
from domain.events import BudgetDecided, PaymentRecorded, ServiceCommitted
from domain.stages.budgeting import (
    CapAcrossYears,
    LineBeforePlace,
    NoPlaceYet,
    NotAllocated,
    NotDelivered,
    OverCeiling,
    OverYearlyCap,
    RecordPayment,
)
from domain.stages.placing import RequestPlace
from domain.stages.planning import ReopenPlan
from domain.states import InDelivery, Journey, UnknownLine
from tests.domain.given import PROVIDER, Given, given
from tests.domain.steps import (
    AGREED,
    BUDGETED,
    DRAFTED,
    HELPED,
    agreed,
    agreement_to,
    assessed,
    assessment,
    budget,
    budgeted,
    in_delivery,
    leaving,
    line,
    order,
    plan,
    planned,
    postponed,
    replanned,
    review,
    visit,
)

NEXT = date(2026, 6, 1)


def four_numbers(case: Given[Journey], line_id: str = "recovery") -> tuple[int, int, int, int]:
    account = case.known.file.accounts[line_id]
    return account.allocated, account.committed, account.delivered, account.paid


def payment(cents: int, *, on: date = HELPED, line_id: str = "recovery") -> RecordPayment:
    return RecordPayment(line_id=line_id, paid_on=on, cents=cents, reference="invoice-1")


# ── What is set aside ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_budget_is_formed_from_the_lines_and_their_volume() -> None:
    answer = agreed().when(budget()).then(BudgetDecided)
    decided = answer.the(BudgetDecided)
    assert decided.lines == (Allocation(line=line(), minutes=600, cents=32000, prices=("demo.prices@2026",)),)
    assert (decided.catalogue, decided.rules) == ("demo.catalogue@2026", "demo.settings@2026")
    assert answer.leads_to(InDelivery).review_kind == "progress"


def test_a_budget_can_be_challenged_for_thirty_days() -> None:
    decided = agreed().when(budget()).the(BudgetDecided)
    assert decided.challenge_until.on == date(2026, 4, 20)  # 30 days later is a Sunday


def test_the_first_review_is_three_months_away() -> None:
    assert agreed().when(budget()).the(BudgetDecided).review_due.on == date(2026, 6, 22)


def test_a_volume_may_be_lowered_and_never_raised() -> None:
    for minutes, cents in ((300, 16000), (6000, 32000)):
        (allocated,) = agreed().when(budget(recovery=minutes)).the(BudgetDecided).lines
        assert allocated.cents == cents


def test_a_volume_is_of_a_line_of_the_plan() -> None:
    agreed().when(budget(dancing=60)).refused(UnknownLine, field="minutes", says="dancing")


def test_over_a_change_of_prices_enough_is_set_aside_whenever_help_comes() -> None:
    (allocated,) = agreed(line(ends_on=date(2027, 3, 31))).when(budget()).the(BudgetDecided).lines
    assert (allocated.cents, allocated.prices) == (33600, ("demo.prices@2026", "demo.prices@2027"))


def test_a_plan_of_the_community_s_help_alone_costs_nothing() -> None:
    only_neighbours = given(assessed(), plan(), AGREED, agreement_to(), BUDGETED)
    assert only_neighbours.when(budget()).the(BudgetDecided).lines == ()


def test_a_budget_waits_for_an_agreed_plan() -> None:
    for case in (planned(), in_delivery()):
        case.when(budget()).refused(WrongStage)


# ── The place ────────────────────────────────────────────────────────────────────────────────────────────────────────


def agreed_without_place() -> Given[Journey]:
    case = given(postponed(), assessment(), DRAFTED, plan(line(starts_on=date(2026, 4, 1))), AGREED)
    return given(case, agreement_to(), BUDGETED)


def test_without_a_place_no_money_is_set_aside() -> None:
    agreed_without_place().when(budget()).refused(NoPlaceYet)


def test_before_the_place_starts_no_money_is_set_aside() -> None:
    coming = given(agreed_without_place(), RequestPlace(from_on=date(2026, 4, 1)))
    coming.on(date(2026, 3, 31)).when(budget()).refused(NoPlaceYet)
    coming.on(date(2026, 4, 1)).when(budget()).then(BudgetDecided)


def test_no_line_starts_before_the_place_does() -> None:
    """Else help could be paid for on days on which the state paid for another service."""
    early = given(agreed_without_place(), RequestPlace(from_on=date(2026, 4, 2)), date(2026, 4, 2))
    early.when(budget()).refused(LineBeforePlace, field="lines", says="recovery starts on 2026-04-01")


# ── Ceilings and caps ────────────────────────────────────────────────────────────────────────────────────────────────


def needing(degree: int, *minutes: tuple[str, int, date, date]) -> Given[Journey]:
    """A plan for a person whose highest need is of that degree: minutes by line, from when until when."""
    lines = [
        line(name, "daily.support", minutes=volume, starts_on=start, ends_on=end)
        for name, volume, start, end in minutes
    ]
    need = {"household": degree} if degree else {}
    return given(assessed(need), plan(*lines), AGREED, agreement_to(), BUDGETED)


APRIL, MAY = (date(2026, 4, 1), date(2026, 4, 30)), (date(2026, 5, 1), date(2026, 5, 31))


@pytest.mark.parametrize(("degree", "ceiling"), [(0, 120), (1, 600), (2, 1200), (3, 2400), (4, 4800)])
def test_the_highest_degree_of_need_bounds_the_minutes_of_a_month(degree: int, ceiling: int) -> None:
    needing(degree, ("help", ceiling, *APRIL)).when(budget()).then(BudgetDecided)
    needing(degree, ("help", ceiling + 1, *APRIL)).when(budget()).refused(
        OverCeiling, field="minutes", says=f"{ceiling + 1} minutes a month are planned"
    )


def test_lines_of_the_same_month_count_together() -> None:
    needing(1, ("one", 400, *APRIL), ("other", 201, *APRIL)).when(budget()).refused(OverCeiling, field="minutes")


def test_lines_that_follow_each_other_do_not_add_up() -> None:
    """600 minutes in April and 600 in May are never more than 600 in a month."""
    needing(1, ("april", 600, *APRIL), ("may", 600, *MAY)).when(budget()).then(BudgetDecided)


def test_minutes_are_spread_over_the_months_a_line_touches() -> None:
    needing(1, ("both", 1200, APRIL[0], MAY[1])).when(budget()).then(BudgetDecided)
    needing(1, ("both", 1201, APRIL[0], MAY[1])).when(budget()).refused(OverCeiling, field="minutes")


def test_a_lower_volume_comes_under_the_ceiling() -> None:
    needing(1, ("help", 1200, *APRIL)).when(budget(help=600)).then(BudgetDecided)


THERAPY = "mental.therapy"  # 50.00 an hour, at most 1800.00 a year: 36 hours


def test_a_component_costs_at_most_its_cap_in_a_calendar_year() -> None:
    agreed(line("talk", THERAPY, minutes=36 * 60)).when(budget()).then(BudgetDecided)
    agreed(line("talk", THERAPY, minutes=36 * 60 + 1)).when(budget()).refused(
        OverYearlyCap, field="minutes", says="mental.therapy would cost 1800.83 euros in 2026"
    )


def test_lines_of_one_component_share_its_cap() -> None:
    two = (line("talk", THERAPY, minutes=20 * 60), line("more", THERAPY, minutes=17 * 60))
    agreed(*two).when(budget()).refused(OverYearlyCap, field="minutes")
    next_year = line("more", THERAPY, minutes=17 * 60, starts_on=date(2027, 1, 4), ends_on=date(2027, 6, 30))
    agreed(two[0], next_year).when(budget()).then(BudgetDecided)


def test_a_capped_line_lies_in_one_year() -> None:
    agreed(line("talk", THERAPY, ends_on=date(2027, 1, 31))).when(budget()).refused(
        CapAcrossYears, field="lines", says="talk"
    )


def test_what_a_dropped_line_delivered_counts_towards_the_cap() -> None:
    """Else a new plan would open the yearly cap anew."""
    used = given(budgeted(line("talk", THERAPY, minutes=600)), order("talk"), HELPED, visit("talk", minutes=600))
    more = line("more", THERAPY, minutes=27 * 60, starts_on=HELPED)
    again = given(used, ReopenPlan(reason="Another therapist."), plan(more), agreement_to("plan-2", on=HELPED))
    again.when(budget()).refused(OverYearlyCap, field="minutes", says="1850.00")
    again.when(budget(more=26 * 60)).then(BudgetDecided)


# ── The four numbers ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_four_numbers_of_a_line() -> None:
    case = given(budgeted(), HELPED)
    assert four_numbers(case) == (32000, 0, 0, 0)
    case = given(case, order(minutes=300))
    assert four_numbers(case) == (32000, 16000, 0, 0)
    case = given(case, visit(minutes=90))
    assert four_numbers(case) == (32000, 16000, 4800, 0)
    case = given(case, payment(4000))
    assert four_numbers(case) == (32000, 16000, 4800, 4000)


def test_help_is_ordered_from_the_line_s_provider() -> None:
    budgeted().when(order(minutes=90)).then(
        ServiceCommitted(line_id="recovery", provider_id=PROVIDER, minutes=90, cents=4800)
    )


def test_no_more_is_ordered_than_was_set_aside() -> None:
    budgeted().when(order(minutes=601)).refused(
        NotAllocated, field="minutes", says="recovery has 320.00 euros left to commit; 320.53 were asked for"
    )
    given(budgeted(), order(minutes=600)).when(order(minutes=1)).refused(NotAllocated, field="minutes")


def test_help_is_ordered_on_a_line_of_the_budget_during_delivery() -> None:
    budgeted().when(order("dancing")).refused(UnknownLine, field="line_id", says="dancing")
    for case in (agreed(), given(in_delivery(), leaving(on=HELPED))):
        case.when(order()).refused(WrongStage)


def test_what_was_delivered_is_paid() -> None:
    in_delivery(visit()).when(payment(3200)).then(
        PaymentRecorded(line_id="recovery", paid_on=HELPED, cents=3200, reference="invoice-1")
    )


def test_no_more_is_paid_than_was_delivered() -> None:
    in_delivery(visit()).when(payment(3201)).refused(
        NotDelivered, field="cents", says="recovery has 32.00 euros delivered and not yet paid; 32.01 were asked for"
    )
    in_delivery(visit(), payment(3200)).when(payment(1)).refused(NotDelivered, field="cents")


def test_a_payment_has_its_line_and_its_day() -> None:
    in_delivery(visit()).when(payment(1, line_id="dancing")).refused(UnknownLine, field="line_id")
    in_delivery(visit()).when(payment(1, on=date(2026, 3, 27))).refused(DateInFuture, field="paid_on")
    in_delivery(visit()).when(payment(1, on=date(2026, 3, 1))).refused(BeforeBeginning, field="paid_on")


def test_without_a_budget_there_is_nothing_to_pay() -> None:
    agreed().when(payment(1)).refused(WrongStage)


def test_what_is_owed_is_paid_after_the_exit_too() -> None:
    given(in_delivery(visit()), leaving(on=HELPED)).when(payment(3200)).then(PaymentRecorded)


# ── A second budget ──────────────────────────────────────────────────────────────────────────────────────────────────


def change_of_plan() -> Given[Journey]:
    """Two hours of recovery delivered, one paid; then the review finds that the plan must change."""
    return in_delivery(visit(minutes=120), payment(3200), NEXT, review("progress", "change_plan", on=NEXT))


def test_a_line_that_the_new_plan_drops_keeps_what_was_delivered_and_gives_back_the_rest() -> None:
    work = line("work", "employment.work", starts_on=NEXT)
    case = given(change_of_plan(), *replanned(work, on=NEXT))
    assert four_numbers(case) == (6400, 6400, 6400, 3200)
    assert four_numbers(case, "work") == (30000, 0, 0, 0)
    case.when(order(minutes=1)).refused(NotAllocated, field="minutes")
    case.when(payment(3200, on=NEXT)).then(PaymentRecorded)


def test_a_line_that_goes_on_keeps_its_numbers() -> None:
    case = given(change_of_plan(), *replanned(line(minutes=300), on=NEXT))
    assert four_numbers(case) == (16000, 16000, 6400, 3200)


def test_a_line_that_goes_on_never_gets_less_than_was_delivered_of_it() -> None:
    """And the decision says so itself, to the cent."""
    case = given(change_of_plan(), *replanned(line(minutes=60), on=NEXT))
    assert four_numbers(case) == (6400, 6400, 6400, 3200)
    (allocated,) = next(each for each in reversed(case.events) if isinstance(each, BudgetDecided)).lines
    assert (allocated.minutes, allocated.cents) == (60, 6400)
