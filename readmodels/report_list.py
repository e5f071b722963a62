"""The reports that were sent, at a glance: of what, of whom, and how often corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.codec import Codec, Recorded
from domain.deciders import REPORTS
from domain.ports import EventStore
from domain.reports.period import period_of
from domain.reports.sent import SentReport
from readmodels.cursors import closed, opened
from readmodels.projector import Connection, Folds, Pool


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedReport:
    report_id: str
    report: str
    period: str
    last: date  # its last day
    scope: str
    scope_name: str
    municipality: str
    sent_at: datetime
    corrections: int
    corrected_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportFilter:
    """None: no matter which."""

    municipality: str | None = None  # whose people may read it
    report: str | None = None
    period: str | None = None
    scope: str | None = None


class ReportList:
    name = "report_list"
    tables = """
        CREATE TABLE IF NOT EXISTS read.report_list (
            report_id text PRIMARY KEY,
            report text NOT NULL,
            period text NOT NULL,
            last date NOT NULL,
            scope text NOT NULL,
            scope_name text NOT NULL,
            municipality text NOT NULL,
            sent_at timestamptz NOT NULL,
            corrections integer NOT NULL,
            corrected_at timestamptz
        );
        CREATE INDEX IF NOT EXISTS report_list_order ON read.report_list (municipality, last, report_id)"""
    clear = "TRUNCATE read.report_list"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool = pool
        self._folds = Folds(store, codec, REPORTS)

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        await connection.executemany(
            """INSERT INTO read.report_list AS r VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (report_id) DO UPDATE SET corrections = excluded.corrections, corrected_at = excluded.corrected_at
            WHERE r.corrections < excluded.corrections""",
            [_row(state) for state, _ in await self._folds.touched(batch)],
        )

    async def page(
        self, wanted: ReportFilter, *, cursor: str | None, limit: int
    ) -> tuple[list[ListedReport], str | None]:
        """The next `limit` reports, the latest period first, and the cursor of the page after them. Raises WrongCursor."""
        last, report_id = (None, None) if cursor is None else opened(cursor)
        rows = await self._pool.fetch(
            """SELECT * FROM read.report_list
            WHERE ($1::text IS NULL OR municipality = $1) AND ($2::text IS NULL OR report = $2)
              AND ($3::text IS NULL OR period = $3) AND ($4::text IS NULL OR scope = $4)
              AND ($5::date IS NULL OR (last, report_id) < ($5, $6))
            ORDER BY last DESC, report_id DESC LIMIT $7""",
            wanted.municipality, wanted.report, wanted.period, wanted.scope, last, report_id, limit + 1,
        )  # fmt: skip
        shown = [ListedReport(**row) for row in rows[:limit]]
        return shown, closed(shown[-1].last, shown[-1].report_id) if len(rows) > limit else None


def _row(state: SentReport) -> tuple[object, ...]:
    sent, *corrections = state.documents
    period = period_of("monthly" if sent.report == "monthly" else "interim", sent.period)
    return (
        state.report_id, sent.report, sent.period, period.last, sent.scope, sent.scope_name, state.municipality, sent.at,
        len(corrections), corrections[-1].at if corrections else None,
    )  # fmt: skip
