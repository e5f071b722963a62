"""What a report says of itself, and how its figures are shown: the same words and figures in every kind of file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from domain.reports.document import Document, Kind, Table
from domain.reports.document import Value as Figure
from domain.working_days import TALLINN
from integrations.table_values import Euros, Hours, Value, printable

NOTHING = "–"  # not told, or left out: an empty cell would be read as nought
DRAFT = "MUSTAND / DRAFT"
SYNTHETIC = "SÜNTEETILISED ANDMED / SYNTHETIC DATA"
NO_ROWS = "Ridu ei ole / No rows"
UNITS: Mapping[Kind, str] = {"cents": "€", "minutes": "h", "percent": "%"}
MONTHS = (
    ("jaanuar", "January"), ("veebruar", "February"), ("märts", "March"), ("aprill", "April"), ("mai", "May"),
    ("juuni", "June"), ("juuli", "July"), ("august", "August"), ("september", "September"), ("oktoober", "October"),
    ("november", "November"), ("detsember", "December"),
)  # fmt: skip
HALVES = (("I poolaasta", "first half"), ("II poolaasta", "second half"))


def about(document: Document) -> tuple[tuple[str, str], ...]:
    """What anyone needs to know which report this is, and to check it."""
    lines = (
        ("Aruanne / Report", f"{document.title_et} / {document.title_en} ({document.report})"),
        ("Periood / Period", f"{in_words(document.period)} ({document.period})"),
        ("Ulatus / Scope", f"{document.scope_name} ({document.scope})"),
        ("Seis / State", standing(document)),
        ("Andmed / Data", SYNTHETIC if document.synthetic else ""),
        ("Määratlus / Definition", document.definition),
        ("Arvestatud / Reckoned", f"{document.at.astimezone(TALLINN):%d.%m.%Y %H:%M}"),
        ("Teada kuni / Known to", f"positsioon / position {document.known_to}"),  # bare, Excel takes 7-9 for a day
        ("Kontrollsumma / Digest", f"sha256 {document.digest}"),
    )
    return tuple((label, text) for label, text in lines if text)


def standing(document: Document) -> str:
    match document.state:
        case "draft":
            return DRAFT
        case "sent":
            return f"Saadetud, nr {document.number} / Sent, no. {document.number}"
        case "correction":
            return f"Parandus, nr {document.number - 1} / Correction, no. {document.number - 1}"


def in_words(period: str) -> str:
    """2026-03 as märts 2026 / March 2026, 2026-H1 as its half-year; any other as it is."""
    if read := re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", period):
        et, en = MONTHS[int(read[2]) - 1]
        return f"{et} {read[1]} / {en} {read[1]}"
    if read := re.fullmatch(r"([0-9]{4})-H([12])", period):
        et, en = HALVES[int(read[2]) - 1]
        return f"{read[1]}. aasta {et} / {en} of {read[1]}"
    return period


def labels(table: Table) -> tuple[str, ...]:
    """Over each column: Estonian, English, and the unit in which it is counted."""
    return tuple(
        f"{each.label_et} / {each.label_en}" + (f", {UNITS[each.kind]}" if each.kind in UNITS else "")
        for each in table.columns
    )


def cells(table: Table) -> tuple[tuple[Value, ...], ...]:
    """The figures as a spreadsheet takes them."""
    return tuple(
        tuple(_cell(value, column.kind) for column, value in zip(table.columns, row, strict=True)) for row in table.rows
    )


def _cell(value: Figure, kind: Kind) -> Value:
    match kind, value:
        case _, None:
            return NOTHING
        case "date", str():
            return date.fromisoformat(value)
        case "cents", int():
            return Euros(value)
        case "minutes", int():
            return Hours(value)
        case (("percent" | "score"), int()):
            return Decimal(value).scaleb(-1)
        case _:
            return value


def shown(value: Figure, kind: Kind) -> str:
    """As it is printed in Estonian: 1 234,50 €, 12,5%, 31.03.2026; with spaces at which no line breaks."""
    match _cell(value, kind):
        case Euros() as amount:
            return f"{_grouped(amount.decimal)}\xa0€"
        case Hours() as time:
            return f"{_grouped(time.decimal)}\xa0h"
        case Decimal() as tenths:
            return _grouped(tenths) + ("%" if kind == "percent" else "")
        case date() as day:
            return f"{day:%d.%m.%Y}"
        case int() as number:
            return _grouped(Decimal(number))
        case other:
            return printable(str(other))


def _grouped(number: Decimal) -> str:
    return f"{number:,f}".translate({ord(","): "\xa0", ord("."): ",", ord("-"): "−"})
