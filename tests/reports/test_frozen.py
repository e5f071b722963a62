"""A report once sent never changes; what becomes known later comes as corrections, and both together are the truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from domain.events import DeliveryRecorded
from domain.programme.report_definition import MEASURES
from domain.reports.correcting import Figures, figures_in
from domain.reports.document import Document
from domain.reports.sent import SentReport
from domain.reports.tally import Cell
from domain.stages.delivery import CorrectDelivery
from domain.stages.exit import ExitJourney
from domain.working_days import at_hour
from tests.activities.examples import delivery
from tests.reports.conftest import Database
from tests.reports.desk import Desk
from tests.reports.recount import history, recount

MARCH, APRIL, MAY = date(2026, 3, 2), date(2026, 4, 10), date(2026, 5, 10)
RECOUNTED = {"participants", "joined", "left", "at_end", "waiting", "helped", "minutes", "cents"}
Sums = Mapping[tuple[str, str, str], int]


def sums(report: SentReport) -> Sums:
    """What the report and its corrections come to, of the columns that the recount knows."""
    return _known(report.figures)


def known_sums(document: Document) -> Sums:
    return _known(figures_in(document))


def _known(figures: Figures) -> Sums:
    return {cell: value for cell, value in figures.cells.items() if value and _is_known(cell)}


def _is_known(cell: Cell) -> bool:
    return cell.column in RECOUNTED and cell.table not in ("agreements", "diagnoses")


def changes(correction: Document) -> Sums:
    """By figure, what its rows add to what was sent; looking at the change alone."""
    found: dict[tuple[str, str, str], int] = {}
    for table in correction.tables:
        for row in table.rows:
            told = dict(zip((each.name for each in table.columns), row, strict=True))
            cell = Cell(str(told["table"]), str(told["code"]), str(told["column"]))
            if MEASURES[cell.column].how == "sum" and _is_known(cell):
                found[cell] = found.get(cell, 0) + int(str(told["change"]))
    return found


def because(correction: Document) -> set[str]:
    return {
        str(dict(zip((each.name for each in table.columns), row, strict=True))["because"])
        for table in correction.tables
        for row in table.rows
    }


async def test_march_stays_and_its_corrections_add_up_to_what_is_known_now(database: Database) -> None:
    pool, url = database
    desk = await Desk(pool).open(MARCH)
    first = await desk.helped(1, MARCH, (2, 3))
    second = await desk.helped(2, date(2026, 3, 9), (1,))
    moving = await desk.helped(3, date(2026, 3, 16))
    moved = await desk.helped(4, date(2026, 3, 3), (1, 1))
    await desk.moves(moved, "person-4", date(2026, 3, 18))
    await desk.send(APRIL)
    sent = await desk.sent("monthly", "2026-03", "tori")
    assert sent is not None
    assert sums(sent) == recount(await history(url), "2026-03", "tori")
    assert sums(sent)["participants", "", "participants"] == 4
    whole = await desk.sent("monthly", "2026-03", "ee")
    assert whole is not None
    assert sums(whole) == recount(await history(url), "2026-03")
    assert {row: sums(whole).get(("municipalities", row, "participants")) for row in ("tori", "tapa")} == {
        "tori": 3, "tapa": 1,
    }  # fmt: skip

    await desk.record(delivery(at_hour(date(2026, 3, 20), 12), minutes=90), first, date(2026, 4, 20))  # told late
    given = (await desk.events(second))[-1].event
    assert isinstance(given, DeliveryRecorded)
    corrected = CorrectDelivery(delivery_id=given.delivery_id, minutes=30, reason="Synthetic: it was half an hour.")
    await desk.record(corrected, second, date(2026, 4, 21))
    away = ExitJourney(on=date(2026, 3, 30), reason="moved_municipality", destination="tapa", quality_of_life=5)
    await desk.record(away, moving, date(2026, 4, 22))  # since March, as is known now
    await desk.send(MAY)
    now = await desk.sent("monthly", "2026-03", "tori")
    assert now is not None
    assert now.sent == sent.sent
    assert now.sent.digest == sent.sent.digest
    _, correction = now.documents
    truth = recount(await history(url), "2026-03", "tori")
    assert sums(now) == truth
    assert truth != sums(sent)
    added = {**sums(sent)}
    for cell, change in changes(correction).items():
        added[cell] = added.get(cell, 0) + change
    assert {cell: value for cell, value in added.items() if value} == truth
    assert because(correction) == {"delivery.recorded", "delivery.corrected", "journey.exited"}
