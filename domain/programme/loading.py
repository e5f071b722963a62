"""Reads a programme's folder into one checked whole; what cannot be right is refused with every problem at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from domain.programme import lists, rulebooks
from domain.programme.catalogue import Price
from domain.programme.checking import Parts, check
from domain.programme.periods import Day
from domain.programme.programme import PriceKey, Programme, ProgrammeCode
from domain.programme.reading import Reading, Row, build, rules
from domain.programme.refusals import NotKnown
from domain.programme.territory import Name

_DATA = Path(__file__).with_name("data")


@cache
def load(code: str) -> Programme:
    """The programme that comes with the software: `sourced` or `demonstration`."""
    if code not in get_args(ProgrammeCode):
        raise NotKnown("data", code)
    return load_directory(_DATA / code)


def load_directory(path: Path) -> Programme:
    """The programme in a folder, whose `programme.toml` names the other files. Raises ProgrammeInvalid."""
    reading = Reading()
    about = _about(path, reading)
    parts = _parts(path, about, reading)
    check(parts, reading, synthetic=about.synthetic)
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
    calendars: Name
    settings: Name
    carer_needs: Name
    providers: Name | None


def _about(path: Path, reading: Reading) -> _About:
    file = path / "programme.toml"
    found = build(_About, [Row(where=file.name, values=rules(file, reading))], reading, valid_to=None, providers=None)
    reading.refuse()  # without it, no other file can be found
    return found[0].value


def _parts(path: Path, about: _About, reading: Reading) -> Parts:
    agreements = lists.agreements(path / about.agreements, reading)
    codes = sorted({terms.value.code for terms in agreements})
    catalogues = [lists.catalogue(path / file, reading) for file in about.catalogues]
    national, municipal = rulebooks.settings(path / about.settings, reading)
    return Parts(
        life_areas=lists.life_areas(path / about.life_areas, reading),
        municipalities=lists.municipalities(path / about.municipalities, reading),
        agreements=agreements,
        conditions=rulebooks.conditions(path / about.conditions, reading),
        eligibility=rulebooks.eligibility(path / about.eligibility, reading),
        catalogues=[catalogue for found, _ in catalogues for catalogue in found],
        components=[components for _, components in catalogues],
        prices=[price for file in about.prices for price in lists.prices(path / file, codes, reading)],
        instruments=rulebooks.instruments(path / about.instruments, reading),
        calendars=rulebooks.calendars(path / about.calendars, reading),
        national=national,
        municipal=municipal,
        carer_needs=lists.carer_needs(path / about.carer_needs, reading),
        providers=[] if about.providers is None else lists.providers(path / about.providers, reading),
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
        calendars=tuple(each.value for each in parts.calendars),
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
