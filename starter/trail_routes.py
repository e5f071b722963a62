"""What an auditor and a journey's readers follow: a euro's trail, back and forward, and the books of a journey's lines."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from domain.decision import Actor
from readmodels.deliveries import Deliveries
from starter.access import PROBLEMS, Parts, StreamId, caller_of, readable
from starter.problems import ProblemRaised
from starter.trail_views import LedgerView, TrailView, ledger_view, trail_view
from starter.trailing import ID, NoSuchTrail, Trails

JOURNEYS, JOURNEYS_MAX = 20, 50  # of a claim, at once

TrailId = Annotated[
    str, Path(pattern=ID, max_length=160, description="a claim, a delivery, or a budget line: `<journey id>/<line id>`")
]


def trail_reading(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["reading"])
    trails = Trails(parts.store, parts.codec, Deliveries(parts.pool, parts.store, parts.codec).journey_of)
    Caller = Annotated[Actor, Depends(caller_of(parts))]  # noqa: N806 — a type, made here because it needs `parts`

    @router.get("/trail/{id:path}", operation_id="get-trail")
    async def trail(
        id: TrailId,
        actor: Caller,
        cursor: Annotated[int, Query(ge=0, le=2**31, description="of a claim: the journeys to pass over")] = 0,
        limit: Annotated[int, Query(ge=1, le=JOURNEYS_MAX)] = JOURNEYS,
    ) -> TrailView:
        """Back from a claim or a delivery to the consent, or forward from a budget line; and whether it adds up."""
        try:
            kind, stream_id = await trails.root(id)
            await readable(parts, kind, stream_id, actor)
            return trail_view(await trails.of(id, after=cursor, limit=limit))
        except NoSuchTrail as unknown:
            raise ProblemRaised(404, "unknown_trail", f"{str(unknown).capitalize()}.") from unknown

    @router.get("/journeys/{id}/ledger", operation_id="get-ledger")
    async def ledger(id: StreamId, actor: Caller) -> LedgerView:
        """The books of every budget line by double entry: what each fact moved from which account to which."""
        await readable(parts, "journeys", id, actor)
        found = await parts.store.read(id)
        return ledger_view(id, [parts.codec.decode(each) for each in found.events])

    return router
