"""What a fact in one stream means to another's workflow: a place to offer, a place to take, a consent that is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.codec import Recorded
from domain.events import (
    AgreementSigned,
    ConsentWithdrawn,
    PlaceFreed,
    PlaceOffered,
    WaitingJoined,
    WaitingLeft,
)
from domain.persons import CARE
from workflows.relaying import own_step
from workflows.sweeping import TemporalEngine


class OpenJourneys(Protocol):
    async def of_person(self, person_id: str) -> Sequence[tuple[str, str]]:
        """Open journeys of a person: (journey id, municipality)."""
        ...


class Reactor:
    """Follows the record in its order, from where it left off, so that nothing is skipped when a worker dies. Told twice,
    each of these changes nothing: the steps have the same command id again, the offers are made only while there are any.
    """

    name = "reactor"
    asks: Sequence[str] = ("work_queue",)

    def __init__(self, engine: TemporalEngine, journeys: OpenJourneys) -> None:
        self._engine = engine
        self._journeys = journeys

    async def react(self, batch: Sequence[Recorded]) -> None:
        agreements: set[str] = set()
        for told in batch:
            match told.event:
                case PlaceFreed() | WaitingJoined() | WaitingLeft() | AgreementSigned():
                    agreements.add(told.stream_id.removeprefix("agreement-"))
                case PlaceOffered(journey_id=journey_id):
                    await self._engine.tell_journey(own_step("take-place", journey_id, str(told.position)))
                case ConsentWithdrawn():
                    await self._withdrawn(told.event, told)
        for agreement in sorted(agreements):
            await self._engine.wake_places(agreement)

    async def _withdrawn(self, event: ConsentWithdrawn, told: Recorded) -> None:
        for journey_id, municipality in await self._journeys.of_person(told.stream_id):
            if (event.purpose, event.recipient) == (CARE, municipality):
                data: dict[str, object] = {"purpose": event.purpose, "recipient": event.recipient}
                step = own_step("note-lapsed-consent", journey_id, str(told.position), data=data)
                await self._engine.tell_journey(step)
