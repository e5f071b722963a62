"""What can be read: a journey, its timeline and events, the work queue, places, and reference data."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from activities.folding import Folded, Streams
from domain.agreement import Agreement
from domain.care import Check
from domain.codec import Recorded
from domain.deciders import AGREEMENTS
from domain.decision import Actor, Stage
from domain.due import Standing, standing
from domain.programme import NotInForce, Programme
from domain.publications import stream_of
from eventstore.postgres import translated
from readmodels.work_queue import Filter, Row
from starter.access import (
    PROBLEMS,
    CodeQuery,
    Parts,
    StreamId,
    caller_of,
    journey_seen,
    person_seen_until,
    readable,
)
from starter.agreements import party
from starter.outcome_views import OutcomesView, outcomes_view
from starter.paging import PAGE, After, Cursor, Limit, link_next, page_of, seen_of, shown_up_to
from starter.problems import ProblemRaised
from starter.telling import tell, trace_of
from starter.views import JourneyView, PersonView, PublicationView, journey_view, person_view, publication_view


class Told(BaseModel):
    version: int
    type: str
    occurred_at: datetime
    recorded_at: datetime
    actor: Actor
    sentence: str
    trace: tuple[Check, ...]  # of a decision: each rule, what was found, what would have to change


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
    standing: Standing | None
    held_since: date | None
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


class PublicationList(BaseModel):
    items: tuple[PublicationView, ...]


class Timeline(BaseModel):
    items: tuple[Told, ...]


def reading(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["reading"])
    caller = caller_of(parts)
    agreements: Streams[Agreement] = Streams(parts.store, parts.codec, AGREEMENTS)
    Caller = Annotated[Actor, Depends(caller)]  # noqa: N806 — a type, made here because it needs `parts`

    @router.get("/journeys/{id}", operation_id="get-journey")
    async def journey(id: StreamId, actor: Caller, response: Response) -> JourneyView:
        """A journey as it stands now; to a municipality that it has left, as it stood then."""
        seen = await journey_seen(parts, id, actor)
        response.headers["ETag"] = f'"{seen.version}"'
        today = await parts.clock.today()
        return journey_view(seen.state, seen.version, parts.programme.carer_needs, today)

    @router.get("/journeys/{id}/measures", operation_id="get-measures")
    async def measures(id: StreamId, actor: Caller) -> OutcomesView:
        """How life was told to be, first against latest by life area and by who tells; and what was thought of the help."""
        return outcomes_view((await journey_seen(parts, id, actor)).state.file)

    @router.get("/journeys/{id}/timeline", operation_id="get-timeline")
    async def timeline(id: StreamId, actor: Caller) -> Timeline:
        """What happened, in sentences."""
        seen = await journey_seen(parts, id, actor)
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
                    trace=trace_of(each.event),
                )
                for each in seen.only(map(parts.codec.decode, found.events))
            )
        )

    @router.get("/{kind}/{id}/events", operation_id="get-events")
    async def events(
        kind: Annotated[
            str, Path(pattern="^(journeys|persons|agreements|providers|claims|regions|offices|handovers|reports)$")
        ],
        id: StreamId,
        actor: Caller,
        request: Request,
        response: Response,
        cursor: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Limit = PAGE,
    ) -> EventPage:
        """The facts themselves, in order."""
        only = await _readable_of(parts, agreements, kind, id, actor)
        found = await parts.store.read(id, after=cursor, limit=limit + 1)
        read = [parts.codec.decode(each) for each in found.events[:limit]]
        more = read[-1].version if len(found.events) > limit else None
        shown = only(read)
        link_next(request, response, more)
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
        stands: Annotated[Standing | None, Query(alias="standing")] = None,
        status: Literal["open", "ended", "all"] = "open",
        after: After = None,
        cursor: Cursor = None,
        limit: Limit = PAGE,
    ) -> QueuePage:
        """The work queue: most urgent first."""
        own = seen_of(parts, actor, municipality)
        today = await parts.clock.today()
        wanted = Filter(
            municipality=own,
            stage=stage,
            case_manager=case_manager,
            today=today,
            standing="overdue" if overdue else stands,
            open={"open": True, "ended": False, "all": None}[status],
        )
        with translated():  # the lists are kept in the record's database, and are away when it is
            await shown_up_to(parts, parts.queue.name, after)
            rows, more = await page_of(lambda: parts.queue.page(wanted, cursor=cursor, limit=limit))
        link_next(request, response, more)
        return QueuePage(today=today, items=tuple(_queue_row(row, today) for row in rows), next=more)

    @router.get("/persons/{id}", operation_id="get-person")
    async def person(id: StreamId, actor: Caller, response: Response) -> PersonView:
        """A person's consents, carers and representatives; names are in the person's events."""
        until = await person_seen_until(parts, id, actor)
        folded, _ = await parts.persons.at_latest(id)
        if until is not None:
            found = (await parts.store.read(id, limit=until)).events
            told = (parts.codec.decode(each).event for each in found)
            folded = parts.persons.advance(id, Folded(version=0, state=None), told)
        assert folded.state is not None
        response.headers["ETag"] = f'"{folded.version}"'
        return person_view(folded.state, folded.version)

    return router


async def _readable_of(
    parts: Parts, agreements: Streams[Agreement], kind: str, stream_id: str, actor: Actor
) -> Callable[[Iterable[Recorded]], list[Recorded]]:
    """Which of a stream's facts the actor may read."""
    match kind:
        case "journeys":
            return (await journey_seen(parts, stream_id, actor)).only
        case "persons":
            until = await person_seen_until(parts, stream_id, actor)
            return lambda told: [each for each in told if until is None or each.version <= until]
        case "agreements":
            await party(parts, agreements, stream_id, actor)
        case _:
            await readable(parts, kind, stream_id, actor)
    return list


def _queue_row(row: Row, today: date) -> QueueRow:
    stands = (
        None
        if row.next_remind is None
        else standing(row.next_due or date.max, row.next_remind, today, held=row.held_since is not None)
    )
    return QueueRow(**asdict(row), standing=stands, overdue=row.open and stands == "overdue")


# ── Reference data ───────────────────────────────────────────────────────────────────────────────────────────────────


def reference(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1/reference", responses=PROBLEMS, tags=["reference"])
    caller = caller_of(parts)

    @router.get("/publications", operation_id="list-publications")
    async def publications(actor: Annotated[Actor, Depends(caller)]) -> PublicationList:
        """What was published of the programme, the newest first; every event says under which of them it was decided."""
        found = await parts.store.read(stream_of(parts.programme.code))
        shown = [publication_view(each) for each in map(parts.codec.decode, found.events)]
        return PublicationList(items=tuple(reversed(shown)))

    async def reference(
        what: Annotated[
            str,
            Path(
                pattern="^(programme|municipalities|components|instrument|measure|eligibility|life-areas|carer-needs)$"
            ),
        ],
        actor: Annotated[Actor, Depends(caller)],
        on: date | None = None,
    ) -> dict[str, Any]:
        """Versioned data as it holds on a day; today if no day is given."""
        day, programme = on or await parts.clock.today(), parts.programme
        try:
            return {
                "programme": programme.code,
                "synthetic": programme.synthetic,
                "publication": programme.publication,
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
        case "carer-needs":
            return {"items": [asdict(each) for each in programme.carer_needs]}
        case "components":
            catalogue = programme.catalogue(day)
            return {"version": catalogue.version, "items": [asdict(each) for each in catalogue.components.values()]}
        case "instrument":
            return {"instrument": asdict(programme.instrument(day))}
        case "measure":
            return {"measure": asdict(programme.measure(day))}
        case "eligibility":
            return {"rules": asdict(programme.eligibility(day)), "conditions": dict(programme.conditions)}
    return {"sources": dict(programme.sources)}
