"""What one journey, agreement or region adds to the figures of a period, and for which rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from domain.reports.fact import FOREVER, NOTHING, Fact, FactKind
from domain.reports.period import Period

_DAY = timedelta(days=1)
WHEREVER: frozenset[FactKind] = frozenset(
    {"need", "measure", "diagnosis", "person"}
)  # these move along with the person

_OF: dict[str, tuple[FactKind, ...]] = {
    "referred": ("referral",), "participants": ("stay",), "joined": ("stay",), "left": ("stay",), "at_end": ("stay",),
    "waiting": ("wait",), "waiting_days": ("wait",), "places": ("places",), "funding": ("funding",),
    "helped": ("delivery",), "minutes": ("delivery",), "cents": ("delivery",), "overdue": ("deadline",),
    "first_helped": ("first_help",), "lead_days": ("first_help",), "told_change": ("stay", "measure"),
    "improved": ("stay", "need"), "unchanged": ("stay", "need"), "worse": ("stay", "need"), "need_change": ("stay", "need"),
    "ratings": ("rating",), "rating": ("rating",), "unmet": ("unmet",),
    "allocated": ("money",), "committed": ("money",), "accepted": ("money",), "paid": ("money",),
}  # fmt: skip
KINDS_OF: Mapping[str, frozenset[FactKind]] = {of: frozenset(kinds) for of, kinds in _OF.items()}  # of what is counted
KINDS_BY: Mapping[str, frozenset[FactKind]] = {  # by what it is told apart
    "life_area": frozenset(("need",)), "diagnosis": frozenset(("diagnosis",)),
    "age": frozenset(("person",)), "sex": frozenset(("person",)),
}  # fmt: skip
WHOSE = frozenset(("all", "municipality", "age", "sex", "diagnosis"))  # told apart by whose it is, all else by what
EVERYTHING: frozenset[str] = frozenset(KINDS_OF)
OUTCOMES = frozenset(("improved", "unchanged", "worse", "need_change", "told_change"))
NOBODY = ""  # the row of what has no code

Rows = Mapping[str, Sequence[str]]
Grouped = Mapping[FactKind, Sequence[Fact]]
Part = tuple[str, int, Fact, Rows]


class Contribution(NamedTuple):
    """So much of something, from one fact; in which row of a dimension by whose it is, and in which by what it is. Kept
    apart, since a report of many journeys makes half a million of these."""

    of: str
    value: int
    fact: Fact
    whose: Mapping[str, str]
    what: Rows

    def rows(self, dimension: str) -> Sequence[str]:
        return (self.whose[dimension],) if dimension in self.whose else self.what.get(dimension, ())


class Dossier(NamedTuple):
    """All facts of one journey, agreement or region that some moment knew of a period; `person` is what is known of whose
    journey it is."""

    subject: str
    facts: Sequence[Fact]
    person: Mapping[str, str | int] = NOTHING

    @property
    def municipalities(self) -> frozenset[str]:
        one = {fact.municipality for fact in self.facts if not fact.words}
        return frozenset(one.union(*(places_of(fact) for fact in self.facts if fact.words)))

    def by_kind(self) -> Grouped:
        """Without what never was."""
        facts: dict[FactKind, list[Fact]] = {}
        for fact in self.facts:
            if fact.from_on <= fact.to_on:
                facts.setdefault(fact.kind, []).append(fact)
        return facts

    def within(self, municipalities: Collection[str]) -> Dossier:
        """As these municipalities alone would tell it."""
        kept = (f for f in self.facts if f.kind in WHEREVER or not places_of(f).isdisjoint(municipalities))
        return Dossier(subject=self.subject, facts=tuple(kept), person=self.person)


def places_of(fact: Fact) -> frozenset[str]:
    """The municipalities that a fact counts for: those that share the places, or the one where it was told."""
    shared = fact.words.get("municipalities")
    return frozenset((fact.municipality,) if shared is None else shared.split())


def contributions(
    dossier: Dossier, period: Period, bands: tuple[int, ...], wanted: Set[str] = EVERYTHING
) -> Iterator[Contribution]:
    """Of what is `wanted` (by `Measure.of`); the rest is not looked for, which with many journeys is what takes the time."""
    facts = dossier.by_kind()
    person = _person_rows(dossier, facts, period, bands)
    whose: dict[str, Mapping[str, str]] = {}  # by municipality
    for kind, parts in _PARTS:
        if kind not in facts or (parts is _outcomes and wanted.isdisjoint(OUTCOMES)):
            continue
        for of, value, fact, what in parts(facts, period):
            if of in wanted:
                place = fact.municipality
                if place not in whose:
                    whose[place] = {**person, "municipality": place}
                yield Contribution(of, value, fact, whose[place], what)


def gaps(dossier: Dossier, period: Period) -> Iterator[Fact]:
    """What is done about a region's gaps in the period."""
    return (each for each in dossier.facts if each.kind == "gap" and period.meets(each.from_on, each.to_on))


def _person_rows(dossier: Dossier, facts: Grouped, period: Period, bands: tuple[int, ...]) -> Mapping[str, str]:
    diagnosis = facts.get("diagnosis")
    born = dossier.person.get("birth_date")
    return {
        "all": "",
        "sex": str(dossier.person.get("sex", NOBODY)),
        "age": NOBODY if born is None else band_of(age(date.fromisoformat(str(born)), period.last), bands),
        "diagnosis": NOBODY if not diagnosis else str(diagnosis[-1].personal["diagnosis"]),
    }


def age(born: date, on: date) -> int:
    """In whole years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def band_of(years: int, bands: tuple[int, ...]) -> str:
    """`30-49`, `65+`, by the first years of the bands after the first."""
    return band_names(bands)[bisect_right(bands, years)]


@cache
def band_names(bands: tuple[int, ...]) -> tuple[str, ...]:
    starts = (0, *bands)
    return (*(f"{first}-{after - 1}" for first, after in pairwise(starts)), f"{starts[-1]}+")


def _referred(facts: Grouped, period: Period) -> Iterator[Part]:
    for fact in facts["referral"]:
        if period.has(fact.from_on):
            yield "referred", 1, fact, {}


def _stays(facts: Grouped, period: Period) -> Iterator[Part]:
    """Who left on a day was there on that day, and is not there at its end."""
    there = [each for each in _joined_up(facts["stay"]) if period.meets(each.from_on, each.to_on)]
    if there:
        areas = tuple([area for area, degree in _latest(_needs(facts), period).items() if degree])
        yield "participants", 1, there[-1], {"agreement": (there[-1].about,), "life_area": areas}
    for stay in there:
        rows = {"agreement": (stay.about,)}
        if period.has(stay.from_on):
            yield "joined", 1, stay, rows
        if period.has(stay.to_on):
            yield "left", 1, stay, {**rows, "reason": (stay.code,)}
        elif stay.from_on <= period.last:
            yield "at_end", 1, stay, rows


def _joined_up(told: Sequence[Fact]) -> Sequence[Fact]:
    """Whoever moves from one municipality to another neither leaves nor joins what has both."""
    if len(told) == 1:
        return told
    stays: list[Fact] = []
    for stay in sorted(told, key=lambda each: (each.from_on, each.to_on)):
        held = stays[-1] if stays else None
        if held is not None and held.municipality != stay.municipality and stay.from_on - _DAY <= held.to_on:
            stays[-1] = stay._replace(from_on=held.from_on)
        else:
            stays.append(stay)
    return stays


def _needs(facts: Grouped) -> Sequence[Fact]:
    return sorted(facts.get("need", ()), key=lambda each: (each.from_on, int(each.key)))


def _latest(needs: Sequence[Fact], period: Period) -> Mapping[str, str | int]:
    """The latest degree of each life area: a review may tell of some alone."""
    degrees: dict[str, str | int] = {}
    for each in needs:
        if each.from_on <= period.last:
            degrees.update(each.personal)
    return degrees


def _waiting(facts: Grouped, period: Period) -> Iterator[Part]:
    for fact in _on(facts["wait"], period.last):
        rows = {"agreement": (fact.about,)}
        yield "waiting", 1, fact, rows
        yield "waiting_days", (period.last - fact.from_on).days + fact.number, fact, rows


def _on(facts: Iterable[Fact], day: date) -> list[Fact]:
    return [each for each in facts if each.from_on <= day <= each.to_on]


def _help(facts: Grouped, period: Period) -> Iterator[Part]:
    given = [each for each in facts["delivery"] if period.has(each.from_on)]
    for each in given:
        rows = {"component": (each.code,), "life_area": (each.area,), "provider": (each.about,)}
        if each.number:
            yield "minutes", each.number, each, rows
        if each.cents:
            yield "cents", each.cents, each, rows
    if real := [each for each in given if each.number]:
        yield "helped", 1, min(real, key=lambda each: (each.from_on, each.key)), {
            "component": _distinct([each.code for each in real]),
            "life_area": _distinct([each.area for each in real]),
            "provider": _distinct([each.about for each in real]),
        }  # fmt: skip


def _first_help(facts: Grouped, period: Period) -> Iterator[Part]:
    for first in facts["first_help"]:
        if period.has(first.from_on):
            yield "first_helped", 1, first, {}
            yield "lead_days", first.number, first, {}


def _distinct(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))


def _outcomes(facts: Grouped, period: Period) -> Iterator[Part]:
    """Of participants: the first finding against the latest by the end of the period, where there are two."""
    if not any(period.meets(each.from_on, each.to_on) for each in facts["stay"]):
        return
    for area, (change, fact) in _changes(_needs(facts), period).items():
        rows = {"life_area": (area,)}
        yield ("improved" if change < 0 else "worse" if change > 0 else "unchanged"), 1, fact, rows
        yield "need_change", change, fact, rows
    told = sorted((each for each in facts.get("measure", ()) if each.code == "person"), key=lambda each: each.from_on)
    for area, (change, fact) in _changes(told, period).items():
        yield "told_change", change, fact, {"life_area": (area,)}


def _changes(findings: Sequence[Fact], period: Period) -> Mapping[str, tuple[int, Fact]]:
    first: dict[str, int] = {}
    changed: dict[str, tuple[int, Fact]] = {}
    for each in findings:
        if each.from_on > period.last:
            continue
        for area, degree in each.personal.items():
            if area in first:
                changed[area] = int(degree) - first[area], each
            else:
                first[area] = int(degree)
    return changed


def _ratings(facts: Grouped, period: Period) -> Iterator[Part]:
    for fact in facts["rating"]:
        if period.has(fact.from_on):
            rows = {"component": (fact.code,), "provider": (fact.about,)}
            yield "ratings", 1, fact, rows
            yield "rating", int(fact.personal["rating"]), fact, rows


def _money(facts: Grouped, period: Period) -> Iterator[Part]:
    for fact in facts["money"]:
        if period.has(fact.from_on):
            yield fact.about, fact.cents, fact, {"component": (fact.code,), "life_area": (fact.area,)}


def _overdue(facts: Grouped, period: Period) -> Iterator[Part]:
    for fact in _on(facts["deadline"], period.last):
        if fact.about < period.last.isoformat():
            yield "overdue", 1, fact, {"deadline": (fact.code,)}


def _unmet(facts: Grouped, period: Period) -> Iterator[Part]:
    for fact in _on(facts["unmet"], period.last):
        yield "unmet", 1, fact, {"component": (fact.code,), "life_area": (fact.area,)}


def _places(facts: Grouped, period: Period) -> Iterator[Part]:
    for fact in _on(facts["places"], period.last):
        yield "places", fact.number, fact, {"agreement": (fact.about,)}


def _funding(facts: Grouped, period: Period) -> Iterator[Part]:
    for fact in facts["funding"]:
        if share := _share(fact, period):
            yield "funding", share, fact, {"agreement": (fact.about,), "source": (fact.code,)}


def _share(fact: Fact, period: Period) -> int:
    """By its days in the period, so that the shares of all periods add up to the whole. Money without an end is all told
    where it begins."""
    if fact.to_on == FOREVER:
        return fact.cents if period.has(fact.from_on) else 0
    days = (fact.to_on - fact.from_on).days + 1

    def until(day: date) -> int:
        return fact.cents * max(min((day - fact.from_on).days + 1, days), 0) // days

    return until(period.last) - until(period.first - _DAY)


_PARTS: tuple[tuple[FactKind, Callable[[Grouped, Period], Iterator[Part]]], ...] = (
    ("referral", _referred), ("stay", _stays), ("wait", _waiting), ("delivery", _help), ("first_help", _first_help),
    ("stay", _outcomes), ("rating", _ratings), ("money", _money), ("deadline", _overdue), ("unmet", _unmet),
    ("places", _places), ("funding", _funding),
)  # fmt: skip
