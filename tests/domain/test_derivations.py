"""Every due day says how it came about, and the sentence is recomputed by somebody else's calendar."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decision import SYSTEM, Context
from domain.due import Due, deadline, standing, wakes
from domain.programme import load
from domain.reckoning import days_from, months_from, working_days_from
from domain.working_days import TALLINN

PROGRAMME = load("demonstration")
CONTEXT = Context(
    at=datetime(2026, 3, 2, 10, tzinfo=UTC),
    actor=SYSTEM,
    programme=PROGRAMME,
    stream_id="journey-1",
    new_id=lambda kind: f"{kind}-1",
)
DAY = timedelta(days=1)
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


# ── An independent reference: the `holidays` library, and counting day by day ────────────────────────────────────────


@cache
def public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("EE", years=year))


def holiday(day: date) -> bool:
    return day in public_holidays(day.year)


def works(day: date) -> bool:
    return day.isoweekday() <= 5 and not holiday(day)


def counted(start: date, working_days: int) -> date:
    day = start
    while working_days:
        day += DAY
        working_days -= works(day)
    return day


def or_the_next(day: date) -> date:
    while not works(day):
        day += DAY
    return day


def months_later(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def moved_by(first: date, last: date) -> str:
    """The public holidays from one day to the other that would have been working days, as a sentence tells them."""
    days = [first + n * DAY for n in range((last - first).days + 1)]
    told = [f"{day:%d.%m.%Y}" for day in days if holiday(day) and day.isoweekday() <= 5]
    if len(told) > 1:
        return f"; {', '.join(told[:-1])} and {told[-1]} are public holidays"
    return f"; {told[0]} is a public holiday" if told else ""


# ── The laws ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("year", range(2011, 2041))
def test_the_calendar_has_the_public_holidays_of_every_year(year: int) -> None:
    day, ours = date(year, 1, 1), set[date]()
    while day.year == year:
        if PROGRAMME.calendar(day).is_holiday(day):
            ours.add(day)
        day += DAY
    assert ours == public_holidays(year)


@given(start=DAYS, days=st.integers(1, 120))
def test_working_days_are_those_of_the_reference_and_say_why(start: date, days: int) -> None:
    due = working_days_from(CONTEXT, start, days, "tori", "decision")
    assert due.on == counted(start, days)
    unit = "working day" if days == 1 else "working days"
    why = moved_by(start + DAY, due.on - DAY)
    assert due.explained == f"{days} {unit} from {start:%d.%m.%Y}{why}: due {due.on:%d.%m.%Y}"


@given(start=DAYS, days=st.integers(1, 400))
def test_calendar_days_end_on_a_working_day_and_say_which_day_was_meant(start: date, days: int) -> None:
    due = days_from(CONTEXT, start, days, "tori", "challenge")
    meant = start + days * DAY
    assert due.on == or_the_next(meant)
    assert due.explained == f"{days} {'day' if days == 1 else 'days'} from {start:%d.%m.%Y}{_moved(meant, due)}"


@given(start=DAYS, months=st.integers(1, 36))
def test_months_end_on_the_same_day_or_the_months_last(start: date, months: int) -> None:
    due = months_from(CONTEXT, start, months, "tori", "review")
    meant = months_later(start, months)
    assert due.on == or_the_next(meant)
    assert due.explained == f"{months} {'month' if months == 1 else 'months'} from {start:%d.%m.%Y}{_moved(meant, due)}"


def _moved(meant: date, due: Due) -> str:
    if meant == due.on:
        return f": due {due.on:%d.%m.%Y}"
    return f" would be {meant:%d.%m.%Y}, no working day{moved_by(meant, due.on)}: due {due.on:%d.%m.%Y}"


@given(start=DAYS, days=st.integers(1, 60))
def test_who_is_told_when_counts_in_working_days_too(start: date, days: int) -> None:
    due = working_days_from(CONTEXT, start, days, "tori", "decision")
    settings = PROGRAMME.settings("tori", CONTEXT.today)
    assert counted(due.remind_on, settings.reminder_before_working_days) == due.on
    assert due.escalate_on == counted(due.on, settings.reminder_after_working_days)
    levels = [due.escalate_on, *(each.on for each in due.escalations)]
    assert levels == sorted(set(levels))


def test_what_came_about_before_derivations_were_kept_still_tells_its_day() -> None:
    old = Due.model_validate(
        {"on": "2026-03-16", "remind_on": "2026-03-09", "escalate_on": "2026-03-19", "rule": "old/decision"}
    )
    assert old.explained == "due 16.03.2026"


@given(day=DAYS)
def test_late_is_told_before_it_is_late(day: date) -> None:
    due = working_days_from(CONTEXT, date(2026, 3, 2), 10, "tori", "decision")
    expected = "open" if day < due.remind_on else "due_soon" if day < due.on else "due" if day == due.on else "overdue"
    assert standing(due.on, due.remind_on, day) == expected


@pytest.mark.parametrize("clock_change", [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)])
def test_reminders_come_at_eight_whatever_the_clock_does(clock_change: date) -> None:
    due = Due(on=clock_change, remind_on=clock_change - DAY, escalate_on=clock_change + DAY, rule="test/rule")
    for wake in wakes((deadline("decision", due),), frozenset()):
        assert wake.at.astimezone(TALLINN).time() == time(8)


# ── What one office does otherwise, and shorter days ─────────────────────────────────────────────────────────────────


def test_a_day_on_which_one_office_is_closed_counts_elsewhere() -> None:
    start = date(2026, 4, 30)
    rapla = working_days_from(CONTEXT, start, 3, "rapla", "offer")
    tori = working_days_from(CONTEXT, start, 3, "tori", "offer")
    assert (rapla.on, tori.on) == (date(2026, 5, 7), date(2026, 5, 6))
    assert rapla.explained == (
        "3 working days from 30.04.2026; 01.05.2026 is a public holiday; "
        "04.05.2026 is a day on which the office is closed: due 07.05.2026"
    )
    assert tori.explained == "3 working days from 30.04.2026; 01.05.2026 is a public holiday: due 06.05.2026"


def test_a_saturday_on_which_one_office_works_counts_there() -> None:
    assert working_days_from(CONTEXT, date(2026, 5, 8), 1, "rapla", "offer").on == date(2026, 5, 9)
    assert working_days_from(CONTEXT, date(2026, 5, 8), 1, "tori", "offer").on == date(2026, 5, 11)


@pytest.mark.parametrize(
    ("day", "less"),
    [
        (date(2026, 2, 23), 3),
        (date(2026, 6, 22), 3),
        (date(2026, 12, 23), 3),
        (date(2026, 12, 31), 3),
        (date(2026, 12, 30), 0),
        (date(2029, 12, 23), 0),  # a Sunday is no shorter: nobody works
    ],
)
def test_the_eve_of_some_holidays_is_shorter_and_counts(day: date, less: int) -> None:
    calendar = PROGRAMME.calendar(day)
    assert calendar.hours_less(day) == less
    assert calendar.add_working_days(day - DAY, 1) == day or not calendar.is_working_day(day)
