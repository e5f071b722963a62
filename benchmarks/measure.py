"""How two ways to do the same are compared: in turns, in one run, on one machine; and how that is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from statistics import median, quantiles
from time import perf_counter
from typing import Literal

Act = Callable[[int], Awaitable[None]]
"""One step of the client with this number."""

PAUSE_SECONDS = 0.5  # so that neither pays for what the other has left behind, such as read models catching up


@dataclass(kw_only=True, slots=True)
class Series:
    """What one side took, over all its turns."""

    seconds: list[float] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def p50_ms(self) -> float:
        return median(self.seconds) * 1000

    @property
    def p95_ms(self) -> float:
        return quantiles(self.seconds, n=20)[-1] * 1000

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.elapsed


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What the ratio ours : bare shall be."""

    at: Literal["most", "least"]
    ratio: float

    def met(self, ratio: float) -> bool:
        return ratio <= self.ratio if self.at == "most" else ratio >= self.ratio

    def __str__(self) -> str:
        return f"{'<=' if self.at == 'most' else '>='} {self.ratio}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One number of ours beside the bare one."""

    what: str
    unit: str
    ours: float
    bare: float
    goal: Goal | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.bare

    @property
    def verdict(self) -> str:
        return "" if self.goal is None else "met" if self.goal.met(self.ratio) else "missed"

    def as_json(self) -> dict[str, object]:
        goal = None if self.goal is None else str(self.goal)
        return {**asdict(self), "ratio": round(self.ratio, 3), "goal": goal, "verdict": self.verdict or None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a benchmark found, and under which conditions."""

    name: str
    conditions: str
    findings: tuple[Finding, ...]

    def as_text(self) -> str:
        head = ("", "ours", "bare", "ratio", "goal", "")
        rows = [
            (
                each.what, f"{each.ours:.1f} {each.unit}", f"{each.bare:.1f} {each.unit}", f"{each.ratio:.2f}",
                str(each.goal or ""), each.verdict,
            )
            for each in self.findings
        ]  # fmt: skip
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        lines = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)
        ]
        return "\n".join([f"{self.name}: {self.conditions}", *(f"  {line.rstrip()}" for line in lines)])

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "conditions": self.conditions,
            "findings": [each.as_json() for each in self.findings],
        }


async def in_turns(ours: Act, bare: Act, *, clients: int, seconds: float, turns: int) -> tuple[Series, Series]:
    """Ours, bare, ours, bare …: what disturbs the machine for a while disturbs both."""
    series = Series(), Series()
    for _ in range(turns):
        for side, act in zip(series, (ours, bare), strict=True):
            await _load(act, side, clients=clients, seconds=seconds)
            await asyncio.sleep(PAUSE_SECONDS)
    return series


async def _load(act: Act, side: Series, *, clients: int, seconds: float) -> None:
    begun = perf_counter()

    async def client(number: int) -> None:
        for _ in count():
            before = perf_counter()
            if before - begun >= seconds:
                return
            await act(number)
            side.seconds.append(perf_counter() - before)

    await asyncio.gather(*(client(number) for number in range(clients)))
    side.elapsed += perf_counter() - begun


def findings(
    pairs: Sequence[tuple[int, tuple[Series, Series]]], *, who: str, what: str, p50: Goal | None, rate: Goal | None
) -> tuple[Finding, ...]:
    """Typical time, slow time and throughput, for each number of clients (called `who`)."""
    found = []
    for number, (ours, bare) in pairs:
        clients = f"{number} {who}{'' if number == 1 else 's'}"
        found += [
            Finding(what=f"{what}, p50, {clients}", unit="ms", ours=ours.p50_ms, bare=bare.p50_ms, goal=p50),
            Finding(what=f"{what}, p95, {clients}", unit="ms", ours=ours.p95_ms, bare=bare.p95_ms),
            Finding(what=f"{what}s, {clients}", unit="/s", ours=ours.per_second, bare=bare.per_second, goal=rate),
        ]
    return tuple(found)
