"""How many days and months each step may take in a municipality, and who may write the plan there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, Strict

from domain.fields import Code
from domain.programme.periods import Day
from domain.programme.territory import Name

WaitingCriterion = Literal["urgency", "complete_on"]
AfterPassedOffer = Literal["from_that_day", "as_before"]
PlanAuthor = Literal["case_manager", "base_support"]
Percent = Annotated[int, Strict(), Field(ge=0, le=100)]
Span = Annotated[int, Strict(), Field(gt=0, le=1000)]
Degree = Annotated[int, Field(ge=0, le=4)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """`ceiling_minutes_per_month` goes by degree of need, and is empty where no ceiling is known. `assumptions` gives,
    by name of field, the reason of each value that no source states.

    `reminder_after_working_days`: so long after the day the lead is told; the municipality so many working days
    `escalate_to_municipality_after_working_days` after the lead, the coordinator likewise after the municipality.
    `most_pauses`, `most_extension_working_days`: so often one deadline may be on hold, and so much longer it may become.
    `extension_days`: so much longer the last lines of a plan run when nobody has made a new one by their end.
    `late_delivery_days`: so long after a line was ended its help can still be told.
    `carry_over_percent`: of what an ended line has left, so much goes to the new plan's line of the same component.
    `own_contribution_percent`: so much of the price the person pays.
    `waiting_order`: who waits is served by these criteria, the first first.
    `after_passed_offer`: who passed an offer counts from that day, or as before."""

    version: Code
    valid_from: Day
    valid_to: Day | None
    decision_working_days: Span
    challenge_days: Span
    challenge_window_days: Span
    first_contact_working_days: Span
    assessment_working_days: Span
    plan_working_days: Span
    budget_working_days: Span
    offer_working_days: Span
    first_help_days: Span
    progress_note_months: Span = 2  # where a programme was published before there was one
    progress_review_months: Span
    full_review_months: Span
    reminder_before_working_days: Span
    reminder_after_working_days: Span
    escalate_to_municipality_after_working_days: Span = 5  # where a programme was published before there were any
    escalate_to_coordinator_after_working_days: Span = 5
    dispute_working_days: Span
    claim_working_days: Span = 10  # where a programme was published before there was one
    most_pauses: Span
    most_extension_working_days: Span
    extension_days: Span
    late_delivery_days: Span
    carry_over_percent: Percent
    own_contribution_percent: Percent
    waiting_order: Annotated[tuple[WaitingCriterion, ...], Field(min_length=1)]
    after_passed_offer: AfterPassedOffer
    plan_authors: Annotated[tuple[PlanAuthor, ...], Field(min_length=1)]
    ceiling_minutes_per_month: Mapping[Degree, Annotated[int, Field(ge=0)]] = field(hash=False)
    need_counts_from_degree: Annotated[int, Strict(), Field(ge=1, le=4)]  # in what a region needs
    assumptions: Mapping[str, Name] = field(default_factory=lambda: MappingProxyType({}), hash=False)
