"""Who can say what was known when: the facts behind every report."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.ports import Position
from domain.reports.counting import Dossier
from domain.reports.fact import Fact, FactKind
from domain.reports.period import Period


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What was told after one moment and until another."""

    after: Position
    until: Position


Kinds = Collection[FactKind]


class Known(Protocol):
    """Facts as they were known at a moment, which is a position in the record. Each method raises StoreUnavailable."""

    async def reached(self) -> Position:
        """Up to where the facts have got; behind the record while they are made anew."""
        ...

    async def complete(self) -> Position:
        """The latest moment a report can be of: StoreUnavailable where the facts do not get to what is recorded by now."""
        ...

    async def subjects(
        self, municipalities: Collection[str] | None, *, after: str, until: str | None, limit: int
    ) -> list[str]:
        """Journeys, agreements and regions, of these municipalities or of all; the next `limit` in order of their ids, up
        to one of them or to the last."""
        ...

    async def ends(self, municipalities: Collection[str] | None, *, shares: int, fewest: int) -> list[str]:
        """The last id of each of so many equal shares of them but the last; none where there are fewer than so many."""
        ...

    async def agreements(self, at: Position) -> list[Fact]:
        """The terms of all agreements, as they were known at that moment."""
        ...

    async def dossiers(
        self,
        subjects: Sequence[str],
        period: Period,
        at: Position,
        kinds: Kinds,
        *,
        all_between: bool = False,
        detailed: bool = False,
    ) -> Iterable[Dossier]:
        """Facts of these kinds as they were known at that moment, of those of whom any matters to the period; deliveries
        added up unless `detailed`. `all_between`: these are all that there are from the first to the last of them."""
        ...

    async def changed(self, period: Period, span: Span, kinds: Kinds) -> list[str]:
        """Of which something that may matter to the period was told in between."""
        ...

    async def told_between(self, subjects: Sequence[str], span: Span) -> Mapping[str, list[Fact]]:
        """Each fact that was told in between of each, the latest first, whether it is so still or never was."""
        ...
