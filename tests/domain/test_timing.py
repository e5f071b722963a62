"""A deadline waits, lasts longer, or moves with a new calendar: by an event each time, and never by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.decision import DateInFuture
from domain.due import standing
from domain.events import DeadlineExtended, DeadlinePaused, DeadlineResumed, DeadlinesReplanned
from domain.journey import awaited, pending
from domain.programme import Programme
from domain.stages.throughout import RaiseReminders
from domain.stages.timing import (
    ExtendDeadline,
    NoSuchDeadline,
    NotOnHold,
    OnHoldAlready,
    OutsideItsTime,
    PauseDeadline,
    ReplanDeadlines,
    ResumeDeadline,
    TooManyPauses,
    TooMuchLonger,
)
from domain.states import Journey
from domain.working_days import local_date
from tests.domain.given import PROGRAMME, Given, given
from tests.domain.steps import accepted, decided_alone, referred, refused
from tests.domain.test_derivations import counted, works
from tests.domain.test_throughout import challenged

DAY = timedelta(days=1)
BEGUN, DUE = date(2026, 3, 2), date(2026, 3, 16)  # ten working days


def waiting(from_on: date) -> PauseDeadline:
    return PauseDeadline(what="decision", from_on=from_on, reason="A doctor's letter is awaited.")


def on(day: date) -> ResumeDeadline:
    return ResumeDeadline(what="decision", on=day)


def more(days: int) -> ExtendDeadline:
    return ExtendDeadline(what="decision", working_days=days, reason="Two experts are to be heard.")


def decision_of(case: Given[Journey]) -> tuple[date, str]:
    [due] = [each.due for each in awaited(case.known) if each.what == "decision"]
    return due.on, due.explained


def with_holiday(month: int, day: int) -> Programme:
    changed = tuple(
        replace(each, version="ee.calendar@2027", fixed=(*each.fixed, (month, day))) for each in PROGRAMME.calendars
    )
    return replace(PROGRAMME, calendars=changed)


# ── On hold ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_on_hold_nothing_is_due_and_nobody_is_reminded() -> None:
    case = given(decided_alone(referred()), date(2026, 3, 5), waiting(date(2026, 3, 5)))
    [held] = awaited(case.known)
    assert held.due.held_since == date(2026, 3, 5)
    assert held.due.explained == "10 working days from 02.03.2026: on hold since 05.03.2026"
    assert [wake.deadline.what for wake in pending(case.known)] == []
    assert standing(held.due.on, held.due.remind_on, date(2026, 5, 4), held=True) == "on_hold"
    case.on(date(2026, 5, 4)).when(RaiseReminders()).then()


def test_it_runs_on_and_is_later_by_the_working_days_that_it_waited() -> None:
    answer = given(referred(), date(2026, 3, 5), waiting(date(2026, 3, 5)), date(2026, 3, 10)).when(
        on(date(2026, 3, 10))
    )
    answer.then(DeadlineResumed)
    assert decision_of(answer.after) == (
        date(2026, 3, 19),  # the 5th, 6th and 9th did not count
        "10 working days from 02.03.2026; on hold 05.03.2026 to 10.03.2026: due 19.03.2026",
    )


def test_who_is_told_when_moves_along() -> None:
    begun = decided_alone(referred())
    case = given(begun, date(2026, 3, 5), waiting(date(2026, 3, 5)), date(2026, 3, 10), on(date(2026, 3, 10)))
    [due] = [each.due for each in awaited(case.known)]
    assert counted(due.remind_on, 5) == due.on
    assert due.escalate_on == counted(due.on, 3)
    assert due.rule == "demo.settings@2026/decision-10-working-days"


def test_a_pause_that_lasted_no_day_was_none() -> None:
    case = given(referred(), date(2026, 3, 5), waiting(date(2026, 3, 5)), on(date(2026, 3, 5)))
    assert decision_of(case)[0] == DUE


def test_it_may_wait_several_times_but_not_without_end() -> None:
    case = referred()
    for day in (date(2026, 3, 4), date(2026, 3, 6), date(2026, 3, 10)):
        case = given(case, day, waiting(day), day + DAY, on(day + DAY))
    assert decision_of(case)[0] == counted(DUE, 3)
    case.on(date(2026, 3, 12)).when(waiting(date(2026, 3, 12))).refused(TooManyPauses, field="what", says="3 times")


def test_what_is_on_hold_cannot_be_put_on_hold_nor_extended() -> None:
    case = given(referred(), date(2026, 3, 5), waiting(date(2026, 3, 5)))
    case.when(waiting(date(2026, 3, 5))).refused(OnHoldAlready, field="what", says="2026-03-05")
    case.when(more(1)).refused(OnHoldAlready, field="what")
    case.when(on(date(2026, 3, 4))).refused(OutsideItsTime, field="on")
    case.when(on(date(2026, 3, 6))).refused(DateInFuture, field="on")


def test_a_pause_lies_within_the_deadline_s_own_time_and_not_in_another_pause() -> None:
    late = referred().on(date(2026, 3, 20))
    late.when(waiting(date(2026, 3, 17))).refused(OutsideItsTime, field="from_on", says="2026-03-16")
    late.when(waiting(date(2026, 3, 1))).refused(OutsideItsTime, field="from_on")
    late.when(waiting(date(2026, 3, 21))).refused(DateInFuture, field="from_on")
    case = given(referred(), date(2026, 3, 5), waiting(date(2026, 3, 5)), date(2026, 3, 10), on(date(2026, 3, 10)))
    case.when(waiting(date(2026, 3, 9))).refused(OutsideItsTime, field="from_on", says="2026-03-10")


def test_only_what_is_due_can_wait() -> None:
    accepted().when(waiting(BEGUN)).refused(NoSuchDeadline, field="what", says="decision")
    referred().when(on(BEGUN)).refused(NotOnHold, field="what")
    unknown = PauseDeadline(what="challenge", challenge_id="challenge-9", from_on=BEGUN, reason="None.")
    refused().when(unknown).refused(NoSuchDeadline, field="challenge_id")
    mixed = PauseDeadline(what="decision", challenge_id="challenge-1", from_on=BEGUN, reason="None.")
    referred().when(mixed).refused(NoSuchDeadline, field="challenge_id")


def test_the_answer_to_a_challenge_can_wait_too() -> None:
    case = challenged()
    [challenge] = case.known.file.challenges.values()
    pause = PauseDeadline(
        what="challenge", challenge_id=challenge.challenge_id, from_on=local_date(case.at), reason="None."
    )
    held = case.when(pause).then(DeadlinePaused).after
    assert held.known.file.challenges[challenge.challenge_id].due.held_since == local_date(case.at)


@for_all(st.lists(st.integers(0, 9), min_size=2, max_size=6).map(sorted))
def test_only_working_days_on_which_it_did_not_wait_count(days: list[int]) -> None:
    """Against counting day by day, whatever the pauses."""
    case, held = referred(), set[date]()
    for since, until in zip(days[::2], days[1::2], strict=False):
        first, last = BEGUN + since * DAY, BEGUN + until * DAY
        case = given(case, first, waiting(first), last, on(last))
        held |= {first + n * DAY for n in range((last - first).days)}
    day, left = BEGUN, 10
    while left:
        day += DAY
        left -= works(day) and day not in held
    started = BEGUN in held and works(BEGUN)  # the first day never counted; on hold from it, it counts as waited
    assert decision_of(case)[0] == (counted(day, 1) if started else day)


# ── Longer ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_more_time_is_given_within_the_settings_and_the_sentence_says_so() -> None:
    case = given(referred(), more(5))
    assert decision_of(case) == (
        date(2026, 3, 23),
        "10 working days from 02.03.2026; 5 working days more: due 23.03.2026",
    )
    case.when(more(16)).refused(TooMuchLonger, field="working_days", says="of these 15 are left")
    assert decision_of(given(case, more(15)))[0] == counted(DUE, 20)


def test_what_moved_keeps_its_place_in_the_chain_anew() -> None:
    """The reminders of the old day are not those of the new one."""
    told = given(decided_alone(referred()), date(2026, 3, 17), RaiseReminders())
    assert [wake.step for wake in pending(told.known)] == ["after", "municipality", "coordinator"]
    moved = given(told, more(5))
    assert [wake.step for wake in pending(moved.known)] == ["before", "on", "after", "municipality", "coordinator"]


# ── Another calendar ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_calendar_moves_what_is_open_by_an_event() -> None:
    case = replace(referred(), programme=with_holiday(3, 10))
    assert decision_of(case)[0] == DUE  # nothing moves by itself
    answer = case.when(ReplanDeadlines()).then(DeadlinesReplanned)
    [moved] = answer.the(DeadlinesReplanned).moved
    assert (moved.what, moved.was_on, moved.due.on) == ("decision", DUE, date(2026, 3, 17))
    assert decision_of(answer.after) == (
        date(2026, 3, 17),
        "10 working days from 02.03.2026; 10.03.2026 is a public holiday: due 17.03.2026",
    )
    answer.after.when(ReplanDeadlines()).then()


def test_what_was_extended_stays_so_when_the_calendar_moves_it() -> None:
    case = replace(given(referred(), more(5)), programme=with_holiday(3, 10))
    assert decision_of(given(case, ReplanDeadlines()))[0] == date(2026, 3, 24)


def test_on_hold_another_calendar_waits_until_it_runs_on() -> None:
    held = given(referred(), date(2026, 3, 5), waiting(date(2026, 3, 5)))
    case = replace(held, programme=with_holiday(3, 11))
    case.when(ReplanDeadlines()).then()
    resumed = given(case, date(2026, 3, 10), on(date(2026, 3, 10)))
    assert decision_of(resumed)[0] == date(2026, 3, 20)


def test_a_calendar_that_changes_no_open_day_says_nothing() -> None:
    replace(referred(), programme=with_holiday(7, 10)).when(ReplanDeadlines()).then()


@pytest.mark.parametrize("event", [DeadlinePaused, DeadlineResumed, DeadlineExtended])
def test_moving_a_deadline_spoils_nobody_s_edit(event: type[DeadlinePaused]) -> None:
    assert event.part == "deadlines"
