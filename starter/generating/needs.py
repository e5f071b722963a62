"""What help a synthetic person gets, so that need by area and cost by month come out as published, at real prices."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from domain.care import Tariff
from domain.money import cost_cents
from domain.programme import Component, Programme
from starter.generating.calibration import Calibration, Dealer

QUARTER = 15  # minutes: nobody writes down less
CAPPED_CENTS = 9_000  # a month of leisure: its yearly cap would not bear more, nor next year's price
BANDS: dict[str, tuple[int, int]] = {  # cents a month: from, below
    "under_100": (0, 10_000),
    "from_100_to_200": (10_000, 20_000),
    "from_200_to_365": (20_000, 36_500),
    "from_365_to_1000": (36_500, 100_000),
    "over_1000": (100_000, 10_000_000),
}
# Published are both the shares of the bands and a mean; they meet only where most lie in the upper part of their band.
AIMS: dict[str, tuple[int, int]] = {
    "under_100": (7_000, 9_700),
    "from_100_to_200": (16_500, 19_700),
    "from_200_to_365": (30_500, 36_000),
    "from_365_to_1000": (80_000, 98_500),
    "over_1000": (260_000, 340_000),
}
MUCH = ("from_365_to_1000", "over_1000")
LINES = {
    "under_100": (1, 2),
    "from_100_to_200": (2, 2),
    "from_200_to_365": (2, 3),
    "from_365_to_1000": (3, 4),
    "over_1000": (4, 5),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    """One line: so many minutes a month of a component, at the price of an hour."""

    area: str
    component: str
    tariff: Tariff
    capped: bool
    cents_per_hour: int
    minutes: int

    @property
    def cents(self) -> int:
        return cost_cents(minutes=self.minutes, cents_per_hour=self.cents_per_hour)


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """The help of one month, and the least that it may cost to stay in its band."""

    lines: tuple[Help, ...]
    band: str

    @property
    def minutes(self) -> int:
        return sum(line.minutes for line in self.lines)

    @property
    def cents(self) -> int:
        return sum(line.cents for line in self.lines)

    def as_it_went(self, chance: random.Random) -> dict[str, int]:
        """Minutes by component; mostly a little less than was ordered."""
        minutes = {line.component: line.minutes for line in self.lines}
        line = chance.choice(self.lines)
        less = replace(line, minutes=line.minutes - QUARTER)
        if less.minutes >= 2 * QUARTER and self.cents - line.cents + less.cents >= BANDS[self.band][0]:
            minutes[line.component] = less.minutes
        return minutes


def area_of(component: str, programme: Programme, on: date) -> str:
    """The life area a component serves; those that serve none are published by their group."""
    found = programme.catalogue(on).get(component)
    assert found is not None, component
    return found.life_area or component.partition(".")[0]


class Needs:
    """Deals help to people as they come to be assessed."""

    def __init__(self, programme: Programme, published: Calibration) -> None:
        self._programme = programme
        self._published = published
        self._bands = Dealer(published.shares("cost_per_person_month"))
        self._areas = Dealer(published.shares("service_need"))

    def copy(self) -> Needs:
        """As it stands, for a round that may have to be lived again."""
        again = Needs(self._programme, self._published)
        again._bands, again._areas = self._bands.copy(), self._areas.copy()
        return again

    def month_for(self, chance: random.Random, *, agreement: str, on: date, months: int, most_minutes: int) -> Month:
        """`months` is how long they will have it by the last day, `most_minutes` what the highest degree can call for."""
        band = self._bands.deal(chance, weight=max(months, 1))
        target = chance.randint(*AIMS[band])
        areas = [*self._deal_areas(chance, chance.randint(*LINES[band]), target)]
        lines = [self._line(area, agreement, on, chance, band) for area in areas]
        shares = [chance.uniform(0.6, 1.4) for _ in lines]
        month = Month(band=band, lines=tuple(_volumes(lines, shares, target)))
        return _fitted(month, most_minutes)

    def _deal_areas(self, chance: random.Random, number: int, target: int) -> Iterator[str]:
        left = [*self._areas.parts]
        for place in range(number):
            area = self._areas.deal(chance, among=left)
            left.remove(area)
            yield area
            if place == 0 and number == 1 and area == "free_time" and target > CAPPED_CENTS:
                yield self._areas.deal(chance, among=left)

    def _line(self, area: str, agreement: str, on: date, chance: random.Random, band: str) -> Help:
        """The long tail of the cost is made of what costs most; little help is now and then in a group."""
        offers = [
            (price.cents_per_hour, component, tariff)
            for component in self._components(area, on)
            for tariff in component.tariffs
            if (price := self._programme.price(agreement=agreement, component=component.code, tariff=tariff, on=on))
        ]
        alone = [offer for offer in offers if offer[2] == offer[1].tariffs[0]]
        if band == "over_1000":
            cents_per_hour, component, tariff = max(alone, key=lambda offer: offer[0])
        else:
            in_a_group = band not in MUCH and chance.random() < 0.2
            cents_per_hour, component, tariff = chance.choice(offers if in_a_group else alone)
        return Help(
            area=area,
            component=component.code,
            tariff=tariff,
            capped=component.yearly_cap_cents is not None,
            cents_per_hour=cents_per_hour,
            minutes=0,
        )

    def _components(self, area: str, on: date) -> list[Component]:
        """Without a yearly cap where there is one without."""
        components = self._programme.catalogue(on).components.values()
        every = [each for each in components if each.priced and area_of(each.code, self._programme, on) == area]
        return [each for each in every if each.yearly_cap_cents is None] or every


def _volumes(lines: list[Help], shares: list[float], target: int) -> Iterator[Help]:
    """The money over the lines; what a capped one cannot take goes to the others."""
    capped = {line.component: min(CAPPED_CENTS, target // len(lines)) for line in lines if line.capped}
    rest = target - sum(capped.values())
    open_shares = sum(share for line, share in zip(lines, shares, strict=True) if not line.capped)
    for line, share in zip(lines, shares, strict=True):
        cents = capped[line.component] if line.capped else rest * share / open_shares
        quarters = round(cents * 60 / line.cents_per_hour / QUARTER)
        yield replace(line, minutes=max(quarters, 2) * QUARTER)


def _fitted(month: Month, most_minutes: int) -> Month:
    """Quarters of an hour more or less, until the cost lies within its band and the time under the ceiling."""
    least, below = BANDS[month.band]
    lines = sorted(month.lines, key=lambda line: (line.capped, line.minutes))
    while (fitted := replace(month, lines=tuple(lines))).cents < least and not lines[0].capped:
        lines[0] = replace(lines[0], minutes=lines[0].minutes + QUARTER)
    while (fitted := replace(month, lines=tuple(lines))).cents >= below or fitted.minutes > most_minutes:
        longest = max(range(len(lines)), key=lambda place: lines[place].minutes)
        if lines[longest].minutes <= 2 * QUARTER:
            break
        lines[longest] = replace(lines[longest], minutes=lines[longest].minutes - QUARTER)
    return fitted


def months_until(start: date, until: date) -> int:
    """Whole calendar months from a first of a month on, that have passed by `until`."""
    return max((until.year - start.year) * 12 + until.month - start.month, 0)


def first_of_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def year_from(start: date) -> date:
    """The last day of twelve months."""
    return start.replace(year=start.year + 1) - timedelta(days=1)


def by_year(start: date, end: date) -> Iterator[tuple[date, date]]:
    """A period cut at the turns of the year, as a yearly cap asks."""
    while start.year < end.year:
        yield start, date(start.year, 12, 31)
        start = date(start.year + 1, 1, 1)
    yield start, end
