"""Should Temporal forget, the record does not: the sweep finds what no workflow knows, and gives it back its timers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker

from activities.messages import Outcome
from activities.recording import Recorder
from activities.stages import activities
from activities.sweeping import sweep
from domain import journey
from domain.ports import Behind
from eventstore.postgres import PostgresEventStore
from readmodels.lookout import DatabaseLookout
from readmodels.place_count import PlaceCount
from readmodels.projector import Pool, Projector
from readmodels.work_queue import WorkQueue
from tests.activities.examples import (
    WatchedStore,
    call,
    eligible,
    given_a_person,
    given_the_programme,
    not_eligible,
    recorder,
    referral,
    step,
)
from tests.readmodels.databases import CODEC, shown
from tests.workflows.engines import PERSON, SkippingEngine, skipping_engine
from tests.workflows.paths import to_delivery
from workflows import names
from workflows.names import journey_workflow
from workflows.person_journey import PersonJourney
from workflows.registry import WORKFLOWS, runner
from workflows.sweeping import Sweep, TemporalEngine, ensure_schedule, sweep_activity

RUNNING = WorkflowExecutionStatus.RUNNING
AT_ONCE = timedelta(0)


class MemoryLookout:
    """What the record in memory says is open: every journey there."""

    def __init__(self, store: WatchedStore) -> None:
        self._store = store
        self.confirmed: dict[str, int] = {}

    async def unconfirmed(self, *, now: datetime, grace: timedelta) -> AsyncIterator[Behind]:
        for name in [each for each in self._store._streams if each.startswith("journey-")]:
            state = journey.fold(self._store.facts(name), name)
            assert state is not None
            pending = journey.pending(state)
            yield Behind(
                journey_id=name, version=len(self._store.facts(name)), wake_at=pending[0].at if pending else None
            )

    async def confirm(self, journey_id: str, version: int) -> None:
        self.confirmed[journey_id] = version

    async def agreements_with_offers_due(self, today: date) -> tuple[str, ...]:
        return ()


@pytest.fixture
async def engine() -> AsyncIterator[SkippingEngine]:
    async with skipping_engine() as started:
        yield started


async def swept(engine: SkippingEngine) -> int:
    temporal = TemporalEngine(engine.client, task_queue=engine.queue)
    return await sweep(MemoryLookout(engine.store), temporal, now=await engine.now(), grace=AT_ONCE)


# ── What Temporal does not know at all ───────────────────────────────────────────────────────────────────────────────


async def test_a_journey_that_temporal_never_heard_of_is_started_from_the_record(engine: SkippingEngine) -> None:
    """As after the loss of Temporal's whole database: it runs, stands where the record does, and its reminders come."""
    await given_a_person(engine.recorder, await engine.now())
    await engine.behind_its_back(referral(PERSON, await engine.now()))
    await engine.behind_its_back(eligible())
    assert await swept(engine) == 1
    assert {"first-contact", "assessment"} <= {each.what for each in (await engine.stands_at(3)).deadlines}
    assert await engine.status() == RUNNING
    assert await swept(engine) == 0
    await engine.pass_days(40)
    assert Counter(what for what, *_ in engine.reminders()) == {"first-contact": 5, "assessment": 4}


async def test_a_journey_that_stood_still_while_its_deadline_passed_is_started_and_reminds_at_once(
    engine: SkippingEngine,
) -> None:
    await given_a_person(engine.recorder, await engine.now())
    await engine.behind_its_back(referral(PERSON, await engine.now()))
    await engine.skip(timedelta(days=60))
    assert await swept(engine) == 1
    await engine.store.until(lambda: len(engine.reminders()) == 3)
    assert [(what, step) for what, step, *_ in engine.reminders()] == [
        ("first-contact", "coordinator"),  # which says all that the earlier ones would have
        ("decision", "coordinator"),
        ("first-help", "on"),
    ]


async def test_a_step_that_was_stored_as_worker_and_temporal_died_is_found(engine: SkippingEngine) -> None:
    """The workflow runs on, without the step that its history never saw."""
    await engine.refer()
    await engine.behind_its_back(eligible())
    assert await swept(engine) == 1
    assert (await engine.stands_at(3)).stage == "assessment"
    assert await swept(engine) == 0


async def test_a_journey_that_somebody_ended_in_temporal_is_started_again(engine: SkippingEngine) -> None:
    """Its last run still knows the version, but nobody keeps its timers."""
    await engine.refer()
    await engine.handle().terminate()
    assert await swept(engine) == 1
    assert await engine.status() == RUNNING
    await engine.pass_days(30)
    assert len(engine.reminders("decision")) == 4


async def test_a_journey_that_ended_because_all_is_settled_is_left_in_peace(engine: SkippingEngine) -> None:
    await engine.refer()
    await engine.send(not_eligible())
    await engine.pass_days(60)
    await engine.ended()
    assert await swept(engine) == 0
    assert await engine.status() == WorkflowExecutionStatus.COMPLETED


async def test_a_whole_path_leaves_the_sweep_nothing_to_do(engine: SkippingEngine) -> None:
    await to_delivery(engine)
    assert await swept(engine) == 0


# ── On PostgreSQL and the development server ─────────────────────────────────────────────────────────────────────────


class Installation:
    """A worker's parts, wired as the worker wires them, in this process."""

    def __init__(self, client: Client, pool: Pool, queue: str) -> None:
        store = PostgresEventStore(pool)
        self.client, self.pool, self.store, self.queue = client, pool, store, queue
        self.recorder: Recorder = recorder(store)
        self.places = PlaceCount(pool, store, CODEC)
        self.projector = Projector(pool, store, CODEC, [WorkQueue(pool, store, CODEC), self.places])
        self.engine = TemporalEngine(client, task_queue=queue)
        self.lookout = DatabaseLookout(pool, self.places)

    async def open(self, at: datetime) -> None:
        await self.projector.prepare()
        await given_the_programme(self.recorder, at)

    def worker(self) -> Worker:
        return Worker(
            self.client,
            task_queue=self.queue,
            workflows=WORKFLOWS,
            activities=[*activities(self.recorder), sweep_activity(self.lookout, self.engine)],
            workflow_runner=runner(),
        )


async def stands(client: Client, journey_id: str, version: int) -> Outcome:
    handle = client.get_workflow_handle(journey_workflow(journey_id))
    async with asyncio.timeout(20):
        while True:
            latest = await handle.query(PersonJourney.standing)
            if latest is not None and latest.version >= version:
                return latest


async def test_the_sweep_arms_what_the_database_knows_and_temporal_does_not(client: Client, pool: Pool) -> None:
    """Appended to PostgreSQL as if the engine had lost it all; the sweep's own workflow finds it, and then nothing."""
    installation = Installation(client, pool, "swept")
    at = datetime.now(UTC)
    await installation.open(at)
    await given_a_person(installation.recorder, at)
    # Its deadlines lie in the future, and its last step half an hour back: longer than a sweep leaves it in peace.
    for command in (referral(PERSON, at), eligible(), call(at)):
        await installation.recorder.record(step(command, "journey-swept", at=at - timedelta(minutes=30)))
    await shown(installation.projector, pool, "work_queue", "places")
    async with installation.worker():
        assert await client.execute_workflow(Sweep.run, id="sweep-once", task_queue="swept") == 1
        latest = await stands(client, "journey-swept", 4)
        assert [each.what for each in latest.deadlines] == ["assessment"] * 5
        assert await client.execute_workflow(Sweep.run, id="sweep-once", task_queue="swept") == 0
    confirmed = await pool.fetchval("SELECT confirmed FROM read.work_queue WHERE journey_id = 'journey-swept'")
    assert confirmed == 4


async def test_every_worker_may_ask_for_the_schedule_of_the_sweep(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "SWEEP_SCHEDULE", "sweep-of-a-test")
    for _ in range(2):
        await ensure_schedule(client, task_queue="nobody's")
    handle = client.get_schedule_handle("sweep-of-a-test")
    assert (await handle.describe()).schedule.spec.intervals[0].every == timedelta(minutes=1)
    await handle.delete()
