"""Why it was decided so: each rule a decision rests on, what was found, and what would have to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from domain.agreement import Agreement
from domain.care import Allocation, Check, ConditionResult
from domain.decision import Context
from domain.money import euros
from domain.programme import EligibilityRules, Programme
from domain.states import CaseFile

HOLDS, FAILS, NOT_YET, NOT_JUDGED = "holds", "fails", "not_yet", "not_judged"


def age_on(day: date, born: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


# ── Who may join ─────────────────────────────────────────────────────────────────────────────────────────────────────


def eligibility_trace(
    conditions: Sequence[ConditionResult], rules: EligibilityRules, age: int, programme: Programme
) -> tuple[Check, ...]:
    """Of grounds of which one is enough, only the whole says what would have to change: any one of them."""
    ages = {"age_min": rules.age_min, "age_max": rules.age_max}
    return tuple(
        Check(
            rule=each.condition,
            version=rules.version,
            result=each.result,
            actual=age if each.condition in ages else None,
            limit=ages.get(each.condition),
            unit="years" if each.condition in ages else None,
            change=None if each.condition in rules.one_of else _to_join(each, rules, programme),
        )
        for each in conditions
    )


def _to_join(found: ConditionResult, rules: EligibilityRules, programme: Programme) -> str | None:
    match found.condition, found.result:
        case _, "holds":
            return None
        case "age_min", _:
            return f"The person would have to be {rules.age_min} years old or older."
        case "age_max", "fails":
            return f"The person would have to be {rules.age_max} years old or younger."
        case "joining_open", _:
            return (
                f"The day would have to be one on which people may join: {_span(rules.joining_from, rules.joining_to)}."
            )
        case "one_of", _:
            grounds = "; or that ".join(_told(each, programme) for each in rules.one_of)
            return f"It would have to be found that {grounds}."
        case _, "not_judged":
            return f"Somebody would have to judge whether {_told(found.condition, programme)}."
        case _, "not_yet":
            return f"Before the place starts it must be so that {_told(found.condition, programme)}."
    return f"It would have to be so that {_told(found.condition, programme)}."


def _told(condition: str, programme: Programme) -> str:
    """The condition as the programme's own words have it, as a clause with its subject; what they add behind it is left out."""
    words = programme.conditions.get(condition, condition.replace("_", " ")).partition(". ")[0]
    return words if words.startswith("the ") else f"the person {words}"


def _span(start: date | None, end: date | None) -> str:
    ends = (f"from {start:%d.%m.%Y}" if start else "", f"until {end:%d.%m.%Y}" if end else "")
    return " ".join(each for each in ends if each)


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def place_trace(
    agreement: Agreement, from_on: date, *, ahead: int, order: str, offered: bool = False
) -> tuple[Check, ...]:
    """Whether there is a place in the fullest period that it runs into, and whether it is this person's turn, by the rules
    on the order. A place that was offered is theirs already."""
    reached = [terms for terms in agreement.terms if terms.reached_from(from_on)]
    terms = min(reached, key=agreement.free_in, default=agreement.terms_about(from_on))
    taken = agreement.held_in(terms) + agreement.offered_in(terms) - offered
    full = taken >= terms.places
    return (
        Check(
            rule="places",
            version=f"{agreement.agreement}@{terms.valid_from}",
            result=FAILS if full else HOLDS,
            actual=taken,
            limit=terms.places,
            unit="places",
            change=f"A place would have to become free (taken: {taken} of {terms.places})." if full else None,
        ),
        Check(
            rule="waiting_order",
            version=order,
            result=FAILS if ahead else HOLDS,
            actual=ahead,
            limit=0,
            unit="people_before",
            change=f"Those who come before in the order ({ahead}) would have to get theirs first." if ahead else None,
        ),
    )


# ── Budgets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def budget_trace(lines: Sequence[Allocation], file: CaseFile, context: Context) -> tuple[Check, ...]:
    """What bounds this budget, and the prices it was reckoned at."""
    return (*_ceiling(lines, file, context), *_caps(lines, context), *_prices(lines))


def minutes_by_month(lines: Sequence[Allocation]) -> Counter[int]:
    """Minutes in each calendar month; a line's are spread evenly over the months that its period touches."""
    minutes: Counter[int] = Counter()
    for allocation in lines:
        first, last = (day.year * 12 + day.month for day in (allocation.line.starts_on, allocation.line.ends_on))
        for month in range(first, last + 1):
            minutes[month] += -(-allocation.minutes // (last - first + 1))
    return minutes


def _ceiling(lines: Sequence[Allocation], file: CaseFile, context: Context) -> Iterator[Check]:
    settings = context.programme.settings(file.municipality, context.today)
    ceiling = settings.ceiling_minutes_per_month.get(file.highest_need)
    if ceiling is not None:
        fullest = max(minutes_by_month(lines).values(), default=0)
        higher = f"For more than {ceiling // 60} hours a month, the need would have to be of a higher degree."
        yield Check(
            rule="ceiling_minutes_per_month",
            version=settings.version,
            result=HOLDS if fullest <= ceiling else FAILS,
            actual=fullest,
            limit=ceiling,
            unit="minutes",
            change=higher if file.highest_need < max(settings.ceiling_minutes_per_month) else None,
        )


def _caps(lines: Sequence[Allocation], context: Context) -> Iterator[Check]:
    """Of this journey; over all of the person's the bound in the database holds."""
    spent: Counter[tuple[str, date, int]] = Counter()
    for each in lines:
        if each.cap_cents is not None:
            spent[each.line.component, each.line.starts_on.replace(month=1, day=1), each.cap_cents] += each.cents
    for (component, year, cap), cents in spent.items():
        starts = (each.line.starts_on for each in lines if each.line.component == component)
        yield Check(
            rule="yearly_cap",
            version=context.programme.catalogue(min(day for day in starts if day >= year)).version,
            about=f"{component}/{year.year}",
            result=HOLDS if cents <= cap else FAILS,
            actual=cents,
            limit=cap,
            unit="cents",
            change=f"More than {euros(cap)} euros of {component} in {year.year} would pass the yearly cap.",
        )


def _prices(lines: Sequence[Allocation]) -> Iterator[Check]:
    for allocation in lines:
        for version in allocation.prices:
            yield Check(rule="price", version=version, about=allocation.line.line_id, result=HOLDS)
