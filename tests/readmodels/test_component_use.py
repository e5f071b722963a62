"""What open budgets rest on, as it must be known before a component is dropped."""

from __future__ import annotations

from datetime import date, timedelta

from domain.ports import ComponentUse
from eventstore.postgres import PostgresEventStore
from readmodels.component_use import DatabaseUses
from readmodels.projector import Pool, Projector
from tests.activities.examples import (
    NOON,
    agreed,
    assessment,
    budget,
    eligible,
    given_a_person,
    given_the_programme,
    later,
    leaving,
    plan,
    recorder,
    referral,
    step,
)
from tests.readmodels.databases import CODEC, shown

AT = later(NOON, days=1)


async def test_lines_of_open_journeys_are_counted_until_they_end(pool: Pool) -> None:
    store = PostgresEventStore(pool)
    clerk = recorder(store)
    await given_the_programme(clerk, NOON)
    for path in ("journey-1", "journey-2", "journey-3"):
        person = await given_a_person(clerk, NOON, path.replace("journey", "person"))
        for command in (referral(person, NOON), eligible(), assessment(NOON), plan(NOON)):
            await clerk.record(step(command, path, at=NOON))
        plan_id = CODEC.decode((await store.read(path)).events[-1]).event.model_dump()["plan_id"]
        await clerk.record(step(agreed(str(plan_id), NOON), path, at=NOON))
        await clerk.record(step(budget(), path, at=NOON))
    uses = DatabaseUses(pool, store, CODEC)
    projector = Projector(pool, store, CODEC, [uses])
    await projector.prepare()
    await shown(projector, pool, uses.name)

    drafted = next(event for event in (await store.read("journey-1")).events if event.type == "plan.drafted")
    [line, *_] = CODEC.decode(drafted).event.model_dump()["lines"]
    before_its_end, last = line["ends_on"] - timedelta(days=1), line["ends_on"]
    of_the_line = ComponentUse(
        component=line["component"], tariff=line["tariff"], starts_on=line["starts_on"], ends_on=last, lines=3
    )
    assert of_the_line in await uses.of_components(after=before_its_end)
    assert of_the_line not in await uses.of_components(after=last)

    await clerk.record(step(leaving(AT), "journey-3", at=AT))
    await shown(projector, pool, uses.name)
    assert {each.lines for each in await uses.of_components(after=date(2026, 3, 2))} == {2}

    before = await uses.of_components(after=date(2026, 3, 2))
    await projector.rebuild(uses)
    await shown(projector, pool, uses.name)
    assert set(await uses.of_components(after=date(2026, 3, 2))) == set(before)
