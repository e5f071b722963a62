"""One synthetic person's steps, as their case manager takes them, and a record in memory to take them on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TypeVar

from activities.messages import Outcome, Submission, digest
from activities.recording import Recorder, random_id
from domain.canonical import canonical
from domain.care import ClaimRow, CommunityLine, Finding, Goal, SectionAnswer, ServiceLine, Views
from domain.cipher import NullCipher
from domain.codec import Codec, Recorded
from domain.deciders import JOURNEYS
from domain.decision import Actor, Command, Role
from domain.events import Event
from domain.persons import CARE, GiveConsent, RegisterPerson
from domain.ports import START, Appended, ComponentUse, EventStore, QuotaMove, StreamAppend
from domain.programme import Programme, load
from domain.stages.assessment import AssessNeeds
from domain.stages.budgeting import CommitService, DecideBudget
from domain.stages.delivery import NoteProgress, RecordDelivery
from domain.stages.eligibility import DecideEligibility
from domain.stages.exit import ExitJourney
from domain.stages.planning import AgreePlan, DraftPlan
from domain.stages.referral import RecordReferral
from domain.stages.review import HoldReview
from domain.stages.throughout import LogContact
from domain.states import Journey
from domain.working_days import at_hour, local_date
from eventstore.memory import MemoryEventStore
from starter.seeding import SEEDER, seeds

MUNICIPALITY = "tori"
PROVIDER = "provider-90000001"
MANAGER = Actor(id="case_manager.tori", role=Role.CASE_MANAGER, municipality=MUNICIPALITY)
NEIGHBOUR = Actor(id="case_manager.tapa", role=Role.CASE_MANAGER, municipality="tapa")
AUDITOR = Actor(id="auditor", role=Role.AUDITOR, municipality="ee")
NOON = at_hour(date(2026, 3, 2), 12)  # a Monday
CARED_FOR = {"handling_money": 2, "household": 2, "free_time": 3}
GROUNDS = (
    "target_group", "no_state_special_care", "no_social_rehabilitation", "no_similar_externally_financed_service",
    "judged_to_need_integrated_services",
)  # fmt: skip
PATIENCE_SECONDS = 20  # when a test gives up; nothing is measured against it

C = TypeVar("C", bound=Command)
_keys = count(1)


def step(
    command: Command,
    stream_id: str | None = None,
    *,
    actor: Actor = MANAGER,
    key: str | None = None,
    expected: int | None = None,
    at: datetime | None = None,
) -> Submission:
    """As the API hands it on; the same key is the same step."""
    data = command.model_dump(mode="json")
    stream = stream_id or command.stream_named()
    assert stream is not None
    return Submission(
        command=command.name,
        data=data,
        actor=actor,
        kind=command.kind,
        stream_id=stream,
        stage=str(command.stage),
        expected=expected,
        command_id=digest(actor.id, stream, key or f"key-{next(_keys)}"),
        request_hash=digest(command.name, canonical(data).decode()),
        at=at,
    )


class Strangers:
    """Nobody is known yet."""

    async def like(
        self, *, municipality: str, given_name: str, family_name: str, birth_date: date, personal_code: str | None
    ) -> tuple[str, ...]:
        return ()


class Unused:
    """No budget rests on anything yet."""

    async def of_components(self, *, after: date) -> tuple[ComponentUse, ...]:
        return ()


class WatchedStore(MemoryEventStore):
    """Tells when something was recorded, so that nobody needs to look again and again."""

    def __init__(self) -> None:
        super().__init__()
        self._recorded = asyncio.Condition()

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        appended = await super().append(
            streams, command_id=command_id, request_hash=request_hash, result=result, quotas=quotas
        )
        async with self._recorded:
            self._recorded.notify_all()
        return appended

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns when it holds; it is asked anew whenever something was recorded."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._recorded:
            await self._recorded.wait_for(holds)

    def events_of(self, stream_id: str, *, after: int = 0) -> list[Recorded]:
        codec = Codec(NullCipher())
        return [codec.decode(each) for each in self._streams.get(stream_id, [])[after:]]

    def facts(self, stream_id: str) -> list[Event]:
        return [each.event for each in self.events_of(stream_id)]

    def types(self, stream_id: str) -> list[str]:
        return [each.event.type for each in self.events_of(stream_id)]


class EveryDelivery:
    """Folds every journey there is, each time it is asked what a provider can claim."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def up_to(self, day: date, *, provider_id: str, municipality: str) -> tuple[ClaimRow, ...]:
        journeys: dict[str, Journey] = {}
        for told in map(Codec(NullCipher()).decode, await self._store.read_all(after=START, limit=1_000_000)):
            if told.kind == "journeys":
                known = journeys.get(told.stream_id)
                journeys[told.stream_id] = JOURNEYS.evolve(known, told.event, told.stream_id, told.version)
        return tuple(
            ClaimRow.model_validate(
                {
                    "journey_id": journey_id,
                    "delivery_id": each.delivery_id,
                    "line_id": each.line_id,
                    "day": each.day,
                    "component": each.component,
                    "tariff": each.tariff,
                    "minutes": each.minutes,
                    "cents": each.claimable,
                }
            )
            for journey_id, journey in sorted(journeys.items())
            for each in journey.file.deliveries.values()
            if each.claimable
            and each.day <= day
            and each.provider_id == provider_id
            and journey.file.payer(journey.file.account(each.line_id)) == municipality
        )


def programme() -> Programme:
    return load("demonstration")


def recorder(store: EventStore, new_id: Callable[[str], str] = random_id) -> Recorder:
    return Recorder(
        store=store,
        cipher=NullCipher(),
        programme=programme(),
        matches=Strangers(),
        claimable=EveryDelivery(store),
        uses=Unused(),
        new_id=new_id,
    )


async def given_the_programme(on: Recorder, at: datetime) -> None:
    """Agreements signed and providers under contract, as an installation has them from its first day."""
    for command in seeds(programme(), local_date(at)):
        await on.record(step(command, actor=SEEDER, at=at))


async def given_a_person(on: Recorder, at: datetime, person_id: str = "person-1") -> str:
    """Registered, and consenting to be cared for."""
    await on.record(step(a_person(), person_id, at=at))
    await on.record(step(consent(at), person_id, at=at))
    return person_id


def a_person(*, given: str = "Mari", family: str = "Näidis", born: date = date(1984, 3, 2)) -> RegisterPerson:
    return RegisterPerson(
        municipality=MUNICIPALITY, given_name=given, family_name=family, birth_date=born, sex="female", synthetic=True
    )


def consent(at: datetime) -> GiveConsent:
    return GiveConsent(purpose=CARE, recipient=MUNICIPALITY, on=local_date(at))


def referral(person_id: str, at: datetime, **otherwise: object) -> RecordReferral:
    today = local_date(at)
    said: dict[str, object] = {
        "person_id": person_id, "municipality": MUNICIPALITY, "noticed_by": "relative", "noticed_on": today,
        "reason": "Synthetic: has not left the flat for weeks.", "agreed_on": today, "rights_explained_on": today,
        "complete_on": today,
    }  # fmt: skip
    return RecordReferral.model_validate(said | otherwise)


def eligible() -> DecideEligibility:
    return DecideEligibility(findings=tuple(map(_holds, GROUNDS)), primary_diagnosis="schizophrenia")


def not_eligible() -> DecideEligibility:
    return DecideEligibility(
        findings=tuple(map(_holds, GROUNDS[:-1])), primary_diagnosis="schizophrenia", reasons="Synthetic: no ground."
    )


def _holds(condition: str) -> Finding:
    return Finding(condition=condition, holds=True, judged_by="doctor")


def call(at: datetime, note: str | None = None) -> LogContact:
    return LogContact(on=local_date(at), channel="call", with_whom="person", reached=True, note=note)


def progress(at: datetime) -> NoteProgress:
    return NoteProgress(goal_id="out", on=local_date(at), note="Synthetic: as before.", direction="same")


def assessment(at: datetime) -> AssessNeeds:
    return AssessNeeds(
        on=local_date(at),
        sections=tuple(_answers(local_date(at))),
        quality_of_life=3,
        views=Views(own_words="Synthetic: I want to go outside again.", specialist="Synthetic: withdrawn."),
    )


def _answers(on: date) -> Iterator[SectionAnswer]:
    for section in programme().instrument(on).sections:
        if section.items[0].scale != "need":
            continue
        degree = CARED_FOR.get(section.code)
        if degree is None:
            yield SectionAnswer(section=section.code, copes_independently=not section.reversed)
            continue
        items = [item.code for item in section.items]
        yield SectionAnswer(
            section=section.code,
            copes_independently=section.reversed,
            degrees=dict.fromkeys(items, degree),
            comments=dict.fromkeys(items, "Synthetic: needs somebody beside her."),
        )


def plan(at: datetime, *, hours: int = 40, months: int = 12) -> DraftPlan:
    today = local_date(at)
    return DraftPlan(
        main_goal="Synthetic: to walk to the sea on my own.",
        goals=(Goal(goal_id="out", life_area="mental_health", words="Synthetic: to leave the flat every day."),),
        lines=(
            ServiceLine(
                line_id="recovery",
                goal_id="out",
                component="mental.recovery",
                tariff="individual",
                minutes=hours * 60,
                provider_id=PROVIDER,
                starts_on=today,
                ends_on=today + timedelta(days=30 * months),
            ),
        ),
        community_lines=(CommunityLine(line_id="neighbour", goal_id="out", helper="Synthetic", help="A walk."),),
        crisis_plan="Synthetic: call the neighbour.",
    )


def agreed(plan_id: str, at: datetime) -> AgreePlan:
    return AgreePlan(plan_id=plan_id, agreed_on=local_date(at))


def budget() -> DecideBudget:
    return DecideBudget(form="administrative_act", reasons="Synthetic: as planned.")


def ordered(hours: int = 40) -> CommitService:
    return CommitService(line_id="recovery", minutes=hours * 60)


def delivery(at: datetime, minutes: int = 120) -> RecordDelivery:
    return RecordDelivery(line_id="recovery", day=local_date(at), minutes=minutes)


def review(at: datetime, kind: str, outcome: str = "continue") -> HoldReview:
    return HoldReview.model_validate(
        {
            "review": kind, "on": local_date(at), "outcome": outcome, "quality_of_life": 6,
            "need_by_life_area": {area.code: 1 for area in programme().life_areas},
            "summary": "Synthetic: goes out most days.",
        }
    )  # fmt: skip


def leaving(at: datetime) -> ExitJourney:
    return ExitJourney(on=local_date(at), reason="goal_reached", quality_of_life=8)


@dataclass(kw_only=True)
class Office:
    """A record in memory with the programme recorded, and somebody's hand on the clock."""

    store: WatchedStore = field(default_factory=WatchedStore)
    at: datetime = NOON

    def __post_init__(self) -> None:
        self.recorder = recorder(self.store)

    async def open(self) -> Office:
        await given_the_programme(self.recorder, self.at)
        return self

    async def record(
        self,
        command: Command,
        stream_id: str,
        *,
        actor: Actor = MANAGER,
        key: str | None = None,
        expected: int | None = None,
    ) -> Outcome:
        return await self.recorder.record(step(command, stream_id, actor=actor, key=key, expected=expected, at=self.at))

    async def refer(self, journey_id: str = "journey-1", person_id: str = "person-1") -> Outcome:
        if not self.store.events_of(person_id):
            await given_a_person(self.recorder, self.at, person_id)
        return await self.record(referral(person_id, self.at), journey_id)


def later(at: datetime, *, days: int) -> datetime:
    """So many days on, at noon."""
    return at_hour(local_date(at) + timedelta(days=days), 12)


def now() -> datetime:
    return datetime.now(UTC)
