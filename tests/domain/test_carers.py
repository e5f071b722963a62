"""Carers: what each needs for themselves, which lines support them, and which of their needs no line meets."""

from __future__ import annotations

from datetime import date

from domain.carers import SupportedCarer, supported
from domain.deciders import PERSONS
from domain.events import CarerLinked
from domain.stages.assessment import AssessCarer
from domain.states import Journey
from tests.domain.given import CARER, PERSON, PROGRAMME, Given, fold, given, registered
from tests.domain.steps import ASSESSED, assessed, line, plan

YEAR_END = date(2026, 12, 31)


def needs(*codes: str) -> AssessCarer:
    return AssessCarer(carer_id=CARER, on=ASSESSED, needs="Sleep, and somebody to talk to.", own_needs=codes)


def for_carer(component: str) -> Given[Journey]:
    supporting = line("support", component, tariff="family", ends_on=YEAR_END, carer_id=CARER)
    return given(assessed(), needs("respite", "counselling", "health"), plan(line(), supporting))


def the_carer(case: Given[Journey]) -> SupportedCarer:
    (found,) = supported(case.known.file, PROGRAMME.carer_needs)
    return found


def test_before_there_is_a_plan_all_a_carer_needs_is_open() -> None:
    found = the_carer(given(assessed(), needs("respite", "health")))
    assert (found.assessed_on, found.needs, found.lines) == (ASSESSED, ("respite", "health"), ())
    assert found.not_met == ("respite", "health")


def test_a_line_that_names_the_carer_meets_the_needs_its_component_is_for() -> None:
    found = the_carer(for_carer("family.respite"))
    assert (found.lines, found.not_met) == (("support",), ("counselling", "health"))
    assert the_carer(for_carer("family.therapy")).not_met == ("respite", "health")


def test_a_line_for_the_family_that_names_nobody_meets_no_one_carer_s_needs() -> None:
    of_all = line("support", "family.respite", tariff="family", ends_on=YEAR_END)
    found = the_carer(given(assessed(), needs("respite"), plan(line(), of_all)))
    assert (found.lines, found.not_met) == ((), ("respite",))


def test_help_for_one_carer_meets_nothing_that_another_needs() -> None:
    both = fold(
        PERSONS,
        (registered(), *(CarerLinked(carer_id=each, relation="parent") for each in (CARER, "person-8"))),
        PERSON,
    )
    for_other = line("support", "family.respite", tariff="family", ends_on=YEAR_END, carer_id="person-8")
    case = given(assessed().about(both), needs("respite"), plan(line(), for_other))
    first, second = supported(case.known.file, PROGRAMME.carer_needs)
    assert (first.carer_id, first.lines, first.not_met) == (CARER, (), ("respite",))
    assert (second.carer_id, second.lines, second.not_met) == ("person-8", ("support",), ())


def test_a_carer_whom_a_line_supports_is_shown_before_anybody_assessed_them() -> None:
    supporting = line("support", "family.peer", tariff="family", ends_on=YEAR_END, carer_id=CARER)
    found = the_carer(given(assessed(), plan(supporting)))
    assert (found.assessed_on, found.needs, found.lines, found.not_met) == (None, None, ("support",), ())


def test_a_replay_says_nothing_that_rests_on_today_s_list() -> None:
    (found,) = supported(given(assessed(), needs("respite")).known.file, None)
    assert (found.needs, found.not_met) == (("respite",), None)
