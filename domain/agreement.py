"""An agreement as it stands: its periods with their places, who holds one, who was offered one, and who waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from domain.due import Due
from domain.programme import periods


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """One period: so many places, shared by these municipalities in the order in which they signed."""

    valid_from: date
    valid_to: date | None
    places: int
    municipalities: tuple[str, ...]

    def reached_from(self, day: date) -> bool:
        """Whether a place that starts on that day runs on into this period, or starts in it."""
        return self.valid_to is None or day <= self.valid_to


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspension:
    """A time in which a place is kept but not used; both days count, and without an end it lasts until one is told.
    [A] The place stays theirs and counts as taken: no source says what becomes of it."""

    from_on: date
    to_on: date | None = None

    def on(self, day: date) -> bool:
        return self.from_on <= day and (self.to_on is None or day <= self.to_on)


def suspended(suspensions: tuple[Suspension, ...], from_on: date) -> tuple[Suspension, ...]:
    return (*suspensions, Suspension(from_on=from_on))


def resumed(suspensions: tuple[Suspension, ...], on: date) -> tuple[Suspension, ...]:
    """The open one ends on the day before; one that lasted no day is none."""
    closed = (each if each.to_on else replace(each, to_on=on - timedelta(days=1)) for each in suspensions)
    return tuple(each for each in closed if each.to_on is None or each.from_on <= each.to_on)


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """One journey's place. Whether it is reserved, occupied or suspended on a day follows from its dates.
    `reserved_on` is when it was given (None: not known), `left_on` the first day on which it is free again."""

    journey_id: str
    from_on: date
    reserved_on: date | None = None
    left_on: date | None = None
    suspensions: tuple[Suspension, ...] = ()
    exit_planned_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A place held for somebody who is to say whether they take it; `over_on` is the first day on which it stands no more.
    Offers of a time when none had days have none, and do not expire."""

    journey_id: str
    from_on: date | None
    made_on: date | None
    expires: Due | None
    over_on: date | None = None

    def has_expired(self, today: date) -> bool:
        return self.expires is not None and self.expires.on < today


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiter:
    journey_id: str
    municipality: str
    since: date  # day of the complete application
    place_from: date
    joined: int  # the version at which they joined: who came first that day
    urgent: bool = False
    passed_on: date | None = None  # when they last declined an offer, or let one expire
    passed_at: int = 0  # the version of that


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    agreement: str
    version: int
    terms: tuple[Terms, ...]  # by day, and never overlapping
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    released: tuple[Holding, ...] = ()
    offers: Mapping[str, Offer] = field(default_factory=dict)
    past_offers: tuple[Offer, ...] = ()
    waiting: tuple[Waiter, ...] = ()  # as they joined; the order in which they are served is a rule (waiting.py)
    freed_at: int = 0  # the version at which places last became more
    funding: Mapping[tuple[date, str], int] = field(default_factory=dict)  # (period, source) → cents

    @property
    def municipalities(self) -> frozenset[str]:
        return frozenset(each for terms in self.terms for each in terms.municipalities)

    def terms_on(self, day: date) -> Terms | None:
        return periods.find(self.terms, day)

    def terms_about(self, day: date) -> Terms:
        """Those of that day; where there are none, the next to come, or else the last."""
        coming = (terms for terms in self.terms if terms.reached_from(day))
        return self.terms_on(day) or next(coming, self.terms[-1])

    def held_in(self, terms: Terms) -> int:
        """Everybody who has a place counts in each period that it starts in or before."""
        return sum(1 for holding in self.holdings.values() if terms.reached_from(holding.from_on))

    def offered_in(self, terms: Terms) -> int:
        return sum(1 for each in self.offers.values() if each.from_on is None or terms.reached_from(each.from_on))

    def free_in(self, terms: Terms) -> int:
        return terms.places - self.held_in(terms) - self.offered_in(terms)

    def room_from(self, day: date) -> int:
        """Places that can be given from a day on: as many as are free in every period that they would run into."""
        if self.terms_on(day) is None:
            return 0
        return min(self.free_in(terms) for terms in self.terms if terms.reached_from(day))

    def waiter(self, journey_id: str) -> Waiter | None:
        return next((w for w in self.waiting if w.journey_id == journey_id), None)

    def sits_out(self, waiter: Waiter) -> bool:
        """Who passed an offer is offered the next place that becomes free, not the same one again."""
        return waiter.passed_at > self.freed_at

    def could_be_offered(self, today: date) -> tuple[Waiter, ...]:
        """Waiters for whom there is a place, in no particular order."""
        if self.terms_on(today) is None:
            return ()
        starts = {each.journey_id: max(each.place_from, today) for each in self.waiting}
        room = {day: self.room_from(day) for day in set(starts.values())}
        return tuple(
            each
            for each in self.waiting
            if each.journey_id not in self.offers
            and not self.sits_out(each)
            and room[starts[each.journey_id]] > 0
            and self._party_on(starts[each.journey_id], each.municipality)
        )

    def _party_on(self, day: date, municipality: str) -> bool:
        terms = self.terms_on(day)
        return terms is not None and municipality in terms.municipalities
