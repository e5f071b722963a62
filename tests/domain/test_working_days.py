"""Days are counted as an Estonian office counts them: its zone, its holidays, and the first day left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.programme import load
from domain.working_days import Calendar, Holiday, NoCalendar, at_hour, easter_sunday, local_date, start_of_day

CALENDAR = load("demonstration").calendar(date(2026, 1, 1))
SHORT = Calendar(
    version="short", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31), fixed=((1, 1),), easter_offsets=()
)

days = st.dates(min_value=date(2012, 1, 1), max_value=date(2060, 12, 31))
counts = st.integers(min_value=-60, max_value=60)

HOLIDAYS = {
    2024: ["1.1", "24.2", "29.3", "31.3", "1.5", "19.5", "23.6", "24.6", "20.8", "24.12", "25.12", "26.12"],
    2025: ["1.1", "24.2", "18.4", "20.4", "1.5", "8.6", "23.6", "24.6", "20.8", "24.12", "25.12", "26.12"],
    2026: ["1.1", "24.2", "3.4", "5.4", "1.5", "24.5", "23.6", "24.6", "20.8", "24.12", "25.12", "26.12"],
    2027: ["1.1", "24.2", "26.3", "28.3", "1.5", "16.5", "23.6", "24.6", "20.8", "24.12", "25.12", "26.12"],
}


@pytest.mark.parametrize("year", HOLIDAYS)
def test_the_public_holidays_of_a_year_are_these_and_no_others(year: int) -> None:
    all_days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    found = [day for day in all_days if day.year == year and CALENDAR.is_holiday(day)]
    assert [f"{day.day}.{day.month}" for day in found] == HOLIDAYS[year]


def test_every_holiday_has_its_name() -> None:
    assert CALENDAR.holiday(date(2026, 4, 3)) == Holiday(name_et="suur reede", name_en="Good Friday")
    assert CALENDAR.holiday(date(2026, 2, 24)) == Holiday(name_et="iseseisvuspäev", name_en="Independence Day")
    assert CALENDAR.holiday(date(2026, 2, 25)) is None
    assert set(CALENDAR.names) == {*CALENDAR.fixed, *CALENDAR.easter_offsets}


@pytest.mark.parametrize("day", [date(2018, 4, 1), date(2038, 4, 25), date(2008, 3, 23), date(1954, 4, 18)])
def test_easter_falls_on_its_known_days(day: date) -> None:
    assert easter_sunday(day.year) == day


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        (date(2026, 2, 12), 10, date(2026, 2, 27)),  # 24 February falls between
        (date(2026, 4, 2), 1, date(2026, 4, 6)),  # Good Friday and a weekend
        (date(2026, 12, 23), 1, date(2026, 12, 28)),  # Christmas and a weekend
        (date(2026, 2, 25), -1, date(2026, 2, 23)),
        (date(2026, 2, 14), 1, date(2026, 2, 16)),  # from a Saturday
        (date(2026, 2, 14), 0, date(2026, 2, 16)),
        (date(2026, 2, 12), 0, date(2026, 2, 12)),
        (date(2026, 12, 24), 0, date(2026, 12, 28)),
    ],
)
def test_working_days_are_counted_from_the_day_after(start: date, n: int, due: date) -> None:
    assert CALENDAR.add_working_days(start, n) == due


@given(days, counts)
def test_a_deadline_is_always_a_working_day(day: date, n: int) -> None:
    assert CALENDAR.is_working_day(CALENDAR.add_working_days(day, n))


@given(days, counts.filter(bool))
def test_what_was_added_lies_between(day: date, n: int) -> None:
    assert CALENDAR.working_days_between(day, CALENDAR.add_working_days(day, n)) == n


@given(days, st.integers(1, 40), st.integers(1, 40))
def test_two_spans_after_each_other_are_one(day: date, one: int, other: int) -> None:
    after_one = CALENDAR.add_working_days(day, one)
    assert CALENDAR.add_working_days(after_one, other) == CALENDAR.add_working_days(day, one + other)


@given(days.filter(CALENDAR.is_working_day), counts)
def test_from_a_working_day_there_is_a_way_back(day: date, n: int) -> None:
    assert CALENDAR.add_working_days(CALENDAR.add_working_days(day, n), -n) == day


@given(days, days, days)
def test_between_adds_up(one: date, other: date, third: date) -> None:
    start, middle, end = sorted((one, other, third))
    first, second = CALENDAR.working_days_between(start, middle), CALENDAR.working_days_between(middle, end)
    assert first + second == CALENDAR.working_days_between(start, end)


@pytest.mark.parametrize(
    ("start", "n", "holidays"),
    [
        (date(2026, 2, 12), 10, [date(2026, 2, 24)]),
        (date(2026, 6, 22), 2, [date(2026, 6, 23), date(2026, 6, 24)]),
        (date(2026, 2, 24), 1, []),  # the day itself does not count, holiday or not
        (date(2026, 12, 18), 5, [date(2026, 12, 24), date(2026, 12, 25)]),  # the 26th is a Saturday
    ],
)
def test_the_holidays_that_moved_a_deadline_are_known(start: date, n: int, holidays: list[date]) -> None:
    due = CALENDAR.add_working_days(start, n)
    assert list(CALENDAR.holidays_between(start, due)) == holidays


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_outside_its_validity_a_calendar_knows_nothing(day: date) -> None:
    with pytest.raises(NoCalendar, match="does not hold on"):
        SHORT.is_holiday(day)


def test_a_deadline_beyond_the_calendar_is_refused_not_guessed() -> None:
    with pytest.raises(NoCalendar, match=r"01\.01\.2027"):
        SHORT.add_working_days(date(2026, 12, 30), 2)
    with pytest.raises(NoCalendar):
        SHORT.working_days_between(date(2026, 12, 30), date(2027, 1, 4))
    with pytest.raises(NoCalendar):
        CALENDAR.add_working_days(date(9999, 12, 31), 1)
    with pytest.raises(ValueError, match="more than any deadline"):
        CALENDAR.add_working_days(date(2026, 1, 5), 5_001)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 1, 31, 21, 59, tzinfo=UTC), date(2026, 1, 31)),
        (datetime(2026, 1, 31, 22, 0, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 7, 31, 21, 0, tzinfo=UTC), date(2026, 8, 1)),  # summer time
    ],
)
def test_the_day_is_the_one_in_estonia(at: datetime, day: date) -> None:
    assert local_date(at) == day


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        local_date(datetime(2026, 1, 31, 21, 59))  # noqa: DTZ001


@given(days)
def test_a_day_begins_at_its_start_and_not_before(day: date) -> None:
    start = start_of_day(day)
    assert start.utcoffset() == timedelta(0)
    assert local_date(start) == day
    assert local_date(start - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_an_hour_is_told_in_universal_time() -> None:
    assert at_hour(date(2026, 1, 15), 8) == datetime(2026, 1, 15, 6, tzinfo=UTC)
    assert at_hour(date(2026, 7, 15), 8) == datetime(2026, 7, 15, 5, tzinfo=UTC)
    assert at_hour(date(2026, 3, 29), 3) == at_hour(date(2026, 3, 29), 4)  # the clock leaves this hour out
