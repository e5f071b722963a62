"""A rehearsal: every case decided by the real rules on what the record says now, in memory, so that nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from activities.messages import Submission
from activities.recording import Recorder
from domain.cipher import NullCipher
from domain.deciders import AGREEMENTS, PERSONS, PROVIDERS
from domain.decision import Actor, Rejected
from domain.persons import PossibleDuplicates, one_journey
from domain.places import stream_of
from domain.ports import EventStore, Matches, QuotaMove
from domain.programme import NotKnown, Programme
from domain.working_days import local_date
from eventstore.memory import MemoryEventStore
from starter.generating.desk import NothingClaimed, NothingUsed, bring_in
from starter.importing.cases import COLUMN_OF, Case
from starter.importing.cells import Problem
from starter.importing.twins import apart


class ChangedSince(Rejected):
    """This case was taken over before, and stands otherwise in the file now; what is recorded changes by its own steps."""

    code = "changed_since"


class RegisteredOtherwise(Rejected):
    """The person of this case was registered before, and stands otherwise in the file now; to go on with the one who is
    registered, put {person_id} into person_id."""

    code = "registered_otherwise"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsed:
    """Which cases could be taken over, in their turn, which had been before, and what stands against the others."""

    new: tuple[Case, ...]
    known: tuple[Case, ...]
    problems: tuple[Problem, ...]


def in_turn(cases: Sequence[Case]) -> list[Case]:
    """Who holds a place comes before who waits for one, and who waits in the order of their applications."""
    waiting = sorted((case for case in cases if case.waits), key=lambda case: case.journey.complete_on)
    return [*(case for case in cases if not case.waits), *waiting]


class Rehearsal:
    """What the cases need of the record is brought into memory as they come; the record is only read."""

    def __init__(
        self, store: EventStore, programme: Programme, matches: Matches, *, actor: Actor, at: datetime
    ) -> None:
        self._store, self._programme, self._matches = store, programme, matches
        self._actor, self._at = actor, at
        self._memory = MemoryEventStore()
        self._brought: set[str] = set()

    async def of(self, cases: Sequence[Case]) -> Rehearsed:
        cases, problems = apart(cases)
        recorder = Recorder(
            store=self._memory,
            cipher=NullCipher(),
            programme=self._programme,
            matches=self._matches,
            claimable=NothingClaimed(),
            uses=NothingUsed(),
        )
        new, known = list[Case](), list[Case]()
        for case in in_turn(cases):
            try:
                if await self._is_known(case.take_over(self._actor), ChangedSince()):
                    known.append(case)
                    continue
                is_registered = await self._bring_in(case)
            except Rejected as refused:
                problems.append(_told(refused, case, None))
                continue
            against = [each async for each in self._against(case, recorder, is_registered)]
            problems += against
            new += [] if against else [case]
        return Rehearsed(new=tuple(new), known=tuple(known), problems=tuple(problems))

    async def _is_known(self, step: Submission, otherwise: Rejected) -> bool:
        """Whether it was recorded before; refused where that was with other content."""
        known = (await self._store.read(step.stream_id, limit=1, command_id=step.command_id)).known
        if known is not None and known.request_hash != step.request_hash:
            raise otherwise
        return known is not None

    async def _bring_in(self, case: Case) -> bool:
        """Whether the person is registered."""
        try:
            terms = self._programme.agreement_of(case.journey.municipality, local_date(self._at))
        except NotKnown:
            terms = None
        if terms is not None:
            await self._bring(stream_of(terms.code), AGREEMENTS.kind)
        for provider_id in sorted(case.journey.providers_named()):
            await self._bring(provider_id, PROVIDERS.kind)
        for step in case.first_steps(self._actor):
            if not await self._is_known(step, RegisteredOtherwise(field="person_id", person_id=case.person_id)):
                return False
        await self._bring(case.person_id, PERSONS.kind, bounds=[each async for each in self._bounds(case)])
        return True

    async def _bring(self, stream_id: str, kind: str, bounds: Sequence[QuotaMove] = ()) -> None:
        if stream_id not in self._brought:
            self._brought.add(stream_id)
            await bring_in(self._memory, stream_id, kind, (await self._store.read(stream_id)).events, bounds)

    async def _bounds(self, case: Case) -> AsyncIterator[QuotaMove]:
        """Whether the person has an open journey, and what other journeys have taken of yearly caps."""
        lines = (each.line for each in case.journey.lines)
        caps = {f"cap/{case.person_id}/{line.component}/{line.starts_on.year}" for line in lines}
        for key in (one_journey(case.person_id), *sorted(caps)):
            if (quota := await self._store.quota(key)) is not None:
                yield QuotaMove(key=key, used=quota.used, allowed=quota.allowed)

    async def _against(self, case: Case, recorder: Recorder, is_registered: bool) -> AsyncIterator[Problem]:
        """Everything that stands against it: what was refused is left aside, and the rest tried again."""
        if not is_registered:
            for step in case.first_steps(self._actor):
                try:
                    await recorder.record(self._now(step))
                except PossibleDuplicates as found:
                    yield _told(found, case, None)
                    case = case.distinct_from(*str(found.facts["matches"]).split(", "))
                    await recorder.record(self._now(next(case.first_steps(self._actor))))
                except Rejected as refused:
                    yield _told(refused, case, None)
                    return
        while True:
            try:
                await recorder.record(self._now(case.take_over(self._actor)))
            except Rejected as refused:
                line = _line_of(refused, case)
                yield _told(refused, case, line)
                if line is None or len(case.journey.lines) == 1:
                    return
                case = case.without_line(line)
            else:
                return

    def _now(self, step: Submission) -> Submission:
        return step.model_copy(update={"at": self._at})


def _line_of(refused: Rejected, case: Case) -> int | None:
    """Which line it is about: named as such, or by what only one needs."""
    facts = refused.facts
    for place, line in enumerate(each.line for each in case.journey.lines):
        if facts.get("line", line.line_id) != line.line_id:
            continue
        if facts.get("component", line.component) != line.component:
            continue
        if "line" in facts or "component" in facts or line.provider_id == facts.get("provider_id"):
            return place
    return None


def _told(refused: Rejected, case: Case, line: int | None) -> Problem:
    row = case.row if line is None else case.line_rows[line]
    rule = str(refused) if line is None else str(refused).replace(case.journey.lines[line].line.line_id, "the line")
    if isinstance(refused, PossibleDuplicates):
        rule += " If it is the same person, put the id into person_id instead."
    return Problem(row=row, case=case.number, column=column_of(refused), code=refused.code, rule=rule)


def column_of(refused: Rejected) -> str:
    if refused.field == "lines" and {"provider", "provider_id"} & refused.facts.keys():
        return "provider"
    return COLUMN_OF.get(refused.field or "case", refused.field or "case")
