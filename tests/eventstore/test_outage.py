"""When the database goes away, the store says so in one word, and goes on by itself when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from domain.ports import START, EventStore, QuotaMove, StoreUnavailable
from eventstore.migrate import migrate
from eventstore.postgres import PostgresEventStore, create_pool
from tests.eventstore.conftest import Server, connected, new_database, opened, start_postgres, waiting_for_a_lock
from tests.eventstore.examples import PATIENCE_SECONDS, everything, onto, step


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that may be stopped without disturbing other tests."""
    with start_postgres() as running:
        yield running


@pytest.fixture
async def own_database(own_server: Server) -> str:
    dsn = own_server.dsn(await new_database(own_server))
    async with connected(dsn) as connection:
        await migrate(connection)
    return dsn


async def every_method_fails(store: EventStore) -> None:
    for attempt in (
        step(store, "c2", onto("j2"), quotas=(QuotaMove(key="q", allowed=1),)),
        store.read("j1", command_id="c1"),
        store.read_all(after=START, limit=1),
        store.head("j1"),
        store.quota("q"),
    ):
        with pytest.raises(StoreUnavailable):
            await attempt


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_stopped_database_is_unavailable_and_the_same_store_goes_on_after_a_restart(
    own_server: Server, own_database: str, mode: str
) -> None:
    """Shut down in order or as in a crash: what was acknowledged is there afterwards, what was not can be repeated."""
    async with opened(own_database) as store:
        await step(store, "c1", onto("j1"))
        own_server.stop(mode)
        try:
            await every_method_fails(store)
            with pytest.raises(StoreUnavailable):
                await create_pool(own_database)
        finally:
            own_server.start()

        assert (await step(store, "c1", onto("j1"))).duplicate
        assert not (await step(store, "c2", onto("j2"))).duplicate
        assert len(await everything(store)) == 2


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_steps_under_way_when_the_database_dies_are_stored_once_after_a_retry(
    own_server: Server, own_database: str, mode: str
) -> None:
    """Some were stored though their answer was lost; nobody can tell. The same command id makes the retry safe."""

    restarted = asyncio.Event()

    async def insist(store: EventStore, name: int) -> tuple[int, int]:
        """One step after the other, each until it is answered: how many, and how many attempts were not."""
        version = unanswered = 0
        while not restarted.is_set():
            try:
                await step(store, f"{name}-{version}", onto(f"j{name}", version))
                version += 1
            except StoreUnavailable:
                unanswered += 1
                await asyncio.sleep(0.01)
        await step(store, f"{name}-{version}", onto(f"j{name}", version))
        return version + 1, unanswered

    async with opened(own_database) as store:
        working = asyncio.gather(*(insist(store, name) for name in range(8)))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(await everything(store)) < 8:
                pass
        await asyncio.to_thread(own_server.stop, mode)
        await asyncio.to_thread(own_server.start)
        restarted.set()
        told = await working

        assert sum(unanswered for _, unanswered in told) > 0
        for name, (steps, _) in enumerate(told):
            stored = [event.command_id for event in (await store.read(f"j{name}")).events]
            assert stored == [f"{name}-{number}" for number in range(steps)]
        assert len(await everything(store)) == sum(steps for steps, _ in told)


async def test_a_closed_pool_is_unavailable(database: str) -> None:
    async with opened(database) as store:
        await store._pool.close()

        await every_method_fails(store)


async def test_a_connection_cut_off_by_the_administrator_is_unavailable_once(database: str) -> None:
    async with opened(database, max_size=1) as store, connected(database) as administrator:
        async with locked(administrator):
            waiting = asyncio.create_task(step(store, "c1", onto("j1")))
            await waiting_for_a_lock(database)
            await administrator.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                """
            )
            with pytest.raises(StoreUnavailable):
                await waiting

        assert not (await step(store, "c1", onto("j1"))).duplicate


async def test_connections_cut_again_and_again_lose_and_double_nothing(database: str) -> None:
    """Also those that are cut while idle and used before they know it."""
    done = asyncio.Event()

    async def insist(store: EventStore, name: int) -> int:
        version = 0
        while not done.is_set():
            try:
                await step(store, f"{name}-{version}", onto(f"j{name}", version))
                version += 1
            except StoreUnavailable:
                pass
        return version

    async with opened(database) as store, connected(database) as administrator:
        working = asyncio.gather(*(insist(store, name) for name in range(8)))
        for _ in range(60):
            await administrator.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                """
            )
        done.set()
        counted = await working

    async with opened(database) as store:
        for name, steps in enumerate(counted):
            stored = [event.command_id for event in (await store.read(f"j{name}")).events]
            # The last step may have been stored though its answer was lost.
            assert stored[:steps] == [f"{name}-{number}" for number in range(steps)]
            assert stored[steps:] in ([], [f"{name}-{steps}"])


@pytest.mark.parametrize("setting", ["lock_timeout", "statement_timeout", "transaction_timeout"])
async def test_waiting_for_too_long_is_unavailable(database: str, setting: str) -> None:
    """A lock that does not come, a query or transaction that does not end: tried again later, not reported as a bug."""
    async with connected(database) as administrator:
        name = await administrator.fetchval("SELECT current_database()")
        await administrator.execute(f"ALTER DATABASE {name} SET {setting} = '50ms'")
        async with unconfigured(database) as store, locked(administrator):
            with pytest.raises(StoreUnavailable):
                await step(store, "c1", onto("j1"))


async def test_a_pool_without_a_free_connection_is_unavailable(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventstore.postgres.CONNECT_SECONDS", 0.05)
    async with opened(database, max_size=1) as store, store._pool.acquire():
        await every_method_fails(store)


async def test_a_database_that_only_reads_is_unavailable_for_writing(database: str) -> None:
    """As a standby is in the middle of a fail-over."""
    async with connected(database) as administrator:
        name = await administrator.fetchval("SELECT current_database()")
        await administrator.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with opened(database) as store:
        with pytest.raises(StoreUnavailable):
            await step(store, "c1", onto("j1"))

        assert (await store.read("j1")).events == ()


async def test_a_server_with_too_many_connections_is_unavailable(database: str) -> None:
    async with connected(database) as administrator:
        name = await administrator.fetchval("SELECT current_database()")
        await administrator.execute(
            f"CREATE ROLE crowded LOGIN CONNECTION LIMIT 0; GRANT teekond_app TO crowded; -- {name}"
        )

    with pytest.raises(StoreUnavailable):
        await create_pool(database.replace("postgres@", "crowded@"))


async def test_a_bug_is_not_called_an_outage(postgres: PostgresEventStore) -> None:
    """An error that trying again cannot heal must be seen."""
    with pytest.raises(asyncpg.DataError):
        await postgres.read("j1", after="three")  # type: ignore[arg-type]
    with pytest.raises(asyncpg.InterfaceError, match="expects 1 argument"):
        await postgres._fetch("head", "one", "too many")


@asynccontextmanager
async def locked(connection: asyncpg.Connection[asyncpg.Record]) -> AsyncIterator[None]:
    """Nobody can append meanwhile."""
    async with connection.transaction():
        await connection.execute("LOCK TABLE teekond.stream IN ACCESS EXCLUSIVE MODE")
        yield


@asynccontextmanager
async def unconfigured(dsn: str) -> AsyncIterator[PostgresEventStore]:
    """A store whose time-outs are those of the server."""
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=1)
    try:
        yield PostgresEventStore(pool)
    finally:
        pool.terminate()
