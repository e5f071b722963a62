"""All that is agreed and ruled about the service, each part asked for by the day it must hold on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from domain.programme import periods
from domain.programme.catalogue import Catalogue, Price
from domain.programme.eligibility import EligibilityRules
from domain.programme.instrument import Instrument
from domain.programme.outcome_measure import OutcomeMeasure
from domain.programme.refusals import NotKnown
from domain.programme.report_definition import ReportDefinition
from domain.programme.settings import Settings
from domain.programme.territory import AgreementTerms, CarerNeed, ExampleProvider, LifeArea, Municipality, OfficeDay
from domain.working_days import Calendar

ProgrammeCode = Literal["sourced", "demonstration"]
PriceKey = tuple[str, str, str]  # agreement, component, tariff


@dataclass(frozen=True, kw_only=True, slots=True)
class Programme:
    """One whole set of data. Asked for a day on which no version holds, it raises NotInForce; for a code it does not
    have, NotKnown. A price that is not known is None, never 0."""

    code: ProgrammeCode
    synthetic: bool
    life_areas: tuple[LifeArea, ...]
    municipalities: tuple[Municipality, ...]
    agreements: tuple[AgreementTerms, ...]
    conditions: Mapping[str, str] = field(hash=False)
    eligibility_versions: tuple[EligibilityRules, ...]
    catalogues: tuple[Catalogue, ...]
    prices: Mapping[PriceKey, tuple[Price, ...]] = field(hash=False)
    instruments: tuple[Instrument, ...]
    calendars: tuple[Calendar, ...]
    national_settings: tuple[Settings, ...]
    municipal_settings: Mapping[str, tuple[Settings, ...]] = field(hash=False)
    carer_needs: tuple[CarerNeed, ...]
    providers: tuple[ExampleProvider, ...]  # those a demonstration begins with; elsewhere none
    sources: Mapping[str, str] = field(hash=False)
    office_days: tuple[OfficeDay, ...] = ()
    measures: tuple[OutcomeMeasure, ...] = ()  # none in what was published before there were any
    reports: tuple[ReportDefinition, ...] = ()  # likewise
    publication: str | None = None  # the number under which it was published; None as it comes with the software

    def published_as(self, publication: str) -> Programme:
        return replace(self, publication=publication)

    def life_area(self, code: str) -> LifeArea:
        for area in self.life_areas:
            if area.code == code:
                return area
        raise NotKnown("life area", code)

    def municipality(self, code: str) -> Municipality:
        for municipality in self.municipalities:
            if municipality.code == code:
                return municipality
        raise NotKnown("municipality", code)

    def agreement_of(self, municipality: str, on: date) -> AgreementTerms | None:
        """The agreement a municipality has on a day; None where it has none then."""
        self.municipality(municipality)
        return periods.find((terms for terms in self.agreements if municipality in terms.municipalities), on)

    def agreement(self, code: str, on: date) -> AgreementTerms:
        terms = [terms for terms in self.agreements if terms.code == code]
        if not terms:
            raise NotKnown("agreement", code)
        return periods.in_force(terms, on, what=f"agreement {code}")

    def eligibility(self, on: date) -> EligibilityRules:
        return periods.in_force(self.eligibility_versions, on, what="rule on who may join")

    def last_eligibility(self, on: date) -> EligibilityRules:
        """Those of the day, or where none hold any more the last that did: what must not be combined does not become
        allowed by the end of a programme. NotInForce before there were any."""
        begun = [rules for rules in self.eligibility_versions if rules.valid_from <= on]
        if not begun:
            return self.eligibility(on)
        return max(begun, key=lambda rules: rules.valid_from)

    def catalogue(self, on: date) -> Catalogue:
        return periods.in_force(self.catalogues, on, what="catalogue of components")

    def price(self, *, agreement: str, component: str, tariff: str, on: date) -> Price | None:
        """The price of that day of service; None where it is not known."""
        return periods.find(self.prices.get((agreement, component, tariff), ()), on)

    def prices_between(self, agreement: str, component: str, tariff: str, start: date, end: date) -> tuple[Price, ...]:
        """Every price that holds on some day from start to end, earliest first; there may be days without one."""
        return periods.during(self.prices.get((agreement, component, tariff), ()), start, end)

    def offers(self, component: str, tariff: str, start: date, end: date) -> bool:
        """Whether on each day from start to end some catalogue has that component at that tariff."""
        having = (each for each in self.catalogues if (found := each.get(component)) and tariff in found.tariffs)
        return periods.covers(having, start, end)

    def versions(self) -> Iterator[periods.Dated]:
        """Everything that has days, one after the other."""
        dated: tuple[tuple[periods.Dated, ...], ...] = (
            self.agreements,
            self.eligibility_versions,
            self.catalogues,
            self.instruments,
            self.measures,
            self.reports,
            self.calendars,
            self.national_settings,
            *self.municipal_settings.values(),
            *self.prices.values(),
        )
        for versions in dated:
            yield from versions

    def covers(self, agreement: str, component: str, tariff: str, start: date, end: date) -> bool:
        """Whether a price is known for each day from start to end."""
        return periods.covers(self.prices.get((agreement, component, tariff), ()), start, end)

    def instrument(self, on: date) -> Instrument:
        return periods.in_force(self.instruments, on, what="assessment instrument")

    def instrument_version(self, version: str) -> Instrument:
        """The instrument an earlier assessment was made with, in force or not."""
        for instrument in self.instruments:
            if instrument.version == version:
                return instrument
        raise NotKnown("assessment instrument", version)

    def measure(self, on: date) -> OutcomeMeasure:
        return periods.in_force(self.measures, on, what="outcome measure")

    def report(self, code: str, on: date) -> ReportDefinition:
        """What such a report of a period that ends on that day shows."""
        return periods.in_force((each for each in self.reports if each.code == code), on, what=f"{code} report")

    def calendar(self, on: date, municipality: str | None = None) -> Calendar:
        """That of the day, which knows the days of the others too; of one municipality, with what its office does otherwise."""
        found = periods.in_force(self.calendars, on, what="calendar")
        own = [each for each in self.office_days if each.municipality == municipality]
        if not own and len(self.calendars) == 1:
            return found
        return replace(
            found,
            others=self.calendars,
            closed=frozenset(each.day for each in own if not each.works),
            opened=frozenset(each.day for each in own if each.works),
        )

    def settings(self, municipality: str, on: date) -> Settings:
        """The municipality's own settings where it has some, else the national ones."""
        self.municipality(municipality)
        own = periods.find(self.municipal_settings.get(municipality, ()), on)
        return own or periods.in_force(self.national_settings, on, what="setting of deadlines")
