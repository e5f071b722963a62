"""The programme's data as a coordinator handles it: read from a folder, published, listed, held against today's cases."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from activities.folding import Streams
from activities.messages import Submission, digest
from activities.publishing import latest
from domain.care import ProgrammeFile
from domain.codec import Codec, Recorded
from domain.deciders import PROGRAMMES
from domain.decision import NATIONAL, Actor, Role
from domain.events import ProgrammePublished
from domain.ports import EventStore
from domain.programme import Programme, load_directory, texts_in
from domain.publications import PublishProgramme, publication_of, stream_of
from domain.what_if import Versions, first_difference
from domain.working_days import TALLINN
from starter.submit import step_of
from starter.what_if import Found, what_if

PUBLISHER = Actor(id="operator", role=Role.OPERATOR, municipality=NATIONAL)


def publishing(folder: Path) -> Submission:
    """The step that publishes what is in the folder. Each time another one: sent twice, it is nothing new."""
    texts = texts_in(folder)
    command = PublishProgramme(
        programme=load_directory(folder).code,
        files=tuple(ProgrammeFile(name=name, text=text) for name, text in texts.items()),
    )
    stream_id = command.stream_named()
    command_id = digest(PUBLISHER.id, stream_id, uuid.uuid4().hex)
    return step_of(command, PUBLISHER, stream_id=stream_id, command_id=command_id)


async def in_use(store: EventStore, codec: Codec, packaged: Programme) -> Programme:
    """The programme that steps are decided by."""
    return await latest(Streams(store, codec, PROGRAMMES), packaged)


async def held_against(
    folder: Path, store: EventStore, codec: Codec, packaged: Programme, *, on: date | None, today: date
) -> Found:
    """What is in the folder against today's cases; on the first day on which it differs, if no day is given."""
    coming, was = load_directory(folder), await in_use(store, codec, packaged)
    day = on or first_difference(was, coming, today) or today
    return await what_if(store, codec, Versions(was=was, coming=coming, on=day))


async def publications(store: EventStore, codec: Codec, programme: str) -> Iterator[str]:
    """Each publication with its versions, as lines to read."""
    found = await store.read(stream_of(programme))
    return (line for told in map(codec.decode, found.events) for line in _told(told))


def _told(told: Recorded) -> Iterator[str]:
    event = told.event
    assert isinstance(event, ProgrammePublished), event
    at = told.recorded_at.astimezone(TALLINN)
    yield f"{publication_of(event)}  {at:%d.%m.%Y %H:%M}  by {told.meta.actor.id}  {event.digest[:12]}"
    for each in event.versions:
        until = f"{each.valid_to:%d.%m.%Y}" if each.valid_to else "without end"
        yield f"  {each.of:<12} {each.version:<34} {each.valid_from:%d.%m.%Y} – {until}"
