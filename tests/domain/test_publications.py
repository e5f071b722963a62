"""What is published holds from a day to come; what held until today stays, and no budget loses what it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.care import ProgrammeFile
from domain.decision import Actor, Role
from domain.events import ProgrammePublished
from domain.ports import ComponentUse
from domain.programme import load, packaged_texts
from domain.publications import (
    AnotherProgramme,
    ComponentInUse,
    NothingNew,
    NotYoursToPublish,
    PastChanged,
    ProgrammeUnfit,
    PublishProgramme,
    programme_of,
    publication_of,
)
from tests.domain.given import PROGRAMME, SOURCED, given, the_programme
from tests.domain.publishing import (
    PRICES_2027,
    PROGRAMME_FILE,
    RULES,
    Change,
    ends,
    next_catalogue,
    next_rules,
    publish,
    texts,
)


def test_the_programme_is_published_whole_under_a_number() -> None:
    first = the_programme().when(publish()).the(ProgrammePublished)
    assert (first.number, publication_of(first)) == (1, "demonstration/1")
    assert len(first.digest) == 64
    assert {each.name: each.text for each in first.files} == texts()
    assert replace(programme_of(first), publication=None) == PROGRAMME
    assert programme_of(first).publication == "demonstration/1"


def test_the_versions_and_their_days_are_told() -> None:
    told = {each.version: each for each in the_programme().when(publish()).the(ProgrammePublished).versions}
    assert (told["demo.prices@2026"].of, told["demo.prices@2026"].valid_to) == ("prices", date(2026, 12, 31))
    assert {
        "demo.eligibility@2026",
        "demo.catalogue@2026",
        "demo.settings@2026:tartu",
        "ee.calendar@2010",
    } <= told.keys()
    assert sum(each.of == "prices" for each in told.values()) == 2


def test_the_next_publication_takes_the_next_number() -> None:
    history = given(the_programme(), publish())
    second = history.when(publish(*next_rules(age_min=16))).the(ProgrammePublished)
    assert second.number == 2
    assert programme_of(second).eligibility(date(2026, 12, 31)).age_min == 18
    assert programme_of(second).eligibility(date(2027, 1, 1)).age_min == 16


def test_the_same_again_is_nothing_new() -> None:
    given(the_programme(), publish()).when(publish()).refused(NothingNew, says="as number 1")


def test_only_the_national_level_publishes() -> None:
    lead = Actor(id="lead", role=Role.LEAD, municipality="ee")
    the_programme().by(lead).when(publish()).refused(NotYoursToPublish)


def test_files_of_another_programme_are_refused() -> None:
    the_programme().when(publish(code="sourced")).refused(AnotherProgramme, field="programme", says="demonstration")
    the_programme().under(SOURCED).when(publish()).refused(AnotherProgramme, field="programme", says="by sourced")


def test_data_that_cannot_be_right_is_refused_with_every_problem_at_once() -> None:
    overlapping: Change = ("prices-2026.csv", "# valid_to: 2026-12-31", "# valid_to: 2027-01-31")
    unknown: Change = (RULES, '"no_social_rehabilitation"', '"no_fun"')
    answer = the_programme().when(publish(overlapping, unknown))
    answer.refused(
        ProgrammeUnfit, field="files", says="prices-2027.csv, row 7: it holds at the same time as prices-2026.csv"
    )
    answer.refused(ProgrammeUnfit, field="files", says="eligibility.toml, version 1: there is no condition no_fun")


def test_a_silent_hole_is_not_published() -> None:
    hole: Change = ("prices-2026.csv", "# valid_to: 2026-12-31", "# valid_to: 2026-12-30")
    the_programme().when(publish(hole)).refused(ProgrammeUnfit, field="files", says="from 2026-12-31 to 2026-12-31")


def test_a_hundred_problems_are_enough_for_one_answer() -> None:
    prices = texts()[PRICES_2027].replace("2027-01-01", "2026-01-01")
    three = {name: prices.replace("demo.prices@2027", f"demo.prices@{name}") for name in ("a.csv", "b.csv", "c.csv")}
    named = (PROGRAMME_FILE, '["prices-2026.csv",', '["a.csv", "b.csv", "c.csv", "prices-2026.csv",')
    answer = the_programme().when(publish(named, new=three))
    answer.refused(ProgrammeUnfit, field="files", says=" more")
    assert answer.refusal is not None
    assert len(answer.refusal.sentence()) < 20_000


PAST: tuple[tuple[Change, str], ...] = (
    ((RULES, "age_min = 18", "age_min = 16"), "the rule on who may join from 2026-01-01 says something else"),
    (ends("catalogue.csv", "2026-02-28"), "the catalogue from 2026-01-01 would end on 2026-02-28, not on no day"),
    (("catalogue.csv", "2400.00", "2500.00"), "the catalogue from 2026-01-01 says something else"),
    (("prices-2026.csv", "*,personal,individual,28.00", "*,personal,individual,29.00"),
     "the price of personal (individual) from 2026-01-01 says something else (under antsla and 25 more)"),
    (("settings.toml", "plan_working_days = 15", "plan_working_days = 16"), "the setting of deadlines from 2026-01-01"),
    (("settings.toml", '["rapla"]', '["rapla", "valga"]'), "of valga from 2026-01-01 is new, and the national one held"),
    (("settings.toml", '["rapla"]', '["valga"]'), "the setting of deadlines of rapla from 2026-01-01 is gone"),
    (("agreements.csv", "tapa,tapa,2026-01-01,,10", "tapa,tapa,2026-01-01,,11"), "agreement tapa from 2026-01-01 says"),
    (("../shared/calendar.toml", "month = 2, day = 24", "month = 2, day = 25"), "the calendar from 2010-01-01 says"),
    (("../shared/conditions.toml", "has reached the", "has passed the"), "condition age_min says something else"),
    (("../shared/municipalities.csv", "tapa,Tapa,vald", "tapa,Tapa,linn"), "municipality tapa says something else"),
    (("../shared/outcome-measures.toml", 'label_en = "slight"', 'label_en = "light"'),
     "the outcome measure from 2019-10-01 says something else"),
    (("instruments.toml", '"physical_violence", ', ""), "the assessment instrument from 2026-01-01 says something else"),
)  # fmt: skip


@pytest.mark.parametrize(("change", "told"), PAST, ids=[told for _, told in PAST])
def test_what_held_until_today_cannot_change(change: Change, told: str) -> None:
    changes: tuple[Change, ...] = (change,)
    if change[0] == "catalogue.csv" and "valid_to" in change[1]:
        changes, new = next_catalogue()
        moved = {name: text.replace("2027-01-01", "2026-03-01") for name, text in new.items() if "catalogue" in name}
        command = publish(changes[0], change, new={**new, **moved})
    else:
        command = publish(*changes)
    given(the_programme(), publish()).when(command).refused(PastChanged, field="files", says=told)


def test_what_came_with_the_software_held_before_the_first_publication() -> None:
    the_programme().when(publish((RULES, "age_min = 18", "age_min = 16"))).refused(
        PastChanged, field="files", says="the rule on who may join"
    )


def test_what_lies_ahead_may_change_until_its_first_day() -> None:
    dearer: Change = (PRICES_2027, "*,personal,individual,29.40", "*,personal,individual,30.00")
    history = given(the_programme(), publish())
    history.when(publish(dearer)).then(ProgrammePublished)
    history.on(date(2026, 12, 31)).when(publish(dearer)).then(ProgrammePublished)
    history.on(date(2027, 1, 1)).when(publish(dearer)).refused(PastChanged, field="files", says="from 2027-01-01")


def test_an_open_end_may_be_closed_today_at_the_earliest() -> None:
    history = given(the_programme(), publish(), date(2026, 12, 31))
    history.when(publish(*next_rules())).then(ProgrammePublished)
    history.on(date(2027, 1, 1)).when(publish(*next_rules())).refused(PastChanged, field="files", says="would end on")


def test_days_on_which_nothing_held_may_be_filled() -> None:
    """The sourced programme has no agreements after 2022; nothing can have been decided under them."""
    sourced = dict(packaged_texts("sourced"))
    sourced["agreements.csv"] += "tapa,tapa,2023-01-01,,12,coordinator-a\n"
    sourced["programme.toml"] += '\n[[hole]]\nof = "prices"\nvalid_from = 2023-01-01\nreason = "not told yet"\n'
    command = PublishProgramme(
        programme="sourced", files=tuple(ProgrammeFile(name=name, text=text) for name, text in sourced.items())
    )
    the_programme().under(load("sourced")).when(command).then(ProgrammePublished)


def use(
    component: str = "leisure", *, tariff: str = "group", until: date = date(2027, 1, 31), lines: int = 3
) -> ComponentUse:
    return ComponentUse(component=component, tariff=tariff, starts_on=date(2026, 2, 1), ends_on=until, lines=lines)


def test_a_component_in_use_cannot_be_dropped() -> None:
    changes, new = next_catalogue("leisure")
    answer = the_programme().resting_on(use(), use(until=date(2027, 2, 1), lines=1)).when(publish(*changes, new=new))
    answer.refused(ComponentInUse, field="files", says="leisure (group): 4 open budget lines")


def test_a_component_may_go_when_the_last_line_has_ended() -> None:
    changes, new = next_catalogue("leisure")
    budgets = the_programme().resting_on(use(until=date(2026, 12, 31)), use("personal", tariff="individual"))
    budgets.when(publish(*changes, new=new)).then(ProgrammePublished)


def test_a_tariff_in_use_cannot_be_dropped_either() -> None:
    changes, new = next_catalogue()
    catalogue = new["catalogue-2027.csv"].replace(
        "huvitegevuse toetamine,Leisure and hobbies,individual; group",
        "huvitegevuse toetamine,Leisure and hobbies,individual",
    )
    prices = "\n".join(
        line
        for line in new[PRICES_2027].splitlines()
        if not line.endswith("leisure,group,10.50") and ",leisure,group," not in line
    )
    command = publish(*changes, new={"catalogue-2027.csv": catalogue, PRICES_2027: prices})
    the_programme().resting_on(use(lines=1)).when(command).refused(
        ComponentInUse, field="files", says="leisure (group): 1 open budget line"
    )
