"""Referral: somebody notices, the person agrees, eligibility is decided, a place is taken or waited for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from pydantic import Field

from domain.care import Agreer, ConditionResult, Finding, Noticer
from domain.decision import BeforeBeginning, Command, Context, Decision, Rejected, Stage, WrongStage
from domain.double_funding import check_day, first_free_day
from domain.due import Due
from domain.events import (
    CaseManagerAppointed,
    PlaceAwaited,
    PlaceOccupied,
    PlacePostponed,
    PlaceReceived,
    ReferralAccepted,
    ReferralCompleted,
    ReferralRecorded,
    ReferralRefused,
    ReferralReopened,
    WaitingJoined,
    WaitingLeft,
)
from domain.fields import Code, Id, PersonalCodeword, Words
from domain.parties import Agreement, Person
from domain.persons import CARE, UnknownPerson
from domain.programme import EligibilityRules
from domain.reckoning import challenge_until, working_days_from
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

HOLDS, FAILS, NOT_YET, NOT_JUDGED = "holds", "fails", "not_yet", "not_judged"
AGE_EXCEPTION = "age_exception"


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


class ReasonsMissing(Rejected):
    """Not every condition holds: a refusal needs its reasons in words, an acceptance all the same an override."""

    code = "reasons_missing"
    status = 422


class NothingToOverride(Rejected):
    """Every condition holds; there is nothing to override."""

    code = "nothing_to_override"
    status = 422


class UnknownCondition(Rejected):
    """{condition} is not a condition of the rules in force ({rules})."""

    code = "unknown_condition"
    status = 422


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


class DecideEligibility(ReferralCommand):
    """Decide whether the person may join, by the rules of the day: every condition with its result."""

    name = "decide-eligibility"
    part = "referral"
    touches_places = True
    needs_person = True

    findings: tuple[Finding, ...] = Field(max_length=40)
    primary_diagnosis: PersonalCodeword
    further_diagnoses: tuple[PersonalCodeword, ...] = Field(default=(), max_length=20)
    state_service_ends_on: date | None = None
    override: Words | None = None
    reasons: Words | None = None


class RequestPlace(ReferralCommand):
    """Ask for the place that had to wait for the end of a state service."""

    name = "request-place"
    part = "place"
    touches_places = True
    needs_person = True

    from_on: date


class TakePlace(ReferralCommand):
    """Take the place that was offered."""

    name = "take-place"
    part = "place"
    touches_places = True
    needs_person = True
    internal = True


class AppointCaseManager(ReferralCommand):
    """Say who is the person's case manager from now on."""

    name = "appoint-case-manager"
    part = "case_manager"

    case_manager: Code


COMMANDS: tuple[type[ReferralCommand], ...] = (
    RecordReferral, CompleteApplication, DecideEligibility, RequestPlace, TakePlace, AppointCaseManager,
)  # fmt: skip


def decide(command: ReferralCommand, state: Journey | None, context: Context) -> Decision:
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
            return _decide_eligibility(command, state, context)
        case RequestPlace(), _ if state is not None and not isinstance(state, Refused | Exited | Referred | Waiting):
            if state.file.place is not None:
                raise PlaceTaken
            if state.file.waits_for_place:
                raise WaitsAlready
            _check_near(command.from_on, context)
            return _place(state.file, command.from_on, context, field="from_on")
        case TakePlace(), _ if state is not None and state.file.waits_for_place:
            return _take_offered(state.file, context)
        case TakePlace(), _:
            raise WaitsForNoPlace
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
    return ReferralRecorded(**dict(command), decision_due=due)


def _known(person: Person | None, command: RecordReferral) -> None:
    if person is None:
        raise UnknownPerson(field="person_id", person_id=command.person_id)
    if not person.consents_to(CARE, command.municipality):
        raise ConsentMissing(field="person_id", municipality=command.municipality)
    if command.agreed_by == "representative" and not person.representatives:
        raise NobodyRepresents(field="agreed_by")


def _decision_due(complete_on: date, municipality: str, context: Context) -> Due:
    days = context.programme.settings(municipality, complete_on).decision_working_days
    return working_days_from(context, complete_on, days, municipality, "decision")


# ── Eligibility ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _decide_eligibility(command: DecideEligibility, state: Referred, context: Context) -> Decision:
    rules = context.programme.eligibility(context.today)
    conditions = tuple(_conditions(command, rules, context))
    _only_known(command, rules, conditions)
    hold = all(each.condition in rules.one_of or each.result in (HOLDS, NOT_YET) for each in conditions)
    if hold and command.override is not None:
        raise NothingToOverride(field="override")
    if not hold and command.override is None and command.reasons is None:
        raise ReasonsMissing(field="reasons")
    if not hold and command.override is None:
        return Decision(events=(_refuse(command, rules, conditions, state.file, context),))
    place_from = _place_from(command, conditions, context.today)
    accepted = ReferralAccepted(
        decision_id=context.new_id("decision"),
        rules=rules.version,
        conditions=conditions,
        override=command.override,
        place_from=place_from,
    )
    file = state.file
    placed = _postpone(file, context) if place_from is None else _place(file, place_from, context, field="findings")
    return replace(placed, events=(accepted, *placed.events))


def _conditions(command: DecideEligibility, rules: EligibilityRules, context: Context) -> Iterator[ConditionResult]:
    """Every condition of the rules in force, each with its result; a missing finding is `not_judged`, never a yes."""
    found = {finding.condition: finding for finding in command.findings}

    def judged(condition: str, otherwise: str = NOT_JUDGED) -> ConditionResult:
        finding = found.get(condition)
        if finding is None:
            return ConditionResult(condition=condition, result=otherwise)
        result = HOLDS if finding.holds else FAILS
        return ConditionResult(condition=condition, result=result, judged_by=finding.judged_by)

    yield from _age(rules, context, judged(AGE_EXCEPTION))
    if rules.age_max is None and rules.age_max_text is not None:
        yield judged("age_max")
    if rules.joining_from is not None or rules.joining_to is not None:
        yield _result("joining_open", _within(context.today, rules.joining_from, rules.joining_to))
    yield judged("target_group")
    excluded = command.primary_diagnosis in rules.excluded_primary_diagnosis
    yield _result("primary_diagnosis_not_excluded", not excluded)
    diagnoses = {command.primary_diagnosis, *command.further_diagnoses}
    yield _result("no_excluded_diagnosis", not diagnoses & set(rules.excluded_any_diagnosis))
    yield from (judged(condition) for condition in rules.all_of)
    if rules.one_of:
        yield from _one_of([judged(condition, otherwise="not_claimed") for condition in rules.one_of])
    for condition in rules.until_place:
        result = judged(condition)
        yield result.model_copy(update={"result": NOT_YET}) if result.result == FAILS else result


def _age(rules: EligibilityRules, context: Context, exception: ConditionResult) -> Iterator[ConditionResult]:
    """An exception is judged only where the rules name one, and only of somebody who is too young without it."""
    if context.person is None:
        raise UnknownPerson(person_id="of this journey")
    born, today = context.person.birth_date, context.today
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    needs_exception = age < rules.age_min and rules.age_exception is not None
    if needs_exception:
        yield exception
    yield _result("age_min", age >= rules.age_min or (needs_exception and exception.result == HOLDS))
    if rules.age_max is not None:
        yield _result("age_max", age <= rules.age_max)


def _one_of(claims: list[ConditionResult]) -> Iterator[ConditionResult]:
    yield from claims
    yield _result("one_of", any(claim.result == HOLDS for claim in claims))


def _result(condition: str, holds: bool) -> ConditionResult:
    return ConditionResult(condition=condition, result=HOLDS if holds else FAILS, judged_by="rule")


def _within(day: date, start: date | None, end: date | None) -> bool:
    return (start is None or start <= day) and (end is None or day <= end)


def _only_known(command: DecideEligibility, rules: EligibilityRules, conditions: tuple[ConditionResult, ...]) -> None:
    known = {each.condition for each in conditions} | ({AGE_EXCEPTION} if rules.age_exception else set())
    for finding in command.findings:
        if finding.condition not in known:
            raise UnknownCondition(field="findings", condition=finding.condition, rules=rules.version)


def _refuse(
    command: DecideEligibility,
    rules: EligibilityRules,
    conditions: tuple[ConditionResult, ...],
    file: CaseFile,
    context: Context,
) -> ReferralRefused:
    if command.reasons is None:
        raise ReasonsMissing(field="reasons")
    return ReferralRefused(
        decision_id=context.new_id("decision"),
        rules=rules.version,
        conditions=conditions,
        reasons=command.reasons,
        challenge_until=challenge_until(file.municipality, context),
    )


def _place_from(command: DecideEligibility, conditions: tuple[ConditionResult, ...], today: date) -> date | None:
    """The first day on which every condition of the place holds: the day after the state service ends."""
    if not any(each.result == NOT_YET for each in conditions):
        return today
    ends = command.state_service_ends_on
    return None if ends is None else max(today, ends + timedelta(days=1))


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _place(file: CaseFile, from_on: date, context: Context, *, field: str) -> Decision:
    agreement = _agreement(file, context)
    check_day(from_on, context, field=field)
    since = file.complete_on or context.today
    if agreement.free > 0 and not agreement.waiting:
        return _take(file, agreement, from_on, context)
    joined = WaitingJoined(journey_id=file.journey_id, municipality=file.municipality, since=since, place_from=from_on)
    awaited = PlaceAwaited(agreement=agreement.agreement, since=since, ahead=agreement.ahead_of(since))
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
        agreement=agreement.agreement, from_on=from_on, assessment_due=_assessment_due(file, context)
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


# ── What has happened ────────────────────────────────────────────────────────────────────────────────────────────────


def begin(event: ReferralRecorded, journey_id: str) -> Referred:
    file = CaseFile(
        journey_id=journey_id,
        person_id=event.person_id,
        municipality=event.municipality,
        noticed_on=event.noticed_on,
        complete_on=event.complete_on,
    )
    return Referred(file=file, decision_due=event.decision_due)


ReferralEvent = (
    ReferralCompleted | ReferralAccepted | ReferralRefused | ReferralReopened
    | PlaceReceived | PlaceAwaited | PlacePostponed | CaseManagerAppointed
)  # fmt: skip


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
            return Referred(file=replace(file, refusal=None), decision_due=event.decision_due)
        case PlaceReceived():
            return _placed(state, event)
        case PlaceAwaited():
            waits = replace(file, waits_in=event.agreement)
            return Waiting(file=waits, since=event.since) if isinstance(state, Referred) else with_file(state, waits)
        case PlacePostponed():
            return _postponed(state, event)
        case CaseManagerAppointed():
            return with_file(state, replace(file, case_manager=event.case_manager))


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
