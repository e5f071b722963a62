"""Where a person and a provider stand: what each stream comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Entitlement:
    """A service outside the model; both days count, and without an end it lasts until one is told."""

    entitlement_id: str
    service: str
    starts_on: date
    ends_on: date | None

    def on(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    person_id: str
    municipality: str
    birth_date: date
    language: str
    synthetic: bool
    formers: Mapping[str, int] = field(default_factory=dict)  # where they were before → the version at which they moved
    consents: frozenset[tuple[str, str]] = frozenset()
    carers: frozenset[str] = frozenset()
    representatives: frozenset[str] = frozenset()
    entitlements: Mapping[str, Entitlement] = field(default_factory=dict)

    def consents_to(self, purpose: str, recipient: str) -> bool:
        return (purpose, recipient) in self.consents


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """Where the provider is at home, what it speaks and what it can give in a month may not be stated."""

    components: frozenset[str]
    municipalities: frozenset[str]
    valid_from: date
    valid_to: date | None
    based_in: str | None
    languages: frozenset[str]
    capacity_minutes_per_month: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    provider_id: str
    name: str
    contracts: tuple[Contract, ...]  # in the order told; for any day the last that covers it counts

    def contract_on(self, day: date) -> Contract | None:
        latest_first = reversed(self.contracts)
        return next(
            (c for c in latest_first if c.valid_from <= day and (c.valid_to is None or day <= c.valid_to)), None
        )

    def covers(self, component: str, municipality: str, starts_on: date, ends_on: date) -> bool:
        """Whether every day of a period is under a contract for that component there."""
        starts = (c.valid_from for c in self.contracts)
        ends = (c.valid_to + timedelta(days=1) for c in self.contracts if c.valid_to is not None)
        turns = {starts_on, *(day for day in (*starts, *ends) if starts_on <= day <= ends_on)}
        in_force = [self.contract_on(day) for day in turns]  # nothing changes between two turns
        return all(c is not None and component in c.components and municipality in c.municipalities for c in in_force)


@dataclass(frozen=True, kw_only=True, slots=True)
class GapAction:
    """What is done about one gap of a region; open until it has an outcome."""

    gap_id: str
    component: str | None
    life_area: str | None
    action: str
    owner: str
    since: date
    due_on: date
    closed_on: date | None = None
    outcome: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    municipality: str
    actions: Mapping[str, GapAction]  # by gap id, in the order told

    def latest(self, *, component: str | None = None, life_area: str | None = None) -> GapAction | None:
        """The last thing done about that gap, open or closed."""
        about = [each for each in self.actions.values() if (each.component, each.life_area) == (component, life_area)]
        return about[-1] if about else None
