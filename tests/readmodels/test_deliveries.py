"""The list of deliveries says what each comes to, and what of it a provider can claim."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.ports import StoreUnavailable
from domain.stages.claiming import CheckClaimed
from domain.stages.delivery import CorrectDelivery
from eventstore.postgres import PostgresEventStore
from readmodels.deliveries import Deliveries
from readmodels.projector import Pool, Projector
from tests.activities.examples import (
    MUNICIPALITY,
    NOON,
    PROVIDER,
    agreed,
    assessment,
    budget,
    delivery,
    eligible,
    given_a_person,
    given_the_programme,
    ordered,
    plan,
    recorder,
    referral,
    step,
)
from tests.readmodels.databases import CODEC, everything, shown

TODAY = NOON.date()
PATH = "journey-1"


async def helped(store: PostgresEventStore, hours: int) -> list[str]:
    clerk = recorder(store)
    await given_the_programme(clerk, NOON)
    await given_a_person(clerk, NOON)
    await clerk.record(step(referral("person-1", NOON), PATH, at=NOON))
    for to_plan in (eligible(), assessment(NOON), plan(NOON)):
        await clerk.record(step(to_plan, PATH, at=NOON))
    drafted = CODEC.decode((await store.read(PATH)).events[-1]).event.model_dump()["plan_id"]
    for command in (agreed(str(drafted), NOON), budget(), ordered()):
        await clerk.record(step(command, PATH, at=NOON))
    for _ in range(hours):
        await clerk.record(step(delivery(NOON), PATH, at=NOON))
    state = (await clerk.journeys.at_latest(PATH))[0].state
    assert state is not None
    return list(state.file.deliveries)


async def test_what_can_be_claimed_is_what_was_not_claimed_yet(pool: Pool) -> None:
    store = PostgresEventStore(pool)
    first, second, third = await helped(store, 3)
    deliveries = Deliveries(pool, store, CODEC)
    projector = Projector(pool, store, CODEC, [deliveries])
    await projector.prepare()
    await shown(projector, pool, deliveries.name)
    rows = await deliveries.up_to(TODAY, provider_id=PROVIDER, municipality=MUNICIPALITY)
    assert {row.delivery_id for row in rows} == {first, second, third}
    assert {row.cents for row in rows} == {rows[0].cents}

    clerk = recorder(store)
    claim = CheckClaimed(claim_id="claim-1", provider_id=PROVIDER, deliveries=(first, second))
    await clerk.record(step(claim, PATH, at=NOON))
    await clerk.record(step(CorrectDelivery(delivery_id=second, minutes=1, reason="Less."), PATH, at=NOON))
    await shown(projector, pool, deliveries.name)
    left = await deliveries.up_to(TODAY, provider_id=PROVIDER, municipality=MUNICIPALITY)
    assert {row.delivery_id: row.cents < 0 for row in left} == {second: True, third: False}


async def test_others_places_providers_and_days_are_not_in_it(pool: Pool) -> None:
    store = PostgresEventStore(pool)
    await helped(store, 1)
    deliveries = Deliveries(pool, store, CODEC)
    projector = Projector(pool, store, CODEC, [deliveries])
    await projector.prepare()
    await shown(projector, pool, deliveries.name)
    assert await deliveries.up_to(TODAY - timedelta(days=1), provider_id=PROVIDER, municipality=MUNICIPALITY) == ()
    assert await deliveries.up_to(TODAY, provider_id="provider-90000002", municipality=MUNICIPALITY) == ()
    assert await deliveries.up_to(TODAY, provider_id=PROVIDER, municipality="tapa") == ()


async def test_a_list_that_has_not_got_there_says_so_and_nothing_is_left_out(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readmodels.positions.WAIT", 0.1)
    store = PostgresEventStore(pool)
    await helped(store, 1)
    deliveries = Deliveries(pool, store, CODEC)
    await Projector(pool, store, CODEC, [deliveries]).prepare()
    with pytest.raises(StoreUnavailable, match="has not got there yet"):
        await deliveries.up_to(TODAY, provider_id=PROVIDER, municipality=MUNICIPALITY)


async def test_made_again_from_the_record_it_is_the_same(pool: Pool) -> None:
    store = PostgresEventStore(pool)
    await helped(store, 3)
    deliveries = Deliveries(pool, store, CODEC)
    projector = Projector(pool, store, CODEC, [deliveries])
    await projector.prepare()
    await shown(projector, pool, deliveries.name)
    query = "SELECT * FROM read.delivery ORDER BY delivery_id"
    before = await pool.fetch(query)
    await projector.rebuild(deliveries)
    assert await pool.fetch(query) == []
    await shown(projector, pool, deliveries.name)
    assert await pool.fetch(query) == before
    assert len(await everything(pool)) > 0
