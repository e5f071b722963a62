"""Transfers at a glance: which journeys one municipality offers to another, and what became of each; of no person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.codec import Recorded
from domain.events import TransferAccepted, TransferOffered, TransferRejected, TransferWithdrawn
from readmodels.cursors import closed, opened
from readmodels.projector import Connection, Pool

ANSWERS: dict[type, str] = {
    TransferAccepted: "accepted", TransferRejected: "rejected", TransferWithdrawn: "withdrawn",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedTransfer:
    transfer_id: str  # of the journey and the version at which it was offered
    journey_id: str
    former: str
    municipality: str  # to which it is offered
    from_on: date
    status: str
    offered_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TransferFilter:
    """None: no matter which. A municipality sees what it offers and what is offered to it."""

    municipality: str | None = None
    status: str | None = None


class TransferList:
    name = "transfer_list"
    tables = """
        CREATE TABLE IF NOT EXISTS read.transfer (
            transfer_id text PRIMARY KEY,
            journey_id text NOT NULL,
            former text NOT NULL,
            municipality text NOT NULL,
            from_on date NOT NULL,
            status text NOT NULL,
            offered_at timestamptz NOT NULL,
            answered_at timestamptz
        );
        CREATE INDEX IF NOT EXISTS transfer_journey ON read.transfer (journey_id) WHERE status = 'open';
        CREATE INDEX IF NOT EXISTS transfer_former ON read.transfer (former, from_on, transfer_id);
        CREATE INDEX IF NOT EXISTS transfer_municipality ON read.transfer (municipality, from_on, transfer_id)"""
    clear = "TRUNCATE read.transfer"

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        for told in batch:
            if isinstance(told.event, TransferOffered):
                await connection.execute(
                    "INSERT INTO read.transfer VALUES ($1, $2, $3, $4, $5, 'open', $6, NULL)",
                    f"{told.stream_id}-{told.version}", told.stream_id, told.tenant, told.event.to, told.event.from_on,
                    told.recorded_at,
                )  # fmt: skip
            elif (status := ANSWERS.get(type(told.event))) is not None:
                await connection.execute(
                    "UPDATE read.transfer SET status = $2, answered_at = $3 WHERE journey_id = $1 AND status = 'open'",
                    told.stream_id, status, told.recorded_at,
                )  # fmt: skip

    async def page(
        self, wanted: TransferFilter, *, cursor: str | None, limit: int
    ) -> tuple[list[ListedTransfer], str | None]:
        """The next `limit`, by the day of the move, and the cursor of the page after them. Raises WrongCursor."""
        from_on, transfer_id = (date.min, "") if cursor is None else opened(cursor)
        rows = await self._pool.fetch(
            """SELECT * FROM read.transfer
            WHERE ($1::text IS NULL OR municipality = $1 OR former = $1) AND ($2::text IS NULL OR status = $2)
              AND (from_on, transfer_id) > ($3, $4)
            ORDER BY from_on, transfer_id LIMIT $5""",
            wanted.municipality, wanted.status, from_on, transfer_id, limit + 1,
        )  # fmt: skip
        shown = [ListedTransfer(**row) for row in rows[:limit]]
        return shown, closed(shown[-1].from_on, shown[-1].transfer_id) if len(rows) > limit else None
