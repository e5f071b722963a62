"""How wide each column of a printed table is, and which columns go on beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Width:
    """Of one column: the least with which it can be read, and what it would like to have."""

    least: float
    wish: float


def parts(widths: Sequence[Width], room: float) -> tuple[tuple[int, ...], ...]:
    """The columns in as many parts as the page needs, each with the first, which says what a row is about."""
    made: list[tuple[int, ...]] = []
    part: tuple[int, ...] = (0,)
    for column in range(1, len(widths)):
        if len(part) > 1 and sum(widths[each].least for each in (*part, column)) > room:
            made.append(part)
            part = (0,)
        part = (*part, column)
    return (*made, part)


def fitted(widths: Sequence[Width], room: float) -> list[float]:
    """What each gets: its wish where there is room, else its least and a fair share of what is left."""
    least = sum(each.least for each in widths)
    wanted = sum(each.wish - each.least for each in widths)
    share = min(1.0, max(0.0, room - least) / wanted) if wanted else 0.0
    return [each.least + share * (each.wish - each.least) for each in widths]
