"""What is published about the people of the pilots, their needs and the cost of their help; and how to deal by shares."""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("calibration.toml")
Share = Annotated[float, Field(gt=0, lt=1)]


class Calibration(BaseModel):
    """Shares by what is shared and by part; each of them adds up to 1, but for rounding in the source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    share: dict[str, dict[str, Share]]
    mean: dict[str, float]

    def shares(self, of: str) -> dict[str, float]:
        """In proportion, so that they add up to 1."""
        parts = self.share[of]
        return {part: share / sum(parts.values()) for part, share in parts.items()}


def published() -> Calibration:
    return Calibration.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))


def dealt(shares: Mapping[str, float], number: int, chance: random.Random) -> list[str]:
    """So many cards, each part as often as its share says, to the nearest whole; shuffled."""
    counts = {part: int(share * number) for part, share in shares.items()}
    by_rest = sorted(shares, key=lambda part: shares[part] * number - counts[part], reverse=True)
    for part in by_rest[: number - sum(counts.values())]:
        counts[part] += 1
    cards = [part for part, count in counts.items() for _ in range(count)]
    chance.shuffle(cards)
    return cards


class Dealer:
    """Deals one by one what is not known beforehand how often it will be asked for: mostly what is short so far."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        self._shares = dict(shares)
        self._given: Counter[str] = Counter()

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self._shares)

    def copy(self) -> Dealer:
        again = Dealer(self._shares)
        again._given.update(self._given)
        return again

    def deal(self, chance: random.Random, *, weight: int = 1, among: Iterable[str] | None = None) -> str:
        """One part. `weight` is how much of it is given with this one card."""
        parts = [*(self.parts if among is None else among)]
        total = self._given.total() + weight
        short = [max(self._shares[part] * total - self._given[part], self._shares[part] / 10) for part in parts]
        part = chance.choices(parts, short)[0]
        self._given[part] += weight
        return part
