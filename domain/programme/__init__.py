"""The programme as data: who may join, what help there is, what it costs, what is asked, and by when."""

from domain.programme.catalogue import Catalogue, Component, Price, Serves, Tariff
from domain.programme.comparing import changes_of_the_past
from domain.programme.eligibility import EligibilityRules
from domain.programme.holes import Hole
from domain.programme.instrument import ENVIRONMENT, Instrument, Item, Scale, Section
from domain.programme.loading import load, load_directory, load_texts, packaged_texts, texts_in
from domain.programme.outcome_measure import Answerer, Occasion, OutcomeMeasure
from domain.programme.periods import covers
from domain.programme.programme import Programme, ProgrammeCode
from domain.programme.refusals import NotInForce, NotKnown, ProgrammeInvalid
from domain.programme.report_definition import ReportDefinition
from domain.programme.settings import PlanAuthor, Settings
from domain.programme.territory import EVERY, AgreementTerms, CarerNeed, ExampleProvider, LifeArea, Municipality

__all__ = [
    "ENVIRONMENT",
    "EVERY",
    "AgreementTerms",
    "Answerer",
    "CarerNeed",
    "Catalogue",
    "Component",
    "EligibilityRules",
    "ExampleProvider",
    "Hole",
    "Instrument",
    "Item",
    "LifeArea",
    "Municipality",
    "NotInForce",
    "NotKnown",
    "Occasion",
    "OutcomeMeasure",
    "PlanAuthor",
    "Price",
    "Programme",
    "ProgrammeCode",
    "ProgrammeInvalid",
    "ReportDefinition",
    "Scale",
    "Section",
    "Serves",
    "Settings",
    "Tariff",
    "changes_of_the_past",
    "covers",
    "load",
    "load_directory",
    "load_texts",
    "packaged_texts",
    "texts_in",
]
