"""`teekond import`, from the file to the table that says whether the record holds what the file says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from activities.folding import Streams
from activities.messages import Outcome, Submission
from activities.publishing import latest
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.deciders import PROGRAMMES
from domain.decision import NATIONAL, Actor, Role
from domain.journey import fold
from domain.ports import EventStore, Matches
from domain.programme import Programme
from domain.programme import load as load_programme
from eventstore.postgres import PostgresEventStore, create_pool
from readmodels.person_match import PersonMatch
from runtime.settings import Settings, SettingsError
from runtime.temporal import connect
from starter.importing.cases import COLUMN_OF, Case
from starter.importing.cells import Problem
from starter.importing.columns import MONEY
from starter.importing.rehearsing import Rehearsal, in_turn
from starter.importing.sheet import Sums, read_sheet
from starter.importing.telling import Imported
from starter.progress import Progress
from starter.submit import Busy, Refused, Submitter

AT_ONCE = 8  # cases on their way
TRIES = 10
Tick = Callable[[], None]


class Submits(Protocol):
    async def submit(self, step: Submission) -> Outcome: ...


def importer(name: str) -> Actor:
    """Whoever answers for the import, acting nationally from the machine that holds the record."""
    return Actor(id=name, role=Role.COORDINATOR, municipality=NATIONAL)


async def running(settings: Settings, path: Path, *, by: Actor, rehearse: bool) -> Imported:
    """Raises TableRefused."""
    if settings.match_key is None:
        raise SettingsError("TEEKOND_MATCH_KEY is not set; without it nobody is found who is registered already")
    pool = await create_pool(settings.database_url.get_secret_value(), max_size=2)
    try:
        store = PostgresEventStore(pool)
        programme = await latest(Streams(store, Codec(NullCipher()), PROGRAMMES), load_programme(settings.programme))
        matches = PersonMatch(pool, settings.match_key.get_secret_value().encode())
        done = await rehearsal(path, store, programme, matches, by=by, at=datetime.now(UTC))
        if not rehearse and not done.problems:
            submitter = Submitter(await connect(settings), task_queue=settings.task_queue)
            with Progress("cases", len(done.rehearsed.new)) as tick:
                done = await taken_over(done, store, submitter, by=by, tick=tick)
    finally:
        await pool.close()
    return done


async def rehearsal(
    path: Path, store: EventStore, programme: Programme, matches: Matches, *, by: Actor, at: datetime
) -> Imported:
    sheet = read_sheet(path, programme)
    rehearsed = await Rehearsal(store, programme, matches, actor=by, at=at).of(sheet.cases)
    problems = sorted((*sheet.problems, *rehearsed.problems), key=lambda each: each.row)
    return Imported(sheet=sheet, rehearsed=rehearsed, problems=tuple(problems))


async def taken_over(done: Imported, store: EventStore, submitter: Submits, *, by: Actor, tick: Tick) -> Imported:
    """Whoever has a place first and a few at once; then those who wait, one after the other. Between rehearsal and now the
    record may have moved: what is refused then is told, and the others go on."""
    turns, problems, written = asyncio.Semaphore(AT_ONCE), list[Problem](), list[Case]()

    async def one(case: Case) -> None:
        async with turns:
            try:
                for step in (*case.first_steps(by), case.take_over(by)):
                    await _submitted(submitter, step)
                written.append(case)
            except Refused as refused:
                problems.append(_problem(refused, case))
            tick()

    new = in_turn(done.rehearsed.new)
    await asyncio.gather(*(one(case) for case in new if not case.waits))
    for case in (case for case in new if case.waits):
        await one(case)
    there = await in_the_record(store, [*done.rehearsed.known, *written], by)
    return replace(done, problems=tuple(problems), written=tuple(written), there=there)


async def _submitted(submitter: Submits, step: Submission) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            await submitter.submit(step)
            return
        except Busy:
            if attempt == TRIES:
                raise
            await asyncio.sleep(0.1 * attempt)


def _problem(refused: Refused, case: Case) -> Problem:
    told = refused.refusal
    column = COLUMN_OF.get(told.field or "case", told.field or "case")
    return Problem(row=case.row, case=case.number, column=column, code=told.code, rule=told.message)


async def in_the_record(store: EventStore, cases: Sequence[Case], by: Actor) -> Sums:
    """Folded from what was recorded when they were taken over, whatever has happened since."""
    codec, sums = Codec(NullCipher()), Counter[str]({"cases": 0, **dict.fromkeys(MONEY, 0)})
    for case in cases:
        begun = case.take_over(by).command_id
        events = [each for each in (await store.read(case.journey_id)).events if each.command_id == begun]
        state = fold((codec.decode(each).event for each in events), case.journey_id)
        if state is None:
            continue
        sums["cases"] += 1
        for account in state.file.accounts.values():
            for name in MONEY:
                sums[name] += int(getattr(account, name))
    return dict(sums)
