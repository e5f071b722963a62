"""How life is now, told at entry, review and exit; and what the person or a carer thinks of the help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import Field

from domain.care import AreaScore, Rater
from domain.decision import OFFICE, Command, Context, Decision, NotForThisRole, Rejected, Role, WrongStage
from domain.events import MeasureTaken, ServiceRated
from domain.fields import Code, Id, Sealed
from domain.persons import NotTheirCarer
from domain.programme import Answerer, NotInForce, Occasion, OutcomeMeasure
from domain.scoring import SCORERS
from domain.states import (
    AwaitingExit,
    Exited,
    Journey,
    Measure,
    Rating,
    Referred,
    Refused,
    Waiting,
    waits_for,
    with_file,
)


class NoMeasure(Rejected):
    """On {day} no outcome measure is in force."""

    code = "no_measure"
    status = 422


class NotAsked(Rejected):
    """{instrument} is not for {what}."""

    code = "not_asked"
    status = 422


class OccasionDoesNotFit(Rejected):
    """A measure of {occasion} does not fit here: {why}."""

    code = "occasion_does_not_fit"


class AreaNotAsked(Rejected):
    """{instrument} does not ask for {area}."""

    code = "area_not_asked"
    status = 422


class AreaMissing(Rejected):
    """The life area {area} has no answer; what was not told is sent as null."""

    code = "area_missing"
    status = 422


class NothingTold(Rejected):
    """Nothing was told of any life area."""

    code = "nothing_told"
    status = 422


class CarerNotNamed(Rejected):
    """A carer's answer names the carer, and nobody else's does."""

    code = "carer_not_named"
    status = 422


class AlreadyTold(Rejected):
    """The same was told for this day by the same person already."""

    code = "already_told"


class NotTheirHelp(Rejected):
    """{help} was not in the budget on {day}; only help the person was to have can be rated."""

    code = "not_their_help"
    status = 422


class OutcomeCommand(Command):
    kind = "journeys"
    stage = "throughout"
    additive = True
    needs_person = True


class TakeMeasure(OutcomeCommand):
    """Record how life is now in each life area: need, importance, confidence; null where it was not told."""

    name = "take-measure"
    part = "measures"

    occasion: Occasion
    on: date
    by: Answerer
    carer_id: Id | None = None
    scores: Annotated[dict[Code, AreaScore], Sealed()] = Field(max_length=30)


class RateService(OutcomeCommand):
    """Record what the person or a carer thinks of a component, or of one provider's: 1 bad to 5 very good."""

    name = "rate-service"
    part = "ratings"

    component: Code
    provider_id: Id | None = None
    rating: Annotated[int, Sealed(), Field(ge=1, le=5)]
    by: Rater
    carer_id: Id | None = None
    on: date


COMMANDS: tuple[type[OutcomeCommand], ...] = (TakeMeasure, RateService)


def decide(command: OutcomeCommand, state: Journey, context: Context) -> Decision:
    match command:
        case TakeMeasure():
            return Decision(events=(_measure(command, state, context),))
        case RateService():
            return Decision(events=(_rate(command, state, context),))
    raise AssertionError(command)


def _measure(command: TakeMeasure, state: Journey, context: Context) -> MeasureTaken:
    _check_told(command, context)
    measure = _in_force(command.on, context)
    if command.by not in measure.answered_by or command.occasion not in measure.occasions:
        raise NotAsked(field="occasion", instrument=measure.version, what=f"{command.occasion} by {command.by}")
    _check_scores(command.scores, measure)
    FITS[command.occasion](command, state)
    if any(_key(each) == _key(command) for each in state.file.measures):
        raise AlreadyTold(field="on")
    return MeasureTaken(
        measure_id=context.new_id("measure"),
        instrument=measure.version,
        scorer=measure.scorer,
        result=SCORERS[measure.scorer](command.scores),
        **dict(command),
    )


def _rate(command: RateService, state: Journey, context: Context) -> ServiceRated:
    _check_told(command, context)
    lines = [each.line for each in state.file.accounts.values() if each.line.starts_on <= command.on]
    had = {(line.component, provider) for line in lines for provider in (line.provider_id, None)}
    if (command.component, command.provider_id) not in had:
        whose = f" by {command.provider_id}" if command.provider_id else ""
        raise NotTheirHelp(field="component", help=f"{command.component}{whose}", day=command.on)
    if any(_help(each) == _help(command) for each in state.file.ratings):
        raise AlreadyTold(field="on")
    return ServiceRated(rating_id=context.new_id("rating"), **dict(command))


def _key(told: TakeMeasure | Measure) -> tuple[str, str | None, str, date]:
    return told.by, told.carer_id, told.occasion, told.on


def _help(told: RateService | Rating) -> tuple[str, str | None, str, str | None, date]:
    return told.by, told.carer_id, told.component, told.provider_id, told.on


# ── Who may tell what ────────────────────────────────────────────────────────────────────────────────────────────────


def _check_told(command: TakeMeasure | RateService, context: Context) -> None:
    """Who is paid for the help neither measures nor rates what comes of it; the person speaks for nobody else."""
    own = context.actor.role == Role.PERSON and command.by == "person"
    if not own and context.actor.role not in OFFICE:
        raise NotForThisRole(command=command.name, role=context.actor.role.replace("_", " "))
    context.past(command.on, field="on")
    if (command.by == "carer") != (command.carer_id is not None):
        raise CarerNotNamed(field="carer_id")
    if command.carer_id is not None and (context.person is None or command.carer_id not in context.person.carers):
        raise NotTheirCarer(field="carer_id", carer_id=command.carer_id)


def _in_force(on: date, context: Context) -> OutcomeMeasure:
    try:
        return context.programme.measure(on)
    except NotInForce as silent:
        raise NoMeasure(field="on", day=on) from silent


def _check_scores(scores: Mapping[str, AreaScore], measure: OutcomeMeasure) -> None:
    for area in scores:
        if area not in measure.life_areas:
            raise AreaNotAsked(field="scores", area=area, instrument=measure.version)
    for area in measure.life_areas:
        if area not in scores:
            raise AreaMissing(field="scores", area=area)
    if not any(value is not None for each in scores.values() for _, value in each):
        raise NothingTold(field="scores")


# ── Which occasion fits ──────────────────────────────────────────────────────────────────────────────────────────────


def _at_entry(command: TakeMeasure, state: Journey) -> None:
    if isinstance(state, Referred | Refused | Waiting):
        raise WrongStage(command=command.name, at=waits_for(state))
    begun = min((each.day for each in state.file.deliveries.values()), default=None)
    if begun is not None and command.on > begun:  # on the first day of help it may still be asked
        raise OccasionDoesNotFit(field="occasion", occasion="entry", why=f"help began on {begun:%d.%m.%Y}")


def _at_review(command: TakeMeasure, state: Journey) -> None:
    if isinstance(state, Refused | Exited) or not state.file.accounts:
        raise OccasionDoesNotFit(field="occasion", occasion="review", why="no help is under way")


def _at_exit(command: TakeMeasure, state: Journey) -> None:
    if not isinstance(state, AwaitingExit | Exited):
        raise OccasionDoesNotFit(field="occasion", occasion="exit", why="the person has not left, nor is about to")


FITS: Mapping[Occasion, Callable[[TakeMeasure, Journey], None]] = {
    "entry": _at_entry,
    "review": _at_review,
    "exit": _at_exit,
}


def evolve(state: Journey, event: MeasureTaken | ServiceRated) -> Journey:
    file = state.file
    match event:
        case MeasureTaken():
            return with_file(state, replace(file, measures=(*file.measures, Measure(**dict(event)))))
        case ServiceRated():
            return with_file(state, replace(file, ratings=(*file.ratings, Rating(**dict(event)))))
