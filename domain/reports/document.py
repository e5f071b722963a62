"""A report as a value: tables for a period, and what anyone needs to check them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from domain.codec import canonical

# cents, minutes and days are whole; percent and score are in tenths, so that no figure is ever rounded twice
Kind = Literal["text", "count", "cents", "minutes", "days", "percent", "date", "score"]
Value = str | int | date | None  # None: not told, or left out because so few could be recognised


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: its name never changes, its labels may."""

    name: str
    label_et: str
    label_en: str
    kind: Kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows under columns; ValueError for a row that is not as wide as the columns."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One report; `report` is "monthly" or "interim", `period` "2026-03" or "2026-H1", `municipality` "ee" for the whole.

    `known_to` is the position in the record up to which it was reckoned; `corrects` names the report it corrects.
    """

    report: str
    period: str
    municipality: str
    definition: str
    synthetic: bool
    frozen_at: datetime | None
    known_to: str
    digest: str
    tables: tuple[Table, ...]
    corrects: str | None


def digest_of(*tables: Table) -> str:
    """The sha256, in hex, of the tables' names, columns and figures; titles, labels and notes may be put better later."""
    return sha256(canonical([_told(each) for each in tables])).hexdigest()


def _told(table: Table) -> dict[str, object]:
    """Each column goes with its kind: the same letters are a day under one and a text under another."""
    return {
        "name": table.name,
        "columns": [[each.name, each.kind] for each in table.columns],
        "rows": [[value.isoformat() if isinstance(value, date) else value for value in row] for row in table.rows],
    }
