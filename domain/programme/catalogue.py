"""The service components help can be made of, and what an hour of each costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from domain.fields import Code
from domain.programme.periods import Day
from domain.programme.territory import Name

Tariff = Literal["individual", "group", "family", "family_group"]
Serves = Literal["person", "family"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """`priced` is false where the rules set no hourly price at all. No yearly cap means that none is known;
    `note` says what about this row is not known or assumed."""

    code: Code
    life_area: Code | None
    serves: Serves
    name_et: Name
    name_en: Name
    tariffs: Annotated[tuple[Tariff, ...], Field(min_length=1)]
    priced: bool
    yearly_cap_cents: Annotated[int, Field(gt=0)] | None
    note: str | None = None

    def serves_family(self, tariff: str) -> bool:
        """The catalogue of 2025 has no components for the family alone: there the tariff says whom an hour serves."""
        return self.serves == "family" or tariff in ("family", "family_group")


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    version: Code
    valid_from: Day
    valid_to: Day | None
    components: Mapping[str, Component] = field(hash=False)

    def get(self, code: str) -> Component | None:
        return self.components.get(code)


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """Cents for an hour of one component, at one tariff, under one agreement, by day of service."""

    version: Code
    agreement: Code
    component: Code
    tariff: Tariff
    cents_per_hour: Annotated[int, Field(gt=0)]
    valid_from: Day
    valid_to: Day | None
    source: Name
