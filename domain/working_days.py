"""Days as the office counts them: Estonian time, working days and public holidays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

TALLINN = ZoneInfo("Europe/Tallinn")
LONGEST_WORKING_DAYS = 5_000  # some twenty years: no deadline is longer, and a slip of the pen must not count for ever

_DAY = timedelta(days=1)


def local_date(at: datetime) -> date:
    """The day in Estonia at that instant; ValueError for a time without a zone."""
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone: which day it is in Estonia cannot be told")
    return at.astimezone(TALLINN).date()


def start_of_day(day: date) -> datetime:
    """The instant, in UTC, when that day begins in Estonia."""
    return at_hour(day, 0)


@lru_cache(maxsize=10_000)
def at_hour(day: date, hour: int) -> datetime:
    """The instant, in UTC, of that hour in Estonia. An hour the clock leaves out is the one after; one it repeats,
    the first."""
    return datetime.combine(day, time(hour), tzinfo=TALLINN).astimezone(UTC)


class NoCalendar(ValueError):
    """The calendar does not hold on that day, so its working days are not known."""

    code = "no_calendar"

    def __init__(self, version: str, day: date) -> None:
        super().__init__(f"calendar {version} does not hold on {written(day)}: its working days are not known")
        self.day = day


@dataclass(frozen=True, kw_only=True, slots=True)
class Holiday:
    """What a public holiday is called."""

    name_et: str
    name_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """Public holidays while they are law: fixed ones as (month, day), moving ones as days from Easter Sunday.

    `names` has them by the same (month, day) or number of days. `valid_to` is the last day, None without end.
    """

    version: str
    valid_from: date
    valid_to: date | None
    fixed: tuple[tuple[int, int], ...]
    easter_offsets: tuple[int, ...]
    names: Mapping[tuple[int, int] | int, Holiday] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    shortened: tuple[tuple[int, int], ...] = ()  # (month, day): hours less, but it counts
    shortened_hours: int = 0  # by so many hours
    closed: frozenset[date] = frozenset()  # days on which one office does not work, though others do
    opened: frozenset[date] = frozenset()  # and the other way round
    # For the days before and after, since a deadline may begin in one and end in the next.
    others: tuple[Calendar, ...] = ()

    def is_holiday(self, day: date) -> bool:
        of_day = self._of(day)
        moving = (day - easter_sunday(day.year)).days
        return (day.month, day.day) in of_day.fixed or moving in of_day.easter_offsets

    def holiday(self, day: date) -> Holiday | None:
        """The name of the day's public holiday, if it is one and has a name."""
        if not self.is_holiday(day):
            return None
        names = self._of(day).names
        return names.get((day.month, day.day)) or names.get((day - easter_sunday(day.year)).days)

    def is_working_day(self, day: date) -> bool:
        if day in self.opened:
            return True
        return day not in self.closed and not self.is_holiday(day) and day.weekday() < 5

    def hours_less(self, day: date) -> int:
        """By how many hours the working day is shorter than others: the eve of some public holidays."""
        of_day = self._of(day)
        is_shorter = self.is_working_day(day) and (day.month, day.day) in of_day.shortened
        return of_day.shortened_hours if is_shorter else 0

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after the day (before, where n is negative); the day itself does not count.

        With n = 0 the day itself if it is a working day, else the next one.
        """
        if abs(n) > LONGEST_WORKING_DAYS:
            raise ValueError(f"{n} working days are more than any deadline has (at most {LONGEST_WORKING_DAYS})")
        if n == 0:
            return day if self.is_working_day(day) else self.add_working_days(day, 1)
        left, step = abs(n), _DAY if n > 0 else -_DAY
        while left:
            day = self._neighbour(day, step)
            left -= self.is_working_day(day)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Working days after `start` up to and with `end`; negative where `end` lies before, so that for any n but 0
        `working_days_between(day, add_working_days(day, n)) == n`."""
        if end < start:
            return -self._count(end, start - _DAY)
        return self._count(start + _DAY, end)

    def holidays_between(self, start: date, end: date) -> tuple[date, ...]:
        """Public holidays after `start` and before `end` that would have been working days, in order."""
        return tuple(day for day in self._free(start, end) if self.is_holiday(day))

    def closed_between(self, start: date, end: date) -> tuple[date, ...]:
        """Likewise the days on which this office alone does not work."""
        return tuple(day for day in self._free(start, end) if not self.is_holiday(day))

    def _free(self, start: date, end: date) -> list[date]:
        between = _days(start + _DAY, end - _DAY)
        return [day for day in between if day.weekday() < 5 and not self.is_working_day(day)]

    def _of(self, day: date) -> Calendar:
        for each in (self, *self.others):
            if each.valid_from <= day and (each.valid_to is None or day <= each.valid_to):
                return each
        raise NoCalendar(self.version, day)

    def _neighbour(self, day: date, step: timedelta) -> date:
        try:
            return day + step
        except OverflowError:  # 31.12.9999
            raise NoCalendar(self.version, day) from None

    def _count(self, first: date, last: date) -> int:
        return sum(self.is_working_day(day) for day in _days(first, last))


@cache
def easter_sunday(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    century, of_century = divmod(year, 100)
    lunar = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - lunar - of_century % 4) % 7
    early = (year % 19 + 11 * lunar + 22 * weekday) // 451
    month, day = divmod(lunar + weekday - 7 * early + 114, 31)
    return date(year, month, day + 1)


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


def written(day: date) -> str:
    """As Estonian offices write it."""
    return day.strftime("%d.%m.%Y")
