"""A report as a value: tables of figures for a period, and what anyone needs to check them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from domain.canonical import canonical

# Cents, minutes and days are whole; percent and score are in tenths, so that no figure is rounded twice; a date is
# written 2026-03-31, as it is recorded.
Kind = Literal["text", "count", "cents", "minutes", "days", "percent", "score", "date"]
Value = str | int | None  # None: nothing was told, or it is left out because so few could be recognised
State = Literal["draft", "sent", "correction"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: its name never changes, its labels may."""

    name: str
    label_et: str
    label_en: str
    kind: Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows under columns; ValueError for a row that is not as wide as the columns, or a value of another kind."""

    name: str
    title_et: str
    title_en: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        """A figure under another column's heading would be read as true."""
        for number, row in enumerate(self.rows, start=1):
            if len(row) != len(self.columns):
                raise ValueError(f"{self.name}, row {number}: {len(row)} values under {len(self.columns)} columns")
            for column, value in zip(self.columns, row, strict=True):
                if not _fits(value, column.kind):
                    raise ValueError(f"{self.name}, row {number}: {value!r} is no {column.kind} for {column.name}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One report of one municipality, one coordinator, or all ("ee"); `period` is "2026-03" or "2026-H1".

    `number` is 0 for a draft, 1 for the report as it was sent, and from 2 on for each of its corrections, in order.
    `known_to` is the position in the record up to which it was reckoned, `at` when that was.
    """

    report: str
    period: str
    scope: str
    scope_name: str
    title_et: str
    title_en: str
    definition: str
    synthetic: bool
    state: State
    number: int
    at: datetime
    known_to: str
    tables: tuple[Table, ...]

    @property
    def digest(self) -> str:
        """The sha256, in hex, of all that makes the figures what they are; titles, labels and notes may be put better later."""
        told: dict[str, object] = {
            "report": self.report,
            "period": self.period,
            "scope": self.scope,
            "definition": self.definition,
            "number": self.number,
            "known_to": self.known_to,
            "tables": [_told(each) for each in self.tables],
        }
        return sha256(canonical(told)).hexdigest()


def _fits(value: Value, kind: Kind) -> bool:
    match kind:
        case "text":
            return value is None or isinstance(value, str)
        case "date":
            return value is None or (isinstance(value, str) and date.fromisoformat(value) is not None)
        case _:
            return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _told(table: Table) -> dict[str, object]:
    """Each column goes with its kind: the same number is an amount under one and a time under another."""
    return {
        "name": table.name,
        "columns": [[each.name, each.kind] for each in table.columns],
        "rows": [list(row) for row in table.rows],
    }
