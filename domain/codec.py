"""An event to bytes and back: what is clear stays readable, what is personal is sealed under the person's own key."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from domain.canonical import canonical
from domain.decision import Actor
from domain.events import CATALOGUE, UPCASTERS, Event
from domain.fields import Code, Sealed
from domain.ports import Cipher, NewEvent, Position, StoredEvent

Json = dict[str, object]


class Meta(BaseModel):
    """Told with every event: who did it, by which command, and under which publication of the programme (None: as it came
    with the software of that time)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    actor: Actor
    command: str
    programme: Code | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """An event as it is read: the fact, and where, when and by whom it was recorded."""

    event: Event
    stream_id: str
    kind: str
    version: int
    position: Position
    tenant: str
    occurred_at: datetime
    recorded_at: datetime
    written_at: datetime
    command_id: str
    meta: Meta


class Codec:
    """Turns events into what the store keeps, and back. `subject` is the person whom the stream is about."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def encode(self, event: Event, *, stream_id: str, version: int, subject: str, meta: Meta, at: datetime) -> NewEvent:
        body = event.model_dump(mode="json")
        personal = _take_out(event, body, subject)
        associated = _associated(stream_id, version, event.type)
        sealed = {
            person: base64.b64encode(self._cipher.seal(person, canonical(parts), associated=associated)).decode()
            for person, parts in personal.items()
        }
        return NewEvent(
            type=event.type,
            schema_version=event.schema_version,
            body=canonical(body),
            sealed=canonical(sealed) if sealed else b"",
            subject_ids=tuple(sorted(personal)),
            meta=canonical(meta.model_dump(mode="json", exclude_none=True)),
            occurred_at=event.occurred_at(at),
            recorded_at=at,
        )

    def decode(self, stored: StoredEvent) -> Recorded:
        body: Json = json.loads(stored.body)
        if stored.sealed:
            associated = _associated(stored.stream_id, stored.version, stored.type)
            for person, sealed in json.loads(stored.sealed).items():
                opened = self._cipher.open(person, base64.b64decode(sealed), associated=associated)
                _put_back(body, json.loads(opened))
        return Recorded(
            event=_read(stored.type, stored.schema_version, body),
            stream_id=stored.stream_id,
            kind=stored.kind,
            version=stored.version,
            position=stored.position,
            tenant=stored.tenant,
            occurred_at=stored.occurred_at,
            recorded_at=stored.recorded_at,
            written_at=stored.written_at,
            command_id=stored.command_id,
            meta=Meta.model_validate_json(stored.meta),
        )


def _associated(stream_id: str, version: int, type_: str) -> bytes:
    return f"{stream_id}/{version}/{type_}".encode()


def _read(type_: str, schema_version: int, body: Json) -> Event:
    current = CATALOGUE[type_]
    for version in range(schema_version, current.schema_version):
        body = UPCASTERS[type_, version](body)
    return current.model_validate_json(canonical(body))  # JSON mode: dates and tuples are text and lists there


# ── Clear and sealed ─────────────────────────────────────────────────────────────────────────────────────────────────


def _take_out(model: BaseModel, body: Json, subject: str, path: str = "") -> dict[str, Json]:
    """Moves every sealed field out of `body`; by person concerned, then by path within the event."""
    taken: dict[str, Json] = {}
    for name, mark in seals(type(model)).items():
        if name in body and body[name] is not None:
            person = subject if mark.of is None else str(getattr(model, mark.of))
            taken.setdefault(person, {})[f"{path}{name}"] = body.pop(name)
    for name, inner, part in _inside(model, body):
        for person, parts in _take_out(inner, part, subject, f"{path}{name}/").items():
            taken.setdefault(person, {}).update(parts)
    return taken


def _inside(model: BaseModel, body: Json) -> Iterator[tuple[str, BaseModel, Json]]:
    """The models within a model, with the part of the body that each became."""
    for name in body:
        value, part = getattr(model, name), body[name]
        if isinstance(value, BaseModel) and isinstance(part, dict):
            yield name, value, part
        elif isinstance(value, tuple) and isinstance(part, list):
            for index, (each, each_part) in enumerate(zip(value, part, strict=True)):
                if isinstance(each, BaseModel):
                    yield f"{name}/{index}", each, each_part


def _put_back(body: Json, parts: Mapping[str, object]) -> None:
    for path, value in parts.items():
        *steps, last = path.split("/")
        place: object = body
        for step in steps:
            place = place[int(step)] if isinstance(place, list) else place[step] if isinstance(place, dict) else None
        assert isinstance(place, dict), path
        place[last] = value


@cache
def seals(model: type[BaseModel]) -> dict[str, Sealed]:
    """Which fields of a model are personal. The mark may stand on the field or anywhere within its type."""
    found: dict[str, Sealed] = {}
    for name, field in model.model_fields.items():
        marks = [mark for mark in field.metadata if isinstance(mark, Sealed)] or list(_marks(field.annotation))
        if marks:
            found[name] = marks[0]
    return found


def _marks(annotation: object) -> Iterator[Sealed]:
    if get_origin(annotation) is Annotated:
        yield from (mark for mark in annotation.__metadata__ if isinstance(mark, Sealed))  # type: ignore[attr-defined]
    if get_origin(annotation) in (Annotated, Union, UnionType, tuple, dict, list):
        for inner in get_args(annotation):
            yield from _marks(inner)
