"""A synthetic population lives through its past by the real rules, and is in the record once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from activities.recording import Recorder
from domain.agreement import Agreement
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.deciders import AGREEMENTS
from domain.journey import BOUNDS, fold, pending
from domain.ports import START, Appended, EventStore, QuotaMove, StoreUnavailable, StreamAppend
from domain.programme import Programme, load
from eventstore.memory import MemoryEventStore
from eventstore.postgres import PostgresEventStore
from starter.generating.calibration import published
from starter.generating.desk import NobodyAlike, NothingClaimed, NothingUsed
from starter.generating.generating import Generated, Generator, open_journeys, start
from starter.generating.refusals import NoAgreements
from starter.scene import Scene
from starter.seeding import SEEDER, seeds
from starter.submit import step_of
from tests.starter.crowds import eventually
from tests.starter.test_cli import teekond
from workflows import names
from workflows.names import TASK_QUEUE
from workflows.person_journey import PersonJourney
from workflows.sweeping import TemporalEngine

WHOLE = load("demonstration")
FEW_PLACES = ("johvi", "paide")  # 20 of them, so that people wait, are offered a place, and leave it to the next
PROGRAMME = replace(WHOLE, agreements=tuple(each for each in WHOLE.agreements if each.code in FEW_PLACES))
NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
CODEC = Codec(NullCipher())
PEOPLE = 30


async def seeded(store: EventStore) -> None:
    """What `teekond seed` records, without an engine."""
    recorder = Recorder(
        store=store,
        cipher=NullCipher(),
        programme=PROGRAMME,
        matches=NobodyAlike(),
        claimable=NothingClaimed(),
        uses=NothingUsed(),
    )
    for command in seeds(PROGRAMME, NOW.date()):
        stream_id = command.stream_named()
        assert stream_id is not None
        step = step_of(command, SEEDER, stream_id=stream_id, command_id=stream_id)
        await recorder.record(step.model_copy(update={"at": NOW}))


async def a_store() -> MemoryEventStore:
    store = MemoryEventStore(now=lambda: NOW)
    await seeded(store)
    return store


async def generated(
    store: EventStore,
    *,
    programme: Programme = PROGRAMME,
    people: int = PEOPLE,
    seed: int = 1,
    now: datetime = NOW,
) -> Generated:
    generator = Generator(store, programme, published(), people=people, seed=seed, now=now)
    return await generator.record(lambda: None)


async def everything(store: EventStore) -> dict[str, list[tuple[str, bytes, bytes, datetime]]]:
    """Each stream's events without the order in which streams were recorded."""
    streams: dict[str, list[tuple[str, bytes, bytes, datetime]]] = {}
    for each in await store.read_all(after=START, limit=1_000_000):
        streams.setdefault(each.stream_id, []).append((each.type, each.body, each.sealed, each.recorded_at))
    return streams


async def standings(store: EventStore, agreement: str) -> list[Agreement]:
    """The agreement as it stood after each of its events."""
    stream_id = f"agreement-{agreement}"
    state, states = None, list[Agreement]()
    for each in (await store.read(stream_id)).events:
        state = AGREEMENTS.evolve(state, CODEC.decode(each).event, stream_id, each.version)
        states.append(state)
    return states


# ── In memory ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Population:
    """Generated once and looked at by several tests; none of them adds to it."""

    store: EventStore
    found: Generated


@pytest.fixture(scope="module")
async def whole() -> Population:
    store = await a_store()
    return Population(store, await generated(store))


async def test_the_same_seed_is_the_same_people_and_decisions(whole: Population) -> None:
    again, other = await a_store(), await a_store()
    assert whole.found.lives == (await generated(again)).lives
    assert await everything(whole.store) == await everything(again)
    await generated(other, seed=2)
    assert await everything(whole.store) != await everything(other)


async def test_state_is_the_fold_of_what_was_recorded(whole: Population) -> None:
    store = whole.store
    for life in whole.found.lives:
        journey_id = life.journey.file.journey_id
        events = [CODEC.decode(each).event for each in (await store.read(journey_id)).events]
        assert fold(events, journey_id) == life.journey


async def test_every_step_lies_in_the_past_and_in_order_and_nothing_is_left_undone(whole: Population) -> None:
    """Reminders that came due are raised, so that starting the workflows makes no flood of them."""
    for life in whole.found.lives:
        assert all(wake.at > NOW for wake in pending(life.journey))
        for stream in life.streams:
            times = [event.recorded_at for event in stream.events]
            assert times == sorted(times)
            assert datetime(2026, 1, 1, tzinfo=UTC) <= times[0] <= times[-1] <= NOW


async def test_how_life_is_told_at_entry_for_most_and_at_reviews_and_exits_that_happen(whole: Population) -> None:
    files = [life.journey.file for life in whole.found.lives]
    assessed = [file for file in files if file.assessments]
    occasions = {each.occasion for file in files for each in file.measures}
    assert occasions == {"entry", "review", "exit"}
    assert sum(1 for file in assessed if file.measures) > len(assessed) / 2
    assert any(file.ratings for file in files)
    assert not any(file.measures for file in files if not file.assessments)


async def test_people_are_marked_synthetic(whole: Population) -> None:
    assert all(life.person.synthetic for life in whole.found.lives)


@pytest.mark.parametrize(("month", "day"), [(7, 3), (8, 5), (9, 3), (10, 3), (11, 4)])
async def test_places_are_never_over_filled_and_nobody_waits_beside_a_free_one(month: int, day: int) -> None:
    """Also just after the turn of a month, when most leave, and before the Monday on which places are offered."""
    store = await a_store()
    found = await generated(store, people=80, now=datetime(2026, month, day, 20, tzinfo=UTC))
    occupied: set[str] = set()
    for code in FEW_PLACES:
        states = await standings(store, code)
        assert all(state.free_in(state.terms[0]) >= 0 for state in states)
        assert any(state.waiting for state in states)
        assert not states[-1].could_be_offered(found.lives[0].until.date())
        occupied |= set(states[-1].holdings)
    assert occupied == {life.journey.file.journey_id for life in found.lives if life.journey.file.place}
    types = {each.type for each in await store.read_all(after=START, limit=100_000)}
    assert {"place.offered", "place.freed"} <= types


async def test_generated_again_it_adds_nothing_even_on_another_day() -> None:
    store = await a_store()
    first = await generated(store)
    before = await everything(store)
    again = await generated(store, now=NOW + timedelta(days=40))
    assert (first.added, again.added) == (PEOPLE, 0)
    assert again.lives == first.lives
    assert await everything(store) == before


class Failing(MemoryEventStore):
    """Does not answer any more after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__(now=lambda: NOW)
        self.left = steps

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        if self.left == 0:
            raise StoreUnavailable("gone")
        self.left -= 1
        return await super().append(
            streams, command_id=command_id, request_hash=request_hash, result=result, quotas=quotas
        )


@pytest.mark.parametrize("steps", [1, 2, 20])
async def test_after_an_outage_the_same_command_goes_on_where_it_was(whole: Population, steps: int) -> None:
    store = Failing(steps=10_000)
    await seeded(store)
    store.left = steps
    with pytest.raises(StoreUnavailable):
        await generated(store)
    store.left = 10_000
    assert 0 < (await generated(store, now=NOW + timedelta(days=2))).added <= PEOPLE
    assert await everything(store) == await everything(whole.store)


class Raced(MemoryEventStore):
    """Before the first of our agreements is recorded, somebody else moves it."""

    racing = False

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        if self.racing and streams[0].kind == "agreements":
            self.racing = False
            await generated(self, people=8, seed=9)
        return await super().append(
            streams, command_id=command_id, request_hash=request_hash, result=result, quotas=quotas
        )


async def test_where_somebody_moves_an_agreement_meanwhile_it_is_decided_anew() -> None:
    store = Raced(now=lambda: NOW)
    await seeded(store)
    store.racing = True
    found = await generated(store)
    assert not store.racing
    assert found.added == PEOPLE
    held = {life.journey.file.journey_id for life in found.lives if life.journey.file.place}
    occupied: set[str] = set()
    for terms in PROGRAMME.agreements:
        states = await standings(store, terms.code)
        assert all(state.free_in(state.terms[0]) >= 0 for state in states), terms.code
        occupied |= set(states[-1].holdings)
    assert held <= occupied
    again = await generated(store)
    assert (again.added, again.lives) == (0, found.lives)
    assert any(life.journey.file.plans for life in found.lives)


async def test_without_agreements_nobody_is_generated() -> None:
    with pytest.raises(NoAgreements):
        await generated(MemoryEventStore())


# ── Against what runs ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_population_in_the_real_record(stage: Scene) -> None:
    """The bounds in the database are those of the budgets, and every open journey has a workflow that knows where it is."""
    now = datetime.now(UTC)
    found = await generated(stage.store, programme=WHOLE, seed=5, now=now)
    assert found.added == PEOPLE
    await _bounds_are_those_of_the_budgets(stage.store, found)
    journeys = open_journeys(found.lives)
    await start(journeys, TemporalEngine(stage.client, task_queue=TASK_QUEUE), lambda: None)
    for journey_id in journeys:
        head = await stage.store.head(journey_id)
        assert head is not None
        await _stands_at(stage, journey_id, head.version)


async def _stands_at(stage: Scene, journey_id: str, version: int) -> None:
    """Once the workflow has asked the record, a moment after it began."""
    handle = stage.client.get_workflow_handle(names.journey_workflow(journey_id))

    async def there() -> bool:
        standing = await handle.query(PersonJourney.standing)
        return standing is not None and standing.version == version

    await eventually(there)


async def _bounds_are_those_of_the_budgets(store: PostgresEventStore, found: Generated) -> None:
    checked = 0
    for life in found.lives:
        file = life.journey.file
        for line_id, account in file.accounts.items():
            for name, used, allowed in BOUNDS:
                quota = await store.quota(f"line/{file.journey_id}/{line_id}/{name}")
                assert ((quota.used, quota.allowed) if quota else (0, 0)) == (used(account), allowed(account))
                checked += 1
    assert checked > 50


async def test_the_command_tells_what_it_did_and_adds_nothing_the_second_time(stage: Scene) -> None:
    first = await teekond("generate", "--people", "20", "--seed", "6", **stage.environment)
    assert first.code == 0, first.err
    assert "20 synthetic people of seed 6 were added" in first.out
    assert "Where they stand (the agreements have 614 places and no more are made up" in first.out
    assert "under 100" in first.out
    assert "20 of 20 people" in first.err
    again = await teekond("generate", "--people", "20", "--seed", "6", **stage.environment)
    assert again.code == 0
    assert "had been generated before: nothing was added" in again.out


async def test_nobody_is_made_up_beside_a_real_programme(stage: Scene) -> None:
    ended = await teekond("generate", "--people", "5", **{**stage.environment, "TEEKOND_PROGRAMME": "sourced"})
    ended.in_one_line(2, "made-up programme")
