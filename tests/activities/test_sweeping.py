"""The sweep wakes what the record knows and the engine does not, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest

from activities.sweeping import FAILURES, sweep
from domain.ports import Behind
from tests.activities.examples import NOON

GRACE = timedelta(seconds=30)
LONG_AGO = NOON - timedelta(hours=1)
TOMORROW = NOON + timedelta(days=1)


@dataclass
class Record:
    """What is open by the record."""

    open: list[Behind]
    agreements: tuple[str, ...] = ()
    confirmed: dict[str, int] = field(default_factory=dict)

    async def unconfirmed(self, *, now: datetime, grace: timedelta) -> AsyncIterator[Behind]:
        for each in self.open:
            yield each

    async def confirm(self, journey_id: str, version: int) -> None:
        self.confirmed[journey_id] = version

    async def agreements_with_offers_due(self, today: date) -> tuple[str, ...]:
        return self.agreements


@dataclass
class Running:
    """What runs, by the version it stands at; whoever is in `mute` cannot be reached."""

    versions: dict[str, int]
    mute: frozenset[str] = frozenset()
    woken: list[str] = field(default_factory=list)

    async def known_version(self, journey_id: str) -> int | None:
        if journey_id in self.mute:
            raise ConnectionError(journey_id)
        return self.versions.get(journey_id)

    async def wake_journey(self, journey_id: str) -> None:
        self.woken.append(journey_id)

    async def wake_places(self, agreement: str) -> None:
        self.woken.append(agreement)


def at_version(version: int, wake_at: datetime | None = None, journey_id: str = "j") -> Behind:
    return Behind(journey_id=journey_id, version=version, wake_at=wake_at)


async def test_a_workflow_that_stands_where_the_record_does_is_confirmed_and_left_alone() -> None:
    record, running = Record([at_version(5, TOMORROW)]), Running({"j": 5})
    assert await sweep(record, running, now=NOON, grace=GRACE) == 0
    assert (record.confirmed, running.woken) == ({"j": 5}, [])


@pytest.mark.parametrize("running", [Running({"j": 4}), Running({})], ids=["it is behind", "none runs"])
async def test_a_workflow_that_knows_less_than_the_record_is_woken(running: Running) -> None:
    record = Record([at_version(5)])
    assert await sweep(record, running, now=NOON, grace=GRACE) == 1
    assert (record.confirmed, running.woken) == ({}, ["j"])


async def test_a_deadline_that_passed_without_a_step_wakes_even_whoever_knows_the_version() -> None:
    running = Running({"j": 5})
    assert await sweep(Record([at_version(5, LONG_AGO)]), running, now=NOON, grace=GRACE) == 1
    assert running.woken == ["j"]


async def test_a_deadline_that_has_just_passed_is_left_to_its_timer() -> None:
    running = Running({"j": 5})
    assert await sweep(Record([at_version(5, NOON - GRACE / 2)]), running, now=NOON, grace=GRACE) == 0
    assert running.woken == []


async def test_places_that_can_be_offered_are_looked_after() -> None:
    running = Running({})
    assert await sweep(Record([], agreements=("tori", "tapa")), running, now=NOON, grace=GRACE) == 0
    assert running.woken == ["tori", "tapa"]


async def test_one_that_cannot_be_woken_does_not_keep_the_others_asleep() -> None:
    """They are woken all the same, the places too; then the failure is told."""
    record = Record([at_version(5, journey_id="stuck"), at_version(5)], agreements=("tori",))
    running = Running({}, mute=frozenset({"stuck"}))
    with pytest.raises(ConnectionError, match="stuck"):
        await sweep(record, running, now=NOON, grace=GRACE)
    assert running.woken == ["j", "tori"]


async def test_an_engine_that_answers_nobody_is_not_asked_about_everybody() -> None:
    asked = [at_version(5, journey_id=f"j-{number}") for number in range(FAILURES + 10)]
    running = Running({}, mute=frozenset(each.journey_id for each in asked[:FAILURES]))
    with pytest.raises(ConnectionError):
        await sweep(Record(asked), running, now=NOON, grace=GRACE)
    assert running.woken == []
