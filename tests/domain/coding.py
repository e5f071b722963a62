"""Facts on their way into the store and back, with a cipher that knows its keys and nothing of secrecy."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

from domain.codec import Codec, Meta
from domain.events import Event
from domain.ports import NewEvent, Position, StoredEvent
from tests.domain.given import CASE_MANAGER

TOLD = datetime(2026, 3, 12, 10, tzinfo=UTC)
PERSONAL_KEY = "person-1"


class OpenCipher:
    """Writes the key and the place on the outside; opens only with both."""

    def seal(self, subject_id: str, plaintext: bytes, *, associated: bytes) -> bytes:
        return b"\n".join((subject_id.encode(), associated, plaintext[::-1]))

    def open(self, subject_id: str, sealed: bytes, *, associated: bytes) -> bytes:
        key, place, text = sealed.split(b"\n", 2)
        assert (key, place) == (subject_id.encode(), associated), "sealed elsewhere"
        return text[::-1]


CODEC = Codec(OpenCipher())
META = Meta(actor=CASE_MANAGER, command="assess-needs")


def encoded(event: Event, *, stream_id: str = "journey-1", version: int = 1, at: datetime = TOLD) -> NewEvent:
    return CODEC.encode(event, stream_id=stream_id, version=version, subject=PERSONAL_KEY, meta=META, at=at)


def stored(new: NewEvent, *, stream_id: str = "journey-1", version: int = 1) -> StoredEvent:
    return StoredEvent(
        type=new.type,
        schema_version=new.schema_version,
        body=new.body,
        sealed=new.sealed,
        subject_ids=new.subject_ids,
        meta=new.meta,
        occurred_at=new.occurred_at,
        recorded_at=new.recorded_at,
        stream_id=stream_id,
        version=version,
        position=Position(txid=1, number=1),
        tenant="tori",
        kind="journeys",
        written_at=TOLD,
        command_id="command-1",
    )


def decoded(new: NewEvent, *, stream_id: str = "journey-1", version: int = 1) -> Event:
    return CODEC.decode(stored(new, stream_id=stream_id, version=version)).event


def opened(new: NewEvent) -> dict[str, dict[str, object]]:
    """What is sealed, by whose key."""
    parts = json.loads(new.sealed)
    return {person: json.loads(base64.b64decode(part).split(b"\n", 2)[2][::-1]) for person, part in parts.items()}
