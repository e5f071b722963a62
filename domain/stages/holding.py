"""Holding a place: kept unused for a time, used again, and free one day as far as is planned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Self

from pydantic import model_validator

from domain.agreement import resumed, suspended
from domain.care import ExitReason
from domain.decision import Command, Context, Decision, Rejected
from domain.events import (
    BudgetSettled,
    Event,
    ExitPlanned,
    HoldingExitPlanned,
    HoldingResumed,
    HoldingSuspended,
    PlaceResumed,
    PlaceSuspended,
)
from domain.fields import Words
from domain.settling import unused
from domain.states import CaseFile, Journey, Place, PlannedExit, with_file


class HoldsNoPlace(Rejected):
    """This journey has no place."""

    code = "holds_no_place"


class BeforePlace(Rejected):
    """{day} lies before the place starts on {from_on}."""

    code = "before_place"
    status = 422


class SuspendedAlready(Rejected):
    """The place was suspended from {since} on already; a new suspension starts after that one has ended."""

    code = "suspended_already"
    status = 422


class HelpedSince(Rejected):
    """Help was delivered on {day}; the place was in use then."""

    code = "helped_since"
    status = 422


class NotSuspended(Rejected):
    """The place is not suspended."""

    code = "not_suspended"


class ResumedTooEarly(Rejected):
    """The place was suspended from {since} on, so it cannot be used again on {day}."""

    code = "resumed_too_early"
    status = 422


class ExitPlannedInPast(Rejected):
    """A planned exit lies ahead, not on {day}."""

    code = "exit_planned_in_past"
    status = 422


class HoldingCommand(Command):
    kind = "journeys"
    stage = "place"
    touches_places = True


class SuspendPlace(HoldingCommand):
    """Record that the place is kept but not used from a day on, a stay in hospital say."""

    name = "suspend-place"
    part = "place"

    from_on: date
    reason: Words


class ResumePlace(HoldingCommand):
    """Record that the place is used again from a day on. Of the budget, the share of the days between is given back."""

    name = "resume-place"
    part = "place"

    on: date


class PlanExit(HoldingCommand):
    """Say when the person is expected to leave, and why, so that the place can be reckoned with; nothing: take it back."""

    name = "plan-exit"
    part = "exit"

    on: date | None = None
    reason: ExitReason | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.on is None) != (self.reason is None):
            raise ValueError("on and reason belong together")
        return self


COMMANDS: tuple[type[HoldingCommand], ...] = (SuspendPlace, ResumePlace, PlanExit)


def decide(command: HoldingCommand, state: Journey, context: Context) -> Decision:
    file = state.file
    if file.place is None:
        raise HoldsNoPlace
    match command:
        case SuspendPlace():
            _check_suspension(command, file, file.place, context)
            return _both(
                PlaceSuspended(**dict(command)),
                HoldingSuspended(journey_id=file.journey_id, from_on=command.from_on),
            )
        case ResumePlace():
            since = _suspended_since(command, file, context)
            given_back = tuple(unused(file.accounts, since, command.on - timedelta(days=1), file.suspensions))
            settled = (BudgetSettled(released=given_back),) if given_back else ()
            places = HoldingResumed(journey_id=file.journey_id, on=command.on)
            return Decision(events=(PlaceResumed(on=command.on), *settled), agreement=(places,))
        case PlanExit():
            if command.on is not None and command.on < context.today:
                raise ExitPlannedInPast(field="on", day=command.on)
            return _both(ExitPlanned(**dict(command)), HoldingExitPlanned(journey_id=file.journey_id, on=command.on))
    raise AssertionError(command)


def _both(event: Event, places: Event) -> Decision:
    return Decision(events=(event,), agreement=(places,))


def _check_suspension(command: SuspendPlace, file: CaseFile, place: Place, context: Context) -> None:
    day = context.past(command.from_on, field="from_on")
    if day < place.from_on:
        raise BeforePlace(field="from_on", day=day, from_on=place.from_on)
    for each in file.suspensions:
        if each.to_on is None or day <= each.to_on:
            raise SuspendedAlready(field="from_on", since=each.from_on)
    helped = [each.day for each in file.deliveries.values() if each.minutes and each.day >= day]
    if helped:
        raise HelpedSince(field="from_on", day=max(helped))


def _suspended_since(command: ResumePlace, file: CaseFile, context: Context) -> date:
    context.past(command.on, field="on")
    open_since = next((each.from_on for each in file.suspensions if each.to_on is None), None)
    if open_since is None:
        raise NotSuspended
    if command.on < open_since:
        raise ResumedTooEarly(field="on", since=open_since, day=command.on)
    return open_since


HoldingEvent = PlaceSuspended | PlaceResumed | ExitPlanned


def evolve(state: Journey, event: HoldingEvent) -> Journey:
    file = state.file
    match event:
        case PlaceSuspended():
            return with_file(state, replace(file, suspensions=suspended(file.suspensions, event.from_on)))
        case PlaceResumed():
            return with_file(state, replace(file, suspensions=resumed(file.suspensions, event.on)))
        case ExitPlanned():
            planned = PlannedExit(on=event.on, reason=event.reason) if event.on and event.reason else None
            return with_file(state, replace(file, planned_exit=planned))
