"""How much one step may hold. The same bounds stand as CHECKs in the database; here they become clear sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.ports import NewEvent, QuotaMove, StreamAppend

TEXT_MAX_BYTES = 200
QUOTA_KEY_MAX_BYTES = 400
BODY_MAX_BYTES = 1024 * 1024
META_MAX_BYTES = 64 * 1024
SUBJECTS_MAX = 100
EVENTS_MAX = 1000
APPEND_MAX_BYTES = 16 * 1024 * 1024
MOVE_MAX = 10**15  # cents or hours alike; thousands of moves still fit a bigint


def check(
    streams: Sequence[StreamAppend], *, command_id: str, request_hash: str, result: bytes, quotas: Sequence[QuotaMove]
) -> None:
    """ValueError in one sentence where an append could never be stored, however often it is tried."""
    _text("command id", command_id)
    _text("request hash", request_hash)
    _size("result", result, BODY_MAX_BYTES)
    _streams(streams)
    _total([event for stream in streams for event in stream.events])
    for move in quotas:
        _text("quota key", move.key, QUOTA_KEY_MAX_BYTES)
        _require(
            max(abs(move.used), abs(move.allowed)) <= MOVE_MAX, f"quota {move.key!r} moves by more than {MOVE_MAX}"
        )


def together(quotas: Sequence[QuotaMove]) -> list[QuotaMove]:
    """Each key once, in order of their bytes; moves of the same key are one, and the last limit told is its limit."""
    moves: dict[str, QuotaMove] = {}
    for move in quotas:
        known = moves.get(move.key, QuotaMove(key=move.key))
        moves[move.key] = QuotaMove(
            key=move.key,
            used=known.used + move.used,
            allowed=known.allowed + move.allowed,
            limit=known.limit if move.limit is None else move.limit,
        )
    return [moves[key] for key in sorted(moves, key=str.encode)]


def _streams(streams: Sequence[StreamAppend]) -> None:
    _require(len(streams) > 0, "an append needs at least one stream")
    _require(len({stream.stream_id for stream in streams}) == len(streams), "a stream stands twice in one append")
    for stream in streams:
        for what, text in (("stream id", stream.stream_id), ("kind", stream.kind), ("tenant", stream.tenant)):
            _text(what, text)
        _require(stream.expected_version >= 0, f"stream {stream.stream_id!r} expects a negative version")
        _require(len(stream.events) > 0, f"stream {stream.stream_id!r} comes without events")
        for event in stream.events:
            _event(event)


def _event(event: NewEvent) -> None:
    _text("event type", event.type)
    _require(event.schema_version >= 1, f"{event.type} has schema version {event.schema_version}, the first is 1")
    _size(f"body of {event.type}", event.body, BODY_MAX_BYTES)
    _size(f"sealed part of {event.type}", event.sealed, BODY_MAX_BYTES)
    _size(f"meta of {event.type}", event.meta, META_MAX_BYTES)
    _require(len(event.subject_ids) <= SUBJECTS_MAX, f"{event.type} concerns more than {SUBJECTS_MAX} persons")
    for subject_id in event.subject_ids:
        _text("subject id", subject_id)
    for at in (event.occurred_at, event.recorded_at):
        _require(at.utcoffset() is not None, f"{event.type} has a time without a time zone")


def _total(events: Iterable[NewEvent]) -> None:
    sizes = [len(event.body) + len(event.sealed) + len(event.meta) for event in events]
    _require(len(sizes) <= EVENTS_MAX, f"an append holds at most {EVENTS_MAX} events")
    _require(sum(sizes) <= APPEND_MAX_BYTES, f"an append holds at most {APPEND_MAX_BYTES} bytes")


def _text(what: str, text: str, longest: int = TEXT_MAX_BYTES) -> None:
    _require("\x00" not in text, f"the {what} contains a null character, which the database cannot store")
    _require(0 < len(text.encode()) <= longest, f"the {what} must have 1 to {longest} bytes")


def _size(what: str, content: bytes, most: int) -> None:
    _require(len(content) <= most, f"the {what} has {len(content)} bytes, at most {most} are allowed")


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)
