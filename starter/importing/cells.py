"""Reads the cells of one row, and notes every one that cannot be read, with its row, its column and the rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from domain.money import parse_euros
from integrations.tables import Row

_ESTONIAN = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_NUMBER = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,4})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a row cannot be taken. What stands in the cell is not repeated: the list may lie about on a desk."""

    row: int
    case: str
    column: str
    code: str
    rule: str


@dataclass(kw_only=True, slots=True)
class Cells:
    """One row. What is blank or unreadable is None; whoever must have it says `needed`."""

    row: Row
    case: str
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, column: str, rule: str, *, code: str = "wrong_shape") -> None:
        self.problems.append(Problem(row=self.row.number, case=self.case, column=column, code=code, rule=rule))

    def text(self, column: str, *, needed: bool = False) -> str | None:
        text = self.row.cells.get(column, "")
        if needed and not text:
            self.wrong(column, "must not be blank")
        return text or None

    def day(self, column: str, *, needed: bool = False) -> date | None:
        text = self.text(column, needed=needed)
        if text is None:
            return None
        day = _day(text)
        if day is None:
            self.wrong(column, "must be a day, like 2026-03-12 or 12.03.2026")
        return day

    def cents(self, column: str, *, needed: bool = False) -> int:
        """Blank is nothing."""
        text = self.text(column, needed=needed)
        if text is None:
            return 0
        try:
            cents = parse_euros(text)
        except ValueError:
            self.wrong(column, "must be an amount in euros, like 123.45 or 123,45")
            return 0
        if cents < 0:
            self.wrong(column, "must not be less than nothing")
        return max(cents, 0)

    def minutes(self, column: str) -> int | None:
        """Of hours."""
        text = self.text(column, needed=True)
        if text is None:
            return None
        minutes = Decimal(text.replace(",", ".")) * 60 if _NUMBER.fullmatch(text) else Decimal(0)
        if minutes <= 0 or minutes != minutes.to_integral_value():
            self.wrong(column, "must be hours above 0 that come to whole minutes, like 40 or 1,5")
            return None
        return int(minutes)

    def number(self, column: str, among: Sequence[int]) -> int | None:
        text = self.text(column)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or int(text[:9]) not in among:
            self.wrong(column, f"must be a whole number from {among[0]} to {among[-1]}")
            return None
        return int(text[:9])


def _day(text: str) -> date | None:
    estonian = _ESTONIAN.fullmatch(text)
    try:
        if estonian is not None:
            day, month, year = map(int, estonian.groups())
            return date(year, month, day)
        return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None
