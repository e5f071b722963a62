"""Reads a programme's folder into one checked whole; what cannot be right is refused with every problem at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from domain.programme import lists, rulebooks
from domain.programme.catalogue import Price
from domain.programme.checking import Parts, check
from domain.programme.holes import Hole, check_holes
from domain.programme.periods import Day
from domain.programme.programme import PriceKey, Programme, ProgrammeCode
from domain.programme.reading import Files, Reading, Row, beside, build, rules
from domain.programme.refusals import NotKnown
from domain.programme.territory import Name

ABOUT = "programme.toml"
_DATA = Path(__file__).with_name("data")


@cache
def load(code: str) -> Programme:
    """The programme that comes with the software: `sourced` or `demonstration`."""
    if code not in get_args(ProgrammeCode):
        raise NotKnown("data", code)
    return load_directory(_DATA / code)


def load_directory(path: Path) -> Programme:
    """The programme in a folder, whose `programme.toml` names the other files. Raises ProgrammeInvalid."""
    return _read(_in_folder(path))


def load_texts(texts: Mapping[str, str]) -> Programme:
    """The same from its texts by name, none of which may be more than it names. Raises ProgrammeInvalid."""
    return _of_texts(tuple(sorted(texts.items())))


@lru_cache(maxsize=4)
def _of_texts(named: tuple[tuple[str, str], ...]) -> Programme:
    """What is published is read as it is asked for, decided and looked at afterwards."""
    texts = dict(named)
    reading = Reading(_among(texts))
    programme = _read(reading)
    for name in sorted(texts.keys() - reading.texts.keys()):
        reading.add(name, "the programme does not name this file")
    reading.refuse()
    return programme


def texts_in(path: Path) -> Mapping[str, str]:
    """The texts of the programme in a folder, as `load_texts` takes them. Raises ProgrammeInvalid."""
    reading = _in_folder(path)
    _read(reading)
    return reading.texts


@cache
def packaged_texts(code: str) -> Mapping[str, str]:
    return MappingProxyType(dict(texts_in(_DATA / code)))


def _in_folder(path: Path) -> Reading:
    return Reading(lambda name: (path / name).read_bytes())


def _among(texts: Mapping[str, str]) -> Files:
    def opened(name: str) -> bytes:
        if name not in texts:
            raise FileNotFoundError(name)
        return texts[name].encode()

    return opened


def _read(reading: Reading) -> Programme:
    about = _about(reading)
    parts = _parts(about, reading)
    check(parts, reading, synthetic=about.synthetic)
    if reading.is_clean:  # else what could not be read would be told once more, as a hole
        check_holes(parts, about, about.hole, reading)
    reading.refuse()
    return _whole(about, parts, reading)


@dataclass(frozen=True, kw_only=True, slots=True)
class _About:
    """What a programme says of itself, and in which files the rest stands."""

    code: ProgrammeCode
    synthetic: bool
    source: Name
    valid_from: Day
    valid_to: Day | None
    life_areas: Name
    municipalities: Name
    agreements: Name
    conditions: Name
    eligibility: Name
    catalogues: tuple[Name, ...]
    prices: tuple[Name, ...]
    instruments: Name
    measures: Name | None
    reports: Name | None
    calendars: Name
    office_days: Name | None
    settings: Name
    carer_needs: Name
    providers: Name | None
    hole: tuple[Hole, ...]


def _about(reading: Reading) -> _About:
    rows = [Row(where=ABOUT, values=rules(ABOUT, reading))]
    found = build(
        _About, rows, reading, valid_to=None, measures=None, reports=None, office_days=None, providers=None, hole=()
    )
    reading.refuse()  # without it, no other file can be found
    return found[0].value


def _parts(about: _About, reading: Reading) -> Parts:
    agreements = lists.agreements(beside("", about.agreements), reading)
    codes = sorted({terms.value.code for terms in agreements})
    catalogues = [lists.catalogue(beside("", file), reading) for file in about.catalogues]
    national, municipal = rulebooks.settings(beside("", about.settings), reading)
    return Parts(
        life_areas=lists.life_areas(beside("", about.life_areas), reading),
        municipalities=lists.municipalities(beside("", about.municipalities), reading),
        agreements=agreements,
        conditions=rulebooks.conditions(beside("", about.conditions), reading),
        eligibility=rulebooks.eligibility(beside("", about.eligibility), reading),
        catalogues=[catalogue for found, _ in catalogues for catalogue in found],
        components=[components for _, components in catalogues],
        prices=[price for file in about.prices for price in lists.prices(beside("", file), codes, reading)],
        instruments=rulebooks.instruments(beside("", about.instruments), reading),
        measures=[] if about.measures is None else rulebooks.measures(beside("", about.measures), reading),
        reports=[] if about.reports is None else rulebooks.reports(beside("", about.reports), reading),
        calendars=rulebooks.calendars(beside("", about.calendars), reading),
        office_days=[] if about.office_days is None else lists.office_days(beside("", about.office_days), reading),
        national=national,
        municipal=municipal,
        carer_needs=lists.carer_needs(beside("", about.carer_needs), reading),
        providers=[] if about.providers is None else lists.providers(beside("", about.providers), reading),
    )


def _whole(about: _About, parts: Parts, reading: Reading) -> Programme:
    return Programme(
        code=about.code,
        synthetic=about.synthetic,
        life_areas=tuple(each.value for each in parts.life_areas),
        municipalities=tuple(each.value for each in parts.municipalities),
        agreements=tuple(each.value for each in parts.agreements),
        conditions=parts.conditions,
        eligibility_versions=tuple(each.value for each in parts.eligibility),
        catalogues=tuple(each.value for each in parts.catalogues),
        prices=_by_key(each.value for each in parts.prices),
        instruments=tuple(each.value for each in parts.instruments),
        measures=tuple(each.value for each in parts.measures),
        reports=tuple(each.value for each in parts.reports),
        calendars=tuple(each.value for each in parts.calendars),
        office_days=tuple(each.value for each in parts.office_days),
        national_settings=tuple(each.value for each in parts.national),
        municipal_settings=MappingProxyType(
            {code: tuple(each.value for each in own) for code, own in parts.municipal.items()}
        ),
        carer_needs=tuple(each.value for each in parts.carer_needs),
        providers=tuple(each.value for each in parts.providers),
        sources=MappingProxyType({"programme": about.source, **reading.sources}),
    )


def _by_key(prices: Iterable[Price]) -> MappingProxyType[PriceKey, tuple[Price, ...]]:
    grouped: dict[PriceKey, list[Price]] = {}
    for price in prices:
        grouped.setdefault((price.agreement, price.component, price.tariff), []).append(price)
    return MappingProxyType({key: tuple(group) for key, group in grouped.items()})
