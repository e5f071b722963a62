"""Where a synthetic person's steps are decided: by the real rules, in memory, at times that lie in the past."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from activities.messages import Outcome
from activities.recording import Recorder
from domain.agreement import Agreement
from domain.care import ClaimRow
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.deciders import AGREEMENTS
from domain.decision import SYSTEM, Actor, Command
from domain.journey import pending
from domain.parties import Person
from domain.places import stream_of
from domain.ports import Appended, ComponentUse, QuotaMove, StoredEvent, StreamAppend
from domain.programme import Programme
from domain.stages.throughout import RaiseReminders
from domain.states import Journey
from eventstore.limits import EVENTS_MAX
from eventstore.memory import MemoryEventStore
from starter.submit import step_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One step as it went into memory, on its way to the real record."""

    streams: tuple[StreamAppend, ...]
    quotas: tuple[QuotaMove, ...]
    result: bytes


class RememberingStore(MemoryEventStore):
    """Keeps each step as it came, so that it can be recorded elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Recorded] = []

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        appended = await super().append(
            streams, command_id=command_id, request_hash=request_hash, result=result, quotas=quotas
        )
        self.steps.append(Recorded(streams=tuple(streams), quotas=tuple(quotas), result=result))
        return appended


class NobodyAlike:
    """Synthetic people are who they are; that two have the same name and birthday means nothing."""

    async def like(
        self, *, municipality: str, given_name: str, family_name: str, birth_date: date, personal_code: str | None
    ) -> tuple[str, ...]:
        return ()


class NothingClaimed:
    """Claims are the providers' own; a generated past has none."""

    async def up_to(self, day: date, *, provider_id: str, municipality: str) -> tuple[ClaimRow, ...]:
        return ()


class NothingUsed:
    """What open budgets rest on is asked only where a programme is published; nobody here does."""

    async def of_components(self, *, after: date) -> tuple[ComponentUse, ...]:
        return ()


async def bring_in(
    store: MemoryEventStore,
    stream_id: str,
    kind: str,
    events: Sequence[StoredEvent],
    bounds: Sequence[QuotaMove] = (),
) -> None:
    """What the real record says of one stream, as if it had been recorded in memory; with its bounds, which an agreement's
    events tell and others' `bounds` say."""
    codec, state = Codec(NullCipher()), None
    for begin in range(0, len(events), EVENTS_MAX):
        some = events[begin : begin + EVENTS_MAX]
        before = state
        if kind == AGREEMENTS.kind:
            for each in some:
                state = AGREEMENTS.evolve(state, codec.decode(each).event, stream_id, each.version)
        stream = StreamAppend(
            stream_id=stream_id, kind=kind, tenant=some[0].tenant, expected_version=begin, events=tuple(some)
        )
        await store.append(
            [stream],
            command_id=f"brought-in/{stream_id}/{begin}",
            request_hash="brought-in",
            result=b"{}",
            quotas=(*AGREEMENTS.quota_moves(before, state), *(bounds if begin == 0 else ())),
        )


class Desk:
    """One agreement with its people, apart from the record. `at` is the time, `chance` whoever's turn it is."""

    def __init__(self, programme: Programme, agreement: str, at: datetime) -> None:
        self.programme = programme
        self.at = at
        self.chance = random.Random(agreement)
        self.store = RememberingStore()
        self.agreement_stream = stream_of(agreement)
        self._asked = 0
        self._recorder = Recorder(
            store=self.store,
            cipher=NullCipher(),
            programme=programme,
            matches=NobodyAlike(),
            claimable=NothingClaimed(),
            uses=NothingUsed(),
            new_id=self.new_id,
        )

    def new_id(self, kind: str) -> str:
        return f"{kind}-{self.chance.getrandbits(80):020x}"

    async def bring_in(self, stream_id: str, kind: str, events: Sequence[StoredEvent]) -> None:
        """What the real record says of an agreement or a provider, as if it had been recorded here."""
        await bring_in(self.store, stream_id, kind, events)
        self.store.steps.clear()

    async def ask(self, command: Command, actor: Actor, stream_id: str) -> Outcome:
        """Raises Rejected where the path asks for what the rules refuse."""
        self._asked += 1
        step = step_of(command, actor, stream_id=stream_id, command_id=f"step-{self._asked}")
        return await self._recorder.record(step.model_copy(update={"at": self.at}))

    async def remind(self, journey_id: str, *, since: datetime, until: datetime) -> None:
        """What came due in that time, when it did."""
        while (state := self.journey(journey_id)) is not None and (wakes := pending(state)) and wakes[0].at <= until:
            self.at = since = max(wakes[0].at, since)
            outcome = await self.ask(RaiseReminders(), SYSTEM, journey_id)
            assert outcome.events, f"{journey_id} has a reminder that cannot be raised"
        self.at = until

    def journey(self, journey_id: str) -> Journey | None:
        kept = self._recorder.journeys.kept(journey_id)
        return None if kept is None else kept.state

    def person(self, person_id: str) -> Person | None:
        kept = self._recorder.persons.kept(person_id)
        return None if kept is None else kept.state

    async def agreement(self) -> Agreement | None:
        return (await self._recorder.agreements.at_latest(self.agreement_stream))[0].state
