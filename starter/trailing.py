"""The euro's trail, read from a few streams: of a claim's rows, of one delivery, or forward from a budget line."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.claims import Claim
from domain.codec import Codec, Recorded
from domain.deciders import CLAIMS
from domain.events import DeliveryRecorded, PlaceReceived, ReferralRecorded
from domain.places import stream_of
from domain.ports import EventStore
from domain.trail import (
    LineTrail,
    Source,
    Step,
    claim_amiss,
    claim_steps,
    facts,
    journey_amiss,
    line_amiss,
    line_trail,
    of_rows,
)

ID = r"^((claim|delivery)-[0-9a-z-]{1,60}|journey-[0-9a-z-]{1,60}/[a-z0-9][a-z0-9_.@/:-]{0,79})$"
JourneyOf = Callable[[str], Awaitable[str | None]]  # of a delivery


class NoSuchTrail(Exception):
    """There is no such claim, delivery or budget line."""


def checked_id(text: str) -> str:
    """Raises NoSuchTrail for what cannot be one."""
    if re.fullmatch(ID, text) is None:
        raise NoSuchTrail(f"{text} is no claim, no delivery, and no budget line (JOURNEY/LINE)")
    return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Trail:
    """`claim` are the claim's own steps. `amiss` says in sentences what does not add up. `next`: a claim has more journeys."""

    id: str
    forward: bool
    claim: tuple[Step, ...]
    lines: tuple[LineTrail, ...]
    amiss: tuple[str, ...]
    next: int | None = None


class Trails:
    """Reads the streams concerned, and no other. A delivery's journey is looked up in a list, and read in the record."""

    def __init__(self, store: EventStore, codec: Codec, journey_of: JourneyOf) -> None:
        self._store, self._codec, self._journey_of = store, codec, journey_of

    async def root(self, trail_id: str) -> tuple[str, str]:
        """Kind and id of the stream whose readers may follow the trail. Raises NoSuchTrail."""
        kind, stream_id = "journeys", trail_id.partition("/")[0]
        if trail_id.startswith("claim-"):
            kind = "claims"
        elif trail_id.startswith("delivery-"):
            stream_id = await self._journey_of(trail_id) or ""
        head = await self._store.head(stream_id) if stream_id else None
        if head is None or head.kind != kind:
            raise NoSuchTrail(f"there is no claim, delivery or budget line {trail_id}")
        return kind, stream_id

    async def of(self, trail_id: str, *, after: int = 0, limit: int | None = None) -> Trail:
        """Of a claim, so many of its journeys behind the first `after`. Raises NoSuchTrail."""
        kind, stream_id = await self.root(trail_id)
        if kind == "claims":
            return await self._of_claim(stream_id, after, limit)
        source = await self._source(stream_id)
        lines = {event.delivery_id: event.line_id for _, event in facts(source.journey, DeliveryRecorded)}
        line_id = lines.get(trail_id, trail_id.partition("/")[2])
        try:
            found = line_trail(source, line_id, {trail_id} if trail_id in lines else None)
        except KeyError as unknown:
            raise NoSuchTrail(f"there is no claim, delivery or budget line {trail_id}") from unknown
        return Trail(
            id=trail_id, forward=trail_id not in lines, claim=(), lines=(found,), amiss=tuple(line_amiss(found))
        )

    async def _of_claim(self, claim_id: str, after: int, limit: int | None) -> Trail:
        told = await self._read(claim_id)
        claim: Claim | None = None
        for each in told:
            claim = CLAIMS.evolve(claim, each.event, claim_id, each.version)
        assert claim is not None
        journeys = list(claim.by_journey().items())
        until = len(journeys) if limit is None else after + limit
        lines: list[LineTrail] = []
        amiss = list(claim_amiss(claim, told))
        for journey_id, rows in journeys[after:until]:
            source = await self._source(journey_id)
            found = list(of_rows(source, rows))
            lines += found
            amiss += [
                *journey_amiss(claim, rows, source.journey),
                *(each for line in found for each in line_amiss(line)),
            ]
        return Trail(
            id=claim_id,
            forward=False,
            claim=tuple(reversed(list(claim_steps(claim, told)))),
            lines=tuple(lines),
            amiss=tuple(amiss),
            next=until if until < len(journeys) else None,
        )

    async def _source(self, journey_id: str) -> Source:
        told = await self._read(journey_id)
        (person_id,) = (event.person_id for _, event in facts(told, ReferralRecorded))
        agreements = dict.fromkeys(stream_of(event.agreement) for _, event in facts(told, PlaceReceived))
        return Source(
            journey=told,
            person=await self._read(person_id),
            agreements=tuple([fact for each in agreements for fact in await self._read(each)]),
        )

    async def _read(self, stream_id: str) -> tuple[Recorded, ...]:
        return tuple(map(self._codec.decode, (await self._store.read(stream_id)).events))
