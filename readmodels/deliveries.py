"""What was delivered by whom, where and when, and what of it is not claimed yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from domain import events as e
from domain.care import ClaimRow
from domain.codec import Codec, Recorded
from domain.deciders import JOURNEYS
from domain.ports import EventStore, StoreUnavailable
from domain.states import CaseFile, Delivery, Journey
from eventstore.postgres import translated
from readmodels.positions import newest_position, wait_for
from readmodels.projector import Connection, Folds, Pool

TOUCHING = (
    e.DeliveryRecorded, e.DeliveryCorrected, e.DeliveryDisputed, e.DisputeSettled, e.DeliveriesClaimed, e.RecoveryOpened,
    e.RecoveryWithdrawn, e.PaymentRecorded,
)  # fmt: skip


class Deliveries:
    name = "deliveries"
    tables = """
        CREATE TABLE IF NOT EXISTS read.delivery (
            delivery_id text PRIMARY KEY,
            journey_id text NOT NULL,
            version bigint NOT NULL,
            line_id text NOT NULL,
            municipality text NOT NULL,
            provider_id text NOT NULL,
            day date NOT NULL,
            component text NOT NULL,
            tariff text NOT NULL,
            minutes integer NOT NULL,
            cents integer NOT NULL,
            claimable integer NOT NULL
        );
        CREATE INDEX IF NOT EXISTS delivery_claimable
            ON read.delivery (provider_id, municipality, day) WHERE claimable <> 0;
        CREATE INDEX IF NOT EXISTS delivery_journey ON read.delivery (journey_id)"""
    clear = "TRUNCATE read.delivery"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool = pool
        self._folds = Folds(store, codec, JOURNEYS)

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        changed = {told.stream_id for told in batch if isinstance(told.event, TOUCHING)}
        touched = [each for each in await self._folds.touched(batch) if each[1].stream_id in changed]
        await connection.executemany(
            """INSERT INTO read.delivery AS d VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (delivery_id) DO UPDATE SET
                version = excluded.version, municipality = excluded.municipality, minutes = excluded.minutes,
                cents = excluded.cents, claimable = excluded.claimable
            WHERE d.version < excluded.version AND (d.minutes, d.cents, d.claimable, d.municipality)
                <> (excluded.minutes, excluded.cents, excluded.claimable, excluded.municipality)""",
            [row for state, last in touched for row in _rows(state, last)],
        )

    async def up_to(self, day: date, *, provider_id: str, municipality: str) -> tuple[ClaimRow, ...]:
        """Raises StoreUnavailable where the list does not get to what is recorded by now."""
        with translated():
            if not await wait_for(self._pool, self.name, await newest_position(self._pool)):
                raise StoreUnavailable("the list of deliveries has not got there yet")
            rows = await self._pool.fetch(
                """SELECT journey_id, delivery_id, line_id, day, component, tariff, minutes, claimable AS cents
                FROM read.delivery
                WHERE provider_id = $1 AND municipality = $2 AND day <= $3 AND claimable <> 0
                ORDER BY journey_id, day, delivery_id""",
                provider_id, municipality, day,
            )  # fmt: skip
        return tuple(ClaimRow(**row) for row in rows)

    async def journey_of(self, delivery_id: str) -> str | None:
        """Where a delivery is recorded; None where there is none, or this list does not get to it yet."""
        with translated():
            find = "SELECT journey_id FROM read.delivery WHERE delivery_id = $1"
            found: str | None = await self._pool.fetchval(find, delivery_id)
            if found is None and await wait_for(self._pool, self.name, await newest_position(self._pool)):
                found = await self._pool.fetchval(find, delivery_id)
        return found


def _rows(state: Journey, last: Recorded) -> Iterator[tuple[object, ...]]:
    file = state.file
    for delivery in file.deliveries.values():
        yield (
            delivery.delivery_id, file.journey_id, last.version, delivery.line_id, _claimed_from(delivery, file),
            delivery.provider_id, delivery.day, delivery.component, delivery.tariff, delivery.minutes, delivery.cents,
            delivery.claimable,
        )  # fmt: skip


def _claimed_from(delivery: Delivery, file: CaseFile) -> str:
    """Whose line it is on; a history may have a delivery without its budget."""
    account = file.accounts.get(delivery.line_id)
    return file.municipality if account is None else file.payer(account)
