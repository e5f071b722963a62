"""One route for each command of the catalogue: has it the right shape, then it is handed on."""

import json
import re
from collections import OrderedDict
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ValidatorFunctionWrapHandler, WrapValidator

from activities.messages import Outcome, Submission, digest
from domain.commands import ALL, PREFIX
from domain.decision import Actor, Command, RowResult
from starter.access import (
    PROBLEMS,
    RETRY_AFTER,
    IdempotencyKey,
    IfMatch,
    Parts,
    StreamId,
    caller_of,
    writable,
)
from starter.bodies import all_fit
from starter.problems import FieldError, ProblemRaised
from starter.submit import Broken, Busy, Refused, Submitter, Unavailable, step_of

log = structlog.get_logger()
SEEN_MAX = 100_000


class Answer(BaseModel):
    """Where the stream stands after the step; and the answer to each row, where the step was a table."""

    id: str
    version: int
    stage: str
    events: tuple[str, ...]
    position: str
    rows: tuple[RowResult, ...] = ()


class Seen(OrderedDict[str, str]):
    """Streams and the municipality each was last recorded in, so that most steps need not ask; the step itself is decided
    with what is so by then."""

    def __setitem__(self, stream_id: str, tenant: str) -> None:
        super().__setitem__(stream_id, tenant)
        if len(self) > SEEN_MAX:
            self.popitem(last=False)


def commands(parts: Parts) -> APIRouter:
    """One route for each command of the catalogue, with its schema."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS)
    seen = {kind: Seen() for kind in PREFIX}
    for command in ALL:
        if not command.internal:
            _route(router, parts, command, seen[command.kind])
    return router


def _route(router: APIRouter, parts: Parts, command: type[Command], seen: Seen) -> None:
    caller = caller_of(parts)

    async def create(
        body: Command, response: Response, actor: Annotated[Actor, Depends(caller)], key: IdempotencyKey = None
    ) -> Answer:
        command_id = digest(actor.id, command.kind, _key(key))
        stream_id = _new_stream(command, body, command_id)
        return await _hand_on(parts, response, step_of(body, actor, stream_id=stream_id, command_id=command_id))

    async def change(
        body: Command,
        response: Response,
        actor: Annotated[Actor, Depends(caller)],
        id: StreamId,
        key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Answer:
        command_id = digest(actor.id, id, _key(key))
        expected = _expected(if_match, command)
        if seen.get(id) != actor.municipality:
            seen[id] = (await writable(parts, command.kind, id, actor)).tenant
        return await _hand_on(
            parts, response, step_of(body, actor, stream_id=id, command_id=command_id, expected=expected)
        )

    endpoint = create if command.creates else change
    endpoint.__annotations__["body"] = _strict(command)
    endpoint.__doc__ = command.__doc__
    path = f"/{command.kind}/commands/{command.name}"
    router.post(
        path if command.creates else f"/{command.kind}/{{id}}/commands/{command.name}",
        response_model=Answer,
        operation_id=command.name,
        tags=[command.stage],
        summary=(command.__doc__ or "").splitlines()[0],
    )(endpoint)


def _strict(command: type[Command]) -> object:
    """The command as it must come in: 60 and not "60", true and not "yes"; and in words and days only what a record
    can hold."""

    def checked(value: object, _: ValidatorFunctionWrapHandler) -> Command:
        all_fit(value)
        body = command.model_validate_json(json.dumps(value), strict=True)
        all_fit(body)
        return body

    return Annotated[command, WrapValidator(checked)]


def _new_stream(command: type[Command], body: Command, command_id: str) -> str:
    """The creating command's id decides the stream's, so that a retried creation finds itself."""
    return body.stream_named() or f"{PREFIX[command.kind]}-{digest(command_id, command.kind, '0')[:20]}"


def _key(key: str | None) -> str:
    if not key:
        wrong = FieldError(field="Idempotency-Key", message="is required, so that sending again never doubles a step")
        raise ProblemRaised(400, "idempotency_key_missing", "A step needs an Idempotency-Key.", errors=[wrong])
    return key


def _expected(if_match: str | None, command: type[Command]) -> int | None:
    if if_match is None:
        wrong = FieldError(field="If-Match", message="send the ETag you last saw")
        raise ProblemRaised(428, "if_match_missing", "A step needs If-Match with the version you saw.", errors=[wrong])
    if if_match.strip() == "*" and command.additive:
        return None
    version = re.fullmatch(r'"([0-9]{1,18})"', if_match.strip())
    if version is None:
        rule = 'a version in quotes, like "12"' + (", or *" if command.additive else "")
        wrong = FieldError(field="If-Match", message=f"must be {rule}")
        raise ProblemRaised(400, "if_match_malformed", "If-Match is not an ETag of ours.", errors=[wrong])
    return int(version[1])


async def _hand_on(parts: Parts, response: Response, step: Submission) -> Answer:
    with structlog.contextvars.bound_contextvars(
        actor=step.actor.id, stream=step.stream_id, command_id=step.command_id, command=step.command
    ):
        outcome = await _answered(parts.submitter, step)
    response.headers["ETag"] = f'"{outcome.version}"'
    return Answer(
        id=step.stream_id,
        version=outcome.version,
        stage=outcome.stage,
        events=outcome.events,
        position=outcome.position,
        rows=outcome.rows,
    )


async def _answered(submitter: Submitter, step: Submission) -> Outcome:
    try:
        return await submitter.submit(step)
    except Refused as refused:
        told = refused.refusal
        errors = [FieldError(field=told.field, message=told.message)] if told.field else []
        raise ProblemRaised(told.status, told.code, told.message, errors=errors) from refused
    except Busy as busy:
        raise ProblemRaised(429, "busy", " ".join((busy.__doc__ or "").split()), retry_after=1) from busy
    except Unavailable as down:
        log.warning("step not answered in time", exc_info=True)
        raise ProblemRaised(
            503,
            "unavailable",
            "No answer in time. Send the same again later, with the same key.",
            retry_after=RETRY_AFTER,
        ) from down
    except Broken as bug:
        log.error("step failed", error=str(bug))
        raise ProblemRaised(500, "broken", "The step failed for a reason that is ours; it was not recorded.") from bug
