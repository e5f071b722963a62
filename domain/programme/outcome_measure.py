"""How life is now, area by area: the scale on which need, importance and confidence are told, in two languages and plainly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from domain.fields import Code
from domain.programme.periods import Day
from domain.programme.territory import Name

DEGREES = (0, 1, 2, 3, 4)

Dimension = Literal["need", "importance", "confidence"]
Answerer = Literal["person", "case_manager", "carer"]
Occasion = Literal["entry", "review", "exit"]
DIMENSIONS: tuple[Dimension, ...] = ("need", "importance", "confidence")


@dataclass(frozen=True, kw_only=True, slots=True)
class ScaleStep:
    """What one degree means; `plain` is how the person is asked."""

    degree: int
    label_et: Name
    label_en: Name
    plain_et: Name
    plain_en: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One dimension with its question, asked of each life area; `plain` is how the person is asked."""

    code: Dimension
    question_et: Name
    question_en: Name
    plain_et: Name
    plain_en: Name
    steps: tuple[ScaleStep, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class OutcomeMeasure:
    """`scorer` names the rule that makes the answers into a result, with its version."""

    code: Code
    version: Code
    valid_from: Day
    valid_to: Day | None
    scorer: Code
    life_areas: tuple[Code, ...]
    answered_by: tuple[Answerer, ...]
    occasions: tuple[Occasion, ...]
    dimensions: tuple[Asked, ...]

    def faults(self) -> Iterator[str]:
        """What a scale must not lack; each once."""
        if sorted(each.code for each in self.dimensions) != sorted(DIMENSIONS):
            yield f"it must ask for each of {', '.join(DIMENSIONS)} once"
        for each in self.dimensions:
            if tuple(step.degree for step in each.steps) != DEGREES:
                yield f"{each.code} must have the degrees 0 to 4, in order"
        for what, codes in (("answered_by", self.answered_by), ("occasions", self.occasions)):
            if not codes or len(set(codes)) < len(codes):
                yield f"{what} must name somebody or something, and nothing twice"
