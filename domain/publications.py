"""The programme as it is published: what is new holds from a day to come, and what held stays as it was, for ever."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

from pydantic import Field

from domain.canonical import canonical
from domain.care import ProgrammeFile, VersionInForce
from domain.decision import Command, Context, Decision, Rejected, Role
from domain.events import Event, ProgrammePublished
from domain.fields import Code
from domain.ports import ComponentUse
from domain.programme import Programme, ProgrammeInvalid, changes_of_the_past, load_texts
from domain.programme.periods import Dated

TOLD_AT_ONCE = 100  # problems in one answer; whoever has more of them will not read on


class Versioned(Dated, Protocol):
    @property
    def version(self) -> str: ...


class NotYoursToPublish(Rejected):
    """Only a coordinator or an operator publishes the programme."""

    code = "not_yours_to_publish"
    status = 403


class ProgrammeUnfit(Rejected):
    """The programme's data cannot be right: {problems}."""

    code = "programme_invalid"
    status = 422


class AnotherProgramme(Rejected):
    """The files are of the programme {found}; this installation works by {programme}."""

    code = "another_programme"
    status = 422


class NothingNew(Rejected):
    """This is word for word what is published already, as number {number}."""

    code = "nothing_new"


class PastChanged(Rejected):
    """What held until today cannot change, since decisions rest on it: {changes}."""

    code = "past_changed"
    status = 422


class ComponentInUse(Rejected):
    """Budgets rest on what the coming catalogue would not have any more: {uses}."""

    code = "component_in_use"


class PublishProgramme(Command):
    """Publish rules, instruments, catalogue, prices, settings and calendars: the programme's files, each whole."""

    kind = "programmes"
    stage = "programme"
    name = "publish-programme"
    part = "programme"
    creates = True
    needs_uses = True

    programme: Code
    files: tuple[ProgrammeFile, ...] = Field(min_length=1, max_length=100)

    def stream_named(self) -> str:
        return stream_of(self.programme)


COMMANDS: tuple[type[PublishProgramme], ...] = (PublishProgramme,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Publications:
    """All that was published of one programme, the newest last."""

    all: tuple[ProgrammePublished, ...]

    @property
    def latest(self) -> ProgrammePublished:
        return self.all[-1]


def stream_of(programme: str) -> str:
    return f"programme-{programme}"


def publication_of(event: ProgrammePublished) -> str:
    """How a decision names what it was decided under."""
    return f"{event.programme}/{event.number}"


@lru_cache(maxsize=4)
def programme_of(event: ProgrammePublished) -> Programme:
    """What was published, read again."""
    return load_texts({each.name: each.text for each in event.files}).published_as(publication_of(event))


def decide(command: Command, state: Publications | None, context: Context) -> Decision:
    assert isinstance(command, PublishProgramme), command
    if context.actor.role not in (Role.COORDINATOR, Role.OPERATOR):
        raise NotYoursToPublish
    was = context.programme if state is None else programme_of(state.latest)
    coming = _read(command, context.programme)
    digest = hashlib.sha256(canonical({each.name: each.text for each in command.files})).hexdigest()
    if state is not None and digest == state.latest.digest:
        raise NothingNew(number=state.latest.number)
    _check_past(was, coming, context.today)
    _check_uses(was, coming, context)
    published = ProgrammePublished(
        programme=command.programme,
        number=1 if state is None else state.latest.number + 1,
        digest=digest,
        versions=tuple(_versions(coming)),
        files=tuple(sorted(command.files, key=lambda each: each.name)),
    )
    return Decision(events=(published,))


def _read(command: PublishProgramme, here: Programme) -> Programme:
    texts = {each.name: each.text for each in command.files}
    if len(texts) < len(command.files):
        raise ProgrammeUnfit(field="files", problems="two files have the same name")
    try:
        coming = load_texts(texts)
    except ProgrammeInvalid as invalid:
        raise ProgrammeUnfit(field="files", problems=_told(invalid.problems)) from invalid
    if not coming.code == command.programme == here.code:
        raise AnotherProgramme(field="programme", found=coming.code, programme=here.code)
    return coming


def _check_past(was: Programme, coming: Programme, today: date) -> None:
    if changes := tuple(changes_of_the_past(was, coming, today)):
        raise PastChanged(field="files", changes=_told(changes))


def _check_uses(was: Programme, coming: Programme, context: Context) -> None:
    """A component may go, but not from under a budget that was decided with it."""
    lines: Counter[str] = Counter()
    for use in context.uses:
        start = max(use.starts_on, context.today + timedelta(days=1))
        if _lacks(coming, use, start) and not _lacks(was, use, start):
            lines[f"{use.component} ({use.tariff})"] += use.lines
    if lines:
        uses = (f"{component}: {_counted(number)}" for component, number in sorted(lines.items()))
        raise ComponentInUse(field="files", uses="; ".join(uses))


def _counted(lines: int) -> str:
    return "1 open budget line" if lines == 1 else f"{lines} open budget lines"


def _lacks(programme: Programme, use: ComponentUse, start: date) -> bool:
    """Whether on some day from `start` on, as long as the lines run, no catalogue has the component at that tariff."""
    return start <= use.ends_on and not programme.offers(use.component, use.tariff, start, use.ends_on)


def _told(problems: tuple[str, ...]) -> str:
    more = len(problems) - TOLD_AT_ONCE
    return "\n".join((*problems[:TOLD_AT_ONCE], *((f"and {more} more",) if more > 0 else ())))


def _versions(programme: Programme) -> Iterator[VersionInForce]:
    """Every version with its days, as a list to look at; a list of prices once, whatever it is of."""
    of: tuple[tuple[str, tuple[Versioned, ...]], ...] = (
        ("eligibility", programme.eligibility_versions),
        ("catalogue", programme.catalogues),
        ("instrument", programme.instruments),
        ("measure", programme.measures),
        ("report", programme.reports),
        ("calendar", programme.calendars),
        ("settings", programme.national_settings),
        *(("settings", own) for own in programme.municipal_settings.values()),
        ("prices", tuple({each.version: each for prices in programme.prices.values() for each in prices}.values())),
    )
    for kind, versions in of:
        for each in versions:
            yield VersionInForce(of=kind, version=each.version, valid_from=each.valid_from, valid_to=each.valid_to)


def evolve(state: Publications | None, event: Event, stream_id: str, version: int) -> Publications:
    if not isinstance(event, ProgrammePublished):
        raise ValueError(f"{event.type} does not belong into a programme's stream")
    return Publications(all=(event,) if state is None else (*state.all, event))
