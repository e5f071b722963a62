"""What is written down on a synthetic person's path: the referral, the findings, the assessment, the plan, the visits."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from domain.care import Finding, Goal, SectionAnswer, ServiceLine, Views
from domain.persons import RegisterPerson
from domain.programme import EligibilityRules, Programme, Section
from domain.stages.assessment import AssessNeeds
from domain.stages.eligibility import DecideEligibility
from domain.stages.planning import DraftPlan
from domain.stages.referral import RecordReferral
from domain.stages.review import HoldReview
from domain.states import InDelivery
from domain.working_days import Calendar
from starter.generating import words
from starter.generating.needs import QUARTER, Month, by_year, months_until, year_from
from starter.generating.population import Profile

NOTICERS = ("person", "relative", "social_worker", "doctor", "state_queue")
NO_STATE_CARE = "no_state_special_care"
AREA_OF_GOAL = {"base": "daily_living", "personal": "daily_living", "family": "social_relations"}
MOST_VISITS = 5  # of one kind in a month
LONGEST_DAY = 960  # minutes of help, of all kinds together


def registration(profile: Profile) -> RegisterPerson:
    return RegisterPerson(
        municipality=profile.municipality,
        given_name=profile.given_name,
        family_name=profile.family_name,
        birth_date=profile.birth_date,
        sex=profile.sex,
        language=profile.language,
        synthetic=True,
    )


def referral(profile: Profile, person_id: str, today: date, chance: random.Random, *, complete: bool) -> RecordReferral:
    told = {
        "person_id": person_id, "municipality": profile.municipality, "noticed_by": chance.choice(NOTICERS),
        "noticed_on": profile.noticed_on, "reason": chance.choice(words.REASONS), "agreed_on": today,
        "rights_explained_on": today, "complete_on": today if complete else None,
    }  # fmt: skip
    return RecordReferral.model_validate(told)


def eligibility(
    profile: Profile, rules: EligibilityRules, chance: random.Random, *, state_care_ends: date | None, joins: bool
) -> DecideEligibility:
    """Who does not join lacks a ground; a state service that still runs puts the place off."""
    findings = [Finding(condition="target_group", holds=True, judged_by="doctor")]
    findings += [
        Finding(condition=each, holds=each != NO_STATE_CARE or state_care_ends is None, judged_by="document")
        for each in rules.until_place
    ]
    if joins:
        ground = chance.choice(rules.one_of)
        findings.append(Finding(condition=ground, holds=True, judged_by="municipal_social_worker"))
    primary, *further = profile.diagnoses
    return DecideEligibility(
        findings=tuple(findings),
        primary_diagnosis=primary,
        further_diagnoses=tuple(further),
        state_service_ends_on=state_care_ends,
        reasons=None if joins else words.REFUSED,
    )


def assessment(
    month: Month, programme: Programme, municipality: str, today: date, chance: random.Random
) -> AssessNeeds:
    """A degree that calls for as much help as there will be, in the areas in which it is."""
    degree = _degree_for(month.minutes, programme.settings(municipality, today).ceiling_minutes_per_month)
    areas = {AREA_OF_GOAL.get(line.area, line.area) for line in month.lines}
    sections = [each for each in programme.instrument(today).sections if each.items[0].scale == "need"]
    first_of_area = {section.life_area: section.code for section in reversed(sections)}
    needed = {first_of_area[area] for area in areas}
    return AssessNeeds(
        on=today,
        sections=tuple(_answer(each, degree if each.code in needed else 0) for each in sections),
        quality_of_life=chance.randint(1, 6),
        views=Views(
            own_words=chance.choice(words.OWN_WORDS),
            specialist=words.SPECIALIST,
            carer=words.CARER if chance.random() < 0.3 else None,
        ),
    )


def _degree_for(minutes: int, ceilings: Mapping[int, int]) -> int:
    return min((degree for degree, ceiling in ceilings.items() if ceiling >= minutes and degree > 0), default=4)


def _answer(section: Section, degree: int) -> SectionAnswer:
    if degree == 0:
        return SectionAnswer(section=section.code, copes_independently=not section.reversed)
    items = [item.code for item in section.items]
    return SectionAnswer(
        section=section.code,
        copes_independently=section.reversed,
        degrees=dict.fromkeys(items, degree),
        comments=dict.fromkeys(items, words.COMMENT),
    )


def plan(month: Month, begins: date, provider_of: Callable[[str], str], chance: random.Random) -> DraftPlan:
    return DraftPlan(
        main_goal=chance.choice(words.MAIN_GOALS),
        goals=tuple(
            Goal(goal_id=line.area, life_area=AREA_OF_GOAL.get(line.area, line.area), words=words.GOALS[line.area])
            for line in month.lines
        ),
        lines=tuple(_lines(month, begins, provider_of)),
        crisis_plan=words.CRISIS_PLAN,
    )


def _lines(month: Month, begins: date, provider_of: Callable[[str], str]) -> Iterator[ServiceLine]:
    """A year of it; a component with a yearly cap has a line for each calendar year."""
    whole = (begins, year_from(begins))
    for line in month.lines:
        for starts, ends in by_year(*whole) if line.capped else (whole,):
            yield ServiceLine(
                line_id=f"{line.component}-{starts.year}",
                goal_id=line.area,
                component=line.component,
                tariff=line.tariff,
                minutes=line.minutes * (months_until(starts, ends) + 1),
                provider_id=provider_of(line.component),
                starts_on=starts,
                ends_on=ends,
            )


def visits(
    month: Month, first: date, lines: Iterable[ServiceLine], calendar: Calendar, chance: random.Random
) -> Sequence[tuple[date, str, int]]:
    """A month's help in visits on working days, in order: day, line, minutes."""
    days = [day for n in range(2, 26) if calendar.is_working_day(day := first + timedelta(days=n))]
    by_component = {line.component: line.line_id for line in lines if line.starts_on <= first <= line.ends_on}
    full: Counter[date] = Counter()
    found = []
    for component, total in month.as_it_went(chance).items():
        for minutes in _split(total, visits=min(max(round(total / 100), 1), MOST_VISITS)):
            day = chance.choice([each for each in days if full[each] + minutes <= LONGEST_DAY])
            full[day] += minutes
            found.append((day, by_component[component], minutes))
    return sorted(found)


def _split(total: int, *, visits: int) -> Iterator[int]:
    """Quarters of an hour over the visits, as evenly as they go."""
    each, more = divmod(total // QUARTER, visits)
    for place in range(visits):
        if quarters := each + (place < more):
            yield quarters * QUARTER


def review(state: InDelivery, programme: Programme, today: date, chance: random.Random) -> HoldReview:
    need = state.file.assessments[-1].need_by_life_area
    held = {
        "review": state.review_kind, "on": today, "summary": words.SUMMARY, "quality_of_life": chance.randint(3, 8),
        "need_by_life_area": {
            area.code: max(need.get(area.code, 0) - chance.randint(0, 1), 0) for area in programme.life_areas
        },
        "outcome": chance.choices(("continue", "change_plan", "exit"), (88, 7, 5))[0],
    }  # fmt: skip
    return HoldReview.model_validate(held)
