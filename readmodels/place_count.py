"""How many places each agreement has, how many are taken, and how many people wait."""

from __future__ import annotations

from collections.abc import Sequence

from domain.codec import Codec, Recorded
from domain.deciders import AGREEMENTS
from domain.ports import EventStore
from readmodels.projector import Connection, Folds, Pool


class PlaceCount:
    name = "place_count"
    tables = """
        CREATE TABLE IF NOT EXISTS read.place_count (
            agreement text PRIMARY KEY,
            version bigint NOT NULL,
            places integer NOT NULL,
            taken integer NOT NULL,
            offered integer NOT NULL,
            waiting integer NOT NULL
        )"""
    clear = "TRUNCATE read.place_count"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool = pool
        self._folds = Folds(store, codec, AGREEMENTS)

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        touched = await self._folds.touched(batch)
        await connection.executemany(
            """INSERT INTO read.place_count AS p VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (agreement) DO UPDATE SET version = excluded.version, places = excluded.places,
                taken = excluded.taken, offered = excluded.offered, waiting = excluded.waiting
            WHERE p.version < excluded.version""",
            [
                (
                    state.agreement,
                    state.version,
                    state.places,
                    len(state.occupied),
                    len(state.offered),
                    len(state.waiting),
                )
                for state, _ in touched
            ],
        )

    async def with_offers_to_make(self) -> tuple[str, ...]:
        """Agreements with a place that is neither taken nor offered, and somebody who has no offer yet."""
        rows = await self._pool.fetch(
            """SELECT agreement FROM read.place_count
            WHERE taken + offered < places AND waiting > offered ORDER BY agreement"""
        )
        return tuple(row["agreement"] for row in rows)
