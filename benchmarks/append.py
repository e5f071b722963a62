"""What recording costs, beside the bare INSERT of the same row into a table with the same columns and indexes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import uuid4

import asyncpg

from benchmarks.measure import Act, Goal, Report, findings, in_turns
from domain.ports import NewEvent, StreamAppend
from eventstore.postgres import SERVER_SETTINGS, PostgresEventStore, create_pool
from runtime.embedded import Services, embedded
from starter.local import prepare_database

CONNECTIONS = (1, 8)
SECONDS, TURNS = 1.5, 3
RATE = Goal(at="least", ratio=0.6)
CONDITIONS = (
    "one event with its command, version and answer, beside the INSERT of that event alone (same columns, same "
    "indexes, prepared, a transaction each); a stream for each connection, synchronous commits, same run, in turns"
)

# The same table without what we do for it; also the same CHECKs, since they are part of what a row costs anybody.
TABLE = """
CREATE SCHEMA IF NOT EXISTS benchmark;
DROP TABLE IF EXISTS benchmark.event;
CREATE TABLE benchmark.event (LIKE teekond.event INCLUDING ALL);
"""
INSERT = """
INSERT INTO benchmark.event (
    stream_id, version, txid, tenant, kind, type, schema_version,
    body, sealed, subject_ids, meta, occurred_at, recorded_at, written_at, command_id
) VALUES ($1, $2, pg_current_xact_id(), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, clock_timestamp(), $13)
"""
NOW = datetime.now(UTC)
EVENT = NewEvent(
    type="contact.logged",
    schema_version=1,
    body=b'{"channel":"call","on":"2026-03-12","reached":true,"with_whom":"person"}',
    sealed=b'{"person-0123456789abcdef0123":"' + b"QUJD" * 40 + b'"}',
    subject_ids=("person-0123456789abcdef0123",),
    meta=b'{"actor":{"id":"case_manager.tori","municipality":"tori","role":"case_manager"},"command":"log-contact"}',
    occurred_at=NOW,
    recorded_at=NOW,
)
ANSWER = b'{"deadlines":[],"events":["contact.logged"],"stage":"delivery","version":1}'


async def run(home: Path) -> Report:
    async with embedded(home, temporal=False) as services:
        await prepare_database(services)
        async with _our_act(services) as ours, _bare_act(services) as bare:
            pairs = [
                (number, await in_turns(ours, bare, clients=number, seconds=SECONDS, turns=TURNS))
                for number in CONNECTIONS
            ]
    return Report(
        name="append",
        conditions=CONDITIONS,
        findings=findings(pairs, who="connection", what="append", p50=None, rate=RATE),
    )


@asynccontextmanager
async def _our_act(services: Services) -> AsyncIterator[Act]:
    pool = await create_pool(services.database_url, max_size=max(CONNECTIONS))
    store, streams = PostgresEventStore(pool), _streams()
    versions = [0] * len(streams)

    async def act(number: int) -> None:
        append = StreamAppend(
            stream_id=streams[number],
            kind="journeys",
            tenant="tori",
            expected_version=versions[number],
            events=(EVENT,),
        )
        await store.append([append], command_id=uuid4().hex, request_hash=uuid4().hex, result=ANSWER)
        versions[number] += 1

    try:
        yield act
    finally:
        await pool.close()


@asynccontextmanager
async def _bare_act(services: Services) -> AsyncIterator[Act]:
    """A connection for each, without a pool; asyncpg prepares the statement at its first use and keeps it."""
    streams = _streams()
    versions = [count(1) for _ in streams]
    async with AsyncExitStack() as stack:
        connections = []
        for _ in streams:
            connections.append(await asyncpg.connect(services.migration_database_url, server_settings=SERVER_SETTINGS))
            stack.push_async_callback(connections[-1].close)
        await connections[0].execute(TABLE)

        async def act(number: int) -> None:
            await connections[number].fetch(
                INSERT, streams[number], next(versions[number]), "tori", "journeys", EVENT.type, EVENT.schema_version,
                EVENT.body, EVENT.sealed, EVENT.subject_ids, EVENT.meta, EVENT.occurred_at, EVENT.recorded_at,
                uuid4().hex,
            )  # fmt: skip

        yield act


def _streams() -> list[str]:
    return [f"journey-{uuid4().hex[:20]}" for _ in range(max(CONNECTIONS))]
