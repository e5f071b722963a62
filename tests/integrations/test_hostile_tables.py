"""Tables that would harm are refused with a sentence, before they cost memory or time."""

from __future__ import annotations

import random
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest

from integrations.tables import MAX_BYTES, TableRefused, read
from tests.integrations.workbooks import MAIN, PARTS, SHEET, bomb, lying, row, sheet, workbook

SECONDS = 20.0  # on a busy machine, with memory traced, which slows it ten times


@contextmanager
def cheap(megabytes: float) -> Iterator[None]:
    """What happens inside takes little memory and time."""
    tracemalloc.start()
    begun = time.monotonic()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 1_000_000, f"{peak} bytes at once"
    assert time.monotonic() - begun < SECONDS


def refused(content: bytes, name: str = "t.xlsx", max_rows: int = 10_000) -> str:
    with pytest.raises(TableRefused) as told:
        read(content, name=name, columns="ab", max_rows=max_rows)
    assert told.value.status == 422
    return str(told.value)


def test_a_bomb_of_more_than_a_gigabyte_in_a_few_kilobytes() -> None:
    content = bomb(unpacked_each=10_000_000, copies=120)
    assert len(content) < 25_000
    with cheap(megabytes=2):
        assert refused(content) == "the workbook unpacks to more than 50000000 bytes"


def test_a_part_packed_tighter_than_any_table() -> None:
    content = workbook(sheet("<row/>" * 1_000_000))
    with cheap(megabytes=2):
        assert refused(content) == "the workbook is packed more tightly than any real table is"


def test_a_directory_that_lies_about_the_size() -> None:
    """200 megabytes that are said to be 5000 bytes: no more than these are unpacked."""
    content = lying(sheet("").encode() + b" " * 200_000_000, said=5_000)
    with cheap(megabytes=3):
        assert refused(content) == "the file is not an XLSX workbook, or it is damaged"


def test_a_csv_of_a_million_rows_is_read_up_to_the_limit_only() -> None:
    content = b"a;b\n" + b"1;2\n" * 1_000_000
    with cheap(megabytes=12):
        assert refused(content, "t.csv") == "row 10002: the table has more than 10000 rows; send it in parts"


def test_a_workbook_of_a_million_rows_is_looked_through_up_to_the_limit_only() -> None:
    chance = random.Random(1)
    some = "".join(f"<row><c><v>{chance.random()}</v></c></row>" for _ in range(1_000))
    content = workbook(sheet(row("a") + some * 1_000))
    with cheap(megabytes=3):
        assert refused(content) == "row 10002: the table has more than 10000 rows; send it in parts"


def test_a_million_blank_rows_before_a_cell_cost_little() -> None:
    content = workbook(sheet(row("a", "b") + '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'))
    with cheap(megabytes=3):
        assert [each.number for each in read(content, name="t.xlsx", columns="ab")] == [1_048_576]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ('<row r="2000000000"/>', "row 1: the rows of the sheet are not in order"),
        ('<row r="5"/><row r="5"/>', "row 6: the rows of the sheet are not in order"),
        ('<row r="1"><c r="A9"/></row>', "row 1: the cells of the sheet are not in order"),
        ('<row r="1"><c r="B1"/><c r="A1"/></row>', "row 1: the cells of the sheet are not in order"),
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', "row 1, column XFD: a table has at most 100 columns"),
        ("<row>" + "<c/>" * 1_100_000 + "</row>", "packed more tightly"),
        ("<row>" + "<c>" * 60, "the workbook holds more than a table of 10000 rows can"),
    ],
)
def test_a_sheet_made_to_be_endless(rows: str, sentence: str) -> None:
    assert sentence in refused(workbook(sheet(rows)))


def test_too_many_cells_in_one_row() -> None:
    chance = random.Random(2)
    cells = "".join(f'<c s="{chance.randrange(10**9)}"/>' for _ in range(60_000))
    assert refused(workbook(sheet(f"<row>{cells}</row>")), max_rows=10) == (
        "the workbook holds more than a table of 10 rows can"
    )


def test_a_formula_is_refused_with_its_place() -> None:
    rows = row("a", "b") + '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>A2*2</f><v>2</v></c></row>'
    assert refused(workbook(sheet(rows))) == "row 2, column B: there is a formula; paste its value instead"


def test_merged_cells_are_refused() -> None:
    merged = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
    assert refused(workbook(sheet(row("a", "b"), after=merged))) == "the cells A2:A3 are merged; split them"


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ('<c r="A2" t="e"><v>#DIV/0!</v></c>', "row 2, column A: the cell holds the error #DIV/0!"),
        ('<c r="A2"><v>1e300</v></c>', "row 2, column A: the number is too large or too small for a table"),
        ('<c r="A2"><v>1e999</v></c>', "row 2, column A: the number is too large or too small for a table"),
        ('<c r="A2"><v>x</v></c>', "the workbook is damaged; open it and save it anew"),
        ('<c r="A2" t="s"><v>7</v></c>', "the workbook is damaged; open it and save it anew"),
        (f'<c r="A2" t="str"><v>{"x" * 4001}</v></c>', "row 2, column A: a cell has at most 4000 characters"),
    ],
)
def test_a_cell_that_is_no_value(cell: str, sentence: str) -> None:
    assert refused(workbook(sheet(row("a", "b") + f'<row r="2">{cell}</row>'))) == sentence


def test_entities_are_refused() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    content = workbook(sheet(row("&b;"), before=laughs))
    assert refused(content) == "the workbook declares entities, which no spreadsheet does"


def test_several_sheets_are_refused_by_name() -> None:
    two = PARTS["xl/workbook.xml"].replace("</sheets>", '<sheet name="Abi" sheetId="2" r:id="r2"/></sheets>')
    assert refused(workbook(sheet(row("a", "b")), {"xl/workbook.xml": two})) == (
        "the workbook has 2 sheets (Leht1, Abi); leave one"
    )


def test_macros_are_refused_whatever_the_name_says() -> None:
    sentence = "a workbook with macros is not taken; save it as XLSX or CSV"
    macro = PARTS["[Content_Types].xml"].replace("spreadsheetml.sheet.main", "ms-excel.sheet.macroEnabled.main")
    assert refused(workbook(sheet(""), {"xl/vbaProject.bin": "x"})) == sentence
    assert refused(workbook(sheet(""), {"[Content_Types].xml": macro})) == sentence
    assert refused(workbook(sheet("")), "t.xlsm") == sentence


def _encrypted() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.filelist[-1].flag_bits |= 1
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: b"a;b\n1;2\n", "the file is not an XLSX workbook, or it is damaged"),
        (lambda: workbook(sheet(row("a", "b")))[:-200], "the file is not an XLSX workbook, or it is damaged"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "the workbook has a password, or is an old .xls"),
        (_encrypted, "parts of the workbook are encrypted"),
        (lambda: b"  \n", "the file is empty"),
        (lambda: b"x" * (MAX_BYTES + 1), "are the most that is taken"),
        (lambda: workbook(sheet("").replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")), "Strict Open XML"),
        (lambda: workbook(sheet(""), {f"x{n}.xml": "<x/>" for n in range(200)}), "too many parts"),
    ],
)
def test_what_is_no_workbook(content: Callable[[], bytes], sentence: str) -> None:
    assert sentence in refused(content())


def test_an_empty_sheet_lacks_its_columns() -> None:
    assert refused(workbook(sheet(""))) == "row 1: columns missing: a, b"


def test_a_header_that_is_not_the_first_row() -> None:
    assert refused(workbook(sheet("<row/>" + row("a", "b")))) == "row 1: the names of the columns belong here"


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a;b\n1;2\n1;Tõnu\n".encode("cp1257"), "row 3: byte 12 of the file is not UTF-8; save it as CSV UTF-8"),
        ("a;b\n".encode("utf-16"), "the text is UTF-16; save it as CSV UTF-8"),
        (b'a;b\n1;"2\n', "row 2: this is not well-formed CSV (unexpected end of data)"),
        (b'a;b\n1;"2"3\n', "row 2: this is not well-formed CSV"),
        (b"a;b\n1;\x00\n", "row 2, column B: the cell has a character that is no text"),
        (b"a;b\n1;" + b"x" * 4001, "row 2, column B: a cell has at most 4000 characters"),
        (b"a;b\n1;2;3\n", "row 2: there are more cells than columns have names"),
        (b"a;b\n" + b"1," * 200_000, "row 2: a row has at most 200000 characters"),
        (b"a;b\n" + b'"\n";' * 100_000, "row 2: a row has at most 200000 characters"),
        (b"\n\na;b\n", "row 1: the names of the columns belong here"),
        (b"a;b\n=1;2\n", "row 2, column A: the cell looks like a formula"),
    ],
)
def test_a_csv_that_is_none(content: bytes, sentence: str) -> None:
    assert refused(content, "t.csv").startswith(sentence)


def test_a_wrong_encoding_deep_in_a_large_file_is_found_where_it_is() -> None:
    content = b"a;b\n" + b"1;2\n" * 5_000 + b"1;\xe4\n"
    assert refused(content, "t.csv") == "row 5002: byte 20007 of the file is not UTF-8; save it as CSV UTF-8"


def test_neither_csv_nor_xlsx() -> None:
    assert refused(b"x", "t.pdf") == "only CSV (.csv, text/csv) and XLSX (.xlsx) are taken"


def test_a_sheet_that_is_not_where_it_is_said_to_be() -> None:
    away = {"xl/_rels/workbook.xml.rels": PARTS["xl/_rels/workbook.xml.rels"].replace("sheet1", "sheet9")}
    assert refused(workbook(sheet(row("a", "b")), away)) == "the workbook is damaged; open it and save it anew"
    assert SHEET not in PARTS
