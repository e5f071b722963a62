"""The thin API: who is calling, may they, has the request the right shape; then the step is handed on, or the record read."""

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, Protocol

import structlog
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, ValidatorFunctionWrapHandler, WrapValidator
from starlette.exceptions import HTTPException

from activities.folding import Streams
from activities.messages import Outcome, Submission
from domain.codec import Codec, canonical
from domain.commands import ALL, PREFIX
from domain.deciders import AGREEMENTS, JOURNEYS, PERSONS
from domain.decision import Actor, Command, Stage
from domain.parties import Agreement, Person
from domain.ports import EventStore, Position, StoreUnavailable, StreamHead
from domain.programme import NotInForce, NotKnown, Programme
from domain.states import Journey
from eventstore.postgres import translated
from readmodels.projector import Pool, wait_for
from readmodels.work_queue import Filter, Row, WorkQueue, WrongCursor
from starter.auth import Authenticator
from starter.bodies import LimitedBodies, all_fit
from starter.problems import FieldError, Problem, ProblemRaised
from starter.submit import Broken, Busy, Refused, Submitter, Unavailable
from starter.telling import tell
from starter.views import AgreementView, JourneyView, PersonView, agreement_view, journey_view, person_view
from workflows.names import digest

log = structlog.get_logger()
RETRY_AFTER = 2
PAGE = 50
PAGE_MAX = 200
SEEN_MAX = 100_000


class Clock(Protocol):
    """The engine's time: where years are skipped, "today" skips along."""

    async def today(self) -> date: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the API stands on."""

    store: EventStore
    codec: Codec
    pool: Pool
    queue: WorkQueue
    submitter: Submitter
    programme: Programme
    authenticator: Authenticator
    clock: Clock


class Answer(BaseModel):
    """Where the stream stands after the step."""

    id: str
    version: int
    stage: str
    events: tuple[str, ...]
    position: str


class Told(BaseModel):
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    sentence: str


class EventView(BaseModel):
    model_config = ConfigDict(extra="allow")

    version: int
    position: str
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    data: dict[str, Any]  # the event's own fields; their schema is in the catalogue


class QueueRow(BaseModel):
    journey_id: str
    person_id: str
    municipality: str
    stage: str
    waits_for: str
    case_manager: str | None
    version: int
    next_what: str | None
    next_due: date | None
    overdue: bool
    open: bool
    changed_at: datetime


class QueuePage(BaseModel):
    today: date
    items: tuple[QueueRow, ...]
    next: str | None


class EventPage(BaseModel):
    items: tuple[EventView, ...]
    next: int | None


class Timeline(BaseModel):
    items: tuple[Told, ...]


StreamId = Annotated[str, Path(pattern=r"^[a-z]{1,12}-[0-9a-z-]{1,80}$", max_length=100)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=60)]
CodeQuery = Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9_.@/:-]{0,79}$")]
bearer = HTTPBearer(auto_error=False, description="A demonstration user's token, shown once by `teekond up`")
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}}
    for status in (400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503)
}


def application(parts: Parts) -> FastAPI:
    """The ASGI application; OpenAPI 3.1 at /v1/openapi.json."""
    app = FastAPI(
        title="Teekond",
        version="1",
        description="One person's path through person-centred care: every step a command, every change an event.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(LimitedBodies)
    _handle_problems(app)
    app.include_router(_health(parts))
    app.include_router(_commands(parts))
    app.include_router(_reading(parts))
    app.include_router(_reference(parts))
    return app


# ── Who, and may they ────────────────────────────────────────────────────────────────────────────────────────────────


def _caller(parts: Parts) -> Callable[..., Awaitable[Actor]]:
    async def caller(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Actor:
        actor = None if given is None else parts.authenticator.actor(given.credentials)
        if actor is None:
            raise ProblemRaised(401, "unknown_token", "Send a bearer token that this installation has issued.")
        return actor

    return caller


async def _known(parts: Parts, kind: str, stream_id: str) -> StreamHead:
    head = await parts.store.head(stream_id)
    if head is None or head.kind != kind:
        raise ProblemRaised(404, "unknown_stream", f"There is no {stream_id} among the {kind}.")
    return head


class Seen(OrderedDict[str, str]):
    """Streams and the municipality each was last recorded in, so that most steps need not ask; the step itself is decided
    with what is so by then."""

    def __setitem__(self, stream_id: str, tenant: str) -> None:
        super().__setitem__(stream_id, tenant)
        if len(self) > SEEN_MAX:
            self.popitem(last=False)


async def _writable(parts: Parts, kind: str, stream_id: str, actor: Actor) -> StreamHead:
    """Agreements and providers belong to several municipalities; the step itself knows to which."""
    if kind in ("journeys", "persons"):
        return await _readable(parts, kind, stream_id, actor)
    return await _known(parts, kind, stream_id)


async def _readable(parts: Parts, kind: str, stream_id: str, actor: Actor) -> StreamHead:
    head = await _known(parts, kind, stream_id)
    if not actor.is_national and head.tenant != actor.municipality:
        raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")
    return head


# ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _commands(parts: Parts) -> APIRouter:
    """One route for each command of the catalogue, with its schema."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS)
    seen = {kind: Seen() for kind in PREFIX}
    for command in ALL:
        if not command.internal:
            _route(router, parts, command, seen[command.kind])
    return router


def _route(router: APIRouter, parts: Parts, command: type[Command], seen: Seen) -> None:
    caller = _caller(parts)

    async def create(
        body: Command, response: Response, actor: Annotated[Actor, Depends(caller)], key: IdempotencyKey = None
    ) -> Answer:
        command_id = digest(actor.id, command.kind, _key(key))
        stream_id = _new_stream(command, body, command_id)
        return await _hand_on(parts, response, _submission(body, actor, stream_id, command_id, None))

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
            seen[id] = (await _writable(parts, command.kind, id, actor)).tenant
        return await _hand_on(parts, response, _submission(body, actor, id, command_id, expected))

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


def _submission(body: Command, actor: Actor, stream_id: str, command_id: str, expected: int | None) -> Submission:
    data = body.model_dump(mode="json")
    return Submission(
        command=body.name,
        data=data,
        actor=actor,
        kind=body.kind,
        stream_id=stream_id,
        stage=str(body.stage),
        expected=expected,
        command_id=command_id,
        request_hash=digest(body.name, canonical(data).decode()),
    )


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


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _reading(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["reading"])
    caller = _caller(parts)
    journeys: Streams[Journey] = Streams(parts.store, parts.codec, JOURNEYS)
    persons: Streams[Person] = Streams(parts.store, parts.codec, PERSONS)
    agreements: Streams[Agreement] = Streams(parts.store, parts.codec, AGREEMENTS)
    Caller = Annotated[Actor, Depends(caller)]  # noqa: N806 — a type, made here because it needs `parts`

    @router.get("/journeys/{id}", operation_id="get-journey")
    async def journey(id: StreamId, actor: Caller, response: Response) -> JourneyView:
        """A journey as it stands now."""
        await _readable(parts, "journeys", id, actor)
        folded, _ = await journeys.at_latest(id)
        assert folded.state is not None
        response.headers["ETag"] = f'"{folded.version}"'
        return journey_view(folded.state, folded.version)

    @router.get("/journeys/{id}/timeline", operation_id="get-timeline")
    async def timeline(id: StreamId, actor: Caller) -> Timeline:
        """What happened, in sentences."""
        await _readable(parts, "journeys", id, actor)
        found = await parts.store.read(id)
        return Timeline(
            items=tuple(
                Told(
                    version=each.version,
                    type=each.event.type,
                    occurred_at=each.occurred_at,
                    recorded_at=each.recorded_at,
                    actor=each.meta.actor,
                    sentence=tell(each),
                )
                for each in map(parts.codec.decode, found.events)
            )
        )

    @router.get("/{kind}/{id}/events", operation_id="get-events")
    async def events(
        kind: Annotated[str, Path(pattern="^(journeys|persons|agreements|providers)$")],
        id: StreamId,
        actor: Caller,
        request: Request,
        response: Response,
        cursor: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
    ) -> EventPage:
        """The facts themselves, in order."""
        await _readable(parts, kind, id, actor)
        found = await parts.store.read(id, after=cursor, limit=limit + 1)
        shown = [parts.codec.decode(each) for each in found.events[:limit]]
        more = shown[-1].version if len(found.events) > limit else None
        _link_next(request, response, more)
        return EventPage(
            items=tuple(
                EventView(
                    version=each.version,
                    position=str(each.position),
                    type=each.event.type,
                    occurred_at=each.occurred_at,
                    recorded_at=each.recorded_at,
                    actor=each.meta.actor,
                    data=each.event.model_dump(mode="json"),
                )
                for each in shown
            ),
            next=more,
        )

    @router.get("/journeys", operation_id="list-journeys")
    async def queue(
        actor: Caller,
        request: Request,
        response: Response,
        municipality: CodeQuery = None,
        stage: Stage | None = None,
        case_manager: CodeQuery = None,
        overdue: bool = False,
        status: Literal["open", "ended", "all"] = "open",
        after: Annotated[str | None, Query(max_length=60, description="a position: wait for it, up to 2 s")] = None,
        cursor: Annotated[str | None, Query(max_length=400)] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE,
    ) -> QueuePage:
        """The work queue: most urgent first."""
        if not actor.is_national and municipality not in (None, actor.municipality):
            raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")
        if municipality is not None:
            _must_be_known(parts.programme, municipality)
        today = await parts.clock.today()
        wanted = Filter(
            municipality=municipality if actor.is_national else actor.municipality,
            stage=stage,
            case_manager=case_manager,
            due_before=today if overdue else None,
            open={"open": True, "ended": False, "all": None}[status],
        )
        with translated():  # the lists are kept in the record's database, and are away when it is
            await _shown_up_to(parts, after)
            rows, more = await _page(parts.queue, wanted, cursor, limit)
        _link_next(request, response, more)
        return QueuePage(today=today, items=tuple(_queue_row(row, today) for row in rows), next=more)

    @router.get("/persons/{id}", operation_id="get-person")
    async def person(id: StreamId, actor: Caller, response: Response) -> PersonView:
        """A person's consents, carers and representatives; names are in the person's events."""
        await _readable(parts, "persons", id, actor)
        folded, _ = await persons.at_latest(id)
        assert folded.state is not None
        response.headers["ETag"] = f'"{folded.version}"'
        return person_view(folded.state, folded.version)

    @router.get("/agreements/{id}", operation_id="get-agreement")
    async def agreement(id: StreamId, actor: Caller, response: Response) -> AgreementView:
        """An agreement's places, and who waits in which order and why."""
        await _known(parts, "agreements", id)
        folded, _ = await agreements.at_latest(id)
        assert folded.state is not None
        if not actor.is_national and actor.municipality not in folded.state.municipalities:
            raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")
        response.headers["ETag"] = f'"{folded.version}"'
        return agreement_view(folded.state)

    return router


async def _page(queue: WorkQueue, wanted: Filter, cursor: str | None, limit: int) -> tuple[list[Row], str | None]:
    try:
        return await queue.page(wanted, cursor=cursor, limit=limit)
    except WrongCursor as wrong:
        raise _malformed("cursor", "must be one that this list gave out") from wrong


async def _shown_up_to(parts: Parts, after: str | None) -> None:
    if after is None:
        return
    try:
        position = Position.parse(after)
    except ValueError as wrong:
        raise _malformed("after", str(wrong)) from wrong
    if not await wait_for(parts.pool, parts.queue.name, position):
        raise ProblemRaised(503, "not_shown_yet", "The list has not got there yet; ask again.", retry_after=1)


def _must_be_known(programme: Programme, municipality: str) -> None:
    try:
        programme.municipality(municipality)
    except NotKnown as unknown:
        raise _malformed("municipality", str(unknown)) from unknown


def _malformed(field: str, message: str) -> ProblemRaised:
    wrong = FieldError(field=field, message=message)
    return ProblemRaised(400, "malformed", "The request is not well formed.", errors=[wrong])


def _queue_row(row: Row, today: date) -> QueueRow:
    return QueueRow(**asdict(row), overdue=row.open and row.next_due is not None and row.next_due < today)


def _link_next(request: Request, response: Response, cursor: str | int | None) -> None:
    if cursor is not None:
        following = request.url.include_query_params(cursor=str(cursor))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'  # the host is the asker's word


# ── Reference data and health ────────────────────────────────────────────────────────────────────────────────────────


def _reference(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1/reference", responses=PROBLEMS, tags=["reference"])
    caller = _caller(parts)
    programme = parts.programme

    async def reference(
        what: Annotated[str, Path(pattern="^(programme|municipalities|components|instrument|eligibility|life-areas)$")],
        actor: Annotated[Actor, Depends(caller)],
        on: date | None = None,
    ) -> dict[str, Any]:
        """Versioned data as it holds on a day; today if no day is given."""
        day = on or await parts.clock.today()
        try:
            return {
                "programme": programme.code,
                "synthetic": programme.synthetic,
                "on": day,
                **_held(programme, what, day),
            }
        except NotInForce as silent:
            raise ProblemRaised(404, "not_in_force", str(silent)) from silent

    router.get("/{what}", operation_id="get-reference")(reference)
    return router


def _held(programme: Programme, what: str, day: date) -> dict[str, Any]:
    match what:
        case "municipalities":
            return {"items": [asdict(each) for each in programme.municipalities]}
        case "life-areas":
            return {"items": [asdict(each) for each in programme.life_areas]}
        case "components":
            catalogue = programme.catalogue(day)
            return {"version": catalogue.version, "items": [asdict(each) for each in catalogue.components.values()]}
        case "instrument":
            return {"instrument": asdict(programme.instrument(day))}
        case "eligibility":
            return {"rules": asdict(programme.eligibility(day)), "conditions": dict(programme.conditions)}
    return {"sources": dict(programme.sources)}


def _health(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health/live", operation_id="live")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/health/ready", operation_id="ready", responses={503: PROBLEMS[503]})
    async def ready() -> dict[str, str]:
        try:
            await asyncio.wait_for(parts.store.head("journey-none"), 2)
        except (StoreUnavailable, TimeoutError) as down:
            raise ProblemRaised(503, "unavailable", "The record does not answer.", retry_after=RETRY_AFTER) from down
        if not await parts.submitter.reachable():
            raise ProblemRaised(503, "unavailable", "The engine does not answer.", retry_after=RETRY_AFTER)
        return {"status": "ready"}

    return router


# ── Problems ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _handle_problems(app: FastAPI) -> None:
    @app.exception_handler(ProblemRaised)
    async def problem(_: Request, raised: ProblemRaised) -> Response:
        return raised.response()

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, wrong: RequestValidationError) -> Response:
        errors = [FieldError(field=_field(each["type"], each["loc"]), message=each["msg"]) for each in wrong.errors()]
        return ProblemRaised(400, "malformed", "The request is not well formed.", errors=errors).response()

    @app.exception_handler(HTTPException)
    async def http(_: Request, raised: HTTPException) -> Response:
        code = {404: "unknown_path", 405: "unknown_method"}.get(raised.status_code, "malformed")
        wrong = [FieldError(field="body", message=str(raised.detail))] if raised.status_code == 400 else []
        return ProblemRaised(raised.status_code, code, str(raised.detail), errors=wrong).response()

    @app.exception_handler(StoreUnavailable)
    async def down(_: Request, raised: StoreUnavailable) -> Response:
        return ProblemRaised(503, "unavailable", "The record does not answer.", retry_after=RETRY_AFTER).response()

    @app.exception_handler(Exception)
    async def bug(_: Request, raised: Exception) -> Response:
        log.error("request failed", exc_info=raised)
        return ProblemRaised(500, "broken", "The request failed for a reason that is ours.").response()


def _field(error: str, location: tuple[int | str, ...]) -> str:
    if error == "json_invalid":  # then the location is a place in the text
        return "body"
    steps = [str(step) for step in location if step not in ("body", "query", "path", "header")]
    return ".".join(steps) or "body"
