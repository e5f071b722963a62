"""What a report shows: its tables, their rows and columns, in two languages. What can be counted is code; what is, is data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field

from domain.fields import Code
from domain.programme.periods import Day

Dimension = Literal[
    "all", "municipality", "agreement", "age", "sex", "diagnosis", "life_area", "component", "provider", "reason",
    "deadline", "source",
]  # fmt: skip
How = Literal["sum", "median", "p75", "p90", "max", "mean"]  # percentiles are the nearest rank; a mean is in tenths
Unit = Literal["count", "cents", "minutes", "days", "score"]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]  # as much as the event of a report takes
Note = Annotated[str, Field(max_length=2000)]
CORRECTED = "corrected_"  # and the kind of figure: a table of corrections
GAPS: Final = "gaps"  # a table with one row for each gap of a region, instead of figures

_PEOPLE: tuple[Dimension, ...] = ("all", "municipality", "age", "sex", "diagnosis")


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be counted: of which values, how they become one figure, and by what they can be told apart."""

    of: str
    how: How
    unit: Unit
    by: tuple[Dimension, ...]


def _people(of: str, *further: Dimension, how: How = "sum", unit: Unit = "count") -> Measure:
    return Measure(of, how, unit, (*_PEOPLE, *further))


# Names are final: they are part of the digest of every report that has them.
MEASURES: Mapping[str, Measure] = MappingProxyType({
    "referred": _people("referred"),
    "participants": _people("participants", "agreement", "life_area"),
    "joined": _people("joined", "agreement"),
    "left": _people("left", "agreement", "reason"),
    "at_end": _people("at_end", "agreement"),
    "waiting": _people("waiting", "agreement"),
    "waiting_days_median": _people("waiting_days", "agreement", how="median", unit="days"),
    "waiting_days_p90": _people("waiting_days", "agreement", how="p90", unit="days"),
    "waiting_days_max": _people("waiting_days", "agreement", how="max", unit="days"),
    "places": Measure("places", "sum", "count", ("all", "agreement")),
    "helped": _people("helped", "component", "life_area", "provider"),
    "minutes": _people("minutes", "component", "life_area", "provider", unit="minutes"),
    "cents": _people("cents", "component", "life_area", "provider", unit="cents"),
    "overdue": _people("overdue", "deadline"),
    "first_helped": _people("first_helped"),
    "lead_days_median": _people("lead_days", how="median", unit="days"),
    "lead_days_p75": _people("lead_days", how="p75", unit="days"),
    "lead_days_p90": _people("lead_days", how="p90", unit="days"),
    "improved": _people("improved", "life_area"),
    "unchanged": _people("unchanged", "life_area"),
    "worse": _people("worse", "life_area"),
    "need_change": _people("need_change", "life_area", how="mean", unit="score"),
    "told_change": _people("told_change", "life_area", how="mean", unit="score"),
    "ratings": _people("ratings", "component", "provider"),
    "rating": _people("rating", "component", "provider", how="mean", unit="score"),
    "allocated": _people("allocated", "component", "life_area", unit="cents"),
    "committed": _people("committed", "component", "life_area", unit="cents"),
    "accepted": _people("accepted", "component", "life_area", unit="cents"),
    "paid": _people("paid", "component", "life_area", unit="cents"),
    "funding": Measure("funding", "sum", "cents", ("all", "agreement", "source")),
    "unmet": _people("unmet", "component", "life_area"),
})  # fmt: skip
GAP_COLUMNS: Mapping[str, Literal["text", "date"]] = MappingProxyType({
    "municipality": "text", "component": "text", "life_area": "text", "action": "text", "owner": "text",
    "since": "date", "due_on": "date", "closed_on": "date", "outcome": "text",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportColumn:
    name: Code
    label_et: Title
    label_en: Title


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportTable:
    """`rows` is what its rows are told apart by; with `every`, codes of which there is nothing have a row too."""

    name: Annotated[Code, Field(max_length=31)]
    rows: Dimension | Literal["gaps"]
    title_et: Title
    title_en: Title
    columns: Annotated[tuple[ReportColumn, ...], Field(min_length=1, max_length=12)]
    every: bool = False
    note: Note = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """What a code of a dimension is called, or an event because of which a figure was corrected."""

    of: Dimension | Literal["because"]
    code: Code
    et: Title
    en: Title


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportDefinition:
    """`sent_after_days`: so many days after the period's end the report is sent and never changes again. `age_bands`: the
    first year of each band after the first."""

    code: Literal["monthly", "interim"]
    version: Code
    valid_from: Day
    valid_to: Day | None
    title_et: Title
    title_en: Title
    sent_after_days: Annotated[int, Field(ge=1, le=100)]
    age_bands: tuple[Annotated[int, Field(ge=1, le=120)], ...]
    tables: Annotated[tuple[ReportTable, ...], Field(min_length=1, max_length=30)]
    wording: tuple[Wording, ...] = field(default=())

    def faults(self) -> Iterator[str]:
        """What it asks for and nobody can count, each once."""
        if list(self.age_bands) != sorted(set(self.age_bands)):
            yield "age_bands must rise"
        names = [table.name for table in self.tables]
        yield from (f"there are two tables {name}" for name in sorted({n for n in names if names.count(n) > 1}))
        for table in self.tables:
            if table.name.startswith(CORRECTED):
                yield f"table {table.name}: names that begin with {CORRECTED} are those of corrections"
            columns = [column.name for column in table.columns]
            for name in sorted({each for each in columns if columns.count(each) > 1}):
                yield f"table {table.name} has the column {name} twice"
            yield from (f"table {table.name}: {fault}" for fault in _unknown(table))

    def called(self, of: str, code: str) -> Wording | None:
        return next((each for each in self.wording if (each.of, each.code) == (of, code)), None)


def _unknown(table: ReportTable) -> Iterator[str]:
    for column in table.columns:
        if table.rows == GAPS:
            if column.name not in GAP_COLUMNS:
                yield f"there is no column {column.name} of gaps; there are {', '.join(GAP_COLUMNS)}"
        elif column.name not in MEASURES:
            yield f"there is no column {column.name}; there are {', '.join(MEASURES)}"
        elif table.rows not in MEASURES[column.name].by:
            by = ", ".join(MEASURES[column.name].by)
            yield f"{column.name} cannot be told apart by {table.rows}, only by {by}"
