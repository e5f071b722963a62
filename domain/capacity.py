"""How much help is planned of whom in which month: a line's minutes, spread evenly over the months of its period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from domain.care import ServiceLine

Month = str  # 2026-03


def month_of(day: date) -> Month:
    return f"{day:%Y-%m}"


def months(starts_on: date, ends_on: date) -> tuple[Month, ...]:
    """Every calendar month that the period touches."""
    first, last = (day.year * 12 + day.month - 1 for day in (starts_on, ends_on))
    return tuple(f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, last + 1))


def by_month(line: ServiceLine) -> Iterator[tuple[Month, int]]:
    """The line's minutes in each month. Whole minutes that differ by one at most, and add up to the line's."""
    touched = months(line.starts_on, line.ends_on)
    for nth, month in enumerate(touched):
        yield month, line.minutes * (nth + 1) // len(touched) - line.minutes * nth // len(touched)


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What agreed plans call for of one provider, everywhere it works, in minutes by month."""

    planned: Mapping[Month, int]

    def fullest(self, starts_on: date, ends_on: date) -> tuple[Month, int]:
        """The month of the period with most planned, the earliest of several."""
        return max(
            ((month, self.planned.get(month, 0)) for month in months(starts_on, ends_on)),
            key=lambda found: found[1],
        )
