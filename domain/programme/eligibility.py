"""Who may join, by period. A condition is a code, so that a decision can list each with its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from domain.fields import Code
from domain.programme.periods import Day
from domain.programme.territory import Name

Age = Annotated[int, Field(ge=0, le=120)]


@dataclass(frozen=True, kw_only=True, slots=True)
class EligibilityRules:
    """`age_max_text` names an upper limit that is not known as a number: a person must judge it. `until_place`
    conditions need not hold at referral, only when the place starts. `open_question` says what the source leaves open.
    """

    version: Code
    valid_from: Day
    valid_to: Day | None
    age_min: Age
    age_max: Age | None
    age_max_text: Name | None
    age_exception: Name | None
    joining_from: Day | None
    joining_to: Day | None
    target_group: Name
    excluded_primary_diagnosis: tuple[Code, ...]
    excluded_any_diagnosis: tuple[Code, ...]
    one_of: tuple[Code, ...]
    all_of: tuple[Code, ...]
    until_place: tuple[Code, ...]
    open_question: Name | None
