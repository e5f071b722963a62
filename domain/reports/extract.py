"""What the evaluator gets: one row for each journey, under a name that leads nowhere, and nobody in a group of few."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from domain.reports.counting import Dossier, contributions
from domain.reports.document import Column, Table, Value
from domain.reports.fact import FactKind
from domain.reports.period import Period

FEWEST = 5  # [A] so many share each combination of what could be known of somebody from elsewhere
Group = tuple[str | None, ...]

# What could be known of somebody from elsewhere, in the order in which it is left out where too few share it.
TOLD = ("municipality", "diagnosis", "sex", "age")
EXTRACTED: frozenset[FactKind] = frozenset(("stay", "delivery", "first_help", "need", "rating", "diagnosis", "person"))
FIGURES = ("lead_days", "minutes", "cents", "need_change", "rating")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """`group` is the value of each of TOLD, None where it is left out; `figures` those of FIGURES, None where not told."""

    name: str
    group: Group
    figures: tuple[int | None, ...]


def line_of(dossier: Dossier, period: Period, bands: tuple[int, ...], key: bytes) -> Line | None:
    """None for who was no participant in the period. The name is another one in each period's extract: rows of two extracts
    cannot be put together."""
    figures: Counter[str] = Counter()
    told: Counter[str] = Counter()
    group: Group | None = None
    for each in contributions(dossier, period, bands):
        if each.of == "participants":
            group = tuple(each.whose[name] for name in TOLD)
        figures[each.of] += each.value
        told[each.of] += 1
    if group is None:
        return None
    return Line(
        name=hmac.new(key, f"{period.code}/{dossier.subject}".encode(), "sha256").hexdigest()[:16],
        group=group,
        figures=tuple(figures[name] if told[name] else None for name in FIGURES),
    )


def suppressed(lines: Iterable[Line], fewest: int = FEWEST) -> list[Line]:
    """Each combination is shared by so many, or told less of, one thing after the other; whoever would stand out even
    when nothing is told is left out. In the order of the names, which is none."""
    kept: list[Line] = []
    rest = list(lines)
    for place in range(len(TOLD) + 1):
        shared = Counter(line.group for line in rest)
        kept += (line for line in rest if shared[line.group] >= fewest)
        rest = [_less(line, place) for line in rest if shared[line.group] < fewest]
    return sorted(kept, key=lambda line: line.name)


def _less(line: Line, place: int) -> Line:
    if place == len(TOLD):
        return line
    return replace(line, group=(*(None for _ in range(place + 1)), *line.group[place + 1 :]))


def extract_table(lines: Iterable[Line], named: Callable[[str, str], str]) -> Table:
    rows = suppressed(lines)
    return Table(
        name="journeys",
        title_et="Teekonnad",
        title_en="Journeys",
        columns=(
            Column(name="name", label_et="Varjunimi", label_en="Pseudonym", kind="text"),
            Column(name="municipality", label_et="Omavalitsus", label_en="Municipality", kind="text"),
            Column(name="diagnosis", label_et="Põhidiagnoos", label_en="Primary diagnosis", kind="text"),
            Column(name="sex", label_et="Sugu", label_en="Sex", kind="text"),
            Column(name="age", label_et="Vanus", label_en="Age", kind="text"),
            Column(name="lead_days", label_et="Esimese abini", label_en="Days to first help", kind="days"),
            Column(name="minutes", label_et="Abi tundides", label_en="Hours of help", kind="minutes"),
            Column(name="cents", label_et="Abi eurodes", label_en="Euros of help", kind="cents"),
            Column(name="need_change", label_et="Abivajaduse muutus", label_en="Change of need", kind="count"),
            Column(name="rating", label_et="Hinnangud", label_en="Ratings, sum", kind="count"),
        ),
        rows=tuple(_row(line, named) for line in rows),
        note=(
            f"Each combination of municipality, diagnosis, sex and age is shared by {FEWEST} journeys at least; else the first "
            "of these are left out, one after the other."
        ),
    )


def _row(line: Line, named: Callable[[str, str], str]) -> tuple[Value, ...]:
    group = (None if code is None else named(name, code) for name, code in zip(TOLD, line.group, strict=True))
    return (line.name, *group, *line.figures)
