"""Claims as a municipality and a provider look at them: every row with what became of it."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from activities.folding import Streams
from domain.claims import Claim, ClaimStage
from domain.deciders import CLAIMS
from domain.decision import Actor
from domain.due import Standing, standing
from eventstore.postgres import translated
from integrations.tables import MEDIA_TYPES, Euros, Value
from readmodels.claim_list import ClaimFilter, ListedClaim
from starter.access import PROBLEMS, CodeQuery, Parts, StreamId, caller_of, readable
from starter.paging import PAGE, After, Cursor, Limit, link_next, page_of, seen_of, shown_up_to
from starter.problems import ProblemRaised, malformed
from starter.table_rows import table_response
from starter.views import ClaimRowView, ClaimView, claim_view

PAYMENT = (
    "claim", "provider", "municipality", "month", "journey", "delivery", "day", "component", "kind", "minutes", "euros",
)  # fmt: skip
_TABLES: dict[int | str, dict[str, Any]] = {
    200: {"content": {each: {"schema": {"type": "string", "format": "binary"}} for each in MEDIA_TYPES.values()}}
}


ProviderQuery = Annotated[str | None, Query(pattern=r"^[a-z]{1,12}-[0-9a-z-]{1,60}$")]


class ClaimListed(BaseModel):
    """`claimed_cents` may be below 0, where earlier claims are corrected; `accepted_cents` is 0 until it is checked.
    `due_on` is when the municipality is to decide, and `standing` how that stands; null once it has."""

    claim_id: str
    provider_id: str
    municipality: str
    month: date
    stage: str
    version: int
    rows: int
    claimed_cents: int
    accepted_cents: int
    changed_at: datetime
    due_on: date | None
    standing: Standing | None


class ClaimPage(BaseModel):
    items: tuple[ClaimListed, ...]
    next: str | None


def claiming(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1/claims", responses=PROBLEMS, tags=["claims"])
    claims: Streams[Claim] = Streams(parts.store, parts.codec, CLAIMS)
    Caller = Annotated[Actor, Depends(caller_of(parts))]  # noqa: N806 — a type, made here because it needs `parts`

    @router.get("", operation_id="list-claims")
    async def listed(
        actor: Caller,
        request: Request,
        response: Response,
        municipality: CodeQuery = None,
        provider_id: ProviderQuery = None,
        month: Annotated[date | None, Query(description="its first day")] = None,
        stage: ClaimStage | None = None,
        stands: Annotated[Standing | None, Query(alias="standing")] = None,
        after: After = None,
        cursor: Cursor = None,
        limit: Limit = PAGE,
    ) -> ClaimPage:
        """Claims and what they come to, the newest month first."""
        if month is not None and month.day != 1:
            raise malformed("month", "must be the first day of a month")
        today = await parts.clock.today()
        wanted = ClaimFilter(
            municipality=seen_of(parts, actor, municipality),
            provider_id=provider_id,
            month=month,
            stage=stage,
            standing=stands,
            today=today,
        )
        with translated():  # the lists are kept in the record's database, and are away when it is
            await shown_up_to(parts, parts.claims.name, after)
            rows, more = await page_of(lambda: parts.claims.page(wanted, cursor=cursor, limit=limit))
        link_next(request, response, more)
        return ClaimPage(items=tuple(_listed(row, today) for row in rows), next=more)

    @router.get("/{id}", operation_id="get-claim")
    async def claim(id: StreamId, actor: Caller, response: Response) -> ClaimView:
        """A claim with its rows, and what became of each."""
        await readable(parts, "claims", id, actor)
        folded, _ = await claims.at_latest(id)
        assert folded.state is not None
        response.headers["ETag"] = f'"{folded.version}"'
        return claim_view(folded.state, folded.version, today=await parts.clock.today())

    @router.get("/{id}/payment.{suffix}", operation_id="export-payment", response_class=Response, responses=_TABLES)
    async def payment(id: StreamId, suffix: Literal["csv", "xlsx"], actor: Caller) -> Response:
        """What is to be paid of a checked claim, row by row; an amount below zero sets off what was paid too much."""
        await readable(parts, "claims", id, actor)
        state = (await claims.at_latest(id))[0].state
        assert state is not None
        if state.stage in (ClaimStage.ASSEMBLED, ClaimStage.BEING_CHECKED):
            raise ProblemRaised(409, "not_checked_yet", "The claim is not checked yet; there is nothing to pay.")
        view = claim_view(state, 0, today=None)
        rows = (_to_pay(view, row) for row in view.rows if row.accepted_cents)
        return table_response(rows, PAYMENT, suffix, name=f"payment-{id}")

    return router


def _listed(row: ListedClaim, today: date) -> ClaimListed:
    stands = None if row.due_on is None else standing(row.due_on, row.remind_on or row.due_on, today)
    return ClaimListed.model_validate({**asdict(row), "standing": stands})


def _to_pay(claim: ClaimView, row: ClaimRowView) -> tuple[Value, ...]:
    return (
        claim.claim_id, claim.provider_id, claim.municipality, claim.month, row.journey_id, row.delivery_id, row.day,
        row.component, row.tariff, row.minutes, Euros(row.accepted_cents),
    )  # fmt: skip
