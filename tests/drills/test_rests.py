"""Sixty-four want the last place, or the last of a budget, from four processes at the same moment, a hundred times over."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from activities.recording import Recorder
from domain.places import SignAgreement
from domain.stages.planning import ReopenPlan
from domain.states import Journey
from eventstore.postgres import PostgresEventStore
from readmodels.projector import Pool
from runtime.embedded import Services
from starter.seeding import SEEDER, seeds
from tests.activities.examples import (
    MUNICIPALITY,
    NOON,
    agreed,
    assessment,
    budget,
    eligible,
    given_a_person,
    plan,
    programme,
    recorder,
    referral,
    step,
)
from tests.readmodels.databases import fresh_database

PROCESSES, CROWD, ROUNDS = 4, 64, 100


class Crowd:
    def __init__(self, processes: list[asyncio.subprocess.Process]) -> None:
        self._processes = processes

    async def does(self, what: str, round_: int) -> Counter[str]:
        """All at the same word; what became of it, in sum."""
        for each in self._processes:
            assert each.stdin is not None
            each.stdin.write(f"{what} {round_}\n".encode())
        told: Counter[str] = Counter()
        for each in self._processes:
            assert each.stdout is not None
            told.update(json.loads(await each.stdout.readline()))
        return told


@asynccontextmanager
async def crowd(url: str) -> AsyncIterator[Crowd]:
    share = CROWD // PROCESSES
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.drills.claimant", url, str(number * share), str((number + 1) * share),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    try:
        yield Crowd(processes)
    finally:
        for each in processes:
            if each.returncode is None:
                each.kill()
                await each.wait()


async def prepared(pool: Pool, *, places: int) -> Recorder:
    """The town's agreement has so many places; everything else is as in the demonstration."""
    clerk = recorder(PostgresEventStore(pool))
    for command in seeds(programme(), NOON.date()):
        ours = isinstance(command, SignAgreement) and command.agreement == MUNICIPALITY
        signed = command.model_copy(update={"places": places}) if ours else command
        await clerk.record(step(signed, actor=SEEDER, at=NOON))
    for number in range(CROWD):
        await given_a_person(clerk, NOON, f"person-{number}")
    return clerk


async def at(clerk: Recorder, path: str) -> Journey:
    state = (await clerk.journeys.at_latest(path))[0].state
    assert state is not None
    return state


async def test_one_gets_the_last_place_every_time_and_all_others_wait(services: Services) -> None:
    async with fresh_database(services) as (pool, url), crowd(url) as claimants:
        await prepared(pool, places=1)
        for round_ in range(ROUNDS):
            await claimants.does("refer", round_)
            assert await claimants.does("place", round_) == {"place.received": 1, "place.awaited": CROWD - 1}
            row = await pool.fetchrow("SELECT used, allowed FROM teekond.quota WHERE key LIKE 'places/tori/%'")
            assert row is not None
            assert (row["used"], row["allowed"]) == (1, 1)
            await claimants.does("leave", round_)


async def test_one_gets_the_last_hour_of_a_budget_every_time_and_nobody_a_second_one(services: Services) -> None:
    async with fresh_database(services) as (pool, url), crowd(url) as claimants:
        clerk, path = await prepared(pool, places=1), "journey-1"
        for command in (referral("person-0", NOON), eligible(), assessment(NOON)):
            await clerk.record(step(command, path, at=NOON))
        for round_ in range(ROUNDS):
            if round_:
                await clerk.record(step(ReopenPlan(reason="Synthetic: an hour more."), path, at=NOON))
            await clerk.record(step(plan(NOON, hours=round_ + 1), path, at=NOON))
            drafted = list((await at(clerk, path)).file.plans)[-1]
            for decision in (agreed(drafted, NOON), budget()):
                await clerk.record(step(decision, path, at=NOON))
            assert await claimants.does("rest", round_) == {"service.committed": 1, "not_allocated": CROWD - 1}
            account = (await at(clerk, path)).file.accounts["recovery"]
            assert account.committed == account.allocated
