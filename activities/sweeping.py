"""Nothing is forgotten: what the record knows and the engine does not is woken up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import structlog

from domain.ports import Behind, Lookout
from domain.working_days import local_date

log = structlog.get_logger()
SWEEP = "sweep"
GRACE = timedelta(seconds=30)  # a step may be on its way; waking it then would only cost
FAILURES = 20  # so many, and it is the engine that does not answer


class Engine(Protocol):
    """What the engine knows, and how to wake it."""

    async def known_version(self, journey_id: str) -> int | None:
        """The version the journey's workflow stands at; None where none runs."""
        ...

    async def wake_journey(self, journey_id: str) -> None: ...

    async def wake_places(self, agreement: str) -> None: ...


async def sweep(lookout: Lookout, engine: Engine, *, now: datetime, grace: timedelta = GRACE) -> int:
    """Wakes what is behind; returns how many. Safe to run at any time, by anybody, twice. One that cannot be woken does
    not keep the others asleep; raises the first failure in the end."""
    woken, failures = 0, list[Exception]()
    async for behind in lookout.unconfirmed(now=now, grace=grace):
        try:
            woken += await _look_after(behind, lookout, engine, overdue_before=now - grace)
        except Exception as failed:
            log.exception("journey cannot be woken", journey=behind.journey_id)
            failures.append(failed)
            if len(failures) == FAILURES:
                break
    for agreement in await lookout.agreements_with_offers_due(local_date(now)):
        try:
            await engine.wake_places(agreement)
        except Exception as failed:
            log.exception("places cannot be offered", agreement=agreement)
            failures.append(failed)
    if failures:
        raise failures[0]
    return woken


async def _look_after(behind: Behind, lookout: Lookout, engine: Engine, *, overdue_before: datetime) -> bool:
    known = await engine.known_version(behind.journey_id)
    overdue = behind.wake_at is not None and behind.wake_at < overdue_before
    if known is not None and known >= behind.version and not overdue:
        await lookout.confirm(behind.journey_id, behind.version)
        return False
    await engine.wake_journey(behind.journey_id)
    log.warning("journey woken", journey=behind.journey_id, record=behind.version, workflow=known)
    return True
