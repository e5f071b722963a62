"""A report as a file that is sent, kept and checked: JSON, CSV, XLSX or PDF, to the last byte the same for the same report."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC
from typing import Literal

from domain.decision import Rejected
from domain.reports.document import Document, Kind, Table
from integrations.csv_tables import csv_written
from integrations.report_pdf import pdf_written
from integrations.report_words import NO_ROWS, about, cells, labels
from integrations.table_values import Value, printable
from integrations.xlsx_tables import Sheet, workbook_written

Suffix = Literal["json", "csv", "xlsx", "pdf"]
MEDIA_TYPES: Mapping[Suffix, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
FORMATS: Mapping[Kind, str] = {
    "text": "@",
    "count": "#,##0",
    "cents": '#,##0.00 "€"',
    "minutes": '#,##0.00 "h"',
    "days": "#,##0",
    "percent": '0.0"%"',
    "score": "0.0",
    "date": "dd.mm.yyyy",
}
WIDEST, NARROWEST = 50, 10  # characters of a column
NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\s]+")


class NoSuchFile(Rejected, ValueError):
    """A report comes as json, csv, xlsx or pdf, not as {suffix}."""

    code = "no_such_file"
    status = 422


def suffix_of(name: str) -> Suffix:
    """By the end of a file's name, or the bare suffix. Raises NoSuchFile."""
    wanted = name.rpartition(".")[2].casefold()
    for suffix in MEDIA_TYPES:
        if suffix == wanted:
            return suffix
    raise NoSuchFile(field="suffix", suffix=wanted[:20] or "nothing")


def written(document: Document, suffix: str) -> bytes:
    """`suffix` as in report.pdf, .pdf or pdf. Raises NoSuchFile; ValueError where `at` does not say its zone."""
    kind = suffix_of(suffix)
    if document.at.tzinfo is None:
        raise ValueError(f"{document.at} is another moment on another machine")
    match kind:
        case "json":
            return _json(document)
        case "csv":
            return _csv(document)
        case "xlsx":
            return _xlsx(document)
        case "pdf":
            return pdf_written(document)


def _json(document: Document) -> bytes:
    told = {**asdict(document), "at": document.at.astimezone(UTC).isoformat(), "digest": document.digest}
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def _csv(document: Document) -> bytes:
    first, *rest = about(document)
    return csv_written([*rest, *_below_each_other(document)], first)


def _below_each_other(document: Document) -> Iterator[tuple[Value, ...]]:
    for table in document.tables:
        yield ()
        yield (f"{table.title_et} / {table.title_en}",)
        yield labels(table)
        yield from cells(table) or [(NO_ROWS,)]
        if table.note:
            yield (table.note,)


def _xlsx(document: Document) -> bytes:
    names = [_sheet_name(number, table) for number, table in enumerate(document.tables, start=1)]
    tables = [_sheet(name, table) for name, table in zip(names, document.tables, strict=True)]
    title = f"{document.title_et} / {document.title_en}"
    return workbook_written([_front(document, names), *tables], title=title, at=document.at.astimezone(UTC))


def _front(document: Document, names: list[str]) -> Sheet:
    first, *rest = about(document)
    listed = [
        (name, f"{table.title_et} / {table.title_en}", len(table.rows), table.note)
        for name, table in zip(names, document.tables, strict=True)
    ]
    contents = [(), ("Leht / Sheet", "Tabel / Table", "Ridu / Rows", "Märkus / Note"), *listed]
    return Sheet(name="Aruanne – Report", columns=first, rows=[*rest, *contents], widths=(32, 70, 14, 70))


def _sheet(name: str, table: Table) -> Sheet:
    heads, rows = labels(table), cells(table)
    return Sheet(
        name=name,
        columns=heads,
        rows=rows,
        formats=[FORMATS[each.kind] for each in table.columns],
        widths=[_width(head, [row[place] for row in rows]) for place, head in enumerate(heads)],
    )


def _width(head: str, values: list[Value]) -> int:
    """Wide enough for each figure, and for the longest word of the head."""
    longest = max((len(value) if isinstance(value, str) else 14 for value in values), default=0)
    return min(WIDEST, max(NARROWEST, longest, *(len(word) for word in head.split())) + 2)


def _sheet_name(number: int, table: Table) -> str:
    """At most 31 characters, none of them forbidden; its number keeps it apart from all others."""
    return f"{number} {NOT_IN_A_NAME.sub(' ', printable(table.title_et))}"[:31].strip(" '")
