"""What a municipality's lead sees of an agreement: its periods with places and money, who waits and why, the days to come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

from domain.agreement import Agreement, Terms
from domain.occupancy import occupancy
from domain.programme import Settings
from domain.waiting import explained, in_order
from starter.views import View


class FundingView(View):
    source: str
    cents: int


class PeriodView(View):
    """`taken` are all who have a place by now that starts before the period ends; an open offer keeps its place too."""

    valid_from: date
    valid_to: date | None
    municipalities: tuple[str, ...]
    places: int
    taken: int
    offered: int
    free: int
    funding: tuple[FundingView, ...]


class WaiterView(View):
    position: int
    journey_id: str
    municipality: str
    urgent: bool
    place_from: date
    offered_until: date | None
    explained: str


class AgreementView(View):
    """Places as they are today; the other periods follow below."""

    agreement: str
    version: int
    municipalities: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    places: int
    taken: int
    offered: int
    free: int
    periods: tuple[PeriodView, ...]
    waiting_order: tuple[str, ...]
    waiting: tuple[WaiterView, ...]


class OccupancyDay(View):
    day: date
    places: int
    reserved: int
    occupied: int
    suspended: int
    offered: int
    free: int
    forecast: bool


class Occupancy(View):
    """One row a day; `forecast` marks those to come, as far as exits, reservations and periods are known today."""

    agreement: str
    today: date
    waiting: int
    days: tuple[OccupancyDay, ...]


def agreement_view(state: Agreement, rules: Settings, today: date) -> AgreementView:
    shown = _period(state, state.terms_about(today))
    return AgreementView(
        agreement=state.agreement,
        version=state.version,
        municipalities=tuple(sorted(state.municipalities)),
        valid_from=shown.valid_from,
        valid_to=shown.valid_to,
        places=shown.places,
        taken=shown.taken,
        offered=shown.offered,
        free=shown.free,
        periods=tuple(_period(state, terms) for terms in state.terms),
        waiting_order=rules.waiting_order,
        waiting=tuple(_waiters(state, rules)),
    )


def _period(state: Agreement, terms: Terms) -> PeriodView:
    money = {source: cents for (period, source), cents in state.funding.items() if period == terms.valid_from}
    return PeriodView(
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
        municipalities=terms.municipalities,
        places=terms.places,
        taken=state.held_in(terms),
        offered=state.offered_in(terms),
        free=max(0, state.free_in(terms)),
        funding=tuple(FundingView(source=source, cents=cents) for source, cents in sorted(money.items())),
    )


def _waiters(state: Agreement, rules: Settings) -> Iterator[WaiterView]:
    order = in_order(state.waiting, rules)
    for number, waiter in enumerate(order):
        offer = state.offers.get(waiter.journey_id)
        yield WaiterView(
            position=number + 1,
            journey_id=waiter.journey_id,
            municipality=waiter.municipality,
            urgent=waiter.urgent,
            place_from=waiter.place_from,
            offered_until=offer.expires.on if offer is not None and offer.expires is not None else None,
            explained=explained(waiter, order[:number], rules),
        )


def occupancy_view(state: Agreement, first: date, last: date, today: date) -> Occupancy:
    return Occupancy(
        agreement=state.agreement,
        today=today,
        waiting=len(state.waiting),
        days=tuple(OccupancyDay.model_validate(asdict(day)) for day in occupancy(state, first, last, today)),
    )
