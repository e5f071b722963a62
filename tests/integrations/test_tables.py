"""Tables go out and come in as a person meant them, as CSV and as XLSX."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from integrations.table_values import UNPRINTABLE
from integrations.tables import Euros, Kind, TableRefused, Value, kind_of, read, write
from tests.integrations.workbooks import row, sheet, workbook

COLUMNS = ("journey", "day", "minutes")
KINDS: tuple[Kind, ...] = ("csv", "xlsx")


def csv(text: str) -> bytes:
    return text.encode()


def xlsx(*rows: tuple[str | float | datetime | None, ...]) -> bytes:
    book = Workbook()
    for each in rows:
        book.worksheets[0].append(each)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_delimiter_is_found_in_the_header(delimiter: str, mark: str) -> None:
    text = mark + delimiter.join(COLUMNS) + "\n" + delimiter.join(["journey-1", "2026-03-12", "90"]) + "\n"
    [only] = read(csv(text), name="t.csv", columns=COLUMNS)
    assert only.number == 2
    assert only.cells == {"journey": "journey-1", "day": "2026-03-12", "minutes": "90"}


def test_rows_are_numbered_as_in_a_spreadsheet() -> None:
    """A blank row counts, a cell of two lines is one row, and blank rows at the end are nothing."""
    text = 'journey;day;minutes\r\nj-1;2026-03-12;"9\n0"\r\n\r\n;;\r\nj-2;2026-03-13;60\r\n;;\r\n\r\n'
    assert [(each.number, each.cells["journey"]) for each in read(csv(text), name="t.csv", columns=COLUMNS)] == [
        (2, "j-1"),
        (5, "j-2"),
    ]
    table = xlsx(COLUMNS, ("j-1", "2026-03-12", 90), (None, None, None), ("j-2", "2026-03-13", 60), ("", None, None))
    assert [each.number for each in read(table, name="t.xlsx", columns=COLUMNS)] == [2, 4]


def test_columns_may_stand_in_any_order_and_optional_ones_be_absent() -> None:
    text = "Minutes;JOURNEY; day \n90;j-1;2026-03-12\n"
    [only] = read(csv(text), name="text/csv; charset=utf-8", columns=COLUMNS, optional=("goal",))
    assert only.cells == {"journey": "j-1", "day": "2026-03-12", "minutes": "90", "goal": ""}


def test_every_problem_with_the_columns_is_told_at_once() -> None:
    with pytest.raises(
        TableRefused, match=r"row 1: columns missing: journey; unknown: hours, \(no name\); there twice: day"
    ):
        read(csv("hours;day;;day;minutes;\n"), name="t.csv", columns=COLUMNS)


def test_a_workbooks_days_and_numbers_come_as_a_person_sees_them() -> None:
    table = xlsx(
        ("a", "b", "c", "d", "e", "f"),
        (datetime(2026, 3, 12), 0.1 + 0.2, 2.50, 38001010000, True, datetime(2026, 3, 12, 9, 30)),  # noqa: DTZ001
    )
    [only] = read(table, name="t.xlsx", columns="abcdef")
    assert [*only.cells.values()] == ["2026-03-12", "0.3", "2.5", "38001010000", "yes", "2026-03-12 09:30"]


def test_text_in_a_workbook_may_begin_like_a_formula() -> None:
    """There a formula is a thing of its own, so text needs no guard."""
    [only] = read(workbook(sheet(row("a") + row("=1+1"))), name="t.xlsx", columns=["a"])
    assert only.cells == {"a": "=1+1"}


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+372 5555", "-x", "＝1", "''"])
def test_text_like_a_formula_is_refused_in_csv_unless_guarded(cell: str) -> None:
    if cell != "''":
        with pytest.raises(TableRefused, match="row 2, column B: the cell looks like a formula"):
            read(csv(f"a;b\nx;{cell}\n"), name="t.csv", columns="ab")
    [only] = read(csv(f"a;b\nx;'{cell}\n"), name="t.csv", columns="ab")
    assert only.cells["b"] == (cell if cell != "''" else "'''")


@pytest.mark.parametrize("cell", ["-5", "+5", "-2,50", "+372", "-0.5"])
def test_a_plain_number_is_no_formula(cell: str) -> None:
    assert read(csv(f"a\n{cell}\n"), name="t.csv", columns="a")[0].cells["a"] == cell


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Kevad 2026.CSV", "csv"), ("t.xlsx", "xlsx"), ("text/csv", "csv"), ("TEXT/CSV; charset=utf-8", "csv")],
)
def test_the_kind_is_told_by_name_or_media_type(name: str, kind: str) -> None:
    assert kind_of(name) == kind


ROWS: tuple[tuple[Value, ...], ...] = (
    ("Õnne", 90, date(2026, 3, 12), Euros(1205), Decimal("2.5"), None),
    ("=cmd()", -5, date(2026, 1, 1), Euros(-5), Decimal(0), "#N/A"),
)


def test_csv_opens_in_an_estonian_excel() -> None:
    assert write(ROWS, ["a", "b", "c", "d", "e", "f"], kind="csv").decode() == (
        "\ufeffa;b;c;d;e;f\r\nÕnne;90;2026-03-12;12,05;2,5;\r\n'=cmd();-5;2026-01-01;-0,05;0;#N/A\r\n"
    )


def test_a_workbooks_cells_have_types_and_no_formulas() -> None:
    sheet = load_workbook(BytesIO(write(ROWS, ["a", "b", "c", "d", "e", "f"], kind="xlsx"))).worksheets[0]
    assert [[cell.value for cell in each] for each in sheet.iter_rows(min_row=2)] == [
        ["Õnne", 90, datetime(2026, 3, 12), 12.05, 2.5, None],  # noqa: DTZ001
        ["=cmd()", -5, datetime(2026, 1, 1), -0.05, 0, "#N/A"],  # noqa: DTZ001
    ]
    assert [cell.data_type for cell in sheet[3]] == ["s", "n", "d", "n", "n", "s"]
    assert (sheet["D2"].number_format, sheet["C2"].number_format) == ("0.00", "yyyy-mm-dd")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_content_is_the_same_bytes(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write(ROWS, ["a", "b", "c", "d", "e", "f"], kind=kind)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    assert write(ROWS, ["a", "b", "c", "d", "e", "f"], kind=kind) == first


@example([" =", "\xa0-x", " '=", "' ="], "csv")
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5), st.sampled_from(KINDS))
def test_text_comes_back_as_it_went_out(texts: list[str], kind: Kind) -> None:
    """Whatever it begins with; but for outer blanks, and characters that no table can hold."""
    table = write([("x", each) for each in texts], ["key", "text"], kind=kind)
    back = [each.cells["text"] for each in read(table, name=f"t.{kind}", columns=["key", "text"])]
    assert [_plain(each) for each in back] == [_plain(each) for each in texts]


def _plain(text: str) -> str:
    return UNPRINTABLE.sub("\ufffd", text).replace("\r\n", "\n").replace("\r", "\n").strip()
