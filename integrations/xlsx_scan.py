"""Looks through an XLSX before anything is opened: how much it would unpack to, and whether it holds what is never taken.

A workbook is a ZIP of XML. Both can be small on disk and endless in memory, so every part is run through once, piece by
piece, and nothing of it is kept. What passes is small enough for the library that reads it.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from xml.parsers import expat

from integrations.table_refused import TableRefused
from integrations.table_values import letters

MAX_ENTRIES = 200
MAX_UNPACKED = 50_000_000
MAX_RATIO, RATIO_FROM = 100, 1_000_000  # real sheets pack 10 to 30 times; small parts may pack better
MAX_COLUMNS = 100
MAX_DEPTH = 40
MAX_ELEMENTS_BESIDE = 50_000  # styles, relations and the like
PIECE = 65_536
LAST_ROW = 1_048_576
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ENCRYPTED = b"\xd0\xcf\x11\xe0"  # how Office wraps a workbook with a password, and how an old .xls begins
# What zipfile lets through of a broken archive (it promises BadZipFile alone): bytes that do not unpack or end too early,
# a method it does not know, offsets beside the file, names in no encoding; and a row number that is none.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass(kw_only=True, slots=True)
class Scan:
    """What the sheet holds: the last row and column with anything in them. `sheets` are the names of all."""

    sheets: list[str] = field(default_factory=list)
    worksheets: int = 0
    rows: int = 0
    last_row: int = 0
    last_column: int = 0


def scan(content: bytes, max_rows: int) -> Scan:
    """Raises TableRefused for whatever is not one plain sheet of a bearable size."""
    if content.startswith(ENCRYPTED):
        raise TableRefused("the workbook has a password, or is an old .xls; save it as XLSX without a password")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_directory(archive)
            found = Scan()
            for entry in archive.infolist():
                _Part(found, max_rows).run_through(archive, entry)
    except DAMAGED as wrong:
        raise TableRefused("the file is not an XLSX workbook, or it is damaged") from wrong
    if len(found.sheets) > 1:
        raise TableRefused(f"the workbook has {len(found.sheets)} sheets ({', '.join(found.sheets[:9])}); leave one")
    if len(found.sheets) != 1 or found.worksheets != 1:
        raise TableRefused("the file is not an XLSX workbook with one sheet")
    return found


def _check_directory(archive: zipfile.ZipFile) -> None:
    """What the ZIP says of itself. It may lie; reading stops at what it said, so that a lie is a damaged file."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MAX_ENTRIES or len(set(names)) != len(names):
        raise TableRefused("the file is not an XLSX workbook: too many parts, or two of one name")
    if any(entry.flag_bits & 1 for entry in entries):
        raise TableRefused("parts of the workbook are encrypted")
    if any(name.casefold().endswith("vbaproject.bin") for name in names):
        raise TableRefused("a workbook with macros is not taken; save it as XLSX or CSV")
    if "[Content_Types].xml" not in names:
        raise TableRefused("the file is not an XLSX workbook")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise TableRefused(f"the workbook unpacks to more than {MAX_UNPACKED} bytes")
    for entry in entries:
        if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * entry.compress_size:
            raise TableRefused("the workbook is packed more tightly than any real table is")


class _Part:
    """One part of the workbook on its way through the parser."""

    def __init__(self, found: Scan, max_rows: int) -> None:
        self._found = found
        self._max_rows = max_rows
        self._max_elements = MAX_ELEMENTS_BESIDE
        self._elements = self._depth = 0
        self._is_sheet = False
        self._row = self._column = 0
        self._row_counted = False

    def run_through(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        with archive.open(entry) as part:
            try:
                while piece := part.read(PIECE):
                    parser.Parse(piece, False)
                parser.Parse(b"", True)
            except expat.ExpatError:
                return  # a picture, say: whoever takes it for XML stops at the same byte

    def _refuse_doctype(self, name: str, system: str | None, public: str | None, has_own: bool) -> None:
        raise TableRefused("the workbook declares entities, which no spreadsheet does")

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        namespace, _, name = tag.rpartition(" ")
        if self._depth == 1:
            self._begin(name, namespace)
        if self._elements > self._max_elements or self._depth > MAX_DEPTH:
            raise TableRefused(f"the workbook holds more than a table of {self._max_rows} rows can")
        if name == "sheet" and namespace == MAIN:
            self._found.sheets.append(attributes.get("name", "?")[:60])
        if "macroEnabled" in attributes.get("ContentType", ""):
            raise TableRefused("a workbook with macros is not taken; save it as XLSX or CSV")
        if self._is_sheet:
            self._in_sheet(name, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1

    def _begin(self, name: str, namespace: str) -> None:
        self._is_sheet = name == "worksheet"
        self._found.worksheets += self._is_sheet
        if self._is_sheet and namespace != MAIN:
            raise TableRefused("the workbook is saved as Strict Open XML; save it as a usual XLSX workbook")
        if name in ("worksheet", "sst"):
            self._max_elements = MAX_ELEMENTS_BESIDE + 100 * self._max_rows

    def _in_sheet(self, name: str, attributes: Mapping[str, str]) -> None:
        match name:
            case "row":
                self._begin_row(attributes.get("r"))
            case "c":
                self._begin_cell(attributes.get("r"))
            case "f":
                raise TableRefused(
                    "there is a formula; paste its value instead", row=self._row, column=letters(self._column)
                )
            case "mergeCell":
                raise TableRefused(f"the cells {attributes.get('ref', '?')[:20]} are merged; split them")
            case "v" | "is":
                self._note_content()

    def _begin_row(self, number: str | None) -> None:
        row = self._row + 1 if number is None else int(number)
        if not self._row < row <= LAST_ROW:
            raise TableRefused("the rows of the sheet are not in order", row=self._row + 1)
        self._row, self._column, self._row_counted = row, 0, False

    def _begin_cell(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
            return
        read = CELL.fullmatch(reference)
        column = 0 if read is None else _number(read[1])
        if read is None or int(read[2]) != self._row or column <= self._column:
            raise TableRefused("the cells of the sheet are not in order", row=self._row)
        self._column = column

    def _note_content(self) -> None:
        found = self._found
        if self._column > MAX_COLUMNS:
            raise TableRefused(
                f"a table has at most {MAX_COLUMNS} columns", row=self._row, column=letters(self._column)
            )
        if not self._row_counted:
            self._row_counted = True
            found.rows += 1
        if found.rows > self._max_rows + 1:
            raise TableRefused(f"the table has more than {self._max_rows} rows; send it in parts", row=self._row)
        found.last_row, found.last_column = self._row, max(found.last_column, self._column)


def _number(column: str) -> int:
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - 64
    return number
