"""Exit: why and when the person leaves; the place is freed, and money that was set aside is given back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from pydantic import Field

from domain.belonging import withdrawn
from domain.care import ExitReason
from domain.decision import Command, Context, Decision, Rejected, Stage, WrongStage
from domain.events import BudgetSettled, Event, JourneyExited, PlaceFreed, WaitingLeft
from domain.fields import Code, Words
from domain.reckoning import challenge_until
from domain.settling import released
from domain.states import CaseFile, Exited, Journey, Refused, waits_for

UNASKABLE: frozenset[ExitReason] = frozenset({"died", "no_contact"})


class QualityOfLifeMissing(Rejected):
    """Quality of life is measured at exit; only who died or cannot be reached is not asked."""

    code = "quality_of_life_missing"
    status = 422


class DestinationMissing(Rejected):
    """Who moves to another municipality moves somewhere: name it."""

    code = "destination_missing"
    status = 422


class ExitBeforeDelivery(Rejected):
    """Help was delivered on {day}, after the day of exit."""

    code = "exit_before_delivery"
    status = 422


class ExitBeforeMove(Rejected):
    """{day} lies before {since}, when the journey came to {municipality}."""

    code = "exit_before_move"
    status = 422


class ExitCommand(Command):
    kind = "journeys"
    stage = Stage.EXIT
    part = "exit"


class ExitJourney(ExitCommand):
    """Record that the person leaves, and why. The place is free from now on."""

    name = "exit-journey"
    touches_places = True

    on: date
    reason: ExitReason
    note: Words | None = None
    quality_of_life: int | None = Field(default=None, ge=0, le=10)
    destination: Code | None = None


COMMANDS: tuple[type[ExitCommand], ...] = (ExitJourney,)


def decide(command: ExitCommand, state: Journey, context: Context) -> Decision:
    match command, state:
        case ExitJourney(), Refused() | Exited():
            raise WrongStage(command=command.name, at=waits_for(state))
        case ExitJourney(), _:
            return _exit(command, state.file, context)
    raise AssertionError(command)


def _exit(command: ExitJourney, file: CaseFile, context: Context) -> Decision:
    context.past(command.on, field="on")
    _check(command, file, context)
    exited = JourneyExited(
        challenge_until=challenge_until(file.municipality, context),
        decision_id=context.new_id("decision"),
        **dict(command),
    )
    given_back = tuple(released(file, command.on))
    settled = (BudgetSettled(released=given_back),) if given_back else ()
    events = (*withdrawn(file), exited, *settled)
    return Decision(events=events, agreement=tuple(_leave_places(command, file, context.today)))


def _check(command: ExitJourney, file: CaseFile, context: Context) -> None:
    if command.quality_of_life is None and file.accounts and command.reason not in UNASKABLE:
        raise QualityOfLifeMissing(field="quality_of_life")
    if command.reason == "moved_municipality":
        if command.destination is None:
            raise DestinationMissing(field="destination")
        context.programme.municipality(command.destination)
    here = file.memberships[-1]
    if len(file.memberships) > 1 and command.on < here.from_on:
        raise ExitBeforeMove(field="on", day=command.on, since=here.from_on, municipality=here.municipality)
    latest = max((delivery.day for delivery in file.deliveries.values() if delivery.minutes), default=None)
    if latest is not None and latest > command.on:
        raise ExitBeforeDelivery(field="on", day=latest)


def _leave_places(command: ExitJourney, file: CaseFile, today: date) -> Iterator[Event]:
    if file.place is not None:
        yield PlaceFreed(journey_id=file.journey_id, on=command.on)
    elif file.waits_for_place:
        yield WaitingLeft(journey_id=file.journey_id, reason=command.reason, on=today)


def evolve(state: Journey, event: JourneyExited) -> Exited:
    challengeable = {**state.file.challengeable, event.decision_id: event.challenge_until}
    file = replace(state.file, challengeable=challengeable, waits_in=None, offer=None, place=None)
    return Exited(file=file, on=event.on, reason=event.reason, decision_id=event.decision_id)
