"""A journey on an engine of its own: Temporal, a worker in this process, and the record in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle, WorkflowHistory
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner

from activities.messages import Outcome, Submission
from activities.recording import Recorder
from activities.stages import activities
from domain import journey
from domain.decision import Actor, Command
from domain.events import ReminderRaised
from domain.states import Journey
from domain.working_days import TALLINN, at_hour, local_date
from runtime.embedded import time_skipping_server
from runtime.engine import binary
from runtime.temporal import add_search_attributes, converter
from starter.submit import Submitter
from tests.activities.examples import (
    MANAGER,
    PATIENCE_SECONDS,
    WatchedStore,
    given_a_person,
    given_the_programme,
    recorder,
    referral,
    step,
)
from workflows.names import SEARCH_ATTRIBUTES, journey_workflow
from workflows.person_journey import JourneyStart, PersonJourney
from workflows.registry import WORKFLOWS, runner

JOURNEY = "journey-1"
PERSON = "person-1"
FIRST_DAY = date(2030, 3, 4)  # a Monday; the clocks go forward on the 31st, Good Friday is the 19th of April
_queues = count(1)


@dataclass(kw_only=True)
class Engine:
    """What the tests ask of it, and do to it. Its record is told of everything through steps alone."""

    client: Client
    store: WatchedStore
    recorder: Recorder
    queue: str
    now: Callable[[], Awaitable[datetime]]
    runner: WorkflowRunner = field(default_factory=runner)
    cached: int = 100
    journey: str = JOURNEY  # the one it is about

    def __post_init__(self) -> None:
        self._submitter = Submitter(self.client, task_queue=self.queue)
        self._folded: tuple[int, Journey | None] = (0, None)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Worker]:
        async with Worker(
            self.client,
            task_queue=self.queue,
            identity="a worker",
            workflows=WORKFLOWS,
            activities=activities(self.recorder),
            workflow_runner=self.runner,
            max_cached_workflows=self.cached,
            max_concurrent_workflow_task_polls=1 if self.cached == 0 else 5,
            graceful_shutdown_timeout=timedelta(seconds=5),
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        ) as running:
            yield running

    # ── Steps ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def send(
        self,
        command: Command,
        stream_id: str | None = None,
        *,
        actor: Actor = MANAGER,
        key: str | None = None,
        expected: int | None = None,
    ) -> Outcome:
        """Raises starter.submit's exceptions."""
        submitted = step(command, stream_id or self.journey, actor=actor, key=key, expected=expected)
        return await self._submitter.submit(submitted)

    async def refer(self) -> Outcome:
        """The journey begun, with a complete application."""
        at = await self.now()
        await given_a_person(self.recorder, at, PERSON)
        return await self.send(referral(PERSON, at))

    async def behind_its_back(self, command: Command, stream_id: str | None = None) -> Outcome:
        """Recorded as if the engine had lost it: no workflow hears of it."""
        return await self.recorder.record(step(command, stream_id or self.journey, at=await self.now()))

    async def start(self, *, signal: str, args: Sequence[Submission] = ()) -> None:
        """As the sweep and the reactor do it."""
        await self.client.start_workflow(
            PersonJourney.run,
            JourneyStart(journey_id=self.journey),
            id=journey_workflow(self.journey),
            task_queue=self.queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=signal,
            start_signal_args=args,
        )

    # ── What it is like now ──────────────────────────────────────────────────────────────────────────────────────────

    def handle(self) -> WorkflowHandle[PersonJourney, None]:
        return self.client.get_workflow_handle(journey_workflow(self.journey))

    async def standing(self) -> Outcome:
        latest = await self.handle().query(PersonJourney.standing)
        assert latest is not None
        return latest

    async def stands_at(self, version: int) -> Outcome:
        """Where it stands, once it has got there."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                latest = await self.handle().query(PersonJourney.standing)
                if latest is not None and latest.version >= version:
                    return latest

    async def status(self) -> WorkflowExecutionStatus | None:
        return (await self.handle().describe()).status

    async def history(self) -> WorkflowHistory:
        return await self.handle().fetch_history()

    async def ended(self) -> WorkflowExecutionStatus | None:
        """How the latest run ended, once it has."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (status := await self.status()) == WorkflowExecutionStatus.RUNNING:
                pass
        return status

    def state(self) -> Journey:
        """Folded on from where it was last asked: over ten years, from the first fact every time would take most of them."""
        version, state = self._folded
        for told in self.store.events_of(self.journey, after=version):
            version, state = told.version, journey.evolve(state, told.event, self.journey, told.version)
        assert state is not None
        self._folded = version, state
        return state

    def reminders(self, *about: str) -> list[tuple[str, str, date, datetime]]:
        """Raised so far, of these deadlines or of all: what, before or on or after, when it was due, and the local time
        when it was raised."""
        return [
            (told.event.what, told.event.step, told.event.due_on, told.recorded_at.astimezone(TALLINN))
            for told in self.store.events_of(self.journey)
            if isinstance(told.event, ReminderRaised) and (not about or told.event.what in about)
        ]


@dataclass(kw_only=True)
class SkippingEngine(Engine):
    """Its time passes when we say so, and only then."""

    skip: Callable[[timedelta], Awaitable[None]]

    async def until(self, day: date, hour: int = 12) -> datetime:
        """Goes to that hour, and lets every timer that fired on the way be answered."""
        there = at_hour(day, hour)
        await self.skip(there - await self.now())
        now = await self.now()

        def nothing_is_left_behind() -> bool:
            return all(wake.at > now for wake in journey.pending(self.state()))

        if await self.store.head(self.journey) is not None:
            await self.store.until(nothing_is_left_behind)
        return now

    async def pass_days(self, days: int) -> datetime:
        return await self.until(local_date(await self.now()) + timedelta(days=days))


@asynccontextmanager
async def skipping_engine(*, cached: int = 100, sandboxed: bool = True) -> AsyncIterator[SkippingEngine]:
    """One journey's own. Not sandboxed: the workflow sees what a test has changed in its module."""
    async with time_skipping_server(SEARCH_ATTRIBUTES) as temporal:
        engine = SkippingEngine(
            client=temporal.client,
            store=(store := WatchedStore()),
            recorder=recorder(store),
            queue="journeys",
            now=temporal.get_current_time,
            skip=temporal.sleep,
            runner=runner() if sandboxed else UnsandboxedWorkflowRunner(),
            cached=cached,
        )
        async with engine.worker():
            await engine.until(FIRST_DAY)
            await given_the_programme(engine.recorder, await engine.now())
            yield engine


async def real_engine(client: Client, *, cached: int = 100) -> Engine:
    """On a server whose time is everybody's. Its worker is the caller's to start."""

    async def now() -> datetime:
        return datetime.now(UTC)

    store, number = WatchedStore(), next(_queues)
    engine = Engine(
        client=client,
        store=store,
        recorder=recorder(store),
        queue=f"journeys-{number}",
        now=now,
        cached=cached,
        journey=f"journey-of-queue-{number}",  # the server is everybody's
    )
    await given_the_programme(engine.recorder, await now())
    return engine


@asynccontextmanager
async def impatient_server(events: int) -> AsyncIterator[Client]:
    """A development server that suggests a new run after so many events, so that short histories show long ones' ways."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(binary("temporal")),
        data_converter=converter(),
        dev_server_log_level="error",
        dev_server_extra_args=["--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={events}"],
    )
    async with environment:
        await add_search_attributes(environment.client, SEARCH_ATTRIBUTES)
        yield environment.client


def happened(history: WorkflowHistory, event: EventType.ValueType) -> int:
    """How often."""
    return sum(1 for each in history.events if each.event_type == event)


def local_activities(history: WorkflowHistory) -> list[str]:
    """The local activities of a run, in order, by name."""
    told = []
    for each in history.events:
        data = each.marker_recorded_event_attributes.details.get("data")
        if data is not None and data.payloads:
            told.append(_name(data.payloads[0].data))
    return told


def _name(marker: bytes) -> str:
    found = json.loads(marker)
    return str(found["activity_type"])
