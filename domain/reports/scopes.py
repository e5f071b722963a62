"""Of whom a report is: one municipality, all of one coordinator, or the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.decision import NATIONAL
from domain.programme import Programme
from domain.programme.report_definition import ReportDefinition
from domain.reports.counting import Dossier, contributions, gaps, places_of
from domain.reports.facts import Fact
from domain.reports.period import Period
from domain.reports.tally import Plan, Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """`municipalities` is empty for the whole. `tenant` is whose people may read it: the municipality's, or national ones."""

    code: str
    name: str
    municipalities: frozenset[str]

    @property
    def tenant(self) -> str:
        return self.code if self.municipalities == {self.code} else NATIONAL

    def has(self, municipality: str) -> bool:
        return not self.municipalities or municipality in self.municipalities

    def of(self, dossier: Dossier) -> Dossier:
        return dossier.within(self.municipalities) if self.municipalities else dossier


def scopes(agreements: Iterable[Fact], period: Period, programme: Programme) -> Iterator[Scope]:
    """The whole, each coordinator and each municipality of the agreements in force on some day of the period."""
    yield Scope(code=NATIONAL, name="Eesti", municipalities=frozenset())
    coordinated: dict[str, set[str]] = {}
    for fact in sorted(agreements, key=lambda each: (each.about, each.from_on)):
        if fact.kind == "places" and period.meets(fact.from_on, fact.to_on):
            coordinated.setdefault(fact.words["coordinator"], set()).update(places_of(fact))
    municipalities = {each for theirs in coordinated.values() for each in theirs}
    taken = {NATIONAL, *municipalities, *(each.code for each in programme.municipalities)}
    for coordinator, theirs in sorted(coordinated.items()):
        code = f"coordinator:{coordinator}" if coordinator in taken else coordinator
        yield Scope(code=code, name=coordinator, municipalities=frozenset(theirs))
    for municipality in sorted(municipalities):
        name = programme.municipality(municipality)
        yield Scope(code=municipality, name=f"{name.name} {name.kind}", municipalities=frozenset((municipality,)))


class Count:
    """The tallies of every municipality, and beside them what is more than the sum of several: a journey that has been in
    two municipalities of one scope is one journey there, and a shared place one place."""

    def __init__(self, definition: ReportDefinition, period: Period, scopes: Iterable[Scope]) -> None:
        self._plan, self._definition, self._period = Plan.of(definition), definition, period
        self._scopes = tuple(scopes)
        self._single: dict[str, Tally] = {}
        self._shared = {each.code: Tally(self._plan) for each in self._scopes}

    def add(self, dossiers: Iterable[Dossier]) -> None:
        for dossier in dossiers:
            places = dossier.municipalities
            if len(places) == 1:
                (place,) = places
                if place not in self._single:
                    self._single[place] = Tally(self._plan)
                self._into(self._single[place], dossier)
                continue
            for scope in self._scopes:
                if any(scope.has(place) for place in places):
                    self._into(self._shared[scope.code], scope.of(dossier))

    def _into(self, tally: Tally, dossier: Dossier) -> None:
        tally.add(contributions(dossier, self._period, self._definition.age_bands, self._plan.wanted))
        if "gap" in self._plan.kinds:
            tally.gaps += gaps(dossier, self._period)

    def of(self, scope: Scope) -> Tally:
        tally = Tally(self._plan)
        tally.merge(self._shared[scope.code])
        for municipality, each in self._single.items():
            if scope.has(municipality):
                tally.merge(each)
        return tally
