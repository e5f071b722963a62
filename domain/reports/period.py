"""The time a report is about: a month, or half a year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

ReportCode = Literal["monthly", "interim"]
MONTH, HALF = re.compile(r"(\d{4})-(\d{2})"), re.compile(r"(\d{4})-H([12])")
MONTHS = {"monthly": 1, "interim": 6}


class WrongPeriod(ValueError):
    """Not a period that such a report can be about."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """From its first day to its last; both count."""

    code: str
    first: date
    last: date

    def has(self, day: date) -> bool:
        return self.first <= day <= self.last

    def meets(self, from_on: date, to_on: date) -> bool:
        """Whether any day from one to the other lies in it."""
        return from_on <= to_on and from_on <= self.last and to_on >= self.first

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def period_of(report: ReportCode, code: str) -> Period:
    """`2026-03` of a monthly report, `2026-H1` of an interim one. Raises WrongPeriod."""
    pattern, example = (MONTH, "2026-03") if report == "monthly" else (HALF, "2026-H1")
    found = pattern.fullmatch(code)
    if found is None:
        raise WrongPeriod(f"period: {report} reports are about a period like {example}, not {code}")
    year, number = int(found[1]), int(found[2])
    if not (2000 <= year <= 2200 and 1 <= number <= 12 // MONTHS[report]):
        raise WrongPeriod(f"period: there is no {code}")
    return _from(report, date(year, (number - 1) * MONTHS[report] + 1, 1))


def between(report: ReportCode, first: date, last: date) -> tuple[Period, ...]:
    """Those that begin on the first day or later, or run then, and are over by the last; the earliest first."""
    found = [_from(report, _beginning(report, first))]
    while found[-1].last <= last:
        found.append(_from(report, found[-1].last + timedelta(days=1)))
    return tuple(found[:-1])


def _beginning(report: ReportCode, day: date) -> date:
    months = MONTHS[report]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _from(report: ReportCode, first: date) -> Period:
    months = MONTHS[report]
    year, month = divmod(first.month - 1 + months, 12)
    code = f"{first:%Y-%m}" if report == "monthly" else f"{first.year}-H{1 if first.month == 1 else 2}"
    return Period(code=code, first=first, last=date(first.year + year, month + 1, 1) - timedelta(days=1))
