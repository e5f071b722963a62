"""Synthetic people are drawn by their seed, and come out as published."""

from __future__ import annotations

import io
import random
from collections import Counter
from datetime import date

import pytest

from domain.programme import load
from starter.generating.calibration import Dealer, dealt, published
from starter.generating.comparing import POINTS, Compared
from starter.generating.needs import BANDS, CAPPED_CENTS, Month, Needs
from starter.generating.population import AGES, Profile, population
from starter.generating.running import near_enough
from starter.progress import Progress

PROGRAMME = load("demonstration")
FIGURES = published()
BEGIN, UNTIL = date(2026, 1, 1), date(2026, 11, 25)
MOST_MINUTES = 4_800


def people(number: int, seed: int) -> tuple[Profile, ...]:
    return population(number, seed, published=FIGURES, agreements=PROGRAMME.agreements, begin=BEGIN, until=UNTIL)


def shares_are_near(found: Counter[str], of: str) -> None:
    for part, share in FIGURES.share[of].items():
        assert abs(100 * found[part] / found.total() - 100 * share) <= POINTS, (of, part)


def test_the_same_seed_is_the_same_people() -> None:
    assert people(200, 1) == people(200, 1)
    assert people(200, 1) != people(200, 2)


@pytest.mark.parametrize("seed", range(5))
def test_two_thousand_people_are_as_published(seed: int) -> None:
    everybody = people(2_000, seed)
    assert [each.number for each in everybody] == list(range(2_000))
    shares_are_near(Counter(each.age_group for each in everybody), "age")
    shares_are_near(Counter(each.diagnosis for each in everybody), "diagnosis")
    state = Counter("in_it_before" if each.in_state_system else "never_in_it_before" for each in everybody)
    shares_are_near(state, "state_system")


def test_everybody_has_the_age_of_their_group_and_is_of_age_when_noticed() -> None:
    for each in people(2_000, 3):
        youngest, oldest = AGES[each.age_group]
        assert youngest <= _age(each.birth_date, UNTIL) <= oldest
        assert _age(each.birth_date, each.noticed_on) >= 18
        assert BEGIN <= each.noticed_on < UNTIL


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def test_people_live_where_the_places_are() -> None:
    found = Counter(each.agreement for each in people(2_000, 1))
    places = {terms.code: terms.places for terms in PROGRAMME.agreements}
    for code, number in places.items():
        assert abs(found[code] - 2_000 * number / sum(places.values())) <= 1


def test_published_shares_add_up_but_for_rounding() -> None:
    for of, parts in FIGURES.share.items():
        assert abs(sum(parts.values()) - 1) <= 0.011, of
        assert abs(sum(FIGURES.shares(of).values()) - 1) < 1e-9


def test_cards_are_dealt_to_the_nearest_whole() -> None:
    assert Counter(dealt({"a": 0.5, "b": 0.3, "c": 0.2}, 7, random.Random(1))) == {"a": 4, "b": 2, "c": 1}


def test_a_dealer_keeps_to_the_shares_by_weight() -> None:
    dealer, chance = Dealer({"a": 0.7, "b": 0.3}), random.Random(1)
    given = Counter[str]()
    for _ in range(300):
        weight = chance.randint(1, 9)
        given[dealer.deal(chance, weight=weight)] += weight
    assert abs(given["a"] / given.total() - 0.7) < 0.03


def months(number: int) -> list[Month]:
    needs, chance = Needs(PROGRAMME, FIGURES), random.Random(4)
    codes = [terms.code for terms in PROGRAMME.agreements]
    return [
        needs.month_for(
            chance, agreement=chance.choice(codes), on=date(2026, 4, 1), months=6, most_minutes=MOST_MINUTES
        )
        for _ in range(number)
    ]


def test_help_costs_and_is_spread_as_published() -> None:
    dealt_out = months(700)
    shares_are_near(Counter(each.band for each in dealt_out), "cost_per_person_month")
    shares_are_near(Counter(line.area for each in dealt_out for line in each.lines), "service_need")


def test_every_month_stays_in_its_band_and_under_the_ceiling() -> None:
    chance = random.Random(5)
    for month in months(700):
        least, below = BANDS[month.band]
        assert least <= month.cents < below
        assert 0 < month.minutes <= MOST_MINUTES
        assert all(line.minutes % 15 == 0 for line in month.lines)
        assert all(line.cents <= CAPPED_CENTS + 500 for line in month.lines if line.capped)
        assert len({line.component for line in month.lines}) == len(month.lines)
        went = month.as_it_went(chance)
        cost = sum(went[line.component] * line.cents_per_hour / 60 for line in month.lines)
        assert least <= cost < below


def test_a_share_that_is_off_is_told() -> None:
    said: list[str] = []
    row = Compared(of="age", part="from_60", published=2.0, generated=5.1)
    assert near_enough([row], mean=450, euros=420, say=said.append) is False
    assert said == ["  too far off: age: from 60"]
    row = Compared(of="age", part="from_60", published=2.0, generated=4.9)
    assert near_enough([row], mean=450, euros=420, say=said.append) is True
    assert near_enough([row], mean=450, euros=400, say=said.append) is False


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_a_line_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 1.0, 11.0, 20.0])
    monkeypatch.setattr("time.monotonic", lambda: next(moments))
    plain = io.StringIO()
    with Progress("people", 2, out=plain) as done:
        done()
        done()
    assert plain.getvalue() == "2 of 2 people, 0 a second\n2 of 2 people, 0 a second\n"

    moments = iter([0.0, 5.0, 10.0])
    terminal = _Terminal()
    with Progress("people", 4, out=terminal) as done:
        done()
    assert terminal.getvalue().startswith("\r[#######.......................] 1 of 4 people, 0 a second, 15 s left")
    assert terminal.getvalue().endswith("\n")
