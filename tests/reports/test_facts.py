"""Facts tell of any moment what was known at it: what is told later changes nothing of what was told before."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import asyncpg
import pytest

from activities.counting import counted
from activities.reporting import scopes_of
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.ports import START, Position, StoreUnavailable
from domain.reports.document import Document
from domain.reports.period import period_of
from domain.reports.question import Question
from domain.stages.exit import ExitJourney
from eventstore.postgres import PostgresEventStore
from readmodels import projector as projecting
from readmodels.known_facts import KnownFacts
from readmodels.projector import Pool, Projector
from readmodels.report_facts import ReportFacts
from tests.activities.examples import programme
from tests.readmodels.databases import CODEC, everything, shown
from tests.readmodels.test_town import a_town, copied
from tests.reports.conftest import Database
from tests.reports.desk import Desk
from tests.reports.recount import history, recount
from tests.reports.test_frozen import known_sums

MARCH = date(2026, 3, 2)
MONTHS = ("2026-10", "2026-11", "2026-12")


async def at(facts: KnownFacts, moment: Position, period: str) -> Document:
    month = period_of("monthly", period)
    question = Question(
        definition=programme().report("monthly", month.last),
        period=month,
        programme=programme(),
        moment=moment,
        at=datetime(2027, 2, 1, tzinfo=UTC),
    )
    scopes = await scopes_of(facts, question)
    return (await counted(facts, question, scopes[:1]))["ee"]


async def a_town_s_facts(pool: Pool) -> KnownFacts:
    store = PostgresEventStore(pool)
    await copied(await asyncio.to_thread(a_town), store)
    facts = ReportFacts(store, CODEC, NullCipher())
    projector = Projector(pool, store, CODEC, [facts])
    await projector.prepare()
    await shown(projector, pool, facts.name)
    return KnownFacts(pool, NullCipher())


async def test_any_past_moment_is_counted_as_if_it_were_now(database: Database) -> None:
    """Against the independent recount of the events until then; also where a claim, a recovery or an exit follows."""
    pool, url = database
    facts = await a_town_s_facts(pool)
    recorded, raw = await everything(pool), await history(url)
    assert len(recorded) == len(raw) > 60
    for number in range(9, len(raw), 12):
        for month in MONTHS:
            document = await at(facts, recorded[number].position, month)
            assert known_sums(document) == recount(raw[: number + 1], month), (number, month)
    assert known_sums(await at(facts, recorded[-1].position, "2026-10"))


async def test_batches_do_not_matter(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One event at a time, or all at once, by somebody who has seen nothing before: the same rows to the last column."""
    pool, _ = database
    await a_town_s_facts(pool)
    at_once = await _rows(pool)
    assert len(at_once) > 100
    monkeypatch.setattr(projecting, "BATCH", 1)
    store = PostgresEventStore(pool)
    anew = ReportFacts(store, CODEC, NullCipher())
    projector = Projector(pool, store, CODEC, [anew])
    await projector.rebuild(anew)
    await shown(projector, pool, anew.name)
    assert await _rows(pool) == at_once


async def test_what_was_rolled_back_is_told_again(database: Database) -> None:
    """A transaction that fails takes its rows along; the next attempt must not believe that they are there."""
    pool, _ = database
    desk = await Desk(pool).open(MARCH)
    await desk.helped(1, MARCH)
    batch = [each for each in await everything(pool) if each.position > START]

    async def fails() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await desk.facts.apply(connection, batch)
            raise asyncpg.PostgresError

    with pytest.raises(asyncpg.PostgresError):
        await fails()
    await shown(desk.projector, pool, desk.facts.name)
    told = await _rows(pool)
    anew = ReportFacts(desk.store, CODEC, NullCipher())
    projector = Projector(pool, desk.store, CODEC, [anew])
    await projector.rebuild(anew)
    await shown(projector, pool, anew.name)
    assert await _rows(pool) == told != []


async def _rows(pool: Pool) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await pool.fetch(
        "SELECT * FROM read.report_fact ORDER BY subject, kind, key, known_txid, known_number"
    )
    return rows


class Backwards:
    """A cipher one can see through, and that is enough to see what was not given to it."""

    def seal(self, subject_id: str, plaintext: bytes, *, associated: bytes) -> bytes:
        return subject_id.encode() + b"|" + plaintext[::-1]

    def open(self, subject_id: str, sealed: bytes, *, associated: bytes) -> bytes:
        person, _, text = sealed.partition(b"|")
        assert person == subject_id.encode(), "sealed under somebody else's key"
        return text[::-1]


async def test_what_tells_of_a_person_is_sealed_under_their_key(database: Database) -> None:
    pool, _ = database
    desk = await Desk(pool).open(MARCH)
    desk.facts = ReportFacts(desk.store, Codec(NullCipher()), Backwards())
    desk.known = KnownFacts(pool, Backwards())
    desk.projector = Projector(pool, desk.store, CODEC, [desk.facts])
    await desk.helped(1, MARCH)
    await shown(desk.projector, pool, desk.facts.name)
    text = "\n".join(str(tuple(row)) for row in await _rows(pool))
    for telling in ("schizophrenia", "female", "1984-03-02", "mental_health', 0", "Mari", "Näidis"):
        assert telling not in text, telling
    document = await at(desk.known, await desk.known.reached(), "2026-03")
    assert known_sums(document)["sexes", "female", "participants"] == 1


async def test_an_exit_told_late_leaves_the_moment_before_as_it_was(database: Database) -> None:
    pool, _ = database
    desk = await Desk(pool).open(MARCH)
    path = await desk.helped(1, MARCH)
    await shown(desk.projector, pool, desk.facts.name)
    before = await desk.known.reached()
    left = ExitJourney(on=date(2026, 3, 30), reason="own_wish", quality_of_life=5)
    await desk.record(left, path, date(2026, 4, 22))
    await shown(desk.projector, pool, desk.facts.name)
    then, now = [known_sums(await at(desk.known, moment, "2026-03")) for moment in (before, await desk.known.reached())]
    assert ("participants", "", "left") not in then
    assert now["participants", "", "left"] == 1


async def test_facts_that_are_made_anew_tell_nothing_until_they_have_got_there(database: Database) -> None:
    """Else a report would be sent of next to nobody, and a correction say that everything fell."""
    pool, _ = database
    desk = await Desk(pool).open(MARCH)
    await desk.helped(1, MARCH)
    await shown(desk.projector, pool, desk.facts.name)
    moment = await desk.known.complete()
    await desk.projector.rebuild(desk.facts)
    with pytest.raises(StoreUnavailable):
        await desk.known.complete()
    with pytest.raises(StoreUnavailable):
        await at(desk.known, moment, "2026-03")
    await shown(desk.projector, pool, desk.facts.name)
    assert known_sums(await at(desk.known, moment, "2026-03"))["participants", "", "participants"] == 1
