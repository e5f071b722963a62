"""Who may be registered already: people found again by name and birth date, or personal code, without keeping either."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from domain.codec import Recorded
from domain.events import PersonMoved, PersonRegistered
from domain.ports import StoreUnavailable
from eventstore.postgres import translated
from readmodels.positions import newest_position, wait_for
from readmodels.projector import Connection, Pool


class PersonMatch:
    """Keeps keyed hashes only: without the key nobody can try names against them."""

    name = "person_match"
    tables = """
        CREATE TABLE IF NOT EXISTS read.person_match (
            municipality text NOT NULL,
            hash bytea NOT NULL,
            person_id text NOT NULL,
            PRIMARY KEY (municipality, hash, person_id)
        )"""
    clear = "TRUNCATE read.person_match"

    def __init__(self, pool: Pool, key: bytes) -> None:
        self._pool, self._key = pool, key

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        rows = [
            (told.event.municipality, key, told.stream_id)
            for told in batch
            if isinstance(told.event, PersonRegistered)
            for key in self._hashes(
                told.event.given_name, told.event.family_name, told.event.birth_date, told.event.personal_code
            )
        ]
        await connection.executemany("INSERT INTO read.person_match VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", rows)
        await connection.executemany(  # they are found where they were, too: nobody registers them there again
            """INSERT INTO read.person_match SELECT $2, hash, person_id FROM read.person_match WHERE person_id = $1
            ON CONFLICT DO NOTHING""",
            [(told.stream_id, told.event.municipality) for told in batch if isinstance(told.event, PersonMoved)],
        )

    async def like(
        self, *, municipality: str, given_name: str, family_name: str, birth_date: date, personal_code: str | None
    ) -> tuple[str, ...]:
        with translated():
            rows = await self._pool.fetch(
                "SELECT DISTINCT person_id FROM read.person_match WHERE municipality = $1 AND hash = ANY($2) ORDER BY 1",
                municipality, self._hashes(given_name, family_name, birth_date, personal_code),
            )  # fmt: skip
        return tuple(row["person_id"] for row in rows)

    async def with_codes(self, wanted: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """Raises StoreUnavailable where the list does not get to what is recorded by now."""
        by_hash = {(municipality, self._hashed(f"code/{code}")): (municipality, code) for municipality, code in wanted}
        with translated():
            if not await wait_for(self._pool, self.name, await newest_position(self._pool)):
                raise StoreUnavailable("the list of people has not got there yet")
            rows = await self._pool.fetch(
                """SELECT municipality, hash, array_agg(person_id ORDER BY person_id) AS people FROM read.person_match
                WHERE (municipality, hash) IN (SELECT * FROM unnest($1::text[], $2::bytea[]))
                GROUP BY municipality, hash""",
                [municipality for municipality, _ in by_hash], [key for _, key in by_hash],
            )  # fmt: skip
        return {by_hash[row["municipality"], row["hash"]]: tuple(row["people"]) for row in rows}

    def _hashes(self, given: str, family: str, born: date, code: str | None) -> list[bytes]:
        named = [f"name/{plain(given)}/{plain(family)}/{born}", *([f"code/{code}"] if code else [])]
        return [self._hashed(each) for each in named]

    def _hashed(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode(), hashlib.sha256).digest()


def plain(name: str) -> str:
    """Without accents, case and double spaces: Õie, OIE and oie are found as one. Other scripts keep their letters."""
    letters = (each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))
    return " ".join("".join(letters).casefold().split())
