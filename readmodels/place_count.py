"""Which agreements have something to offer, and when: a free place for somebody who waits, or an offer that expired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from domain.agreement import Agreement
from domain.codec import Codec, Recorded
from domain.deciders import AGREEMENTS
from domain.ports import EventStore
from readmodels.projector import Connection, Folds, Pool

FAR = date(9999, 12, 31)


class PlaceCount:
    name = "places"
    tables = """
        CREATE TABLE IF NOT EXISTS read.places (
            agreement text PRIMARY KEY,
            version bigint NOT NULL,
            taken integer NOT NULL,
            offered integer NOT NULL,
            waiting integer NOT NULL,
            expires_on date NOT NULL,      -- last day of the offer that expires first; far off where there is none
            offers_from date[] NOT NULL,   -- in these periods somebody can be offered a place
            offers_to date[] NOT NULL
        )"""
    clear = "TRUNCATE read.places"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool = pool
        self._folds = Folds(store, codec, AGREEMENTS)

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        touched = await self._folds.touched(batch)
        await connection.executemany(
            """INSERT INTO read.places AS p VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (agreement) DO UPDATE SET version = excluded.version,
                taken = excluded.taken, offered = excluded.offered, waiting = excluded.waiting,
                expires_on = excluded.expires_on, offers_from = excluded.offers_from, offers_to = excluded.offers_to
            WHERE p.version < excluded.version""",
            [_row(state) for state, _ in touched],
        )

    async def with_offers_due(self, today: date) -> tuple[str, ...]:
        """Agreements with an offer to make, or one that was not answered in time."""
        rows = await self._pool.fetch(
            """SELECT agreement FROM read.places
            WHERE expires_on < $1
               OR EXISTS (SELECT FROM unnest(offers_from, offers_to) AS o (first, last) WHERE $1 BETWEEN first AND last)
            ORDER BY agreement""",
            today,
        )
        return tuple(row["agreement"] for row in rows)


def _row(state: Agreement) -> tuple[object, ...]:
    """Within one period nothing becomes possible or impossible by the day alone."""
    offering = [terms for terms in state.terms if state.could_be_offered(terms.valid_from)]
    return (
        state.agreement,
        state.version,
        len(state.holdings),
        len(state.offers),
        len(state.waiting),
        min((each.expires.on for each in state.offers.values() if each.expires is not None), default=FAR),
        [terms.valid_from for terms in offering],
        [terms.valid_to or FAR for terms in offering],
    )
