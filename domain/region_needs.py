"""What the people of a municipality need, against what providers under contract there cover; what falls short is a gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from domain.capacity import Load, by_month, month_of
from domain.parties import GapAction, Provider, Region
from domain.programme import Component, Programme
from domain.proposing import hours
from domain.states import Exited, Journey, Plan, Refused

Measure = Literal["need", "unmet_area", "line", "unmet", "minutes", "carer", "provider"]
Key = tuple[Measure, str, str]  # what is counted, of what, and the degree or month where there is one


def tally(state: Journey) -> Counter[Key]:
    """What one open journey adds to the numbers of its municipality: its latest assessment, its agreed plan, its carers.
    `need` counts by life area and degree, `minutes` and `provider` by month, the others each journey once."""
    counted: Counter[Key] = Counter()
    if isinstance(state, Refused | Exited):
        return counted
    if state.file.assessments:
        degrees = state.file.assessments[-1].need_by_life_area
        counted.update(("need", area, str(degree)) for area, degree in degrees.items() if 1 <= degree <= 4)
    for assessed in state.file.carers.values():
        counted.update(("carer", need, "") for need in dict.fromkeys(assessed.needs or ()))
    if (plan := state.file.plan_in_force) is not None:
        counted.update(set(_named(plan)))
        for line in plan.lines:
            for month, minutes in by_month(line):
                counted["minutes", line.component, month] += minutes
                counted["provider", line.provider_id, month] += minutes
    return counted


def _named(plan: Plan) -> Iterator[Key]:
    areas = {goal.goal_id: goal.life_area for goal in plan.goals}
    yield from (("line", line.component, "") for line in plan.lines)
    for need in plan.unmet:
        yield "unmet_area", areas[need.goal_id], ""
        if need.component is not None:
            yield "unmet", need.component, ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cover:
    """The providers under contract for something on a day. Of several with a capacity stated it is the sum; if one
    states none, nobody can say that it is used up."""

    providers: tuple[str, ...]
    capacity_minutes: int | None
    planned_minutes: int  # of those providers, for all components and everywhere they work

    @property
    def is_over(self) -> bool:
        return self.capacity_minutes is not None and self.planned_minutes > self.capacity_minutes


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaNeed:
    life_area: str
    by_degree: Mapping[int, int]
    in_need: int  # journeys whose latest assessment has at least the degree that counts
    unmet: int
    cover: Cover
    gap: tuple[str, ...]  # why it is one; empty: it is none
    action: GapAction | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentNeed:
    component: str
    life_area: str | None
    planned: int
    unmet: int
    carers: int  # carers' needs that this component meets
    planned_minutes: int
    cover: Cover
    gap: tuple[str, ...]
    action: GapAction | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionNeeds:
    life_areas: tuple[AreaNeed, ...]
    components: tuple[ComponentNeed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """All that the answer rests on: the municipality's counts, its providers with what is planned of them, its actions."""

    municipality: str
    on: date
    counts: Mapping[Key, int]
    providers: Sequence[Provider]
    loads: Mapping[str, Load]
    region: Region | None


def needs(known: Known, programme: Programme) -> RegionNeeds:
    """One row a life area and one a component of the day's catalogue."""
    components = programme.catalogue(known.on).components.values()
    areas = tuple(_area(area.code, known, programme) for area in programme.life_areas)
    in_need = {area.life_area: area.in_need for area in areas}
    return RegionNeeds(
        life_areas=areas,
        components=tuple(
            _component(each, in_need.get(each.life_area or "", 0), known, programme) for each in components
        ),
    )


def _area(area: str, known: Known, programme: Programme) -> AreaNeed:
    counting = programme.settings(known.municipality, known.on).need_counts_from_degree
    by_degree = {degree: known.counts.get(("need", area, str(degree)), 0) for degree in range(1, 5)}
    in_need = sum(number for degree, number in by_degree.items() if degree >= counting)
    unmet = known.counts.get(("unmet_area", area, ""), 0)
    offered = [c.code for c in programme.catalogue(known.on).components.values() if c.life_area == area]
    cover = _cover(offered, known)
    return AreaNeed(
        life_area=area,
        by_degree=by_degree,
        in_need=in_need,
        unmet=unmet,
        cover=cover,
        gap=_why({"in need": in_need, "unmet": unmet}, unmet, cover, known.on),
        action=None if known.region is None else known.region.latest(life_area=area),
    )


def _component(component: Component, in_area: int, known: Known, programme: Programme) -> ComponentNeed:
    code = component.code
    planned, unmet = (known.counts.get((measure, code, ""), 0) for measure in ("line", "unmet"))
    met_here = [need.code for need in programme.carer_needs if code in need.components]
    carers = sum(known.counts.get(("carer", need, ""), 0) for need in met_here)
    cover = _cover([code], known)
    asked = {"planned": planned, "unmet": unmet, "carers": carers, "in need in its life area": in_area}
    return ComponentNeed(
        component=code,
        life_area=component.life_area,
        planned=planned,
        unmet=unmet,
        carers=carers,
        planned_minutes=known.counts.get(("minutes", code, month_of(known.on)), 0),
        cover=cover,
        gap=_why(asked, unmet, cover, known.on),
        action=None if known.region is None else known.region.latest(component=code),
    )


def _cover(components: Sequence[str], known: Known) -> Cover:
    contracts = {each.provider_id: each.contract_on(known.on) for each in known.providers}
    here = {
        provider_id: contract
        for provider_id, contract in sorted(contracts.items())
        if contract is not None
        and known.municipality in contract.municipalities
        and not contract.components.isdisjoint(components)
    }
    stated = [contract.capacity_minutes_per_month for contract in here.values()]
    month = month_of(known.on)
    return Cover(
        providers=tuple(here),
        capacity_minutes=sum(each or 0 for each in stated) if stated and None not in stated else None,
        planned_minutes=sum(known.loads[each].planned.get(month, 0) for each in here if each in known.loads),
    )


def _why(asked: Mapping[str, int], unmet: int, cover: Cover, on: date) -> tuple[str, ...]:
    """Need that nobody is contracted for, that plans name as unmet, or that is more than the contracted can give.
    `asked` says by whom it is needed, and how many they are."""
    needed = [f"{number} {whom}" for whom, number in asked.items() if number]
    found = []
    if needed and not cover.providers:
        found.append(f"Needed here ({', '.join(needed)}), and nobody is under contract for it.")
    if unmet:
        found.append(f"Named in agreed plans as a need that nobody meets: {unmet}.")
    if needed and cover.is_over and cover.capacity_minutes is not None:
        found.append(
            f"Needed here ({', '.join(needed)}); its providers together can give {hours(cover.capacity_minutes)} a month, "
            f"and {hours(cover.planned_minutes)} are planned of them in {month_of(on)}."
        )
    return tuple(found)
