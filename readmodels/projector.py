"""Keeps the read models close behind the record: the same events, in the same order, each applied once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, Protocol, TypeAlias, TypeVar

import asyncpg
import structlog

from domain.codec import Codec, Recorded
from domain.deciders import Decider
from domain.ports import EventStore, Position, StoreUnavailable
from readmodels.positions import position_of

log = structlog.get_logger()
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
S = TypeVar("S")

BATCH = 500
BUSY, IDLE = 0.05, 0.2  # seconds between looks
KEPT = 10_000

CHECKPOINTS = """
CREATE TABLE IF NOT EXISTS read.checkpoint (
    model text PRIMARY KEY, txid bigint NOT NULL, number bigint NOT NULL
)"""


class ReadModel(Protocol):
    """One question a screen asks. What it keeps can be thrown away and made again from the record."""

    name: str
    tables: str  # CREATE ... IF NOT EXISTS
    clear: str  # TRUNCATE ...

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None: ...


class Follower(Protocol):
    """Acts on facts outside the database; at least once each, so twice must change nothing."""

    name: str
    asks: Sequence[str]  # read models it looks into: it is told of nothing that these do not show yet

    async def react(self, batch: Sequence[Recorded]) -> None: ...


class Folds(Generic[S]):
    """The streams of one kind as a read model last saw them."""

    def __init__(self, store: EventStore, codec: Codec, decider: Decider[S]) -> None:
        self._store, self._codec, self._decider = store, codec, decider
        self._kept: OrderedDict[str, tuple[S, Recorded]] = OrderedDict()

    async def touched(self, batch: Sequence[Recorded]) -> list[tuple[S, Recorded]]:
        """Every stream of this kind that the batch is about, as it stands, with its last event."""
        ours = [told for told in batch if told.kind == self._decider.kind]
        for told in ours:
            await self._advance(told)
        found = [self._kept[stream_id] for stream_id in dict.fromkeys(told.stream_id for told in ours)]
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    async def _advance(self, told: Recorded) -> None:
        kept = self._kept.get(told.stream_id)
        state, version = (None, 0) if kept is None else (kept[0], kept[1].version)
        if told.version == version + 1:
            events = [told]
        elif told.version <= version:
            return
        else:
            found = await self._store.read(told.stream_id, after=version)
            events = [self._codec.decode(each) for each in found.events]
        for each in events:
            state = self._decider.evolve(state, each.event, told.stream_id, each.version)
        assert state is not None, "the event itself is among them"
        self._kept[told.stream_id] = (state, events[-1])
        self._kept.move_to_end(told.stream_id)


class Projector:
    """Several may run: each batch is taken under a lock on its checkpoint, and the loser looks again."""

    def __init__(
        self,
        pool: Pool,
        store: EventStore,
        codec: Codec,
        models: Sequence[ReadModel],
        followers: Sequence[Follower] = (),
    ) -> None:
        self._pool, self._store, self._codec = pool, store, codec
        self._models, self._followers = models, followers

    async def prepare(self) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('teekond read models'))")
            await connection.execute(CHECKPOINTS)
            for model in self._models:
                await connection.execute(model.tables)
            for name in [*(each.name for each in self._models), *(each.name for each in self._followers)]:
                await connection.execute("INSERT INTO read.checkpoint VALUES ($1, 0, 0) ON CONFLICT DO NOTHING", name)

    async def run(self) -> None:
        """Until cancelled. Each goes its own way: while Temporal is away the followers wait, and the lists go on."""
        async with asyncio.TaskGroup() as group:
            for model in self._models:
                group.create_task(self._keep_up(model.name, partial(self._project, model)))
            for follower in self._followers:
                group.create_task(self._keep_up(follower.name, partial(self._follow, follower)))

    async def _keep_up(self, name: str, take_a_batch: Callable[[], Awaitable[bool]]) -> None:
        """Outlasts an outage of the database, or of whatever a follower acts on."""
        while True:
            moved = False
            try:
                moved = await take_a_batch()
            except (StoreUnavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as outage:
                log.warning("waits for the record", who=name, error=repr(outage))
            except Exception:
                log.exception("stands still", who=name)
                await asyncio.sleep(1)
            await asyncio.sleep(BUSY if moved else IDLE)

    async def catch_up(self) -> bool:
        """Applies what is there, one batch for each; whether there was anything."""
        moved = False
        for model in self._models:
            moved = await self._project(model) or moved
        for follower in self._followers:
            moved = await self._follow(follower) or moved
        return moved

    async def to_the_end(self) -> None:
        while await self.catch_up():
            pass

    async def rebuild(self, model: ReadModel) -> None:
        """Empties the read model and lets it start again from the first event."""
        async with self._pool.acquire() as connection, connection.transaction():
            # The checkpoint first, as everybody does: the other way round two of them would wait for each other.
            await connection.execute("UPDATE read.checkpoint SET txid = 0, number = 0 WHERE model = $1", model.name)
            await connection.execute(model.clear)

    async def _project(self, model: ReadModel) -> bool:
        reached, batch = await self._next(model.name)
        if not batch:
            return False
        # Read before writing: a write transaction held open over the read would hold back every reader of the store.
        async with self._pool.acquire() as connection, connection.transaction():
            if await self._claim(connection, model.name, reached):
                await model.apply(connection, batch)
                await self._advance(connection, model.name, batch[-1].position)
        return True

    async def _follow(self, follower: Follower) -> bool:
        reached, batch = await self._next(follower.name)
        for name in follower.asks:
            shown = await position_of(self._pool, name)
            batch = [told for told in batch if told.position <= shown]
        if not batch:
            return False
        await follower.react(batch)
        async with self._pool.acquire() as connection, connection.transaction():
            if await self._claim(connection, follower.name, reached):
                await self._advance(connection, follower.name, batch[-1].position)
        return True

    async def _next(self, name: str) -> tuple[Position, list[Recorded]]:
        reached = await position_of(self._pool, name)
        stored = await self._store.read_all(after=reached, limit=BATCH)
        return reached, [self._codec.decode(each) for each in stored]

    async def _claim(self, connection: Connection, name: str, reached: Position) -> bool:
        row = await connection.fetchrow(
            "SELECT 1 FROM read.checkpoint WHERE model = $1 AND txid = $2 AND number = $3 FOR UPDATE",
            name, reached.txid, reached.number,
        )  # fmt: skip
        return row is not None

    async def _advance(self, connection: Connection, name: str, position: Position) -> None:
        await connection.execute(
            "UPDATE read.checkpoint SET txid = $2, number = $3 WHERE model = $1",
            name, position.txid, position.number,
        )  # fmt: skip
