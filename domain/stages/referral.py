"""Referral: somebody notices, the person agrees, eligibility is decided, a place is taken or waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain.belonging import withdrawn
from domain.care import Agreer, Noticer
from domain.decision import BeforeBeginning, Command, Context, Decision, Rejected, Stage, WrongStage
from domain.due import Due
from domain.events import (
    CaseManagerAppointed,
    ReferralAccepted,
    ReferralCompleted,
    ReferralRecorded,
    ReferralRefused,
    ReferralReopened,
)
from domain.fields import Code, Id, Words
from domain.parties import Person
from domain.persons import CARE, UnknownPerson
from domain.reckoning import first_contact_due, first_help_due, working_days_from
from domain.stages import eligibility, placing
from domain.stages.eligibility import DecideEligibility
from domain.states import CaseFile, Exited, Journey, Membership, Referred, Refused, waits_for, with_file


class JourneyExists(Rejected):
    """This journey has begun already."""

    code = "journey_exists"


class ConsentMissing(Rejected):
    """The person has not consented to person-centred care by {municipality}; nobody can decide it for them."""

    code = "consent_missing"
    status = 422


class NobodyRepresents(Rejected):
    """Nobody is recorded who may agree for this person; only the person can."""

    code = "nobody_represents"
    status = 422


class Incomplete(Rejected):
    """The application is not complete yet, so it cannot be decided."""

    code = "application_incomplete"


class ReferralCommand(Command):
    kind = "journeys"
    stage = Stage.REFERRAL


class RecordReferral(ReferralCommand):
    """Begin a journey: who noticed, why, that the person agreed and had their rights explained."""

    name = "record-referral"
    part = "referral"
    creates = True
    needs_person = True

    person_id: Id
    municipality: Code
    noticed_by: Noticer
    noticed_on: date
    reason: Words
    agreed_on: date
    agreed_by: Agreer = "person"
    rights_explained_on: date
    complete_on: date | None = None


class CompleteApplication(ReferralCommand):
    """Record that nothing is missing any more: the time for the decision starts."""

    name = "complete-application"
    part = "referral"

    complete_on: date


class AppointCaseManager(ReferralCommand):
    """Say who is the person's case manager from now on."""

    name = "appoint-case-manager"
    part = "case_manager"

    case_manager: Code


COMMANDS: tuple[type[Command], ...] = (RecordReferral, CompleteApplication, DecideEligibility, AppointCaseManager)


def decide(command: ReferralCommand | DecideEligibility, state: Journey | None, context: Context) -> Decision:
    match command, state:
        case RecordReferral(), None:
            return Decision(events=(_refer(command, context),))
        case RecordReferral(), _:
            raise JourneyExists
        case CompleteApplication(), Referred(decision_due=None, file=file):
            context.past(command.complete_on, field="complete_on")
            due = _decision_due(command.complete_on, file.municipality, context)
            return Decision(events=(ReferralCompleted(complete_on=command.complete_on, decision_due=due),))
        case DecideEligibility(), Referred(decision_due=None):
            raise Incomplete
        case DecideEligibility(), Referred():
            return _decide_eligibility(command, state.file, context)
        case AppointCaseManager(), _ if state is not None and not isinstance(state, Refused | Exited):
            return Decision(events=(CaseManagerAppointed(case_manager=command.case_manager),))
    raise WrongStage(command=command.name, at=waits_for(state) if state else "a referral")


def _refer(command: RecordReferral, context: Context) -> ReferralRecorded:
    for name in ("noticed_on", "agreed_on", "rights_explained_on", "complete_on"):
        day = getattr(command, name)
        if day is not None:
            context.past(day, field=name)
    if command.complete_on is not None and command.complete_on < command.noticed_on:
        raise BeforeBeginning(field="complete_on", day=command.complete_on, noticed_on=command.noticed_on)
    context.programme.municipality(command.municipality)
    _known(context.person, command)
    complete = command.complete_on
    due = None if complete is None else _decision_due(complete, command.municipality, context)
    return ReferralRecorded(
        **dict(command),
        decision_due=due,
        first_contact_due=first_contact_due(command.noticed_on, command.municipality, context),
        first_help_due=first_help_due(command.noticed_on, command.municipality, context),
    )


def _known(person: Person | None, command: RecordReferral) -> None:
    known = agreed_to(person, command.person_id, command.municipality)
    if command.agreed_by == "representative" and not known.representatives:
        raise NobodyRepresents(field="agreed_by")


def agreed_to(person: Person | None, person_id: str, municipality: str) -> Person:
    """The person, who is registered and consents to care there."""
    if person is None:
        raise UnknownPerson(field="person_id", person_id=person_id)
    if not person.consents_to(CARE, municipality):
        raise ConsentMissing(field="person_id", municipality=municipality)
    return person


def _decision_due(complete_on: date, municipality: str, context: Context) -> Due:
    days = context.programme.settings(municipality, complete_on).decision_working_days
    return working_days_from(context, complete_on, days, municipality, "decision")


def _decide_eligibility(command: DecideEligibility, file: CaseFile, context: Context) -> Decision:
    """Who may join takes a place or waits for one in the same step."""
    decided = eligibility.decide(command, file, context)
    if isinstance(decided, ReferralRefused):
        return Decision(events=(*withdrawn(file), decided))
    placed = placing.place(file, decided.place_from, context, field="findings")
    return replace(placed, events=(decided, *placed.events))


# ── What has happened ────────────────────────────────────────────────────────────────────────────────────────────────


def begin(event: ReferralRecorded, journey_id: str) -> Referred:
    file = CaseFile(
        journey_id=journey_id,
        person_id=event.person_id,
        municipality=event.municipality,
        noticed_on=event.noticed_on,
        memberships=(Membership(municipality=event.municipality, from_on=event.noticed_on),),
        complete_on=event.complete_on,
        first_contact_due=event.first_contact_due,
        first_help_due=event.first_help_due,
    )
    return Referred(file=file, decision_due=event.decision_due)


ReferralEvent = ReferralCompleted | ReferralAccepted | ReferralRefused | ReferralReopened | CaseManagerAppointed


def evolve(state: Journey, event: ReferralEvent) -> Journey:
    file = state.file
    match event:
        case ReferralCompleted():
            return Referred(file=replace(file, complete_on=event.complete_on), decision_due=event.decision_due)
        case ReferralAccepted():
            return with_file(state, replace(file, place_from=event.place_from))
        case ReferralRefused():
            challengeable = {**file.challengeable, event.decision_id: event.challenge_until}
            return Refused(file=replace(file, challengeable=challengeable, refusal=event.decision_id))
        case ReferralReopened():
            return _reopened(file, event)
        case CaseManagerAppointed():
            return with_file(state, replace(file, case_manager=event.case_manager))


def _reopened(file: CaseFile, event: ReferralReopened) -> Referred:
    """What is still to be done begins anew: while the refusal stood, nobody was late."""
    anew = replace(file, refusal=None, first_contact_due=event.first_contact_due, first_help_due=event.first_help_due)
    return Referred(file=anew, decision_due=event.decision_due)
