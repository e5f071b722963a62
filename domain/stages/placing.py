"""Places: one is taken when it is free, waited for in an order, offered, and starts when nothing stands against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from domain.decision import Command, Context, Decision, Rejected, WrongStage
from domain.double_funding import check_day, first_free_day
from domain.due import Due
from domain.events import (
    PlaceAwaited,
    PlaceOccupied,
    PlacePostponed,
    PlaceReceived,
    WaitingJoined,
    WaitingLeft,
)
from domain.parties import Agreement
from domain.reckoning import working_days_from
from domain.states import (
    AwaitingAssessment,
    CaseFile,
    Exited,
    Journey,
    Place,
    Referred,
    Refused,
    Waiting,
    waits_for,
    with_file,
)
from domain.tracing import place_trace


class NoAgreement(Rejected):
    """{municipality} has no agreement in force on {day}, so it has no places."""

    code = "no_agreement"


class PlaceTaken(Rejected):
    """This journey has a place already."""

    code = "place_taken"


class WaitsAlready(Rejected):
    """This journey waits for a place already."""

    code = "waits_already"


class NotOffered(Rejected):
    """No place was offered to this journey."""

    code = "not_offered"


class PlaceTooFarOff(Rejected):
    """A place can be asked for from {earliest} to {latest}, not from {day}."""

    code = "place_too_far_off"
    status = 422


class WaitsForNoPlace(Rejected):
    """This journey does not wait for a place."""

    code = "waits_for_no_place"


class PlaceCommand(Command):
    kind = "journeys"
    stage = "place"


class RequestPlace(PlaceCommand):
    """Ask for the place that had to wait for the end of a state service."""

    name = "request-place"
    part = "place"
    touches_places = True
    needs_person = True

    from_on: date


class TakePlace(PlaceCommand):
    """Take the place that was offered."""

    name = "take-place"
    part = "place"
    touches_places = True
    needs_person = True
    internal = True


COMMANDS: tuple[type[PlaceCommand], ...] = (RequestPlace, TakePlace)


def decide(command: PlaceCommand, state: Journey, context: Context) -> Decision:
    match command:
        case RequestPlace() if not isinstance(state, Refused | Exited | Referred | Waiting):
            if state.file.place is not None:
                raise PlaceTaken
            if state.file.waits_for_place:
                raise WaitsAlready
            _check_near(command.from_on, context)
            return place(state.file, command.from_on, context, field="from_on")
        case TakePlace():
            if not state.file.waits_for_place:
                raise WaitsForNoPlace
            return _take_offered(state.file, context)
    raise WrongStage(command=command.name, at=waits_for(state))


def place(file: CaseFile, from_on: date | None, context: Context, *, field: str) -> Decision:
    """A free place is taken at once if nobody waits; without a day from which it could start it is postponed."""
    if from_on is None:
        return _postpone(file, context)
    agreement = _agreement(file, context)
    check_day(from_on, context, field=field)
    since = file.complete_on or context.today
    if agreement.free > 0 and not agreement.waiting:
        return _take(file, agreement, from_on, context)
    joined = WaitingJoined(journey_id=file.journey_id, municipality=file.municipality, since=since, place_from=from_on)
    ahead = agreement.ahead_of(since)
    awaited = PlaceAwaited(
        agreement=agreement.agreement, since=since, ahead=ahead, trace=place_trace(agreement, ahead=ahead)
    )
    return Decision(events=(awaited,), agreement=(joined,))


def _check_near(from_on: date, context: Context) -> None:
    """[A] A place held for longer than a year before it starts would be nobody's."""
    latest = context.today + timedelta(days=365)
    if not context.today <= from_on <= latest:
        raise PlaceTooFarOff(field="from_on", earliest=context.today, latest=latest, day=from_on)


def _agreement(file: CaseFile, context: Context) -> Agreement:
    agreement = context.agreement
    if agreement is None or file.municipality not in agreement.municipalities or agreement.has_ended(context.today):
        raise NoAgreement(municipality=file.municipality, day=context.today)
    return agreement


def _take_offered(file: CaseFile, context: Context) -> Decision:
    """Never before the day that was asked for: until then a state service may still run."""
    agreement = _agreement(file, context)
    waiter = agreement.waiter(file.journey_id)
    if waiter is None or file.journey_id not in agreement.offered:
        raise NotOffered
    from_on = first_free_day(max(waiter.place_from, context.today), context)
    if from_on is None:
        return _give_up(file, context)
    return _take(file, agreement, from_on, context)


def _give_up(file: CaseFile, context: Context) -> Decision:
    """The place goes to the next in order: nobody knows when the service ends that must not be combined with it."""
    left = WaitingLeft(journey_id=file.journey_id, reason="other_service")
    return replace(_postpone(file, context), agreement=(left,))


def _take(file: CaseFile, agreement: Agreement, from_on: date, context: Context) -> Decision:
    received = PlaceReceived(
        agreement=agreement.agreement,
        from_on=from_on,
        assessment_due=_assessment_due(file, context),
        trace=place_trace(agreement, ahead=0, offered=file.journey_id in agreement.offered),
    )
    return Decision(events=(received,), agreement=(PlaceOccupied(journey_id=file.journey_id, from_on=from_on),))


def _postpone(file: CaseFile, context: Context) -> Decision:
    agreement = context.programme.agreement_of(file.municipality, context.today)
    if agreement is None:
        raise NoAgreement(municipality=file.municipality, day=context.today)
    return Decision(events=(PlacePostponed(agreement=agreement.code, assessment_due=_assessment_due(file, context)),))


def _assessment_due(file: CaseFile, context: Context) -> Due:
    days = context.programme.settings(file.municipality, context.today).assessment_working_days
    return working_days_from(context, context.today, days, file.municipality, "assessment")


PlaceEvent = PlaceReceived | PlaceAwaited | PlacePostponed


def evolve(state: Journey, event: PlaceEvent) -> Journey:
    match event:
        case PlaceReceived():
            return _placed(state, event)
        case PlaceAwaited():
            waits = replace(state.file, waits_in=event.agreement)
            return Waiting(file=waits, since=event.since) if isinstance(state, Referred) else with_file(state, waits)
        case PlacePostponed():
            return _postponed(state, event)


def _postponed(state: Journey, event: PlacePostponed) -> Journey:
    """Assessment and plan can begin all the same."""
    file = replace(state.file, waits_in=None)
    if isinstance(state, Referred | Waiting):
        return AwaitingAssessment(file=file, assessment_due=event.assessment_due)
    return with_file(state, file)


def _placed(state: Journey, event: PlaceReceived) -> Journey:
    """A place lets the assessment begin; where it came later than that, the journey stays where it is."""
    place = Place(agreement=event.agreement, from_on=event.from_on)
    file = replace(state.file, place=place, waits_in=None)
    if isinstance(state, Referred | Waiting):
        return AwaitingAssessment(file=file, assessment_due=event.assessment_due)
    return with_file(state, file)
