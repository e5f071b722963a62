"""From when until when something holds: the first and the last day both count, and no last day means without end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Annotated, Protocol, TypeVar

from pydantic import Strict

from domain.programme.refusals import NotInForce

# Strict, because a lenient reading takes the number 20260101 for a day in 1970.
Day = Annotated[date, Strict()]


class Dated(Protocol):
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date | None: ...


T = TypeVar("T", bound=Dated)


def holds(thing: Dated, on: date) -> bool:
    return thing.valid_from <= on and (thing.valid_to is None or on <= thing.valid_to)


def overlap(one: Dated, other: Dated) -> bool:
    return holds(one, other.valid_from) or holds(other, one.valid_from)


def find(things: Iterable[T], on: date) -> T | None:
    return next((thing for thing in things if holds(thing, on)), None)


def in_force(things: Iterable[T], on: date, *, what: str) -> T:
    """The one that holds on the day; NotInForce if none does."""
    found = find(things, on)
    if found is None:
        raise NotInForce(what, on)
    return found


def during(things: Iterable[T], start: date, end: date) -> tuple[T, ...]:
    """Those that hold on some day from start to end, earliest first."""
    touched = (thing for thing in things if thing.valid_from <= end and (thing.valid_to or end) >= start)
    return tuple(sorted(touched, key=lambda thing: thing.valid_from))


def gaps(things: Iterable[Dated], start: date, end: date | None) -> Iterator[tuple[date, date | None]]:
    """The stretches of days from start to end on which nothing holds; no end means without end."""
    open_day = start
    for thing in sorted(things, key=lambda thing: thing.valid_from):
        if end is not None and thing.valid_from > end:
            break
        if thing.valid_from > open_day:
            yield open_day, thing.valid_from - timedelta(days=1)
        if thing.valid_to is None or thing.valid_to == date.max:
            return
        open_day = max(open_day, thing.valid_to + timedelta(days=1))
    if end is None or open_day <= end:
        yield open_day, end


def covers(things: Iterable[Dated], start: date, end: date) -> bool:
    """Whether something holds on each day from start to end."""
    open_day = start
    for thing in sorted(things, key=lambda thing: thing.valid_from):
        if open_day > end or not holds(thing, open_day):
            continue
        if thing.valid_to is None or thing.valid_to >= end:
            return True
        open_day = thing.valid_to + timedelta(days=1)
    return open_day > end
