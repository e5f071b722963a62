"""What is offered from one municipality to another: the list, and of one journey as much as its taking over needs."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from domain import journey
from domain.decision import Actor
from domain.states import Journey, OfferedTransfer
from eventstore.postgres import translated
from readmodels.transfer_list import TransferFilter, TransferList
from starter.access import PROBLEMS, CodeQuery, Parts, StreamId, caller_of, journey_of, known, outside
from starter.paging import PAGE, After, Cursor, Limit, link_next, page_of, seen_of, shown_up_to
from starter.problems import ProblemRaised
from starter.views import View


class TransferListed(BaseModel):
    journey_id: str
    former: str
    municipality: str
    from_on: date
    status: str
    offered_at: datetime
    answered_at: datetime | None


class TransferPage(BaseModel):
    items: tuple[TransferListed, ...]
    next: str | None


class PlannedHelpView(View):
    component: str
    tariff: str
    minutes: int
    ends_on: date


class TransferView(View):
    """What the other municipality must know to say whether it takes the journey over: not who the person is, or their
    history. `help` is what the plan in force has."""

    journey_id: str
    version: int
    former: str
    municipality: str
    from_on: date
    reason: str
    stage: str
    has_place: bool
    waits_for_place: bool
    urgent: bool
    need_by_life_area: dict[str, int]
    help: tuple[PlannedHelpView, ...]


def transfer_reading(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["reading"])
    transfers = TransferList(parts.pool)
    Caller = Annotated[Actor, Depends(caller_of(parts))]  # noqa: N806 — a type, made here because it needs `parts`

    @router.get("/transfers", operation_id="list-transfers")
    async def listed(
        actor: Caller,
        request: Request,
        response: Response,
        municipality: CodeQuery = None,
        status: Literal["open", "accepted", "rejected", "withdrawn", "all"] = "open",
        after: After = None,
        cursor: Cursor = None,
        limit: Limit = PAGE,
    ) -> TransferPage:
        """Journeys that a municipality offers, and that are offered to it, by the day of the move."""
        wanted = TransferFilter(
            municipality=seen_of(parts, actor, municipality), status=None if status == "all" else status
        )
        with translated():  # the lists are kept in the record's database, and are away when it is
            await shown_up_to(parts, transfers.name, after)
            rows, more = await page_of(lambda: transfers.page(wanted, cursor=cursor, limit=limit))
        link_next(request, response, more)
        return TransferPage(items=tuple(TransferListed.model_validate(asdict(row)) for row in rows), next=more)

    @router.get("/journeys/{id}/transfer", operation_id="get-transfer")
    async def transfer(id: StreamId, actor: Caller, response: Response) -> TransferView:
        """An open offer, for who made it and for who is to answer it."""
        head = await known(parts, "journeys", id)
        state = await journey_of(parts, id)
        offered = state.file.transfer
        if not actor.is_national and actor.municipality not in (state.file.municipality, offered and offered.to):
            raise outside()
        if offered is None:
            raise ProblemRaised(404, "no_transfer_offered", "This journey is not offered to another municipality.")
        response.headers["ETag"] = f'"{head.version}"'
        return _view(state, offered, head.version)

    return router


def _view(state: Journey, offered: OfferedTransfer, version: int) -> TransferView:
    file, plan = state.file, state.file.plan_in_force
    return TransferView(
        journey_id=file.journey_id,
        version=version,
        former=file.municipality,
        municipality=offered.to,
        from_on=offered.from_on,
        reason=offered.reason,
        stage=journey.stage_of(state),
        has_place=file.place is not None,
        waits_for_place=file.waits_for_place,
        urgent=file.urgent,
        need_by_life_area=dict(file.assessments[-1].need_by_life_area) if file.assessments else {},
        help=tuple(
            PlannedHelpView(component=each.component, tariff=each.tariff, minutes=each.minutes, ends_on=each.ends_on)
            for each in (plan.lines if plan else ())
        ),
    )
