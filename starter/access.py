"""Who is calling, and may they; and what every route of the API stands on."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Protocol

from fastapi import Depends, Header, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from activities.counting import Beside
from activities.folding import Streams
from activities.publishing import latest
from domain.belonging import Sight, sight
from domain.codec import Codec, Recorded
from domain.deciders import JOURNEYS, PERSONS, PROGRAMMES
from domain.decision import Actor
from domain.journey import evolve
from domain.parties import Person
from domain.ports import CodeHolders, EventStore, StreamHead
from domain.programme import Programme
from domain.publications import Publications
from domain.states import CaseFile, Journey
from readmodels.claim_list import ClaimList
from readmodels.projector import Pool
from readmodels.work_queue import WorkQueue
from starter.auth import Authenticator
from starter.problems import Problem, ProblemRaised
from starter.submit import Submitter

RETRY_AFTER = 2


class Clock(Protocol):
    """The engine's time: where years are skipped, "today" skips along."""

    async def today(self) -> date: ...


@dataclass(kw_only=True)
class Parts:
    """What the API stands on. `programme` is the one last published, as far as this process has learnt."""

    store: EventStore
    codec: Codec
    pool: Pool
    queue: WorkQueue
    claims: ClaimList
    people: CodeHolders
    submitter: Submitter
    programme: Programme
    authenticator: Authenticator
    clock: Clock
    beside: Beside | None = None

    def __post_init__(self) -> None:
        self.publications: Streams[Publications] = Streams(self.store, self.codec, PROGRAMMES)
        self.journeys: Streams[Journey] = Streams(self.store, self.codec, JOURNEYS)
        self.persons: Streams[Person] = Streams(self.store, self.codec, PERSONS)

    async def look_for_publication(self) -> None:
        self.programme = await latest(self.publications, self.programme)


StreamId = Annotated[str, Path(pattern=r"^[a-z]{1,12}-[0-9a-z-]{1,80}$", max_length=100)]
IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=60)]
CodeQuery = Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9_.@/:-]{0,79}$")]
bearer = HTTPBearer(auto_error=False, description="A demonstration user's token, shown once by `teekond up`")
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {"application/problem+json": {}}}
    for status in (400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503)
}


def caller_of(parts: Parts) -> Callable[..., Awaitable[Actor]]:
    async def caller(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Actor:
        actor = None if given is None else parts.authenticator.actor(given.credentials)
        if actor is None:
            raise ProblemRaised(401, "unknown_token", "Send a bearer token that this installation has issued.")
        return actor

    return caller


async def known(parts: Parts, kind: str, stream_id: str) -> StreamHead:
    head = await parts.store.head(stream_id)
    if head is None or head.kind != kind:
        raise ProblemRaised(404, "unknown_stream", f"There is no {stream_id} among the {kind}.")
    return head


def outside() -> ProblemRaised:
    return ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")


async def readable(parts: Parts, kind: str, stream_id: str, actor: Actor) -> StreamHead:
    """By the municipality to which it belongs now."""
    head = await known(parts, kind, stream_id)
    if not actor.is_national and await _belongs_to(parts, head) != actor.municipality:
        raise outside()
    return head


async def _belongs_to(parts: Parts, head: StreamHead) -> str:
    """Where it was last recorded; a journey moves with its person, and help told late is recorded where it was given."""
    match head.kind:
        case "journeys":
            return (await journey_of(parts, head.stream_id)).file.municipality
        case "persons":
            return (await person_of(parts, head.stream_id)).municipality
    return head.tenant


async def journey_of(parts: Parts, journey_id: str) -> Journey:
    """One that is known to be there."""
    state = (await parts.journeys.at_latest(journey_id))[0].state
    assert state is not None
    return state


async def person_of(parts: Parts, person_id: str) -> Person:
    """Likewise."""
    state = (await parts.persons.at_latest(person_id))[0].state
    assert state is not None
    return state


async def writable(parts: Parts, kind: str, stream_id: str, actor: Actor) -> StreamHead:
    """Agreements and providers belong to several municipalities, and so do journeys that move; the step itself knows to
    which, once it is one that has to do with it at all."""
    if kind in ("persons", "claims"):
        return await readable(parts, kind, stream_id, actor)
    head = await known(parts, kind, stream_id)
    if kind == "journeys" and not actor.is_national:
        file = (await journey_of(parts, stream_id)).file
        if sight(file, actor.municipality) is None and not _is_offered_to(actor, file):
            raise outside()
    return head


def _is_offered_to(actor: Actor, file: CaseFile) -> bool:
    return file.transfer is not None and file.transfer.to == actor.municipality


# ── A journey, and a person, as far as somebody may read them ────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class JourneySeen:
    """`state` is what may be read of it; `version` where the journey really stands, for the next step."""

    state: Journey
    version: int
    sight: Sight

    def only(self, told: Iterable[Recorded]) -> list[Recorded]:
        return [each for each in told if self.sight.shows(each.event, each.version)]


async def journey_seen(parts: Parts, journey_id: str, actor: Actor) -> JourneySeen:
    """All of it by who has it, and nation-wide; as it was when it left, and what came of that, by a former municipality."""
    await known(parts, "journeys", journey_id)
    folded, _ = await parts.journeys.at_latest(journey_id)
    assert folded.state is not None
    file = folded.state.file
    seen = sight(file, file.municipality if actor.is_national else actor.municipality)
    if seen is None:
        raise outside()
    if seen.until is None:
        return JourneySeen(state=folded.state, version=folded.version, sight=seen)
    state: Journey | None = None
    for told in map(parts.codec.decode, (await parts.store.read(journey_id)).events):
        if seen.shows(told.event, told.version):
            state = evolve(state, told.event, journey_id, told.version)
    assert state is not None, "it began there, or was seen there later"
    return JourneySeen(state=state, version=folded.version, sight=seen)


async def person_seen_until(parts: Parts, person_id: str, actor: Actor) -> int | None:
    """The version up to which a municipality may read of a person; None: all, since the person is with it now."""
    await known(parts, "persons", person_id)
    person = await person_of(parts, person_id)
    if actor.is_national or actor.municipality == person.municipality:
        return None
    if actor.municipality not in person.formers:
        raise outside()
    return person.formers[actor.municipality]
