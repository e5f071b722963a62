"""Claims at a glance: whose, of which month, how far, and what they come to; of no person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.claims import Claim
from domain.codec import Codec, Recorded
from domain.deciders import CLAIMS
from domain.due import Standing
from domain.ports import EventStore
from readmodels.cursors import closed, opened
from readmodels.projector import Connection, Folds, Pool


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedClaim:
    claim_id: str
    provider_id: str
    municipality: str
    month: date  # its first day
    stage: str
    version: int
    rows: int
    claimed_cents: int
    accepted_cents: int
    changed_at: datetime
    due_on: date | None = None  # when the municipality is to decide, while it has not
    remind_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimFilter:
    """None: no matter which."""

    municipality: str | None = None
    provider_id: str | None = None
    month: date | None = None
    stage: str | None = None
    standing: Standing | None = None  # of the decision, as of `today`
    today: date = date.max


class ClaimList:
    name = "claim_list"
    tables = """
        CREATE TABLE IF NOT EXISTS read.claim_list (
            claim_id text PRIMARY KEY,
            provider_id text NOT NULL,
            municipality text NOT NULL,
            month date NOT NULL,
            stage text NOT NULL,
            version bigint NOT NULL,
            rows integer NOT NULL,
            claimed_cents bigint NOT NULL,
            accepted_cents bigint NOT NULL,
            changed_at timestamptz NOT NULL,
            due_on date,
            remind_on date
        );
        CREATE INDEX IF NOT EXISTS claim_list_order ON read.claim_list (municipality, month, claim_id)"""
    clear = "TRUNCATE read.claim_list"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool = pool
        self._folds = Folds(store, codec, CLAIMS)

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        await connection.executemany(
            """INSERT INTO read.claim_list AS c VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (claim_id) DO UPDATE SET
                stage = excluded.stage, version = excluded.version, rows = excluded.rows,
                claimed_cents = excluded.claimed_cents, accepted_cents = excluded.accepted_cents,
                changed_at = excluded.changed_at, due_on = excluded.due_on, remind_on = excluded.remind_on
            WHERE c.version < excluded.version""",
            [_row(state, last) for state, last in await self._folds.touched(batch)],
        )

    async def page(
        self, wanted: ClaimFilter, *, cursor: str | None, limit: int
    ) -> tuple[list[ListedClaim], str | None]:
        """The next `limit` claims, the newest month first, and the cursor of the page after them. Raises WrongCursor."""
        month, claim_id = (None, None) if cursor is None else opened(cursor)
        rows = await self._pool.fetch(
            """SELECT * FROM read.claim_list
            WHERE ($1::text IS NULL OR municipality = $1) AND ($2::text IS NULL OR provider_id = $2)
              AND ($3::date IS NULL OR month = $3) AND ($4::text IS NULL OR stage = $4)
              AND ($8::text IS NULL OR $8 = CASE
                WHEN due_on IS NULL THEN '' WHEN due_on < $9 THEN 'overdue' WHEN due_on = $9 THEN 'due'
                WHEN remind_on <= $9 THEN 'due_soon' ELSE 'open' END)
              AND ($5::date IS NULL OR (month, claim_id) < ($5, $6))
            ORDER BY month DESC, claim_id DESC LIMIT $7""",
            wanted.municipality, wanted.provider_id, wanted.month, wanted.stage, month, claim_id, limit + 1,
            wanted.standing, wanted.today,
        )  # fmt: skip
        shown = [ListedClaim(**row) for row in rows[:limit]]
        return shown, closed(shown[-1].month, shown[-1].claim_id) if len(rows) > limit else None


def _row(state: Claim, last: Recorded) -> tuple[object, ...]:
    due = state.awaits
    return (
        state.claim_id, state.provider_id, state.municipality, state.month, str(state.stage), last.version,
        len(state.rows), state.claimed_cents, state.accepted_cents, last.recorded_at,
        None if due is None else due.on, None if due is None else due.remind_on,
    )  # fmt: skip
