"""Short words for the steps that the tests of this folder take."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.ports import START, Appended, EventStore, NewEvent, Position, QuotaMove, StoredEvent, StreamAppend

# When a test gives up waiting for what should happen at once; nothing is ever measured against it.
PATIENCE_SECONDS = 30

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)


def event(type: str = "note.written", *, body: bytes = b"{}", subject_ids: tuple[str, ...] = ()) -> NewEvent:
    return NewEvent(
        type=type,
        schema_version=1,
        body=body,
        sealed=b"",
        subject_ids=subject_ids,
        meta=b"{}",
        occurred_at=NOON,
        recorded_at=NOON,
    )


def onto(
    stream_id: str, version: int = 0, *events: NewEvent, kind: str = "journey", tenant: str = "EE"
) -> StreamAppend:
    return StreamAppend(
        stream_id=stream_id, kind=kind, tenant=tenant, expected_version=version, events=events or (event(),)
    )


async def step(
    store: EventStore,
    command_id: str,
    *streams: StreamAppend,
    request_hash: str = "h",
    quotas: tuple[QuotaMove, ...] = (),
) -> Appended:
    """One append, answered `answer to <command id>`."""
    return await store.append(
        streams,
        command_id=command_id,
        request_hash=request_hash,
        result=f"answer to {command_id}".encode(),
        quotas=quotas,
    )


async def everything(store: EventStore, *, after: Position = START, page: int = 1000) -> list[StoredEvent]:
    events: list[StoredEvent] = []
    while found := await store.read_all(after=after, limit=page):
        events += found
        after = found[-1].position
    return events
