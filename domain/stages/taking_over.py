"""Taking over: a case that runs elsewhere begins here where it stands, so that everything after goes its normal way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from domain.care import (
    Noticer,
    OpenedLine,
    RunningAssessment,
    RunningLine,
    RunningPlan,
    ServiceLine,
)
from domain.decision import BeforeBeginning, Command, Context, Decision, Rejected, Role
from domain.double_funding import check_period
from domain.events import (
    AssessmentTakenOver,
    BudgetTakenOver,
    CaseManagerAppointed,
    Event,
    JourneyTakenOver,
    PlanAgreed,
    PlanDrafted,
    ReferralAccepted,
    ReferralRecorded,
)
from domain.fields import CaseNumber, Code, FileDigest, Id, Words
from domain.ledger import LineAccount, opening
from domain.money import euros
from domain.reckoning import months_from, next_review_kind, on_the_day, progress_note_due
from domain.stages import placing
from domain.stages.budgeting import cap_of, check_caps
from domain.stages.planning import DraftPlan, UnknownLifeArea, budget_due, check_can_be_had, check_fits, plan_due
from domain.stages.referral import JourneyExists, agreed_to, begin
from domain.states import Assessment, AwaitingPlan, CaseFile, InDelivery, Journey, Origin, with_file

TAKEN_OVER = "taken_over"  # stands where otherwise the rules, the instrument or the author would
Standing = Literal["waiting", "assessment", "planning", "delivery"]
NEEDED = {
    "waiting": (),
    "assessment": ("place_from", "case_manager"),
    "planning": ("place_from", "case_manager", "assessment"),
    "delivery": ("place_from", "case_manager", "plan", "lines"),
}
NOT_YET = {
    "waiting": ("assessment", "plan", "lines", "review_due"),
    "assessment": ("assessment", "plan", "lines", "review_due"),
    "planning": ("plan", "lines", "review_due"),
    "delivery": (),
}
NUMBERS = ("paid_cents", "accepted_cents", "delivered_cents", "committed_cents", "allocated_cents")


class NotYoursToTakeOver(Rejected):
    """Running cases are taken over by a case manager or lead of the municipality, or nationally by a coordinator, not by
    a {role}."""

    code = "not_yours_to_take_over"
    status = 403


class MissingToStandThere(Rejected):
    """A case in {standing} needs {missing}."""

    code = "missing_to_stand_there"
    status = 422


class TooMuchToStandThere(Rejected):
    """A case in {standing} cannot have {found} yet."""

    code = "too_much_to_stand_there"
    status = 422


class NumbersOutOfOrder(Rejected):
    """Of {line} {less_euros} euros are {less} and only {more_euros} {more}; each number can be at most the one before."""

    code = "numbers_out_of_order"
    status = 422


class PlanOver(Rejected):
    """The last line ended on {ends_on}; a plan that is over is made anew, so take the case over in planning."""

    code = "plan_over"
    status = 422


class TakeOverJourney(Command):
    """Begin a journey where a running case stands: with its place, its plan, and what of its budget is used up."""

    kind = "journeys"
    name = "take-over-journey"
    stage = "taking_over"
    part = "origin"
    creates = True
    needs_person = True
    touches_places = True

    person_id: Id
    municipality: Code
    source: Words
    file_digest: FileDigest
    row: Annotated[int, Field(ge=1, le=10_000_000)]
    case: CaseNumber
    balances_on: date
    standing: Standing
    noticed_by: Noticer = "other"
    referred_on: date
    agreed_on: date
    rights_explained_on: date
    complete_on: date
    case_manager: Code | None = None
    place_from: date | None = None
    assessment: RunningAssessment | None = None
    plan: RunningPlan | None = None
    lines: tuple[RunningLine, ...] = Field(default=(), max_length=60)
    review_due: date | None = None

    def providers_named(self) -> frozenset[str]:
        return frozenset(each.line.provider_id for each in self.lines)


COMMANDS: tuple[type[Command], ...] = (TakeOverJourney,)


def decide(command: TakeOverJourney, state: Journey | None, context: Context) -> Decision:
    if state is not None:
        raise JourneyExists
    if context.actor.role not in (Role.CASE_MANAGER, Role.LEAD, Role.COORDINATOR):
        raise NotYoursToTakeOver(role=context.actor.role.replace("_", " "))
    context.programme.municipality(command.municipality)
    _check_standing(command)
    _check_days(command, context)
    agreed_to(context.person, command.person_id, command.municipality)
    referred = _referred(command)
    file = begin(referred, context.stream_id).file
    placed = _placed(command, file, context)
    facts: tuple[Event, ...] = (
        referred,
        JourneyTakenOver(on=context.today, **command.model_dump(include=set(_ORIGIN))),
        ReferralAccepted(
            decision_id=context.new_id("decision"),
            rules=TAKEN_OVER,
            conditions=(),
            override=None,
            place_from=command.place_from,
        ),
        *placed.events,
        *_further(command, file, context),
    )
    return Decision(events=facts, agreement=placed.agreement)


_ORIGIN = ("source", "file_digest", "row", "case", "balances_on")


def _check_standing(command: TakeOverJourney) -> None:
    for name in NEEDED[command.standing]:
        if not getattr(command, name):
            raise MissingToStandThere(field=name, standing=command.standing, missing=_plain(name))
    for name in NOT_YET[command.standing]:
        if getattr(command, name):
            raise TooMuchToStandThere(field=name, standing=command.standing, found=_plain(name))


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _check_days(command: TakeOverJourney, context: Context) -> None:
    """Nothing that is told has still to happen, and nothing happened before somebody noticed; only a place can start later."""
    told = {name: getattr(command, name) for name in ("referred_on", "agreed_on", "rights_explained_on", "complete_on")}
    told["balances_on"] = command.balances_on
    if command.assessment is not None:
        told["assessment"] = command.assessment.on
    if command.plan is not None:
        told["plan"] = command.plan.agreed_on
    if command.standing == "delivery" and command.place_from is not None:
        told["place_from"] = command.place_from
    for name, day in told.items():
        context.past(day, field=name)
    after = {name: told.get(name) for name in ("complete_on", "assessment", "plan")} | {
        "place_from": command.place_from
    }
    for name, day in after.items():
        if day is not None and day < command.referred_on:
            raise BeforeBeginning(field=name, day=day, noticed_on=command.referred_on)


def _referred(command: TakeOverJourney) -> ReferralRecorded:
    return ReferralRecorded(
        person_id=command.person_id,
        municipality=command.municipality,
        noticed_by=command.noticed_by,
        noticed_on=command.referred_on,
        reason=f"Taken over from {command.source}.",
        agreed_on=command.agreed_on,
        agreed_by="person",
        rights_explained_on=command.rights_explained_on,
        complete_on=command.complete_on,
        decision_due=None,
    )


def _placed(command: TakeOverJourney, file: CaseFile, context: Context) -> Decision:
    """Who waits takes a free place or waits on, as everybody; who has a place keeps it."""
    from_on = command.place_from or context.today
    placing.check_near(max(from_on, context.today), context, field="place_from")
    if command.standing == "waiting":
        return placing.place(file, max(from_on, context.today), context, field="place_from")
    return placing.held_already(file, from_on, context)


def _further(command: TakeOverJourney, file: CaseFile, context: Context) -> Iterator[Event]:
    if command.case_manager is not None:
        yield CaseManagerAppointed(case_manager=command.case_manager)
    if command.assessment is not None:
        yield _assessed(command.assessment, file, context)
    if command.plan is not None:
        yield from _planned(command, command.plan, file, context)


def _assessed(assessment: RunningAssessment, file: CaseFile, context: Context) -> AssessmentTakenOver:
    areas = {area.code for area in context.programme.life_areas}
    for area in assessment.need_by_life_area:
        if area not in areas:
            raise UnknownLifeArea(field="assessment", life_area=area)
    return AssessmentTakenOver(
        assessment_id=context.new_id("assessment"), plan_due=plan_due(file, context), **dict(assessment)
    )


def _planned(command: TakeOverJourney, plan: RunningPlan, file: CaseFile, context: Context) -> Iterator[Event]:
    lines = tuple(each.line for each in command.lines)
    _check_plan(command, plan, file, context)
    plan_id = context.new_id("plan")
    yield PlanDrafted(
        plan_id=plan_id,
        author_role=TAKEN_OVER,
        main_goal=plan.main_goal,
        goals=plan.goals,
        obstacles=None,
        lines=lines,
        community_lines=(),
        crisis_plan=plan.crisis_plan,
        plan_due=plan_due(file, context),
    )
    yield PlanAgreed(
        plan_id=plan_id, agreed_on=plan.agreed_on, agreed_by="person", budget_due=budget_due(file, context)
    )
    yield _budgeted(command, plan_id, file, context)


def _check_plan(command: TakeOverJourney, plan: RunningPlan, file: CaseFile, context: Context) -> None:
    """What is still to come of each line must be possible here: offered, contracted, priced, and paid for by nobody else.
    What lies behind was delivered and decided elsewhere, by what held there."""
    coming = tuple(_coming(each.line, command.balances_on) for each in command.lines)
    still = tuple(line for line in coming if line is not None)
    if not still:
        raise PlanOver(field="lines", ends_on=max(each.line.ends_on for each in command.lines))
    lines = tuple(each.line for each in command.lines)
    check_fits(
        DraftPlan(main_goal=plan.main_goal, goals=plan.goals, lines=lines, crisis_plan=plan.crisis_plan), context
    )
    check_can_be_had(still, file, context)
    for line in still:
        check_period(line.starts_on, line.ends_on, context, field="lines")


def _coming(line: ServiceLine, balances_on: date) -> ServiceLine | None:
    """The line from the first day whose help is told here; None where it is over by then."""
    first = max(line.starts_on, balances_on + timedelta(days=1))
    return None if first > line.ends_on else line.model_copy(update={"starts_on": first})


def _budgeted(command: TakeOverJourney, plan_id: str, file: CaseFile, context: Context) -> BudgetTakenOver:
    for each in command.lines:
        _check_order(each)
    lines = tuple(_opened(each, context) for each in command.lines)
    check_caps(tuple(each.as_allocation() for each in lines), file)
    municipality = file.municipality
    settings = context.programme.settings(municipality, context.today)
    due = (
        months_from(context, context.today, settings.progress_review_months, municipality, "review")
        if command.review_due is None
        else on_the_day(context, command.review_due, municipality, "review-taken-over")
    )
    return BudgetTakenOver(
        budget_id=context.new_id("budget"),
        plan_id=plan_id,
        lines=lines,
        review_kind=next_review_kind(0, municipality, context),
        review_due=due,
        plan_ends=on_the_day(context, max(each.line.ends_on for each in lines), municipality, "plan-end"),
        progress_note_due=progress_note_due(municipality, context),
    )


def _check_order(line: RunningLine) -> None:
    for less, more in pairwise(NUMBERS):
        if getattr(line, less) > getattr(line, more):
            raise NumbersOutOfOrder(
                field=less,
                line=line.line.line_id,
                less=less.removesuffix("_cents"),
                less_euros=euros(getattr(line, less)),
                more=more.removesuffix("_cents"),
                more_euros=euros(getattr(line, more)),
            )


def _opened(line: RunningLine, context: Context) -> OpenedLine:
    """The cap is that of the catalogue in force, since what the line has of it counts from now on."""
    component = context.programme.catalogue(max(line.line.starts_on, context.today)).get(line.line.component)
    return OpenedLine(**dict(line), cap_cents=None if component is None else component.yearly_cap_cents)


TakenOver = JourneyTakenOver | AssessmentTakenOver | BudgetTakenOver


def evolve(state: Journey, event: TakenOver) -> Journey:
    file = state.file
    match event:
        case JourneyTakenOver():
            return with_file(state, replace(file, origin=Origin(**dict(event))))
        case AssessmentTakenOver():
            assessment = Assessment(
                assessment_id=event.assessment_id,
                on=event.on,
                instrument=TAKEN_OVER,
                need_by_life_area=event.need_by_life_area,
            )
            file = replace(file, assessments=(*file.assessments, assessment))
            return AwaitingPlan(file=file, plan_due=event.plan_due)
        case BudgetTakenOver():
            accounts = {each.line.line_id: _account(each) for each in event.lines}
            file = replace(file, accounts=accounts, plan_ends=event.plan_ends)
            return InDelivery(
                file=file,
                plan_id=event.plan_id,
                review_kind=event.review_kind,
                review_due=event.review_due,
                progress_note_due=event.progress_note_due,
            )


def _account(line: OpenedLine) -> LineAccount:
    moves = opening(
        allocated=line.allocated_cents,
        committed=line.committed_cents,
        delivered=line.delivered_cents,
        accepted=line.accepted_cents,
        paid=line.paid_cents,
    )
    return LineAccount(line=line.line, cap=None if line.cap_cents is None else cap_of(line.line, line.cap_cents)).moved(
        moves
    )
