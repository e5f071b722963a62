"""What a fact means to another stream: a place to offer, a consent gone, cost to look at, a claim to settle, mail to send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Protocol

from activities.messages import own_step
from activities.notifying import Notice
from domain.codec import Recorded
from domain.events import (
    AgreementSigned,
    ClaimDecided,
    ClaimPaymentOrdered,
    ConsentWithdrawn,
    EntitlementCorrected,
    EntitlementRecorded,
    HandOverOrdered,
    HandOverUndone,
    OfferPassed,
    PlaceFreed,
    PlaceOffered,
    ProgrammePublished,
    ReminderRaised,
    WaitingJoined,
    WaitingLeft,
)
from domain.persons import CARE
from domain.places import EXPIRED
from workflows.sweeping import TemporalEngine

AT_ONCE = 16  # journeys being told of one thing


class Journeys(Protocol):
    async def of_person(self, person_id: str) -> Sequence[tuple[str, str]]:
        """Open journeys of a person: (journey id, municipality)."""
        ...

    async def all_open(self) -> Sequence[str]:
        """Every journey that goes on."""
        ...

    async def all_of_person(self, person_id: str) -> Sequence[str]:
        """Every journey of a person, ended ones too: their cost does not end with them."""
        ...


class Reactor:
    """Follows the record in its order, from where it left off, so that nothing is skipped when a worker dies. Told twice,
    each of these changes nothing: the steps have the same command id again, the offers are made only while there are any.
    """

    name = "reactor"
    asks: Sequence[str] = ("work_queue",)

    def __init__(self, engine: TemporalEngine, journeys: Journeys, *, by_mail: bool = False) -> None:
        self._engine = engine
        self._journeys = journeys
        self._by_mail = by_mail

    async def react(self, batch: Sequence[Recorded]) -> None:
        agreements: set[str] = set()
        for told in batch:
            match told.event:
                case PlaceFreed() | WaitingJoined() | WaitingLeft() | AgreementSigned():
                    agreements.add(told.stream_id.removeprefix("agreement-"))
                case PlaceOffered(journey_id=journey_id):
                    await self._engine.tell_journey(own_step("receive-offer", journey_id, str(told.position)))
                case OfferPassed(journey_id=journey_id, reason=reason):
                    agreements.add(told.stream_id.removeprefix("agreement-"))
                    if reason == EXPIRED:  # who declined knows
                        await self._engine.tell_journey(own_step("note-lapsed-offer", journey_id, str(told.position)))
                case ClaimDecided():
                    await self._engine.settle_claim(told.stream_id, "checking")
                case ClaimPaymentOrdered():
                    await self._engine.settle_claim(told.stream_id, "paying")
                case ReminderRaised() if self._by_mail:
                    for notice in _notices(told.event, told):
                        await self._engine.send_notice(notice)
                case ProgrammePublished(number=number) if number > 1:
                    await self._replan(str(told.position))
                case HandOverOrdered():
                    await self._engine.hand_over(told.stream_id, back=False)
                case HandOverUndone():
                    await self._engine.hand_over(told.stream_id, back=True)
                case ConsentWithdrawn():
                    await self._withdrawn(told.event, told)
                case EntitlementRecorded() | EntitlementCorrected():
                    for journey_id in await self._journeys.all_of_person(told.stream_id):
                        step = own_step("check-double-funding", journey_id, str(told.position))
                        await self._engine.tell_journey(step)
        for agreement in sorted(agreements):
            await self._engine.wake_places(agreement)

    async def _replan(self, publication: str) -> None:
        """Perhaps its calendar is another one; each journey finds out whether that moves anything."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def told(journey_id: str) -> None:
            async with turns:
                await self._engine.tell_journey(own_step("replan-deadlines", journey_id, publication))

        await asyncio.gather(*(told(each) for each in await self._journeys.all_open()))

    async def _withdrawn(self, event: ConsentWithdrawn, told: Recorded) -> None:
        for journey_id, municipality in await self._journeys.of_person(told.stream_id):
            if (event.purpose, event.recipient) == (CARE, municipality):
                data: dict[str, object] = {"purpose": event.purpose, "recipient": event.recipient}
                step = own_step("note-lapsed-consent", journey_id, str(told.position), data=data)
                await self._engine.tell_journey(step)


def _notices(event: ReminderRaised, told: Recorded) -> Iterator[Notice]:
    about = event.model_dump(include={"deadline_id", "what", "step", "level", "due_on"})
    for recipient in event.to:
        yield Notice(
            journey_id=told.stream_id,
            municipality=told.tenant,
            recipient=recipient,
            at=told.recorded_at,
            **about,
        )
