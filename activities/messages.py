"""What crosses Temporal: a step on its way in, and the answer on its way out. New fields need defaults."""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from domain.commands import COMMANDS
from domain.decision import SYSTEM, Actor, RowResult


class Message(BaseModel):
    """An older worker may read a newer message: what it does not know it passes over."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Submission(Message):
    """One command for one stream. `data` is the command's own content, checked where it is decided; `stage` names the
    activity that decides it, so that a replay never depends on today's catalogue."""

    command: str
    data: dict[str, object]
    actor: Actor
    kind: str
    stream_id: str
    stage: str
    expected: int | None = None  # the version the actor has seen; None where the command only adds
    command_id: str
    request_hash: str
    at: datetime | None = None  # the engine's time, put in by the workflow


class OpenDeadline(Message):
    id: str
    what: str
    step: str
    due_on: date
    at: datetime


class Outcome(Message):
    """The answer to a step: where its stream stands now. `deadlines` are the next to come, earliest first."""

    version: int
    stage: str
    waits_for: str = ""
    deadlines: tuple[OpenDeadline, ...] = ()
    events: tuple[str, ...] = ()
    position: str = ""
    stream_id: str = ""
    municipality: str = ""
    settled: bool = False
    rows: tuple[RowResult, ...] = ()  # the answer to each row, where the step was a table
    repeated: bool = False  # the first answer to a step that came before, word for word

    @property
    def wake_at(self) -> datetime | None:
        return self.deadlines[0].at if self.deadlines else None


class Stream(Message):
    """Names one stream and the moment of asking."""

    kind: str
    stream_id: str
    at: datetime


class Refusal(Message):
    """Why a step was refused, as the API tells it."""

    code: str
    status: int
    message: str
    field: str | None = None


def own_step(command: str, stream_id: str, *reason: str, data: dict[str, object] | None = None) -> Submission:
    """A step nobody asked for: a timer's, or one that another stream's fact calls for. The same reason, the same step."""
    catalogued = COMMANDS[command]
    return Submission(
        command=command,
        data=data or {},
        actor=SYSTEM,
        kind=catalogued.kind,
        stream_id=stream_id,
        stage=catalogued.stage,
        command_id=digest(stream_id, command, *reason),
        request_hash=digest(command, *reason),
    )


def digest(*parts: str) -> str:
    """A command id: the same parts always give the same one."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
