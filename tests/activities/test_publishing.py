"""A publication is what everybody decides by from then on, and every fact says under which one it was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date

import pytest

from activities import publishing
from activities.publishing import follow
from activities.recording import Recorder
from domain import journey
from domain.cipher import NullCipher
from domain.decision import OutsideMunicipality
from domain.ports import ComponentUse, EventStore, StoreUnavailable
from domain.publications import ComponentInUse, PastChanged, stream_of
from starter.seeding import SEEDER
from tests.activities.examples import (
    MANAGER,
    NOON,
    EveryDelivery,
    Office,
    Strangers,
    WatchedStore,
    call,
    eligible,
    given_a_person,
    later,
    programme,
    recorder,
    referral,
    step,
)
from tests.domain.publishing import RULES, next_catalogue, next_rules, publish

STREAM = stream_of("demonstration")
NEXT_YEAR = later(NOON, days=330)


async def test_every_fact_says_under_which_publication_it_was_decided(office: Office) -> None:
    clerk, store = recorder(office.store), office.store
    await clerk.look_for_publication()
    path = "journey-pinned"
    person = await given_a_person(clerk, NOON, "person-pinned")
    await clerk.record(step(referral(person, NOON), path, at=NOON))
    await clerk.record(step(publish(*next_rules(age_min=16)), actor=SEEDER, at=NOON))
    await clerk.record(step(eligible(), path, at=NOON))

    under = [told.meta.programme for told in store.events_of(path)]
    assert under == ["demonstration/1", "demonstration/2", "demonstration/2"]
    assert [told.meta.programme for told in store.events_of(STREAM)] == [None, "demonstration/1"]


async def test_what_was_decided_under_one_folds_the_same_after_the_next(office: Office) -> None:
    clerk = recorder(office.store)
    person = await given_a_person(clerk, NOON, "person-folded")
    for command in (referral(person, NOON), eligible(), call(NOON)):
        await clerk.record(step(command, "journey-folded", at=NOON))
    before = journey.fold(office.store.facts("journey-folded"), "journey-folded")

    await clerk.record(step(publish(*next_rules(age_min=60)), actor=SEEDER, at=NOON))

    assert journey.fold(office.store.facts("journey-folded"), "journey-folded") == before
    assert (await recorder(office.store).journeys.at_latest("journey-folded"))[0].state == before


async def test_another_process_learns_of_it_by_looking(office: Office) -> None:
    here, there = recorder(office.store), recorder(office.store)
    await here.record(step(publish(*next_rules(age_min=60)), actor=SEEDER, at=NOON))
    person = await given_a_person(there, NOON, "person-there")
    await there.record(step(referral(person, NEXT_YEAR), "journey-there", at=NEXT_YEAR))

    assert office.store.events_of("journey-there")[-1].meta.programme is None
    await there.look_for_publication()
    await there.record(step(call(NEXT_YEAR), "journey-there", at=NEXT_YEAR))
    assert office.store.events_of("journey-there")[-1].meta.programme == "demonstration/2"


async def test_following_outlasts_an_outage_and_data_it_cannot_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "LOOK_EVERY", 0)
    looked, enough = list[int](), asyncio.Event()
    troubles = [StoreUnavailable("away"), ValueError("unreadable")]

    async def look() -> None:
        looked.append(1)
        if troubles:
            raise troubles.pop()
        enough.set()

    following = asyncio.create_task(follow(look))
    await asyncio.wait_for(enough.wait(), 5)
    following.cancel()
    assert len(looked) >= 3


async def test_a_municipality_publishes_nothing(office: Office) -> None:
    await refuses(
        recorder(office.store).record(step(publish(*next_rules()), actor=MANAGER, at=NOON)), OutsideMunicipality
    )


async def test_a_refused_publication_changes_nothing(office: Office) -> None:
    clerk = recorder(office.store)
    changed = publish((RULES, "age_min = 18", "age_min = 16"))
    await refuses(clerk.record(step(changed, actor=SEEDER, at=NOON)), PastChanged)
    assert office.store.types(STREAM) == ["programme.published"]


class InUse:
    """One line of leisure that runs into next year."""

    asked: date | None = None

    async def of_components(self, *, after: date) -> tuple[ComponentUse, ...]:
        self.asked = after
        line = ComponentUse(component="leisure", tariff="group", starts_on=after, ends_on=date(2027, 3, 1), lines=1)
        return (line,)


async def test_what_budgets_rest_on_is_asked_for_as_of_the_day_of_publishing(office: Office) -> None:
    uses = InUse()
    changes, new = next_catalogue("leisure")
    clerk = _resting_on(office.store, uses)
    await refuses(clerk.record(step(publish(*changes, new=new), actor=SEEDER, at=NOON)), ComponentInUse)
    assert uses.asked == date(2026, 3, 2)


def _resting_on(store: EventStore, uses: InUse) -> Recorder:
    return Recorder(
        store=store,
        cipher=NullCipher(),
        programme=programme(),
        matches=Strangers(),
        claimable=EveryDelivery(store),
        uses=uses,
    )


async def test_without_a_publication_the_one_that_comes_with_the_software_is_used() -> None:
    store = WatchedStore()
    clerk = recorder(store)
    await clerk.look_for_publication()
    person = await given_a_person(clerk, NOON)
    assert {told.meta.programme for told in store.events_of(person)} == {None}


async def refuses(answer: Awaitable[object], why: type[Exception]) -> None:
    with pytest.raises(why):
        await answer
