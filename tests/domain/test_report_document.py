"""A report's digest tells its figures: the same figures the same digest, another figure another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.reports.document import Column, Table, Value, digest_of

JOINED = Column(name="joined", label_et="Alustas", label_en="Joined", kind="count")
DAY = Column(name="on", label_et="Päev", label_en="Day", kind="date")
FIGURES = Table(
    name="participants",
    title_et="Osalejad",
    title_en="Participants",
    columns=(DAY, JOINED),
    rows=((date(2026, 3, 2), 4), (None, 0)),
)


def test_the_same_tables_have_the_same_digest() -> None:
    """Anyone can check a report years later: the digest is part of what was sent, and may never change."""
    assert digest_of(FIGURES) == digest_of(replace(FIGURES))
    assert digest_of(FIGURES) == "cf6731ba7e660549e968beb2b9382223a63b79319e1f9ea5893d67a4bed7d8eb"


@pytest.mark.parametrize(
    "rows", [((date(2026, 3, 2), 5), (None, 0)), ((date(2026, 3, 2), 4), (0, 0)), ((date(2026, 3, 2), 4),)]
)
def test_another_figure_has_another_digest(rows: tuple[tuple[Value, ...], ...]) -> None:
    """Not told is not nought, and a row that is gone is seen."""
    assert digest_of(replace(FIGURES, rows=rows)) != digest_of(FIGURES)


def test_tables_cannot_change_places_unseen() -> None:
    """Their order is part of the report."""
    other = replace(FIGURES, name="waiting")
    assert digest_of(FIGURES, other) != digest_of(other, FIGURES)


def test_a_better_label_or_title_leaves_the_digest() -> None:
    """Words may be put better; figures stay."""
    worded = replace(FIGURES, title_en="Who took part", columns=(DAY, replace(JOINED, label_en="Who joined")))
    assert digest_of(worded) == digest_of(FIGURES)


def test_a_row_is_as_wide_as_its_table() -> None:
    """A figure under another heading is refused, with its place."""
    with pytest.raises(ValueError, match="participants, row 1: 1 values under 2 columns"):
        replace(FIGURES, rows=((4,),))
