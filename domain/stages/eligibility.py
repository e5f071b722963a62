"""Eligibility: may this person join, by the rules of the day; every condition with its result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pydantic import Field

from domain.care import Check, ConditionResult, Finding
from domain.decision import Command, Context, Rejected, Stage
from domain.events import ReferralAccepted, ReferralRefused
from domain.fields import PersonalCodeword, Words
from domain.persons import UnknownPerson
from domain.programme import EligibilityRules
from domain.reckoning import challenge_until
from domain.states import CaseFile
from domain.tracing import FAILS, HOLDS, NOT_JUDGED, NOT_YET, age_on, eligibility_trace

AGE_EXCEPTION = "age_exception"


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


class DecideEligibility(Command):
    """Decide whether the person may join, by the rules of the day: every condition with its result."""

    kind = "journeys"
    stage = Stage.REFERRAL
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


def decide(command: DecideEligibility, file: CaseFile, context: Context) -> ReferralAccepted | ReferralRefused:
    if context.person is None:
        raise UnknownPerson(person_id="of this journey")
    rules = context.programme.eligibility(context.today)
    age = age_on(context.today, context.person.birth_date)
    conditions = tuple(conditions_of(command, rules, age=age, on=context.today))
    trace = eligibility_trace(conditions, rules, age, context.programme)
    _only_known(command, rules, conditions)
    hold = all(each.condition in rules.one_of or each.result in (HOLDS, NOT_YET) for each in conditions)
    if hold and command.override is not None:
        raise NothingToOverride(field="override")
    if not hold and command.override is None:
        return _refuse(command, conditions, trace, file, context)
    return ReferralAccepted(
        decision_id=context.new_id("decision"),
        rules=rules.version,
        conditions=conditions,
        override=command.override,
        place_from=_place_from(command, conditions, context.today),
        primary_diagnosis=command.primary_diagnosis,
        further_diagnoses=command.further_diagnoses,
        trace=trace,
    )


def conditions_of(
    command: DecideEligibility, rules: EligibilityRules, *, age: int, on: date
) -> Iterator[ConditionResult]:
    """Every condition of the rules in force, each with its result; a missing finding is `not_judged`, never a yes."""
    found = {finding.condition: finding for finding in command.findings}

    def judged(condition: str, otherwise: str = NOT_JUDGED) -> ConditionResult:
        finding = found.get(condition)
        if finding is None:
            return ConditionResult(condition=condition, result=otherwise)
        result = HOLDS if finding.holds else FAILS
        return ConditionResult(condition=condition, result=result, judged_by=finding.judged_by)

    yield from _age(rules, age, judged(AGE_EXCEPTION))
    if rules.age_max is None and rules.age_max_text is not None:
        yield judged("age_max")
    if rules.joining_from is not None or rules.joining_to is not None:
        yield _result("joining_open", _within(on, rules.joining_from, rules.joining_to))
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


def _age(rules: EligibilityRules, age: int, exception: ConditionResult) -> Iterator[ConditionResult]:
    """An exception is judged only where the rules name one, and only of somebody who is too young without it."""
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
    conditions: tuple[ConditionResult, ...],
    trace: tuple[Check, ...],
    file: CaseFile,
    context: Context,
) -> ReferralRefused:
    if command.reasons is None:
        raise ReasonsMissing(field="reasons")
    return ReferralRefused(
        decision_id=context.new_id("decision"),
        rules=context.programme.eligibility(context.today).version,
        conditions=conditions,
        reasons=command.reasons,
        challenge_until=challenge_until(file.municipality, context),
        primary_diagnosis=command.primary_diagnosis,
        further_diagnoses=command.further_diagnoses,
        trace=trace,
    )


def _place_from(command: DecideEligibility, conditions: tuple[ConditionResult, ...], today: date) -> date | None:
    """The first day on which every condition of the place holds: the day after the state service ends."""
    if not any(each.result == NOT_YET for each in conditions):
        return today
    ends = command.state_service_ends_on
    return None if ends is None else max(today, ends + timedelta(days=1))
