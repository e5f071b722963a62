"""What assessments, plans and budgets are made of; the same shapes come in with a command and stay in its event."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Strict, model_validator

from domain.due import Due
from domain.fields import (
    Cents,
    Code,
    Degrees,
    FigureText,
    FileName,
    FileText,
    Id,
    Minutes,
    PersonalCodeword,
    PublicName,
    Sealed,
    SignedCents,
    Words,
)


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


Noticer = Literal[
    "person", "relative", "social_worker", "doctor", "school", "police", "employment_office", "state_queue", "other"
]
Agreer = Literal["person", "representative"]
ExitReason = Literal[
    "goal_reached", "own_wish", "moved_municipality", "state_service", "died", "no_contact", "not_eligible_any_more"
]
ReviewOutcome = Literal["continue", "change_plan", "reassess", "exit"]
ReviewKind = Literal["progress", "full"]
Tariff = Literal["individual", "group", "family", "family_group"]
Confirmer = Literal["person", "representative", "carer"]
RejectionReason = Literal["not_delivered", "not_as_planned", "poorly_recorded", "wrong_kind", "other"]
Rater = Literal["person", "carer"]
Verdict = Literal["accepted", "rejected", "held"]


class Finding(Value):
    """Whether one condition holds, and who judged where the rule asks for a judgement."""

    condition: Code
    holds: Annotated[bool, Sealed()]
    judged_by: Literal["document", "municipal_social_worker", "state_case_manager", "doctor"]


class ConditionResult(Value):
    """One condition of the eligibility rules with its result, as the decision lists it."""

    condition: Code
    result: PersonalCodeword  # holds, fails, not_yet (may come true until the place starts), not_judged
    judged_by: Code | None = None


class Check(Value):
    """One rule that a decision rests on: what was found, against which limit, and what would have to change. All of that
    tells of the person; the rule itself does not. `about` is the line, component or agreement that it was applied to."""

    rule: Code
    version: Code
    about: Code | None = None
    result: PersonalCodeword  # as of a condition
    actual: Annotated[int | None, Sealed()] = None
    limit: Annotated[int | None, Sealed()] = None
    unit: Code | None = None
    change: Words | None = None


class SectionAnswer(Value):
    """One section of the instrument: its main question, and the degree of each question where help is needed."""

    section: Code
    copes_independently: Annotated[bool, Sealed()]
    degrees: Degrees = Field(default_factory=dict)
    comments: Annotated[dict[str, Words], Sealed()] = Field(default_factory=dict)


class Views(Value):
    """The same life seen three ways."""

    own_words: Words
    specialist: Words
    carer: Words | None = None


class Goal(Value):
    goal_id: Code
    life_area: Code
    words: Words


class ServiceLine(Value):
    """A service component that serves a goal, by a provider, over a period; both days count."""

    line_id: Code
    goal_id: Code
    component: Code
    tariff: Tariff
    minutes: Minutes
    provider_id: Id
    starts_on: date
    ends_on: date
    carer_id: Id | None = None  # the carer whom it supports, where it serves the family

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("ends_on must not be before starts_on")
        return self


class UnmetNeed(Value):
    """What the person needs for a goal, and nobody in the region offers."""

    need_id: Code
    goal_id: Code
    component: Code | None = None  # None: no component of the catalogue is what is needed
    why: Words


class CommunityLine(Value):
    """Help of the community: it serves a goal and is followed up, but costs nothing."""

    line_id: Code
    goal_id: Code
    helper: Words
    help: Words


class ProgrammeFile(Value):
    """One of the programme's files, whole."""

    name: FileName
    text: FileText


class VersionInForce(Value):
    """A version of some part of the programme, and its days; both count, and without an end it holds until told otherwise."""

    of: Code
    version: Code
    valid_from: date
    valid_to: date | None


class CaseResult(Value):
    """What became of a case that was handed over; `case_manager` is who has it from then on, None where nothing changed."""

    journey_id: Id
    case_manager: Code | None
    code: Code


class Replanned(Value):
    """A deadline that a new calendar moved; `challenge_id` where it is that of a challenge."""

    what: Code
    challenge_id: Id | None
    was_on: date
    due: Due


class FigureColumn(Value):
    """A column of a report's table: under which heading, and what kind of figure."""

    name: Code
    label_et: PublicName
    label_en: PublicName
    kind: Literal["text", "count", "cents", "minutes", "days", "percent", "score", "date"]


class ReportFigures(Value):
    """One table of a report as it was sent."""

    name: Code
    title_et: PublicName
    title_en: PublicName
    columns: tuple[FigureColumn, ...]
    rows: tuple[tuple[Annotated[int, Strict()] | FigureText | None, ...], ...]
    note: FigureText


class Allocation(Value):
    """Money for one line over its period: `minutes` at the highest price in force in that time."""

    line: ServiceLine
    minutes: Annotated[int, Field(ge=0)]
    cents: Cents
    prices: tuple[Code, ...]
    cap_cents: Cents | None = None  # of the component, per person and calendar year
    carried_cents: Cents = 0  # of `cents`, what an ended line of the same component had left


class Extension(Value):
    """More time for one line, because the office is late with the next plan, and money at the rate it had before."""

    line_id: Code
    ends_on: date
    allocated_cents: Cents
    committed_cents: Cents


class RunningLine(Value):
    """A budget line as it stood where a running case came from: what of it was set aside, ordered, delivered, accepted and
    paid there."""

    line: ServiceLine
    allocated_cents: Cents
    committed_cents: Cents
    delivered_cents: Cents
    accepted_cents: Cents
    paid_cents: Cents


class OpenedLine(RunningLine):
    """The same as the books begin with it, and the cap of its component per person and calendar year."""

    cap_cents: Cents | None

    def as_allocation(self) -> Allocation:
        """As if it had been decided here; by which prices, is not known."""
        return Allocation(
            line=self.line,
            minutes=self.line.minutes,
            cents=self.allocated_cents,
            prices=(),
            cap_cents=self.cap_cents,
        )


class RunningAssessment(Value):
    """What is known of an assessment that was made elsewhere: one degree for each life area, no questions."""

    on: date
    need_by_life_area: Annotated[dict[Code, Annotated[int, Field(ge=0, le=4)]], Sealed(), Field(min_length=1)]


class RunningPlan(Value):
    """The plan that a running case follows."""

    main_goal: Words
    goals: tuple[Goal, ...] = Field(min_length=1, max_length=30)
    crisis_plan: Words
    agreed_on: date


class ClaimRow(Value):
    """One delivery as a provider claims it: less than nothing where an earlier claim had too much."""

    journey_id: Id
    delivery_id: Id
    line_id: Code
    day: date
    component: Code
    tariff: Tariff
    minutes: Annotated[int, Field(ge=0)]
    cents: SignedCents


class RowVerdict(Value):
    """What became of one row of a claim."""

    delivery_id: Id
    verdict: Verdict
    reason: Code | None = None
    cents: SignedCents


Score = Annotated[int, Field(ge=0, le=4)]


class AreaScore(Value):
    """How one life area is now, each 0 to 4; None: not told, which is not 0."""

    need: Score | None
    importance: Score | None
    confidence: Score | None


class MeasureResult(Value):
    """What a scorer made of the answers: means in tenths of a degree, None where nothing was told; and by life area how
    much an unmet need matters (need times importance, 0 to 16)."""

    need_tenths: int | None
    importance_tenths: int | None
    confidence_tenths: int | None
    priority_by_life_area: Degrees


class Rejection(Value):
    """A row of a claim that the municipality does not accept, and why."""

    delivery_id: Id
    reason: RejectionReason


class ClaimedRow(Value):
    """One delivery in a claim: what it is worth beyond what was claimed before (less than nothing after a correction)."""

    delivery_id: Id
    line_id: Code
    cents: SignedCents
    verdict: Verdict
    reason: Code | None = None


class Ineligible(Value):
    """One delivery whose cost nobody may bear twice."""

    delivery_id: Id
    line_id: Code
    day: date
    cents: Cents


class Release(Value):
    """What is given back of one line, because it will not be used any more."""

    line_id: Code
    cents: Cents
