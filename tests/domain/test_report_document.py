"""A report's digest tells its figures: the same figures the same digest, another figure another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.reports.document import Column, Document, Table, Value

JOINED = Column(name="joined", label_et="Alustas", label_en="Joined", kind="count")
DAY = Column(name="on", label_et="Päev", label_en="Day", kind="date")
FIGURES = Table(
    name="participants",
    title_et="Osalejad",
    title_en="Participants",
    columns=(DAY, JOINED),
    rows=(("2026-03-02", 4), (None, 0)),
)
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
    at=datetime(2026, 4, 10, 6, tzinfo=UTC),
    known_to="7-9",
    tables=(FIGURES,),
)


def with_table(table: Table) -> Document:
    return replace(REPORT, tables=(table,))


def test_the_same_report_has_the_same_digest() -> None:
    """Anyone can check a report years later: the digest is part of what was sent, and may never change."""
    assert REPORT.digest == replace(REPORT).digest
    assert REPORT.digest == "e0b96f944f8170c7709a01e2dc6a20165ce10238f4c7b8f0eb7f5d3243406ba4"


@pytest.mark.parametrize(
    "rows",
    [(("2026-03-02", 5), (None, 0)), (("2026-03-02", 4), ("2026-03-03", 0)), (("2026-03-02", 4), (None, None)),
     (("2026-03-02", 4),)],
)  # fmt: skip
def test_another_figure_has_another_digest(rows: tuple[tuple[Value, ...], ...]) -> None:
    """Not told is not nought, and a row that is gone is seen."""
    assert with_table(replace(FIGURES, rows=rows)).digest != REPORT.digest


@pytest.mark.parametrize(
    "other",
    [{"report": "interim"}, {"period": "2026-04"}, {"scope": "ee"}, {"definition": "monthly@2"}, {"number": 2},
     {"known_to": "7-10"}],
)  # fmt: skip
def test_the_same_figures_of_something_else_have_another_digest(other: dict[str, Any]) -> None:
    """Else one report could be shown for another, or a month's for the month before."""
    assert replace(REPORT, **other).digest != REPORT.digest


def test_tables_cannot_change_places_unseen() -> None:
    """Their order is part of the report."""
    other = replace(FIGURES, name="waiting")
    assert replace(REPORT, tables=(FIGURES, other)).digest != replace(REPORT, tables=(other, FIGURES)).digest


def test_a_better_label_or_title_leaves_the_digest() -> None:
    """Words may be put better; figures stay."""
    worded = replace(FIGURES, title_en="Who took part", columns=(DAY, replace(JOINED, label_en="Who joined")))
    assert replace(with_table(worded), title_en="Monitoring").digest == REPORT.digest


@pytest.mark.parametrize(
    ("row", "why"),
    [((4,), "participants, row 1: 1 values under 2 columns"), ((4, 4), "4 is no date"), (("x", 4), "x"),
     (("2026-03-02", "4"), "'4' is no count"), (("2026-03-02", True), "True is no count")],
)  # fmt: skip
def test_a_figure_under_another_heading_is_refused(row: tuple[Value, ...], why: str) -> None:
    """With its place."""
    with pytest.raises(ValueError, match=why):
        replace(FIGURES, rows=(row,))
