"""Budgeting: the money for each line, its bounds, and the five numbers: allocated, committed, delivered, accepted, paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain import journey
from domain.care import Allocation, Release
from domain.decision import WrongStage
from domain.deliveries import NotCommitted, OutsideContract, OutsidePeriod, WhileSuspended
from domain.events import (
    BudgetDecided,
    BudgetExtended,
    BudgetReinstated,
    BudgetSettled,
    DeliveryRecorded,
    PlaceResumed,
    ReminderRaised,
    ServiceCommitted,
)
from domain.ledger import Account
from domain.ports import QuotaMove
from domain.programme import Programme
from domain.stages.budgeting import (
    CapAcrossYears,
    LineBeforePlace,
    NoPlaceYet,
    NotAllocated,
    OverCeiling,
    OverYearlyCap,
)
from domain.stages.holding import ResumePlace, SuspendPlace
from domain.stages.placing import RequestPlace
from domain.stages.planning import ReopenPlan
from domain.stages.throughout import RaiseReminders
from domain.states import InDelivery, Journey, UnknownLine
from tests.domain.given import PROGRAMME, PROVIDER, Given, contracted, given, provider
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
    claim,
    in_delivery,
    leaving,
    line,
    order,
    paid,
    payment,
    plan,
    planned,
    postponed,
    replanned,
    review,
    visit,
)

NEXT = date(2026, 6, 1)


def five_numbers(case: Given[Journey], line_id: str = "recovery") -> tuple[int, int, int, int, int]:
    account = case.known.file.accounts[line_id]
    return account.allocated, account.committed, account.delivered, account.accepted, account.paid


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


def test_a_capped_line_does_not_pass_into_another_year_under_its_name() -> None:
    """Else what was spent of last year's cap would be free again, and stand against this year's."""
    day = date(2027, 1, 4)
    talk = line("talk", THERAPY, ends_on=date(2026, 12, 31))
    renewed = given(budgeted(talk), day, ReopenPlan(reason="A new year."))

    def under(name: str) -> Given[Journey]:
        this = line(name, THERAPY, starts_on=day, ends_on=date(2027, 6, 30))
        return given(renewed, plan(this), agreement_to("plan-2", on=day))

    under("talk").when(budget()).refused(CapAcrossYears, field="lines", says="under former budgets too")
    under("more").when(budget()).then(BudgetDecided)


def test_what_a_dropped_line_delivered_counts_towards_the_cap() -> None:
    """Else a new plan would open the yearly cap anew."""
    used = given(budgeted(line("talk", THERAPY, minutes=600)), order("talk"), HELPED, visit("talk", minutes=600))
    more = line("more", THERAPY, minutes=27 * 60, starts_on=HELPED)
    again = given(used, ReopenPlan(reason="Another therapist."), plan(more), agreement_to("plan-2", on=HELPED))
    again.when(budget()).refused(OverYearlyCap, field="minutes", says="1850.00")
    again.when(budget(more=26 * 60)).then(BudgetDecided)


# ── The five numbers ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_five_numbers_of_a_line() -> None:
    case = given(budgeted(), HELPED)
    assert five_numbers(case) == (32000, 0, 0, 0, 0)
    case = given(case, order(minutes=300))
    assert five_numbers(case) == (32000, 16000, 0, 0, 0)
    case = given(case, visit(minutes=90))
    assert five_numbers(case) == (32000, 16000, 4800, 0, 0)
    case = given(case, claim())
    assert five_numbers(case) == (32000, 16000, 4800, 4800, 0)
    case = given(case, payment())
    assert five_numbers(case) == (32000, 16000, 4800, 4800, 4800)


def test_the_books_of_a_line_balance() -> None:
    account = in_delivery(visit(), *paid()).known.file.accounts["recovery"]
    assert account.balances == {Account.FUNDING: -32000, Account.ORDERED: 28800, Account.PAID: 3200}
    with pytest.raises(AssertionError, match="do not balance"):
        account.moved({Account.PAID: 1})


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


# ── A second budget ──────────────────────────────────────────────────────────────────────────────────────────────────


def change_of_plan() -> Given[Journey]:
    """Two hours of recovery delivered, one of them paid; then the review finds that the plan must change."""
    return in_delivery(visit(), visit(), *paid(), NEXT, review("progress", "change_plan", on=NEXT))


def test_a_line_that_the_new_plan_drops_keeps_the_share_of_its_days_and_gives_back_the_rest() -> None:
    """78 of its 169 days are gone: 147.70 of 320.00 euros are kept for help of those days that is told late."""
    work = line("work", "employment.work", starts_on=NEXT)
    case = given(change_of_plan(), *replanned(work, on=NEXT))
    assert five_numbers(case) == (14770, 14770, 6400, 3200, 3200)
    assert five_numbers(case, "work") == (30000, 0, 0, 0, 0)
    case.when(order(minutes=1)).refused(NotAllocated, field="minutes")
    case.when(visit(on=BUDGETED)).then(DeliveryRecorded)
    case.on(date(2026, 6, 2)).when(visit(on=date(2026, 6, 2))).refused(OutsidePeriod, field="day", says="to 2026-06-01")


def test_what_can_be_told_no_more_of_a_dropped_line_is_given_back() -> None:
    """Two months after it was dropped, with the next budget."""
    work = line("work", "employment.work", starts_on=NEXT)
    dropped = given(change_of_plan(), *replanned(work, on=NEXT))
    for later, kept in ((date(2026, 8, 2), 14770), (date(2026, 8, 3), 6400)):
        again = given(dropped, later, ReopenPlan(reason="She moved."), plan(work), agreement_to("plan-3", on=later))
        assert five_numbers(given(again, budget())) == (kept, kept, 6400, 3200, 3200)


def test_a_dropped_line_that_comes_back_has_what_is_decided_and_no_more() -> None:
    """What its orders gave back in between is for help told late, not for help to come."""
    work = line("work", "employment.work", starts_on=NEXT)
    back = line(starts_on=NEXT, minutes=240)
    case = given(change_of_plan(), *replanned(work, on=NEXT), ReopenPlan(reason="She asked for it."), plan(work, back))
    case = given(case, agreement_to("plan-3", on=NEXT), budget())
    assert five_numbers(case)[0] == 12800
    case.when(visit(on=NEXT, minutes=300)).refused(NotCommitted, field="minutes")


def test_what_an_ended_line_has_left_goes_to_the_next_of_its_component_where_the_rules_say_so() -> None:
    """Half of the 160.00 euros that were never ordered; but for the rule, nothing."""
    more = line("more", starts_on=NEXT)
    half_ordered = given(
        budgeted(), order(minutes=300), HELPED, visit(), NEXT, review("progress", "change_plan", on=NEXT)
    )
    for percent, cents in ((0, 32000), (50, 32000 + 8000)):
        case = half_ordered.under(with_settings(carry_over_percent=percent))
        case = given(case, NEXT, plan(more), agreement_to("plan-2", on=NEXT), budget())
        (first, _) = decided(case).lines
        assert (first.line.line_id, first.cents, first.carried_cents) == ("more", cents, cents - 32000)


def test_what_orders_give_back_is_not_carried_over_since_late_help_may_take_it_again() -> None:
    """Else the same money would be spent twice."""
    more = line("more", starts_on=NEXT)
    case = given(change_of_plan().under(with_settings(carry_over_percent=100)), NEXT, plan(more))
    assert decided(given(case, agreement_to("plan-2", on=NEXT), budget())).lines[0].carried_cents == 0


def with_settings(*, carry_over_percent: int = 0, own_contribution_percent: int = 0) -> Programme:
    own = tuple(
        replace(each, carry_over_percent=carry_over_percent, own_contribution_percent=own_contribution_percent)
        for each in PROGRAMME.national_settings
    )
    return replace(PROGRAMME, national_settings=own)


def decided(case: Given[Journey]) -> BudgetDecided:
    return next(each for each in reversed(case.events) if isinstance(each, BudgetDecided))


def test_a_line_that_goes_on_keeps_its_numbers() -> None:
    case = given(change_of_plan(), *replanned(line(minutes=300), on=NEXT))
    assert five_numbers(case) == (16000, 16000, 6400, 3200, 3200)


def test_a_line_that_goes_on_never_gets_less_than_was_delivered_of_it() -> None:
    """And the decision says so itself, to the cent."""
    case = given(change_of_plan(), *replanned(line(minutes=60), on=NEXT))
    assert five_numbers(case) == (6400, 6400, 6400, 3200, 3200)
    (allocated,) = decided(case).lines
    assert (allocated.minutes, allocated.cents) == (60, 6400)


# ── The person's own share, and a plan that nobody renewed ───────────────────────────────────────────────────────────


def test_what_the_person_pays_is_not_of_the_budget() -> None:
    case = agreed().under(with_settings(own_contribution_percent=10))
    case = given(case, budget(), order(), HELPED)
    recorded = case.when(visit(minutes=90)).the(DeliveryRecorded)
    assert five_numbers(case) == (28800, 28800, 0, 0, 0)
    assert (recorded.cents, recorded.own_cents) == (4320, 480)


DAY_AFTER_END = date(2026, 9, 1)


def test_the_office_is_reminded_before_the_plan_ends() -> None:
    case = in_delivery().on(date(2026, 8, 24))
    assert "plan-end" in {
        each.what for each in case.when(RaiseReminders()).decided.events if isinstance(each, ReminderRaised)
    }


def test_a_plan_does_not_lapse_because_an_office_is_late() -> None:
    """At the end of August nobody has made a new plan: a month more, at the rate of the 169 days before."""
    case = given(in_delivery(), date(2026, 8, 31), RaiseReminders())
    extended = case.on(DAY_AFTER_END).when(RaiseReminders()).the(BudgetExtended)
    (more,) = extended.lines
    assert (more.ends_on, more.allocated_cents, more.committed_cents) == (date(2026, 10, 2), 6059, 6059)
    late = given(case, DAY_AFTER_END, RaiseReminders())
    assert five_numbers(late) == (38059, 38059, 0, 0, 0)
    late.when(visit(on=DAY_AFTER_END)).then(DeliveryRecorded)
    assert late.known.file.plan_ends == extended.plan_ends


def test_a_dropped_line_is_not_extended_even_if_it_ended_on_the_plan_s_last_day() -> None:
    """It is dropped on the last day of the plan that follows."""
    short = line("work", "employment.work", starts_on=NEXT, ends_on=NEXT)
    case = given(change_of_plan(), *replanned(short, on=NEXT), date(2026, 6, 2), RaiseReminders())
    (extended,) = (each for each in case.events if isinstance(each, BudgetExtended))
    assert [each.line_id for each in extended.lines] == ["work"]


def test_a_line_with_a_yearly_cap_gets_time_and_no_money() -> None:
    talk = line("talk", THERAPY, minutes=600, ends_on=date(2026, 12, 20))
    case = given(budgeted(talk), date(2026, 12, 21), RaiseReminders())
    (more,) = next(each for each in case.events if isinstance(each, BudgetExtended)).lines
    assert (more.ends_on, more.allocated_cents, more.committed_cents) == (date(2026, 12, 31), 0, 0)


def test_who_has_left_needs_no_more_time() -> None:
    gone = given(in_delivery(), leaving(on=HELPED), DAY_AFTER_END, RaiseReminders())
    assert not any(isinstance(each, BudgetExtended) for each in gone.events)


# ── A cap over all journeys of a person ──────────────────────────────────────────────────────────────────────────────


def test_a_yearly_cap_is_moved_in_the_database_with_every_budget_and_settlement() -> None:
    before = agreed(line("talk", THERAPY, minutes=600))
    after = given(before, budget())
    (cap,) = (each for each in journey.quota_moves(before.known, after.known) if each.key.startswith("cap/"))
    assert cap == QuotaMove(key="cap/person-1/mental.therapy/2026", used=50000, limit=180000)
    left = given(after, HELPED, leaving(on=HELPED))
    (back,) = (each for each in journey.quota_moves(after.known, left.known) if each.key.startswith("cap/"))
    assert (back.used, back.limit) == (-50000, 180000)


def test_a_cap_that_was_changed_is_the_same_cap_still() -> None:
    """What was taken under the former one counts once, not twice."""
    before = budgeted(line("talk", THERAPY, minutes=600))
    account = before.known.file.accounts["talk"]
    assert account.cap is not None
    higher = replace(account, cap=replace(account.cap, cents=200000))
    after = replace(before.known, file=replace(before.known.file, accounts={"talk": higher}))
    assert not [each for each in journey.quota_moves(before.known, after) if each.key.startswith("cap/")]


def test_a_line_that_is_planned_again_has_what_is_ordered_of_it_anew_and_no_more() -> None:
    """What its orders gave back when it was dropped is gone: it would be help that nobody ordered."""
    other = line("daily", "daily.support", starts_on=HELPED)
    dropped = given(in_delivery(), ReopenPlan(reason="No more."), *replanned(other, on=HELPED))
    dropped.when(visit(minutes=360)).then(BudgetReinstated, DeliveryRecorded)
    again = given(dropped, ReopenPlan(reason="She wants it back."), plan(line(minutes=120)))
    again = given(again, agreement_to("plan-3", on=HELPED), budget())
    again.when(visit(minutes=360)).refused(NotCommitted, field="minutes")


# ── A place that is suspended ────────────────────────────────────────────────────────────────────────────────────────


def in_hospital(*, until: date) -> Given[Journey]:
    case = in_delivery(visit(minutes=120)).on(date(2026, 4, 1))
    return given(case, SuspendPlace(from_on=date(2026, 4, 1), reason="In hospital."), until)


def test_the_share_of_the_days_of_a_suspension_is_given_back() -> None:
    """All of April, 30 of the line's 169 days: 56.80 of 320.00 euros, also of what was ordered."""
    case = in_hospital(until=date(2026, 5, 1))
    answer = case.when(ResumePlace(on=date(2026, 5, 1)))
    answer.then(PlaceResumed, BudgetSettled(released=(Release(line_id="recovery", cents=5680),)))
    assert five_numbers(answer.after) == (26320, 26320, 6400, 0, 0)
    longer = visit(on=date(2026, 5, 1), minutes=480)
    answer.after.when(longer).refused(NotCommitted, field="minutes")


def test_nobody_is_helped_while_the_place_is_suspended() -> None:
    case = in_hospital(until=date(2026, 4, 20))
    case.when(visit(on=date(2026, 4, 1))).refused(WhileSuspended, field="day", says="2026-04-01")
    case.when(visit(on=date(2026, 3, 31))).then(DeliveryRecorded)


def suspended_again(case: Given[Journey], *, since: date, until: date) -> Given[Journey]:
    away = SuspendPlace(from_on=since, reason="In hospital.")
    return given(case.on(since), away, until, ResumePlace(on=until))


def test_a_second_suspension_of_as_many_days_gives_back_as_much() -> None:
    """Days that were given back already are not days of the line any more."""
    once = given(in_hospital(until=date(2026, 5, 1)), ResumePlace(on=date(2026, 5, 1)))
    twice = suspended_again(once, since=date(2026, 6, 1), until=date(2026, 7, 1))
    given_back = [each for event in twice.events if isinstance(event, BudgetSettled) for each in event.released]
    assert [each.cents for each in given_back] == [5680, 5680]


def test_after_a_suspension_a_plan_runs_on_at_the_rate_it_had() -> None:
    """263.20 euros of 139 days, as 320.00 were of 169."""
    case = given(
        in_hospital(until=date(2026, 5, 1)), ResumePlace(on=date(2026, 5, 1)), date(2026, 8, 31), RaiseReminders()
    )
    (more,) = case.on(DAY_AFTER_END).when(RaiseReminders()).the(BudgetExtended).lines
    assert more.allocated_cents == 26320 * 32 // 139


def test_an_exit_after_a_suspension_counts_only_the_days_in_use() -> None:
    """Of 139 days in use 108 are over by the last of July."""
    case = given(in_hospital(until=date(2026, 5, 1)), ResumePlace(on=date(2026, 5, 1)), date(2026, 7, 31))
    left = given(case, leaving(on=date(2026, 7, 31)))
    assert five_numbers(left)[0] == -(-26320 * 108 // 139)


def test_when_nothing_can_run_on_the_plan_is_over_once() -> None:
    """A line with a yearly cap has reached the end of its year."""
    talk = line("talk", THERAPY, minutes=600, ends_on=date(2026, 12, 31))
    case = given(budgeted(talk), date(2027, 1, 1), RaiseReminders())
    (over,) = (each for each in case.events if isinstance(each, BudgetExtended))
    assert (over.lines, over.plan_ends) == ((), None)
    later = given(case, date(2027, 3, 1), RaiseReminders())
    assert [each for each in later.events if isinstance(each, BudgetExtended)] == [over]


def test_help_is_ordered_from_who_is_under_contract_throughout() -> None:
    gone = provider(PROVIDER, contracted(valid_to=date(2026, 6, 30)))
    budgeted().served_by(gone).when(order()).refused(OutsideContract, field="line_id", says="to 2026-08-31")
    budgeted().served_by().when(order()).refused(OutsideContract, field="line_id")


def test_a_suspension_gives_back_nothing_that_was_delivered() -> None:
    all_used = in_delivery(visit(minutes=600)).on(date(2026, 4, 1))
    case = given(all_used, SuspendPlace(from_on=date(2026, 4, 1), reason="In hospital."), date(2026, 5, 1))
    case.when(ResumePlace(on=date(2026, 5, 1))).then(PlaceResumed)
