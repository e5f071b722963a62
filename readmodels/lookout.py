"""What the sweep asks: which journeys may have something to do that their workflow does not know of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

from domain.ports import Behind
from readmodels.place_count import PlaceCount
from readmodels.projector import Pool

AT_ONCE = 1_000


class DatabaseLookout:
    def __init__(self, pool: Pool, places: PlaceCount) -> None:
        self._pool, self._places = pool, places

    async def unconfirmed(self, *, now: datetime, grace: timedelta) -> AsyncIterator[Behind]:
        rows = await self._pool.fetch(
            """SELECT journey_id, version, wake_at FROM read.work_queue
            WHERE (confirmed < version AND changed_at < $1) OR wake_at < $1
            ORDER BY random() LIMIT $2""",  # at random, so that a thousand that cannot be helped never hide the others
            now - grace, AT_ONCE,
        )  # fmt: skip
        for row in rows:
            yield Behind(journey_id=row["journey_id"], version=row["version"], wake_at=row["wake_at"])

    async def confirm(self, journey_id: str, version: int) -> None:
        await self._pool.execute(
            "UPDATE read.work_queue SET confirmed = $2 WHERE journey_id = $1 AND confirmed < $2", journey_id, version
        )

    async def agreements_with_offers_due(self, today: date) -> tuple[str, ...]:
        return await self._places.with_offers_due(today)
