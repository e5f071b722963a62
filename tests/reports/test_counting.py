"""Counting in processes of their own comes to what one process counts; and they are gone when nobody waits for them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import psutil
import pytest

from activities import counting
from activities.counting import Share, counted, living
from activities.reporting import scopes_of
from domain.cipher import NullCipher
from domain.ports import StoreUnavailable
from domain.reports.count import Asked, Count, Scope
from domain.reports.period import period_of
from domain.reports.question import Question
from eventstore.postgres import PostgresEventStore
from readmodels.known_facts import KnownFacts
from readmodels.projector import Projector
from readmodels.report_facts import ReportFacts
from starter.counting import Processes
from tests.activities.examples import programme
from tests.readmodels.databases import CODEC
from tests.reports.conftest import Database
from tests.reports.test_facts import a_town_s_facts
from tests.reports.test_frozen import known_sums

NOBODY_THERE = "postgresql://nobody@127.0.0.1:1/nowhere"


async def asked(known: KnownFacts) -> Question:
    month = period_of("monthly", "2026-11")
    return Question(
        definition=programme().report("monthly", month.last),
        period=month,
        programme=programme(),
        moment=await known.reached(),
        at=datetime(2027, 2, 1, tzinfo=UTC),
    )


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A town is enough for processes of their own, each in several pieces."""
    monkeypatch.setattr(counting, "FEW", 1)
    monkeypatch.setattr(counting, "PIECE", 1)


async def test_several_processes_count_what_one_does(database: Database) -> None:
    pool, url = database
    known = await a_town_s_facts(pool)
    question = await asked(known)
    everybody = await scopes_of(known, question)
    assert len(everybody) > 2
    for wanted in (everybody, everybody[2:3]):
        here = await counted(known, question, wanted)
        assert await counted(known, question, wanted, Processes(url, 2)) == here
        assert known_sums(here[wanted[0].code])


async def test_everybody_is_in_one_share(database: Database) -> None:
    """Of all, or of some municipality: the shares put together are all of them, each about as large as the others."""
    known = await a_town_s_facts(database[0])
    for places in (None, ["tori"]):
        every = await known.subjects(places, after="", until=None, limit=100)
        ends = await known.ends(places, shares=3, fewest=1)
        shares = [
            await known.subjects(places, after=after, until=until, limit=100)
            for after, until in zip(["", *ends], [*ends, None], strict=True)
        ]
        assert [each for share in shares for each in share] == every
        assert max(map(len, shares)) - min(map(len, shares)) <= 1 <= min(map(len, shares))
        assert await known.ends(places, shares=3, fewest=len(every) + 1) == []
        assert await known.ends(places, shares=1, fewest=1) == []


async def test_facts_made_anew_and_a_database_that_is_gone_are_told_as_such(database: Database) -> None:
    pool, url = database
    known = await a_town_s_facts(pool)
    question, everybody = await asked(known), Share(places=None)
    facts = ReportFacts(PostgresEventStore(pool), CODEC, NullCipher())
    await Projector(pool, PostgresEventStore(pool), CODEC, [facts]).rebuild(facts)
    with pytest.raises(StoreUnavailable, match="made anew"):
        await Processes(url).counts(question.asked, [], [everybody])
    with pytest.raises(StoreUnavailable):
        await Processes(NOBODY_THERE).counts(question.asked, [], [everybody])


async def test_a_process_that_fails_is_a_failure(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, url = database
    known = await a_town_s_facts(pool)
    question = await asked(known)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="ended with 1"):
        await counted(known, question, await scopes_of(known, question), Processes(url, 2))


@asynccontextmanager
async def silent_server() -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Takes connections, and says nothing."""
    called = asyncio.Event()
    kept = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept.append(writer)
        called.set()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"postgresql://nobody@127.0.0.1:{server.sockets[0].getsockname()[1]}/nowhere?sslmode=disable", called
    finally:
        for writer in kept:
            writer.close()
        server.close()


async def test_no_process_outlives_who_waits_for_it(database: Database) -> None:
    known = await a_town_s_facts(database[0])
    question = await asked(known)
    before = set(psutil.Process().children())
    async with silent_server() as (url, called):
        shares = [Share(places=None, until="m"), Share(places=None, after="m")]
        counts = asyncio.create_task(Processes(url).counts(question.asked, [], shares))
        await called.wait()
        assert len(set(psutil.Process().children()) - before) == len(shares)
        counts.cancel()
        with pytest.raises(asyncio.CancelledError):
            await counts
        assert set(psutil.Process().children()) <= before


async def test_whoever_waits_says_that_they_do(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else Temporal takes the activity for lost, and gives it to another worker."""
    monkeypatch.setattr(counting, "SIGN", 0)
    known = await a_town_s_facts(database[0])
    question, said, enough = await asked(known), [], asyncio.Event()

    class Patient:
        number = 2

        async def counts(self, asked: Asked, wanted: Sequence[Scope], shares: Sequence[Share]) -> Sequence[Count]:
            await enough.wait()
            return [Count(asked, wanted) for _ in shares]

    def alive() -> None:
        said.append(1)
        if len(said) == 3:
            enough.set()

    await counted(known, question, await scopes_of(known, question), Patient(), alive)
    assert len(said) >= 3
    with pytest.raises(ValueError, match="as it is"):
        await living(_fails(), alive)


async def _fails() -> None:
    raise ValueError("as it is")
