"""Places: one is taken when it is free, waited for in an order, offered, and accepted or passed on to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from domain.agreement import Agreement, Waiter
from domain.decision import Command, Context, Decision, Rejected, WrongStage
from domain.double_funding import check_day, first_free_day
from domain.due import Due
from domain.events import (
    OfferDeclined,
    OfferLapsed,
    OfferPassed,
    OfferReceived,
    PlaceAwaited,
    PlaceOccupied,
    PlacePostponed,
    PlaceReceived,
    UrgencyRecorded,
    WaitingJoined,
    WaitingLeft,
    WaitingRanked,
)
from domain.fields import Words
from domain.reckoning import working_days_from
from domain.states import (
    AwaitingAssessment,
    CaseFile,
    Exited,
    Journey,
    OfferedPlace,
    Place,
    Referred,
    Refused,
    Waiting,
    waits_for,
    with_file,
)
from domain.tracing import place_trace
from domain.waiting import ahead_of, order_rules


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


class OfferExpired(Rejected):
    """The offer could be accepted until {until}; by now the place goes to the next."""

    code = "offer_expired"


class OfferStands(Rejected):
    """The offer still stands."""

    code = "offer_stands"


class NoPlaceLeft(Rejected):
    """Every place of {agreement} is taken or offered; who holds one elsewhere cannot be taken over with it."""

    code = "no_place_left"


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
    """Ask for the place that had to wait for the end of a state service; or wait on under the agreement now in force, where
    the municipality has another than the one they wait in."""

    name = "request-place"
    part = "place"
    touches_places = True
    needs_person = True

    from_on: date


class AcceptPlace(PlaceCommand):
    """Take the place that was offered; or, after passing one, a place that nobody else is to be offered."""

    name = "accept-place"
    part = "place"
    touches_places = True
    needs_person = True


class DeclinePlace(PlaceCommand):
    """Pass the place that was offered on to the next, and say why. The person waits on, unless they do not want to."""

    name = "decline-place"
    part = "place"
    touches_places = True

    reason: Words
    keep_waiting: bool = True


class RecordUrgency(PlaceCommand):
    """Record whether a place is urgent for this person, and why."""

    name = "record-urgency"
    part = "urgency"
    touches_places = True

    urgent: bool
    reason: Words


class ReceiveOffer(PlaceCommand):
    """Let the journey know that a place is offered, and until when."""

    name = "receive-offer"
    part = "place"
    touches_places = True
    needs_person = True
    internal = True


class NoteLapsedOffer(PlaceCommand):
    """Note that the offer was not answered in time."""

    name = "note-lapsed-offer"
    part = "place"
    touches_places = True
    internal = True


COMMANDS: tuple[type[PlaceCommand], ...] = (
    RequestPlace, AcceptPlace, DeclinePlace, RecordUrgency, ReceiveOffer, NoteLapsedOffer,
)  # fmt: skip


def decide(command: PlaceCommand, state: Journey, context: Context) -> Decision:
    match command:
        case RequestPlace() if not isinstance(state, Refused | Exited | Referred):
            if state.file.place is not None:
                raise PlaceTaken
            if state.file.waits_for_place and _waits_there(state.file, context):
                raise WaitsAlready
            check_near(command.from_on, context, field="from_on")
            return place(state.file, command.from_on, context, field="from_on")
        case RecordUrgency() if not isinstance(state, Refused | Exited):
            return _urgency(command, state.file)
        case AcceptPlace() | DeclinePlace() | ReceiveOffer() | NoteLapsedOffer():
            if not state.file.waits_for_place:
                raise WaitsForNoPlace
            return _answer(command, state.file, context)
    raise WrongStage(command=command.name, at=waits_for(state))


def _waits_there(file: CaseFile, context: Context) -> bool:
    """In the order of the agreement that is asked now; not of one that has ended, or that the municipality has left."""
    return context.agreement is None or context.agreement.agreement == file.waits_in


def _answer(
    command: AcceptPlace | DeclinePlace | ReceiveOffer | NoteLapsedOffer, file: CaseFile, context: Context
) -> Decision:
    """Only a place is taken under terms in force; an offer is over when it is over."""
    agreement = context.agreement
    if agreement is None:
        raise NoAgreement(municipality=file.municipality, day=context.today)
    match command:
        case AcceptPlace():
            return _accept(file, _agreement(file, context), context)
        case DeclinePlace():
            return _decline(command, file, agreement, context)
        case ReceiveOffer():
            return _receive(file, agreement, context)
        case NoteLapsedOffer():
            return _note_lapsed(file, agreement)


def place(file: CaseFile, from_on: date | None, context: Context, *, field: str) -> Decision:
    """A free place is taken at once if nobody waits; without a day from which it could start it is postponed."""
    if from_on is None:
        return _postpone(file, context)
    agreement = _agreement(file, context)
    check_day(from_on, context, field=field)
    since = file.complete_on or context.today
    if agreement.room_from(from_on) > 0 and not agreement.waiting:
        return _take(file, agreement, from_on, context)
    joined = WaitingJoined(
        journey_id=file.journey_id,
        municipality=file.municipality,
        since=since,
        place_from=from_on,
        urgent=file.urgent,
    )
    newcomer = Waiter(**joined.model_dump(), joined=agreement.version + 1)
    rules = order_rules(agreement, context.programme, context.today)
    ahead = ahead_of(newcomer, agreement, rules)
    trace = place_trace(agreement, from_on, ahead=ahead, order=rules.version)
    awaited = PlaceAwaited(agreement=agreement.agreement, since=since, ahead=ahead, trace=trace)
    return Decision(events=(awaited,), agreement=(joined,))


def held_already(file: CaseFile, from_on: date, context: Context) -> Decision:
    """Whoever waits: the place is theirs. It counts from its day on, but never in a period of the agreement that is over."""
    agreement = _agreement(file, context)
    terms = agreement.terms_about(context.today)
    check_day(max(from_on, context.today), context, field="place_from")
    counted_from = max(from_on, terms.valid_from)
    if agreement.room_from(counted_from) < 1:
        raise NoPlaceLeft(field="place_from", agreement=agreement.agreement)
    taken = _take(file, agreement, counted_from, context)
    received = (
        each.model_copy(update={"from_on": from_on}) for each in taken.events if isinstance(each, PlaceReceived)
    )
    return replace(taken, events=tuple(received))


def _urgency(command: RecordUrgency, file: CaseFile) -> Decision:
    if file.place is not None:
        raise PlaceTaken
    ranked = WaitingRanked(journey_id=file.journey_id, urgent=command.urgent)
    recorded = UrgencyRecorded(urgent=command.urgent, reason=command.reason)
    return Decision(events=(recorded,), agreement=(ranked,) if file.waits_for_place else ())


def check_near(from_on: date, context: Context, *, field: str) -> None:
    """[A] A place held for longer than a year before it starts would be nobody's."""
    latest = context.today + timedelta(days=365)
    if not context.today <= from_on <= latest:
        raise PlaceTooFarOff(field=field, earliest=context.today, latest=latest, day=from_on)


def _agreement(file: CaseFile, context: Context) -> Agreement:
    agreement = context.agreement
    terms = None if agreement is None else agreement.terms_on(context.today)
    if agreement is None or terms is None or file.municipality not in terms.municipalities:
        raise NoAgreement(municipality=file.municipality, day=context.today)
    return agreement


def _accept(file: CaseFile, agreement: Agreement, context: Context) -> Decision:
    """Never before the day that was asked for: until then a state service may still run."""
    waiter = _may_accept(file, agreement, context)
    from_on = first_free_day(max(waiter.place_from, context.today), context)
    if from_on is None:
        return _give_up(file, context)
    return _take(file, agreement, from_on, context)


def _may_accept(file: CaseFile, agreement: Agreement, context: Context) -> Waiter:
    waiter, today = agreement.waiter(file.journey_id), context.today
    if waiter is None:
        raise NotOffered
    if file.journey_id in agreement.offers:
        _still_open(file, agreement, today)
        return waiter
    nobody_else = not agreement.could_be_offered(today)
    if not (agreement.sits_out(waiter) and nobody_else and agreement.room_from(max(waiter.place_from, today)) > 0):
        raise NotOffered
    return waiter


def _still_open(file: CaseFile, agreement: Agreement, today: date) -> OfferedPlace:
    offer = agreement.offers.get(file.journey_id)
    if offer is None:
        raise NotOffered
    if offer.expires is not None and offer.has_expired(today):
        raise OfferExpired(until=offer.expires.on)
    return OfferedPlace(agreement=agreement.agreement, from_on=offer.from_on or today, expires=offer.expires)


def _decline(command: DeclinePlace, file: CaseFile, agreement: Agreement, context: Context) -> Decision:
    """Who waits on is served again by the day of declining; who does not may ask for a place when they want one."""
    _still_open(file, agreement, context.today)
    declined = OfferDeclined(reason=command.reason, keeps_waiting=command.keep_waiting)
    if command.keep_waiting:
        passed = OfferPassed(journey_id=file.journey_id, reason="declined", on=context.today)
        return Decision(events=(declined,), agreement=(passed,))
    left = WaitingLeft(journey_id=file.journey_id, reason="declined", on=context.today)
    return Decision(events=(declined, *_postpone(file, context).events), agreement=(left,))


def _receive(file: CaseFile, agreement: Agreement, context: Context) -> Decision:
    offer = _still_open(file, agreement, context.today)
    if first_free_day(max(offer.from_on, context.today), context) is None:
        return _give_up(file, context)
    received = OfferReceived(agreement=offer.agreement, from_on=offer.from_on, expires=offer.expires)
    return Decision(events=(received,))


def _note_lapsed(file: CaseFile, agreement: Agreement) -> Decision:
    if file.journey_id in agreement.offers:
        raise OfferStands
    if file.offer is None or file.offer.expires is None:
        raise NotOffered
    return Decision(events=(OfferLapsed(expired_on=file.offer.expires.on),))


def _give_up(file: CaseFile, context: Context) -> Decision:
    """The place goes to the next in order: nobody knows when the service ends that must not be combined with it."""
    left = WaitingLeft(journey_id=file.journey_id, reason="other_service", on=context.today)
    return replace(_postpone(file, context), agreement=(left,))


def _take(file: CaseFile, agreement: Agreement, from_on: date, context: Context) -> Decision:
    terms = agreement.terms_on(from_on)
    if terms is None or file.municipality not in terms.municipalities:
        raise NoAgreement(municipality=file.municipality, day=from_on)
    order = order_rules(agreement, context.programme, context.today).version
    received = PlaceReceived(
        agreement=agreement.agreement,
        from_on=from_on,
        assessment_due=_assessment_due(file, context),
        trace=place_trace(agreement, from_on, ahead=0, order=order, offered=file.journey_id in agreement.offers),
    )
    occupied = PlaceOccupied(journey_id=file.journey_id, from_on=from_on, reserved_on=context.today)
    return Decision(events=(received,), agreement=(occupied,))


def _postpone(file: CaseFile, context: Context) -> Decision:
    agreement = context.programme.agreement_of(file.municipality, context.today)
    if agreement is None:
        raise NoAgreement(municipality=file.municipality, day=context.today)
    return Decision(events=(PlacePostponed(agreement=agreement.code, assessment_due=_assessment_due(file, context)),))


def _assessment_due(file: CaseFile, context: Context) -> Due:
    days = context.programme.settings(file.municipality, context.today).assessment_working_days
    return working_days_from(context, context.today, days, file.municipality, "assessment")


PlaceEvent = (
    PlaceReceived | PlaceAwaited | PlacePostponed | OfferReceived | OfferDeclined | OfferLapsed | UrgencyRecorded
)  # fmt: skip


def evolve(state: Journey, event: PlaceEvent) -> Journey:
    file = state.file
    match event:
        case PlaceReceived():
            return _placed(state, event)
        case PlaceAwaited():
            waits = replace(file, waits_in=event.agreement)
            return Waiting(file=waits, since=event.since) if isinstance(state, Referred) else with_file(state, waits)
        case PlacePostponed():
            return _postponed(state, event)
        case OfferReceived():
            offer = OfferedPlace(agreement=event.agreement, from_on=event.from_on, expires=event.expires)
            return with_file(state, replace(file, offer=offer))
        case OfferDeclined() | OfferLapsed():
            return with_file(state, replace(file, offer=None))
        case UrgencyRecorded():
            return with_file(state, replace(file, urgent=event.urgent))


def _postponed(state: Journey, event: PlacePostponed) -> Journey:
    """Assessment and plan can begin all the same."""
    file = replace(state.file, waits_in=None, offer=None)
    if isinstance(state, Referred | Waiting):
        return AwaitingAssessment(file=file, assessment_due=event.assessment_due)
    return with_file(state, file)


def _placed(state: Journey, event: PlaceReceived) -> Journey:
    """A place lets the assessment begin; where it came later than that, the journey stays where it is."""
    place = Place(agreement=event.agreement, from_on=event.from_on)
    file = replace(state.file, place=place, waits_in=None, offer=None)
    if isinstance(state, Referred | Waiting):
        return AwaitingAssessment(file=file, assessment_due=event.assessment_due)
    return with_file(state, file)
