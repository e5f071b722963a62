"""Who the synthetic people are: drawn from published shares by a seed, and nothing of them is anybody's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from domain.programme import AgreementTerms
from starter.generating.calibration import Calibration, dealt

# [synthetic] Names that say of themselves that they are none.
GIVEN_NAMES: dict[str, tuple[str, ...]] = {
    "female": ("Mari", "Liis", "Kadri", "Tiina", "Anu", "Jelena", "Piret", "Olga"),
    "male": ("Jaan", "Mart", "Toomas", "Andres", "Peeter", "Sergei", "Rein", "Igor"),
}
FAMILY_NAMES = ("Näidis", "Prooviks", "Katse", "Mudel", "Eeskuju", "Väljamõeld")
AGES = {
    "from_16_to_19": (18, 19),
    "from_20_to_59": (20, 59),
    "from_60": (60, 78),
}  # the rules let nobody join before 18
DIAGNOSES = {
    "mental_illness": (("schizophrenia",), ("bipolar_disorder",), ("recurrent_depression",), ("anxiety_disorder",)),
    "intellectual_disability": (("mild_intellectual_disability",), ("moderate_intellectual_disability",)),
    "both": (("schizophrenia", "mild_intellectual_disability"), ("bipolar_disorder", "mild_intellectual_disability")),
}
HISTORY_DAYS = 330  # a plan runs for a year: within this time nobody needs a second one
LATEST = timedelta(days=7)  # before the end, so that everybody is referred by then
EARLY = 0.4  # of the people come in the first weeks, as they do when a programme starts
Sex = Literal["female", "male"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One synthetic person, before anything has been decided. `noticed_on` is when somebody first noticed."""

    number: int
    agreement: str
    municipality: str
    given_name: str
    family_name: str
    sex: Sex
    language: Literal["et", "ru"]
    birth_date: date
    age_group: str
    diagnosis: str
    diagnoses: tuple[str, ...]
    in_state_system: bool
    noticed_on: date

    def chance(self, seed: str) -> random.Random:
        """This person's own, so that nobody's path changes another's."""
        return random.Random(f"{seed}/{self.number}")


def seed_of(people: int, seed: int) -> str:
    """Another number of people are other people."""
    return f"{seed}/{people}"


def population(
    people: int, seed: int, *, published: Calibration, agreements: tuple[AgreementTerms, ...], begin: date, until: date
) -> tuple[Profile, ...]:
    """The same for the same arguments; spread over the agreements by their places, in the order they were noticed."""
    chance = random.Random(seed_of(people, seed))
    places = sum(terms.places for terms in agreements)
    homes = dealt({terms.code: terms.places / places for terms in agreements}, people, chance)
    ages = dealt(published.shares("age"), people, chance)
    diagnoses = dealt(published.shares("diagnosis"), people, chance)
    state = dealt(published.shares("state_system"), people, chance)
    days = sorted(_days(people, begin, until - LATEST, chance))
    by_code = {terms.code: terms for terms in agreements}
    return tuple(
        _profile(number, by_code[homes[number]], ages[number], diagnoses[number], state[number], day, until, chance)
        for number, day in enumerate(days)
    )


def _days(people: int, begin: date, until: date, chance: random.Random) -> Iterator[date]:
    span = (until - begin).days
    for _ in range(people):
        within = min(60, span) if chance.random() < EARLY else span
        yield begin + timedelta(days=chance.randrange(within + 1))


def _profile(
    number: int,
    terms: AgreementTerms,
    age_group: str,
    diagnosis: str,
    state: str,
    noticed_on: date,
    until: date,
    chance: random.Random,
) -> Profile:
    sex: Sex = chance.choice(("female", "male"))
    youngest, oldest = AGES[age_group]
    age = chance.randint(youngest, oldest)
    return Profile(
        number=number,
        agreement=terms.code,
        municipality=chance.choice(terms.municipalities),
        given_name=chance.choice(GIVEN_NAMES[sex]),
        family_name=chance.choice(FAMILY_NAMES),
        sex=sex,
        language=chance.choices(("et", "ru"), (4, 1))[0],
        birth_date=_born(age, noticed_on if age == youngest == AGES["from_16_to_19"][0] else until, until, chance),
        age_group=age_group,
        diagnosis=diagnosis,
        diagnoses=chance.choice(DIAGNOSES[diagnosis]),
        in_state_system=state == "in_it_before",
        noticed_on=noticed_on,
    )


def _born(age: int, of_age_on: date, until: date, chance: random.Random) -> date:
    """So that the person has that age on the last day, and is of age on the day they are noticed."""
    latest = of_age_on.replace(year=of_age_on.year - age, day=min(of_age_on.day, 28))
    earliest = until.replace(year=until.year - age - 1, day=min(until.day, 28)) + timedelta(days=4)
    return earliest + timedelta(days=chance.randrange(max((latest - earliest).days, 1)))
