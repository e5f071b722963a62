"""The questions an assessment asks, by life area and section, each bound to an ICF code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from domain.fields import Code
from domain.programme.periods import Day
from domain.programme.territory import Name

ENVIRONMENT = "environment"  # stands where a life area would: barriers and facilitators belong to none

Scale = Literal["need", "environment"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """`code` is the ICF code. A need has degree 0 to 4 (8 not specified, 9 not applicable); the environment goes from
    barrier -4 to facilitator +4."""

    code: Code
    life_area: Code
    section: Code
    label_en: Name
    scale: Scale


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """The answer "copes independently" sets a section's items to 0; where it is `reversed`, the other answer does."""

    code: Code
    name_et: Name
    life_area: Code
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    reversed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Instrument:
    """`safety_signs` are ticked or not; they have no degree."""

    code: Code
    version: Code
    valid_from: Day
    valid_to: Day | None
    sections: tuple[Section, ...]
    safety_signs: tuple[Code, ...]

    def section(self, code: str) -> Section | None:
        return next((section for section in self.sections if section.code == code), None)

    def item(self, code: str) -> Item | None:
        return next((item for section in self.sections for item in section.items if item.code == code), None)
