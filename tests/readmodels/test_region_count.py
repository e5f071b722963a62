"""The region's numbers are what its open journeys come to, all told together and none for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from domain import journey
from domain.care import UnmetNeed
from domain.codec import Recorded
from domain.persons import LinkCarer
from domain.providers import ChangeContract
from domain.region_needs import Key, tally
from domain.stages.assessment import AssessCarer
from domain.stages.planning import AgreePlan, DraftPlan
from domain.working_days import local_date
from eventstore.postgres import PostgresEventStore
from readmodels import projector as projecting
from readmodels.contracted import Contracted
from readmodels.projector import Pool, Projector
from readmodels.region_count import RegionCount
from starter.seeding import SEEDER
from tests.activities.examples import (
    NOON,
    PROVIDER,
    agreed,
    assessment,
    budget,
    call,
    eligible,
    given_a_person,
    given_the_programme,
    leaving,
    not_eligible,
    plan,
    recorder,
    referral,
    step,
)
from tests.readmodels.databases import CODEC, everything, shown

JOURNEYS = 10
MONTH = f"{local_date(NOON):%Y-%m}"
CARER = "person-99"


@pytest.fixture
async def store(pool: Pool) -> PostgresEventStore:
    """Journeys at every stage, the later ones less far; one was refused, and the first two have left."""
    found = PostgresEventStore(pool)
    clerk = recorder(found)
    await given_the_programme(clerk, NOON)
    await given_a_person(clerk, NOON, CARER)
    for number in range(JOURNEYS):
        person, path = f"person-{number}", f"journey-{number}"
        await given_a_person(clerk, NOON, person)
        await clerk.record(step(LinkCarer(carer_id=CARER, relation="other"), person, at=NOON))
        await clerk.record(step(referral(person, NOON), path, at=NOON))
        assess_carer = AssessCarer(carer_id=CARER, on=local_date(NOON), needs="Synthetic.", own_needs=("respite",))
        steps = [
            eligible(), assess_carer, assessment(NOON), planned(number), None, budget(), call(NOON), call(NOON),
            leaving(NOON),
        ]  # fmt: skip
        if number == 4:
            steps = [not_eligible()]
        for command in steps[: JOURNEYS - number]:
            await clerk.record(step(command or await _agreed(found, path), path, at=NOON))
    return found


def planned(number: int) -> DraftPlan:
    need = UnmetNeed(need_id="club", goal_id="out", component="leisure", why="Synthetic: none near.")
    return plan(NOON, hours=10 + number).model_copy(update={"unmet": (need,) if number % 2 else ()})


async def _agreed(store: PostgresEventStore, path: str) -> AgreePlan:
    drafted = CODEC.decode((await store.read(path)).events[-1])
    return agreed(str(drafted.event.model_dump()["plan_id"]), NOON)


@pytest.fixture
async def counts(pool: Pool, store: PostgresEventStore) -> RegionCount:
    return RegionCount(pool, store, CODEC)


async def projector_of(pool: Pool, *models: RegionCount | Contracted) -> Projector:
    made = Projector(pool, PostgresEventStore(pool), CODEC, models)
    await made.prepare()
    return made


def added_up(recorded: list[Recorded]) -> Counter[Key]:
    """What the numbers must be, from the events alone and in one go."""
    streams: dict[str, list[Recorded]] = {}
    for told in recorded:
        if told.kind == "journeys":
            streams.setdefault(told.stream_id, []).append(told)
    total: Counter[Key] = Counter()
    for name, events in streams.items():
        state = journey.fold((each.event for each in events), name)
        assert state is not None
        total += tally(state)
    return total


async def numbers(pool: Pool) -> Mapping[Key, int]:
    rows = await pool.fetch("SELECT * FROM read.region_count WHERE municipality = 'tori' AND number <> 0")
    return {(row["measure"], row["code"], row["part"]): row["number"] for row in rows}


@pytest.mark.parametrize("batch", [1, 5, 500])
async def test_the_numbers_are_what_the_journeys_come_to(
    pool: Pool, counts: RegionCount, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting, "BATCH", batch)
    await shown(await projector_of(pool, counts), pool, "region_count")
    expected = added_up(await everything(pool))
    assert {measure for measure, _, _ in expected} == {
        "need", "carer", "line", "unmet", "unmet_area", "minutes", "provider",
    }  # fmt: skip
    assert await numbers(pool) == expected


async def test_made_anew_they_are_the_same(pool: Pool, counts: RegionCount, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the process that remembers what each journey added as by one that does not."""
    monkeypatch.setattr(projecting, "BATCH", 5)
    projector = await projector_of(pool, counts)
    await shown(projector, pool, "region_count")
    before = await numbers(pool)
    for each in (counts, RegionCount(pool, PostgresEventStore(pool), CODEC)):
        projector = await projector_of(pool, each)
        await projector.rebuild(each)
        assert await numbers(pool) == {}
        await shown(projector, pool, "region_count")
        assert await numbers(pool) == before


async def test_batches_that_come_twice_or_late_change_nothing(pool: Pool, counts: RegionCount) -> None:
    """By whoever they come: sums would double where a row would only be written again."""
    await shown(await projector_of(pool, counts), pool, "region_count")
    before = await numbers(pool)
    recorded = await everything(pool)
    async with pool.acquire() as connection:
        for each in (counts, RegionCount(pool, PostgresEventStore(pool), CODEC)):
            for start in range(0, len(recorded), 7):
                await each.apply(connection, recorded[start : start + 7])
    assert await numbers(pool) == before


async def test_an_old_batch_that_comes_late_takes_nothing_back(pool: Pool, counts: RegionCount) -> None:
    """From a process that knows nothing newer."""
    await shown(await projector_of(pool, counts), pool, "region_count")
    before = await numbers(pool)
    recorded = await everything(pool)
    agreements = [at for at, told in enumerate(recorded) if told.event.type == "plan.agreed"]
    async with pool.acquire() as connection:
        for before_it in agreements:
            await RegionCount(pool, PostgresEventStore(pool), CODEC).apply(connection, recorded[:before_it])
            assert await numbers(pool) == before


async def test_another_process_goes_on_where_one_that_remembered_stopped(
    pool: Pool, counts: RegionCount, store: PostgresEventStore
) -> None:
    """What a journey added last time is found again from its events, up to the version that was counted."""
    await shown(await projector_of(pool, counts), pool, "region_count")
    await recorder(store).record(step(leaving(NOON), "journey-2", at=NOON))
    fresh = RegionCount(pool, store, CODEC)
    await shown(await projector_of(pool, fresh), pool, "region_count")
    found = await numbers(pool)
    assert found == added_up(await everything(pool))
    assert min(found.values()) > 0


async def test_a_batch_that_was_rolled_back_is_counted_when_it_comes_again(pool: Pool, counts: RegionCount) -> None:
    await projector_of(pool, counts)
    recorded = await everything(pool)
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await counts.apply(connection, recorded)
        await transaction.rollback()
        assert await numbers(pool) == {}
        await counts.apply(connection, recorded)
    assert await numbers(pool) == added_up(recorded)


async def test_no_row_tells_what_one_journey_needs(pool: Pool, counts: RegionCount) -> None:
    """Degrees of need are sealed in the journey; of each journey only the version counted is kept here."""
    await shown(await projector_of(pool, counts), pool, "region_count")
    told = " ".join(str(row) for row in await pool.fetch("SELECT * FROM read.region_count"))
    assert "free_time" in told
    assert "journey-" not in told
    assert "person-" not in told
    assert set((await pool.fetch("SELECT * FROM read.region_counted"))[0].keys()) == {"journey_id", "version"}


async def test_what_is_planned_of_a_provider_is_told_by_month(pool: Pool, counts: RegionCount) -> None:
    await shown(await projector_of(pool, counts), pool, "region_count")
    loads = await counts.loads([PROVIDER, "provider-90000002"])
    assert list(loads) == [PROVIDER]
    assert loads[PROVIDER].planned[MONTH] == (await counts.counts("tori"))["minutes", "mental.recovery", MONTH] > 0
    assert all(measure != "provider" for measure, _, _ in await counts.counts("tori"))
    assert await counts.counts("tapa") == {}


async def test_who_is_under_contract_in_a_municipality_is_found(pool: Pool, store: PostgresEventStore) -> None:
    contracted = Contracted(pool, store, CODEC)
    projector = await projector_of(pool, contracted)
    await shown(projector, pool, "contracted")
    assert await contracted.in_municipality("tori") == tuple(f"provider-9000000{n}" for n in (1, 2, 3, 4, 6, 7))
    change = ChangeContract(components=("leisure",), municipalities=("tori",), valid_from=local_date(NOON))
    await recorder(store).record(step(change, "provider-90000008", actor=SEEDER, at=NOON))
    await shown(projector, pool, "contracted")
    assert "provider-90000008" in await contracted.in_municipality("tori")
    assert "provider-90000008" in await contracted.in_municipality("rapla")
    assert await contracted.in_municipality("narnia") == ()
