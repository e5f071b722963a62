"""On the Temporal that `up` runs: workers that come and go, cold replays, new runs under load, short workflows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from activities.messages import Outcome, Submission
from domain.persons import PersonExists
from starter.submit import Refused
from tests.activities.examples import PATIENCE_SECONDS, a_person, call, eligible, given_a_person, referral, step
from tests.workflows.engines import (
    PERSON,
    Engine,
    happened,
    impatient_server,
    real_engine,
    skipping_engine,
)
from tests.workflows.paths import to_exit
from workflows.names import SEARCH_ATTRIBUTES, step_workflow
from workflows.recording import PATIENCE, RecordStep

COMPLETED = WorkflowExecutionStatus.COMPLETED


# ── Workers come and go ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_step_sent_while_no_worker_runs_is_answered_when_one_is_back(client: Client) -> None:
    engine = await real_engine(client)
    await given_a_person(engine.recorder, await engine.now())
    waiting = asyncio.create_task(engine.send(referral(PERSON, await engine.now())))
    await has_begun(engine)
    assert not waiting.done()
    async with engine.worker():
        assert (await waiting).version == 1
        assert (await engine.send(eligible())).version == 3
    waiting = asyncio.create_task(engine.send(call(await engine.now())))
    async with engine.worker():
        assert (await waiting).version == 4


async def has_begun(engine: Engine) -> None:
    while True:
        try:
            await engine.handle().describe()
            return
        except RPCError as not_yet:
            assert not_yet.status == RPCStatusCode.NOT_FOUND  # noqa: PT017


async def test_a_step_in_flight_is_answered_before_its_worker_ends(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drained: it takes no new work, finishes what it has begun, and only then lets go."""
    engine = await real_engine(client)
    begun, may_end = asyncio.Event(), asyncio.Event()
    record = engine.recorder.record

    async def slowly(submitted: Submission) -> Outcome:
        if submitted.command == "log-contact":
            begun.set()
            await may_end.wait()
        return await record(submitted)

    monkeypatch.setattr(engine.recorder, "record", slowly)
    async with engine.worker() as worker:
        await engine.refer()
        waiting = asyncio.create_task(engine.send(call(await engine.now())))
        await begun.wait()
        ending = asyncio.create_task(worker.shutdown())
        await asyncio.sleep(0)
        may_end.set()
        await ending
        assert (await waiting).version == 2


async def test_a_whole_journey_can_be_taken_with_every_task_a_cold_replay(client: Client) -> None:
    """Nothing is cached: each step replays the history from its beginning, and must come to the same place."""
    engine = await real_engine(client, cached=0)
    async with engine.worker():
        outcome = await to_exit(engine, calls=5)
        assert outcome.stage == "exit"
        assert (await engine.standing()).version == outcome.version == len(engine.store.facts(engine.journey))
        assert await engine.status() == WorkflowExecutionStatus.RUNNING


async def test_reminders_come_to_a_journey_whose_every_task_is_a_cold_replay() -> None:
    async with skipping_engine(cached=0) as engine:
        await engine.refer()
        await engine.pass_days(30)
        assert [step for _, step, *_ in engine.reminders("decision")] == ["before", "on", "after", "municipality"]
        await engine.send(eligible())
        await engine.pass_days(60)
        assert len(engine.reminders("decision", "assessment")) == 9


# ── New runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_steps_in_flight_when_a_run_ends_are_answered_by_the_next() -> None:
    """The server suggests a new run every few steps while eight are always on their way: none is lost or doubled."""
    async with impatient_server(events=40) as client:
        engine = await real_engine(client)
        async with engine.worker():
            await engine.refer()
            first_run = (await engine.handle().describe()).run_id
            at = await engine.now()
            answers = await asyncio.gather(*(engine.send(call(at, f"call {number}")) for number in range(60)))
            assert sorted(answer.version for answer in answers) == list(range(2, 62))
            assert engine.store.types(engine.journey).count("contact.logged") == 60
            assert (await engine.standing()).version == 61
            assert (await engine.handle().describe()).run_id != first_run
            history = await engine.history()
            assert happened(history, EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES) == 0  # they are kept


async def test_search_attributes_find_a_journey(client: Client) -> None:
    engine = await real_engine(client)
    async with engine.worker():
        await engine.refer()
        found = (await engine.handle().describe()).typed_search_attributes
        assert [found[key] for key in SEARCH_ATTRIBUTES] == ["referral", "tori"]


# ── Short workflows ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_persons_step_is_a_workflow_as_short_as_the_step(client: Client) -> None:
    engine = await real_engine(client)
    async with engine.worker():
        outcome = await engine.send(a_person(), "person-short", key="once")
        again = await engine.send(a_person(), "person-short", key="once")
        assert (outcome.version, again) == (1, outcome.model_copy(update={"repeated": again.repeated}))
        command_id = step(a_person(), "person-short", key="once").command_id
        handle = client.get_workflow_handle(step_workflow("persons", "person-short", command_id))
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
        history = await handle.fetch_history()
        assert happened(history, EventType.EVENT_TYPE_TIMER_STARTED) == 0
    assert engine.store.types("person-short") == ["person.registered"]


async def test_a_persons_step_that_is_refused_ends_its_workflow_well(client: Client) -> None:
    """The refusal is the answer; nothing has failed, and nothing stays open."""
    engine = await real_engine(client)
    async with engine.worker():
        await engine.send(a_person(), "person-twice")
        with pytest.raises(Refused) as refused:
            await engine.send(a_person(), "person-twice", key="again")
        assert refused.value.refusal.code == PersonExists.code
        command_id = step(a_person(), "person-twice", key="again").command_id
        handle = client.get_workflow_handle(step_workflow("persons", "person-twice", command_id))
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
        assert (await handle.describe()).status == COMPLETED


async def test_a_short_workflow_whose_step_was_lost_does_not_stay_open() -> None:
    """Temporal holds a step it has not handed over in memory alone: after a crash the workflow is there without it."""
    async with skipping_engine() as engine:
        handle = await engine.client.start_workflow(RecordStep.run, id="persons/lost", task_queue=engine.queue)
        await engine.skip(PATIENCE + timedelta(minutes=1))
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
        assert (await handle.describe()).status == COMPLETED
