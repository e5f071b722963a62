"""What holds when many write and read at the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import asyncpg

from domain.ports import START, Appended, EventStore, Position, Quota, QuotaExceeded, QuotaMove, VersionConflict
from eventstore.postgres import PostgresEventStore
from eventstore.queries import QUERIES
from tests.eventstore.conftest import connected, opened, waiting_for_a_lock
from tests.eventstore.examples import everything, onto, step


async def gathered(*attempts: Awaitable[Appended]) -> list[Appended | BaseException]:
    return list(await asyncio.gather(*attempts, return_exceptions=True))


async def test_the_same_command_fifty_times_at_once_is_one_event_and_one_answer(store: EventStore) -> None:
    """A retry beside its first attempt waits for it, and is then a duplicate, never a conflict."""
    answers = await asyncio.gather(*(step(store, "c1", onto("j1")) for _ in range(50)))

    assert Counter(answer.duplicate for answer in answers) == {True: 49, False: 1}
    assert len({(answer.result, answer.position) for answer in answers}) == 1
    assert len(await everything(store)) == 1


async def test_of_many_steps_from_the_same_version_one_is_recorded(store: EventStore) -> None:
    await step(store, "first", onto("j1"))

    outcomes = await gathered(*(step(store, f"c{n}", onto("j1", 1)) for n in range(20)))

    assert Counter(type(outcome) for outcome in outcomes) == {Appended: 1, VersionConflict: 19}


async def test_of_64_contenders_for_one_place_one_gets_it(store: EventStore) -> None:
    await step(store, "opened", onto("a1"), quotas=(QuotaMove(key="places", allowed=1),))
    taken = (QuotaMove(key="places", used=1),)

    outcomes = await gathered(*(step(store, f"c{n}", onto(f"j{n}"), quotas=taken) for n in range(64)))

    assert Counter(type(outcome) for outcome in outcomes) == {Appended: 1, QuotaExceeded: 63}
    assert await store.quota("places") == Quota(used=1, allowed=1)
    assert len(await everything(store)) == 2


async def test_streams_are_locked_in_one_order_whatever_order_they_are_given_in(database: str) -> None:
    """Both steps begin with the first stream, so one waits for the other and then sees the conflict. Begun from their
    own ends, they would meet at the middle one, which is held here, and wait for each other for ever."""
    names = ["a", "m", "z"]
    async with opened(database) as store, connected(database) as administrator:
        await step(store, "opened", *(onto(name) for name in names))
        async with administrator.transaction():
            await administrator.execute("SELECT FROM teekond.stream WHERE stream_id = 'm' FOR UPDATE")
            attempts = [
                asyncio.create_task(step(store, f"c{order}", *(onto(name, 1) for name in order)))
                for order in (names, names[::-1])
            ]
            await waiting_for_a_lock(database, sessions=2)

        outcomes = await gathered(*attempts)

    assert Counter(type(outcome) for outcome in outcomes) == {Appended: 1, VersionConflict: 1}


async def test_bounds_are_locked_in_one_order_whatever_order_they_are_given_in(database: str) -> None:
    """As with streams; both find room in the end."""
    names = ["a", "m", "z"]
    async with opened(database) as store, connected(database) as administrator:
        await step(store, "opened", onto("j"), quotas=tuple(QuotaMove(key=name, allowed=2) for name in names))
        async with administrator.transaction():
            await administrator.execute("SELECT FROM teekond.quota WHERE key = 'm' FOR UPDATE")
            attempts = [
                asyncio.create_task(
                    step(store, f"c{order}", onto(f"{order}"), quotas=tuple(QuotaMove(key=n, used=1) for n in order))
                )
                for order in (names, names[::-1])
            ]
            await waiting_for_a_lock(database, sessions=2)

        assert [type(outcome) for outcome in await gathered(*attempts)] == [Appended, Appended]
        assert [await store.quota(name) for name in names] == [Quota(used=2, allowed=2)] * 3


async def test_a_retry_whose_first_attempt_failed_takes_its_place(database: str) -> None:
    """The claim on a command id ends with the attempt that made it; who waited behind it then goes on."""
    async with opened(database) as store, unfinished(database) as (held, transaction):
        await step(held, "c1", onto("j1"))
        retry = asyncio.create_task(step(store, "c1", onto("j1")))
        await waiting_for_a_lock(database)

        await transaction.rollback()

        assert (await retry).duplicate is False


async def test_a_retry_waits_for_its_first_attempt(database: str) -> None:
    async with opened(database) as store, unfinished(database) as (held, transaction):
        first = await step(held, "c1", onto("j1"))
        retry = asyncio.create_task(step(store, "c1", onto("j1")))
        await waiting_for_a_lock(database)

        await transaction.commit()

        answer = await retry
        assert (answer.duplicate, answer.position) == (True, first.position)


class Reader:
    """Reads what is new in the whole store, again and again; remembers how far it got and which commands it saw."""

    def __init__(self, store: PostgresEventStore) -> None:
        self.store = store
        self.after = START
        self.seen: list[str] = []

    async def look(self) -> None:
        while found := await self.store.read_all(after=self.after, limit=7):
            self.seen += [event.command_id for event in found]
            self.after = found[-1].position


class BrokenReader:
    """The control: goes by numbers alone and takes whatever is committed, as many event stores do."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection
        self.after = 0
        self.seen: list[str] = []

    async def look(self) -> None:
        rows = await self.connection.fetch(
            "SELECT position, command_id FROM teekond.event WHERE position > $1 ORDER BY position", self.after
        )
        self.seen += [row["command_id"] for row in rows]
        self.after = max((row["position"] for row in rows), default=self.after)


class HastyReader:
    """Another control: the right order, but without waiting for transactions that are still open."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection
        self.after = START
        self.seen: list[str] = []

    async def look(self) -> None:
        rows = await self.connection.fetch(
            """
            SELECT txid, position, command_id FROM teekond.event
            WHERE (txid, position) > ($1, $2) ORDER BY txid, position
            """,
            self.after.txid,
            self.after.number,
        )
        self.seen += [row["command_id"] for row in rows]
        self.after = max((Position(txid=row["txid"], number=row["position"]) for row in rows), default=self.after)


async def test_who_commits_late_is_not_skipped(database: str) -> None:
    """The first writer takes its number and stays open; the second overtakes it. Nobody reads the second before the
    first has ended. The controls, who do, lose the first for ever."""
    async with opened(database) as store, connected(database) as plain, unfinished(database) as (held, transaction):
        reader, broken, hasty = Reader(store), BrokenReader(plain), HastyReader(plain)
        await step(held, "early", onto("j1"))
        await step(store, "late", onto("j2"))

        for each in (reader, broken, hasty):
            await each.look()
        assert (reader.seen, broken.seen, hasty.seen) == ([], ["late"], ["late"])

        await transaction.commit()
        for each in (reader, broken, hasty):
            await each.look()
        assert reader.seen == ["early", "late"]
        assert (broken.seen, hasty.seen) == (["late"], ["late"])


async def test_a_transaction_that_fails_holds_readers_back_only_while_it_is_open(database: str) -> None:
    async with opened(database) as store, unfinished(database) as (held, transaction):
        await step(held, "early", onto("j1"))
        await step(store, "late", onto("j2"))
        assert await everything(store) == []

        await transaction.rollback()

        assert [event.command_id for event in await everything(store)] == ["late"]


async def test_under_many_writers_who_commit_in_any_order_every_event_is_read_once_in_order(database: str) -> None:
    """Eight writers hold their transactions open for a varying while; the reader looks all the time. The broken
    control, looking as often, loses some."""
    writers, steps = 8, 40
    done = asyncio.Event()

    async def write(name: int) -> None:
        async with connected(database) as connection:
            store = HeldStore(connection)
            for number in range(steps):
                async with connection.transaction():
                    await step(store, f"{name}-{number}", onto(f"j{name}", number))
                    for _ in range((name * 7 + number * 3) % 5):
                        await connection.fetchval("SELECT 1")

    async def follow(reader: Reader | BrokenReader) -> None:
        while not done.is_set():
            await reader.look()
        await reader.look()

    async with opened(database) as store, connected(database) as plain:
        reader, broken = Reader(store), BrokenReader(plain)
        following = asyncio.gather(follow(reader), follow(broken))
        await asyncio.gather(*(write(name) for name in range(writers)))
        done.set()
        await following

    written = {f"{name}-{number}" for name in range(writers) for number in range(steps)}
    assert len(reader.seen) == len(written)
    assert set(reader.seen) == written
    for name in range(writers):
        assert [c for c in reader.seen if c.startswith(f"{name}-")] == [f"{name}-{n}" for n in range(steps)]
    assert len(set(broken.seen)) < len(written), "the control lost nothing: this test no longer shows anything"


class HeldStore(PostgresEventStore):
    """A store whose every step is part of the transaction that the test holds open on its one connection."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        return await self._connection.fetch(QUERIES[query], *arguments)


@asynccontextmanager
async def unfinished(database: str) -> AsyncIterator[tuple[PostgresEventStore, asyncpg.transaction.Transaction]]:
    """A store whose appends stay in one open transaction, which the test ends when it wants."""
    async with connected(database) as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield HeldStore(connection), transaction
