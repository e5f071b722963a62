"""The way of every step: what is known → what it comes to → what is decided → the record. The only writer there is."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from pydantic import ValidationError

from activities.folding import Folded, Streams
from activities.messages import OpenDeadline, Outcome, Stream, Submission
from activities.publishing import latest
from domain import journey
from domain.agreement import Agreement
from domain.belonging import recorded_in
from domain.care import ClaimRow
from domain.claims import AssembleClaim, Claim
from domain.codec import Codec, Meta
from domain.commands import COMMANDS, PREFIX
from domain.deciders import (
    AGREEMENTS,
    CLAIMS,
    HANDOVERS,
    JOURNEYS,
    OFFICES,
    PERSONS,
    PROGRAMMES,
    PROVIDERS,
    REGIONS,
    REPORTS,
    bound_reached,
)
from domain.decision import Actor, Command, Context, Decision, OutsideMunicipality, Rejected, Role, RowResult
from domain.events import CATALOGUE, Event
from domain.handovers import HandOver
from domain.offices import stream_of as office_of
from domain.parties import Person, Region
from domain.persons import PossibleDuplicates, RegisterPerson
from domain.places import passes_on, stream_of
from domain.ports import (
    Cipher,
    Claimable,
    CommandReused,
    EventStore,
    Matches,
    NewEvent,
    Position,
    QuotaExceeded,
    QuotaMove,
    StreamAppend,
    Uses,
    VersionConflict,
)
from domain.programme import NotKnown, Programme
from domain.reports.sent import SentReport
from domain.staff import Office
from domain.stages.placing import RequestPlace
from domain.stages.transferring import AcceptTransfer
from domain.states import Journey, waits_for
from domain.working_days import local_date

S = TypeVar("S")
LOST_RACES = 100  # each means that somebody else's step was recorded in between
SHOWN_DEADLINES = 5


def random_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(10)}"


class UnknownCommand(Rejected):
    """There is no command {command} for {kind}."""

    code = "unknown_command"
    status = 404


class UnknownStream(Rejected):
    """There is no {id} among the {kind}."""

    code = "unknown_stream"
    status = 404


class WrongShape(Rejected):
    """{problems}"""

    code = "wrong_shape"
    status = 400


class KeyReused(Rejected):
    """This idempotency key was used for other content; take a new key for a new attempt."""

    code = "idempotency_key_reused"


class Stale(Rejected):
    """The {part} changed since version {expected}; look at it as it is now (version {version})."""

    code = "stale"
    status = 412


class ReadOnly(Rejected):
    """An auditor reads; to act takes another role."""

    code = "read_only"
    status = 403


@dataclass(frozen=True, kw_only=True, slots=True)
class Beside:
    """What lies beside the stream that a step is for and may get facts too, each as it stood when the step was decided."""

    agreement: Folded[Agreement] | None
    receiving: Folded[Agreement] | None
    person: Folded[Person] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Further:
    """Facts for another stream, recorded in the same append; `keep` remembers it as it stands after them."""

    stream_id: str
    kind: str
    expected_version: int
    events: tuple[Event, ...]
    quota_moves: tuple[QuotaMove, ...]
    keep: Callable[[], None]


class Recorder:
    """Records steps. Raises Rejected for a refusal; StoreUnavailable or VersionConflict where trying again is right."""

    def __init__(
        self,
        *,
        store: EventStore,
        cipher: Cipher,
        programme: Programme,
        matches: Matches,
        claimable: Claimable,
        uses: Uses,
        new_id: Callable[[str], str] = random_id,
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._codec = Codec(cipher)
        self._programme = programme
        self._matches = matches
        self._claimable = claimable
        self._uses = uses
        self.journeys = Streams(store, self._codec, JOURNEYS)
        self.persons = Streams(store, self._codec, PERSONS)
        self.agreements = Streams(store, self._codec, AGREEMENTS)
        self.providers = Streams(store, self._codec, PROVIDERS)
        self.claims = Streams(store, self._codec, CLAIMS)
        self.programmes = Streams(store, self._codec, PROGRAMMES)
        self.regions = Streams(store, self._codec, REGIONS)
        self.handovers = Streams(store, self._codec, HANDOVERS)
        self.offices = Streams(store, self._codec, OFFICES)
        self.reports = Streams(store, self._codec, REPORTS)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def programme(self) -> Programme:
        """As last published, as far as this process has learnt."""
        return self._programme

    async def record(self, step: Submission) -> Outcome:
        match step.kind:
            case "journeys":
                return await self._record(self.journeys, step)
            case "persons":
                return await self._record(self.persons, step)
            case "agreements":
                return await self._record(self.agreements, step)
            case "providers":
                return await self._record(self.providers, step)
            case "claims":
                return await self._record(self.claims, step)
            case "programmes":
                outcome = await self._record(self.programmes, step)
                await self.look_for_publication()
                return outcome
            case "regions":
                return await self._record(self.regions, step)
            case "handovers":
                return await self._record(self.handovers, step)
            case "offices":
                return await self._record(self.offices, step)
            case "reports":
                return await self._record(self.reports, step)
        raise UnknownCommand(command=step.command, kind=step.kind)

    async def look_for_publication(self) -> None:
        """Decides by the programme as last published from here on."""
        self._programme = await latest(self.programmes, self._programme)

    async def stand(self, stream: Stream) -> Outcome:
        """Where a journey stands, for a workflow that starts anew."""
        folded, _ = await self.journeys.at_latest(stream.stream_id)
        return _outcome(stream.stream_id, folded, events=())

    async def _record(self, streams: Streams[S], step: Submission) -> Outcome:
        command = _parse(step)
        if (outcome := await self._from_memory(streams, command, step)) is not None:
            return outcome
        bound: str | None = None
        for _ in range(LOST_RACES):
            try:
                return await self._attempt(streams, command, step)
            except VersionConflict:
                continue
            except QuotaExceeded as exceeded:
                if bound == exceeded.key:
                    raise bound_reached(bound) from exceeded
                bound = exceeded.key  # perhaps a race was lost: what is known by now decides it properly
            except CommandReused as reused:
                raise KeyReused(field="Idempotency-Key") from reused
        raise VersionConflict(step.stream_id)

    async def _attempt(self, streams: Streams[S], command: Command, step: Submission) -> Outcome:
        folded, known = await streams.at_latest(step.stream_id, command_id=step.command_id)
        if known is not None:
            if known.request_hash != step.request_hash:
                raise KeyReused(field="Idempotency-Key")
            return _repeated(known.result, known.position)
        if folded.state is None and not command.creates:
            raise UnknownStream(kind=step.kind, id=step.stream_id)
        return await self._decided(streams, folded, command, step)

    async def _from_memory(self, streams: Streams[S], command: Command, step: Submission) -> Outcome | None:
        """Decided on what was last seen here, which saves reading. It counts only once it is recorded: the append finds
        a known command, and conflicts where the stream has moved on. Whatever else comes of it is decided anew."""
        kept = streams.kept(step.stream_id)
        if kept is None or step.expected not in (None, kept.version):
            return None
        try:
            outcome = await self._decided(streams, kept, command, step)
        except (Rejected, VersionConflict, QuotaExceeded, CommandReused):
            return None
        return outcome if outcome.events else None

    async def _decided(self, streams: Streams[S], folded: Folded[S], command: Command, step: Submission) -> Outcome:
        _check_rights(step.actor, streams.decider.belongs_to(command, folded.state))
        await self._check_expected(folded, command, step)
        async with AsyncExitStack() as turn:
            beside = await self._beside(command, folded.state, step, turn)
            context = await self._context(command, folded.state, beside, step)
            decision = streams.decider.decide(command, folded.state, context)
            if not decision.events:
                return _outcome(step.stream_id, folded, events=()).model_copy(update={"rows": decision.rows})
            meta = Meta(actor=step.actor, command=step.command, programme=context.programme.publication)
            return await self._append(streams, folded, beside, decision, step, meta)

    async def _append(
        self,
        streams: Streams[S],
        before: Folded[S],
        beside: Beside,
        decision: Decision,
        step: Submission,
        meta: Meta,
    ) -> Outcome:
        after = streams.advance(step.stream_id, before, decision.events)
        outcome = _outcome(
            step.stream_id, after, events=tuple(event.type for event in decision.events), rows=decision.rows
        )
        tenant, subject = _tenant_and_subject(step, after.state, decision.events)
        appends = [
            self._stream_append(step, meta, step.stream_id, step.kind, tenant, subject, before.version, decision.events)
        ]
        others = tuple(self._others(beside, decision))
        appends += [
            self._stream_append(
                step, meta, each.stream_id, each.kind, tenant, subject, each.expected_version, each.events
            )
            for each in others
        ]
        moves = [
            *streams.decider.quota_moves(before.state, after.state),
            *(move for each in others for move in each.quota_moves),
        ]
        appended = await self._store.append(
            appends,
            command_id=step.command_id,
            request_hash=step.request_hash,
            result=outcome.model_dump_json().encode(),
            quotas=[move for move in moves if move.used or move.allowed],
        )
        if appended.duplicate:
            return _repeated(appended.result, appended.position)
        streams.keep(step.stream_id, after)
        for each in others:
            each.keep()
        return outcome.model_copy(update={"position": str(appended.position)})

    def _others(self, beside: Beside, decision: Decision) -> Iterator[Further]:
        """What the decision has for other streams."""
        for seats, events in ((beside.agreement, decision.agreement), (beside.receiving, decision.receiving)):
            if events:
                assert seats is not None, "places were decided on without an agreement"
                assert seats.state is not None, "places were decided on without an agreement"
                yield _further(self.agreements, stream_of(seats.state.agreement), seats, events)
        if decision.person:
            assert beside.person is not None, "a person was decided on who is not known"
            assert beside.person.state is not None, "a person was decided on who is not known"
            yield _further(self.persons, beside.person.state.person_id, beside.person, decision.person)

    def _stream_append(
        self,
        step: Submission,
        meta: Meta,
        stream_id: str,
        kind: str,
        tenant: str,
        subject: str,
        version: int,
        events: tuple[Event, ...],
    ) -> StreamAppend:
        def encoded(place: int, event: Event) -> NewEvent:
            return self._codec.encode(
                event, stream_id=stream_id, version=version + place, subject=subject, meta=meta, at=_at(step)
            )

        return StreamAppend(
            stream_id=stream_id,
            kind=kind,
            tenant=tenant,
            expected_version=version,
            events=tuple(encoded(place, event) for place, event in enumerate(events, start=1)),
        )

    async def _check_expected(self, folded: Folded[S], command: Command, step: Submission) -> None:
        """Only a change of the same part spoils somebody's edit; recorded hours and reminders do not."""
        if step.expected is None or step.expected == folded.version:
            return
        facts = {"part": command.part, "expected": step.expected, "version": folded.version}
        if step.expected > folded.version:
            raise Stale(field="If-Match", **facts)
        since = await self._store.read(step.stream_id, after=step.expected)
        if any(CATALOGUE[each.type].part == command.part for each in since.events):
            raise Stale(field="If-Match", **facts)

    async def _beside(self, command: Command, state: object, step: Submission, turn: AsyncExitStack) -> Beside:
        """The agreements whose places the command may move. Steps of this process take turns at them, since every lost race
        costs the database a round trip; between processes the append's version check decides."""
        held, receiving = self._agreements_moved(command, state, local_date(_at(step)))
        for code in sorted(
            {code for code in (held, receiving) if code is not None}
        ):  # in one order, so that no two wait
            await turn.enter_async_context(self._turns[code])  # for each other
        return Beside(
            agreement=None if held is None else (await self.agreements.at_latest(stream_of(held)))[0],
            receiving=None if receiving is None else (await self.agreements.at_latest(stream_of(receiving)))[0],
            person=await self._person(command, state),
        )

    def _agreements_moved(self, command: Command, state: object, today: date) -> tuple[str | None, str | None]:
        """By code: that of the journey; and where it is to move, that of the municipality which takes it over."""
        if not command.touches_places:
            return None, None
        held = _agreement_held(command, state) or self._agreement_in_force(_municipality_of(command, state), today)
        if not (isinstance(command, AcceptTransfer) and isinstance(state, Journey) and state.file.transfer):
            return held, None
        return held, self._agreement_in_force(state.file.transfer.to, today)

    def _agreement_in_force(self, municipality: str, today: date) -> str | None:
        try:
            terms = self._programme.agreement_of(municipality, today)
        except NotKnown:
            return None  # the decision says so
        return None if terms is None else terms.code

    async def _context(self, command: Command, state: object, beside: Beside, step: Submission) -> Context:
        if isinstance(command, RegisterPerson):
            await self._check_duplicates(command)
        return Context(
            at=_at(step),
            actor=step.actor,
            programme=self._programme,
            stream_id=step.stream_id,
            new_id=self._new_id,
            person=None if beside.person is None else beside.person.state,
            agreement=None if beside.agreement is None else beside.agreement.state,
            receiving=None if beside.receiving is None else beside.receiving.state,
            uses=await self._uses.of_components(after=local_date(_at(step))) if command.needs_uses else (),
            claimable=await self._claimed_by(command),
            providers=await _named(self.providers, command.providers_named() | _of_its_lines(command, state)),
            persons=await _named(self.persons, command.persons_named()),
            office=await self._office(command, state),
        )

    async def _office(self, command: Command, state: object) -> Office | None:
        if not (command.needs_office and isinstance(state, Journey)):
            return None
        return (await self.offices.at_latest(office_of(state.file.municipality)))[0].state

    async def _person(self, command: Command, state: object) -> Folded[Person] | None:
        """An id of another kind names nobody, whatever stream it may have."""
        if not command.needs_person:
            return None
        person_id = state.file.person_id if isinstance(state, Journey) else str(getattr(command, "person_id", ""))
        if not person_id.startswith(f"{PREFIX[PERSONS.kind]}-"):
            return None
        return (await self.persons.at_latest(person_id))[0]

    async def _claimed_by(self, command: Command) -> tuple[ClaimRow, ...]:
        if not isinstance(command, AssembleClaim):
            return ()
        return await self._claimable.up_to(
            command.until, provider_id=command.provider_id, municipality=command.municipality
        )

    async def _check_duplicates(self, command: RegisterPerson) -> None:
        matches = await self._matches.like(
            municipality=command.municipality,
            given_name=command.given_name,
            family_name=command.family_name,
            birth_date=command.birth_date,
            personal_code=command.personal_code,
        )
        unseen = [match for match in matches if match not in command.distinct_from]
        if unseen:
            raise PossibleDuplicates(field="distinct_from", matches=", ".join(unseen))


def _further(streams: Streams[S], stream_id: str, before: Folded[S], events: tuple[Event, ...]) -> Further:
    after = streams.advance(stream_id, before, events)
    return Further(
        stream_id=stream_id,
        kind=streams.decider.kind,
        expected_version=before.version,
        events=events,
        quota_moves=streams.decider.quota_moves(before.state, after.state),
        keep=partial(streams.keep, stream_id, after),
    )


def _municipality_of(command: Command, state: object) -> str:
    """Of the journey; where it begins with this command, the one that the command names."""
    return state.file.municipality if isinstance(state, Journey) else str(getattr(command, "municipality", ""))


def _agreement_held(command: Command, state: object) -> str | None:
    """Who asks for a place asks the agreement in force, whichever they wait in."""
    if not isinstance(state, Journey) or isinstance(command, RequestPlace):
        return None
    return state.file.waits_in if state.file.place is None else state.file.place.agreement


async def _named(streams: Streams[S], ids: frozenset[str]) -> dict[str, S]:
    """What is known under these ids. An id of another kind names nothing here, whatever stream it may have."""
    ours = f"{PREFIX[streams.decider.kind]}-"
    found = [(each, (await streams.at_latest(each))[0].state) for each in sorted(ids) if each.startswith(ours)]
    return {each: state for each, state in found if state is not None}


def _parse(step: Submission) -> Command:
    command = COMMANDS.get(step.command)
    if command is None or command.kind != step.kind:
        raise UnknownCommand(command=step.command, kind=step.kind)
    try:
        return command.model_validate(step.data)
    except ValidationError as wrong:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors())
        raise WrongShape(problems=problems) from wrong


def _check_rights(actor: Actor, municipalities: frozenset[str]) -> None:
    if actor.role is Role.AUDITOR:
        raise ReadOnly
    if not actor.is_national and actor.municipality not in municipalities:
        raise OutsideMunicipality


def _of_its_lines(command: Command, state: object) -> frozenset[str]:
    """The providers of the lines that the command is about, or of all where it is about several."""
    if not (command.needs_line_s_providers and isinstance(state, Journey)):
        return frozenset()
    accounts = state.file.accounts
    named = accounts.get(str(getattr(command, "line_id", "")))
    return frozenset(each.line.provider_id for each in (accounts.values() if named is None else (named,)))


def _at(step: Submission) -> datetime:
    assert step.at is not None, "the workflow puts in the engine's time"
    return step.at


def _tenant_and_subject(step: Submission, state: object, events: tuple[Event, ...]) -> tuple[str, str]:
    """Where facts are recorded, and whom they are about where they do not say so themselves."""
    if isinstance(state, Journey):
        return recorded_in(events, state.file), state.file.person_id
    if isinstance(state, Person):
        return state.municipality, state.person_id
    if isinstance(state, Claim | HandOver | Region | Office | SentReport):
        return state.municipality, step.stream_id
    return step.actor.municipality, step.stream_id


def _repeated(result: bytes, position: Position) -> Outcome:
    return Outcome.model_validate_json(result).model_copy(update={"position": str(position), "repeated": True})


def _outcome(
    stream_id: str, folded: Folded[S], *, events: tuple[str, ...], rows: tuple[RowResult, ...] = ()
) -> Outcome:
    state = folded.state
    if isinstance(state, Agreement):
        return Outcome(
            version=folded.version,
            stage="",
            deadlines=_offers_open(state),
            events=events,
            stream_id=stream_id,
            settled=not state.offers,
        )
    if not isinstance(state, Journey):
        stage = str(state.stage) if isinstance(state, Claim) else ""
        return Outcome(version=folded.version, stage=stage, events=events, stream_id=stream_id, settled=True, rows=rows)
    open_deadlines = tuple(
        OpenDeadline(
            id=wake.deadline.id, what=wake.deadline.what, step=wake.step, due_on=wake.deadline.due.on, at=wake.at
        )
        for wake in journey.pending(state)[:SHOWN_DEADLINES]
    )
    return Outcome(
        version=folded.version,
        stage=journey.stage_of(state),
        waits_for=waits_for(state),
        deadlines=open_deadlines,
        events=events,
        stream_id=stream_id,
        municipality=state.file.municipality,
        settled=journey.settled(state),
        rows=rows,
    )


def _offers_open(state: Agreement) -> tuple[OpenDeadline, ...]:
    """When each open offer passes on, earliest first."""
    expiring = ((each.expires.on, each.journey_id) for each in state.offers.values() if each.expires is not None)
    return tuple(
        OpenDeadline(id=f"offer:{journey_id}:{day}", what="offer", step="over", due_on=day, at=passes_on(day))
        for day, journey_id in sorted(expiring)[:SHOWN_DEADLINES]
    )
