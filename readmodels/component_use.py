"""Which components open budgets rest on, and until when: asked before a component is dropped from the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from domain.codec import Codec, Recorded
from domain.deciders import JOURNEYS
from domain.ports import ComponentUse, EventStore, StoreUnavailable
from domain.states import Journey
from eventstore.postgres import translated
from readmodels.positions import newest_position, wait_for
from readmodels.projector import Connection, Folds, Pool

Row = tuple[str, str, str, str, date, date]


class DatabaseUses:
    name = "component_use"
    tables = """
        CREATE TABLE IF NOT EXISTS read.component_use (
            journey_id text NOT NULL,
            line_id text NOT NULL,
            component text NOT NULL,
            tariff text NOT NULL,
            starts_on date NOT NULL,
            ends_on date NOT NULL,
            PRIMARY KEY (journey_id, line_id)
        )"""
    clear = "TRUNCATE read.component_use"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool = pool
        self._folds = Folds(store, codec, JOURNEYS)

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        touched = [state for state, _ in await self._folds.touched(batch)]
        journeys = [state.file.journey_id for state in touched]
        await connection.execute("DELETE FROM read.component_use WHERE journey_id = ANY($1)", journeys)
        await connection.executemany(
            "INSERT INTO read.component_use VALUES ($1, $2, $3, $4, $5, $6)",
            [row for state in touched for row in _in_use(state)],
        )

    async def of_components(self, *, after: date) -> tuple[ComponentUse, ...]:
        with translated():
            if not await wait_for(self._pool, self.name, await newest_position(self._pool)):
                raise StoreUnavailable("the list of components in use has not got there yet")
            rows = await self._pool.fetch(
                """SELECT component, tariff, starts_on, ends_on, count(*) AS lines FROM read.component_use
                WHERE ends_on > $1 GROUP BY component, tariff, starts_on, ends_on""",
                after,
            )
        return tuple(ComponentUse(**row) for row in rows)


def _in_use(state: Journey) -> Iterator[Row]:
    """Lines that help can still be given on: an exit gives back what is left of each, and so does a plan without it."""
    for line_id, account in state.file.accounts.items():
        line = account.line
        if account.delivered < account.allocated:
            yield state.file.journey_id, line_id, line.component, line.tariff, line.starts_on, line.ends_on
