"""Any table that is sent to us: opened within limits, handed on stream by stream, and answered row by row."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

import structlog
from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from activities.messages import digest
from domain.claims import pieces
from domain.decision import Actor, Command, RowResult
from integrations.tables import MEDIA_TYPES, Kind, Row, TableRefused, Value, kind_of, read, write
from starter.access import Parts, writable
from starter.bodies import all_fit
from starter.problems import FieldError, ProblemRaised
from starter.submit import Broken, Busy, Refused, Unavailable, step_of

log = structlog.get_logger()
TABLE_MAX = 20_000  # rows
AT_ONCE = 8  # streams
AGAIN = "No answer in time. Send the same table again: what was recorded is not recorded twice."
OURS = "Failed for a reason that is ours."
Show = Literal["all", "refused"]
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {each: {"schema": {"type": "string", "format": "binary"}} for each in MEDIA_TYPES.values()},
    }
}


class Numbered(Protocol):
    """A row that knows its number in the table."""

    @property
    def row(self) -> int: ...


R = TypeVar("R", bound=Numbered)
M = TypeVar("M", bound=BaseModel)


# ── A table as it comes in ───────────────────────────────────────────────────────────────────────────────────────────


async def opened(request: Request, content_type: str, columns: Sequence[str], optional: Sequence[str]) -> Sequence[Row]:
    """Raises ProblemRaised where it is no table of these columns."""
    return await asyncio.to_thread(_opened, await request.body(), content_type, columns, optional)


def _opened(content: bytes, content_type: str, columns: Sequence[str], optional: Sequence[str]) -> Sequence[Row]:
    try:
        kind = kind_of(content_type)
    except TableRefused as refused:
        wrong = FieldError(field="Content-Type", message=str(refused))
        raise ProblemRaised(415, "not_a_table", str(refused), errors=[wrong]) from refused
    try:
        return read(content, name=MEDIA_TYPES[kind], columns=columns, optional=optional, max_rows=TABLE_MAX)
    except TableRefused as refused:
        wrong = FieldError(field="body", message=str(refused))
        raise ProblemRaised(400, "table_refused", str(refused), errors=[wrong]) from refused


def shaped(shape: type[M], row: Row, *, days: Iterable[str], but: Iterable[str]) -> M:
    """The row's cells with anything in them, `but` for those that say whose it is. Raises ValidationError."""
    cells: dict[str, object] = {name: cell for name, cell in row.cells.items() if cell and name not in but}
    for name in days:
        if name in cells:
            cells[name] = _iso(str(cells[name]))
    read = shape.model_validate({"row": row.number, **cells})
    all_fit(read)
    return read


def _iso(day: str) -> str:
    """A day as it is written here, 26.03.2026, or as a machine writes it."""
    try:
        return str(datetime.strptime(day, "%d.%m.%Y").date())  # noqa: DTZ007 — a day has no time zone
    except ValueError:
        return day


def malformed_row(row: Row, wrong: ValidationError) -> RowResult:
    """Which field, and by which rule; never what stood there."""
    first, *more = wrong.errors(include_url=False, include_input=False)
    rule = first["msg"] + "".join(f"; {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in more)
    return RowResult(row=row.number, code="malformed", field=".".join(map(str, first["loc"])) or None, message=rule)


# ── Stream by stream ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Handed(Generic[R]):
    """How rows are handed on: each stream's own in steps of so many, as this command."""

    kind: str
    field: str  # the column that names the stream
    command: Callable[[Sequence[R]], Command]
    rows_max: int


async def recorded(
    parts: Parts, actor: Actor, wanted: Mapping[str, Sequence[R]], how: Handed[R]
) -> list[tuple[str, RowResult]]:
    """Every row's answer, with the stream it is about."""
    turns, attempt = asyncio.Semaphore(AT_ONCE), secrets.token_hex(8)

    async def of_stream(stream_id: str, rows: Sequence[R]) -> list[RowResult]:
        async with turns:
            return await _of_stream(parts, actor, stream_id, rows, how, attempt)

    async with asyncio.TaskGroup() as group:
        asked = {stream_id: group.create_task(of_stream(stream_id, rows)) for stream_id, rows in wanted.items() if rows}
    return [(stream_id, answer) for stream_id, told in asked.items() for answer in told.result()]


async def _of_stream(
    parts: Parts, actor: Actor, stream_id: str, rows: Sequence[R], how: Handed[R], attempt: str
) -> list[RowResult]:
    """Each attempt has its own steps, since the rows themselves keep from doubling, and what was refused yesterday may be
    right today."""
    try:
        await writable(parts, how.kind, stream_id, actor)
    except ProblemRaised as raised:
        return [_refused(row, raised.problem.code, how.field, raised.problem.detail) for row in rows]
    answers: list[RowResult] = []
    for number, some in enumerate(pieces(rows, how.rows_max)):
        command = how.command(some)
        command_id = digest(actor.id, stream_id, command.name, attempt, str(number))
        step = step_of(command, actor, stream_id=stream_id, command_id=command_id)
        try:
            answers += (await parts.submitter.submit(step)).rows
        except Refused as no:
            answers += (_refused(row, no.refusal.code, no.refusal.field, no.refusal.message) for row in some)
        except (Busy, Unavailable):
            answers += (_refused(row, "unavailable", None, AGAIN) for row in some)
        except Broken as bug:
            log.error("table step failed", stream=stream_id, error=str(bug))
            answers += (_refused(row, "broken", None, OURS) for row in some)
    return answers


def _refused(row: Numbered, code: str, field: str | None, rule: str) -> RowResult:
    return RowResult(row=row.row, code=code, field=field, message=rule)


# ── The answer, as it is asked for ───────────────────────────────────────────────────────────────────────────────────


class Answered(Protocol):
    """What became of a row: one of the good words, or the code of its refusal."""

    @property
    def row(self) -> int: ...

    @property
    def result(self) -> str: ...

    def model_dump(self) -> dict[str, Any]: ...


def answer(
    shape: type[BaseModel],
    results: Iterable[Answered],
    *,
    columns: Sequence[str],
    taken: Sequence[str],
    accept: str,
    show: Show,
    name: str,
) -> Response:
    """In the order of the table, as a table of `columns` or as `shape`, which counts each of the `taken` words by its name."""
    told = sorted(results, key=lambda each: each.row)
    shown = [each for each in told if show == "all" or each.result not in taken]
    kind = _asked_for(accept)
    if kind is not None:
        return table_response((_cells(each, columns) for each in shown), columns, kind, name=name)
    counts = {word: sum(each.result == word for each in told) for word in taken}
    refused = len(told) - sum(counts.values())
    whole = shape.model_validate({"rows": len(told), "refused": refused, "results": shown, **counts})
    return Response(whole.model_dump_json(), media_type="application/json")


def _cells(answer: Answered, columns: Sequence[str]) -> tuple[Value, ...]:
    fields = answer.model_dump()
    return tuple("" if fields[name] is None else fields[name] for name in columns)


def _asked_for(accept: str) -> Kind | None:
    """None: not as a table."""
    return next((kind for kind, media_type in MEDIA_TYPES.items() if media_type in accept), None)


def table_response(rows: Iterable[Sequence[Value]], columns: Sequence[str], kind: Kind, *, name: str) -> Response:
    headers: Mapping[str, str] = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(write(rows, columns, kind=kind), media_type=MEDIA_TYPES[kind], headers=dict(headers))
