"""Agreements and their service places: periods side by side, offers that expire, and money where it is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from pydantic import Field

from domain.agreement import Agreement, Holding, Offer, Terms, Waiter, resumed, suspended
from domain.decision import Command, Context, Decision, Rejected
from domain.due import REMINDER_HOUR
from domain.events import (
    AgreementSigned,
    Event,
    FundingRecorded,
    HoldingExitPlanned,
    HoldingResumed,
    HoldingSuspended,
    OfferPassed,
    PlaceFreed,
    PlaceOccupied,
    PlaceOffered,
    WaitingJoined,
    WaitingLeft,
    WaitingRanked,
)
from domain.fields import AgreementCode, Code, TotalCents
from domain.ports import QuotaMove
from domain.programme.periods import overlap
from domain.providers import PeriodBackwards
from domain.reckoning import working_days_from
from domain.waiting import next_to_offer, order_rules
from domain.working_days import at_hour

EXPIRED = "expired"  # why an offer passed on, where nobody declined it


class AgreementExists(Rejected):
    """This agreement is signed already for a period that overlaps."""

    code = "agreement_exists"


class FewerPlacesThanTaken(Rejected):
    """{taken} places are taken or offered into that period; the agreement cannot have only {places}."""

    code = "fewer_places_than_taken"


class NothingToOffer(Rejected):
    """No place is free, or nobody waits for one."""

    code = "nothing_to_offer"


class UnknownPeriod(Rejected):
    """The agreement has no period that starts on {valid_from}."""

    code = "unknown_period"
    status = 422


def stream_of(agreement: str) -> str:
    """Agreements have natural names, so their stream is found without a look-up."""
    return f"agreement-{agreement}"


def passes_on(last_day: date) -> datetime:
    """When an offer that nobody answered goes to the next: its last day still counts."""
    return at_hour(last_day + timedelta(days=1), REMINDER_HOUR)


class AgreementCommand(Command):
    kind = "agreements"
    stage = "agreement"


class SignAgreement(AgreementCommand):
    """Record an agreement, or another period of it, also beforehand: which municipalities, how many places, from when."""

    name = "sign-agreement"
    part = "terms"
    creates = True

    agreement: AgreementCode
    municipalities: tuple[Code, ...] = Field(min_length=1, max_length=100)
    valid_from: date
    valid_to: date | None = None
    places: int = Field(ge=0, le=10_000)
    coordinator: Code
    synthetic: bool = False

    def stream_named(self) -> str:
        return stream_of(self.agreement)


class RecordFunding(AgreementCommand):
    """Record the money of one period from one source; recorded again, the later amount holds."""

    name = "record-funding"
    part = "funding"

    valid_from: date
    source: Code
    cents: TotalCents


class OfferPlace(AgreementCommand):
    """Let offers pass that nobody answered in time; then offer a free place to the first in order."""

    name = "offer-place"
    part = "places"
    internal = True


COMMANDS: tuple[type[AgreementCommand], ...] = (SignAgreement, RecordFunding, OfferPlace)


def decide(command: Command, state: Agreement | None, context: Context) -> Decision:
    match command:
        case SignAgreement():
            _check_terms(command, state, context)
            return Decision(events=(AgreementSigned(**dict(command)),))
        case RecordFunding() if state is not None:
            if all(terms.valid_from != command.valid_from for terms in state.terms):
                raise UnknownPeriod(field="valid_from", valid_from=command.valid_from)
            return Decision(events=(FundingRecorded(**dict(command)),))
        case OfferPlace() if state is not None:
            return Decision(events=_offers(state, context))
    raise NothingToOffer


def _check_terms(command: SignAgreement, state: Agreement | None, context: Context) -> None:
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise PeriodBackwards(field="valid_to")
    for municipality in command.municipalities:
        context.programme.municipality(municipality)
    if state is None:
        return
    terms = _terms(command)
    if any(overlap(terms, each) for each in state.terms):
        raise AgreementExists(field="valid_from")
    taken = state.held_in(terms) + state.offered_in(terms)
    if command.places < taken:
        raise FewerPlacesThanTaken(field="places", taken=taken, places=command.places)


def _terms(signed: SignAgreement | AgreementSigned) -> Terms:
    return Terms(
        valid_from=signed.valid_from,
        valid_to=signed.valid_to,
        places=signed.places,
        municipalities=signed.municipalities,
    )


def _offers(state: Agreement, context: Context) -> tuple[Event, ...]:
    """Nothing, where others think an offer over: then the answer tells until when."""
    today = context.today
    expired = tuple(
        OfferPassed(journey_id=each.journey_id, reason=EXPIRED, on=each.expires.on + timedelta(days=1))
        for each in state.offers.values()
        if each.expires is not None and each.has_expired(today)
    )
    if expired:
        return expired
    waiter = next_to_offer(state, order_rules(state, context.programme, today), today)
    if waiter is not None:
        return (_offer(waiter, context),)
    if not state.offers:
        raise NothingToOffer
    return ()


def _offer(waiter: Waiter, context: Context) -> PlaceOffered:
    today, municipality = context.today, waiter.municipality
    days = context.programme.settings(municipality, today).offer_working_days
    return PlaceOffered(
        journey_id=waiter.journey_id,
        from_on=max(waiter.place_from, today),
        made_on=today,
        expires=working_days_from(context, today, days, municipality, "offer"),
    )


# ── What has happened ────────────────────────────────────────────────────────────────────────────────────────────────


def evolve(state: Agreement | None, event: Event, stream_id: str, version: int) -> Agreement:
    if isinstance(event, AgreementSigned):
        known = state or Agreement(agreement=event.agreement, version=version, terms=())
        terms = tuple(sorted((*known.terms, _terms(event)), key=lambda each: each.valid_from))
        return replace(known, terms=terms, version=version, freed_at=version)
    if state is None:
        raise ValueError("an agreement's stream starts with agreement.signed")
    return replace(_move(state, event, version), version=version)


def _move(state: Agreement, event: Event, version: int) -> Agreement:
    match event:
        case PlaceOccupied():
            holding = Holding(**event.model_dump())
            holdings = {**state.holdings, event.journey_id: holding}
            return replace(_without(state, event.journey_id, event.reserved_on), holdings=holdings)
        case PlaceFreed():
            return replace(_released(state, event), freed_at=version)
        case HoldingSuspended() | HoldingResumed() | HoldingExitPlanned():
            return _dated(state, event)
        case PlaceOffered():
            offer = Offer(
                journey_id=event.journey_id, from_on=event.from_on, made_on=event.made_on, expires=event.expires
            )
            return replace(state, offers={**state.offers, event.journey_id: offer})
        case OfferPassed():
            over = _offer_over(state, event.journey_id, event.on)
            passed = (_passed(each, event, version) for each in state.waiting)
            return replace(over, waiting=tuple(passed))
        case WaitingJoined():
            return _joined(state, event, version)
        case WaitingRanked():
            ranked = (replace(w, urgent=event.urgent) if w.journey_id == event.journey_id else w for w in state.waiting)
            return replace(state, waiting=tuple(ranked))
        case WaitingLeft():
            return _without(state, event.journey_id, event.on)
        case FundingRecorded():
            return replace(state, funding={**state.funding, (event.valid_from, event.source): event.cents})
    raise ValueError(f"{event.type} does not belong into an agreement's stream")


def _joined(state: Agreement, event: WaitingJoined, version: int) -> Agreement:
    """Who stands in the order already keeps their standing: only the municipality that they wait for may be another."""
    known = state.waiter(event.journey_id)
    if known is None:
        return replace(state, waiting=(*state.waiting, Waiter(**event.model_dump(), joined=version)))
    there = (replace(w, municipality=event.municipality) if w is known else w for w in state.waiting)
    return replace(state, waiting=tuple(there))


def _passed(waiter: Waiter, event: OfferPassed, version: int) -> Waiter:
    if waiter.journey_id != event.journey_id:
        return waiter
    return replace(waiter, passed_on=event.on, passed_at=version)


def _released(state: Agreement, event: PlaceFreed) -> Agreement:
    holding = state.holdings.get(event.journey_id)
    if holding is None:
        return state
    rest = {journey_id: each for journey_id, each in state.holdings.items() if journey_id != event.journey_id}
    return replace(state, holdings=rest, released=(*state.released, replace(holding, left_on=event.on)))


def _dated(state: Agreement, event: HoldingSuspended | HoldingResumed | HoldingExitPlanned) -> Agreement:
    holding = state.holdings.get(event.journey_id)
    if holding is None:
        return state
    match event:
        case HoldingSuspended():
            holding = replace(holding, suspensions=suspended(holding.suspensions, event.from_on))
        case HoldingResumed():
            holding = replace(holding, suspensions=resumed(holding.suspensions, event.on))
        case HoldingExitPlanned():
            holding = replace(holding, exit_planned_on=event.on)
    return replace(state, holdings={**state.holdings, event.journey_id: holding})


def _without(state: Agreement, journey_id: str, on: date | None) -> Agreement:
    waiting = tuple(w for w in state.waiting if w.journey_id != journey_id)
    return replace(_offer_over(state, journey_id, on), waiting=waiting)


def _offer_over(state: Agreement, journey_id: str, on: date | None) -> Agreement:
    """The offer stands no more; where its days are known, they are kept."""
    offer = state.offers.get(journey_id)
    if offer is None:
        return state
    rest = {each: open_ for each, open_ in state.offers.items() if each != journey_id}
    dated = offer.made_on is not None and on is not None
    kept = (*state.past_offers, replace(offer, over_on=on)) if dated else state.past_offers
    return replace(state, offers=rest, past_offers=kept)


# ── The bound that the database keeps ────────────────────────────────────────────────────────────────────────────────


def quota_moves(before: Agreement | None, after: Agreement | None) -> tuple[QuotaMove, ...]:
    """Places held of places agreed, for each period by itself: no number of simultaneous referrals can pass it."""
    if after is None:
        return ()
    moves = (_move_of(terms, before, after) for terms in after.terms)
    return tuple(move for move in moves if move.used or move.allowed)


def _move_of(terms: Terms, before: Agreement | None, after: Agreement) -> QuotaMove:
    known = before is not None and terms in before.terms
    held = before.held_in(terms) if known and before is not None else 0
    return QuotaMove(
        key=f"places/{after.agreement}/{terms.valid_from}",
        used=after.held_in(terms) - held,
        allowed=0 if known else terms.places,
    )
