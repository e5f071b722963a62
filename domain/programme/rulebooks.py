"""Reads the rules of a programme: who may join, which questions are asked, public holidays, and deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from posixpath import dirname
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from domain.fields import Code
from domain.programme.eligibility import EligibilityRules
from domain.programme.instrument import Instrument, Section
from domain.programme.outcome_measure import OutcomeMeasure
from domain.programme.periods import Day
from domain.programme.reading import Convert, Found, Reading, Row, beside, build, table, tables, versions, yes_or_no
from domain.programme.report_definition import ReportDefinition
from domain.programme.settings import Settings
from domain.programme.territory import Name
from domain.working_days import Calendar, Holiday


def eligibility(file: str, reading: Reading) -> list[Found[EligibilityRules]]:
    empty = dict.fromkeys(("valid_to", "age_max", "age_max_text", "age_exception", "joining_from", "joining_to"))
    lists = ("excluded_primary_diagnosis", "excluded_any_diagnosis", "one_of", "all_of", "until_place")
    none = dict.fromkeys(lists, ())
    return build(EligibilityRules, versions(file, reading), reading, **empty, **none, open_question=None)


def conditions(file: str, reading: Reading) -> Mapping[str, str]:
    """What each condition's code means, in words."""
    found = [each.value.meaning for each in build(_Conditions, versions(file, reading), reading, valid_to=None)]
    return MappingProxyType({code: words for meaning in found for code, words in meaning.items()})


def calendars(file: str, reading: Reading) -> list[Found[Calendar]]:
    found = build(_Holidays, versions(file, reading), reading, valid_to=None)
    return [Found(where=each.where, value=_calendar(each.value)) for each in found]


def instruments(file: str, reading: Reading) -> list[Found[Instrument]]:
    """Each version names the files of its sections and its questions, beside its own."""
    found = build(_Questions, versions(file, reading), reading, valid_to=None)
    return [Found(where=each.where, value=_instrument(each.value, dirname(file), reading)) for each in found]


def measures(file: str, reading: Reading) -> list[Found[OutcomeMeasure]]:
    return build(OutcomeMeasure, versions(file, reading), reading, valid_to=None)


def reports(file: str, reading: Reading) -> list[Found[ReportDefinition]]:
    return build(ReportDefinition, versions(file, reading), reading, valid_to=None)


def settings(file: str, reading: Reading) -> tuple[list[Found[Settings]], dict[str, list[Found[Settings]]]]:
    """The national settings, and by municipality those that differ in something."""
    rows = versions(file, reading)
    national = build(Settings, [_without(row, "municipal") for row in rows], reading, valid_to=None)
    municipal: dict[str, list[Found[Settings]]] = {}
    for row in rows:
        for own in tables(row.where, row.values, "municipal", reading):
            for municipality in _municipalities(own, reading):
                differing = _differing(row, own, municipality)
                municipal.setdefault(municipality, []).extend(build(Settings, [differing], reading, valid_to=None))
    return [_frozen(each) for each in national], {
        code: [_frozen(each) for each in own] for code, own in municipal.items()
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conditions:
    version: Code
    valid_from: Day
    valid_to: Day | None
    meaning: Mapping[Code, Name]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fixed:
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    name_et: Name
    name_en: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class _Moving:
    days_from_easter: Annotated[int, Field(ge=-180, le=180)]
    name_et: Name
    name_en: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shortened:
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Holidays:
    version: Code
    valid_from: Day
    valid_to: Day | None
    fixed: tuple[_Fixed, ...]
    moving: tuple[_Moving, ...]
    shortened: tuple[_Shortened, ...]
    shortened_hours: Annotated[int, Field(ge=0, le=8)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Questions:
    code: Code
    version: Code
    valid_from: Day
    valid_to: Day | None
    sections: Name
    items: Name
    safety_signs: tuple[Code, ...]


def _calendar(read: _Holidays) -> Calendar:
    names: dict[tuple[int, int] | int, Holiday] = {}
    for fixed in read.fixed:
        names[fixed.month, fixed.day] = Holiday(name_et=fixed.name_et, name_en=fixed.name_en)
    for moving in read.moving:
        names[moving.days_from_easter] = Holiday(name_et=moving.name_et, name_en=moving.name_en)
    return Calendar(
        version=read.version,
        valid_from=read.valid_from,
        valid_to=read.valid_to,
        fixed=tuple((each.month, each.day) for each in read.fixed),
        easter_offsets=tuple(each.days_from_easter for each in read.moving),
        names=MappingProxyType(names),
        shortened=tuple((each.month, each.day) for each in read.shortened),
        shortened_hours=read.shortened_hours,
    )


def _instrument(read: _Questions, folder: str, reading: Reading) -> Instrument:
    _, items = table(beside(folder, read.items), dict.fromkeys(("section", "code", "label_en", "scale"), str), reading)
    columns: dict[str, Convert] = {"code": str, "name_et": str, "life_area": str, "reversed": yes_or_no}
    _, sections = table(beside(folder, read.sections), columns, reading)
    known = {row.values["code"] for row in sections}
    for row in items:
        if row.values["section"] not in known:
            reading.add(row.where, f"there is no section {row.values['section']}")
    filled = [_filled(section, items) for section in sections]
    return Instrument(
        code=read.code,
        version=read.version,
        valid_from=read.valid_from,
        valid_to=read.valid_to,
        sections=tuple(each.value for each in build(Section, filled, reading)),
        safety_signs=read.safety_signs,
    )


def _filled(section: Row, items: list[Row]) -> Row:
    """A section with its questions; each is of the life area its section is of."""
    own = [item.values for item in items if item.values["section"] == section.values["code"]]
    area = section.values["life_area"]
    return Row(where=section.where, values={**section.values, "items": [{**item, "life_area": area} for item in own]})


def _municipalities(own: Row, reading: Reading) -> tuple[str, ...]:
    codes = own.values.get("municipalities")
    if not isinstance(codes, list) or not codes:
        reading.add(own.where, "it must say for which municipalities it is")
        return ()
    return tuple(map(str, codes))


def _differing(national: Row, own: Row, municipality: str) -> Row:
    """The national settings with the municipality's own in their place; only its own assumptions count for those."""
    changed = {name: value for name, value in own.values.items() if name not in ("municipalities", "assumptions")}
    reasons = {name: why for name, why in _table(national, "assumptions").items() if name not in changed}
    values = {
        **_without(national, "municipal").values,
        **changed,
        "version": f"{national.values.get('version')}:{municipality}",
        "assumptions": {**reasons, **_table(own, "assumptions")},
    }
    return Row(where=own.where, values=values)


def _table(row: Row, name: str) -> dict[str, object]:
    found = row.values.get(name, {})
    return found if isinstance(found, dict) else {}


def _without(row: Row, name: str) -> Row:
    return Row(where=row.where, values={key: value for key, value in row.values.items() if key != name})


def _frozen(found: Found[Settings]) -> Found[Settings]:
    ceilings = MappingProxyType(dict(found.value.ceiling_minutes_per_month))
    reasons = MappingProxyType(dict(found.value.assumptions))
    return Found(where=found.where, value=replace(found.value, ceiling_minutes_per_month=ceilings, assumptions=reasons))
