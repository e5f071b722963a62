"""What is open: every journey with its stage, what it waits for, whose it is and what is due next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain import journey
from domain.codec import Codec, Recorded
from domain.deciders import JOURNEYS
from domain.due import Standing
from domain.ports import EventStore
from domain.states import Exited, Journey, Refused, waits_for
from readmodels.cursors import closed, opened
from readmodels.projector import Connection, Folds, Pool

FAR = date(9999, 12, 31)  # where nothing is due: behind everything that is


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the queue; no name, no diagnosis, no words of anybody."""

    journey_id: str
    person_id: str
    municipality: str
    stage: str
    waits_for: str
    case_manager: str | None
    version: int
    next_what: str | None
    next_due: date | None
    next_remind: date | None
    held_since: date | None  # where what is next is on hold; then it has no day, and comes after all that have
    open: bool
    changed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """None: no matter which."""

    municipality: str | None = None
    stage: str | None = None
    case_manager: str | None = None
    standing: Standing | None = None  # of what is due next, as of `today`
    today: date = FAR
    open: bool | None = True


class WorkQueue:
    name = "work_queue"
    tables = """
        CREATE TABLE IF NOT EXISTS read.work_queue (
            journey_id text PRIMARY KEY,
            person_id text NOT NULL,
            municipality text NOT NULL,
            stage text NOT NULL,
            waits_for text NOT NULL,
            case_manager text,
            version bigint NOT NULL,
            next_what text,
            next_due date NOT NULL,
            next_remind date,
            held_since date,
            wake_at timestamptz,
            open boolean NOT NULL,
            settled boolean NOT NULL,
            changed_at timestamptz NOT NULL,
            confirmed bigint NOT NULL DEFAULT 0
        );
        CREATE INDEX IF NOT EXISTS work_queue_order ON read.work_queue (municipality, next_due, journey_id) WHERE open;
        CREATE INDEX IF NOT EXISTS work_queue_person ON read.work_queue (person_id);
        CREATE INDEX IF NOT EXISTS work_queue_unconfirmed ON read.work_queue (changed_at) WHERE confirmed < version;
        CREATE INDEX IF NOT EXISTS work_queue_wake ON read.work_queue (wake_at) WHERE wake_at IS NOT NULL"""
    clear = "TRUNCATE read.work_queue"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool = pool
        self._folds = Folds(store, codec, JOURNEYS)

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        touched = await self._folds.touched(batch)
        await connection.executemany(
            """INSERT INTO read.work_queue AS q VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            ON CONFLICT (journey_id) DO UPDATE SET
                municipality = excluded.municipality, stage = excluded.stage, waits_for = excluded.waits_for,
                case_manager = excluded.case_manager, version = excluded.version, next_what = excluded.next_what,
                next_due = excluded.next_due, next_remind = excluded.next_remind,
                held_since = excluded.held_since, wake_at = excluded.wake_at,
                open = excluded.open, settled = excluded.settled, changed_at = excluded.changed_at
            WHERE q.version < excluded.version""",
            [_row(state, last) for state, last in touched],
        )

    async def page(self, wanted: Filter, *, cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
        """The next `limit` rows, most urgent first, and the cursor of the page after them. Raises WrongCursor."""
        due, journey_id = (date.min, "") if cursor is None else opened(cursor)
        rows = await self._pool.fetch(
            """SELECT * FROM read.work_queue
            WHERE ($1::text IS NULL OR municipality = $1) AND ($2::text IS NULL OR stage = $2)
              AND ($3::text IS NULL OR case_manager = $3) AND ($4::text IS NULL OR $4 = CASE
                WHEN held_since IS NOT NULL THEN 'on_hold' WHEN next_remind IS NULL THEN ''
                WHEN next_due < $9 THEN 'overdue' WHEN next_due = $9 THEN 'due'
                WHEN next_remind <= $9 THEN 'due_soon' ELSE 'open' END)
              AND ($5::boolean IS NULL OR open = $5) AND (next_due, journey_id) > ($6, $7)
            ORDER BY next_due, journey_id LIMIT $8""",
            wanted.municipality, wanted.stage, wanted.case_manager, wanted.standing, wanted.open,
            due, journey_id, limit + 1, wanted.today,
        )  # fmt: skip
        shown = [
            Row(
                **{name: row[name] for name in Row.__slots__ if name != "next_due"},
                next_due=None if row["next_due"] == FAR else row["next_due"],
            )
            for row in rows[:limit]
        ]
        more = len(rows) > limit
        return shown, closed(rows[limit - 1]["next_due"], rows[limit - 1]["journey_id"]) if more else None

    async def of_person(self, person_id: str) -> Sequence[tuple[str, str]]:
        """Open journeys of a person: (journey id, municipality)."""
        rows = await self._pool.fetch(
            "SELECT journey_id, municipality FROM read.work_queue WHERE person_id = $1 AND open", person_id
        )
        return [(row["journey_id"], row["municipality"]) for row in rows]

    async def all_open(self) -> Sequence[str]:
        rows = await self._pool.fetch("SELECT journey_id FROM read.work_queue WHERE open ORDER BY journey_id")
        return [row["journey_id"] for row in rows]

    async def all_of_person(self, person_id: str) -> Sequence[str]:
        rows = await self._pool.fetch("SELECT journey_id FROM read.work_queue WHERE person_id = $1", person_id)
        return [row["journey_id"] for row in rows]


def _row(state: Journey, last: Recorded) -> tuple[object, ...]:
    file, pending = state.file, journey.pending(state)
    shown = next(iter(journey.awaited(state)), None)
    return (
        file.journey_id,
        file.person_id,
        file.municipality,
        journey.stage_of(state),
        waits_for(state),
        file.case_manager,
        last.version,
        None if shown is None else shown.what,
        FAR if shown is None or shown.due.held_since is not None else shown.due.on,
        None if shown is None else shown.due.remind_on,
        None if shown is None else shown.due.held_since,
        pending[0].at if pending else None,
        not isinstance(state, Refused | Exited),
        journey.settled(state),
        last.recorded_at,
    )
