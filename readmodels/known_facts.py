"""Reads the facts of reports as they were known at any moment. Processes that count begin with this: it stands on little."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_core import from_json

from domain.ports import Cipher, Position, StoreUnavailable
from domain.reports.counting import WHEREVER, Dossier
from domain.reports.fact import NOTHING, Fact
from domain.reports.known import Kinds, Span
from domain.reports.period import Period
from eventstore.queries import named
from readmodels.positions import newest_position, position_of, wait_for

if TYPE_CHECKING:
    import asyncpg

    from readmodels.projector import Pool

NAME = "report_facts"  # of the read model
KIND, SUBJECT, PERSON = 0, 14, 15  # where they stand in a row: by name they would be looked for in a million
QUERIES = named(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


# Half of what a plan for any values takes, or one that expects next to no rows, as it is expected of ranges of ids.
PLANNING = (
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
)


class KnownFacts:
    """A port of reports (`domain.reports.known`). What is personal is opened with the person's key."""

    def __init__(self, pool: Pool, cipher: Cipher) -> None:
        self._pool, self._cipher = pool, cipher

    async def reached(self) -> Position:
        return await position_of(self._pool, NAME)

    async def complete(self) -> Position:
        newest = await newest_position(self._pool)
        if not await wait_for(self._pool, NAME, newest):
            raise StoreUnavailable("the facts of reports have not got there yet")
        return max(newest, await self.reached())

    async def subjects(
        self, municipalities: Collection[str] | None, *, after: str, until: str | None, limit: int
    ) -> list[str]:
        places = None if municipalities is None else list(municipalities)
        rows = await self._pool.fetch(QUERIES["subjects"], after, until, places, limit)
        return [row["subject"] for row in rows]

    async def ends(self, municipalities: Collection[str] | None, *, shares: int, fewest: int) -> list[str]:
        places = None if municipalities is None else list(municipalities)
        rows = await self._pool.fetch(QUERIES["ends"], places, shares, fewest)
        return [row["subject"] for row in rows]

    async def agreements(self, at: Position) -> list[Fact]:
        rows = await self._pool.fetch(QUERIES["agreements"], at.txid, at.number)
        return [self._fact(row) for row in rows]

    async def dossiers(
        self,
        subjects: Sequence[str],
        period: Period,
        at: Position,
        kinds: Kinds,
        *,
        all_between: bool = False,
        detailed: bool = False,
    ) -> Iterator[Dossier]:
        moment = (at.txid, at.number)
        query = QUERIES["detailed" if detailed else "dossiers"]
        if not all_between:
            query = query.replace("$1::text[] IS NULL", "subject = ANY($1)")
        these = None if all_between else list(subjects)
        theirs = [kind for kind in kinds if kind != "person"]
        rows = await self._planned(
            query, these, *moment, period.first, period.last, theirs, subjects[0], subjects[-1]
        )  # fmt: skip
        found: dict[str, list[asyncpg.Record]] = {row[SUBJECT]: [] for row in rows if row[KIND] not in WHEREVER}
        for row in rows:
            if row[SUBJECT] in found:
                found[row[SUBJECT]].append(row)
        persons: list[asyncpg.Record] = []
        if "person" in kinds:
            people = list({some[0][PERSON] for some in found.values()})
            persons = await self._planned(QUERIES["persons"], people, *moment)
        return self._dossiers(found, {row["subject"]: row for row in persons})

    async def _planned(self, query: str, *values: object) -> list[asyncpg.Record]:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(PLANNING)
            rows: list[asyncpg.Record] = await connection.fetch(query, *values)
            return rows

    def _dossiers(
        self, told: Mapping[str, Sequence[asyncpg.Record]], people: Mapping[str, asyncpg.Record]
    ) -> Iterator[Dossier]:
        """Each made when it is its turn: meanwhile the next rows are on their way, and few facts are there at a time."""
        for subject, rows in told.items():
            made = [self._fact(row) for row in rows]
            yield Dossier(subject, made, self._person(people.get(rows[0][PERSON])))

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

    def _person(self, row: asyncpg.Record | None) -> Mapping[str, str | int]:
        if row is None:
            return NOTHING
        subject, kind, key, sealed = row
        told: dict[str, str | int] = from_json(
            self._cipher.open(subject, sealed, associated=associated_with(subject, kind, key))
        )
        return told

    def _fact(self, row: asyncpg.Record) -> Fact:
        """A report makes a million: taken apart at once, columns cost half of what they cost by name."""
        (
            kind, key, municipality, from_on, to_on, code, area, about, number, cents, sealed, words, because, version,
            subject, person_id,
        ) = row  # fmt: skip
        personal = NOTHING
        if sealed is not None:
            personal = from_json(self._cipher.open(person_id, sealed, associated=associated_with(subject, kind, key)))
        told = NOTHING if words is None else from_json(words)
        return Fact(
            kind, key, municipality, from_on, to_on, code, area, about, number, cents, personal, told, because, version
        )


def associated_with(subject: str, kind: str, key: str) -> bytes:
    return f"report_fact/{subject}/{kind}/{key}".encode()
