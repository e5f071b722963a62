"""A report as a file says what the report says, to whoever opens it, and is the same file whenever it is made."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from pypdf import PdfReader

from domain.reports.document import Column, Document, Kind, State, Table
from integrations.report_columns import Width, fitted, parts
from integrations.report_files import MEDIA_TYPES, NoSuchFile, suffix_of, written
from integrations.report_words import in_words, shown


def column(name: str, kind: Kind) -> Column:
    return Column(name=name, label_et=f"{name} ä", label_en=name, kind=kind)


FIGURES = Table(
    name="figures",
    title_et="Näitajad: õäöüšž / kõik",
    title_en="Figures",
    columns=(
        column("who", "text"),
        column("count", "count"),
        column("euros", "cents"),
        column("time", "minutes"),
        column("days", "days"),
        column("share", "percent"),
        column("score", "score"),
        column("on", "date"),
    ),
    rows=(
        ("Mari Näidis", 1234567, 123450, 20, 14, 125, 70, "2026-03-31"),
        ("Жук €", -1, -5, -90, 0, 0, 5, "2026-03-01"),
        (None, None, None, None, None, None, None, None),
    ),
    note="Nii vähesed on välja jäetud.",
)
EMPTY = Table(name="empty", title_et="Tühi", title_en="Empty", columns=(column("who", "text"),), rows=())
REPORT = Document(
    report="monthly",
    period="2026-03",
    scope="tori",
    scope_name="Tori vald",
    title_et="Osalejate seire",
    title_en="Participant monitoring",
    definition="monthly@1",
    synthetic=True,
    state="sent",
    number=1,
    at=datetime(2026, 4, 10, 6, 0, 1, tzinfo=UTC),
    known_to="7-9",
    tables=(FIGURES, EMPTY),
)
HOSTILE = Table(
    name="hostile",
    title_et="=HYPERLINK(\x07)[]:*?/\\" + "p" * 60,
    title_en="<b>&",
    columns=(column("x" * 2000, "text"), column("n", "count"), column("y", "text")),
    rows=(
        ("=cmd|'/c calc'!A0", 10**60, "<para>&amp;\x00\x1b"),
        ("W" * 2000, -1, "汉字 🙂\r\nuus rida\tjärgmine"),
        ("pikk jutt " * 600, None, "@SUM(A1)"),
        ("", 0, "-"),
    ),
    note="+1+1",
)
MANY = Table(
    name="many",
    title_et="Palju",
    title_en="Many",
    columns=tuple(column(f"veerg{place}", "cents") for place in range(12)),
    rows=tuple(tuple(row * 100_000 + place for place in range(12)) for row in range(300)),
)


def with_tables(*tables: Table) -> Document:
    return replace(REPORT, tables=tables)


def csv_rows(document: Document) -> list[list[str]]:
    return [*csv.reader(StringIO(written(document, "csv").decode("utf-8-sig"), newline=""), delimiter=";")]


def sheets(document: Document) -> list[Worksheet]:
    return [each for each in load_workbook(BytesIO(written(document, "xlsx"))) if isinstance(each, Worksheet)]


def pages(document: Document) -> list[str]:
    return [each.extract_text() for each in PdfReader(BytesIO(written(document, "pdf"))).pages]


def test_json_tells_every_field_and_the_digest() -> None:
    text = written(REPORT, "json").decode()
    told = json.loads(text)
    assert (told["digest"], told["at"], told["number"]) == (REPORT.digest, "2026-04-10T06:00:01+00:00", 1)
    assert [tuple(row) for row in told["tables"][0]["rows"]] == [*FIGURES.rows]
    assert told["tables"][0]["columns"][2] == {
        "name": "euros",
        "label_et": "euros ä",
        "label_en": "euros",
        "kind": "cents",
    }
    assert [*told] == [*Document.__slots__, "digest"]
    assert '\n  "title_et": "Osalejate seire",\n' in text


def test_csv_opens_in_an_estonian_excel_with_what_it_is_and_all_tables() -> None:
    rows = csv_rows(REPORT)
    said = dict(row for row in rows if len(row) == 2)
    assert said["Periood / Period"] == "märts 2026 / March 2026 (2026-03)"
    assert said["Seis / State"] == "Saadetud, nr 1 / Sent, no. 1"
    assert said["Teada kuni / Known to"] == "positsioon / position 7-9"
    assert said["Kontrollsumma / Digest"] == f"sha256 {REPORT.digest}"
    at = rows.index(["Näitajad: õäöüšž / kõik / Figures"])
    assert rows[at - 1] == []
    assert rows[at + 1][2:4] == ["euros ä / euros, €", "time ä / time, h"]
    assert rows[at + 2 :] == [
        ["Mari Näidis", "1234567", "1234,50", "0,33", "14", "12,5", "7,0", "2026-03-31"],
        ["Жук €", "-1", "-0,05", "-1,50", "0", "0,0", "0,5", "2026-03-01"],
        ["–"] * 8,
        ["Nii vähesed on välja jäetud."],
        [],
        ["Tühi / Empty"],
        ["who ä / who"],
        ["Ridu ei ole / No rows"],
    ]


def test_a_workbook_has_typed_cells_under_a_head_that_stays() -> None:
    front, figures, empty = sheets(REPORT)
    assert [each.title for each in (front, figures, empty)] == [
        "Aruanne – Report", "1 Näitajad õäöüšž kõik", "2 Tühi",
    ]  # fmt: skip
    assert f"sha256 {REPORT.digest}" in [row[1].value for row in front.iter_rows(min_row=1, max_col=2)]
    told = [[cell.value for cell in row] for row in figures.iter_rows(min_row=2)]
    day = datetime(2026, 3, 31)  # noqa: DTZ001 — as a spreadsheet has it
    assert told[0] == ["Mari Näidis", 1234567, 1234.5, pytest.approx(20 / 60, abs=1e-12), 14, 12.5, 7, day]
    assert told[1][1:4] == [-1, -0.05, -1.5]
    assert told[2] == ["–"] * 8
    assert [figures.cell(2, place).number_format for place in (2, 3, 4, 6, 8)] == [
        "#,##0", '#,##0.00 "€"', '#,##0.00 "h"', '0.0"%"', "dd.mm.yyyy",
    ]  # fmt: skip
    assert (figures["A1"].font.bold, figures["A2"].font.bold, figures.freeze_panes) == (True, False, "A2")
    assert figures.column_dimensions["A"].width >= len("Mari Näidis")


def test_the_pages_read_well_in_estonian_and_can_be_checked() -> None:
    reader = PdfReader(BytesIO(written(REPORT, "pdf")))
    [text] = [each.extract_text() for each in reader.pages]
    for each in (
        "Osalejate seire", "Participant monitoring", "Tori vald", "märts 2026 / March 2026", "Näitajad: õäöüšž / kõik",
        "1 234 567", "1 234,50 €", "0,33 h", "12,5%", "31.03.2026", "Жук €", "−0,05 €", "Tühi",
        "Ridu ei ole / No rows", "Lk 1 / 1 · Page 1 of 1", f"sha256 {REPORT.digest}", FIGURES.note,
    ):  # fmt: skip
        assert each in text
    assert reader.metadata is not None
    assert reader.metadata.creation_date == REPORT.at
    assert reader.metadata.title == "Osalejate seire / Participant monitoring"
    for name in (b"DejaVuSansCondensed", b"DejaVuSansCondensed-Bold"):
        assert re.search(rb"/FontFile2 [0-9]+ 0 R[^>]*/FontName /[A-Z]+\+" + name + rb"\s", written(REPORT, "pdf"))


@pytest.mark.parametrize(
    ("state", "number", "mark"), [("draft", 0, "MUSTAND / DRAFT"), ("correction", 2, "Parandus, nr 1")]
)
def test_what_is_not_the_report_that_was_sent_says_so_on_every_page(state: State, number: int, mark: str) -> None:
    """A page goes about alone."""
    told = pages(replace(with_tables(MANY), state=state, number=number))
    assert len(told) > 5
    assert all(mark in each and "SÜNTEETILISED ANDMED / SYNTHETIC DATA" in each for each in told)
    sent = pages(replace(REPORT, synthetic=False))[0]
    assert mark not in sent
    assert "SÜNTEETILISED" not in sent


def test_a_long_table_has_its_head_on_every_page_and_every_figure_once() -> None:
    told = pages(with_tables(MANY))
    assert all(
        "veerg11" in each and f"Page {number} of {len(told)}" in each for number, each in enumerate(told, start=1)
    )
    text = "\n".join(told)
    amounts = re.findall(r"[0-9 ]+,[0-9]{2}(?= €)", text)
    assert [*map(_cents, amounts)] == [value for row in MANY.rows for value in row]


def _cents(text: str) -> int:
    return int(text.replace(" ", "").replace(",", ""))


def test_a_table_that_is_wider_than_the_page_goes_on_below_with_its_first_column() -> None:
    columns = tuple(column(f"veerg{place:02}", "cents") for place in range(40))
    [text] = pages(with_tables(Table(name="t", title_et="T", title_en="T", columns=columns, rows=(tuple(range(40)),))))
    assert text.count("0,00 €") > 1
    assert all(f"veerg{place:02}" in text and f"0,{place:02} €" in text for place in range(40))


def test_hostile_texts_stay_texts() -> None:
    """Whatever somebody typed: nothing is computed, nothing lost but what no page can show."""
    document = with_tables(HOSTILE, replace(HOSTILE, name="again"))
    rows = csv_rows(document)
    assert ["'=cmd|'/c calc'!A0", str(10**60), "<para>&amp;\ufffd\ufffd"] in rows
    assert ["'+1+1"] in rows
    made = sheets(document)
    assert len({each.title.casefold() for each in made}) == 3
    assert all(len(each.title) <= 31 for each in made)
    assert [cell.data_type for cell in made[1]["A"][1:4]] == ["s", "s", "s"]
    assert made[1]["C4"].value == "@SUM(A1)"
    text = "".join(pages(document))
    assert text.count("W") - text.count("Who") >= 2 * 2000
    assert text.count("pikk") == text.count("jutt") == 2 * 600
    assert "<para>&amp;\ufffd\ufffd" in text
    assert "\ufffd\ufffd \ufffd" in text  # 汉字 🙂: a sign that something was lost, never an empty box


@pytest.mark.parametrize("suffix", MEDIA_TYPES)
def test_the_same_report_is_the_same_file_on_any_machine(suffix: str) -> None:
    """March's file is March's file: whatever the clock, the zone, the language and the seed of the one that makes it."""
    document = with_tables(FIGURES, HOSTILE, EMPTY)
    first = written(document, suffix)
    assert written(replace(document, at=document.at.astimezone(timezone(timedelta(hours=9)))), suffix) == first
    code = (
        "import sys; from hashlib import sha256; from integrations.report_files import written;"
        "from tests.integrations.test_report_files import *;"
        f"print(sha256(written(with_tables(FIGURES, HOSTILE, EMPTY), {suffix!r})).hexdigest())"
    )
    for zone, seed in (("Asia/Tokyo", "1"), ("America/Lima", "2")):
        elsewhere = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C", "PYTHONPATH": os.getcwd()}
        made = subprocess.run([sys.executable, "-c", code], env=elsewhere, capture_output=True, text=True, check=True)
        assert made.stdout.strip() == sha256(first).hexdigest()


def test_the_workbook_has_no_time_but_the_reports() -> None:
    with zipfile.ZipFile(BytesIO(written(REPORT, "xlsx"))) as archive:
        assert {each.date_time for each in archive.infolist()} == {(2026, 4, 10, 6, 0, 0)}  # ZIP counts in two seconds
        assert archive.read("docProps/core.xml").count(b"2026-04-10T06:00:01Z") == 2


@pytest.mark.parametrize("suffix", MEDIA_TYPES)
def test_a_report_without_tables_or_rows_is_a_file_too(suffix: str) -> None:
    assert written(with_tables(), suffix)
    assert written(with_tables(EMPTY, replace(EMPTY, columns=())), suffix)


def test_only_the_four_kinds_are_made() -> None:
    assert [suffix_of(each) for each in ("a.b.PDF", ".xlsx", "csv")] == ["pdf", "xlsx", "csv"]
    for wrong in ("report.docx", "", "report."):
        with pytest.raises(NoSuchFile, match=r"json, csv, xlsx or pdf, not as (docx|nothing)"):
            written(REPORT, wrong)


def test_a_moment_without_a_zone_is_refused() -> None:
    """It would be another moment on another machine, and another file."""
    with pytest.raises(ValueError, match="another moment"):
        written(replace(REPORT, at=datetime(2026, 4, 10)), "json")  # noqa: DTZ001


def test_periods_are_told_in_words() -> None:
    assert in_words("2026-H2") == "2026. aasta II poolaasta / second half of 2026"
    assert in_words("2026-13") == "2026-13"


def test_every_minute_can_be_told_again_from_its_hours() -> None:
    """Two decimals of an hour are finer than a minute."""
    hours = [
        float(shown(each, "minutes").removesuffix("\xa0h").replace(",", ".").replace("−", "-"))
        for each in range(-59, 60)
    ]
    assert [round(each * 60) for each in hours] == [*range(-59, 60)]


def test_columns_share_the_room_that_is_left() -> None:
    narrow, wide = Width(least=10, wish=10), Width(least=20, wish=60)
    assert fitted([narrow, wide], 100) == [10, 60]
    assert fitted([narrow, wide], 50) == [10, 40]
    assert parts([narrow, wide, wide, wide], 50) == ((0, 1, 2), (0, 3))
