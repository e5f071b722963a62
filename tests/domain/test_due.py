"""When something is due, and what is told before, on and after the day."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime

import pytest

from domain import journey
from domain.decision import Context
from domain.due import TOLD, Derivation, Due, Escalation, deadline, wakes
from domain.events import ReferralRecorded, ReminderAcknowledged, ReminderRaised
from domain.reckoning import days_from, months_from, working_days_from
from domain.stages.throughout import (
    AcknowledgeReminder,
    AlreadyAcknowledged,
    RaiseReminders,
    UnknownReminder,
    open_reminders,
)
from domain.states import Journey
from tests.domain.given import CASE_MANAGER, PROGRAMME, TOWN, Given, given, nothing
from tests.domain.steps import (
    accepted,
    agreed,
    assessed,
    budgeted,
    decided_alone,
    eligibility,
    in_delivery,
    leaving,
    planned,
    referral,
    referred,
    refused,
    review,
    visit,
)

REMIND, ON, ESCALATE = date(2026, 3, 9), date(2026, 3, 16), date(2026, 3, 19)


def known(today: date = date(2026, 2, 12)) -> Context:
    return Context(
        at=datetime(today.year, today.month, today.day, 10, tzinfo=UTC),
        actor=CASE_MANAGER,
        programme=PROGRAMME,
        stream_id="journey-1",
        new_id=lambda kind: kind,
    )


def reminders(case: Given[Journey]) -> list[ReminderRaised]:
    events = case.when(RaiseReminders()).decided.events
    return [each for each in events if isinstance(each, ReminderRaised)]


def raised(case: Given[Journey]) -> list[tuple[str, str]]:
    return [(each.what, each.step) for each in reminders(case)]


# ── Days ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ten_working_days_over_independence_day() -> None:
    due = working_days_from(known(), date(2026, 2, 12), 10, TOWN, "decision")
    assert due == Due(
        on=date(2026, 2, 27),
        remind_on=date(2026, 2, 19),  # five working days before: the 24th is none
        escalate_on=date(2026, 3, 4),
        rule="demo.settings@2026/decision-10-working-days",
        escalations=(
            Escalation(level="municipality", on=date(2026, 3, 11)),  # five working days after the lead
            Escalation(level="coordinator", on=date(2026, 3, 18)),
        ),
        derivation=Derivation(
            start=date(2026, 2, 12),
            count=10,
            unit="working_day",
            calendar="ee.calendar@2010",
            holidays=(date(2026, 2, 24),),
        ),
    )
    assert due.explained == "10 working days from 12.02.2026; 24.02.2026 is a public holiday: due 27.02.2026"


def test_a_municipality_s_own_rule_is_named() -> None:
    assert working_days_from(known(), date(2026, 3, 2), 15, "tartu", "assessment").rule == (
        "demo.settings@2026:tartu/assessment-15-working-days"
    )


@pytest.mark.parametrize(
    ("start", "months", "due"),
    [
        (date(2026, 3, 20), 3, date(2026, 6, 22)),  # a Saturday
        (date(2026, 3, 23), 3, date(2026, 6, 25)),  # 23 and 24 June are public holidays
        (date(2026, 11, 30), 3, date(2027, 3, 1)),  # no 30 February: the 28th is a Sunday
        (date(2026, 10, 31), 3, date(2027, 2, 1)),
        (date(2026, 12, 31), 2, date(2027, 3, 1)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 9, 24), 3, date(2026, 12, 28)),  # Christmas, and a week-end
    ],
)
def test_months_later_is_the_same_day_or_the_month_s_last_and_a_working_day(
    start: date, months: int, due: date
) -> None:
    assert months_from(known(start), start, months, TOWN, "review").on == due


@pytest.mark.parametrize(("start", "due"), [(date(2026, 3, 9), date(2026, 4, 8)), (date(2026, 3, 5), date(2026, 4, 6))])
def test_calendar_days_end_on_a_working_day(start: date, due: date) -> None:
    assert days_from(known(start), start, 30, TOWN, "challenge").on == due


def test_a_deadline_is_named_by_what_for_whom_and_when() -> None:
    due = working_days_from(known(), date(2026, 3, 2), 10, TOWN, "decision")
    assert deadline("review", due, subject="full").id == "review:full:2026-03-16"
    assert deadline("decision", due).id == "decision:2026-03-16"


# ── What each state waits for ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("case", "open_deadlines"),
    [
        (given(nothing(), referral(complete_on=None)), ["first-contact", "first-help"]),
        (referred(), ["decision", "first-contact", "first-help"]),
        (refused(), ["challenge-window"]),
        (accepted(), ["assessment", "first-contact", "first-help"]),
        (assessed(), ["first-help", "plan"]),
        (planned(), ["first-help", "plan"]),
        (agreed(), ["budget", "first-help"]),
        (budgeted(), ["challenge-window", "extension", "first-help", "plan-end", "progress-note", "review"]),
        (
            in_delivery(review(outcome="exit", on=date(2026, 3, 26))),
            ["challenge-window", "exit", "extension", "first-help", "plan-end"],
        ),
        (in_delivery(visit()), ["challenge-window", "extension", "plan-end", "progress-note", "review"]),
        (given(in_delivery(), leaving(on=date(2026, 3, 26))), ["challenge-window", "challenge-window"]),
    ],
)
def test_what_is_open(case: Given[Journey], open_deadlines: list[str]) -> None:
    found = {(wake.deadline.id, wake.deadline.what) for wake in journey.pending(case.known)}
    assert sorted(what for _, what in found) == open_deadlines


def test_what_comes_next_comes_first_at_eight_in_the_morning() -> None:
    wakes = journey.pending(decided_alone(referred()).known)
    assert [(wake.step, wake.at) for wake in wakes] == [
        ("before", datetime(2026, 3, 9, 6, tzinfo=UTC)),
        ("on", datetime(2026, 3, 16, 6, tzinfo=UTC)),
        ("after", datetime(2026, 3, 19, 6, tzinfo=UTC)),
        ("municipality", datetime(2026, 3, 26, 6, tzinfo=UTC)),
        ("coordinator", datetime(2026, 4, 2, 5, tzinfo=UTC)),
    ]


def test_in_summer_eight_in_the_morning_is_an_hour_earlier() -> None:
    first = journey.pending(budgeted().known)[0]
    assert first.at == datetime(2026, 4, 21, 5, tzinfo=UTC)  # the budget cannot be challenged any more


# ── Reminders ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reminder_comes_before_on_and_after_the_day_and_goes_up_the_chain() -> None:
    case, told = decided_alone(referred()), list[tuple[str, str]]()
    for day in (REMIND, ON, ESCALATE, date(2026, 3, 26), date(2026, 4, 2)):
        told += [(each.step, each.level) for each in reminders(case.on(day))]
        case = given(case, day, RaiseReminders())
    assert told == [
        ("before", "worker"), ("on", "worker"), ("after", "lead"),
        ("municipality", "municipality"), ("coordinator", "coordinator"),
    ]  # fmt: skip
    assert journey.pending(case.known) == ()


def test_a_deadline_from_before_there_was_a_chain_keeps_its_three_steps() -> None:
    old = deadline("decision", Due(on=ON, remind_on=REMIND, escalate_on=ESCALATE, rule="old/rule"))
    assert [wake.step for wake in wakes((old,), frozenset())] == ["before", "on", "after"]


def test_steps_of_one_moment_keep_the_order_of_the_chain() -> None:
    """By name "after" came before "before": the latest of them was never the one that was raised."""
    chain = (Escalation(level="municipality", on=ON), Escalation(level="coordinator", on=ON))
    at_once = deadline("decision", Due(on=ON, remind_on=ON, escalate_on=ON, rule="a/rule", escalations=chain))
    assert [wake.step for wake in wakes((at_once,), frozenset())] == list(TOLD)
    one_day = Due(on=ON, remind_on=ON, escalate_on=ON, rule="a/rule")
    begun = nothing().when(referral()).the(ReferralRecorded).model_copy(update={"decision_due": one_day})
    case = decided_alone(given(nothing(), begun)).on(ON)
    assert raised(case) == [("decision", "after")]
    assert journey.pending(given(case, RaiseReminders()).known) == ()


def test_a_reminder_says_what_is_due_and_when() -> None:
    decided_alone(referred()).on(REMIND).when(RaiseReminders()).then(
        ReminderRaised(deadline_id="decision:2026-03-16", what="decision", step="before", due_on=ON)
    )


def test_before_eight_in_the_morning_nothing_is_raised() -> None:
    case = decided_alone(referred())
    assert raised(case.on(REMIND, hour=7)) == []
    assert raised(case.on(REMIND, hour=8)) == [("decision", "before")]


def test_of_several_steps_that_have_come_only_the_latest_is_told() -> None:
    """It says all that the earlier ones would have said; they are never raised afterwards."""
    late = decided_alone(referred()).on(date(2026, 4, 9))
    assert raised(late) == [("decision", "coordinator")]
    assert journey.pending(given(late, RaiseReminders()).known) == ()

    on_the_day = given(decided_alone(referred()), ON, RaiseReminders())
    assert [wake.step for wake in journey.pending(on_the_day.known)] == [
        "after", "municipality", "coordinator",
    ]  # fmt: skip


def test_nothing_is_raised_twice() -> None:
    once = given(referred(), REMIND, RaiseReminders())
    once.when(RaiseReminders()).then()


def test_what_is_done_is_not_reminded_of() -> None:
    assert raised(decided_alone(accepted()).on(date(2026, 3, 18))) == []


def test_every_open_deadline_has_its_own_reminder() -> None:
    long_after = in_delivery(date(2026, 7, 1))
    assert raised(long_after) == [
        ("first-help", "coordinator"), ("progress-note", "coordinator"), ("review", "after"),
    ]  # fmt: skip
    lapsed = [type(each).__name__ for each in long_after.when(RaiseReminders()).decided.events]
    assert Counter(lapsed) == {"ChallengeLapsed": 1, "ReminderRaised": 3}


# ── Seen ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

SEEN = AcknowledgeReminder(deadline_id="decision:2026-03-16", step="before")


def test_who_has_seen_a_reminder_is_told_and_the_clock_goes_on() -> None:
    case = given(decided_alone(referred()), REMIND, RaiseReminders())
    state = case.when(SEEN).then(ReminderAcknowledged(on=REMIND, by="case_manager.tori", **dict(SEEN))).state
    assert [(each.step, each.seen_by, each.seen_on) for each in open_reminders(state)] == [
        ("before", "case_manager.tori", REMIND)
    ]
    assert raised(given(case, SEEN).on(ON)) == [("decision", "on")]


def test_a_reminder_is_acknowledged_once_and_only_if_it_was_raised() -> None:
    case = given(referred(), REMIND, RaiseReminders())
    referred().when(SEEN).refused(UnknownReminder, field="deadline_id", says="before of decision:2026-03-16")
    case.when(SEEN.model_copy(update={"step": "on"})).refused(UnknownReminder, field="deadline_id")
    given(case, SEEN).when(SEEN).refused(AlreadyAcknowledged, field="deadline_id", says="case_manager.tori")


def test_what_was_done_needs_nobody_to_look_at_it() -> None:
    case = given(decided_alone(referred()), REMIND, RaiseReminders(), eligibility())
    assert open_reminders(case.known) == ()
    case.when(SEEN).then(ReminderAcknowledged)
