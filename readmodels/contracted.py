"""Who is under contract: for each municipality the providers that ever had a contract there."""

from __future__ import annotations

from collections.abc import Sequence

from domain.codec import Codec, Recorded
from domain.deciders import PROVIDERS
from domain.parties import Provider
from domain.ports import EventStore
from readmodels.projector import Connection, Folds, Pool


class Contracted:
    """Finds the candidates; whether a contract covers a day and a component, the provider's own stream says."""

    name = "contracted"
    tables = """
        CREATE TABLE IF NOT EXISTS read.contracted (
            provider_id text PRIMARY KEY,
            version bigint NOT NULL,
            municipalities text[] NOT NULL
        );
        CREATE INDEX IF NOT EXISTS contracted_municipalities ON read.contracted USING gin (municipalities)"""
    clear = "TRUNCATE read.contracted"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool = pool
        self._folds = Folds(store, codec, PROVIDERS)

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        touched = await self._folds.touched(batch)
        await connection.executemany(
            """INSERT INTO read.contracted AS c VALUES ($1, $2, $3)
            ON CONFLICT (provider_id) DO UPDATE SET version = excluded.version, municipalities = excluded.municipalities
            WHERE c.version < excluded.version""",
            [(state.provider_id, last.version, _municipalities(state)) for state, last in touched],
        )

    async def in_municipality(self, municipality: str) -> tuple[str, ...]:
        rows = await self._pool.fetch(
            "SELECT provider_id FROM read.contracted WHERE municipalities @> ARRAY[$1] ORDER BY provider_id",
            municipality,
        )
        return tuple(row["provider_id"] for row in rows)


def _municipalities(provider: Provider) -> list[str]:
    return sorted({each for contract in provider.contracts for each in contract.municipalities})
