"""Counting everybody whom a report is of, for one municipality, all of one coordinator, or the whole.

Processes that do nothing else begin with this: what it stands on is little, and quickly there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.ports import Position
from domain.programme.report_definition import ReportDefinition
from domain.reports.counting import Dossier, contributions, gaps
from domain.reports.period import Period
from domain.reports.tally import Plan, Tally


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What has to be known to count."""

    definition: ReportDefinition
    period: Period
    moment: Position

    @property
    def plan(self) -> Plan:
        return Plan.of(self.definition)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """`municipalities` is empty for the whole."""

    code: str
    name: str
    municipalities: frozenset[str]

    def has(self, municipality: str) -> bool:
        return not self.municipalities or municipality in self.municipalities

    def of(self, dossier: Dossier) -> Dossier:
        return dossier.within(self.municipalities) if self.municipalities else dossier


class Count:
    """The tallies of every municipality, and beside them what is more than the sum of several: a journey that has been in
    two municipalities of one scope is one journey there, and a shared place one place."""

    def __init__(self, asked: Asked, scopes: Iterable[Scope]) -> None:
        self._plan, self._definition, self._period = asked.plan, asked.definition, asked.period
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

    def merge(self, other: Count) -> None:
        """What was counted of others, of the same question."""
        for municipality, tally in other._single.items():
            self._single.setdefault(municipality, Tally(self._plan)).merge(tally)
        for code, tally in other._shared.items():
            self._shared[code].merge(tally)

    def of(self, scope: Scope) -> Tally:
        tally = Tally(self._plan)
        tally.merge(self._shared[scope.code])
        for municipality, each in self._single.items():
            if scope.has(municipality):
                tally.merge(each)
        return tally
