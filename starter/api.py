"""The thin API as one application: commands in, the record out, and every problem told the same way."""

import asyncio

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from domain.ports import EventStore, StoreUnavailable
from starter.access import (
    PROBLEMS,
    RETRY_AFTER,
    Parts,
)
from starter.agreements import agreement_reading
from starter.bodies import LimitedBodies
from starter.claiming import claiming
from starter.commanding import commands
from starter.entitling import entitling
from starter.handovers import handover_reading
from starter.offices import office_reading
from starter.problems import FieldError, ProblemRaised
from starter.reading import reading, reference
from starter.regional import regional
from starter.report_routes import report_drafts, report_reading
from starter.tabling import tabling
from starter.trail_routes import trail_reading
from starter.transfers import transfer_reading

log = structlog.get_logger()
READY_SECONDS = 2.0


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
    app.include_router(commands(parts))
    app.include_router(reading(parts))
    app.include_router(claiming(parts))
    app.include_router(tabling(parts))
    app.include_router(entitling(parts))
    app.include_router(agreement_reading(parts))
    app.include_router(regional(parts))
    app.include_router(office_reading(parts))
    app.include_router(handover_reading(parts))
    app.include_router(report_reading(parts))
    app.include_router(report_drafts(parts))
    app.include_router(transfer_reading(parts))
    app.include_router(trail_reading(parts))
    app.include_router(reference(parts))
    return app


def _health(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health/live", operation_id="live")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/health/ready", operation_id="ready", responses={503: PROBLEMS[503]})
    async def ready() -> dict[str, str]:
        if not await _answers(parts.store):
            raise ProblemRaised(503, "unavailable", "The record does not answer.", retry_after=RETRY_AFTER)
        if not await parts.submitter.reachable():
            raise ProblemRaised(503, "unavailable", "The engine does not answer.", retry_after=RETRY_AFTER)
        return {"status": "ready"}

    return router


async def _answers(store: EventStore) -> bool:
    """Not by `wait_for`: that waits until the question is taken back, and a mute database does not listen to this either."""
    asked = asyncio.create_task(store.head("journey-none"))
    asked.add_done_callback(lambda answered: answered.cancelled() or answered.exception())  # noted, whoever still waits
    await asyncio.wait({asked}, timeout=READY_SECONDS)
    if not asked.done():
        asked.cancel()
        return False
    try:
        await asked
    except StoreUnavailable:
        return False
    return True


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
