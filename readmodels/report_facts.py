"""What was so when, and who knew of it when: the dated facts that every report is counted from."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain import journey
from domain.canonical import canonical
from domain.codec import Codec, Recorded
from domain.ports import Cipher, EventStore
from domain.reports import facts
from domain.reports.counting import places_of
from domain.reports.fact import Fact, Key
from domain.states import Journey
from domain.working_days import local_date
from eventstore.queries import named
from readmodels.known_facts import NAME, associated_with
from readmodels.projector import KEPT, Connection

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
    personal is sealed under the person's key. First stands what rows are chosen by, which is read of many more."""

    name = NAME
    tables = f"""
        CREATE TABLE IF NOT EXISTS read.report_fact (
            known_txid bigint NOT NULL,
            known_number bigint NOT NULL,
            gone_txid bigint NOT NULL DEFAULT {NEVER},
            gone_number bigint NOT NULL DEFAULT 0,
            from_on date NOT NULL,
            to_on date NOT NULL,
            version bigint NOT NULL,
            number bigint NOT NULL,
            cents bigint NOT NULL,
            subject text NOT NULL,
            kind text NOT NULL,
            key text NOT NULL,
            code text NOT NULL,
            area text NOT NULL,
            about text NOT NULL,
            municipality text NOT NULL,
            person_id text NOT NULL,
            because text NOT NULL,
            sealed bytea,
            words text,
            PRIMARY KEY (subject, key, kind, known_txid, known_number)
        );
        CREATE INDEX IF NOT EXISTS report_fact_lasting ON read.report_fact (kind, subject, to_on, from_on, gone_txid);
        CREATE INDEX IF NOT EXISTS report_fact_known ON read.report_fact (known_txid, known_number);
        CREATE TABLE IF NOT EXISTS read.report_subject (
            subject text NOT NULL,
            municipality text NOT NULL,
            PRIMARY KEY (subject, municipality)
        );
        CREATE INDEX IF NOT EXISTS report_subject_of ON read.report_subject (municipality, subject)"""
    clear = "TRUNCATE read.report_fact, read.report_subject"

    def __init__(self, store: EventStore, codec: Codec, cipher: Cipher) -> None:
        self._store, self._codec, self._cipher = store, codec, cipher
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
            associated = associated_with(told.stream_id, fact.kind, fact.key)
            sealed = self._cipher.seal(kept.person_id, canonical(dict(fact.personal)), associated=associated)
        words = json.dumps(dict(fact.words), ensure_ascii=False) if fact.words else None
        return (
            told.stream_id, fact.kind, fact.key, told.position.txid, told.position.number, fact.from_on, fact.to_on,
            told.version, fact.number, fact.cents, fact.code, fact.area, fact.about, fact.municipality, kept.person_id,
            told.event.type, sealed, words,
        )  # fmt: skip


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
