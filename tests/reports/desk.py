"""Journeys over some months, each step on its day, and the desk from which reports about them are sent."""

from __future__ import annotations

from datetime import date, timedelta

from activities.messages import Outcome
from activities.reporting import Reports
from domain.cipher import NullCipher
from domain.codec import Recorded
from domain.decision import Actor, Command
from domain.events import PlanDrafted
from domain.persons import CARE, GiveConsent
from domain.reports.period import ReportCode
from domain.reports.sent import SentReport, stream_of
from domain.stages.transferring import AcceptTransfer, OfferTransfer
from domain.working_days import at_hour
from eventstore.postgres import PostgresEventStore
from readmodels.known_facts import KnownFacts
from readmodels.projector import Pool, Projector
from readmodels.report_facts import ReportFacts
from tests.activities.examples import (
    MANAGER,
    NEIGHBOUR,
    agreed,
    assessment,
    budget,
    delivery,
    eligible,
    given_a_person,
    given_the_programme,
    ordered,
    plan,
    programme,
    recorder,
    referral,
    step,
)
from tests.readmodels.databases import CODEC, shown


class Desk:
    """A record, the facts read from it, and whoever sends what is due."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.store = PostgresEventStore(pool)
        self.recorder = recorder(self.store)
        self.facts, self.known = ReportFacts(self.store, CODEC, NullCipher()), KnownFacts(pool, NullCipher())
        self.projector = Projector(pool, self.store, CODEC, [self.facts])
        self.reports = Reports(self.recorder, self.known, programme)

    async def open(self, on: date) -> Desk:
        await self.projector.prepare()
        await given_the_programme(self.recorder, at_hour(on, 7))
        return self

    async def record(self, command: Command, journey_id: str, on: date, *, actor: Actor = MANAGER) -> Outcome:
        return await self.recorder.record(step(command, journey_id, actor=actor, at=at_hour(on, 12)))

    async def referred(self, number: int, on: date) -> str:
        """And found eligible: with a place from that day on, while there are any."""
        person, path = f"person-{number}", f"journey-{number}"
        await given_a_person(self.recorder, at_hour(on, 11), person)
        await self.record(referral(person, at_hour(on, 12)), path, on)
        await self.record(eligible(), path, on)
        return path

    async def helped(self, number: int, on: date, hours: tuple[int, ...] = (2,)) -> str:
        """Within a day from the referral to a budget with an order; then so many hours, a day each."""
        path, at = await self.referred(number, on), at_hour(on, 12)
        await self.record(assessment(at), path, on)
        await self.record(plan(at), path, on)
        drafted = (await self.events(path))[-1].event
        assert isinstance(drafted, PlanDrafted)
        await self.record(agreed(drafted.plan_id, at), path, on)
        await self.record(budget(), path, on)
        await self.record(ordered(), path, on)
        for days, each in enumerate(hours):
            day = on + timedelta(days=days)
            await self.record(delivery(at_hour(day, 12), minutes=each * 60), path, day)
        return path

    async def moves(self, journey_id: str, person_id: str, on: date) -> None:
        """From Tori to Tapa, which takes the journey over on that day."""
        await self.record(GiveConsent(purpose=CARE, recipient="tapa", on=on), person_id, on)
        await self.record(
            OfferTransfer(to="tapa", from_on=on, reason="Synthetic: moves to her sister."), journey_id, on
        )
        await self.record(AcceptTransfer(), journey_id, on, actor=NEIGHBOUR)

    async def events(self, stream_id: str) -> list[Recorded]:
        return [CODEC.decode(each) for each in (await self.store.read(stream_id)).events]

    async def send(self, on: date) -> None:
        """All that is due by that day, as everything recorded by now is known."""
        await shown(self.projector, self.pool, self.facts.name)
        for each in await self.reports.due(at_hour(on, 6)):
            await self.reports.send(each)

    async def sent(self, report: ReportCode, period: str, scope: str) -> SentReport | None:
        return (await self.recorder.reports.at_latest(stream_of(report, period, scope)))[0].state
