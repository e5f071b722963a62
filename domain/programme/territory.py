"""Where the service is offered: life areas, municipalities, and the agreements that give them their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from domain.fields import Code
from domain.programme.periods import Day

Name = Annotated[str, Field(min_length=1)]


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
class AgreementTerms:
    """What one agreement gives for a period: places, shared by its municipalities, and who coordinates it."""

    code: Code
    municipalities: Annotated[tuple[Code, ...], Field(min_length=1)]
    valid_from: Day
    valid_to: Day | None
    places: Annotated[int, Field(gt=0)]
    coordinator: Code
