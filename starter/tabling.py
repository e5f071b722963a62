"""Deliveries as a provider keeps them, in a table: taken row by row, each row answered, and nothing doubled when sent again."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ValidationError

from activities.messages import digest
from domain.decision import Actor, RowResult
from domain.deliveries import DeliveryRow
from domain.stages.delivery import ROWS_MAX, RecordDeliveries
from integrations.tables import MEDIA_TYPES, Kind, TableRefused, Value, kind_of, read, write
from integrations.tables import Row as TableRow
from starter.access import PROBLEMS, Parts, caller_of, readable
from starter.bodies import all_fit
from starter.problems import FieldError, ProblemRaised
from starter.submit import Broken, Busy, Refused, Unavailable, step_of

log = structlog.get_logger()
PATH = "/v1/deliveries"
TABLE_MAX = 20_000  # rows
AT_ONCE = 8  # journeys
REQUIRED = ("journey_id", "reference", "day", "minutes")
OPTIONAL = ("line_id", "component", "kind", "goal_id", "worker", "session", "participants", "note")
ANSWERS = ("row", "journey_id", "result", "field", "rule", "delivery_id")
AGAIN = "No answer in time. Send the same table again: what was recorded is not recorded twice."


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

    @router.post(PATH, operation_id="record-delivery-table", openapi_extra=_BODY, response_model=TableAnswer)
    async def table(
        request: Request,
        actor: Annotated[Actor, Depends(caller)],
        content_type: Annotated[str, Header(max_length=200)] = "",
        accept: Annotated[str, Header(max_length=1000)] = "",
        show: Literal["all", "refused"] = "all",
    ) -> Response:
        """Record a table of deliveries (CSV or XLSX). Columns: journey_id, reference, day, minutes, and as needed line_id
        or component and kind, goal_id, worker, session, participants, note. `reference` is the provider's own number of
        the entry: sent again, it adds nothing."""
        rows = await asyncio.to_thread(_opened, await request.body(), content_type)
        results = sorted(await _recorded(parts, actor, rows), key=lambda each: each.row)
        return _answer(results, accept, show)

    return router


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {each: {"schema": {"type": "string", "format": "binary"}} for each in MEDIA_TYPES.values()},
    }
}


def _opened(content: bytes, content_type: str) -> Sequence[TableRow]:
    try:
        kind = kind_of(content_type)
    except TableRefused as refused:
        wrong = FieldError(field="Content-Type", message=str(refused))
        raise ProblemRaised(415, "not_a_table", str(refused), errors=[wrong]) from refused
    try:
        return read(content, name=MEDIA_TYPES[kind], columns=REQUIRED, optional=OPTIONAL, max_rows=TABLE_MAX)
    except TableRefused as refused:
        wrong = FieldError(field="body", message=str(refused))
        raise ProblemRaised(400, "table_refused", str(refused), errors=[wrong]) from refused


# ── Row by row ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _recorded(parts: Parts, actor: Actor, rows: Sequence[TableRow]) -> list[RowAnswer]:
    answers: list[RowAnswer] = []
    wanted: dict[str, list[DeliveryRow]] = {}
    for row in rows:
        journey_id = row.cells["journey_id"]
        try:
            wanted.setdefault(journey_id, []).append(_read(row))
        except ValidationError as wrong:
            answers.append(_malformed(row, wrong))
    turns, attempt = asyncio.Semaphore(AT_ONCE), secrets.token_hex(8)

    async def of_journey(journey_id: str, own: list[DeliveryRow]) -> list[RowAnswer]:
        async with turns:
            return await _of_journey(parts, actor, journey_id, own, attempt)

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(of_journey(journey_id, own)) for journey_id, own in wanted.items() if own]
    return [*answers, *(answer for each in asked for answer in each.result())]


def _read(row: TableRow) -> DeliveryRow:
    cells: dict[str, object] = {name: cell for name, cell in row.cells.items() if cell and name != "journey_id"}
    if "day" in cells:
        cells["day"] = _iso(str(cells["day"]))
    read = DeliveryRow.model_validate({"row": row.number, **cells})
    all_fit(read)
    return read


def _iso(day: str) -> str:
    """A day as it is written here, 26.03.2026, or as a machine writes it."""
    try:
        return str(datetime.strptime(day, "%d.%m.%Y").date())  # noqa: DTZ007 — a day has no time zone
    except ValueError:
        return day


def _malformed(row: TableRow, wrong: ValidationError) -> RowAnswer:
    first, *more = wrong.errors(include_url=False, include_input=False)
    rule = first["msg"] + "".join(f"; {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in more)
    return RowAnswer(
        row=row.number,
        journey_id=row.cells["journey_id"],
        result="malformed",
        field=".".join(map(str, first["loc"])) or None,
        rule=rule,
    )


async def _of_journey(
    parts: Parts, actor: Actor, journey_id: str, rows: list[DeliveryRow], attempt: str
) -> list[RowAnswer]:
    """In steps of so many rows as one may have. Each attempt has its own, since the rows' numbers keep from doubling, and
    what was refused yesterday may be right today."""
    answers: list[RowAnswer] = []
    try:
        await readable(parts, "journeys", journey_id, actor)
    except ProblemRaised as problem:
        return [_refused(row, journey_id, problem.problem.code, "journey_id", problem.problem.detail) for row in rows]
    for number, some in enumerate(_parts(rows)):
        command_id = digest(actor.id, journey_id, RecordDeliveries.name, attempt, str(number))
        step = step_of(RecordDeliveries(rows=some), actor, stream_id=journey_id, command_id=command_id)
        try:
            outcome = await parts.submitter.submit(step)
            answers += (_answered(result, journey_id) for result in outcome.rows)
        except Refused as no:
            refusal = no.refusal
            answers += (_refused(row, journey_id, refusal.code, refusal.field, refusal.message) for row in some)
        except (Busy, Unavailable):
            answers += (_refused(row, journey_id, "unavailable", None, AGAIN) for row in some)
        except Broken as bug:
            log.error("table step failed", stream=journey_id, error=str(bug))
            answers += (_refused(row, journey_id, "broken", None, "Failed for a reason that is ours.") for row in some)
    return answers


def _parts(rows: list[DeliveryRow]) -> Iterator[tuple[DeliveryRow, ...]]:
    left = iter(rows)
    while some := tuple(islice(left, ROWS_MAX)):
        yield some


def _answered(result: RowResult, journey_id: str) -> RowAnswer:
    return RowAnswer(
        row=result.row,
        journey_id=journey_id,
        result=result.code,
        field=result.field,
        rule=result.message,
        delivery_id=result.delivery_id,
    )


def _refused(row: DeliveryRow, journey_id: str, code: str, field: str | None, rule: str) -> RowAnswer:
    return RowAnswer(row=row.row, journey_id=journey_id, result=code, field=field, rule=rule)


# ── The answer, as it is asked for ───────────────────────────────────────────────────────────────────────────────────


def _answer(results: Sequence[RowAnswer], accept: str, show: str) -> Response:
    recorded, known = (sum(each.result == code for each in results) for code in ("recorded", "known"))
    shown = [each for each in results if show == "all" or each.result not in ("recorded", "known")]
    for kind, media_type in MEDIA_TYPES.items():
        if media_type in accept:
            return table_response((_cells(each) for each in shown), ANSWERS, kind, name="deliveries-answered")
    answer = TableAnswer(
        rows=len(results),
        recorded=recorded,
        known=known,
        refused=len(results) - recorded - known,
        results=tuple(shown),
    )
    return Response(answer.model_dump_json(), media_type="application/json")


def _cells(answer: RowAnswer) -> tuple[Value, ...]:
    return (
        answer.row, answer.journey_id, answer.result, answer.field or "", answer.rule, answer.delivery_id or "",
    )  # fmt: skip


def table_response(rows: Iterator[Sequence[Value]], columns: Sequence[str], kind: Kind, *, name: str) -> Response:
    headers: Mapping[str, str] = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(write(rows, columns, kind=kind), media_type=MEDIA_TYPES[kind], headers=dict(headers))
