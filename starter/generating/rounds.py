"""A round: the synthetic people of one agreement live through their time side by side, and share its places."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heappush

from domain.deciders import AGREEMENTS, PROVIDERS
from domain.parties import Person
from domain.ports import EventStore, QuotaMove, StreamAppend
from domain.programme import Programme
from domain.states import Journey
from starter.generating.desk import Desk, Recorded
from starter.generating.needs import Needs
from starter.generating.paths import Path, offer, offers
from starter.generating.population import Profile

PLACES = "places/"  # how the bounds on places begin: they go with the agreement, all others with the person
MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """One person as far as they have come, and what is to be recorded of them."""

    profile: Profile
    until: datetime
    person: Person
    journey: Journey
    streams: tuple[StreamAppend, ...]
    quotas: tuple[QuotaMove, ...]
    result: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """What came of it; `agreement` is None where nobody got as far as a place or the waiting order."""

    agreement: StreamAppend | None
    quotas: tuple[QuotaMove, ...]
    lives: tuple[Life, ...]


async def lived(
    profiles: Sequence[Profile],
    *,
    programme: Programme,
    store: EventStore,
    needs: Needs,
    seed: str,
    begin: date,
    until: datetime,
    version: int | None = None,
) -> Round:
    """Reads agreement and providers, writes nothing. With `version`, the agreement as it stood at that version."""
    desk = Desk(programme, profiles[0].agreement, until)
    events = () if version == 0 else (await store.read(desk.agreement_stream, limit=version)).events
    await desk.bring_in(desk.agreement_stream, AGREEMENTS.kind, events)
    for provider in programme.providers:
        stream_id = f"provider-{provider.registry_code}"
        await desk.bring_in(stream_id, PROVIDERS.kind, (await store.read(stream_id)).events)
    paths = [Path(profile, desk, needs, seed=seed, until=until) for profile in profiles]
    await _side_by_side(paths, desk, begin, until)
    return _taken_apart(paths, desk)


async def _side_by_side(paths: Sequence[Path], desk: Desk, begin: date, until: datetime) -> None:
    """Whoever's next step comes first goes first; what lies behind `until` has not happened."""
    ours = frozenset(path.journey_id for path in paths)
    stages: list[AsyncIterator[datetime]] = [*(path.steps() for path in paths), offers(desk, ours, begin)]
    last = dict.fromkeys(range(len(paths)), datetime.min.replace(tzinfo=until.tzinfo))
    queue = [(await anext(stage), number) for number, stage in enumerate(stages)]
    heapify(queue)
    while queue and queue[0][0] <= until:
        at, number = heappop(queue)
        desk.at = at
        if number < len(paths):
            desk.chance = paths[number].chance
            await desk.remind(paths[number].journey_id, since=last[number], until=at)
            last[number] = at
        try:
            following = await anext(stages[number])
        except StopAsyncIteration:
            continue
        heappush(queue, (max(following, at + MOMENT), number))
    desk.at = until
    await offer(desk, ours)
    for number, path in enumerate(paths):
        desk.chance = path.chance
        await desk.remind(path.journey_id, since=last[number], until=until)
        await path.takes_what_is_offered()


def _taken_apart(paths: Sequence[Path], desk: Desk) -> Round:
    """The steps by whom they are of: the agreement's part of each, and each person's own."""
    steps = desk.store.steps
    return Round(
        agreement=_joined(steps, desk.agreement_stream),
        quotas=tuple(move for step in steps for move in step.quotas if move.key.startswith(PLACES)),
        lives=tuple(_life(path, desk, by) for path, by in _by_path(paths, steps)),
    )


def _by_path(paths: Sequence[Path], steps: Sequence[Recorded]) -> list[tuple[Path, list[Recorded]]]:
    whose = {stream_id: path for path in paths for stream_id in (path.person_id, path.journey_id)}
    found: dict[int, list[Recorded]] = {path.profile.number: [] for path in paths}
    for step in steps:
        for stream in step.streams:
            if stream.stream_id in whose:
                found[whose[stream.stream_id].profile.number].append(step)
    return [(path, found[path.profile.number]) for path in paths]


def _life(path: Path, desk: Desk, steps: Sequence[Recorded]) -> Life:
    person, journey = desk.person(path.person_id), desk.journey(path.journey_id)
    assert person is not None, "the first steps come at once"
    assert journey is not None, "the first steps come at once"
    streams = (_joined(steps, path.person_id), _joined(steps, path.journey_id))
    return Life(
        profile=path.profile,
        until=path.until,
        person=person,
        journey=journey,
        streams=tuple(stream for stream in streams if stream is not None),
        quotas=tuple(move for step in steps for move in step.quotas if not move.key.startswith(PLACES)),
        result=steps[-1].result,
    )


def _joined(steps: Sequence[Recorded], stream_id: str) -> StreamAppend | None:
    """All that was appended to one stream, as one append."""
    parts = [stream for step in steps for stream in step.streams if stream.stream_id == stream_id]
    if not parts:
        return None
    first = parts[0]
    return StreamAppend(
        stream_id=stream_id,
        kind=first.kind,
        tenant=first.tenant,
        expected_version=first.expected_version,
        events=tuple(event for part in parts for event in part.events),
    )
