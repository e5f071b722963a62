"""Who could give some help: providers under contract, near home and free first, each with the reason for its position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from domain.capacity import Load
from domain.parties import Contract, Provider
from domain.programme import Programme


class Near(IntEnum):
    """Smaller comes first, as in the two below."""

    AT_HOME = 0
    SAME_REGION = 1
    ELSEWHERE = 2
    NOT_STATED = 3


class Free(IntEnum):
    HAS_ROOM = 0
    NOT_STATED = 1
    FULL = 2


class Speaks(IntEnum):
    YES = 0
    NOT_STATED = 1
    NO = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The help that is looked for: where the person lives, what they speak, and when."""

    component: str
    municipality: str
    language: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    provider_id: str
    name: str
    near: Near
    free: Free
    speaks: Speaks
    based_in: str | None
    languages: tuple[str, ...]
    capacity_minutes_per_month: int | None
    fullest_month: str
    planned_minutes: int
    reason: str


def propose(
    wanted: Wanted, providers: Iterable[Provider], loads: Mapping[str, Load], programme: Programme
) -> tuple[Proposal, ...]:
    """Those under contract for the whole period. Near home comes before free, free before language; who stands equal is
    ordered by what is planned of them, then by id, so that the order is the same each time."""
    able = (
        each
        for each in providers
        if each.covers(wanted.component, wanted.municipality, wanted.starts_on, wanted.ends_on)
    )
    proposals = (_proposal(each, wanted, loads.get(each.provider_id, Load(planned={})), programme) for each in able)
    return tuple(sorted(proposals, key=lambda p: (p.near, p.free, p.speaks, p.planned_minutes, p.provider_id)))


def _proposal(provider: Provider, wanted: Wanted, load: Load, programme: Programme) -> Proposal:
    contract = provider.contract_on(wanted.starts_on)
    assert contract is not None, "it covers the first day"
    month, planned = load.fullest(wanted.starts_on, wanted.ends_on)
    near, free, speaks = _near(contract, wanted, programme), _free(contract, planned), _speaks(contract, wanted)
    told = (
        _where(near, contract, wanted, programme),
        _room(free, contract, month, planned),
        _language(speaks, wanted.language),
    )
    return Proposal(
        provider_id=provider.provider_id,
        name=provider.name,
        near=near,
        free=free,
        speaks=speaks,
        based_in=contract.based_in,
        languages=tuple(sorted(contract.languages)),
        capacity_minutes_per_month=contract.capacity_minutes_per_month,
        fullest_month=month,
        planned_minutes=planned,
        reason=f"{'; '.join(told)}.",
    )


def _near(contract: Contract, wanted: Wanted, programme: Programme) -> Near:
    if contract.based_in is None:
        return Near.NOT_STATED
    if contract.based_in == wanted.municipality:
        return Near.AT_HOME
    home, based = programme.municipality(wanted.municipality), programme.municipality(contract.based_in)
    return Near.SAME_REGION if home.region == based.region else Near.ELSEWHERE


def _free(contract: Contract, planned: int) -> Free:
    if contract.capacity_minutes_per_month is None:
        return Free.NOT_STATED
    return Free.HAS_ROOM if planned < contract.capacity_minutes_per_month else Free.FULL


def _speaks(contract: Contract, wanted: Wanted) -> Speaks:
    if not contract.languages:
        return Speaks.NOT_STATED
    return Speaks.YES if wanted.language in contract.languages else Speaks.NO


def _where(near: Near, contract: Contract, wanted: Wanted, programme: Programme) -> str:
    if contract.based_in is None:
        return "Where it is at home is not stated"
    home, based = programme.municipality(wanted.municipality), programme.municipality(contract.based_in)
    match near:
        case Near.AT_HOME:
            return f"At home in {based.name}, where the person lives"
        case Near.SAME_REGION:
            return f"At home in {based.name}, in the same region as {home.name} ({home.region})"
        case _:
            return f"At home in {based.name}, in another region ({based.region})"


def _room(free: Free, contract: Contract, month: str, planned: int) -> str:
    capacity = contract.capacity_minutes_per_month
    if capacity is None:
        return f"how much it can give is not stated, {hours(planned)} are planned of it in {month}"
    told = f"{hours(planned)} of {hours(capacity)} are planned in {month}, its fullest month of the period"
    return f"free: {told}" if free is Free.HAS_ROOM else f"full: {told}"


def _language(speaks: Speaks, language: str) -> str:
    match speaks:
        case Speaks.YES:
            return f"speaks the person's language ({language})"
        case Speaks.NOT_STATED:
            return "which languages it speaks is not stated"
        case Speaks.NO:
            return f"does not say that it speaks the person's language ({language})"


def hours(minutes: int) -> str:
    """As people say it; the number of minutes stands beside it."""
    whole, rest = divmod(minutes, 60)
    return f"{whole} h {rest} min" if rest else f"{whole} h"
