"""Where the service is offered: life areas, municipalities, and the agreements that give them their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from domain.fields import Capacity, Code, LanguageCode, RegistryCode
from domain.programme.periods import Day

Name = Annotated[str, Field(min_length=1)]
EVERY = "*"  # an example provider offers every component, or works in every municipality
CodeOrEvery = Code | Literal["*"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LifeArea:
    code: Code
    name_et: Name
    name_en: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Municipality:
    """`agreement` is the one it belongs to by the list; `Programme.agreement_of` says which is in force on a day."""

    code: Code
    name: Name
    kind: Literal["linn", "vald"]
    region: Name
    agreement: Code


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeDay:
    """A day on which the office of one municipality works, or does not, otherwise than the calendar says."""

    municipality: Code
    day: Day
    works: bool
    why: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class CarerNeed:
    """Something a carer may need for themselves, and the components that meet it; none where other help does."""

    code: Code
    name_et: Name
    name_en: Name
    components: tuple[Code, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExampleProvider:
    """[synthetic] A provider that a demonstration begins with."""

    registry_code: RegistryCode
    name: Annotated[str, Field(pattern=r"\[synthetic\]$")]
    based_in: Code
    components: Annotated[tuple[CodeOrEvery, ...], Field(min_length=1)]
    municipalities: Annotated[tuple[CodeOrEvery, ...], Field(min_length=1)]
    languages: tuple[LanguageCode, ...]
    capacity_minutes_per_month: Capacity | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementTerms:
    """What one agreement gives for a period: places, shared by its municipalities, and who coordinates it."""

    code: Code
    municipalities: Annotated[tuple[Code, ...], Field(min_length=1)]
    valid_from: Day
    valid_to: Day | None
    places: Annotated[int, Field(gt=0)]
    coordinator: Code
