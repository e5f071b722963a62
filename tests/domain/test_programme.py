"""Both programmes of data say what they must, and data that cannot be right is refused with file and row."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import domain.programme as package
from domain.programme import (
    NotInForce,
    NotKnown,
    Price,
    Programme,
    ProgrammeInvalid,
    Settings,
    covers,
    load,
    load_directory,
    load_texts,
    packaged_texts,
)

DATA = Path(package.__file__).with_name("data")
SOURCED = load("sourced")
DEMONSTRATION = load("demonstration")

Break = Callable[[str, str, str], Path]


@pytest.fixture
def broken(tmp_path: Path) -> Break:
    """The demonstration with one text of one file replaced; called again, it breaks more."""
    data = tmp_path / "data"
    shutil.copytree(DATA, data)

    def replace(file: str, old: str, new: str) -> Path:
        text = (data / file).read_text(encoding="utf-8")
        assert old in text
        (data / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return data / "demonstration"

    return replace


# ── The sourced programme ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_sourced_programme_has_28_municipalities_in_27_agreements_with_700_places() -> None:
    on = date(2022, 6, 1)
    assert len(SOURCED.municipalities) == 28
    assert len(SOURCED.agreements) == 27
    assert sum(SOURCED.agreement(terms.code, on).places for terms in SOURCED.agreements) == 700
    assert not SOURCED.synthetic


def test_two_municipalities_share_one_agreement() -> None:
    of_haapsalu = SOURCED.agreement_of("haapsalu", date(2022, 6, 1))
    assert of_haapsalu is not None
    assert of_haapsalu == SOURCED.agreement_of("laane-nigula", date(2022, 6, 1))
    assert (of_haapsalu.places, of_haapsalu.coordinator) == (32, "coordinator-b")


@pytest.mark.parametrize(
    ("on", "places"), [(date(2021, 12, 31), None), (date(2022, 1, 1), 130), (date(2022, 12, 31), 130)]
)
def test_an_agreement_holds_on_its_first_and_last_day(on: date, places: int | None) -> None:
    terms = SOURCED.agreement_of("tallinn", on)
    assert (None if terms is None else terms.places) == places


def test_places_after_2022_are_not_known() -> None:
    assert SOURCED.agreement_of("tallinn", date(2023, 1, 1)) is None
    with pytest.raises(NotInForce, match=r"no agreement tallinn is in force on 01\.01\.2023") as refused:
        SOURCED.agreement("tallinn", date(2023, 1, 1))
    assert refused.value.code == "not_in_force"


def test_there_are_seven_life_areas() -> None:
    assert len(SOURCED.life_areas) == 7
    assert SOURCED.life_area("free_time").name_en == "Free time and hobbies"


def test_the_catalogue_of_2019_has_26_components() -> None:
    catalogue = SOURCED.catalogue(date(2024, 12, 31))
    consult, therapy = catalogue.get("base.consult"), catalogue.get("family.therapy")
    assert len(catalogue.components) == 26
    assert consult is not None
    assert therapy is not None
    assert not consult.priced
    assert (therapy.serves, therapy.tariffs) == ("family", ("family", "family_group"))
    assert sum(component.serves == "family" for component in catalogue.components.values()) == 4
    assert catalogue.get("base") is None


def test_the_catalogue_of_2025_has_a_base_service_and_seven_areas_with_one_known_cap() -> None:
    components = SOURCED.catalogue(date(2025, 1, 1)).components
    caps = {code: component.yearly_cap_cents for code, component in components.items()}
    assert {component.life_area for component in components.values()} == {None, *(a.code for a in SOURCED.life_areas)}
    assert caps == dict.fromkeys(components) | {"employment": 228_000}
    assert "not known" in (components["daily"].note or "")


def test_the_sources_know_prices_of_tallinn_only() -> None:
    def price(agreement: str, component: str, on: date) -> int | None:
        found = SOURCED.price(agreement=agreement, component=component, tariff="individual", on=on)
        return None if found is None else found.cents_per_hour

    assert price("tallinn", "personal", date(2020, 5, 1)) == 2700
    assert price("tallinn", "mental", date(2026, 5, 1)) == 5500
    assert price("tallinn", "personal", date(2022, 1, 1)) is None
    assert price("tallinn", "daily", date(2026, 5, 1)) is None
    assert price("tartu", "personal", date(2020, 5, 1)) is None
    assert {key[0] for key in SOURCED.prices} == {"tallinn"}


def test_a_year_without_a_price_list_is_a_hole() -> None:
    key = ("tallinn", "personal", "individual")
    assert SOURCED.covers(*key, date(2021, 1, 1), date(2021, 12, 31))
    assert not SOURCED.covers(*key, date(2021, 12, 1), date(2022, 1, 1))
    assert not SOURCED.covers(*key, date(2019, 9, 30), date(2020, 1, 1))
    assert [price.version for price in SOURCED.prices_between(*key, date(2021, 12, 1), date(2022, 3, 1))] == [
        "sourced.prices@2019"
    ]


def test_who_may_join_has_had_three_versions() -> None:
    first, second, third = (
        SOURCED.eligibility(day) for day in (date(2022, 12, 31), date(2023, 1, 1), date(2025, 3, 1))
    )
    assert [rules.version for rules in SOURCED.eligibility_versions] == [first.version, second.version, third.version]
    assert (first.age_min, first.age_max, first.age_max_text) == (16, None, "old-age pension age")
    assert (second.age_max_text, len(second.until_place)) == (None, 3)
    assert (third.age_min, third.joining_to) == (18, date(2025, 4, 30))
    assert third.excluded_any_diagnosis == ("dementia",)
    assert third.one_of == ()
    assert len(third.all_of) == 3
    assert third.open_question is not None


@pytest.mark.parametrize("on", [date(2019, 9, 30), date(2027, 1, 1)])
def test_no_rule_is_made_up_for_a_day_without_one(on: date) -> None:
    with pytest.raises(NotInForce, match="who may join"):
        SOURCED.eligibility(on)
    with pytest.raises(NotInForce, match="catalogue"):
        SOURCED.catalogue(on)


# ── What both have ───────────────────────────────────────────────────────────────────────────────────────────────────

both = pytest.mark.parametrize("programme", [SOURCED, DEMONSTRATION], ids=lambda programme: programme.code)


@both
def test_every_condition_is_told_in_words(programme: Programme) -> None:
    for rules in programme.eligibility_versions:
        assert {*rules.one_of, *rules.all_of, *rules.until_place} <= programme.conditions.keys()


@both
def test_a_carer_may_need_the_same_things_under_both(programme: Programme) -> None:
    assert {need.code: bool(need.components) for need in programme.carer_needs} == {
        "respite": True, "counselling": True, "training": True, "peer_support": True, "financial_advice": False,
        "health": False, "other": False,
    }  # fmt: skip


def test_a_demonstration_begins_with_eight_providers_of_which_two_offer_everything_everywhere() -> None:
    providers = DEMONSTRATION.providers
    assert [each.registry_code for each in providers] == [f"9000000{n}" for n in range(1, 9)]
    assert [each.components == each.municipalities == ("*",) for each in providers] == [True] * 2 + [False] * 6
    assert len({each.based_in for each in providers}) == 8
    assert SOURCED.providers == ()


@both
def test_the_instrument_asks_for_every_life_area_and_the_environment(programme: Programme) -> None:
    instrument = programme.instrument(date(2026, 5, 1))
    scales = Counter(item.scale for section in instrument.sections for item in section.items)
    areas = {section.life_area for section in instrument.sections}
    assert scales == {"need": 68, "environment": 24}
    assert areas == {area.code for area in programme.life_areas} | {"environment"}
    assert len(instrument.safety_signs) == 7
    assert programme.instrument_version(instrument.version) is instrument


@both
def test_only_the_section_on_occupation_is_reversed(programme: Programme) -> None:
    instrument = programme.instrument(date(2026, 5, 1))
    assert [section.name_et for section in instrument.sections if section.reversed] == ["Seotus hõivega"]
    section, item = instrument.section("engaged_in_occupation"), instrument.item("d8502")
    assert section is not None
    assert item in section.items
    assert item is not None
    assert (item.section, item.life_area) == ("engaged_in_occupation", "employment")
    assert instrument.section("d8502") is None
    assert instrument.item("engaged_in_occupation") is None


@both
def test_each_setting_that_no_source_states_has_its_reason(programme: Programme) -> None:
    stated = {"version", "valid_from", "valid_to", "decision_working_days", "challenge_days", "assumptions"}
    settings = programme.settings("tallinn", date(2026, 5, 1))
    without_ceilings = set() if settings.ceiling_minutes_per_month else {"ceiling_minutes_per_month"}
    assumed = {field.name for field in fields(Settings)} - stated - without_ceilings
    assert settings.assumptions.keys() == assumed
    assert (settings.decision_working_days, settings.challenge_days) == (10, 30)
    assert (settings.progress_review_months, settings.full_review_months) == (3, 12)


@both
def test_every_version_and_list_names_its_source(programme: Programme) -> None:
    named = {each.version for each in programme.eligibility_versions}
    named |= {each.version for each in programme.national_settings}
    named |= {each.version for each in programme.catalogues}
    named |= {each.version for each in programme.calendars}
    named |= {each.version for each in programme.instruments}
    assert named | {"municipalities.csv", "agreements.csv", "life-areas.csv"} <= programme.sources.keys()
    assert all(programme.sources.values())


def test_a_code_that_does_not_exist_is_refused() -> None:
    asked: list[Callable[[], object]] = [
        lambda: SOURCED.municipality("riga"),
        lambda: SOURCED.life_area("riga"),
        lambda: SOURCED.agreement("riga", date(2022, 6, 1)),
        lambda: SOURCED.agreement_of("riga", date(2022, 6, 1)),
        lambda: SOURCED.settings("riga", date(2022, 6, 1)),
        lambda: SOURCED.instrument_version("riga"),
        lambda: load("../sourced"),
    ]
    for ask in asked:
        with pytest.raises(NotKnown, match="the programme has no "):
            ask()


# ── The demonstration ────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.dates(min_value=date(2026, 1, 1)))
def test_the_demonstration_is_complete_on_any_day_from_2026_on(on: date) -> None:
    assert DEMONSTRATION.synthetic
    assert len(DEMONSTRATION.catalogue(on).components) == 26
    assert DEMONSTRATION.eligibility(on).joining_to is None
    assert DEMONSTRATION.instrument(on).sections
    assert DEMONSTRATION.calendar(on).version == SOURCED.calendar(date(2022, 1, 1)).version
    for municipality in DEMONSTRATION.municipalities:
        terms = DEMONSTRATION.agreement_of(municipality.code, on)
        assert terms is not None
        assert terms.code == municipality.agreement
        assert sorted(DEMONSTRATION.settings(municipality.code, on).ceiling_minutes_per_month) == [0, 1, 2, 3, 4]


def test_in_the_demonstration_every_priced_component_has_a_price_everywhere_without_a_hole() -> None:
    components = DEMONSTRATION.catalogue(date(2026, 1, 1)).components.values()
    offered = [(component.code, tariff) for component in components if component.priced for tariff in component.tariffs]
    keys = {(terms.code, *offer) for terms in DEMONSTRATION.agreements for offer in offered}
    assert DEMONSTRATION.prices.keys() == keys
    assert {component.code for component in components if not component.priced} == {"base.consult"}
    for key in keys:
        assert DEMONSTRATION.covers(*key, date(2026, 1, 1), date.max)


def test_the_price_is_the_one_of_the_day_of_service() -> None:
    def cents(agreement: str, on: date) -> int:
        price = DEMONSTRATION.price(agreement=agreement, component="personal", tariff="individual", on=on)
        assert price is not None
        return price.cents_per_hour

    assert (cents("valga", date(2026, 12, 31)), cents("valga", date(2027, 1, 1))) == (2800, 2940)
    assert (cents("tallinn", date(2026, 12, 31)), cents("tallinn", date(2027, 1, 1))) == (3100, 3260)
    both_years = DEMONSTRATION.prices_between("valga", "personal", "individual", date(2026, 12, 31), date(2027, 1, 1))
    first_year = DEMONSTRATION.prices_between("valga", "personal", "individual", date(2026, 1, 1), date(2026, 12, 31))
    assert [price.cents_per_hour for price in both_years] == [2800, 2940]
    assert [price.cents_per_hour for price in first_year] == [2800]


def test_a_municipality_may_have_settings_of_its_own() -> None:
    on = date(2026, 5, 1)
    national, own = DEMONSTRATION.settings("tallinn", on), DEMONSTRATION.settings("tartu", on)
    assert (own.assessment_working_days, own.plan_authors) == (15, ("case_manager",))
    assert own.plan_working_days == national.plan_working_days
    assert own.version == "demo.settings@2026:tartu"
    assert own.assumptions["plan_authors"] != national.assumptions["plan_authors"]


# ── Periods ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def priced(start: date, end: date | None) -> Price:
    return Price(
        version="v", agreement="a", component="c", tariff="group", cents_per_hour=1, valid_from=start, valid_to=end,
        source="s",
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=6), st.integers(0, 30), st.integers(0, 15))
def test_covered_is_what_has_a_price_on_each_single_day(spans: list[tuple[int, int]], first: int, length: int) -> None:
    day_0 = date(2026, 1, 1)
    prices = [priced(day_0 + timedelta(a), day_0 + timedelta(a + b)) for a, b in spans]
    start, end = day_0 + timedelta(first), day_0 + timedelta(first + length)
    covered = {a + n for a, b in spans for n in range(b + 1)}
    assert covers(prices, start, end) == (set(range(first, first + length + 1)) <= covered)


def test_a_hole_of_one_day_is_found() -> None:
    until, after = priced(date(2026, 1, 1), date(2026, 6, 29)), priced(date(2026, 7, 1), None)
    assert not covers([until, after], date(2026, 1, 1), date(2026, 12, 31))
    assert covers([until, priced(date(2026, 6, 30), None)], date(2026, 1, 1), date(2026, 12, 31))
    assert not covers([], date(2026, 1, 1), date(2026, 1, 1))


# ── Data that cannot be right ────────────────────────────────────────────────────────────────────────────────────────

CARERS, PROVIDERS = "demonstration/carer-needs.csv", "demonstration/providers.csv"
MEASURES = "shared/outcome-measures.toml"
PRICES, SETTINGS, RULES = (
    "demonstration/prices-2026.csv",
    "demonstration/settings.toml",
    "demonstration/eligibility.toml",
)
AGREEMENTS, CATALOGUE = "demonstration/agreements.csv", "demonstration/catalogue.csv"
SECOND_RULES = """[[version]]
version = "demo.eligibility@2025"
source = "s"
valid_from = 2025-01-01
valid_to = 2026-01-01
age_min = 18
target_group = "t"

[[version]]"""


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        # at the same time
        (PRICES, "2026-12-31", "2027-01-01", "it holds at the same time as prices-2026.csv, row 7"),
        (PRICES, "*,personal,", "*,base.plan,individual,31.00\n*,personal,", "row 8: it holds at the same time as"),
        (AGREEMENTS, "tapa,tapa,", "tapa,tapa,2027-01-01,,9,coordinator-a\ntapa,tapa,", "row 9: it holds at the same"),
        (AGREEMENTS, "rapla,rapla,", "rapla,rapla; kehtna,", "row 31: it holds at the same time as agreements.csv"),
        (RULES, "[[version]]", SECOND_RULES, "eligibility.toml, version 2: it holds at the same time as elig"),
        (AGREEMENTS, "lu; laane-nigula,", "lu,2026-01-01,,9,coordinator-b\nhaapsalu-laane-nigula,laane-nigula,",
         "agreements.csv, row 19: it holds at the same time as agreements.csv, row 18"),
        # a day without
        (PRICES, "2026-12-31", "2026-12-30", "prices-2026.csv, row 7: there is no price of base.plan (individual) under"),
        (PRICES, "*,personal,individual,28.00\n", "", "there is no price of personal (individual) under"),
        (PRICES, "*,personal,individual,28.00\n", "", "25 more agreements from 2026-01-01 to 2026-12-31, and no [[hole]]"),
        (RULES, "2026-01-01", "2026-01-02", "programme.toml: there is no rule on who may join from 2026-01-01 to 2026"),
        ("demonstration/instruments.toml", "2026-01-01", "2026-01-01\nvalid_to = 2026-12-31",
         "version 1: there is no assessment instrument from 2027-01-01 on, without end"),
        (SETTINGS, "valid_from = 2026-01-01", "valid_from = 2026-02-01", "there is no setting of deadlines from 2026-01-01"),
        (AGREEMENTS, "tapa,tapa,2026-01-01,", "tapa,tapa,2026-06-01,,9,coordinator-a\ntapa,tapa,2026-01-01,2026-05-30",
         "agreements.csv, row 9: there is no agreement tapa from 2026-05-31 to 2026-05-31"),
        # twice
        (CATALOGUE, "personal,,", "base.plan,,", "row 8: base.plan is there twice"),
        ("shared/life-areas.csv", "employment,", "free_time,", "life-areas.csv, row 10: free_time is there twice"),
        ("shared/municipalities.csv", "tapa,Tapa", "johvi,Tapa", "municipalities.csv, row 9: johvi is there twice"),
        ("shared/assessment-items.csv", ",d330,", ",d310,", "instruments.toml, version 1: d310 is there twice"),
        ("shared/assessment-sections.csv", "cognition,", "household,", "version 1: household is there twice"),
        (RULES, "[[version]]", SECOND_RULES.replace("@2025", "@2026"), "demo.eligibility@2026 is there twice"),
        ("demonstration/programme.toml", '["catalogue.csv"]', '["catalogue.csv", "catalogue.csv"]',
         "catalogue.csv: demo.catalogue@2026 is there twice"),
        (SETTINGS, '["rapla"]', '["rapla", "tartu"]', "municipal 2: demo.settings@2026:tartu is there twice"),
        # not known
        ("shared/municipalities.csv", "Estonia,tapa", "Estonia,tappa", "there is no agreement tappa"),
        (AGREEMENTS, "turi,turi,", "turi,tuuri,", "agreements.csv, row 10: there is no municipality tuuri"),
        (PRICES, "tallinn,personal,", "riga,personal,", "there is no agreement riga"),
        (PRICES, "*,personal,individual", "*,personnel,individual", "no catalogue of its time has personnel at the"),
        (PRICES, "*,personal,individual", "*,personal,group", "has personal at the tariff group with a price"),
        (PRICES, "*,personal,individual", "*,base.consult,individual", "has base.consult at the tariff individual"),
        (CATALOGUE, "leisure,free_time", "leisure,fun", "there is no life area fun"),
        (RULES, '"no_social_rehabilitation"', '"no_fun"', "eligibility.toml, version 1: there is no condition no_fun"),
        ("shared/assessment-sections.csv", "Vaba aeg,free_time", "Vaba aeg,fun", "there is no life area fun"),
        ("shared/assessment-items.csv", "free_time,d920", "fun,d920", "assessment-items.csv, row 55: there is no sect"),
        (SETTINGS, '["rapla"]', '["riga"]', "settings.toml, version 1, municipal 1: there is no municipality riga"),
        (SETTINGS, 'plan_working_days = "made', 'planning_days = "made', "there is no setting planning_days"),
        (SETTINGS, "full_review_months = 12", "full_review_months = 12\nfun = 1", "version 1: fun is not known here"),
        (SETTINGS, 'plan_authors = ["base_support"]', 'plan_authors = ["doctor"]', "municipal 1: plan_authors.0: I"),
        (SETTINGS, 'municipalities = ["rapla"]\n', "", "municipal 1: it must say for which municipalities it is"),
        (CATALOGUE, "# valid_from: 2026-01-01", "# valid_from: 2028-01-01", "2026.csv, row 7: no catalogue of its time"),
        # amounts, dates, codes
        (PRICES, "28.00", "0.00", "prices-2026.csv, row 8: cents_per_hour: Input should be greater than 0"),
        (PRICES, "28.00", "-28.00", "prices-2026.csv, row 8: cents_per_hour: Input should be greater than 0"),
        (PRICES, "28.00", "28.005", "prices-2026.csv, row 8: eur_per_hour: '28.005' is not an amount in euros"),
        (CATALOGUE, "1200.00", "much", "row 9: yearly_cap_eur: 'much' is not an amount"),
        (CATALOGUE, "yes,1200.00,", "yes,unknown,", "row 9: a cap that is unknown needs a note"),
        (CATALOGUE, "individual,yes", "individual,maybe", "row 6: priced: 'maybe' is neither yes nor no"),
        (CATALOGUE, "family; family_group", "", "row 9: tariffs: Tuple should have at least 1 item"),
        (AGREEMENTS, "2026-01-01,,6", "2026-02-30,,6", "agreements.csv, row 5: valid_from: day is out of range"),
        (AGREEMENTS, "2026-01-01,,6", ",,6", "agreements.csv, row 5: valid_from: Invalid isoformat"),
        (AGREEMENTS, "2026-01-01,,6", "2026-01-01,2025-12-31,6", "agreements.csv, row 5: it ends before it begins"),
        (AGREEMENTS, "2026-01-01,,6", "2026-01-01,,0", "agreements.csv, row 5: places: Input should be greater than 0"),
        (AGREEMENTS, "tapa,tapa,", "tapa,,", "agreements.csv, row 8: municipalities: Tuple should have at least 1 item"),
        (AGREEMENTS, "johvi,johvi", "Jõhvi,johvi", "agreements.csv, row 5: code: String should match pattern"),
        (RULES, "2026-01-01", "20260101", "eligibility.toml, version 1: valid_from: Input should be a valid date"),
        (RULES, "age_min = 18", 'age_min = 18\njoining_from = 2026-05-01\njoining_to = 2026-04-01', "joining ends bef"),
        (SETTINGS, "plan_working_days = 15", "plan_working_days = true", "plan_working_days: Input should be a valid"),
        (SETTINGS, "4 = 4800", "5 = 4800", "ceiling_minutes_per_month.5"),
        ("shared/calendar.toml", "month = 2, day = 24", "month = 2, day = 30", "there is no day 30 in month 2"),
        ("shared/assessment-items.csv", "d920,recreation,need", "d920,recreation,environment", "free_time mixes quest"),
        # carers' needs, and the providers a demonstration begins with
        (CARERS, "family.respite", "family.yacht", "carer-needs.csv, row 6: there is no component family.yacht"),
        (CARERS, "respite,", "training,", "carer-needs.csv, row 8: training is there twice"),
        (PROVIDERS, "90000002", "90000001", "providers.csv, row 7: 90000001 is there twice"),
        (PROVIDERS, "90000002", "9000002", "providers.csv, row 7: registry_code: String should match"),
        (PROVIDERS, "Samm Edasi [synthetic],tallinn", "Samm Edasi [synthetic],riga", "there is no municipality riga"),
        (PROVIDERS, "Samm Edasi [synthetic],tallinn", "Samm Edasi [synthetic],*", "providers.csv, row 7: based_in"),
        (PROVIDERS, "base.plan; personal; social", "base.plan; horse.riding; social", "there is no component horse.riding"),
        (PROVIDERS, "tori; parnu; pohja", "tori; narnia; pohja", "there is no municipality narnia"),
        (PROVIDERS, "Samm Edasi [synthetic]", "Samm Edasi", "providers.csv, row 7: name: String should match"),
        (PROVIDERS, "et; ru; en,600000", "Estonian,600000", "providers.csv, row 6: languages.0: String should match"),
        (PROVIDERS, ",600000", ",0", "providers.csv, row 6: capacity_minutes_per_month: Input should be greater"),
        (PROVIDERS, ",600000", ",plenty", "providers.csv, row 6: capacity_minutes_per_month: invalid literal"),
        ("demonstration/programme.toml", "synthetic = true", "synthetic = false",
         "providers.csv, row 6: only a synthetic programme begins with providers"),
        (SETTINGS, "need_counts_from_degree = 2 ", "need_counts_from_degree = 0 ", "need_counts_from_degree: Input should"),
        # outcome measures
        (MEASURES, "2019-10-01", "2026-02-01", "programme.toml: there is no outcome measure from 2026-01-01 to 2026-01-31"),
        (MEASURES, "valid_from = 2019-10-01", "valid_from = 2019-10-01\nvalid_to = 2026-12-31",
         "version 1: there is no outcome measure from 2027-01-01 on, without end, and no [[hole]] of measures says why"),
        (MEASURES, '"mean_tenths@1"', '"mean_tenths@9"', "version 1: there is no scorer mean_tenths@9"),
        (MEASURES, '"social_relations", ', "", "version 1: it leaves out the life area social_relations"),
        (MEASURES, '"social_relations"', '"luck"', "version 1: there is no life area luck"),
        (MEASURES, '"social_relations"', '"employment"', "version 1: employment is there twice"),
        (MEASURES, "degree = 4", "degree = 5", "version 1: need must have the degrees 0 to 4, in order"),
        (MEASURES, 'code = "confidence"', 'code = "need"', "it must ask for each of need, importance, confidence once"),
        (MEASURES, '"case_manager", ', '"person", ', "answered_by must name somebody or something, and nothing twice"),
        # files
        (PRICES, "# source: made up for demonstration\n", "", "prices-2026.csv: it must say its source"),
        (PRICES, "# valid_from: 2026-01-01\n", "", "prices-2026.csv: it must say its valid_from"),
        (RULES, 'source = "made up for demonstration"', "", "eligibility.toml, version 1: it must say its source"),
        (PRICES, "agreement,component", "component,agreement", "its columns must be agreement,component,tariff,eur"),
        (PRICES, "*,personal,individual,28.00", "*,personal,28.00", "prices-2026.csv, row 8: it has 3 cells, not 4"),
        (RULES, "[[version]]", "[version", "eligibility.toml: not TOML"),
        (RULES, "[[version]]", "[version]", "eligibility.toml: version must be a list of tables"),
        (RULES, "[[version]]", "[[rules]]", "eligibility.toml: it has no version"),
        ("demonstration/programme.toml", '"agreements.csv"', '"none.csv"', "none.csv: the file cannot be read"),
        ("demonstration/programme.toml", "synthetic = true", "", "programme.toml: synthetic: Field required"),
    ],
)  # fmt: skip
def test_data_that_cannot_be_right_is_refused(broken: Break, file: str, old: str, new: str, problem: str) -> None:
    path = broken(file, old, new)
    with pytest.raises(ProgrammeInvalid) as refused:
        load_directory(path)
    assert any(problem in found for found in refused.value.problems), refused.value


@pytest.mark.parametrize("file", ["shared/calendar.toml", "demonstration/instruments.toml", MEASURES, SETTINGS, RULES])
def test_the_same_version_given_twice_is_refused(broken: Break, file: str) -> None:
    rules = (DATA / file).read_text(encoding="utf-8")
    path = broken(file, rules, rules + rules)
    with pytest.raises(ProgrammeInvalid, match=r"version 2: .* is there twice") as refused:
        load_directory(path)
    assert "version 2: it holds at the same time as" in str(refused.value)


def test_a_programme_published_before_there_were_measures_still_reads(broken: Break) -> None:
    path = broken("demonstration/programme.toml", 'measures = "../shared/outcome-measures.toml"\n', "")
    assert load_directory(path).measures == ()


def test_a_reason_for_the_national_value_is_none_for_a_municipality_s_own(broken: Break) -> None:
    path = broken(SETTINGS, ', assessment_working_days = "made up" }', " }")
    own = load_directory(path).settings("tartu", date(2026, 5, 1))
    assert own.assessment_working_days == 15
    assert "assessment_working_days" not in own.assumptions
    assert "plan_working_days" in own.assumptions


def test_every_problem_is_told_at_once_and_only_once(broken: Break) -> None:
    broken(PRICES, "28.00", "0.00")
    broken(AGREEMENTS, "2026-01-01,,6", "2026-01-01,,0")
    path = broken(RULES, '"no_social_rehabilitation"', '"no_fun"')
    with pytest.raises(ProgrammeInvalid) as refused:
        load_directory(path)
    problems = refused.value.problems
    assert sum("prices-2026.csv, row 8" in problem for problem in problems) == 1
    assert any("agreements.csv, row 5" in problem for problem in problems)
    assert any("no_fun" in problem for problem in problems)


def test_a_file_that_is_not_text_is_refused(broken: Break) -> None:
    path = broken(PRICES, "28.00", "28.00")
    (path / "prices-2026.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(ProgrammeInvalid, match="not UTF-8"):
        load_directory(path)


def test_unbroken_data_loads_from_any_folder(broken: Break) -> None:
    assert load_directory(broken(PRICES, "28.00", "28.00")) == DEMONSTRATION
    assert load("demonstration") is DEMONSTRATION


HOLE = """settings = "settings.toml"

[[hole]]
of = "prices"
valid_from = 2026-12-01
valid_to = 2026-12-31
reason = "the lists of December were lost"
"""


def test_a_hole_with_its_reason_is_no_mistake(broken: Break) -> None:
    broken("demonstration/programme.toml", 'settings = "settings.toml"', HOLE)
    path = broken(PRICES, "2026-12-31", "2026-11-30")
    assert (
        load_directory(path).price(agreement="tori", component="leisure", tariff="group", on=date(2026, 12, 1)) is None
    )


def test_a_hole_of_another_kind_or_of_other_days_excuses_nothing(broken: Break) -> None:
    broken("demonstration/programme.toml", 'settings = "settings.toml"', HOLE)
    path = broken(PRICES, "2026-12-31", "2026-11-29")
    with pytest.raises(ProgrammeInvalid, match="from 2026-11-30 to 2026-12-31") as refused:
        load_directory(path)
    assert "programme.toml, hole 1: there is no such hole" in refused.value.problems


def test_a_hole_that_is_not_there_is_not_declared(broken: Break) -> None:
    path = broken("demonstration/programme.toml", 'settings = "settings.toml"', HOLE)
    with pytest.raises(ProgrammeInvalid, match=r"programme\.toml, hole 1: there is no such hole"):
        load_directory(path)


@both
def test_a_programme_is_the_same_from_its_texts(programme: Programme) -> None:
    assert load_texts(packaged_texts(programme.code)) == programme


def test_texts_are_all_that_the_programme_names_and_nothing_more() -> None:
    texts = dict(packaged_texts("demonstration"))
    with pytest.raises(ProgrammeInvalid, match=r"notes\.txt: the programme does not name this file"):
        load_texts({**texts, "notes.txt": "by the way"})
    del texts["../shared/calendar.toml"]
    with pytest.raises(ProgrammeInvalid, match=r"calendar\.toml: the file cannot be read"):
        load_texts(texts)


def test_a_text_cannot_reach_a_file_of_the_machine_it_is_read_on() -> None:
    texts = dict(packaged_texts("demonstration"))
    texts["programme.toml"] = texts["programme.toml"].replace('"settings.toml"', '"/etc/hostname"')
    with pytest.raises(ProgrammeInvalid, match="hostname: the file cannot be read"):
        load_texts(texts)
