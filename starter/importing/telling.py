"""What became of a sheet of running cases: on the screen, and as a table with a line for each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.money import euros
from integrations.tables import kind_of, write
from starter.importing.cases import Case
from starter.importing.cells import Problem
from starter.importing.columns import MONEY, TOTAL
from starter.importing.rehearsing import Rehearsed
from starter.importing.sheet import Sheet, Sums

SHOWN = 40  # problems on the screen; all of them stand in the report
OWN, LEFT_OUT = "the file's own totals", "left out with another row of the case"
REPORT = ("row", "case", "journey_id", "person_id", "result", "field", "rule", "message")


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """`there` is what the record holds of the sheet's cases afterwards; None where nothing was written."""

    sheet: Sheet
    rehearsed: Rehearsed
    problems: tuple[Problem, ...]
    written: tuple[Case, ...] = ()
    there: Sums | None = None

    @property
    def in_order(self) -> bool:
        return not self.problems and (self.there is None or self.there == self.sheet.own)


def in_lines(told: Imported) -> Iterator[str]:
    sheet = told.sheet
    yield f"{sheet.source}: {sheet.sums['cases']} cases in {len(sheet.numbers) - 1} rows"
    yield ""
    yield from _table(told)
    if told.problems:
        yield ""
        yield from _problems(told.problems)
    yield ""
    yield _result(told)


def _table(told: Imported) -> Iterator[str]:
    yield _line("", ("cases", *MONEY))
    yield _line("the file's own totals", _shown(told.sheet.own))
    yield _line("its rows come to", _shown(told.sheet.sums))
    if told.there is None:
        yield _line("difference", _shown(_less(told.sheet.own, told.sheet.sums)))
        return
    yield _line("in the record", _shown(told.there))
    yield _line("difference", _shown(_less(told.sheet.own, told.there)))


def _less(one: Sums, other: Sums) -> Sums:
    return {name: one[name] - other[name] for name in one}


def _shown(sums: Sums) -> tuple[str, ...]:
    return str(sums["cases"]), *(euros(sums[name]) for name in MONEY)


def _line(what: str, cells: Sequence[str]) -> str:
    return f"  {what:<22}{cells[0]:>6}" + "".join(f"{cell:>13}" for cell in cells[1:])


def _problems(problems: Sequence[Problem]) -> Iterator[str]:
    for each in problems[:SHOWN]:
        case = "" if each.case == TOTAL else f" (case {each.case})"
        yield f"  row {each.row}, {each.column}{case}: {each.rule}"
    if len(problems) > SHOWN:
        yield f"  and {len(problems) - SHOWN} more; --out FILE.csv has them all"


def _result(told: Imported) -> str:
    known = f", {len(told.rehearsed.known)} had been taken over before" if told.rehearsed.known else ""
    wrong = len(told.problems)
    problems = f"{wrong} thing{'s are' if wrong != 1 else ' is'} wrong"
    if told.there is None and wrong:
        return f"{problems}; nothing was written: mend the file and send it again{known}"
    if told.there is None:
        return f"rehearsed: {len(told.rehearsed.new)} cases could be taken over{known}; nothing was written"
    if wrong:
        return f"{len(told.written)} cases were taken over{known}; {problems}: mend that and send the same file again"
    if not told.in_order:
        return f"{len(told.written)} cases were taken over{known}; the record does not hold what the file says"
    if not told.written:
        return f"nothing was added{known}"
    return f"{len(told.written)} cases were taken over{known}"


def as_report(told: Imported, name: str) -> bytes:
    """A line for each row of the sheet; more where more than one thing is wrong with it."""
    return write(_rows(told), REPORT, kind=kind_of(name))


def _rows(told: Imported) -> Iterator[tuple[str, ...]]:
    results = {row: (case, result) for case, result in _results(told) for row in (case.row, *case.line_rows)}
    for row, number in told.sheet.numbers.items():
        wrong = [each for each in told.problems if each.row == row]
        for each in wrong:
            yield str(row), number, "", "", "refused", each.column, each.code, each.rule
        if row in results and not wrong:
            case, result = results[row]
            yield str(row), number, case.journey_id, case.person_id, result, "", "", ""
        elif not wrong:
            yield str(row), number, "", "", OWN if row == max(told.sheet.numbers) else LEFT_OUT, "", "", ""


def _results(told: Imported) -> Iterator[tuple[Case, str]]:
    for case in told.rehearsed.known:
        yield case, "taken over before"
    written = {case.key for case in told.written}
    for case in told.rehearsed.new:
        if case.key in written:
            yield case, "taken over"
        elif told.there is None:
            yield case, "could be taken over"
