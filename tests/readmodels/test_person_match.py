"""People are found again whatever way their name is written, and nobody can read them out of the list."""

from __future__ import annotations

from datetime import date

import pytest

from domain.persons import RegisterPerson
from domain.ports import StoreUnavailable
from eventstore.postgres import PostgresEventStore
from readmodels.person_match import PersonMatch
from readmodels.projector import Pool, Projector
from tests.activities.examples import MUNICIPALITY, NOON, recorder, step
from tests.readmodels.databases import CODEC, shown

BORN = date(1984, 3, 2)
CODE = "48403020010"  # synthetic


def oie(**otherwise: object) -> RegisterPerson:
    said: dict[str, object] = {
        "municipality": MUNICIPALITY, "given_name": "Õie-Mari", "family_name": "Žukov Näidis", "birth_date": BORN,
        "personal_code": None, "sex": "female", "synthetic": True,
    }  # fmt: skip
    return RegisterPerson.model_validate(said | otherwise)


@pytest.fixture
async def matches(pool: Pool) -> PersonMatch:
    store = PostgresEventStore(pool)
    await recorder(store).record(step(oie(personal_code=_coded()), "person-1", at=NOON))
    found = PersonMatch(pool, b"a key")
    projector = Projector(pool, store, CODEC, [found])
    await projector.prepare()
    await shown(projector, pool, "person_match")
    return found


def _coded() -> str:
    """A personal code whose check digit is right."""
    digits = CODE[:10]
    for weights in ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)):
        rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if rest < 10:
            return f"{digits}{rest}"
    return f"{digits}0"


async def like(
    matches: PersonMatch,
    given: str = "Nobody",
    family: str = "Known",
    born: date = BORN,
    code: str | None = None,
    municipality: str = MUNICIPALITY,
) -> tuple[str, ...]:
    return await matches.like(
        municipality=municipality, given_name=given, family_name=family, birth_date=born, personal_code=code
    )


@pytest.mark.parametrize(
    ("given", "family"),
    [
        ("Õie-Mari", "Žukov Näidis"),
        ("OIE-MARI", "ZUKOV NAIDIS"),
        ("õie-mari", "žukov näidis"),
        (" Oie-Mari ", "Zukov  Näidis"),
        ("O\u0303ie-Mari", "Z\u030cukov Na\u0308idis"),
    ],
)
async def test_a_name_is_found_however_it_is_written(matches: PersonMatch, given: str, family: str) -> None:
    """Accents, capitals, double spaces and the way the accents are encoded make no difference."""
    assert await like(matches, given, family) == ("person-1",)


async def test_another_name_or_birth_date_is_another_person(matches: PersonMatch) -> None:
    assert await like(matches, "Õie", "Žukov Näidis") == ()
    assert await like(matches, "Õie-Mari", "Žukov Näidis", date(1984, 3, 3)) == ()


async def test_the_same_personal_code_is_the_same_person_whatever_the_name(matches: PersonMatch) -> None:
    assert await like(matches, code=_coded()) == ("person-1",)


async def test_each_municipality_finds_its_own_people_only(matches: PersonMatch) -> None:
    assert await like(matches, "Õie-Mari", "Žukov Näidis", municipality="tapa") == ()


async def test_people_are_found_by_their_personal_codes_in_their_own_municipality(matches: PersonMatch) -> None:
    here, there, nobody = (MUNICIPALITY, _coded()), ("tapa", _coded()), (MUNICIPALITY, "38001010001")
    assert await matches.with_codes({here, there, nobody}) == {here: ("person-1",)}
    assert await matches.with_codes(set()) == {}


async def test_who_was_registered_just_now_is_not_missed(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than that somebody is not found who is there, nobody is told anything."""
    monkeypatch.setattr("readmodels.positions.WAIT", 0.1)
    store = PostgresEventStore(pool)
    await recorder(store).record(step(oie(personal_code=_coded()), "person-1", at=NOON))
    found = PersonMatch(pool, b"a key")
    await Projector(pool, store, CODEC, [found]).prepare()
    with pytest.raises(StoreUnavailable, match="has not got there yet"):
        await found.with_codes({(MUNICIPALITY, _coded())})


async def test_without_the_key_nothing_is_found_and_nothing_can_be_read(pool: Pool, matches: PersonMatch) -> None:
    other = PersonMatch(pool, b"another key")
    assert await like(other, "Õie-Mari", "Žukov Näidis") == ()
    assert await other.with_codes({(MUNICIPALITY, _coded())}) == {}
    rows = await pool.fetch("SELECT * FROM read.person_match")
    assert [len(row["hash"]) for row in rows] == [32, 32]
    kept = " ".join(str(dict(row)) for row in rows).casefold()
    assert not any(word in kept for word in ("mari", "ukov", "1984", CODE[:7]))
