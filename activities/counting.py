"""Counting everybody whom a report is of: piece by piece, and where there are many, in several processes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from domain.ports import Position, StoreUnavailable
from domain.reports.count import Asked, Count, Scope
from domain.reports.counting import Dossier
from domain.reports.known import Kinds, Known

if TYPE_CHECKING:
    from domain.reports.document import Document
    from domain.reports.question import Question

T = TypeVar("T")
PIECE = 2000  # journeys counted together: so many are in memory at a time
FEW = 10_000  # so many are counted sooner than processes have begun
SIGN = 5.0  # seconds between two signs of life


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """Those with ids after one and up to another, of these municipalities or of all (None)."""

    places: Sequence[str] | None
    after: str = ""
    until: str | None = None


class Beside(Protocol):
    """Counts in processes of their own, so that nobody waits for ours meanwhile."""

    number: int

    async def counts(self, asked: Asked, wanted: Sequence[Scope], shares: Sequence[Share]) -> Sequence[Count]:
        """All shares at once. Raises StoreUnavailable."""
        ...


def silent() -> None:
    """Nobody asks whether we are alive."""


async def counted(
    known: Known,
    question: Question,
    wanted: Sequence[Scope],
    beside: Beside | None = None,
    alive: Callable[[], None] = silent,
) -> Mapping[str, Document]:
    """The report of each of these, by code, in one pass over the facts that they need."""
    places = places_of(wanted)
    ends = [] if beside is None else await known.ends(places, shares=beside.number, fewest=FEW)
    if beside is None or not ends:
        count = await count_of(known, question, wanted, Share(places=places), alive)
    else:
        shares = [
            Share(places=places, after=after, until=until)
            for after, until in zip(["", *ends], [*ends, None], strict=True)
        ]
        count, *others = await living(beside.counts(question.asked, wanted, shares), alive)
        for each in others:
            count.merge(each)
    return {scope.code: question.draft(count.of(scope), scope) for scope in wanted}


async def count_of(
    known: Known, asked: Asked, wanted: Sequence[Scope], share: Share, alive: Callable[[], None] = silent
) -> Count:
    count = Count(asked, wanted)
    async for dossiers in pieces(known, asked, share, asked.plan.kinds):
        await asyncio.to_thread(count.add, dossiers)
        alive()
    return count


def places_of(wanted: Iterable[Scope]) -> Sequence[str] | None:
    """The municipalities to look through; None: all."""
    every = list(wanted)
    if any(not scope.municipalities for scope in every):
        return None
    return sorted({each for scope in every for each in scope.municipalities})


async def pieces(
    known: Known, asked: Asked, share: Share, kinds: Kinds, *, detailed: bool = False
) -> AsyncIterator[Iterable[Dossier]]:
    """All dossiers in order of their ids; the next are fetched while some are counted."""

    async def fetched(after: str) -> tuple[str, Iterable[Dossier]]:
        subjects = await known.subjects(share.places, after=after, until=share.until, limit=PIECE)
        if not subjects:
            return "", ()
        found = await known.dossiers(
            subjects, asked.period, asked.moment, kinds, all_between=share.places is None, detailed=detailed
        )
        return subjects[-1], found

    await has_it_all(known, asked.moment)
    coming = asyncio.create_task(fetched(share.after))
    try:
        while True:
            last, dossiers = await coming
            if not last:
                await has_it_all(known, asked.moment)  # if they were emptied meanwhile, this was not all
                return
            coming = asyncio.create_task(fetched(last))
            yield dossiers
    finally:
        coming.cancel()


async def has_it_all(known: Known, moment: Position) -> None:
    """Facts that are being made anew know less than they did: StoreUnavailable until they have got there again."""
    if await known.reached() < moment:
        raise StoreUnavailable("the facts of reports are being made anew")


async def living(work: Awaitable[T], alive: Callable[[], None]) -> T:
    """Waits, and says now and then that we do."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=SIGN)
            alive()
        return await task
    finally:
        task.cancel()
