"""Deliveries as a provider keeps them, in a table: taken row by row, each row answered, and nothing doubled when sent again."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ValidationError

from domain.decision import Actor, RowResult
from domain.deliveries import DeliveryRow
from domain.stages.delivery import ROWS_MAX, RecordDeliveries
from integrations.tables import Row as TableRow
from starter.access import PROBLEMS, Parts, caller_of
from starter.table_rows import BODY, Handed, Show, answer, malformed_row, opened, recorded, shaped

PATH = "/v1/deliveries"
REQUIRED = ("journey_id", "reference", "day", "minutes")
OPTIONAL = ("line_id", "component", "kind", "goal_id", "worker", "session", "participants", "note")
ANSWERS = ("row", "journey_id", "result", "field", "rule", "delivery_id")
TAKEN = ("recorded", "known")
HANDED: Handed[DeliveryRow] = Handed(
    kind="journeys",
    field="journey_id",
    command=lambda rows: RecordDeliveries(rows=tuple(rows)),
    rows_max=ROWS_MAX,
)


class RowAnswer(BaseModel):
    """`result`: recorded, known (from an earlier table), or the code of its refusal, with field and rule."""

    row: int
    journey_id: str
    result: str
    field: str | None = None
    rule: str = ""
    delivery_id: str | None = None


class TableAnswer(BaseModel):
    rows: int
    recorded: int
    known: int
    refused: int
    results: tuple[RowAnswer, ...]


def tabling(parts: Parts) -> APIRouter:
    router = APIRouter(responses=PROBLEMS, tags=["delivery"])
    caller = caller_of(parts)

    @router.post(PATH, operation_id="record-delivery-table", openapi_extra=BODY, response_model=TableAnswer)
    async def table(
        request: Request,
        actor: Annotated[Actor, Depends(caller)],
        content_type: Annotated[str, Header(max_length=200)] = "",
        accept: Annotated[str, Header(max_length=1000)] = "",
        show: Show = "all",
    ) -> Response:
        """Record a table of deliveries (CSV or XLSX). Columns: journey_id, reference, day, minutes, and as needed line_id
        or component and kind, goal_id, worker, session, participants, note. `reference` is the provider's own number of
        the entry: sent again, it adds nothing."""
        rows = await opened(request, content_type, REQUIRED, OPTIONAL)
        results = await _recorded(parts, actor, rows)
        return answer(
            TableAnswer, results, columns=ANSWERS, taken=TAKEN, accept=accept, show=show, name="deliveries-answered"
        )

    return router


async def _recorded(parts: Parts, actor: Actor, rows: Sequence[TableRow]) -> list[RowAnswer]:
    answers: list[RowAnswer] = []
    wanted: dict[str, list[DeliveryRow]] = {}
    for row in rows:
        journey_id = row.cells["journey_id"]
        try:
            wanted.setdefault(journey_id, []).append(shaped(DeliveryRow, row, days=("day",), but=("journey_id",)))
        except ValidationError as wrong:
            answers.append(_told(journey_id, malformed_row(row, wrong)))
    told = await recorded(parts, actor, wanted, HANDED)
    return [*answers, *(_told(journey_id, result) for journey_id, result in told)]


def _told(journey_id: str, result: RowResult) -> RowAnswer:
    return RowAnswer(
        row=result.row,
        journey_id=journey_id,
        result=result.code,
        field=result.field,
        rule=result.message,
        delivery_id=result.delivery_id,
    )
