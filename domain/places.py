"""Agreements and their service places: how many, who has one, who waits, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pydantic import Field

from domain.decision import Command, Context, Decision, Rejected
from domain.events import (
    AgreementSigned,
    Event,
    PlaceFreed,
    PlaceOccupied,
    PlaceOffered,
    WaitingJoined,
    WaitingLeft,
)
from domain.fields import AgreementCode, Code
from domain.parties import Agreement, Waiter
from domain.ports import QuotaMove
from domain.providers import PeriodBackwards


class AgreementExists(Rejected):
    """This agreement is signed already for a period that overlaps."""

    code = "agreement_exists"


class FewerPlacesThanTaken(Rejected):
    """{taken} places are taken; the agreement cannot have only {places}."""

    code = "fewer_places_than_taken"


class TermsTooEarly(Rejected):
    """The terms start on {valid_from}; until then those in force hold, so record them on that day or after it."""

    code = "terms_too_early"


class NothingToOffer(Rejected):
    """No place is free, or nobody waits for one."""

    code = "nothing_to_offer"


def stream_of(agreement: str) -> str:
    """Agreements have natural names, so their stream is found without a look-up."""
    return f"agreement-{agreement}"


class AgreementCommand(Command):
    kind = "agreements"
    stage = "agreement"


class SignAgreement(AgreementCommand):
    """Record an agreement, or its next period: which municipalities, how many places, from when."""

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


class OfferPlace(AgreementCommand):
    """Offer a free place to the first in order."""

    name = "offer-place"
    part = "places"
    internal = True


COMMANDS: tuple[type[AgreementCommand], ...] = (SignAgreement, OfferPlace)


def decide(command: Command, state: Agreement | None, context: Context) -> Decision:
    if isinstance(command, SignAgreement):
        _check_terms(command, state, context)
        return Decision(events=(AgreementSigned(**dict(command)),))
    if state is None or state.free <= 0 or state.has_ended(context.today):
        raise NothingToOffer
    waiter = state.next_in_order
    if waiter is None:
        raise NothingToOffer
    return Decision(events=(PlaceOffered(journey_id=waiter.journey_id),))


def _check_terms(command: SignAgreement, state: Agreement | None, context: Context) -> None:
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise PeriodBackwards(field="valid_to")
    for municipality in command.municipalities:
        context.programme.municipality(municipality)
    if state is None:
        return
    if state.valid_to is None or command.valid_from <= state.valid_to:
        raise AgreementExists(field="valid_from")
    if command.valid_from > context.today:
        raise TermsTooEarly(field="valid_from", valid_from=command.valid_from)
    if command.places < len(state.occupied):
        raise FewerPlacesThanTaken(field="places", taken=len(state.occupied), places=command.places)


def evolve(state: Agreement | None, event: Event, stream_id: str, version: int) -> Agreement:
    if isinstance(event, AgreementSigned):
        return _sign(state, event, version)
    if state is None:
        raise ValueError("an agreement's stream starts with agreement.signed")
    return replace(_move(state, event, version), version=version)


def _sign(state: Agreement | None, event: AgreementSigned, version: int) -> Agreement:
    signed = Agreement(
        agreement=event.agreement,
        municipalities=frozenset(event.municipalities),
        places=event.places,
        valid_from=event.valid_from,
        valid_to=event.valid_to,
        version=version,
    )
    if state is None:
        return signed
    return replace(signed, occupied=state.occupied, waiting=state.waiting, offered=state.offered)


def _move(state: Agreement, event: Event, version: int) -> Agreement:
    match event:
        case PlaceOccupied():
            return replace(
                _without(state, event.journey_id), occupied={**state.occupied, event.journey_id: event.from_on}
            )
        case PlaceFreed():
            return replace(state, occupied={j: day for j, day in state.occupied.items() if j != event.journey_id})
        case PlaceOffered():
            return replace(state, offered=state.offered | {event.journey_id})
        case WaitingJoined():
            waiter = Waiter(**event.model_dump(), joined=version)
            return replace(state, waiting=tuple(sorted((*state.waiting, waiter), key=lambda w: (w.since, w.joined))))
        case WaitingLeft():
            return _without(state, event.journey_id)
    raise ValueError(f"{event.type} does not belong into an agreement's stream")


def _without(state: Agreement, journey_id: str) -> Agreement:
    return replace(
        state,
        waiting=tuple(w for w in state.waiting if w.journey_id != journey_id),
        offered=state.offered - {journey_id},
    )


def quota_moves(before: Agreement | None, after: Agreement | None) -> tuple[QuotaMove, ...]:
    """The bound in the database that no number of simultaneous referrals can pass: places used of places agreed."""
    if after is None or (before is not None and before.valid_from == after.valid_from):
        return _change(before, after)
    closed = () if before is None else (QuotaMove(key=_key(before), used=-len(before.occupied)),)
    return (*closed, QuotaMove(key=_key(after), used=len(after.occupied), allowed=after.places))


def _change(before: Agreement | None, after: Agreement | None) -> tuple[QuotaMove, ...]:
    if before is None or after is None:
        return ()
    used = len(after.occupied) - len(before.occupied)
    return (QuotaMove(key=_key(after), used=used),) if used else ()


def _key(agreement: Agreement) -> str:
    return f"places/{agreement.agreement}/{agreement.valid_from}"
