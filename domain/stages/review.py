"""Review: what has changed for the person, what was reached, what was used; then on, or back, or out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pydantic import Field

from domain.care import ReviewKind, ReviewOutcome
from domain.decision import Command, Context, Decision, Rejected, Stage, WrongStage
from domain.due import Due
from domain.events import ReviewHeld
from domain.fields import Code, Degrees, Words
from domain.reckoning import months_from, next_review_kind, progress_note_due, working_days_from
from domain.states import (
    AwaitingAssessment,
    AwaitingExit,
    AwaitingPlan,
    CaseFile,
    InDelivery,
    Journey,
    Review,
    waits_for,
)


class FullReviewDue(Rejected):
    """A full review is due by now; a progress review is not enough."""

    code = "full_review_due"


class LifeAreasMissing(Rejected):
    """A full review looks at every life area; {missing} has no degree."""

    code = "life_areas_missing"
    status = 422


class UnknownReviewGoal(Rejected):
    """{goal} is not a goal of the plan under review."""

    code = "unknown_review_goal"
    status = 422


class WrongReviewDegree(Rejected):
    """{degree} is not a degree of need from 0 to 4, or {area} is not a life area."""

    code = "wrong_review_degree"
    status = 422


class ReviewCommand(Command):
    kind = "journeys"
    stage = Stage.REVIEW
    part = "review"


class HoldReview(ReviewCommand):
    """Record a review held with the person: need against the baseline, goals met, quality of life, and what follows."""

    name = "hold-review"

    review: ReviewKind
    on: date
    need_by_life_area: Degrees
    goals_met: tuple[Code, ...] = Field(default=(), max_length=30)
    quality_of_life: int = Field(ge=0, le=10)
    summary: Words
    outcome: ReviewOutcome


COMMANDS: tuple[type[ReviewCommand], ...] = (HoldReview,)


def decide(command: ReviewCommand, state: Journey, context: Context) -> Decision:
    match command, state:
        case HoldReview(), InDelivery():
            return Decision(events=(_hold(command, state, context),))
    raise WrongStage(command=command.name, at=waits_for(state))


def _hold(command: HoldReview, state: InDelivery, context: Context) -> ReviewHeld:
    context.past(command.on, field="on")
    if state.review_kind == "full" and command.review != "full" and command.on >= state.review_due.on:
        raise FullReviewDue(field="review")
    _check_degrees(command, context)
    for goal in command.goals_met:
        if state.file.plans[state.plan_id].goal(goal) is None:
            raise UnknownReviewGoal(field="goals_met", goal=goal)
    return ReviewHeld(
        review_id=context.new_id("review"),
        plan_id=state.plan_id,
        kind=command.review,
        next_kind=_next_kind(command, state.file, context),
        next_due=_next_due(command, state, context),
        progress_note_due=progress_note_due(state.file.municipality, context)
        if command.outcome == "continue"
        else None,
        **command.model_dump(exclude={"review"}),
    )


def _check_degrees(command: HoldReview, context: Context) -> None:
    areas = {area.code for area in context.programme.life_areas}
    for area, degree in command.need_by_life_area.items():
        if area not in areas or not 0 <= degree <= 4:
            raise WrongReviewDegree(field="need_by_life_area", degree=degree, area=area)
    missing = sorted(areas - set(command.need_by_life_area))
    if command.review == "full" and missing:
        raise LifeAreasMissing(field="need_by_life_area", missing=", ".join(missing))


def _next_kind(command: HoldReview, file: CaseFile, context: Context) -> ReviewKind:
    if command.review == "full":
        return "progress"
    return next_review_kind(file.progress_reviews + 1, file.municipality, context)


def _next_due(command: HoldReview, state: InDelivery, context: Context) -> Due:
    municipality = state.file.municipality
    settings = context.programme.settings(municipality, context.today)
    match command.outcome:
        case "continue" if state.review_kind == "full" and command.review == "progress":
            return state.review_due  # a review in between does not put off the full one
        case "continue":
            return months_from(context, context.today, settings.progress_review_months, municipality, "review")
        case "change_plan":
            return working_days_from(context, context.today, settings.plan_working_days, municipality, "plan")
        case "reassess":
            days = settings.assessment_working_days
            return working_days_from(context, context.today, days, municipality, "assessment")
        case "exit":
            return working_days_from(context, context.today, settings.decision_working_days, municipality, "exit")


def evolve(state: Journey, event: ReviewHeld) -> Journey:
    review = Review(kind=event.kind, on=event.on, outcome=event.outcome)
    file = replace(state.file, reviews=(*state.file.reviews, review))
    match event.outcome:
        case "continue":
            return InDelivery(
                file=file,
                plan_id=event.plan_id,
                review_kind=event.next_kind,
                review_due=event.next_due,
                progress_note_due=event.progress_note_due,
            )
        case "change_plan":
            return AwaitingPlan(file=file, plan_due=event.next_due)
        case "reassess":
            return AwaitingAssessment(file=file, assessment_due=event.next_due)
        case "exit":
            return AwaitingExit(file=file, plan_id=event.plan_id, exit_due=event.next_due)
