"""Assessment: what the person can do and where help is needed, over seven life areas, seen three ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import Field

from domain.care import SectionAnswer, Views
from domain.decision import Command, Context, Decision, Rejected, Stage, WrongStage
from domain.events import AssessmentReopened, CarerAssessed, NeedsAssessed
from domain.fields import Code, Degrees, Id, Sealed, Words
from domain.persons import NotTheirCarer
from domain.programme import Instrument, Section
from domain.reckoning import working_days_from
from domain.states import (
    Assessment,
    AwaitingAgreement,
    AwaitingAssessment,
    AwaitingBudget,
    AwaitingPlan,
    CarerAssessment,
    CaseFile,
    Exited,
    InDelivery,
    Journey,
    Referred,
    Refused,
    Waiting,
    waits_for,
    with_file,
)

NOT_SPECIFIED, NOT_APPLICABLE = 8, 9
DEGREES = frozenset({0, 1, 2, 3, 4, NOT_SPECIFIED, NOT_APPLICABLE})
ENVIRONMENT = frozenset({*range(-4, 5), NOT_SPECIFIED, NOT_APPLICABLE})  # barrier -4 to facilitator +4


class UnknownSection(Rejected):
    """{section} is not a section on need of the instrument {instrument}."""

    code = "unknown_section"
    status = 422


class SectionMissing(Rejected):
    """The section {section} has no answer, or more than one; every section of {instrument} needs exactly one."""

    code = "section_missing"
    status = 422


class DegreeMissing(Rejected):
    """The question {item} of {section} has no degree."""

    code = "degree_missing"
    status = 422


class UnknownItem(Rejected):
    """{item} is not a question of {section}."""

    code = "unknown_item"
    status = 422


class WrongDegree(Rejected):
    """{degree} is not a degree that {item} can have: {allowed}."""

    code = "wrong_degree"
    status = 422


class DegreesNotAsked(Rejected):
    """The main question of {section} answers all of its questions with 0, so they have no degrees of their own."""

    code = "degrees_not_asked"
    status = 422


class CommentMissing(Rejected):
    """{item} scores {degree}: a score above 0 needs a comment."""

    code = "comment_missing"
    status = 422


class UnknownSafetySign(Rejected):
    """{sign} is not on the list of safety signs of the instrument {instrument}."""

    code = "unknown_safety_sign"
    status = 422


class UnknownCarerNeed(Rejected):
    """{need} is not on the list of what carers may need."""

    code = "unknown_carer_need"
    status = 422


class AssessmentCommand(Command):
    kind = "journeys"
    stage = Stage.ASSESSMENT


class AssessNeeds(AssessmentCommand):
    """Record an assessment of need, or during delivery a reassessment; the look-back is 30 days."""

    name = "assess-needs"
    part = "assessment"

    on: date
    sections: tuple[SectionAnswer, ...] = Field(max_length=60)
    environment: Degrees = Field(default_factory=dict)
    environment_comments: Annotated[dict[str, Words], Sealed()] = Field(default_factory=dict)
    safety_signs: tuple[str, ...] = Field(default=(), max_length=20)
    quality_of_life: int = Field(ge=0, le=10)
    views: Views


class AssessCarer(AssessmentCommand):
    """Record what a carer needs for themselves."""

    name = "assess-carer"
    part = "carers"
    additive = True
    needs_person = True

    carer_id: Id
    on: date
    needs: Words
    own_needs: Annotated[tuple[Code, ...] | None, Sealed(of="carer_id")] = Field(default=None, max_length=20)


class ReopenAssessment(AssessmentCommand):
    """Go back to assessment, because need has changed. Help that was agreed goes on meanwhile."""

    name = "reopen-assessment"
    part = "assessment"

    reason: Words


COMMANDS: tuple[type[AssessmentCommand], ...] = (AssessNeeds, AssessCarer, ReopenAssessment)


def decide(command: AssessmentCommand, state: Journey, context: Context) -> Decision:
    match command, state:
        case AssessNeeds(), AwaitingAssessment() | InDelivery():
            return Decision(events=(_assess(command, state, context),))
        case AssessCarer(), _ if not isinstance(state, Referred | Refused | Waiting | Exited):
            return Decision(events=(_assess_carer(command, context),))
        case ReopenAssessment(), AwaitingPlan() | AwaitingAgreement() | AwaitingBudget() | InDelivery():
            return Decision(events=(reopen(command.reason, state, context),))
    raise WrongStage(command=command.name, at=waits_for(state))


def reopen(reason: str, state: Journey, context: Context) -> AssessmentReopened:
    municipality = state.file.municipality
    days = context.programme.settings(municipality, context.today).assessment_working_days
    due = working_days_from(context, context.today, days, municipality, "assessment")
    return AssessmentReopened(reason=reason, due=due)


def _assess(command: AssessNeeds, state: AwaitingAssessment | InDelivery, context: Context) -> NeedsAssessed:
    context.past(command.on, field="on")
    instrument = context.programme.instrument(command.on)
    degrees = _degrees(command, instrument)
    _check_environment(command, instrument)
    municipality = state.file.municipality
    days = context.programme.settings(municipality, context.today).plan_working_days
    in_passing = isinstance(state, InDelivery)
    return NeedsAssessed(
        assessment_id=context.new_id("assessment"),
        instrument=instrument.version,
        need_by_life_area=_by_life_area(degrees, instrument),
        plan_due=None if in_passing else working_days_from(context, context.today, days, municipality, "plan"),
        **dict(command),
    )


def _assess_carer(command: AssessCarer, context: Context) -> CarerAssessed:
    context.past(command.on, field="on")
    if context.person is None or command.carer_id not in context.person.carers:
        raise NotTheirCarer(field="carer_id", carer_id=command.carer_id)
    known = {need.code for need in context.programme.carer_needs}
    for need in command.own_needs or ():
        if need not in known:
            raise UnknownCarerNeed(field="own_needs", need=need)
    return CarerAssessed(**dict(command))


def _degrees(command: AssessNeeds, instrument: Instrument) -> dict[str, int]:
    """The degree of every question of the instrument, or the refusal of the first answer that does not fit."""
    answers = {answer.section: answer for answer in command.sections}
    times = Counter(answer.section for answer in command.sections)
    asked = {section.code: section for section in _asked(instrument)}
    for code in times:
        if code not in asked:
            raise UnknownSection(field="sections", section=code, instrument=instrument.version)
    degrees: dict[str, int] = {}
    for section in asked.values():
        if times[section.code] != 1:
            raise SectionMissing(field="sections", section=section.code, instrument=instrument.version)
        degrees.update(_answered(answers[section.code], section))
    return degrees


def _asked(instrument: Instrument) -> tuple[Section, ...]:
    return tuple(section for section in instrument.sections if section.items[0].scale == "need")


def _answered(answer: SectionAnswer, section: Section) -> dict[str, int]:
    """A person who copes needs no help with any of it; in a reversed section, "yes" leads to the questions instead."""
    items = {item.code for item in section.items}
    if answer.copes_independently != section.reversed:
        if answer.degrees:
            raise DegreesNotAsked(field="sections", section=section.code)
        return dict.fromkeys(items, 0)
    for item in answer.degrees:
        if item not in items:
            raise UnknownItem(field="sections", item=item, section=section.code)
    for item in sorted(items):
        if item not in answer.degrees:
            raise DegreeMissing(field="sections", item=item, section=section.code)
        _check(item, answer.degrees[item], DEGREES, answer.comments, field="sections")
    return dict(answer.degrees)


def _check(item: str, degree: int, allowed: frozenset[int], comments: Mapping[str, str], *, field: str) -> None:
    if degree not in allowed:
        raise WrongDegree(field=field, item=item, degree=degree, allowed=", ".join(map(str, sorted(allowed))))
    if degree > 0 and degree not in (NOT_SPECIFIED, NOT_APPLICABLE) and not comments.get(item):
        raise CommentMissing(field=field, item=item, degree=degree)


def _check_environment(command: AssessNeeds, instrument: Instrument) -> None:
    factors = {item.code for section in instrument.sections for item in section.items if item.scale == "environment"}
    for item, degree in command.environment.items():
        if item not in factors:
            raise UnknownItem(field="environment", item=item, section="the environment")
        _check(item, degree, ENVIRONMENT, command.environment_comments, field="environment")
    for sign in command.safety_signs:
        if sign not in instrument.safety_signs:
            raise UnknownSafetySign(field="safety_signs", sign=sign, instrument=instrument.version)


def _by_life_area(degrees: Mapping[str, int], instrument: Instrument) -> dict[str, int]:
    """The highest degree in each life area: one number to compare then and now."""
    need: dict[str, int] = {}
    for section in _asked(instrument):
        scores = [degrees[item.code] for item in section.items if degrees[item.code] <= 4]
        need[section.life_area] = max([need.get(section.life_area, 0), *scores])
    return need


AssessmentEvent = NeedsAssessed | CarerAssessed | AssessmentReopened


def evolve(state: Journey, event: AssessmentEvent) -> Journey:
    file = state.file
    match event:
        case NeedsAssessed():
            assessment = Assessment(
                assessment_id=event.assessment_id,
                on=event.on,
                instrument=event.instrument,
                need_by_life_area=event.need_by_life_area,
            )
            file = replace(file, assessments=(*file.assessments, assessment))
            return (
                with_file(state, file) if event.plan_due is None else AwaitingPlan(file=file, plan_due=event.plan_due)
            )
        case CarerAssessed():
            return with_file(state, replace(file, carers=_with_carer(file, event)))
        case AssessmentReopened():
            return AwaitingAssessment(file=file, assessment_due=event.due)


def _with_carer(file: CaseFile, event: CarerAssessed) -> Mapping[str, CarerAssessment]:
    """The assessment of the latest day counts, whichever was told last."""
    known = file.carers.get(event.carer_id)
    if known is not None and known.on > event.on:
        return file.carers
    return {**file.carers, event.carer_id: CarerAssessment(on=event.on, needs=event.own_needs)}
