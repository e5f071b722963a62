"""Figures: what all contributions come to, cell by cell, and the tables made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from domain.programme.report_definition import (
    GAP_COLUMNS,
    GAPS,
    MEASURES,
    Dimension,
    How,
    Measure,
    ReportColumn,
    ReportDefinition,
    ReportTable,
)
from domain.reports.counting import KINDS_BY, KINDS_OF, WHOSE, Contribution
from domain.reports.document import Column, Kind, Table, Value
from domain.reports.fact import FOREVER, Fact, FactKind

CODE = Column(name="code", label_et="Kood", label_en="Code", kind="text")
NAME = Column(name="name", label_et="Nimetus", label_en="Name", kind="text")

Values = Counter[int]  # how often each value came
NamedRow = Callable[[str, str], str]  # dimension and code → what it is called


class Cell(NamedTuple):
    """One figure's place."""

    table: str
    row: str
    column: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Which cells a contribution goes to, by what it is of; and which kinds of fact are needed for that."""

    targets: Mapping[str, tuple[tuple[str, Dimension, str], ...]]  # of what → (table, dimension, column)
    kinds: frozenset[FactKind]

    @property
    def wanted(self) -> Set[str]:
        return self.targets.keys()

    @classmethod
    def of(cls, definition: ReportDefinition) -> Plan:
        found: dict[str, list[tuple[str, Dimension, str]]] = {}
        kinds: set[FactKind] = set()
        for table in definition.tables:
            if table.rows == GAPS:
                kinds.add("gap")
                continue
            kinds |= KINDS_BY.get(table.rows, frozenset())
            for column in table.columns:
                of = MEASURES[column.name].of
                found.setdefault(of, []).append((table.name, table.rows, column.name))
                kinds |= KINDS_OF[of]
        return cls({of: tuple(targets) for of, targets in found.items()}, frozenset(kinds))

    def cells(self, contribution: Contribution) -> Iterator[Cell]:
        for table, dimension, column in self.targets.get(contribution.of, ()):
            for row in contribution.rows(dimension):
                yield Cell(table, row, column)


class _Into(NamedTuple):
    """Where contributions of one kind go: sums by whose they are, sums by what they are, and values."""

    whose: list[tuple[Dimension, Counter[str]]]
    what: list[tuple[Dimension, Counter[str]]]
    values: list[tuple[Dimension, dict[str, Values]]]


class Tally:
    """Sums by row, and of what is no sum all its values, so that two tallies are one by adding. A hundred thousand
    journeys go through here: what each contribution goes to is looked up once."""

    def __init__(self, plan: Plan) -> None:
        self.sums: dict[tuple[str, str], Counter[str]] = {}
        self.values: dict[tuple[str, str], dict[str, Values]] = {}
        self.gaps: list[Fact] = []
        self._into = {of: _Into([], [], []) for of in plan.targets}
        for of, targets in plan.targets.items():
            whose, what, values = self._into[of]
            for table, dimension, column in targets:
                if MEASURES[column].how == "sum":
                    sums = self.sums.setdefault((table, column), Counter())
                    (whose if dimension in WHOSE else what).append((dimension, sums))
                else:
                    values.append((dimension, self.values.setdefault((table, column), {})))

    def add(self, contributions: Iterable[Contribution]) -> None:
        """Of what the plan wants."""
        for each in contributions:
            of, value, _, whose, what = each
            by_whose, by_what, kept = self._into[of]
            for dimension, sums in by_whose:
                sums[whose[dimension]] += value
            for dimension, sums in by_what:
                for row in what[dimension]:
                    sums[row] += value
            for dimension, values in kept:
                for row in each.rows(dimension):
                    values.setdefault(row, Counter())[value] += 1

    def merge(self, other: Tally) -> None:
        for figure, sums in other.sums.items():
            self.sums[figure].update(sums)
        for figure, rows in other.values.items():
            for row, some in rows.items():
                self.values[figure].setdefault(row, Counter()).update(some)
        self.gaps += other.gaps

    def rows(self, table: str) -> set[str]:
        """Those of which there is anything."""
        sums = {row for (name, _), rows in self.sums.items() if name == table for row in rows}
        return sums | {row for (name, _), rows in self.values.items() if name == table for row in rows}

    def figure(self, cell: Cell) -> int | None:
        """None: there is nothing of which it could be the median or mean."""
        how, figure = MEASURES[cell.column].how, (cell.table, cell.column)
        return (
            self.sums[figure][cell.row] if how == "sum" else one_of(how, self.values[figure].get(cell.row, Counter()))
        )


def one_of(how: How, values: Values) -> int | None:
    """The figure that many values come to: a mean in tenths, half a tenth rounded up; a percentile by nearest rank."""
    number = values.total()
    if not number:
        return None
    match how:
        case "mean":
            return (20 * sum(value * times for value, times in values.items()) + number) // (2 * number)
        case "max":
            return max(values)
        case "sum":
            return sum(value * times for value, times in values.items())
    percent = {"median": 50, "p75": 75, "p90": 90}[how]
    rank = -(-number * percent // 100)
    passed = 0
    for value in sorted(values):
        passed += values[value]
        if passed >= rank:
            return value
    raise AssertionError(values)


def tables(
    tally: Tally, definition: ReportDefinition, every: Mapping[str, Sequence[str]], named: NamedRow
) -> Iterator[Table]:
    """`every` has the codes of a dimension in their order, and thereby which rows are there although nothing is in them."""
    for table in definition.tables:
        yield _gap_table(table, tally.gaps, named) if table.rows == GAPS else _figures(table, tally, every, named)


def _figures(table: ReportTable, tally: Tally, every: Mapping[str, Sequence[str]], named: NamedRow) -> Table:
    order = list(every.get(table.rows, ()))
    found = tally.rows(table.name)
    codes = [*(each for each in order if table.every or each in found), *sorted(found.difference(order))]
    measured = [
        Column(name=c.name, label_et=c.label_et, label_en=c.label_en, kind=kind_of(c.name)) for c in table.columns
    ]
    whole = table.rows == "all"
    rows: list[tuple[Value, ...]] = []
    for code in [""] if whole else codes:
        figures = tuple(tally.figure(Cell(table.name, code, column.name)) for column in table.columns)
        if whole or table.every or any(map(_tells, table.columns, figures)):
            rows.append(figures if whole else (code, named(table.rows, code), *figures))
    return Table(
        name=table.name,
        title_et=table.title_et,
        title_en=table.title_en,
        columns=tuple(measured if whole else [CODE, NAME, *measured]),
        rows=tuple(rows),
        note=table.note,
    )


def _tells(column: ReportColumn, figure: int | None) -> bool:
    """A sum of 0 is nothing; a median of 0 is something."""
    return bool(figure) if MEASURES[column.name].how == "sum" else figure is not None


def kind_of(measure: str) -> Kind:
    measured: Measure = MEASURES[measure]
    return measured.unit


def _gap_table(table: ReportTable, gaps: Sequence[Fact], named: NamedRow) -> Table:
    columns = tuple(
        Column(name=c.name, label_et=c.label_et, label_en=c.label_en, kind=GAP_COLUMNS[c.name]) for c in table.columns
    )
    told = sorted(gaps, key=lambda gap: (gap.municipality, gap.from_on, gap.key))
    return Table(
        name=table.name,
        title_et=table.title_et,
        title_en=table.title_en,
        columns=columns,
        rows=tuple(tuple(_of_gap(gap, column.name, named) for column in columns) for gap in told),
        note=table.note,
    )


def _of_gap(gap: Fact, column: str, named: NamedRow) -> Value:
    closed = gap.to_on != FOREVER
    match column:
        case "municipality":
            return named("municipality", gap.municipality)
        case "component":
            return named("component", gap.code) if gap.code else None
        case "life_area":
            return named("life_area", gap.area) if gap.area else None
        case "owner":
            return gap.about
        case "since":
            return gap.from_on.isoformat()
        case "closed_on":
            return gap.to_on.isoformat() if closed else None
        case "outcome":
            return gap.words.get("outcome")
        case _:
            return gap.words[column]
