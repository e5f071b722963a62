"""Whatever is killed, whenever: what was acknowledged is in the record once, and the journey goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random

import httpx
import pytest

from activities.recording import SHOWN_DEADLINES
from domain import journey
from domain.working_days import local_date
from tests.drills.installations import (
    MANAGER,
    PATIENCE_SECONDS,
    Installation,
    call_in_vain,
    given_a_journey,
    given_an_overdue_journey,
    gone,
    installed,
)

Disaster = Callable[[], Awaitable[None]]
SEED = int(os.environ.get("TEEKOND_DRILL_SEED", "0")) or int(datetime.now(UTC).timestamp())


@pytest.fixture(scope="module")
async def installation() -> AsyncIterator[Installation]:
    async with installed() as up:
        yield up


@pytest.fixture
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=installation.url, timeout=15) as client:
        yield client


@dataclass
class Stream:
    """A case manager who logs one call after the other, and gives up on some of them."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    path: str
    acknowledged: dict[str, int] = field(default_factory=dict)
    abandoned: set[str] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, numbers: count[int], *, gives_up: bool) -> None:
        while True:
            note = f"call {next(numbers)}"
            while not await self._answered(note):
                if gives_up:
                    self.abandoned.add(note)
                    break
                await asyncio.sleep(0.1)

    async def _answered(self, note: str) -> bool:
        today = str(local_date(datetime.now(UTC)))
        data = {"on": today, "channel": "call", "with_whom": "person", "reached": True, "note": note}
        try:
            answer = await self.http.post(
                f"{self.path}/commands/log-contact",
                json=data,
                headers={**self.headers, "If-Match": "*", "Idempotency-Key": note},
            )
        except httpx.TransportError:
            return False
        if answer.status_code in (429, 503):
            return False
        assert answer.status_code == 200, answer.text
        self.acknowledged[note] = answer.json()["version"]
        self.news.set()
        return True

    async def progress(self, steps: int) -> None:
        """Returns when so many more were acknowledged."""
        wanted = len(self.acknowledged) + steps
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.acknowledged) < wanted:
                self.news.clear()
                await self.news.wait()


async def test_every_acknowledged_step_outlives_every_kill_once(
    installation: Installation, http: httpx.AsyncClient
) -> None:
    """`up`, worker, API, Temporal, PostgreSQL and all of them at once are killed while calls are logged without pause."""
    print(f"TEEKOND_DRILL_SEED={SEED}")
    chance = Random(SEED)
    journey_id = await given_a_journey(installation.manager(http), "Jaan")
    path = f"/v1/journeys/{journey_id}"
    calls = Stream(http, {"Authorization": f"Bearer {installation.tokens[MANAGER]}"}, path)
    numbers = count()
    async with asyncio.TaskGroup() as group:
        logging = [group.create_task(calls.run(numbers, gives_up=number == 0)) for number in range(4)]
        for victim in chance.sample(VICTIMS, k=len(VICTIMS)):
            await calls.progress(10)
            await asyncio.sleep(chance.random() * 0.05)  # in the middle of whatever they do
            await kill(installation, victim)
        await calls.progress(10)
        for task in logging:
            task.cancel()
    await _each_once(installation, journey_id, calls)
    await _the_workflow_stands_where_the_record_does(installation, journey_id)
    decided = await installation.manager(http).send(path, "appoint-case-manager", {"case_manager": "case_manager.tori"})
    assert decided["version"] == len(await installation.recorded(journey_id))


VICTIMS = ["up", "worker", "server", "temporal", "postgres", "everything"]


async def kill(installation: Installation, victim: str) -> None:
    """With SIGKILL. What `up` keeps comes up by itself; `up` itself is started again."""
    match victim:
        case "up":
            await installation.kill()
            await installation.up()
        case "everything":
            await installation.kill_everything()
            await installation.up()
        case "temporal":
            await gone([installation.temporal()], signal.SIGKILL)
        case "postgres":
            await gone([installation.postgres()], signal.SIGKILL)
        case part:
            await gone([installation.parts()[part]], signal.SIGKILL)


async def _each_once(installation: Installation, journey_id: str, calls: Stream) -> None:
    recorded = await installation.recorded(journey_id)
    notes = {each.version: str(each.event.model_dump()["note"]) for each in recorded if "contact" in each.event.type}
    times = Counter(notes.values())
    assert set(times.values()) == {1}, "doubled"
    assert {note: notes.get(version) for note, version in calls.acknowledged.items()} == {
        note: note for note in calls.acknowledged
    }
    assert [each.version for each in recorded] == list(range(1, len(recorded) + 1))
    assert len(calls.acknowledged) >= 10 * (len(VICTIMS) + 1)


async def _the_workflow_stands_where_the_record_does(installation: Installation, journey_id: str) -> None:
    recorded = await installation.recorded(journey_id)
    latest = await installation.stands_at(journey_id, len(recorded))
    state = journey.fold((each.event for each in recorded), journey_id)
    assert state is not None
    assert latest.version == len(recorded)
    assert [each.at for each in latest.deadlines] == [wake.at for wake in journey.pending(state)][:SHOWN_DEADLINES]


async def test_a_reminder_that_is_due_as_all_is_killed_comes_after_the_restart(
    installation: Installation, http: httpx.AsyncClient
) -> None:
    """It was to be decided weeks ago; all is killed the moment the step is recorded with which its workflow begins."""
    journey_id = await _begun_and(installation, http, "journey-anu", installation.kill_everything)
    await installation.up()
    await installation.until_it_has(journey_id, "reminder.raised")
    recorded = await installation.recorded(journey_id)
    types = [each.event.type for each in recorded]
    assert types == ["referral.recorded", "contact.logged", "contact.logged", "reminder.raised"]


async def test_a_step_that_temporal_lost_with_its_whole_database_is_found_by_the_sweep(
    installation: Installation, http: httpx.AsyncClient
) -> None:
    """Worker and Temporal are killed between append and answer, and Temporal's file is gone: only the record knows. The
    schedule, which every worker makes anew, finds it within some two minutes."""

    async def lose_temporal() -> None:
        await installation.kill_everything()
        for file in installation.home.glob("temporal.db*"):
            file.unlink()

    journey_id = await _begun_and(installation, http, "journey-peeter", lose_temporal)
    await installation.up()
    await installation.until_it_has(journey_id, "reminder.raised")
    await _the_workflow_stands_where_the_record_does(installation, journey_id)


async def _begun_and(installation: Installation, http: httpx.AsyncClient, journey_id: str, disaster: Disaster) -> str:
    """The id of a journey, long overdue, whose workflow began in the very moment before."""
    await given_an_overdue_journey(installation, journey_id)
    async with installation.store() as store:
        asking = asyncio.create_task(call_in_vain(installation, http, journey_id))
        while (head := await store.head(journey_id)) is None or head.version < 3:
            assert not asking.done(), asking.result().text
    await disaster()
    await asyncio.wait([asking])
    return journey_id


async def test_a_worker_that_is_told_to_stop_answers_what_it_has_begun(
    installation: Installation, http: httpx.AsyncClient
) -> None:
    """SIGTERM in the middle of a stream of steps: it ends well, another takes over, and each step is recorded once."""
    journey_id = await given_a_journey(installation.manager(http), "Kati")
    calls = Stream(http, {"Authorization": f"Bearer {installation.tokens[MANAGER]}"}, f"/v1/journeys/{journey_id}")
    numbers = count()
    said = len(installation.said)
    async with asyncio.TaskGroup() as group:
        logging = [group.create_task(calls.run(numbers, gives_up=False)) for _ in range(4)]
        await calls.progress(20)
        await gone([installation.parts()["worker"]], signal.SIGTERM)
        await calls.progress(60)
        for task in logging:
            task.cancel()
    await _each_once(installation, journey_id, calls)
    assert "worker ended by itself (0): starting it again" in " ".join(installation.said[said:])
