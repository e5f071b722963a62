"""What a caller sees of proposals, of a region's needs and of its gaps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from domain.capacity import month_of
from domain.parties import GapAction, Region
from domain.proposing import Proposal, Wanted
from domain.region_needs import AreaNeed, ComponentNeed, Cover, Known, RegionNeeds
from starter.views import View


class ProposalView(View):
    position: int
    provider_id: str
    name: str
    reason: str
    based_in: str | None
    languages: tuple[str, ...]
    capacity_minutes_per_month: int | None
    fullest_month: str
    planned_minutes: int


class ProposalsView(View):
    """`planned_minutes` are those that agreed plans call for of the provider in its fullest month of the period."""

    component: str
    tariff: str
    municipality: str
    starts_on: date
    ends_on: date
    items: tuple[ProposalView, ...]
    explained: str


def proposals_view(wanted: Wanted, tariff: str, proposals: Sequence[Proposal]) -> ProposalsView:
    return ProposalsView(
        component=wanted.component,
        tariff=tariff,
        municipality=wanted.municipality,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        items=tuple(_proposal(place, each) for place, each in enumerate(proposals, start=1)),
        explained=_explained(len(proposals)),
    )


def _explained(found: int) -> str:
    if not found:
        return "Nobody is under contract here for this over the whole period; the plan can name it as an unmet need."
    return "Near home comes first, then who is free, then who speaks the person's language. The choice is the person's."


def _proposal(place: int, proposal: Proposal) -> ProposalView:
    shown = (name for name in ProposalView.model_fields if name != "position")
    return ProposalView.model_validate({"position": place, **{name: getattr(proposal, name) for name in shown}})


class ActionView(View):
    gap_id: str
    component: str | None
    life_area: str | None
    action: str
    owner: str
    since: date
    due_on: date
    closed_on: date | None
    outcome: str | None


class RegionView(View):
    municipality: str
    version: int
    actions: tuple[ActionView, ...]


def region_view(state: Region, version: int) -> RegionView:
    actions = tuple(_action(each) for each in state.actions.values())
    return RegionView(municipality=state.municipality, version=version, actions=actions)


def _action(action: GapAction) -> ActionView:
    return ActionView.model_validate({name: getattr(action, name) for name in ActionView.model_fields})


class CoverView(View):
    """`planned_minutes` of these providers, for all their components and everywhere they work; capacity is null where one
    of them states none."""

    providers: tuple[str, ...]
    capacity_minutes: int | None
    planned_minutes: int


class AreaView(View):
    life_area: str
    journeys_in_need: int
    journeys_by_degree: dict[int, int]
    journeys_unmet: int
    cover: CoverView
    is_gap: bool
    why: tuple[str, ...]
    action: ActionView | None


class ComponentView(View):
    component: str
    life_area: str | None
    journeys_planned: int
    journeys_unmet: int
    carers_in_need: int
    planned_minutes: int
    cover: CoverView
    is_gap: bool
    why: tuple[str, ...]
    action: ActionView | None


class NeedsView(View):
    """`action`: the last thing done about a row, with its outcome once it is closed."""

    municipality: str
    on: date
    month: str
    gaps: int
    life_areas: tuple[AreaView, ...]
    components: tuple[ComponentView, ...]


def needs_view(about: Known, found: RegionNeeds) -> NeedsView:
    areas = tuple(_area(each) for each in found.life_areas)
    components = tuple(_component(each) for each in found.components)
    return NeedsView(
        municipality=about.municipality,
        on=about.on,
        month=month_of(about.on),
        gaps=sum(each.is_gap for each in areas) + sum(each.is_gap for each in components),
        life_areas=areas,
        components=components,
    )


def _area(need: AreaNeed) -> AreaView:
    return AreaView(
        life_area=need.life_area,
        journeys_in_need=need.in_need,
        journeys_by_degree=dict(need.by_degree),
        journeys_unmet=need.unmet,
        cover=_cover(need.cover),
        is_gap=bool(need.gap),
        why=need.gap,
        action=None if need.action is None else _action(need.action),
    )


def _component(need: ComponentNeed) -> ComponentView:
    return ComponentView(
        component=need.component,
        life_area=need.life_area,
        journeys_planned=need.planned,
        journeys_unmet=need.unmet,
        carers_in_need=need.carers,
        planned_minutes=need.planned_minutes,
        cover=_cover(need.cover),
        is_gap=bool(need.gap),
        why=need.gap,
        action=None if need.action is None else _action(need.action),
    )


def _cover(cover: Cover) -> CoverView:
    return CoverView(
        providers=cover.providers, capacity_minutes=cover.capacity_minutes, planned_minutes=cover.planned_minutes
    )
