"""A place that becomes free is offered to the first in order, whose journey says so, and to the next if it is not taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from activities.claiming import Steps, settle_claim
from activities.stages import activities
from domain.codec import Recorded
from domain.events import DeadlinesReplanned
from domain.persons import CARE, WithdrawConsent
from domain.places import stream_of
from domain.stages.placing import AcceptPlace, DeclinePlace
from domain.working_days import local_date
from eventstore.postgres import PostgresEventStore
from readmodels.place_count import PlaceCount
from readmodels.projector import Pool, Projector
from readmodels.work_queue import WorkQueue
from runtime.lifetime import ending_within
from starter.seeding import SEEDER
from starter.submit import Submitter
from tests.activities.examples import (
    PATIENCE_SECONDS,
    eligible,
    given_a_person,
    given_the_programme,
    leaving,
    programme,
    recorder,
    referral,
    step,
)
from tests.domain.publishing import next_calendar, publish
from tests.readmodels.databases import CODEC
from workflows.names import places_workflow
from workflows.reacting import Reactor
from workflows.registry import WORKFLOWS, runner
from workflows.sweeping import TemporalEngine

PLACES = 26
DRAIN = timedelta(seconds=5)  # a step is answered in less; whatever waits without end is then cancelled
AGREEMENT = stream_of("tori")


class House:
    """Projector, reactor and worker in this process, on PostgreSQL and the development server."""

    by_mail = False

    def activities(self) -> list[Callable[..., object]]:
        return [*activities(self.recorder), settle_claim(self.recorder, self.steps)]

    def __init__(self, client: Client, pool: Pool, name: str) -> None:
        self.pool, self.name, self.client = pool, name, client
        self.store = PostgresEventStore(pool)
        self.recorder = recorder(self.store)
        self.submitter = Submitter(client, task_queue=name)
        self.steps: Steps = self.submitter  # by which claims go through their journeys
        queue = WorkQueue(pool, self.store, CODEC)
        places = PlaceCount(pool, self.store, CODEC)
        self.reactor = Reactor(TemporalEngine(client, task_queue=name), queue, by_mail=self.by_mail)
        self.projector = Projector(pool, self.store, CODEC, [queue, places], [self.reactor])

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        await self.projector.prepare()
        following = asyncio.create_task(self.projector.run())
        worker = Worker(
            self.client,
            task_queue=self.name,
            workflows=WORKFLOWS,
            activities=self.activities(),
            workflow_runner=runner(),
            graceful_shutdown_timeout=DRAIN,
        )
        try:
            async with ending_within(2 * DRAIN, worker):
                yield
        finally:
            following.cancel()
            await asyncio.wait([following], timeout=PATIENCE_SECONDS)
            await self._leave_nothing_to_the_next()

    async def _leave_nothing_to_the_next(self) -> None:
        """An agreement's workflow has the same id in every house of the server."""
        try:
            await self.client.get_workflow_handle(places_workflow("tori")).terminate()
        except RPCError as ended:
            assert ended.status == RPCStatusCode.NOT_FOUND  # noqa: PT017

    def journey(self, number: int) -> str:
        return f"journey-{self.name}-{number}"

    async def full(self) -> None:
        """Everybody who has a place; no workflow of theirs runs."""
        at = datetime.now(UTC) - timedelta(minutes=1)
        await given_the_programme(self.recorder, at)
        for number in range(PLACES):
            await self.given_a_referral(number, at)
            await self.recorder.record(step(eligible(), self.journey(number), at=at))

    async def given_a_referral(self, number: int, at: datetime) -> None:
        person = f"person-{number}"
        await given_a_person(self.recorder, at, person)
        complete = local_date(at) - timedelta(days=number)  # who is referred later was ready earlier
        begun = referral(person, at, noticed_on=complete, complete_on=complete)
        await self.recorder.record(step(begun, self.journey(number), at=at))

    async def events(self, stream_id: str) -> list[Recorded]:
        return [CODEC.decode(each) for each in (await self.store.read(stream_id)).events]

    async def types(self, number: int) -> list[str]:
        return [each.event.type for each in await self.events(self.journey(number))]

    async def until_it_has(self, number: int, fact: str) -> None:
        await self.until(self.journey(number), fact)

    async def until(self, stream_id: str, fact: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while fact not in [each.event.type for each in await self.events(stream_id)]:
                pass


async def test_a_freed_place_is_offered_to_the_first_in_order(client: Client, pool: Pool) -> None:
    """Two wait, and the one whose application was complete first gets it: not the one who joined first."""
    house = House(client, pool, "freed")
    await house.full()
    at = datetime.now(UTC)
    late, early = PLACES, PLACES + 1
    async with house.open():
        for number in (late, early):
            await house.given_a_referral(number, at)
            outcome = await house.submitter.submit(step(eligible(), house.journey(number)))
            assert outcome.waits_for == "a free place"
        await house.submitter.submit(step(leaving(at), house.journey(0)))
        await house.until_it_has(early, "offer.received")
        await house.submitter.submit(step(AcceptPlace(), house.journey(early)))
        assert "offer.received" not in await house.types(late)
        await house.submitter.submit(step(leaving(at), house.journey(1)))
        await house.until_it_has(late, "offer.received")
        await house.submitter.submit(step(AcceptPlace(), house.journey(late)))
    offered = [each.event for each in await house.events(AGREEMENT) if each.event.type == "place.offered"]
    assert [each.model_dump()["journey_id"] for each in offered] == [house.journey(early), house.journey(late)]
    quota = await house.store.quota("places/tori/2026-01-01")
    assert quota is not None
    assert (quota.used, quota.allowed) == (PLACES, PLACES)


async def test_places_freed_while_no_worker_ran_are_offered_when_one_is_back(client: Client, pool: Pool) -> None:
    house = House(client, pool, "unseen")
    await house.full()
    at = datetime.now(UTC)
    await house.given_a_referral(PLACES, at)
    await house.recorder.record(step(eligible(), house.journey(PLACES), at=at))
    await house.recorder.record(step(leaving(at), house.journey(0), at=at))
    async with house.open():
        await house.until_it_has(PLACES, "offer.received")


async def test_a_place_that_is_declined_passes_to_the_next(client: Client, pool: Pool) -> None:
    house = House(client, pool, "declined")
    await house.full()
    at = datetime.now(UTC)
    first, second = PLACES + 1, PLACES
    for number in (first, second):
        await house.given_a_referral(number, at)
        await house.recorder.record(step(eligible(), house.journey(number), at=at))
    async with house.open():
        await house.submitter.submit(step(leaving(at), house.journey(0)))
        await house.until_it_has(first, "offer.received")
        await house.submitter.submit(step(DeclinePlace(reason="Synthetic: too far."), house.journey(first)))
        await house.until_it_has(second, "offer.received")
    passed = [each.event for each in await house.events(AGREEMENT) if each.event.type == "offer.passed"]
    assert [each.model_dump()["reason"] for each in passed] == ["declined"]
    assert (await house.types(first))[-1] == "offer.declined"


async def test_a_withdrawn_consent_is_noted_in_the_persons_open_journey(client: Client, pool: Pool) -> None:
    """Also where the journey began just before, in the very batch that brings the withdrawal."""
    house = House(client, pool, "withdrawn")
    at = datetime.now(UTC)
    await given_the_programme(house.recorder, at)
    await house.given_a_referral(1, at)
    withdrawal = WithdrawConsent(purpose=CARE, recipient="tori", on=local_date(at))
    await house.recorder.record(step(withdrawal, "person-1", at=at))
    async with house.open():
        await house.until_it_has(1, "consent.lapsed")


async def test_another_calendar_moves_the_open_deadlines_of_every_journey(client: Client, pool: Pool) -> None:
    """A new public holiday tomorrow, or on the next day that would have been a working day."""
    house = House(client, pool, "replanned")
    at = datetime.now(UTC)
    await given_the_programme(house.recorder, at)
    await house.given_a_referral(1, at)
    holiday = programme().calendar(local_date(at)).add_working_days(local_date(at), 1)
    async with house.open():
        await house.recorder.record(step(publish(*next_calendar(holiday)), actor=SEEDER, at=at))
        await house.until_it_has(1, "deadlines.replanned")
    [*_, replanned] = await house.events(house.journey(1))
    assert isinstance(replanned.event, DeadlinesReplanned)
    [moved] = (each for each in replanned.event.moved if each.what == "decision")
    assert moved.due.derivation is not None
    assert holiday in moved.due.derivation.holidays
    assert moved.was_on < moved.due.on


async def test_nobody_is_offered_a_place_that_is_not_free(client: Client, pool: Pool) -> None:
    """The workflow looks, finds nothing to offer, and ends."""
    house = House(client, pool, "in-vain")
    await house.full()
    async with house.open():
        engine = TemporalEngine(client, task_queue=house.name)
        await engine.wake_places("tori")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await client.get_workflow_handle(places_workflow("tori")).result()
    assert not [each for each in await house.events(AGREEMENT) if each.event.type == "place.offered"]
