"""What must hold between the parts of a programme: nothing twice, nothing at the same time, nothing unknown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from itertools import combinations
from typing import Protocol, TypeVar

from domain.programme.catalogue import Catalogue, Component, Price
from domain.programme.eligibility import EligibilityRules
from domain.programme.instrument import ENVIRONMENT, Instrument
from domain.programme.outcome_measure import OutcomeMeasure
from domain.programme.periods import Dated, overlap
from domain.programme.reading import Found, Reading
from domain.programme.report_definition import ReportDefinition
from domain.programme.settings import Settings
from domain.programme.territory import (
    EVERY,
    AgreementTerms,
    CarerNeed,
    ExampleProvider,
    LifeArea,
    Municipality,
    OfficeDay,
)
from domain.scoring import SCORERS
from domain.working_days import Calendar


class Versioned(Dated, Protocol):
    @property
    def version(self) -> str: ...


T = TypeVar("T")
D = TypeVar("D", bound=Dated)
V = TypeVar("V", bound=Versioned)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """All that was read, each with where it stands."""

    life_areas: list[Found[LifeArea]]
    municipalities: list[Found[Municipality]]
    agreements: list[Found[AgreementTerms]]
    conditions: Mapping[str, str]
    eligibility: list[Found[EligibilityRules]]
    catalogues: list[Found[Catalogue]]
    components: list[list[Found[Component]]]
    prices: list[Found[Price]]
    instruments: list[Found[Instrument]]
    measures: list[Found[OutcomeMeasure]]
    reports: list[Found[ReportDefinition]]
    calendars: list[Found[Calendar]]
    office_days: list[Found[OfficeDay]]
    national: list[Found[Settings]]
    municipal: Mapping[str, list[Found[Settings]]]
    carer_needs: list[Found[CarerNeed]]
    providers: list[Found[ExampleProvider]]


def check(parts: Parts, reading: Reading, *, synthetic: bool) -> None:
    _check_codes(parts, reading)
    _check_periods(parts, reading)
    _check_territory(parts, reading)
    _check_components(parts, reading)
    _check_prices(parts, reading)
    _check_eligibility(parts, reading)
    for instrument in parts.instruments:
        _check_instrument(instrument, parts, reading)
    for measure in parts.measures:
        _check_measure(measure, parts, reading)
    for report in parts.reports:
        for fault in report.value.faults():
            reading.add(report.where, fault)
    _check_calendars(parts, reading)
    _check_settings(parts, reading)
    _check_carer_needs(parts, reading)
    _check_providers(parts, reading, synthetic=synthetic)


def _check_codes(parts: Parts, reading: Reading) -> None:
    _no_twice(parts.life_areas, lambda area: area.code, reading)
    _no_twice(parts.municipalities, lambda municipality: municipality.code, reading)
    for components in parts.components:
        _no_twice(components, lambda component: component.code, reading)


def _check_periods(parts: Parts, reading: Reading) -> None:
    """Of each thing at most one version holds on a day, and no version is called as another."""
    _one_at_a_time(parts.agreements, lambda terms: terms.code, reading)
    _one_at_a_time(parts.prices, lambda price: (price.agreement, price.component, price.tariff), reading)
    _versions(parts.eligibility, reading)
    _versions(parts.catalogues, reading)
    _versions(parts.instruments, reading)
    _versions(parts.measures, reading)
    for code in ("monthly", "interim"):
        _versions([each for each in parts.reports if each.value.code == code], reading)
    _versions(parts.calendars, reading)
    _versions(parts.national, reading)
    for own in parts.municipal.values():
        _versions(own, reading)


def _check_territory(parts: Parts, reading: Reading) -> None:
    codes = {each.value.code for each in parts.municipalities}
    agreements = {each.value.code for each in parts.agreements}
    for municipality in parts.municipalities:
        _known(municipality.where, "agreement", municipality.value.agreement, agreements, reading)
    for terms in parts.agreements:
        for code in terms.value.municipalities:
            _known(terms.where, "municipality", code, codes, reading)
    for code in codes:
        of_one = [terms for terms in parts.agreements if code in terms.value.municipalities]
        _one_at_a_time(of_one, lambda _: None, reading)


def _check_components(parts: Parts, reading: Reading) -> None:
    areas = {each.value.code for each in parts.life_areas}
    for component in (each for components in parts.components for each in components):
        if component.value.life_area is not None:
            _known(component.where, "life area", component.value.life_area, areas, reading)


def _check_prices(parts: Parts, reading: Reading) -> None:
    """A price is for an agreement there is, and for a tariff of a priced component of a catalogue of its time."""
    agreements = {each.value.code for each in parts.agreements}
    for price in parts.prices:
        _known(price.where, "agreement", price.value.agreement, agreements, reading)
        offers = [
            each.value.get(price.value.component) for each in parts.catalogues if overlap(each.value, price.value)
        ]
        if not any(offer and offer.priced and price.value.tariff in offer.tariffs for offer in offers):
            offered = f"{price.value.component} at the tariff {price.value.tariff}"
            reading.add(price.where, f"no catalogue of its time has {offered} with a price")


def _check_eligibility(parts: Parts, reading: Reading) -> None:
    for rules in parts.eligibility:
        for code in (*rules.value.one_of, *rules.value.all_of, *rules.value.until_place):
            _known(rules.where, "condition", code, parts.conditions, reading)
        start, end = rules.value.joining_from, rules.value.joining_to
        if start is not None and end is not None and end < start:
            reading.add(rules.where, "joining ends before it begins")


def _check_instrument(instrument: Found[Instrument], parts: Parts, reading: Reading) -> None:
    areas = {each.value.code for each in parts.life_areas} | {ENVIRONMENT}
    sections = instrument.value.sections
    _no_twice([Found(where=instrument.where, value=section.code) for section in sections], str, reading)
    items = [item for section in sections for item in section.items]
    _no_twice([Found(where=instrument.where, value=item.code) for item in items], str, reading)
    for section in sections:
        _known(instrument.where, "life area", section.life_area, areas, reading)
        if any((item.scale == "environment") != (section.life_area == ENVIRONMENT) for item in section.items):
            reading.add(instrument.where, f"section {section.code} mixes questions of need and of the environment")


def _check_measure(measure: Found[OutcomeMeasure], parts: Parts, reading: Reading) -> None:
    """It asks for the whole of a life, and what it names as its scorer is a rule that there is."""
    _known(measure.where, "scorer", measure.value.scorer, SCORERS, reading)
    areas = {each.value.code for each in parts.life_areas}
    _no_twice([Found(where=measure.where, value=area) for area in measure.value.life_areas], str, reading)
    for area in measure.value.life_areas:
        _known(measure.where, "life area", area, areas, reading)
    for area in sorted(areas - {*measure.value.life_areas}):
        reading.add(measure.where, f"it leaves out the life area {area}")
    for fault in measure.value.faults():
        reading.add(measure.where, fault)


def _check_calendars(parts: Parts, reading: Reading) -> None:
    known = {each.value.code for each in parts.municipalities}
    _no_twice(parts.office_days, lambda each: f"{each.municipality} on {each.day}", reading)
    for office_day in parts.office_days:
        _known(office_day.where, "municipality", office_day.value.municipality, known, reading)
    for calendar in parts.calendars:
        for month, day in (*calendar.value.fixed, *calendar.value.shortened):
            try:
                date(2024, month, day)  # a leap year: 29 February is a day
            except ValueError:
                reading.add(calendar.where, f"there is no day {day} in month {month}")


def _check_settings(parts: Parts, reading: Reading) -> None:
    codes = {each.value.code for each in parts.municipalities}
    names = {field.name for field in fields(Settings)}
    for code, own in parts.municipal.items():
        for each in own:
            _known(each.where, "municipality", code, codes, reading)
    for each in (*parts.national, *(each for own in parts.municipal.values() for each in own)):
        for name in each.value.assumptions:
            _known(each.where, "setting", name, names, reading)


def _check_carer_needs(parts: Parts, reading: Reading) -> None:
    _no_twice(parts.carer_needs, lambda need: need.code, reading)
    codes = {component.value.code for components in parts.components for component in components}
    for need in parts.carer_needs:
        for component in need.value.components:
            _known(need.where, "component", component, codes, reading)


def _check_providers(parts: Parts, reading: Reading, *, synthetic: bool) -> None:
    """Real providers are recorded by a step with somebody's name on it, never by a file."""
    _no_twice(parts.providers, lambda provider: provider.registry_code, reading)
    municipalities = {each.value.code for each in parts.municipalities} | {EVERY}
    components = {each.value.code for listed in parts.components for each in listed} | {EVERY}
    for provider in parts.providers:
        if not synthetic:
            reading.add(provider.where, "only a synthetic programme begins with providers")
        for code in (provider.value.based_in, *provider.value.municipalities):
            _known(provider.where, "municipality", code, municipalities, reading)
        for code in provider.value.components:
            _known(provider.where, "component", code, components, reading)


def _known(where: str, what: str, code: str, codes: Collection[str], reading: Reading) -> None:
    if code not in codes:
        reading.add(where, f"there is no {what} {code}")


def _no_twice(found: Iterable[Found[T]], code_of: Callable[[T], str], reading: Reading) -> None:
    seen: set[str] = set()
    for each in found:
        code = code_of(each.value)
        if code in seen:
            reading.add(each.where, f"{code} is there twice")
        seen.add(code)


def _versions(found: list[Found[V]], reading: Reading) -> None:
    _no_twice(found, lambda each: each.version, reading)
    _one_at_a_time(found, lambda _: None, reading)


def _one_at_a_time(found: Iterable[Found[D]], key_of: Callable[[D], Hashable], reading: Reading) -> None:
    groups: dict[Hashable, list[Found[D]]] = {}
    for each in found:
        if each.value.valid_to is not None and each.value.valid_to < each.value.valid_from:
            reading.add(each.where, "it ends before it begins")
        groups.setdefault(key_of(each.value), []).append(each)
    for group in groups.values():
        for earlier, later in combinations(group, 2):
            if overlap(earlier.value, later.value):
                reading.add(later.where, f"it holds at the same time as {earlier.where}")
