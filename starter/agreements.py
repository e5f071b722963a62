"""What can be read of an agreement: its periods and places, the waiting order, and how the places are used day by day."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from activities.folding import Streams
from domain.agreement import Agreement
from domain.deciders import AGREEMENTS
from domain.decision import Actor
from domain.waiting import order_rules
from starter.access import PROBLEMS, Parts, StreamId, caller_of, known
from starter.agreement_views import AgreementView, Occupancy, agreement_view, occupancy_view
from starter.problems import ProblemRaised, malformed

OCCUPANCY_DAYS = 400


def agreement_reading(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["reading"])
    agreements: Streams[Agreement] = Streams(parts.store, parts.codec, AGREEMENTS)
    Caller = Annotated[Actor, Depends(caller_of(parts))]  # noqa: N806 — a type, made here because it needs `parts`

    @router.get("/agreements/{id}", operation_id="get-agreement")
    async def agreement(id: StreamId, actor: Caller, response: Response) -> AgreementView:
        """An agreement's places, and who waits in which order and why."""
        found = await party(parts, agreements, id, actor)
        response.headers["ETag"] = f'"{found.version}"'
        today = await parts.clock.today()
        return agreement_view(found, order_rules(found, parts.programme, today), today)

    @router.get("/agreements/{id}/occupancy", operation_id="get-occupancy")
    async def days(
        id: StreamId,
        actor: Caller,
        first: Annotated[date, Query(alias="from", description="the first day")],
        last: Annotated[date, Query(alias="to", description=f"the last day, at most {OCCUPANCY_DAYS} in all")],
    ) -> Occupancy:
        """How the places were used on each day, and how they will be as far as is planned."""
        found = await party(parts, agreements, id, actor)
        if not 0 <= (last - first).days < OCCUPANCY_DAYS:
            raise malformed("to", f"must be from {first} on, and at most {OCCUPANCY_DAYS} days in all")
        return occupancy_view(found, first, last, await parts.clock.today())

    return router


async def party(parts: Parts, agreements: Streams[Agreement], agreement_id: str, actor: Actor) -> Agreement:
    """An agreement that the actor's municipality is party to."""
    await known(parts, "agreements", agreement_id)
    found = (await agreements.at_latest(agreement_id))[0].state
    assert found is not None
    if not actor.is_national and actor.municipality not in found.municipalities:
        raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")
    return found
