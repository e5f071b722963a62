"""What a cell can hold, and which text a spreadsheet would mistake for a formula."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

MAX_CELL = 4_000  # as much as the record keeps of what somebody says
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Euros:
    """An amount for a cell: kept in cents, shown as euros."""

    cents: int

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.cents).scaleb(-2)


@dataclass(frozen=True, slots=True)
class Hours:
    """A time for a cell: kept in minutes, shown as hours with two decimals, from which the minute can be told again."""

    minutes: int

    @property
    def decimal(self) -> Decimal:
        return Decimal(round(Fraction(self.minutes * 100, 60))).scaleb(-2)


Value = str | int | Decimal | date | Euros | Hours | None


def like_a_formula(text: str) -> bool:
    """Whether a spreadsheet may compute it. Leading apostrophes do not count: they are what guards such a text."""
    bare = text.lstrip("'")
    return bare.startswith(FORMULA_STARTS) and PLAIN_NUMBER.fullmatch(bare) is None


def guarded(text: str) -> str:
    """With the apostrophe that makes a spreadsheet take it as text."""
    return f"'{text}" if like_a_formula(text) else text


def printable(text: str) -> str:
    """Characters that no table can hold become the sign for one that was lost."""
    return UNPRINTABLE.sub("\ufffd", text)


def letters(column: int) -> str:
    """28 as AB, the way a spreadsheet names its columns."""
    text = ""
    while column > 0:
        column, place = divmod(column - 1, 26)
        text = chr(65 + place) + text
    return text
