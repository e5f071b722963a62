"""What a coming version of the programme would mean for a case of today: who would change, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from domain.agreement import Agreement
from domain.care import Allocation, Check, ConditionResult, Finding, ServiceLine
from domain.double_funding import overlapping
from domain.events import BudgetDecided, BudgetTakenOver, ReferralAccepted
from domain.money import euros
from domain.parties import Person
from domain.pricing import ceiling_cents
from domain.programme import EligibilityRules, NotInForce, NotKnown, Programme
from domain.programme.periods import find
from domain.stages.eligibility import DecideEligibility, conditions_of
from domain.states import Journey, Referred
from domain.tracing import FAILS, HOLDS, NOT_JUDGED, age_on, eligibility_trace, minutes_by_month

UNKNOWN_DIAGNOSIS = "not_recorded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """An open journey, with the decisions that stand."""

    state: Journey
    person: Person
    accepted: ReferralAccepted | None = None
    budget: BudgetDecided | BudgetTakenOver | None = None

    @property
    def allocations(self) -> tuple[Allocation, ...]:
        match self.budget:
            case None:
                return ()
            case BudgetDecided():
                return self.budget.lines
            case BudgetTakenOver():
                return tuple(each.as_allocation() for each in self.budget.lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Versions:
    """What holds today and what would hold, on the day that is asked about."""

    was: Programme
    coming: Programme
    on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """What would change for one case, in sentences; `untold` is what nobody ever judged and the new rules ask for. Cents
    are those of the budget lines that still run: as they were reckoned, and as they would be."""

    joining: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    budget: tuple[str, ...] = ()
    cents_before: int = 0
    cents_after: int = 0

    @property
    def changes(self) -> bool:
        return bool(self.joining or self.budget)


def effect_on(case: Case, versions: Versions) -> Effect:
    try:
        joining, untold = _joining(case, versions)
        lines = _running(case, versions.on)
        before, after = (sum(_costs(lines, case, each).values()) for each in (versions.was, versions.coming))
        budget = tuple(_budget(lines, case, versions))
    except NotInForce as silent:
        return Effect(joining=(f"Nothing could be decided: {silent}.",))
    return Effect(joining=joining, untold=untold, budget=budget, cents_before=before, cents_after=after)


def first_difference(was: Programme, coming: Programme, today: date) -> date | None:
    """The first day to come on which anything that has days is other than it is now; None if nothing is."""
    turns = {
        day
        for each in set(was.versions()) ^ set(coming.versions())
        for day in (each.valid_from, None if each.valid_to is None else each.valid_to + timedelta(days=1))
        if day is not None and day > today
    }
    return min(turns, default=None)


def too_few_places(agreement: Agreement, versions: Versions) -> str | None:
    """Where fewer places would be agreed than are taken."""
    taken = len(agreement.holdings)
    try:
        places = versions.coming.agreement(agreement.agreement, versions.on).places
    except (NotInForce, NotKnown):
        places = 0
    return f"Agreed would be {places}, and {taken} are taken: {taken - places} too few." if places < taken else None


# ── Who may join ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _joining(case: Case, versions: Versions) -> tuple[tuple[str, ...], tuple[str, ...]]:
    was, coming = (_checks(case, programme, versions) for programme in (versions.was, versions.coming))
    failed, fails = ({rule for rule, each in checks.items() if each.result == FAILS} for checks in (was, coming))
    told = [f"Could not join. {coming[rule].change}" for rule in coming if rule in fails - failed]
    told += [f"No longer stands against joining: {rule.replace('_', ' ')}." for rule in was if rule in failed - fails]
    told += _forbidden(case.person, versions)
    unknown = {rule for rule, each in was.items() if each.result == NOT_JUDGED}
    asked = [each.change or rule for rule, each in coming.items() if each.result == NOT_JUDGED and rule not in unknown]
    return tuple(told), tuple(asked) if case.accepted is not None and not told else ()


def _checks(case: Case, programme: Programme, versions: Versions) -> dict[str, Check]:
    """The conditions decided anew on what was recorded then. What nobody judged stays not judged, a ground too."""
    rules, age = programme.eligibility(versions.on), age_on(versions.on, case.person.birth_date)
    held = versions.was.eligibility(versions.on)
    results = conditions_of(_as_decided(case.accepted), rules, age=age, on=versions.on)
    told = tuple(_as_known(each, case, rules, held) for each in results if _is_asked(each, case))
    return {each.rule: each for each in eligibility_trace(told, rules, age, programme) if each.rule not in rules.one_of}


def _as_decided(accepted: ReferralAccepted | None) -> DecideEligibility:
    judged = () if accepted is None else accepted.conditions
    return DecideEligibility(
        findings=tuple(
            Finding.model_validate(
                {"condition": each.condition, "holds": each.result == HOLDS, "judged_by": each.judged_by}
            )
            for each in judged
            if each.judged_by not in (None, "rule")
        ),
        primary_diagnosis=(accepted and accepted.primary_diagnosis) or UNKNOWN_DIAGNOSIS,
        further_diagnoses=accepted.further_diagnoses if accepted else (),
    )


def _is_asked(found: ConditionResult, case: Case) -> bool:
    """Whoever has joined is not asked again when one may join."""
    return found.condition != "joining_open" or isinstance(case.state, Referred)


def _as_known(found: ConditionResult, case: Case, rules: EligibilityRules, held: EligibilityRules) -> ConditionResult:
    unknown = found.model_copy(update={"result": NOT_JUDGED})
    match found.condition:
        case "one_of" if found.result == FAILS and not _all_judged(rules.one_of, case.accepted):
            return unknown
        case "target_group" if rules.target_group != held.target_group:
            return unknown
        case "primary_diagnosis_not_excluded" if not _diagnosed(case):
            stricter = set(rules.excluded_primary_diagnosis) - set(held.excluded_primary_diagnosis)
            return unknown if stricter or case.accepted is None else found
        case "no_excluded_diagnosis" if not _diagnosed(case):
            stricter = set(rules.excluded_any_diagnosis) - set(held.excluded_any_diagnosis)
            return unknown if stricter or case.accepted is None else found
    return found


def _all_judged(grounds: Iterable[str], accepted: ReferralAccepted | None) -> bool:
    judged = {} if accepted is None else {each.condition: each.result for each in accepted.conditions}
    return all(judged.get(ground) == FAILS for ground in grounds)


def _diagnosed(case: Case) -> bool:
    return case.accepted is not None and case.accepted.primary_diagnosis is not None


def _forbidden(person: Person, versions: Versions) -> list[str]:
    """A service that the person has, and that could not be combined any more."""
    found = overlapping(person, versions.on, versions.coming)
    if found is None or overlapping(person, versions.on, versions.was) is not None:
        return []
    return [f"Has {found.service.replace('_', ' ')}, which could not be combined any more."]


# ── Budgets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _running(case: Case, on: date) -> list[Allocation]:
    """Lines that still run on that day, where the journey is, and are not used up."""
    accounts = case.state.file.accounts
    return [
        each
        for each in case.allocations
        if each.minutes and each.line.ends_on >= on
        if (account := accounts.get(each.line.line_id))
        and account.delivered < account.allocated
        and account.former is None
    ]


def _budget(lines: list[Allocation], case: Case, versions: Versions) -> Iterator[str]:
    for line in (each.line for each in lines):
        yield from _missing(line, case, versions)
    was, coming = (_costs(lines, case, programme) for programme in (versions.was, versions.coming))
    for line_id in was.keys() & coming.keys():
        if was[line_id] != coming[line_id]:
            yield f"{line_id} would cost {euros(coming[line_id])} euros instead of {euros(was[line_id])}."
    passed = set(_caps_passed(lines, was, versions.was, versions.on))
    yield from (each for each in _caps_passed(lines, coming, versions.coming, versions.on) if each not in passed)
    yield from _ceiling(lines, case, versions)


def _missing(line: ServiceLine, case: Case, versions: Versions) -> Iterator[str]:
    start = max(line.starts_on, versions.on)
    wanted = (line.component, line.tariff, start, line.ends_on)
    if versions.was.offers(*wanted) and not versions.coming.offers(*wanted):
        yield f"{line.line_id}: {line.component} ({line.tariff}) would not be in the catalogue."
    elif _priced(line, case, versions.was) and not _priced(line, case, versions.coming):
        yield f"{line.line_id}: {line.component} ({line.tariff}) would have no price on some day."


def _priced(line: ServiceLine, case: Case, programme: Programme) -> bool:
    terms = programme.agreement_of(case.state.file.municipality, line.starts_on)
    wanted = (line.component, line.tariff, line.starts_on, line.ends_on)
    return terms is not None and programme.covers(terms.code, *wanted)


def _costs(lines: list[Allocation], case: Case, programme: Programme) -> dict[str, int]:
    """Each line as its budget would be reckoned: at the highest price of its time. Without a price, not at all."""
    costs = {}
    for each in lines:
        line = each.line
        terms = programme.agreement_of(case.state.file.municipality, line.starts_on)
        if terms is not None and _priced(line, case, programme):
            wanted = (terms.code, line.component, line.tariff, line.starts_on, line.ends_on)
            own = programme.settings(case.state.file.municipality, line.starts_on).own_contribution_percent
            costs[line.line_id] = ceiling_cents(each.minutes, programme.prices_between(*wanted), own)
    return costs


def _caps_passed(lines: list[Allocation], costs: dict[str, int], programme: Programme, on: date) -> Iterator[str]:
    spent: defaultdict[tuple[str, int], int] = defaultdict(int)
    for line in (each.line for each in lines):
        spent[line.component, line.ends_on.year] += costs.get(line.line_id, 0)
    for (component, year), cents in sorted(spent.items()):
        catalogue = find(programme.catalogues, max(on, date(year, 1, 1)))
        offer = None if catalogue is None else catalogue.get(component)
        cap = None if offer is None else offer.yearly_cap_cents
        if cap is not None and cents > cap:
            yield f"{component} would pass its cap of {euros(cap)} euros in {year}."


def _ceiling(lines: list[Allocation], case: Case, versions: Versions) -> Iterator[str]:
    file = case.state.file
    first = versions.on.year * 12 + versions.on.month
    fullest = max((minutes for month, minutes in minutes_by_month(lines).items() if month >= first), default=0)
    was, coming = (
        programme.settings(file.municipality, versions.on).ceiling_minutes_per_month.get(file.highest_need)
        for programme in (versions.was, versions.coming)
    )
    if coming is not None and fullest > coming and not (was is not None and fullest > was):
        yield f"{fullest} minutes a month would pass the ceiling of {coming}."
