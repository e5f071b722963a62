"""People: the person helped and their carers alike. Names live here and nowhere else; so do consents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from domain.care import Agreer, Value
from domain.decision import Command, Context, Decision, Rejected, RowResult
from domain.events import (
    CarerLinked,
    ConsentGiven,
    ConsentWithdrawn,
    ContactDetailsChanged,
    EntitlementCorrected,
    EntitlementRecorded,
    Event,
    PersonMoved,
    PersonRegistered,
    RepresentativeNamed,
)
from domain.fields import BirthDate, Code, Id, PersonalCode, Words
from domain.parties import Entitlement, Person
from domain.ports import QuotaMove

CARE = "person_centred_care"  # the purpose without which no journey begins
ROWS_MAX = 200  # of one person at once
OtherService = Literal["state_special_care", "social_rehabilitation", "similar_externally_financed_service", "other"]
EntitlementSource = Literal["register", "person", "provider", "document"]


class PersonExists(Rejected):
    """This person is registered already."""

    code = "person_exists"


class UnknownPerson(Rejected):
    """There is no person {person_id}."""

    code = "unknown_person"
    status = 422


class BornInFuture(Rejected):
    """A birth date cannot lie in the future."""

    code = "born_in_future"
    status = 422


class WrongPersonalCode(Rejected):
    """The personal code does not fit the birth date, or its check digit is wrong."""

    code = "wrong_personal_code"
    status = 422


class NoSuchConsent(Rejected):
    """No consent for {purpose} by {recipient} is in force."""

    code = "no_such_consent"


class PossibleDuplicates(Rejected):
    """Possibly registered already as {matches}: look, then send the ids in distinct_from if it is somebody else."""

    code = "possible_duplicates"


class UnknownEntitlement(Rejected):
    """There is no entitlement {entitlement}."""

    code = "unknown_entitlement"
    status = 422


class EntitlementBackwards(Rejected):
    """The service ends before it starts."""

    code = "entitlement_backwards"
    status = 422


class NotTheirCarer(Rejected):
    """{carer_id} is not linked to the person as a carer."""

    code = "not_their_carer"
    status = 422


class OwnCarer(Rejected):
    """Nobody is their own carer or representative."""

    code = "own_carer"
    status = 422


class PersonCommand(Command):
    kind = "persons"
    stage = "person"


class RegisterPerson(PersonCommand):
    """Register a person. Possible duplicates are shown before anything is saved."""

    name = "register-person"
    part = "identity"
    creates = True

    municipality: Code
    given_name: Words
    family_name: Words
    birth_date: BirthDate
    personal_code: PersonalCode | None = None
    sex: Literal["female", "male", "not_known"]
    language: Literal["et", "ru", "en", "other"] = "et"
    distinct_from: tuple[Id, ...] = Field(default=(), max_length=20)
    synthetic: bool = False


class ChangeContactDetails(PersonCommand):
    """Record how the person can be reached now."""

    name = "change-contact-details"
    part = "contact_details"

    phone: Words | None = None
    email: Words | None = None
    address: Words | None = None


class NameRepresentative(PersonCommand):
    """Record who may decide for the person, and on what basis."""

    name = "name-representative"
    part = "representation"

    representative_id: Id
    basis: Literal["parent", "guardian", "authorised"]
    from_on: date

    def persons_named(self) -> frozenset[str]:
        return frozenset({self.representative_id})


class LinkCarer(PersonCommand):
    """Record who cares for the person; a carer is a person of their own, supported in their own right."""

    name = "link-carer"
    part = "carers"

    carer_id: Id
    relation: Literal["parent", "child", "partner", "sibling", "friend", "other"]

    def persons_named(self) -> frozenset[str]:
        return frozenset({self.carer_id})


class GiveConsent(PersonCommand):
    """Record a consent, for one purpose and one recipient."""

    name = "give-consent"
    part = "consent"

    purpose: Code
    recipient: Code
    on: date
    given_by: Agreer = "person"


class WithdrawConsent(PersonCommand):
    """Withdraw a consent. Every open journey that rests on it is told."""

    name = "withdraw-consent"
    part = "consent"

    purpose: Code
    recipient: Code
    on: date


class RecordEntitlement(PersonCommand):
    """Record a service outside the model that the person has for a time, so that no day is paid for twice."""

    name = "record-entitlement"
    part = "entitlements"

    service: OtherService
    starts_on: date
    ends_on: date | None = None
    told_by: EntitlementSource


class EntitlementRow(Value):
    """One period of a table, as a register sends it; without an end it lasts until one is told."""

    row: Annotated[int, Field(ge=1, le=10_000_000)]
    service: OtherService
    starts_on: date
    ends_on: date | None = None
    told_by: EntitlementSource = "register"


class RecordEntitlements(PersonCommand):
    """Record a person's rows of a table of such services. Each row has its own answer: recorded, known, corrected to another
    end, or refused."""

    name = "record-entitlements"
    part = "entitlements"
    additive = True

    rows: tuple[EntitlementRow, ...] = Field(min_length=1, max_length=ROWS_MAX)


class CorrectEntitlement(PersonCommand):
    """Correct the period of such a service; `withdrawn` if there never was one."""

    name = "correct-entitlement"
    part = "entitlements"

    entitlement_id: Id
    starts_on: date
    ends_on: date | None = None
    withdrawn: bool = False


COMMANDS: tuple[type[PersonCommand], ...] = (
    RegisterPerson, ChangeContactDetails, NameRepresentative, LinkCarer, GiveConsent, WithdrawConsent,
    RecordEntitlement, RecordEntitlements, CorrectEntitlement,
)  # fmt: skip


def decide(command: Command, state: Person | None, context: Context) -> Decision:
    if isinstance(command, RegisterPerson):
        if state is not None:
            raise PersonExists
        return Decision(events=(_register(command, context),))
    if state is None:
        raise UnknownPerson(person_id=context.stream_id)
    if isinstance(command, RecordEntitlements):
        return _record_table(command, state, context)
    return Decision(events=_change(command, state, context))


def _register(command: RegisterPerson, context: Context) -> PersonRegistered:
    if command.birth_date > context.today:
        raise BornInFuture(field="birth_date")
    if command.personal_code is not None and not _fits(command.personal_code, command.birth_date):
        raise WrongPersonalCode(field="personal_code")
    context.programme.municipality(command.municipality)
    return PersonRegistered(**dict(command))


def _change(command: Command, state: Person, context: Context) -> tuple[Event, ...]:
    match command:
        case ChangeContactDetails():
            return (ContactDetailsChanged(**dict(command)),)
        case NameRepresentative():
            if command.representative_id == state.person_id:
                raise OwnCarer(field="representative_id")
            _is_registered(command.representative_id, context, field="representative_id")
            return (RepresentativeNamed(**dict(command)),)
        case LinkCarer():
            if command.carer_id == state.person_id:
                raise OwnCarer(field="carer_id")
            _is_registered(command.carer_id, context, field="carer_id")
            return (CarerLinked(**dict(command)),)
        case GiveConsent():
            context.past(command.on, field="on")
            return (ConsentGiven(**dict(command)),)
        case WithdrawConsent():
            context.past(command.on, field="on")
            if not state.consents_to(command.purpose, command.recipient):
                raise NoSuchConsent(field="purpose", purpose=command.purpose, recipient=command.recipient)
            return (ConsentWithdrawn(**dict(command)),)
        case RecordEntitlement():
            _in_order(command.starts_on, command.ends_on)
            return (EntitlementRecorded(entitlement_id=context.new_id("entitlement"), **dict(command)),)
        case CorrectEntitlement():
            _in_order(command.starts_on, command.ends_on)
            if command.entitlement_id not in state.entitlements:
                raise UnknownEntitlement(field="entitlement_id", entitlement=command.entitlement_id)
            return (EntitlementCorrected(**dict(command)),)
    raise AssertionError(command)


def _record_table(command: RecordEntitlements, state: Person, context: Context) -> Decision:
    """Row by row, each on what is known after the rows before it."""
    events: list[Event] = []
    results: list[RowResult] = []
    for row in command.rows:
        code, entitlement_id, step = _what_a_row_asks(row, state)
        try:
            facts = () if step is None else _change(step, state, context)
        except Rejected as refusal:
            results.append(RowResult(row=row.row, code=refusal.code, field=refusal.field, message=str(refusal)))
            continue
        for fact in facts:
            state = evolve(state, fact, context.stream_id, 0)
        events += facts
        named = entitlement_id or list(state.entitlements)[-1]
        results.append(RowResult(row=row.row, code=code, entitlement_id=named))
    return Decision(events=tuple(events), rows=tuple(results))


def _what_a_row_asks(row: EntitlementRow, state: Person) -> tuple[str, str | None, PersonCommand | None]:
    """How it is answered, of which service it tells, and what is to be done. A service with the same first day is the same
    one; what a register sends again is then known, or has another end by now."""
    same = [
        each for each in state.entitlements.values() if (each.service, each.starts_on) == (row.service, row.starts_on)
    ]
    known = next((each for each in same if each.ends_on == row.ends_on), None)
    if known is not None:
        return "known", known.entitlement_id, None
    if not same:
        return "recorded", None, RecordEntitlement(**row.model_dump(exclude={"row"}))
    entitlement_id = same[-1].entitlement_id
    correction = CorrectEntitlement(entitlement_id=entitlement_id, starts_on=row.starts_on, ends_on=row.ends_on)
    return "corrected", entitlement_id, correction


def _is_registered(person_id: str, context: Context, *, field: str) -> None:
    """A carer and a representative are people with names and rights of their own."""
    if person_id not in context.persons:
        raise UnknownPerson(field=field, person_id=person_id)


def _in_order(starts_on: date, ends_on: date | None) -> None:
    if ends_on is not None and ends_on < starts_on:
        raise EntitlementBackwards(field="ends_on")


def evolve(state: Person | None, event: Event, stream_id: str, version: int) -> Person:
    if isinstance(event, PersonRegistered):
        return Person(
            person_id=stream_id,
            municipality=event.municipality,
            birth_date=event.birth_date,
            language=event.language,
            synthetic=event.synthetic,
        )
    if state is None:
        raise ValueError("a person's stream starts with person.registered")
    match event:
        case ConsentGiven():
            return replace(state, consents=state.consents | {(event.purpose, event.recipient)})
        case ConsentWithdrawn():
            return replace(state, consents=state.consents - {(event.purpose, event.recipient)})
        case CarerLinked():
            return replace(state, carers=state.carers | {event.carer_id})
        case RepresentativeNamed():
            return replace(state, representatives=state.representatives | {event.representative_id})
        case EntitlementRecorded():
            entitlement = Entitlement(
                entitlement_id=event.entitlement_id,
                service=event.service,
                starts_on=event.starts_on,
                ends_on=event.ends_on,
            )
            return replace(state, entitlements={**state.entitlements, event.entitlement_id: entitlement})
        case EntitlementCorrected():
            return _corrected(state, event)
        case PersonMoved():
            formers = {**state.formers, state.municipality: version}
            return replace(state, municipality=event.municipality, formers=formers)
        case ContactDetailsChanged():
            return state
    raise ValueError(f"{event.type} does not belong into a person's stream")


def _corrected(state: Person, event: EntitlementCorrected) -> Person:
    others = {id_: each for id_, each in state.entitlements.items() if id_ != event.entitlement_id}
    known = state.entitlements.get(event.entitlement_id)
    if event.withdrawn or known is None:
        return replace(state, entitlements=others)
    corrected = replace(known, starts_on=event.starts_on, ends_on=event.ends_on)
    return replace(state, entitlements={**others, event.entitlement_id: corrected})


def one_journey(person_id: str) -> str:
    """The bound on open journeys of a person: one, from the day they are registered."""
    return f"journey-of/{person_id}"


def quota_moves(before: Person | None, after: Person | None) -> tuple[QuotaMove, ...]:
    new = before is None and after is not None
    return (QuotaMove(key=one_journey(after.person_id), allowed=1),) if new and after is not None else ()


# Personal codes: EVS 585:2007, century and sex in the first digit, then yymmdd, a serial and a check digit.
_WEIGHTS = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3))


def _fits(code: str, birth_date: date) -> bool:
    century = 1800 + (int(code[0]) - 1) // 2 * 100
    return (
        birth_date.strftime("%y%m%d") == code[1:7]
        and birth_date.year // 100 * 100 == century
        and _check_digit(code) == int(code[10])
    )


def _check_digit(code: str) -> int:
    for weights in _WEIGHTS:
        remainder = sum(int(digit) * weight for digit, weight in zip(code[:10], weights, strict=True)) % 11
        if remainder < 10:
            return remainder
    return 0
