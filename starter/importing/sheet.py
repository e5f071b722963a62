"""A sheet of running cases, read whole: the cases in it, its own totals, and everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.money import euros
from domain.programme import Programme
from integrations.tables import Row, TableRefused, read
from starter.importing.cases import Case, a_case
from starter.importing.cells import Cells, Problem
from starter.importing.columns import MONEY, TOTAL, names

Sums = Mapping[str, int]  # "cases", and each column of money in cents


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """`own` is what the sheet says its rows come to, `sums` what they do come to. Cases that something is wrong with are
    not among `cases`; what it is stands in `problems`."""

    source: str
    numbers: Mapping[int, str]  # of each row its case's, and of the last
    cases: tuple[Case, ...]
    own: Sums
    sums: Sums
    problems: tuple[Problem, ...]


def read_sheet(path: Path, programme: Programme) -> Sheet:
    """Raises TableRefused, where it is no such table, and OSError."""
    content = path.read_bytes()
    rows = read(content, name=path.name, columns=names(programme, needed=True), optional=names(programme, needed=False))
    if len(rows) < 2:
        raise TableRefused(f"there must be cases, and in the last row their sums with {TOTAL} as the case")
    *of_cases, last = rows
    totals = Cells(row=last, case=TOTAL)
    balances_on = totals.day("balances_on", needed=True)
    own, sums = _own(totals), _sums(of_cases)
    problems = [*_misplaced(of_cases), *_differences(totals, own, sums)]
    cases: list[Case] = []
    for some in _by_case(of_cases).values():
        case, wrong = a_case(
            some,
            programme,
            source=path.name,
            file_digest=hashlib.sha256(content).hexdigest(),
            balances_on=balances_on,
        )
        problems += wrong
        cases += [case] if case is not None else []
    return Sheet(
        source=path.name,
        numbers={row.number: row.cells["case"] for row in rows},
        cases=tuple(cases),
        own=own,
        sums=sums,
        problems=_in_order([*problems, *totals.problems]),
    )


def _in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """By row; and of each cell only the first that was found."""
    first: dict[tuple[int, str], Problem] = {}
    for each in problems:
        first.setdefault((each.row, each.column), each)
    return tuple(sorted(first.values(), key=lambda each: each.row))


def _own(totals: Cells) -> Sums:
    if totals.row.cells["case"].casefold() != TOTAL:
        totals.wrong("case", f"the last row must have the sheet's own totals, and {TOTAL} here", code="no_totals")
    cases = totals.number("cases", range(1_000_000))
    if cases is None and totals.row.cells["cases"] == "":
        totals.wrong("cases", "must not be blank: how many cases are there?")
    return {"cases": cases or 0} | {each: totals.cents(each) for each in MONEY}


def _sums(rows: Sequence[Row]) -> Sums:
    """Of what can be read; what cannot is told anyway."""
    cells = [Cells(row=row, case="") for row in rows]
    return {"cases": len(_by_case(rows))} | {name: sum(each.cents(name) for each in cells) for name in MONEY}


def _differences(totals: Cells, own: Sums, sums: Sums) -> Iterator[Problem]:
    """Said once for each column: by how much, and which way."""
    for name, said in own.items():
        more = said - sums[name]
        if not more:
            continue
        if name == "cases":
            rule = f"says {said}, and the rows above are of {sums[name]}"
        else:
            rule = (
                f"says {euros(said)}, and the rows above come to {euros(sums[name])}: "
                f"{euros(abs(more))} too {'much' if more > 0 else 'little'}"
            )
        yield Problem(row=totals.row.number, case=TOTAL, column=name, code="wrong_total", rule=rule)


def _misplaced(rows: Sequence[Row]) -> Iterator[Problem]:
    for row in rows:
        cells = Cells(row=row, case=row.cells["case"])
        if row.cells["case"].casefold() == TOTAL:
            cells.wrong("case", "the totals belong into the last row", code="no_totals")
        if not row.cells["case"]:
            cells.wrong("case", "must not be blank")
        for name in ("cases", "balances_on"):
            if row.cells[name]:
                cells.wrong(name, "belongs into the last row alone")
        yield from cells.problems


def _by_case(rows: Sequence[Row]) -> Mapping[tuple[str, str], Sequence[Row]]:
    """In the order in which they begin. A row without a municipality belongs to the case of that number before it."""
    found: dict[tuple[str, str], list[Row]] = {}
    last: dict[str, tuple[str, str]] = {}
    for row in rows:
        municipality, number = _key(row)
        key = (municipality, number) if municipality or number not in last else last[number]
        last[number] = key
        found.setdefault(key, []).append(row)
    return found


def _key(row: Row) -> tuple[str, str]:
    return row.cells["municipality"], row.cells["case"]
