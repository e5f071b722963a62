"""A region's needs: what open journeys ask for, against what is contracted there; every gap says why it is one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from domain.capacity import Load
from domain.care import UnmetNeed
from domain.parties import Provider, Region
from domain.region_needs import AreaNeed, ComponentNeed, Key, Known, needs, tally
from domain.stages.assessment import AssessCarer
from domain.stages.planning import ReopenPlan
from domain.states import Journey
from tests.domain.given import MONDAY, PROGRAMME, PROVIDER, a_region, contracted, given, provider
from tests.domain.steps import (
    AGREED,
    ASSESSED,
    DRAFTED,
    HELPED,
    agreement_to,
    assessed,
    assessment,
    in_delivery,
    leaving,
    line,
    plan,
    refused,
)
from tests.domain.test_regions import act

MARCH = date(2026, 3, 16)
NO_CLUB = UnmetNeed(need_id="club", goal_id="out", component="leisure", why="None near.")
SOMETHING_ELSE = UnmetNeed(need_id="dog", goal_id="out", why="A dog would help.")


# ── What a journey adds ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_journey_counts_by_the_degree_of_its_latest_assessment() -> None:
    once = given(in_delivery(), assessment({"household": 3, "free_time": 1}, on=HELPED))
    assert needed(once.known) == {("daily_living", "3"): 1, ("free_time", "1"): 1}
    better = given(once, assessment({"household": 1}, on=HELPED))
    assert needed(better.known) == {("daily_living", "1"): 1}


def needed(state: Journey) -> dict[tuple[str, str], int]:
    return {(code, degree): number for (measure, code, degree), number in tally(state).items() if measure == "need"}


def test_only_what_was_agreed_to_counts_and_each_month_its_share() -> None:
    lines = (line(minutes=601, ends_on=date(2026, 4, 30)), line("more", minutes=100, ends_on=date(2026, 3, 31)))
    drafted = given(assessed(), plan(*lines, unmet=(NO_CLUB, SOMETHING_ELSE)))
    assert not [key for key in tally(drafted.known) if key[0] != "need"]
    agreed = tally(given(drafted, AGREED, agreement_to()).known)
    assert {key: number for key, number in agreed.items() if key[0] != "need"} == {
        ("line", "mental.recovery", ""): 1,
        ("minutes", "mental.recovery", "2026-03"): 400,
        ("minutes", "mental.recovery", "2026-04"): 301,
        ("provider", PROVIDER, "2026-03"): 400,
        ("provider", PROVIDER, "2026-04"): 301,
        ("unmet", "leisure", ""): 1,
        ("unmet_area", "mental_health", ""): 1,
    }
    redrafted = given(drafted, AGREED, agreement_to(), ReopenPlan(reason="She moved."), plan(line(minutes=1)))
    assert tally(redrafted.known) == agreed


def test_carers_count_by_what_they_need() -> None:
    carer = AssessCarer(carer_id="person-7", on=ASSESSED, needs="Sleep.", own_needs=("respite", "health"))
    counted = tally(given(in_delivery(), carer).known)
    assert (counted["carer", "respite", ""], counted["carer", "health", ""], counted["carer", "other", ""]) == (1, 1, 0)


def test_who_may_not_join_or_has_left_counts_no_more() -> None:
    assert not tally(refused().known)
    assert not tally(given(in_delivery(), leaving(on=date(2026, 3, 26))).known)


# ── What is lacking ──────────────────────────────────────────────────────────────────────────────────────────────────


def known(
    counts: Mapping[Key, int],
    *providers: Provider,
    planned: int = 0,
    region: Region | None = None,
    on: date = MARCH,
) -> Known:
    return Known(
        municipality="tori",
        on=on,
        counts=counts,
        providers=providers,
        loads={each.provider_id: Load(planned={"2026-03": planned}) for each in providers},
        region=region,
    )


def component(about: Known, code: str = "leisure") -> ComponentNeed:
    return next(each for each in needs(about, PROGRAMME).components if each.component == code)


def area(about: Known, code: str = "free_time") -> AreaNeed:
    return next(each for each in needs(about, PROGRAMME).life_areas if each.life_area == code)


def club(capacity: int | None = 600, *, until: date | None = None, town: str = "tori") -> Provider:
    return provider(f"provider-{town}", contracted("leisure", capacity=capacity, valid_to=until, municipality=town))


NEEDED: Mapping[Key, int] = {
    ("need", "free_time", "2"): 3,
    ("need", "free_time", "1"): 5,
    ("need", "free_time", "4"): 1,
}


def test_each_life_area_and_each_component_has_a_row() -> None:
    found = needs(known({}), PROGRAMME)
    assert len(found.life_areas) == 7
    assert len(found.components) == 26
    assert not [row for row in found.life_areas if row.gap]  # nobody needs anything
    assert not [row for row in found.components if row.gap]


def test_need_counts_from_the_degree_that_the_settings_say() -> None:
    row = area(known(NEEDED, club()))
    assert (row.in_need, row.by_degree, row.gap) == (4, {1: 5, 2: 3, 3: 0, 4: 1}, ())


def test_where_nobody_is_under_contract_for_what_is_needed_is_a_gap() -> None:
    for nobody in (known(NEEDED), known(NEEDED, club(town="tapa")), known(NEEDED, club(until=date(2026, 3, 15)))):
        assert area(nobody).gap == ("Needed here (4 in need), and nobody is under contract for it.",)
        assert component(nobody).gap == (
            "Needed here (4 in need in its life area), and nobody is under contract for it.",
        )


def test_a_slight_need_alone_is_no_gap() -> None:
    assert area(known({("need", "free_time", "1"): 9})).gap == ()


def test_more_planned_than_the_providers_can_give_is_a_gap() -> None:
    needed: Mapping[Key, int] = {("line", "leisure", ""): 2, ("minutes", "leisure", "2026-03"): 400}
    assert component(known(needed, club(), planned=600)).gap == ()
    row = component(known(needed, club(), planned=601))
    assert row.gap == (
        "Needed here (2 planned); its providers together can give 10 h a month, and 10 h 1 min are planned of them in "
        "2026-03.",
    )
    assert (row.planned, row.planned_minutes, row.cover.capacity_minutes) == (2, 400, 600)


def test_two_providers_cover_together_and_one_that_states_nothing_may_have_room() -> None:
    needed: Mapping[Key, int] = {("line", "leisure", ""): 1}
    second = provider("provider-2", contracted("leisure", capacity=700))
    silent = provider("provider-3", contracted("leisure"))
    assert component(known(needed, club(), second, planned=650)).gap == ()
    assert component(known(needed, club(), second, planned=651)).gap != ()
    row = component(known(needed, club(), second, silent, planned=9999))
    assert (row.gap, row.cover.capacity_minutes) == ((), None)


def test_providers_that_are_full_elsewhere_are_no_gap_where_nobody_asks() -> None:
    assert component(known({}, club(), planned=9999)).gap == ()


def test_what_plans_name_as_unmet_is_a_gap_whoever_is_under_contract() -> None:
    counts: Mapping[Key, int] = {("unmet", "leisure", ""): 2, ("unmet_area", "free_time", ""): 1}
    assert component(known(counts, club())).gap == ("Named in agreed plans as a need that nobody meets: 2.",)
    assert area(known(counts, club())).gap == ("Named in agreed plans as a need that nobody meets: 1.",)


def test_carers_need_what_the_family_components_give() -> None:
    row = component(known({("carer", "respite", ""): 2, ("carer", "health", ""): 1}), "family.respite")
    assert (row.carers, row.gap) == (2, ("Needed here (2 carers), and nobody is under contract for it.",))


@pytest.mark.parametrize("on", [MONDAY, DRAFTED])
def test_a_row_shows_what_is_being_done_about_it(on: date) -> None:
    region = given(a_region(), act()).known
    row = component(known({}, region=region, on=on))
    assert row.action is not None
    assert row.action.owner == "lead.tori"
    assert area(known({}, region=region)).action is None
