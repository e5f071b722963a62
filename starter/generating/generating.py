"""Generates a synthetic population into the record: lived through in memory, recorded in bulk, its workflows started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

from activities.messages import digest
from activities.sweeping import Engine
from domain.journey import settled
from domain.places import stream_of
from domain.ports import EventStore, VersionConflict
from domain.programme import Programme
from domain.working_days import local_date
from starter.generating.calibration import Calibration
from starter.generating.needs import Needs
from starter.generating.population import HISTORY_DAYS, Profile, population, seed_of
from starter.generating.refusals import NoAgreements
from starter.generating.rounds import Life, Round, lived

MOST_IN_A_ROUND = 350  # what becomes of their places fits into one append
TRIES = 20
AT_ONCE = 16  # workflows being started
Tick = Callable[[], None]


class _Mark(BaseModel):
    """Kept as the answer to a round's append, so that the same command finds the same round again."""

    model_config = ConfigDict(frozen=True)

    until: AwareDatetime
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Generated:
    """`added` of the people are new in the record; the others had been generated before."""

    lives: tuple[Life, ...]
    added: int


class Generator:
    """One population, told by number of people and seed. Run again, it finds itself and adds what is missing."""

    def __init__(
        self, store: EventStore, programme: Programme, published: Calibration, *, people: int, seed: int, now: datetime
    ) -> None:
        self._store, self._programme, self._published = store, programme, published
        self._people, self._seed, self._until = people, seed, now
        self._name = seed_of(people, seed)
        self._hash = digest("generate", self._name)

    async def record(self, tick: Tick) -> Generated:
        """`tick` is called for each person. Raises NoAgreements."""
        self._until = await self._generated_before() or self._until
        needs = Needs(self._programme, self._published)
        lives: list[Life] = []
        added = 0
        for number, profiles in enumerate(self._rounds()):
            found, needs = await self._round(number, profiles, needs)
            for life in found.lives:
                added += await self._record(life)
                lives.append(life)
            for _ in profiles:
                tick()
        return Generated(lives=tuple(lives), added=added)

    async def _generated_before(self) -> datetime | None:
        """The last moment that was told of then, so that the same people are found on another day."""
        for number, profiles in enumerate(self._rounds()):
            if (mark := await self._mark(number, profiles)) is not None:
                return mark.until
        return None

    async def _mark(self, number: int, profiles: Sequence[Profile]) -> _Mark | None:
        code = profiles[0].agreement
        read = await self._store.read(stream_of(code), limit=1, command_id=self._round_id(number))
        if not read.events:
            raise NoAgreements
        return None if read.known is None else _Mark.model_validate_json(read.known.result)

    def _round_id(self, number: int) -> str:
        return digest("generate", self._name, "round", str(number))

    def _begin(self) -> date:
        first = min(terms.valid_from for terms in self._programme.agreements)
        return max(first, local_date(self._until) - timedelta(days=HISTORY_DAYS))

    def _rounds(self) -> Iterator[Sequence[Profile]]:
        today = local_date(self._until)
        in_force = tuple(t for t in self._programme.agreements if t.valid_from <= today <= (t.valid_to or today))
        everybody = population(
            self._people,
            self._seed,
            published=self._published,
            agreements=in_force,
            begin=self._begin(),
            until=today,
        )
        for terms in in_force:
            ours = [profile for profile in everybody if profile.agreement == terms.code]
            for first in range(0, len(ours), MOST_IN_A_ROUND):
                yield ours[first : first + MOST_IN_A_ROUND]

    async def _round(self, number: int, profiles: Sequence[Profile], needs: Needs) -> tuple[Round, Needs]:
        """Lived, and the agreement's part recorded; lived anew where somebody else moved the agreement meanwhile."""
        for _ in range(TRIES):
            mark = await self._mark(number, profiles)
            used = needs.copy()
            found = await lived(
                profiles,
                programme=self._programme,
                store=self._store,
                needs=used,
                seed=self._name,
                begin=self._begin(),
                until=self._until,
                version=None if mark is None else mark.version,
            )
            if mark is not None or found.agreement is None or await self._places(found, self._round_id(number)):
                return found, used
        raise VersionConflict(profiles[0].agreement)

    async def _places(self, found: Round, command_id: str) -> bool:
        """Whether they could be recorded as decided."""
        assert found.agreement is not None
        mark = _Mark(until=self._until, version=found.agreement.expected_version)
        try:
            await self._store.append(
                [found.agreement],
                command_id=command_id,
                request_hash=self._hash,
                result=mark.model_dump_json().encode(),
                quotas=found.quotas,
            )
        except VersionConflict:
            return False
        return True

    async def _record(self, life: Life) -> bool:
        """Whether it is new. Person and journey in one append: whoever sees the one sees the other."""
        appended = await self._store.append(
            life.streams,
            command_id=digest("generate", self._name, "person", str(life.profile.number)),
            request_hash=self._hash,
            result=life.result,
            quotas=life.quotas,
        )
        return not appended.duplicate


def open_journeys(lives: Sequence[Life]) -> tuple[str, ...]:
    return tuple(life.journey.file.journey_id for life in lives if not settled(life.journey))


async def start(journeys: Sequence[str], engine: Engine, tick: Tick) -> None:
    """A workflow for each; where one runs already, it looks at the record again."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def started(journey_id: str) -> None:
        async with turns:
            await engine.wake_journey(journey_id)
        tick()

    await asyncio.gather(*(started(journey_id) for journey_id in journeys))
