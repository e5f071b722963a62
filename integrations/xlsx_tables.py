"""XLSX through the usual library, once the scan found nothing in it that could do harm."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import zip_longest

from openpyxl import DEFUSEDXML, Workbook, load_workbook
from openpyxl.cell.cell import Cell, WriteOnlyCell
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from integrations.table_refused import TableRefused
from integrations.table_values import MAX_CELL, UNPRINTABLE, Euros, Hours, Value, letters, printable
from integrations.xlsx_scan import scan

assert DEFUSEDXML, "entities in XML are refused by the reading library too"

MAKER = "Teekond"
LONG_AGO = datetime(1980, 1, 1)  # noqa: DTZ001 — the first time that a ZIP can tell, in every file the same
MAX_TEXT = 32_767  # of a cell
HEAD = Font(bold=True)


def xlsx_records(content: bytes, max_rows: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows with their numbers. Raises TableRefused."""
    found = scan(content, max_rows)
    if found.last_row == 0:
        return
    try:
        rows = _opened(content).iter_rows(min_row=1, max_row=found.last_row, min_col=1, max_col=found.last_column)
        for number, cells in enumerate(rows, start=1):
            if any(isinstance(cell, ReadOnlyCell) for cell in cells):
                yield number, tuple(_text(cell, number, place) for place, cell in enumerate(cells, start=1))
    except TableRefused:
        raise
    except Exception as wrong:  # the library has no errors of its own: what it trips over can be of any kind
        raise TableRefused("the workbook is damaged; open it and save it anew") from wrong


def _opened(content: bytes) -> Worksheet:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of decoration that is not read
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
    return book.worksheets[0]


def _text(cell: object, row: int, place: int) -> str:
    if isinstance(cell, EmptyCell) or not isinstance(cell, ReadOnlyCell):
        return ""
    column = letters(place)
    if cell.data_type == "e":
        raise TableRefused(f"the cell holds the error {str(cell.value)[:20]}", row=row, column=column)
    text = _told(cell.value, row, column).strip()
    if len(text) > MAX_CELL:
        raise TableRefused(f"a cell has at most {MAX_CELL} characters", row=row, column=column)
    if UNPRINTABLE.search(text):
        raise TableRefused("the cell has a character that is no text", row=row, column=column)
    return text


def _told(value: object, row: int, column: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime() if value.time() != time():
            return value.isoformat(sep=" ", timespec="minutes")
        case datetime():
            return value.date().isoformat()
        case time() | timedelta():
            raise TableRefused("the cell is a time of day or a duration; write it as a number", row=row, column=column)
        case int():
            return str(value)
        case float():
            return _plain(value, row, column)
        case str():
            return value
    raise TableRefused("the cell is neither text, number nor day", row=row, column=column)


def _plain(value: float, row: int, column: str) -> str:
    """As a spreadsheet shows it, which is 15 digits: 0.1 + 0.2 is 0.3, and 2.50 is 2.5."""
    number = Decimal(f"{value:.15g}")
    if not number.is_finite() or abs(number.adjusted()) > 15:
        raise TableRefused("the number is too large or too small for a table", row=row, column=column)
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One sheet: its head is bold and stays in view. `formats` and `widths` (in characters) go by column, if told."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Value]]
    formats: Sequence[str] = ()
    widths: Sequence[int] = ()


def xlsx_written(rows: Iterable[Sequence[Value]], columns: Sequence[str]) -> bytes:
    return workbook_written([Sheet(name=MAKER, columns=columns, rows=rows)])


def workbook_written(sheets: Iterable[Sheet], *, title: str = "", at: datetime = LONG_AGO) -> bytes:
    """The same bytes for the same content and time. `at` is in UTC, and says so or not."""
    at = at.replace(microsecond=0, tzinfo=None)
    book = Workbook(write_only=True)
    book.properties.creator = MAKER
    book.properties.title = printable(title) or None
    book.properties.created = book.properties.modified = at
    for each in sheets:
        _add(book, each)
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).save()
    return _made_at(made, max(at, LONG_AGO))


def _add(book: Workbook, sheet: Sheet) -> None:
    made = book.create_sheet(sheet.name)
    assert isinstance(made, WriteOnlyWorksheet)
    made.freeze_panes = "A2"
    for place, width in enumerate(sheet.widths, start=1):
        made.column_dimensions[letters(place)].width = width  # type: ignore[attr-defined]  # unknown to its stubs
    head = [_cell(made, value) for value in sheet.columns]
    for cell in head:
        cell.font = HEAD
        cell.alignment = Alignment(wrap_text=bool(sheet.widths), vertical="top")
    made.append(head)
    for row in sheet.rows:
        made.append([_cell(made, *told) for told in zip_longest(row, sheet.formats[: len(row)])])


def _cell(sheet: WriteOnlyWorksheet, value: Value, number_format: str | None = None) -> Cell:
    cell = WriteOnlyCell(sheet)
    match value:
        case str():
            cell.value = printable(value)[:MAX_TEXT]
            cell.data_type = "s"  # also where it begins with =, or reads like an error
            return cell
        case Euros():
            cell.value = value.decimal
            cell.number_format = "0.00"
        case Hours():
            cell.value = value.minutes / 60  # whole minutes again when they are added up
            cell.number_format = "0.00"
        case date():
            cell.value = value
            cell.number_format = "yyyy-mm-dd"
        case _:
            cell.value = value
    if number_format is not None:
        cell.number_format = number_format
    return cell


def _made_at(made: BytesIO, at: datetime) -> bytes:
    """The same archive with one time in place of those at which its parts were made."""
    again = BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(again, "w") as new:
        for entry in old.infolist():
            bare = zipfile.ZipInfo(entry.filename, at.timetuple()[:6])
            bare.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(bare, old.read(entry))
    return again.getvalue()
