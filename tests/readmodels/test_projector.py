"""Each event reaches each read model once and each follower at least once, whoever dies, and whoever else is held up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from domain.codec import Recorded
from domain.ports import Position
from eventstore.postgres import PostgresEventStore
from readmodels import positions
from readmodels import projector as projecting
from readmodels.positions import position_of, wait_for
from readmodels.projector import Connection, Follower, Pool, Projector, ReadModel
from tests.activities.examples import NOON, call, given_a_person, given_the_programme, recorder, referral, step
from tests.readmodels.databases import CODEC, everything, shown


class Tally:
    """Adds up how often it was given each event; an event given twice would be counted twice."""

    tables = "CREATE TABLE IF NOT EXISTS read.tally (number bigint PRIMARY KEY, times integer NOT NULL)"
    clear = "TRUNCATE read.tally"

    def __init__(self, name: str = "tally") -> None:
        self.name = name

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        await connection.executemany(
            "INSERT INTO read.tally AS t VALUES ($1, 1) ON CONFLICT (number) DO UPDATE SET times = t.times + 1",
            [(told.position.number,) for told in batch],
        )


class Broken(Tally):
    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        raise ZeroDivisionError


class Listener:
    """Remembers what it was told; `falls_over` after acting, as if its process died before it could note that it had."""

    name = "listener"

    def __init__(self, *, asks: Sequence[str] = (), falls_over: int = 0) -> None:
        self.asks, self._falls_over = asks, falls_over
        self.told: list[Position] = []

    async def react(self, batch: Sequence[Recorded]) -> None:
        self.told += [told.position for told in batch]
        if self._falls_over:
            self._falls_over -= 1
            raise ConnectionError("killed")


class CutOff(Listener):
    """Whatever it acts on does not answer."""

    async def react(self, batch: Sequence[Recorded]) -> None:
        await asyncio.Event().wait()


@pytest.fixture
async def store(pool: Pool) -> PostgresEventStore:
    """With the programme and one journey recorded."""
    found = PostgresEventStore(pool)
    clerk = recorder(found)
    await given_the_programme(clerk, NOON)
    await given_a_person(clerk, NOON)
    await clerk.record(step(referral("person-1", NOON), "journey-1", at=NOON))
    return found


async def log_calls(store: PostgresEventStore, number: int) -> None:
    clerk = recorder(store)
    for _ in range(number):
        await clerk.record(step(call(NOON), "journey-1", at=NOON))


async def projector_of(pool: Pool, models: Sequence[ReadModel] = (), followers: Sequence[Follower] = ()) -> Projector:
    made = Projector(pool, PostgresEventStore(pool), CODEC, models, followers)
    await made.prepare()
    return made


async def tallied(pool: Pool) -> list[int]:
    return [row["times"] for row in await pool.fetch("SELECT times FROM read.tally")]


async def running(projector: Projector) -> asyncio.Task[None]:
    return asyncio.create_task(projector.run())


async def stopped(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


# ── Read models: once ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_two_instances_at_once_apply_each_event_once(
    pool: Pool, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small batches, so that they meet often; the loser of a batch looks again."""
    monkeypatch.setattr(projecting, "BATCH", 3)
    monkeypatch.setattr(projecting, "BUSY", 0)
    both = [await running(await projector_of(pool, [Tally()])) for _ in range(2)]
    await log_calls(store, 40)
    recorded = await everything(pool)
    while await position_of(pool, "tally") < recorded[-1].position:
        assert not any(task.done() for task in both)
    await stopped(*both)
    assert await tallied(pool) == [1] * len(recorded)


async def test_a_read_model_made_anew_starts_with_the_first_event(pool: Pool, store: PostgresEventStore) -> None:
    projector, tally = await projector_of(pool, [Tally()]), Tally()
    await shown(projector, pool, "tally")
    await projector.rebuild(tally)
    assert await tallied(pool) == []
    await shown(projector, pool, "tally")
    assert await tallied(pool) == [1] * len(await everything(pool))


async def test_making_one_anew_while_it_is_projected_ends_well_for_both(
    pool: Pool, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take the checkpoint first; in another order each would hold what the other waits for."""
    monkeypatch.setattr(projecting, "BATCH", 1)
    monkeypatch.setattr(projecting, "BUSY", 0)
    projector, tally = await projector_of(pool, [Tally()]), Tally()
    task = await running(projector)
    for _ in range(20):
        await projector.rebuild(tally)
    recorded = await everything(pool)
    while await position_of(pool, "tally") < recorded[-1].position:
        assert not task.done()
    await stopped(task)
    assert await tallied(pool) == [1] * len(recorded)


async def test_a_read_model_that_breaks_stands_still_alone(pool: Pool, store: PostgresEventStore) -> None:
    projector = await projector_of(pool, [Broken("broken"), Tally()])
    end = (await everything(pool))[-1].position
    task = await running(projector)
    while await position_of(pool, "tally") < end:
        assert not task.done()
    assert await position_of(pool, "broken") == Position(txid=0, number=0)
    await stopped(task)


# ── Followers: at least once ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_follower_that_dies_after_acting_is_told_again(pool: Pool, store: PostgresEventStore) -> None:
    """It had not noted how far it was: twice is right, never is not."""
    listener = Listener(falls_over=1)
    projector = await projector_of(pool, followers=[listener])
    with pytest.raises(ConnectionError):
        await projector.catch_up()
    recorded = [told.position for told in await everything(pool)]
    await shown(await projector_of(pool, followers=[listener]), pool, "listener")
    assert sorted(set(listener.told)) == recorded
    assert listener.told.count(recorded[0]) == 2


async def test_a_follower_is_told_everything_in_order_and_then_nothing_more(
    pool: Pool, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting, "BATCH", 7)
    listener = Listener()
    projector = await projector_of(pool, followers=[listener])
    await shown(projector, pool, "listener")
    assert listener.told == [told.position for told in await everything(pool)]
    assert not await projector.catch_up()


async def test_lists_do_not_stand_still_because_a_follower_waits_for_temporal(
    pool: Pool, store: PostgresEventStore
) -> None:
    task = await running(await projector_of(pool, [Tally()], [CutOff()]))
    await log_calls(store, 3)
    assert await wait_for(pool, "tally", (await everything(pool))[-1].position)
    await stopped(task)


async def test_a_follower_is_told_of_nothing_that_the_list_it_looks_into_does_not_show(
    pool: Pool, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a consent is withdrawn, and the journey begun just before is not found among the person's."""
    monkeypatch.setattr(projecting, "BATCH", 4)
    listener = Listener(asks=("tally",))
    models = Projector(pool, store, CODEC, [Tally()])
    both = await projector_of(pool, [Tally()], [listener])
    followers = Projector(pool, store, CODEC, (), [listener])
    assert not await followers.catch_up()
    assert await models.catch_up()
    for _ in range(3):
        await followers.catch_up()
    assert len(listener.told) == 4
    await shown(both, pool, "tally", "listener")
    assert len(listener.told) == len(await everything(pool))


# ── Waiting for one's own write ──────────────────────────────────────────────────────────────────────────────────────


async def test_who_waits_for_a_position_is_let_go_when_it_is_shown(pool: Pool, store: PostgresEventStore) -> None:
    projector = await projector_of(pool, [Tally()])
    end = (await everything(pool))[-1].position
    waiting = asyncio.create_task(wait_for(pool, "tally", end))
    await shown(projector, pool, "tally")
    assert await waiting


async def test_who_waits_in_vain_is_told_so(
    pool: Pool, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "WAIT", 0.1)
    await projector_of(pool, [Tally()])
    assert not await wait_for(pool, "tally", (await everything(pool))[-1].position)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projecting, "IDLE", 0.01)
