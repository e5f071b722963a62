"""The record kept in memory: the twin of the real one, for tests and trials. It is gone when the process ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice

from domain.ports import (
    Appended,
    CommandReused,
    KnownCommand,
    NewEvent,
    Position,
    Quota,
    QuotaExceeded,
    QuotaMove,
    Slice,
    StoredEvent,
    StreamAppend,
    StreamHead,
    VersionConflict,
)
from eventstore import limits


def _clock() -> datetime:
    return datetime.now(UTC)


class MemoryEventStore:
    """Nothing here awaits, so every method is one indivisible step of the event loop."""

    def __init__(self, now: Callable[[], datetime] = _clock) -> None:
        self._now = now
        self._events: list[StoredEvent] = []
        self._streams: dict[str, list[StoredEvent]] = {}
        self._commands: dict[str, KnownCommand] = {}
        self._quotas: dict[str, Quota] = {}

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        limits.check(streams, command_id=command_id, request_hash=request_hash, result=result, quotas=quotas)
        if known := self._commands.get(command_id):
            if known.request_hash != request_hash:
                raise CommandReused(command_id)
            return Appended(result=known.result, position=known.position, duplicate=True)

        ordered = sorted(streams, key=lambda stream: stream.stream_id)
        for stream in ordered:
            self._expect(stream)
        moved = self._moved(quotas)

        txid = len(self._commands) + 1
        for stream in ordered:
            for event in stream.events:
                self._store(stream, event, txid, command_id)
        self._quotas |= moved
        position = self._events[-1].position
        self._commands[command_id] = KnownCommand(request_hash=request_hash, result=result, position=position)
        return Appended(result=result, position=position, duplicate=False)

    async def read(
        self, stream_id: str, *, after: int = 0, limit: int | None = None, command_id: str | None = None
    ) -> Slice:
        newer = (event for event in self._streams.get(stream_id, ()) if event.version > after)
        known = None if command_id is None else self._commands.get(command_id)
        return Slice(events=tuple(islice(newer, limit)), known=known)

    async def read_all(self, *, after: Position, limit: int) -> tuple[StoredEvent, ...]:
        return tuple(islice((event for event in self._events if event.position > after), limit))

    async def head(self, stream_id: str) -> StreamHead | None:
        if not (events := self._streams.get(stream_id)):
            return None
        last = events[-1]
        return StreamHead(stream_id=stream_id, kind=last.kind, tenant=last.tenant, version=last.version)

    async def quota(self, key: str) -> Quota | None:
        return self._quotas.get(key)

    def _expect(self, stream: StreamAppend) -> None:
        stored = self._streams.get(stream.stream_id, [])
        if len(stored) != stream.expected_version:
            raise VersionConflict(stream.stream_id)
        if stored and stored[0].kind != stream.kind:
            raise ValueError(f"stream {stream.stream_id!r} is a {stored[0].kind}, not a {stream.kind}")

    def _moved(self, moves: Sequence[QuotaMove]) -> dict[str, Quota]:
        return {move.key: self._bounded(move) for move in limits.together(moves)}

    def _bounded(self, move: QuotaMove) -> Quota:
        before = self._quotas.get(move.key, Quota(used=0, allowed=0))
        after = Quota(used=before.used + move.used, allowed=_allowed(before, move))
        if not 0 <= after.used <= after.allowed:
            raise QuotaExceeded(move.key)
        return after

    def _store(self, stream: StreamAppend, event: NewEvent, txid: int, command_id: str) -> None:
        stored = self._streams.setdefault(stream.stream_id, [])
        entry = StoredEvent(
            type=event.type,
            schema_version=event.schema_version,
            body=event.body,
            sealed=event.sealed,
            subject_ids=event.subject_ids,
            meta=event.meta,
            occurred_at=event.occurred_at.astimezone(UTC),
            recorded_at=event.recorded_at.astimezone(UTC),
            stream_id=stream.stream_id,
            version=len(stored) + 1,
            position=Position(txid=txid, number=len(self._events) + 1),
            tenant=stream.tenant,
            kind=stream.kind,
            written_at=self._now(),
            command_id=command_id,
        )
        stored.append(entry)
        self._events.append(entry)


def _allowed(before: Quota, move: QuotaMove) -> int:
    if move.limit is None:
        return before.allowed + move.allowed
    return move.limit if move.used > 0 else before.allowed
