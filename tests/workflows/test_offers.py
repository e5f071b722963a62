"""An offer that nobody answers passes on by itself, when its days are over, whatever happened to the engine meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from domain.codec import Recorded
from domain.places import stream_of
from domain.stages.placing import AcceptPlace
from domain.working_days import local_date
from tests.activities.examples import PATIENCE_SECONDS, eligible, given_a_person, leaving, referral
from tests.workflows.engines import (
    FIRST_DAY,
    Engine,
    SkippingEngine,
    happened,
    impatient_server,
    real_engine,
    skipping_engine,
)
from workflows.names import places_workflow
from workflows.places import Places
from workflows.sweeping import TemporalEngine

PLACES = 26
AGREEMENT = stream_of("tori")
RUNNING, COMPLETED = WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED


@pytest.fixture
async def engine() -> AsyncIterator[SkippingEngine]:
    async with skipping_engine() as started:
        yield started


async def given_places_left(engine: Engine, waiting: int, free: int) -> None:
    """Everybody referred on one day, so many more than there are places; then so many leave."""
    at = await engine.now()
    for number in range(PLACES + waiting):
        await given_a_person(engine.recorder, at, f"person-{number}")
        await engine.behind_its_back(referral(f"person-{number}", at), f"journey-{number}")
        await engine.behind_its_back(eligible(), f"journey-{number}")
    for number in range(free):
        await engine.behind_its_back(leaving(at), f"journey-{number}")


async def wake(engine: Engine) -> WorkflowHandle[Places, None]:
    await TemporalEngine(engine.client, task_queue=engine.queue).wake_places("tori")
    return engine.client.get_workflow_handle_for(Places.run, places_workflow("tori"))


async def lose(running: WorkflowHandle[Places, None]) -> None:
    """Once it waits: the time-skipping server stands still over a task that is cut off."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not happened(await running.fetch_history(), EventType.EVENT_TYPE_TIMER_STARTED):
            pass
    await running.terminate()


def moves(engine: Engine) -> list[tuple[str, str, date]]:
    """Offers made and passed: what, to whom, on which day."""
    return [
        (told.event.type, str(told.event.model_dump()["journey_id"]), _day(told))
        for told in engine.store.events_of(AGREEMENT)
        if told.event.type in ("place.offered", "offer.passed")
    ]


def _day(told: Recorded) -> date:
    return local_date(told.recorded_at)


async def test_an_offer_that_is_not_answered_passes_to_the_next_when_its_days_are_over(engine: SkippingEngine) -> None:
    await given_places_left(engine, waiting=2, free=1)
    running = await wake(engine)
    await engine.store.until(lambda: len(moves(engine)) == 1)
    assert (await running.describe()).status == RUNNING

    await engine.skip(timedelta(days=8))
    await engine.store.until(lambda: len(moves(engine)) == 3)
    await engine.skip(timedelta(days=8))
    await engine.store.until(lambda: len(moves(engine)) == 4)

    tuesday = FIRST_DAY + timedelta(days=8)  # five working days, and the morning after
    assert moves(engine) == [
        ("place.offered", "journey-26", FIRST_DAY),
        ("offer.passed", "journey-26", tuesday),
        ("place.offered", "journey-27", tuesday),
        ("offer.passed", "journey-27", tuesday + timedelta(days=8)),
    ]
    await asyncio.wait_for(running.result(), PATIENCE_SECONDS)  # nobody is left to offer it to, and no offer is open


async def test_an_offer_that_is_accepted_leaves_nothing_to_wait_for(engine: SkippingEngine) -> None:
    await given_places_left(engine, waiting=2, free=1)
    running = await wake(engine)
    await engine.store.until(lambda: len(moves(engine)) == 1)
    await engine.behind_its_back(AcceptPlace(), "journey-26")
    await engine.skip(timedelta(days=8))
    await asyncio.wait_for(running.result(), PATIENCE_SECONDS)
    assert len(moves(engine)) == 1


async def test_an_offer_whose_workflow_was_lost_passes_on_when_somebody_looks(engine: SkippingEngine) -> None:
    """As after the loss of Temporal's database: the sweep finds the offer overdue, and wakes the places."""
    await given_places_left(engine, waiting=2, free=1)
    running = await wake(engine)
    await engine.store.until(lambda: len(moves(engine)) == 1)
    await lose(running)
    await engine.skip(timedelta(days=30))
    await wake(engine)
    await engine.store.until(lambda: len(moves(engine)) == 3)
    assert [(what, journey) for what, journey, _ in moves(engine)[1:]] == [
        ("offer.passed", "journey-26"), ("place.offered", "journey-27"),
    ]  # fmt: skip


async def test_who_looks_again_while_offers_are_open_keeps_their_days(engine: SkippingEngine) -> None:
    """A run that begins with nothing to offer knows of the offers that are open, and waits for them."""
    await given_places_left(engine, waiting=1, free=1)
    running = await wake(engine)
    await engine.store.until(lambda: len(moves(engine)) == 1)
    await lose(running)
    again = await wake(engine)
    await engine.skip(timedelta(days=8))
    await engine.store.until(lambda: len(moves(engine)) == 2)
    await asyncio.wait_for(again.result(), PATIENCE_SECONDS)


async def test_offers_stay_open_over_a_new_run() -> None:
    async with impatient_server(events=12) as client:
        engine = await real_engine(client)
        await given_places_left(engine, waiting=4, free=4)
        async with engine.worker():
            running = await wake(engine)
            first = (await running.describe()).run_id
            await engine.store.until(lambda: len(moves(engine)) == 4)
            for _ in range(8):
                await running.signal(Places.look)
            latest = engine.client.get_workflow_handle(places_workflow("tori"))
            while (described := await latest.describe()).run_id == first:
                await latest.signal("look")
            assert described.status == RUNNING
            await latest.terminate()
