"""Who is calling, and may they; and what every route of the API stands on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Protocol

from fastapi import Depends, Header, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from activities.folding import Streams
from activities.publishing import latest
from domain.codec import Codec
from domain.deciders import PROGRAMMES
from domain.decision import Actor
from domain.ports import CodeHolders, EventStore, StreamHead
from domain.programme import Programme
from domain.publications import Publications
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

    def __post_init__(self) -> None:
        self.publications: Streams[Publications] = Streams(self.store, self.codec, PROGRAMMES)

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


async def readable(parts: Parts, kind: str, stream_id: str, actor: Actor) -> StreamHead:
    head = await known(parts, kind, stream_id)
    if not actor.is_national and head.tenant != actor.municipality:
        raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")
    return head
