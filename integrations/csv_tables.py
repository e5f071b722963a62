"""CSV as people's spreadsheets write and open it: read line by line, so that a huge file costs no more than its start."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from domain.money import euros
from integrations.table_refused import TableRefused
from integrations.table_values import (
    MAX_CELL,
    UNPRINTABLE,
    Euros,
    Hours,
    Value,
    guarded,
    letters,
    like_a_formula,
    printable,
)

DELIMITERS = ";,\t"
MAX_RECORD = 200_000  # characters of one row; a quote that is never closed would make a row of all the rest
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def csv_records(content: bytes, known: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows with their numbers, blank ones too. Raises TableRefused."""
    if content.startswith(UTF_16):
        raise TableRefused("the text is UTF-16; save it as CSV UTF-8", field="encoding")
    feed = _Feed(content)
    reader = csv.reader(feed, delimiter=_delimiter(content, known), strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as wrong:
            raise TableRefused(f"this is not well-formed CSV ({wrong})", row=number) from wrong
        except UnicodeDecodeError as wrong:
            raise _wrong_encoding(content, number) from wrong
        except _RecordTooLong as wrong:
            raise TableRefused(f"a row has at most {MAX_RECORD} characters", row=number) from wrong
        if cells is None:
            return
        feed.handed = 0
        yield number, tuple(_cell(text, number, place) for place, text in enumerate(cells, start=1))


def csv_written(rows: Iterable[Sequence[Value]], columns: Sequence[str]) -> bytes:
    """As an Estonian Excel opens it with a double click: UTF-8 with its mark, semicolons, decimal commas."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([guarded(printable(each)) for each in columns])
    writer.writerows([_written(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


class _RecordTooLong(Exception):
    pass


class _Feed(Iterator[str]):
    """Hands out lines, decoded as they are asked for."""

    def __init__(self, content: bytes) -> None:
        self._text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
        self.handed = 0  # characters since the last whole row

    def __next__(self) -> str:
        line = self._text.readline(MAX_RECORD + 1)
        self.handed += len(line)
        if self.handed > MAX_RECORD:
            raise _RecordTooLong
        if not line:
            raise StopIteration
        return line


def _delimiter(content: bytes, known: Sequence[str]) -> str:
    """The one that finds most of the expected columns in the header."""
    header = content[:MAX_RECORD].lstrip(b"\xef\xbb\xbf").splitlines()[0].decode(errors="replace")
    wanted = {each.casefold() for each in known}

    def found(delimiter: str) -> tuple[int, int]:
        cells = header.split(delimiter)
        return sum(each.strip(' "').casefold() in wanted for each in cells), len(cells)

    return max(DELIMITERS, key=found)


def _wrong_encoding(content: bytes, row: int) -> TableRefused:
    try:
        content.decode()
    except UnicodeDecodeError as wrong:
        row = content.count(b"\n", 0, wrong.start) + 1  # decoded in blocks: the block may begin many rows before
        return TableRefused(f"byte {wrong.start + 1} of the file is not UTF-8; save it as CSV UTF-8", row=row)
    return TableRefused("the text is not UTF-8; save it as CSV UTF-8", row=row)


def _cell(text: str, row: int, place: int) -> str:
    cell = text.strip()
    if len(cell) > MAX_CELL:
        raise TableRefused(f"a cell has at most {MAX_CELL} characters", row=row, column=letters(place))
    if UNPRINTABLE.search(cell):
        raise TableRefused("the cell has a character that is no text", row=row, column=letters(place))
    if not like_a_formula(cell):
        return cell
    if not cell.startswith("'"):
        raise TableRefused(
            "the cell looks like a formula; put an apostrophe before a text that begins so",
            row=row,
            column=letters(place),
        )
    return cell[1:]


def _written(value: Value) -> str:
    match value:
        case None:
            return ""
        case Euros():
            return euros(value.cents).replace(".", ",")
        case Hours():
            return format(value.decimal, "f").replace(".", ",")
        case Decimal():
            return format(value, "f").replace(".", ",")
        case date():
            return value.isoformat()
        case str():
            return guarded(printable(value).strip())  # judged as it will be read: without its outer blanks
        case int():
            return str(value)
