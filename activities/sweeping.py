"""Nothing is forgotten: what the record knows and the engine does not is woken up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import structlog

from domain.ports import Lookout

log = structlog.get_logger()
SWEEP = "sweep"
GRACE = timedelta(seconds=30)  # a step may be on its way; waking it then would only cost


class Engine(Protocol):
    """What the engine knows, and how to wake it."""

    async def known_version(self, journey_id: str) -> int | None:
        """The version the journey's workflow stands at; None where none runs."""
        ...

    async def wake_journey(self, journey_id: str) -> None: ...

    async def wake_places(self, agreement: str) -> None: ...


async def sweep(lookout: Lookout, engine: Engine, *, now: datetime, grace: timedelta = GRACE) -> int:
    """Wakes what is behind; returns how many. Safe to run at any time, by anybody, twice."""
    woken = 0
    async for behind in lookout.unconfirmed(now=now, grace=grace):
        known = await engine.known_version(behind.journey_id)
        overdue = behind.wake_at is not None and behind.wake_at < now - grace
        if known is None or known < behind.version or overdue:
            await engine.wake_journey(behind.journey_id)
            woken += 1
            log.warning("journey woken", journey=behind.journey_id, record=behind.version, workflow=known)
        else:
            await lookout.confirm(behind.journey_id, behind.version)
    for agreement in await lookout.agreements_with_offers_to_make():
        await engine.wake_places(agreement)
    return woken
