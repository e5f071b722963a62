"""What a coming version of the programme would change of what is past: nothing may, since decisions rest on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol, TypeVar

from domain.programme.catalogue import Catalogue, Price
from domain.programme.eligibility import EligibilityRules
from domain.programme.instrument import Instrument
from domain.programme.outcome_measure import OutcomeMeasure
from domain.programme.programme import Programme
from domain.programme.report_definition import ReportDefinition
from domain.programme.settings import Settings
from domain.programme.territory import AgreementTerms
from domain.working_days import Calendar

T = TypeVar("T")
R = TypeVar("R", AgreementTerms, ReportDefinition)
D = TypeVar(
    "D",
    EligibilityRules,
    Catalogue,
    Instrument,
    OutcomeMeasure,
    ReportDefinition,
    Calendar,
    Settings,
    AgreementTerms,
    Price,
)


def changes_of_the_past(was: Programme, coming: Programme, today: date) -> Iterator[str]:
    """What held on some day until today, today included, and would not hold any more, or not as it was. An end that was
    open, or lies ahead, may move as long as it stays ahead; days on which nothing held may be filled."""
    yield from _versions("the rule on who may join", was.eligibility_versions, coming.eligibility_versions, today)
    yield from _versions("the catalogue", was.catalogues, coming.catalogues, today)
    yield from _versions("the assessment instrument", was.instruments, coming.instruments, today)
    yield from _versions("the outcome measure", was.measures, coming.measures, today)
    for code, reports in _by_code(was.reports).items():
        yield from _versions(f"the {code} report", reports, _by_code(coming.reports).get(code, []), today)
    yield from _versions("the calendar", was.calendars, coming.calendars, today)
    yield from _versions("the setting of deadlines", was.national_settings, coming.national_settings, today)
    yield from _municipal(was.municipal_settings, coming.municipal_settings, today)
    for code, terms in _by_code(was.agreements).items():
        yield from _versions(f"agreement {code}", terms, _by_code(coming.agreements).get(code, []), today)
    yield from _prices(was, coming, today)
    yield from _undated("life area", _coded(was.life_areas), _coded(coming.life_areas))
    yield from _undated("municipality", _coded(was.municipalities), _coded(coming.municipalities))
    yield from _undated("condition", was.conditions, coming.conditions)


def _versions(what: str, was: Sequence[D], coming: Sequence[D], today: date) -> Iterator[str]:
    now = {each.valid_from: each for each in coming}
    for each in was:
        if each.valid_from <= today and (change := _change(each, now.get(each.valid_from), today)) is not None:
            yield f"{what} from {each.valid_from} {change}"


def _change(was: D, now: D | None, today: date) -> str | None:
    if now is None:
        return "is gone"
    if replace(was, valid_to=None) != replace(now, valid_to=None):
        return "says something else"
    if was.valid_to != now.valid_to and min(was.valid_to or date.max, now.valid_to or date.max) < today:
        return f"would end on {now.valid_to or 'no day'}, not on {was.valid_to or 'no day'}"
    return None


def _municipal(
    was: Mapping[str, Sequence[Settings]], coming: Mapping[str, Sequence[Settings]], today: date
) -> Iterator[str]:
    """Until now the national ones held where a municipality had none of its own; so none may begin in the past."""
    for code in sorted(was.keys() | coming.keys()):
        what = f"the setting of deadlines of {code}"
        before, after = was.get(code, ()), coming.get(code, ())
        yield from _versions(what, before, after, today)
        known = {each.valid_from for each in before}
        for each in after:
            if each.valid_from <= today and each.valid_from not in known:
                yield f"{what} from {each.valid_from} is new, and the national one held by then"


def _prices(was: Programme, coming: Programme, today: date) -> Iterator[str]:
    """Each change once, with the agreements that it is of."""
    changed: defaultdict[str, list[str]] = defaultdict(list)
    for key, prices in was.prices.items():
        agreement, component, tariff = key
        what = f"the price of {component} ({tariff})"
        for change in _versions(what, prices, coming.prices.get(key, ()), today):
            changed[change].append(agreement)
    for change, agreements in changed.items():
        more = f" and {len(agreements) - 1} more" if len(agreements) > 1 else ""
        yield f"{change} (under {agreements[0]}{more})"


def _undated(what: str, was: Mapping[str, T], coming: Mapping[str, T]) -> Iterator[str]:
    """What has no dates holds at all times: it may become more, not other."""
    for code, each in was.items():
        if coming.get(code) != each:
            yield f"{what} {code} {'says something else' if code in coming else 'is gone'}"


def _by_code(things: Iterable[R]) -> dict[str, list[R]]:
    grouped: dict[str, list[R]] = {}
    for each in things:
        grouped.setdefault(each.code, []).append(each)
    return grouped


class _HasCode(Protocol):
    @property
    def code(self) -> str: ...


C = TypeVar("C", bound=_HasCode)


def _coded(things: Iterable[C]) -> dict[str, C]:
    return {each.code: each for each in things}
