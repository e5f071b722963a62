"""What was so when, and who knew of it when: the dated facts that every report is counted from."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from pydantic_core import from_json

from domain import journey
from domain.codec import Codec, Recorded, canonical
from domain.ports import Cipher, EventStore, Position, StoreUnavailable
from domain.reports import facts
from domain.reports.counting import WHEREVER, Dossier, places_of
from domain.reports.facts import NOTHING, Fact, Key
from domain.reports.known import Kinds, Span
from domain.reports.period import Period
from domain.states import Journey
from domain.working_days import local_date
from eventstore.queries import named
from readmodels.projector import KEPT, Connection, Pool, newest_position, position_of, wait_for

NEVER = 2**62  # the transaction by which what is still so was replaced
KINDS = frozenset({"journeys", "persons", "agreements", "regions"})

QUERIES = named(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


@dataclass(slots=True)
class Kept:
    """A stream as far as it was gone through."""

    version: int = 0
    state: Journey | None = None
    facts: dict[Key, Fact] = field(default_factory=dict)
    person_id: str = ""


class ReportFacts:
    """Bitemporal: a row says from when until when something was so, and between which two events it was known so. What is
    personal is sealed under the person's key."""

    name = "report_facts"
    tables = f"""
        CREATE TABLE IF NOT EXISTS read.report_fact (
            subject text NOT NULL,
            kind text NOT NULL,
            key text NOT NULL,
            person_id text NOT NULL,
            municipality text NOT NULL,
            from_on date NOT NULL,
            to_on date NOT NULL,
            code text NOT NULL,
            area text NOT NULL,
            about text NOT NULL,
            number bigint NOT NULL,
            cents bigint NOT NULL,
            sealed bytea,
            words text,
            because text NOT NULL,
            version bigint NOT NULL,
            known_txid bigint NOT NULL,
            known_number bigint NOT NULL,
            gone_txid bigint NOT NULL DEFAULT {NEVER},
            gone_number bigint NOT NULL DEFAULT 0,
            PRIMARY KEY (subject, kind, key, known_txid, known_number)
        );
        CREATE INDEX IF NOT EXISTS report_fact_days ON read.report_fact (subject, kind, from_on, to_on);
        CREATE INDEX IF NOT EXISTS report_fact_known ON read.report_fact (known_txid, known_number);
        CREATE TABLE IF NOT EXISTS read.report_subject (
            subject text NOT NULL,
            municipality text NOT NULL,
            PRIMARY KEY (subject, municipality)
        );
        CREATE INDEX IF NOT EXISTS report_subject_of ON read.report_subject (municipality, subject)"""
    clear = "TRUNCATE read.report_fact, read.report_subject"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec, cipher: Cipher) -> None:
        self._pool, self._store, self._codec, self._cipher = pool, store, codec, cipher
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        rows: list[tuple[object, ...]] = []
        subjects: set[tuple[str, str]] = set()
        for told in batch:
            if told.kind not in KINDS:
                continue
            kept = await self._before(told)
            changed = _changed(kept, told)
            rows += (self._row(told, kept, fact) for fact in changed)
            if told.kind != "persons":
                subjects.update((told.stream_id, place) for fact in changed for place in places_of(fact))
        await connection.executemany(QUERIES["tell"], rows)
        await connection.executemany(
            "INSERT INTO read.report_subject VALUES ($1, $2) ON CONFLICT DO NOTHING", sorted(subjects)
        )

    async def _before(self, told: Recorded) -> Kept:
        """The stream as it was just before. What is kept may be ahead, after a transaction that failed, or far behind."""
        kept = self._kept.get(told.stream_id)
        if kept is None or kept.version != told.version - 1:
            kept = Kept()
            if told.version > 1:
                found = await self._store.read(told.stream_id, limit=told.version - 1)
                for each in found.events:
                    _changed(kept, self._codec.decode(each))
            self._kept[told.stream_id] = kept
        self._kept.move_to_end(told.stream_id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return kept

    def _row(self, told: Recorded, kept: Kept, fact: Fact) -> tuple[object, ...]:
        sealed = None
        if fact.personal:
            associated = _associated(told.stream_id, fact.kind, fact.key)
            sealed = self._cipher.seal(kept.person_id, canonical(dict(fact.personal)), associated=associated)
        return (
            told.stream_id, fact.kind, fact.key, kept.person_id, fact.municipality, fact.from_on, fact.to_on, fact.code,
            fact.area, fact.about, fact.number, fact.cents, sealed,
            json.dumps(dict(fact.words), ensure_ascii=False) if fact.words else None,
            told.event.type, told.version, told.position.txid, told.position.number,
        )  # fmt: skip

    def _fact(self, row: asyncpg.Record) -> Fact:
        """A report makes a million: taken apart at once, columns cost half of what they cost by name."""
        (
            kind, key, municipality, from_on, to_on, code, area, about, number, cents, sealed, words, because, version,
            subject, person_id,
        ) = row  # fmt: skip
        personal = NOTHING
        if sealed is not None:
            personal = from_json(self._cipher.open(person_id, sealed, associated=_associated(subject, kind, key)))
        told = NOTHING if words is None else from_json(words)
        return Fact(
            kind, key, municipality, from_on, to_on, code, area, about, number, cents, personal, told, because, version
        )

    # ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def reached(self) -> Position:
        return await position_of(self._pool, self.name)

    async def complete(self) -> Position:
        newest = await newest_position(self._pool)
        if not await wait_for(self._pool, self.name, newest):
            raise StoreUnavailable("the facts of reports have not got there yet")
        return max(newest, await self.reached())

    async def subjects(self, municipalities: Collection[str] | None, *, after: str, limit: int) -> list[str]:
        """Journeys, agreements and regions, of these municipalities or of all; the next `limit` in order of their ids."""
        rows = await self._pool.fetch(
            QUERIES["subjects"],
            after, None if municipalities is None else list(municipalities), limit,
        )  # fmt: skip
        return [row["subject"] for row in rows]

    async def agreements(self, at: Position) -> list[Fact]:
        rows = await self._pool.fetch(QUERIES["agreements"], at.txid, at.number)
        return [self._fact(row) for row in rows]

    async def dossiers(
        self, subjects: Sequence[str], period: Period, at: Position, kinds: Kinds, *, detailed: bool = False
    ) -> Iterator[Dossier]:
        """Facts of these kinds as they were known at that moment, of those of whom any matters to the period; deliveries
        added up unless `detailed`."""
        moment = (at.txid, at.number)
        dated = [each for each in kinds if each not in WHEREVER]
        query = QUERIES["detailed" if detailed else "dossiers"]
        span = (subjects[0], subjects[-1])  # by which the index is gone through in one go
        rows = await self._pool.fetch(query, list(subjects), *moment, period.first, period.last, dated, *span)
        found, people = {row["subject"] for row in rows}, {row["person_id"] for row in rows}
        undated = [each for each in kinds if each in WHEREVER and each != "person"]
        rows += await self._pool.fetch(QUERIES["wherever"], list(found), *moment, period.last, undated)
        persons: list[asyncpg.Record] = []
        if "person" in kinds:
            persons = await self._pool.fetch(QUERIES["wherever"], list(people), *moment, facts.FOREVER, ["person"])
        return self._dossiers(rows, persons)

    def _dossiers(self, rows: Iterable[asyncpg.Record], persons: Iterable[asyncpg.Record]) -> Iterator[Dossier]:
        """Each made when it is its turn: meanwhile the next rows are on their way, and few facts are there at a time."""
        people = {row["subject"]: row for row in persons}
        grouped: dict[str, list[asyncpg.Record]] = {}
        for row in rows:
            grouped.setdefault(row["subject"], []).append(row)
        for subject, told in grouped.items():
            person = people.get(told[0]["person_id"])
            yield Dossier(
                subject=subject,
                facts=[self._fact(each) for each in told],
                person=None if person is None else self._fact(person),
            )

    async def changed(self, period: Period, span: Span, kinds: Kinds) -> list[str]:
        """Journeys, agreements and regions of which something that matters to the period was told in between."""
        rows = await self._pool.fetch(
            QUERIES["changed"],
            span.after.txid, span.after.number, span.until.txid, span.until.number, period.last, list(kinds),
        )  # fmt: skip
        return [row["subject"] for row in rows]

    async def told_between(self, subjects: Sequence[str], span: Span) -> Mapping[str, list[Fact]]:
        """Each fact that was told in between of each, the latest first, whether it is so still or never was."""
        rows = await self._pool.fetch(
            QUERIES["told_between"],
            list(subjects), span.after.txid, span.after.number, span.until.txid, span.until.number,
        )  # fmt: skip
        found: dict[str, list[Fact]] = {}
        for row in rows:
            found.setdefault(row["subject"], []).append(self._fact(row))
        return found


def _associated(subject: str, kind: str, key: str) -> bytes:
    return f"report_fact/{subject}/{kind}/{key}".encode()


def _changed(kept: Kept, told: Recorded) -> list[Fact]:
    """Takes the stream one event on; the facts that are not any more as they were."""
    found = []
    for fact in _told(kept, told):
        key = (fact.kind, fact.key)
        if kept.facts.get(key) != fact:
            kept.facts[key] = fact
            found.append(fact._replace(because=told.event.type, version=told.version))
    kept.version = told.version
    return found


def _told(kept: Kept, told: Recorded) -> list[Fact]:
    day = local_date(told.occurred_at)
    match told.kind:
        case "persons":
            kept.person_id = told.stream_id
            return list(facts.of_person(told.event, day))
        case "agreements":
            return list(facts.of_agreement(kept.facts, told.event))
        case "regions":
            return list(facts.of_region(kept.facts, told.event))
    before = kept.state
    kept.state = journey.evolve(before, told.event, told.stream_id, told.version)
    kept.person_id = kept.state.file.person_id
    one = facts.Told(event=told.event, version=told.version, day=day, before=before, after=kept.state)
    return list(facts.of_journey(kept.facts, one))
