"""One step of a trail: the fact, where it is recorded, its day, the versions it was decided by, and a plain sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from domain.care import Check
from domain.codec import Recorded
from domain.events import Event
from domain.working_days import local_date

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """`cents` is what it moved, where it moved money; `publication` that of the programme it was decided under (None: as it
    came with the software of that time)."""

    what: str
    stream_id: str
    version: int
    day: date
    sentence: str
    recorded_by: str
    publication: str | None
    delivery_id: str | None = None
    cents: int | None = None
    versions: tuple[str, ...] = ()
    trace: tuple[Check, ...] = ()


def step(
    what: str,
    told: Recorded,
    sentence: str,
    *,
    day: date | None = None,
    cents: int | None = None,
    delivery_id: str | None = None,
    versions: Iterable[str] = (),
    trace: Iterable[Check] = (),
) -> Step:
    return Step(
        what=what,
        stream_id=told.stream_id,
        version=told.version,
        day=day or local_date(told.occurred_at),
        sentence=sentence,
        recorded_by=told.meta.actor.id,
        publication=told.meta.programme,
        delivery_id=delivery_id,
        cents=cents,
        versions=tuple(versions),
        trace=tuple(trace),
    )


def facts(history: Iterable[Recorded], kind: type[E]) -> Iterator[tuple[Recorded, E]]:
    """Those of one kind, with where and when they were recorded."""
    for told in history:
        if isinstance(told.event, kind):
            yield told, told.event


def plain(code: str) -> str:
    return code.replace("_", " ")


def dm(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def hours(minutes: int) -> str:
    whole, rest = divmod(minutes, 60)
    return f"{whole} h {rest} min" if rest else f"{whole} h"
