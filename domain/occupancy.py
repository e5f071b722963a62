"""Occupancy by day: how many places there are, how they are used, how many are free; days to come as far as is planned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from domain.agreement import Agreement, Holding

Span = tuple[str, date, date | None, int]  # use, first day, first day after, how many more or fewer
USES = ("reserved", "occupied", "suspended", "offered")


@dataclass(frozen=True, kw_only=True, slots=True)
class DayOfPlaces:
    """`free` is what is left of the day's places; an open offer counts as a place in use for as long as it stands."""

    day: date
    places: int
    reserved: int
    occupied: int
    suspended: int
    offered: int
    free: int
    forecast: bool  # the day is still to come


def occupancy(agreement: Agreement, first: date, last: date, today: date) -> Iterator[DayOfPlaces]:
    """One for each day from first to last."""
    changes = _changes(agreement, first, last, today)
    in_use = Counter[str]()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        in_use.update(changes.get(day, {}))
        terms = agreement.terms_on(day)
        places = terms.places if terms is not None else 0
        yield DayOfPlaces(
            day=day,
            places=places,
            reserved=in_use["reserved"],
            occupied=in_use["occupied"],
            suspended=in_use["suspended"],
            offered=in_use["offered"],
            free=max(0, places - sum(in_use[use] for use in USES)),
            forecast=day > today,
        )


def _changes(agreement: Agreement, first: date, last: date, today: date) -> dict[date, Counter[str]]:
    """What changes on which day; what began before the first day is as if it began on it."""
    changes: dict[date, Counter[str]] = {}
    for use, start, end, number in _spans(agreement, today):
        starts = max(start, first)
        if starts > last or (end is not None and end <= starts):
            continue
        changes.setdefault(starts, Counter())[use] += number
        if end is not None:
            changes.setdefault(end, Counter())[use] -= number
    return changes


def _spans(agreement: Agreement, today: date) -> Iterator[Span]:
    for holding in (*agreement.released, *agreement.holdings.values()):
        yield from _held(holding, today)
    for offer in (*agreement.past_offers, *agreement.offers.values()):
        yield "offered", offer.made_on or today, offer.over_on, 1


def _held(holding: Holding, today: date) -> Iterator[Span]:
    until = _until(holding, today)
    begins = holding.from_on if until is None else min(holding.from_on, until)
    yield "reserved", holding.reserved_on or today, begins, 1
    yield "occupied", holding.from_on, until, 1
    for suspension in holding.suspensions:
        resumes = None if suspension.to_on is None else suspension.to_on + timedelta(days=1)
        ends = min((day for day in (resumes, until) if day is not None), default=None)
        yield "suspended", suspension.from_on, ends, 1
        yield "occupied", suspension.from_on, ends, -1


def _until(holding: Holding, today: date) -> date | None:
    """The first day on which it is free again: as it was, or as it is planned. A plan that passed unfulfilled is none."""
    if holding.left_on is not None or holding.exit_planned_on is None or holding.exit_planned_on < today:
        return holding.left_on
    return max(holding.exit_planned_on, today + timedelta(days=1))
