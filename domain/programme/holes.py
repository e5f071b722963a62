"""No silent hole: a day on which nothing holds is a mistake, unless the programme says so itself and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeVar

from domain.programme.catalogue import Price
from domain.programme.checking import Parts
from domain.programme.periods import Dated, Day, gaps, overlap
from domain.programme.reading import Found, Reading
from domain.programme.territory import Name

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D", bound=Dated)
What = Literal["eligibility", "catalogues", "instruments", "measures", "calendars", "settings", "agreements", "prices"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hole:
    """Days for which nothing of a kind is known, and why; both count."""

    of: What
    valid_from: Day
    valid_to: Day | None = None
    reason: Name

    def declares(self, gap: Gap) -> bool:
        ends_in_time = self.valid_to is None or (gap.valid_to is not None and gap.valid_to <= self.valid_to)
        return self.of == gap.of and self.valid_from <= gap.valid_from and ends_in_time


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """Days on which nothing holds; `of_what` names what is missing, as far as the kind alone does not."""

    of: What
    where: str
    of_what: str
    valid_from: date
    valid_to: date | None

    def __str__(self) -> str:
        until = f"to {self.valid_to}" if self.valid_to else "on, without end"
        return f"there is no {self.of_what} from {self.valid_from} {until}, and no [[hole]] of {self.of} says why"


def check_holes(parts: Parts, span: Dated, declared: Iterable[Hole], reading: Reading) -> None:
    found, holes = list(_gaps(parts, span)), tuple(declared)
    for gap in found:
        if not any(hole.declares(gap) for hole in holes):
            reading.add(gap.where, str(gap))
    for number, hole in enumerate(holes, start=1):
        if not any(hole.declares(gap) for gap in found):
            reading.add(f"programme.toml, hole {number}", "there is no such hole")


def _gaps(parts: Parts, span: Dated) -> Iterator[Gap]:
    """Rules hold for as long as the programme does; an agreement and a price between their first and their last day."""
    yield from _throughout("eligibility", "rule on who may join", parts.eligibility, span)
    yield from _throughout("catalogues", "catalogue", parts.catalogues, span)
    yield from _throughout("instruments", "assessment instrument", parts.instruments, span)
    if parts.measures:  # a programme may do without; one that has them has them for all its days
        yield from _throughout("measures", "outcome measure", parts.measures, span)
    yield from _throughout("calendars", "calendar", parts.calendars, span)
    yield from _throughout("settings", "setting of deadlines", parts.national, span)
    for code, terms in _grouped((each.value.code, each) for each in parts.agreements).items():
        yield from _between("agreements", f"agreement {code}", terms)
    for key, prices in _grouped((_key(each), each) for each in parts.prices).items():
        yield from _between("prices", f"price of {key[1]} ({key[2]}) under {key[0]}", prices)
    yield from _unpriced(parts)


def _throughout(of: What, of_what: str, versions: Iterable[Found[D]], span: Dated) -> Iterator[Gap]:
    found = list(versions)
    for start, end in gaps([each.value for each in found], span.valid_from, span.valid_to):
        yield Gap(of=of, where=_before(found, start), of_what=of_what, valid_from=start, valid_to=end)


def _between(of: What, of_what: str, versions: list[Found[D]]) -> Iterator[Gap]:
    values = [each.value for each in versions]
    last = max(value.valid_from for value in values)
    for start, end in gaps(values, min(value.valid_from for value in values), last):
        yield Gap(of=of, where=_before(versions, start), of_what=of_what, valid_from=start, valid_to=end)


def _unpriced(parts: Parts) -> Iterator[Gap]:
    """What a catalogue offers at a price, under every agreement of its time; told once for all that lack it together."""
    prices = _grouped((_key(each), each) for each in parts.prices)
    missing: defaultdict[tuple[str, str, str, date, date | None], list[str]] = defaultdict(list)
    for catalogue in parts.catalogues:
        offers: list[tuple[str, str]] = [
            (c.code, tariff) for c in catalogue.value.components.values() if c.priced for tariff in c.tariffs
        ]
        for terms in (each.value for each in parts.agreements if overlap(each.value, catalogue.value)):
            start, end = _both(terms, catalogue.value)
            for component, tariff in offers:
                held = [each.value for each in prices.get((terms.code, component, tariff), [])]
                for gap in gaps(held, start, end):
                    missing[catalogue.where, component, tariff, *gap].append(terms.code)
    for (where, component, tariff, start, end), codes in missing.items():
        under = codes[0] if len(codes) == 1 else f"{codes[0]} and {len(codes) - 1} more agreements"
        of_what = f"price of {component} ({tariff}) under {under}"
        yield Gap(of="prices", where=where, of_what=of_what, valid_from=start, valid_to=end)


def _both(one: Dated, other: Dated) -> tuple[date, date | None]:
    ends = [end for end in (one.valid_to, other.valid_to) if end is not None]
    return max(one.valid_from, other.valid_from), min(ends, default=None)


def _before(found: Iterable[Found[D]], day: date) -> str:
    """Where the last version before that day stands; where there is none, where the programme says its own beginning."""
    earlier = [each for each in found if each.value.valid_to == day - timedelta(days=1)]
    return earlier[0].where if earlier else "programme.toml"


def _key(price: Found[Price]) -> tuple[str, str, str]:
    return price.value.agreement, price.value.component, price.value.tariff


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
