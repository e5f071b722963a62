"""What a notice by mail says, in Estonian, English and Russian: which journey, what is due and when. Of a person nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from domain.due import Level
from domain.ports import Letter
from domain.staff import StaffLanguage, StaffMember

TEXTS = "notices.toml"


class Words(BaseModel):
    """A language's sentences; `{journey}`, `{what}` and `{day}` are put in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    before: str
    on: str
    over: str
    worker: str
    lead: str
    municipality: str
    coordinator: str
    close: str
    what: Mapping[str, str]


@cache
def words(language: StaffLanguage) -> Words:
    """As they came with this version."""
    texts = tomllib.loads(resources.files("domain").joinpath(TEXTS).read_text(encoding="utf-8"))
    return Words.model_validate(texts[language])


def letter(
    to: StaffMember, *, id: str, journey_id: str, what: str, step: str, level: Level, due_on: date, at: datetime
) -> Letter:
    said = words(to.language)
    put_in = {
        "journey": journey_id,
        "what": said.what.get(what, said.what["other"]),
        "day": f"{due_on:%d.%m.%Y}",
    }
    when = {"before": said.before, "on": said.on}.get(step, said.over)
    whom = {
        "worker": said.worker,
        "lead": said.lead,
        "municipality": said.municipality,
        "coordinator": said.coordinator,
    }
    return Letter(
        id=id,
        to=to.mail,
        subject=said.subject.format(**put_in),
        text=f"{when.format(**put_in)}\n\n{whom[level]}\n{said.close}\n",
        language=to.language,
        at=at,
    )
