"""Corrections: which figures are other ones now than what was sent, by how much, and what became known to make them so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from domain.programme.report_definition import CORRECTED, MEASURES, ReportDefinition
from domain.reports.count import Scope
from domain.reports.counting import Dossier, contributions
from domain.reports.document import Column, Document, Kind, Table, Value
from domain.reports.fact import Fact
from domain.reports.period import Period
from domain.reports.tally import CODE, NAME, Cell, NamedRow, Plan, kind_of

RECOUNTED = "recounted"  # no single fact explains it: a median, a mean, or another way of counting
Row = tuple[Value, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a report and its corrections come to. A figure that is not there is nothing: 0 of what is a sum."""

    cells: Mapping[Cell, int | None] = field(default_factory=dict)
    lists: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)  # of tables that hold no figures

    def of(self, cell: Cell) -> int | None:
        return self.cells.get(cell, 0 if MEASURES[cell.column].how == "sum" else None)


def figures_in(document: Document) -> Figures:
    cells: dict[Cell, int | None] = {}
    lists: dict[str, tuple[Row, ...]] = {}
    for table in document.tables:
        coded = table.columns[0].name == CODE.name
        if not coded and table.columns[0].name not in MEASURES:
            lists[table.name] = table.rows
            continue
        for row in table.rows:
            for column, value in zip(table.columns, row, strict=True):
                if column.name not in (CODE.name, NAME.name) and not isinstance(value, str):
                    cells[Cell(table.name, str(row[0]) if coded else "", column.name)] = value
    return Figures(cells=cells, lists=lists)


def with_corrections(figures: Figures, correction: Document) -> Figures:
    cells, lists = dict(figures.cells), dict(figures.lists)
    for table in correction.tables:
        if not table.name.startswith(CORRECTED):
            lists[table.name] = table.rows
            continue
        names = [column.name for column in table.columns]
        for row in table.rows:
            told = dict(zip(names, row, strict=True))
            now = told["now"]
            assert not isinstance(now, str), "a figure is a number"
            cells[Cell(str(told["table"]), str(told["code"]), str(told["column"]))] = now
    return Figures(cells=cells, lists=lists)


# ── Why ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

FactId = tuple[str, str, str]  # subject, kind and key


@dataclass(frozen=True, slots=True)
class Reasons:
    """By figure and by what made the difference (a kind of event): how much, and through which facts."""

    change: defaultdict[Cell, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    facts: defaultdict[tuple[Cell, str], set[FactId]] = field(default_factory=lambda: defaultdict(set))

    def add(self, was: Dossier | None, now: Dossier | None, told: Sequence[Fact], plan: Plan, of: Counted) -> None:
        """One journey, agreement or region as it was known then and is known now; `told` is what was told in between, the
        latest first."""
        before, after = _worth(was, plan, of), _worth(now, plan, of)
        subject = (was or now or NOBODY).subject
        for key in before.keys() | after.keys():
            cell, kind, name = key
            if (change := after[key] - before[key]) or key not in before or key not in after:
                because = _because(told, kind, name)
                self.change[cell][because] += change
                self.facts[cell, because].add((subject, kind, name))


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What is counted, of whom and for when."""

    definition: ReportDefinition
    period: Period
    scope: Scope


NOBODY = Dossier(subject="", facts=())


def _worth(dossier: Dossier | None, plan: Plan, of: Counted) -> Counter[tuple[Cell, str, str]]:
    worth: Counter[tuple[Cell, str, str]] = Counter()
    if dossier is None:
        return worth
    for each in contributions(of.scope.of(dossier), of.period, of.definition.age_bands, plan.wanted):
        for cell in plan.cells(each):
            worth[cell, each.fact.kind, each.fact.key] += each.value
    return worth


def _because(told: Sequence[Fact], kind: str, key: str) -> str:
    """The event that told of that very fact; else the latest, by which the journey counts in another row."""
    own = next((each for each in told if (each.kind, each.key) == (kind, key)), None)
    return (own or told[0]).because if told else RECOUNTED


# ── The correction's tables ──────────────────────────────────────────────────────────────────────────────────────────


def corrections(
    was: Figures, now: Document, reasons: Reasons, definition: ReportDefinition, named: NamedRow
) -> tuple[Table, ...]:
    """Nothing where all figures are what they were. `now` is the whole report as it would be sent today."""
    truth = figures_in(now)
    rows: dict[Kind, list[Row]] = {}
    headings = {(table.name, column.name): column for table in definition.tables for column in table.columns}
    tables = {table.name: table for table in definition.tables}
    for cell in _in_order(definition, (*truth.cells, *was.cells)):
        if was.of(cell) != truth.of(cell):
            table = tables[cell.table]
            label = headings[cell.table, cell.column].label_et
            of = ": ".join(filter(None, (table.title_et, named(table.rows, cell.row), label)))
            about: Row = (*cell, of)
            rows.setdefault(kind_of(cell.column), []).extend(_rows(cell, was, truth, reasons, about, named))
    lists = (table for table in now.tables if was.lists.get(table.name, ()) != truth.lists.get(table.name, ()))
    return (*(_corrected(kind, some) for kind, some in rows.items()), *lists)


def _in_order(definition: ReportDefinition, cells: Iterable[Cell]) -> list[Cell]:
    """As the report has them. Columns that it had under an earlier definition are not corrected any more."""
    order = {(table.name, each.name): place for table in definition.tables for place, each in enumerate(table.columns)}
    tables = [table.name for table in definition.tables]
    known = (cell for cell in dict.fromkeys(cells) if (cell.table, cell.column) in order)
    return sorted(known, key=lambda c: (tables.index(c.table), c.row, order[c.table, c.column]))


def _rows(cell: Cell, was: Figures, truth: Figures, reasons: Reasons, about: Row, named: NamedRow) -> Iterator[Row]:
    """One for each cause; each begins where the one before it has got to."""
    reached, now = was.of(cell), truth.of(cell)
    changes = reasons.change.get(cell, Counter())
    if MEASURES[cell.column].how == "sum":
        for because, change in sorted(changes.items()):
            if change:
                after = (reached or 0) + change
                facts = len(reasons.facts[cell, because])
                yield (*about, because, named("because", because), facts, reached, change, after)
                reached = after
        if reached == now:
            return
    through = set[FactId]().union(*(reasons.facts[cell, because] for because in changes))
    causes = sorted(changes) or [RECOUNTED]
    why = ", ".join(named("because", each) for each in causes)
    yield (*about, " ".join(causes), why, len(through), reached, (now or 0) - (reached or 0), now)


def _corrected(kind: Kind, rows: Sequence[Row]) -> Table:
    titles = {
        "count": ("Parandatud arvud", "Counts corrected"),
        "cents": ("Parandatud summad", "Amounts corrected"),
        "minutes": ("Parandatud tunnid", "Hours corrected"),
        "days": ("Parandatud päevad", "Days corrected"),
        "score": ("Parandatud hinded", "Scores corrected"),
    }
    title_et, title_en = titles[kind]
    return Table(
        name=f"{CORRECTED}{kind}",
        title_et=title_et,
        title_en=title_en,
        columns=(
            Column(name="table", label_et="Tabel", label_en="Table", kind="text"),
            CODE,
            Column(name="column", label_et="Veerg", label_en="Column", kind="text"),
            Column(name="of", label_et="Mille kohta", label_en="Of what", kind="text"),
            Column(name="because", label_et="Sündmus", label_en="Event", kind="text"),
            Column(name="why", label_et="Põhjus", label_en="Because", kind="text"),
            Column(name="facts", label_et="Kirjeid", label_en="Facts", kind="count"),
            Column(name="was", label_et="Oli", label_en="Was", kind=kind),
            Column(name="change", label_et="Muutus", label_en="Change", kind=kind),
            Column(name="now", label_et="On", label_en="Now", kind=kind),
        ),
        rows=tuple(rows),
    )
