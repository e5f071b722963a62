"""What happened in a town, read into the lists: each row is what the fold of its stream says."""

from __future__ import annotations

import asyncio

from domain import journey
from domain.ports import NewEvent, StreamAppend
from domain.states import Exited, Journey, Refused, waits_for
from eventstore.postgres import PostgresEventStore
from readmodels.deliveries import Deliveries
from readmodels.place_count import PlaceCount
from readmodels.projector import Pool, Projector
from readmodels.work_queue import WorkQueue
from tests.activities.town import LINES, PEOPLE, Town
from tests.readmodels.databases import CODEC, shown


def a_history(town: Town) -> None:
    """Help, claims, corrections, a dispute, a recovery, an exit and a new beginning."""
    for person in PEOPLE:
        town.refer(person)
    first, second, waits = town.journeys
    for journey_id in (first, second):
        town.go_on_to_help(journey_id)
        for line in LINES:
            town.help(journey_id, line, town.today, 60)
    town.go_on(waits)
    town.days_pass(31)
    town.assemble()
    town.dispute(second, 0)
    town.decide_claim([1])
    town.pay(0)
    town.correct(first, 3, 30)
    town.help(first, "recovery", town.today, 45)
    town.another_service("person-2", town.today, 3)
    town.suspend(second, town.today)
    town.leave(first, town.today)
    town.offers("accept")
    town.refer("person-1")
    town.go_on(town.journeys[-1])


async def copied(town: Town, store: PostgresEventStore) -> None:
    """Each event by itself, as it was recorded."""
    for number, each in enumerate(town.store.stored()):
        event = NewEvent(
            type=each.type,
            schema_version=each.schema_version,
            body=each.body,
            sealed=each.sealed,
            subject_ids=each.subject_ids,
            meta=each.meta,
            occurred_at=each.occurred_at,
            recorded_at=each.recorded_at,
        )
        stream = StreamAppend(
            stream_id=each.stream_id,
            kind=each.kind,
            tenant=each.tenant,
            expected_version=each.version - 1,
            events=(event,),
        )
        await store.append((stream,), command_id=f"copy-{number}", request_hash="copy", result=b"{}")


async def test_the_lists_say_what_the_streams_come_to(pool: Pool) -> None:
    town = await asyncio.to_thread(a_town)
    store = PostgresEventStore(pool)
    await copied(town, store)
    models = Deliveries(pool, store, CODEC), WorkQueue(pool, store, CODEC), PlaceCount(pool, store, CODEC)
    projector = Projector(pool, store, CODEC, models)
    await projector.prepare()
    await shown(projector, pool, *(each.name for each in models))
    states = town.states()
    rows = await pool.fetch("SELECT delivery_id, journey_id, line_id, minutes, cents, claimable FROM read.delivery")
    assert sorted(map(tuple, rows)) == sorted(
        (each.delivery_id, journey_id, each.line_id, each.minutes, each.cents, each.claimable)
        for journey_id, state in states.items()
        for each in state.file.deliveries.values()
    )
    assert {row["claimable"] > 0 for row in rows} == {True, False}
    queue = await pool.fetch("SELECT journey_id, person_id, stage, waits_for, open, settled FROM read.work_queue")
    assert sorted(map(tuple, queue)) == sorted(_queued(journey_id, state) for journey_id, state in states.items())
    places = await pool.fetchrow("SELECT taken, offered, waiting FROM read.places WHERE agreement = 'tori'")
    agreement = town.agreement()
    assert places is not None
    assert tuple(places) == (len(agreement.holdings), len(agreement.offers), len(agreement.waiting))


def a_town() -> Town:
    """In a thread of its own, since a town has its own loop."""
    town = Town()
    a_history(town)
    town.close()
    return town


def _queued(journey_id: str, state: Journey) -> tuple[object, ...]:
    is_open = not isinstance(state, Refused | Exited)
    stage = str(journey.stage_of(state))
    return journey_id, state.file.person_id, stage, waits_for(state), is_open, journey.settled(state)
