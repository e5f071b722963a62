"""What a region has and lacks: providers proposed for some help, need against cover, and what is done about gaps."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from activities.folding import Streams
from domain.deciders import JOURNEYS, PERSONS, PROVIDERS, REGIONS
from domain.decision import Actor
from domain.parties import Person, Provider, Region
from domain.programme import NotInForce, NotKnown, Programme
from domain.proposing import Wanted, propose
from domain.region_needs import Known, needs
from domain.regions import stream_of
from domain.states import Journey
from eventstore.postgres import translated
from readmodels.contracted import Contracted
from readmodels.region_count import RegionCount
from starter.access import PROBLEMS, Parts, StreamId, caller_of, readable
from starter.problems import FieldError, ProblemRaised
from starter.region_views import NeedsView, ProposalsView, RegionView, needs_view, proposals_view, region_view

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
Day = Annotated[date, Query(ge=FIRST_DAY, le=LAST_DAY)]
CodeWanted = Annotated[str, Query(pattern=r"^[a-z0-9][a-z0-9_.@/:-]{0,79}$")]


def regional(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["reading"])
    journeys: Streams[Journey] = Streams(parts.store, parts.codec, JOURNEYS)
    persons: Streams[Person] = Streams(parts.store, parts.codec, PERSONS)
    providers: Streams[Provider] = Streams(parts.store, parts.codec, PROVIDERS)
    regions: Streams[Region] = Streams(parts.store, parts.codec, REGIONS)
    contracted = Contracted(parts.pool, parts.store, parts.codec)
    counts = RegionCount(parts.pool, parts.store, parts.codec)
    Caller = Annotated[Actor, Depends(caller_of(parts))]  # noqa: N806 — a type, made here because it needs `parts`

    @router.get("/journeys/{id}/providers", operation_id="propose-providers")
    async def proposals(
        id: StreamId,
        actor: Caller,
        component: CodeWanted,
        tariff: CodeWanted,
        starts_on: Annotated[date, Query(alias="from", ge=FIRST_DAY, le=LAST_DAY)],
        ends_on: Annotated[date, Query(alias="to", ge=FIRST_DAY, le=LAST_DAY)],
    ) -> ProposalsView:
        """Who could give some help over a period: near home and free first, each with the reason for its position."""
        await readable(parts, "journeys", id, actor)
        _check_wanted(parts.programme, component, tariff, starts_on, ends_on)
        file = (await _journey(journeys, id)).file
        wanted = Wanted(
            component=component,
            municipality=file.municipality,
            language=await _language(persons, file.person_id),
            starts_on=starts_on,
            ends_on=ends_on,
        )
        with translated():
            candidates = await _providers(providers, await contracted.in_municipality(wanted.municipality))
            loads = await counts.loads(each.provider_id for each in candidates)
        return proposals_view(wanted, tariff, propose(wanted, candidates, loads, parts.programme))

    @router.get("/municipalities/{code}/needs", operation_id="get-needs")
    async def region_needs(
        code: Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")], actor: Caller, on: Day | None = None
    ) -> NeedsView:
        """What open journeys need, by life area and component, against what is contracted on a day; each gap says why.
        Journeys count as they stand now; minutes are those of the day's month."""
        _may_see(actor, code, parts.programme)
        day = on or await parts.clock.today()
        with translated():
            found = await _providers(providers, await contracted.in_municipality(code))
            about = Known(
                municipality=code,
                on=day,
                counts=await counts.counts(code),
                providers=found,
                loads=await counts.loads(each.provider_id for each in found),
                region=(await regions.at_latest(stream_of(code)))[0].state,
            )
        try:
            return needs_view(about, needs(about, parts.programme))
        except NotInForce as silent:
            raise ProblemRaised(404, "not_in_force", str(silent)) from silent

    @router.get("/regions/{id}", operation_id="get-region")
    async def region(id: StreamId, actor: Caller, response: Response) -> RegionView:
        """What is done about each gap of a region, and what came of it."""
        await readable(parts, "regions", id, actor)
        folded, _ = await regions.at_latest(id)
        assert folded.state is not None
        response.headers["ETag"] = f'"{folded.version}"'
        return region_view(folded.state, folded.version)

    return router


async def _journey(journeys: Streams[Journey], journey_id: str) -> Journey:
    state = (await journeys.at_latest(journey_id))[0].state
    assert state is not None, "it was found a moment ago"
    return state


async def _language(persons: Streams[Person], person_id: str) -> str:
    state = (await persons.at_latest(person_id))[0].state
    assert state is not None, "a journey is of somebody who is registered"
    return state.language


async def _providers(providers: Streams[Provider], ids: tuple[str, ...]) -> list[Provider]:
    states = [(await providers.at_latest(each))[0].state for each in ids]
    return [state for state in states if state is not None]


def _may_see(actor: Actor, municipality: str, programme: Programme) -> None:
    try:
        programme.municipality(municipality)
    except NotKnown as unknown:
        raise ProblemRaised(404, "unknown_municipality", f"There is no municipality {municipality}.") from unknown
    if not actor.is_national and actor.municipality != municipality:
        raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")


def _check_wanted(programme: Programme, component: str, tariff: str, starts_on: date, ends_on: date) -> None:
    if ends_on < starts_on:
        raise _malformed("to", "must not be before from")
    try:
        found = programme.catalogue(starts_on).get(component)
    except NotInForce as silent:
        raise _malformed("from", str(silent)) from silent
    if found is None:
        raise _malformed("component", f"{component} is not a component of the catalogue in force on {starts_on}")
    if tariff not in found.tariffs:
        raise _malformed("tariff", f"{component} is offered as {', '.join(found.tariffs)}")


def _malformed(field: str, message: str) -> ProblemRaised:
    wrong = FieldError(field=field, message=message)
    return ProblemRaised(400, "malformed", "The request is not well formed.", errors=[wrong])
