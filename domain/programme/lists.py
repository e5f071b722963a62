"""Reads the lists of a programme: life areas, municipalities, agreements, components and their prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from posixpath import basename
from types import MappingProxyType

from domain.fields import Code
from domain.money import parse_euros
from domain.programme.catalogue import Catalogue, Component, Price
from domain.programme.periods import Day
from domain.programme.reading import Convert, Found, Reading, Row, build, listed, optional, table, yes_or_no
from domain.programme.territory import AgreementTerms, CarerNeed, ExampleProvider, LifeArea, Municipality, OfficeDay

EVERY_AGREEMENT = "*"  # a price for every agreement that has none of its own for the same component and tariff

_day = date.fromisoformat


def life_areas(file: str, reading: Reading) -> list[Found[LifeArea]]:
    _, rows = table(file, {"code": str, "name_et": str, "name_en": str}, reading)
    return build(LifeArea, rows, reading)


def municipalities(file: str, reading: Reading) -> list[Found[Municipality]]:
    columns = dict.fromkeys(("code", "name", "kind", "region", "agreement"), str)
    _, rows = table(file, columns, reading)
    return build(Municipality, rows, reading)


def agreements(file: str, reading: Reading) -> list[Found[AgreementTerms]]:
    columns: dict[str, Convert] = {
        "code": str,
        "municipalities": listed,
        "valid_from": _day,
        "valid_to": optional(_day),
        "places": int,
        "coordinator": str,
    }
    _, rows = table(file, columns, reading)
    return build(AgreementTerms, rows, reading)


def carer_needs(file: str, reading: Reading) -> list[Found[CarerNeed]]:
    columns: dict[str, Convert] = {"code": str, "name_et": str, "name_en": str, "components": listed}
    _, rows = table(file, columns, reading)
    return build(CarerNeed, rows, reading)


def office_days(file: str, reading: Reading) -> list[Found[OfficeDay]]:
    columns: dict[str, Convert] = {"municipality": str, "day": _day, "works": yes_or_no, "why": str}
    _, rows = table(file, columns, reading)
    return build(OfficeDay, rows, reading)


def providers(file: str, reading: Reading) -> list[Found[ExampleProvider]]:
    columns: dict[str, Convert] = {
        "registry_code": str,
        "name": str,
        "based_in": str,
        "components": listed,
        "municipalities": listed,
        "languages": listed,
        "capacity_minutes_per_month": optional(int),
    }
    _, rows = table(file, columns, reading)
    return build(ExampleProvider, rows, reading)


def catalogue(file: str, reading: Reading) -> tuple[list[Found[Catalogue]], list[Found[Component]]]:
    """One catalogue, or none where it cannot be read; and its rows."""
    columns: dict[str, Convert] = {
        "code": str,
        "life_area": optional(str),
        "serves": str,
        "name_et": str,
        "name_en": str,
        "tariffs": listed,
        "priced": yes_or_no,
        "yearly_cap_eur": str,
        "note": optional(str),
    }
    about, rows = table(file, columns, reading)
    found = build(Component, [_capped(row, reading) for row in rows], reading)
    components = MappingProxyType({component.value.code: component.value for component in found})
    heads = build(_Head, [Row(where=basename(file), values=_head(about))], reading) if about else []
    return [
        Found(
            where=head.where,
            value=Catalogue(
                version=head.value.version,
                valid_from=head.value.valid_from,
                valid_to=head.value.valid_to,
                components=components,
            ),
        )
        for head in heads
    ], found


def prices(file: str, codes: Iterable[str], reading: Reading) -> list[Found[Price]]:
    """One price list, in force for the file's whole period. A price for every agreement is written out for each that
    has none of its own in the list."""
    columns: dict[str, Convert] = {"agreement": str, "component": str, "tariff": str, "eur_per_hour": parse_euros}
    about, rows = table(file, columns, reading)
    own = {_key(row, str(row.values["agreement"])) for row in rows}
    every = [row for row in rows if row.values["agreement"] == EVERY_AGREEMENT]
    single = [_priced(row, row.values["agreement"], about) for row in rows if row not in every]
    shared = [_priced(row, code, about) for row in every for code in codes if _key(row, code) not in own]
    return build(Price, [*single, *shared], reading)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    version: Code
    valid_from: Day
    valid_to: Day | None


def _head(about: Mapping[str, object]) -> dict[str, object]:
    return {name: about.get(name) for name in ("version", "valid_from", "valid_to")}


def _capped(row: Row, reading: Reading) -> Row:
    """A cap is an amount, `none`, or `unknown`; the last is no cap either, and the note must say so."""
    values = dict(row.values)
    cap = str(values.pop("yearly_cap_eur"))
    if cap == "unknown" and values["note"] is None:
        reading.add(row.where, "a cap that is unknown needs a note")
    return Row(where=row.where, values=values | {"yearly_cap_cents": _cents(row.where, cap, reading)})


def _cents(where: str, cap: str, reading: Reading) -> int | None:
    try:
        return None if cap in ("none", "unknown") else parse_euros(cap)
    except ValueError as error:
        reading.add(where, f"yearly_cap_eur: {error}")
        return None


def _key(row: Row, agreement: str) -> tuple[str, object, object]:
    return agreement, row.values["component"], row.values["tariff"]


def _priced(row: Row, agreement: object, about: Mapping[str, object]) -> Row:
    values = {
        **_head(about),
        "source": about.get("source"),
        "agreement": agreement,
        "component": row.values["component"],
        "tariff": row.values["tariff"],
        "cents_per_hour": row.values["eur_per_hour"],
    }
    return Row(where=row.where, values=values)
