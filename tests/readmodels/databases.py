"""A database of its own for a test, on the PostgreSQL that all share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from domain.cipher import NullCipher
from domain.codec import Codec, Recorded
from domain.ports import START, Position
from eventstore.migrate import migrate
from eventstore.postgres import PostgresEventStore, create_pool
from readmodels.positions import position_of
from readmodels.projector import Pool, Projector
from runtime.embedded import Services, grant

CODEC = Codec(NullCipher())
_numbers = count(1)
_prepared: set[str] = set()
MIGRATED = "migrated_for_tests"


@asynccontextmanager
async def fresh_pool(services: Services) -> AsyncIterator[Pool]:
    """Migrated, with nothing recorded."""
    async with fresh_database(services) as (pool, _):
        yield pool


@asynccontextmanager
async def fresh_database(services: Services) -> AsyncIterator[tuple[Pool, str]]:
    """And where others find it."""
    name = f"of_a_test_{next(_numbers)}"
    owner = services.migration_database_url
    if owner not in _prepared:
        await _prepare(services)
        _prepared.add(owner)
    await _create(owner, name, template=MIGRATED)
    url = _named(services.database_url, name)
    pool = await create_pool(url)
    try:
        yield pool, url
    finally:
        pool.terminate()


async def _prepare(services: Services) -> None:
    """One to copy from: to migrate each by itself took most of a test's time."""
    owner = services.migration_database_url
    await _create(owner, MIGRATED, template="template0")
    connection = await asyncpg.connect(_named(owner, MIGRATED))
    try:
        await migrate(connection)
    finally:
        await connection.close()
    await grant(services, "teekond_app")


async def _create(owner: str, name: str, *, template: str) -> None:
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    finally:
        await connection.close()


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def everything(pool: Pool) -> list[Recorded]:
    """All that was recorded. What was committed is shown when no older transaction of the cluster is open any more."""
    store = PostgresEventStore(pool)
    wanted = await pool.fetchval("SELECT count(*) FROM teekond.event")
    while len(stored := await store.read_all(after=START, limit=100_000)) < wanted:
        pass
    return [CODEC.decode(each) for each in stored]


async def shown(projector: Projector, pool: Pool, *names: str) -> Position:
    """Projects until these have got to the end of the record."""
    end = (await everything(pool))[-1].position
    while min([await position_of(pool, name) for name in names]) < end:
        await projector.catch_up()
    return end
