"""Tables that people keep in a spreadsheet, read and written as CSV or XLSX, and refused where they could do harm."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from integrations.csv_tables import csv_records, csv_written
from integrations.table_refused import TableRefused
from integrations.table_values import Euros, Value
from integrations.xlsx_tables import xlsx_records, xlsx_written

__all__ = ["MAX_BYTES", "MEDIA_TYPES", "Euros", "Kind", "Row", "TableRefused", "Value", "kind_of", "read", "write"]

Kind = Literal["csv", "xlsx"]
MEDIA_TYPES: Mapping[Kind, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MAX_BYTES = 10_000_000  # ten thousand rows of twenty columns are two megabytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """`number` as a person counts in a spreadsheet: the header is row 1. A cell left blank is an empty text."""

    number: int
    cells: Mapping[str, str]


def kind_of(name: str) -> Kind:
    """By the end of a file's name, or by a media type."""
    wanted = name.partition(";")[0].strip().casefold()
    for kind, media_type in MEDIA_TYPES.items():
        if wanted == media_type or wanted.endswith(f".{kind}"):
            return kind
    if wanted.endswith((".xlsm", ".xltm", "macroenabled.12")):
        raise TableRefused("a workbook with macros is not taken; save it as XLSX or CSV")
    raise TableRefused("only CSV (.csv, text/csv) and XLSX (.xlsx) are taken")


def read(
    content: bytes, *, name: str, columns: Sequence[str], optional: Sequence[str] = (), max_rows: int = 10_000
) -> tuple[Row, ...]:
    """Rows with anything in them. `columns` must all be there, `optional` ones may; in any order, and no others.
    Raises TableRefused. Days come as 2026-03-12, numbers with a decimal point from XLSX and as typed from CSV."""
    kind = kind_of(name)
    if not content.strip():
        raise TableRefused("the file is empty")
    if len(content) > MAX_BYTES:
        raise TableRefused(f"the file has {len(content)} bytes; {MAX_BYTES} are the most that is taken")
    known = (*columns, *optional)
    records = csv_records(content, known) if kind == "csv" else xlsx_records(content, max_rows)
    filled = ((number, cells) for number, cells in records if any(cells))
    header_number, header = next(filled, (1, ()))
    if header_number != 1:
        raise TableRefused("the names of the columns belong here", row=1)
    names = _named(header, columns, optional)
    return tuple(_limited(filled, names, known, max_rows))


def write(rows: Iterable[Sequence[Value]], columns: Sequence[str], *, kind: Kind) -> bytes:
    """The same bytes for the same content. Text stays text, whatever it begins with."""
    return csv_written(rows, columns) if kind == "csv" else xlsx_written(rows, columns)


def _named(header: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> tuple[str, ...]:
    """The header with the columns as we name them; every problem at once."""
    ours = {each.casefold(): each for each in (*columns, *optional)}
    names = tuple(ours.get(each.casefold(), each) for each in header)
    while names and not names[-1]:
        names = names[:-1]
    times = Counter(names)
    problems = {
        "missing": [each for each in columns if each not in times],
        "unknown": [each or "(no name)" for each in times if each not in ours.values()],
        "there twice": [each for each in times if each and times[each] > 1],
    }
    told = [f"{what}: {', '.join(_shown(each) for each in some)}" for what, some in problems.items() if some]
    if told:
        raise TableRefused(f"columns {'; '.join(told)}", row=1)
    return names


def _shown(name: str) -> str:
    """Where the header is missing this is a row of somebody's; a personal code in it is not told on."""
    name = re.sub(r"\d{6,}", "(a number)", name)
    return name if len(name) <= 60 else f"{name[:60]}…"


def _limited(
    filled: Iterable[tuple[int, Sequence[str]]], names: Sequence[str], known: Sequence[str], max_rows: int
) -> Iterator[Row]:
    for taken, (number, cells) in enumerate(filled):
        if taken == max_rows:
            raise TableRefused(f"the table has more than {max_rows} rows; send it in parts", row=number)
        if any(cells[len(names) :]):
            raise TableRefused("there are more cells than columns have names", row=number)
        yield Row(number=number, cells={**dict.fromkeys(known, ""), **dict(zip(names, cells, strict=False))})
