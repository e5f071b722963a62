"""One synthetic person moves: place, money, claims and history, each where it belongs, on real PostgreSQL."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from temporalio.testing import ActivityEnvironment

from activities.claiming import ClaimToSettle, settle_claim
from activities.messages import Outcome, Submission
from activities.recording import Recorder
from domain.cipher import NullCipher
from domain.claims import AssembleClaim, Claim, ClaimStage, DecideClaim, NothingToClaim, PayClaim
from domain.decision import Actor, Command, OutsideMunicipality, Role
from domain.persons import CARE, GiveConsent
from domain.stages.budgeting import CommitService
from domain.stages.delivery import RecordDelivery
from domain.stages.transferring import AcceptTransfer, OfferTransfer, TransferNotDue
from domain.states import CaseFile
from domain.working_days import at_hour
from eventstore.postgres import PostgresEventStore
from readmodels.deliveries import Deliveries
from readmodels.projector import Pool, Projector
from readmodels.work_queue import Filter, WorkQueue
from runtime.embedded import Services
from starter.trailing import Trails
from tests.activities.examples import (
    MANAGER,
    NEIGHBOUR,
    PROVIDER,
    Strangers,
    Unused,
    agreed,
    assessment,
    budget,
    eligible,
    given_a_person,
    given_the_programme,
    plan,
    programme,
    referral,
    step,
)
from tests.readmodels.databases import CODEC, fresh_pool, shown

JOURNEY, PERSON = "journey-1", "person-1"
TORI, TAPA = "tori", "tapa"
HELPER = Actor(id="provider.tori", role=Role.PROVIDER, municipality=TORI)
HELPER_THERE = Actor(id="provider.tapa", role=Role.PROVIDER, municipality=TAPA)


class Offices:
    """Two municipalities over one record, with what their lists show; somebody's hand is on the clock."""

    def __init__(self, clerk: Recorder, projector: Projector, pool: Pool, queue: WorkQueue) -> None:
        self.clerk, self.projector, self.pool, self.queue = clerk, projector, pool, queue
        self.at: datetime = at_hour(date(2026, 3, 2), 12)

    def on(self, day: date) -> Offices:
        self.at = at_hour(day, 12)
        return self

    async def want(self, command: Command, actor: Actor = MANAGER, stream: str = JOURNEY) -> Outcome:
        return await self.clerk.record(step(command, stream, actor=actor, at=self.at))

    async def submit(self, step: Submission) -> Outcome:
        """As a claim asks its journeys."""
        return await self.clerk.record(step.model_copy(update={"at": self.at}))

    async def file(self) -> CaseFile:
        state = (await self.clerk.journeys.at_latest(JOURNEY))[0].state
        assert state is not None
        return state.file

    async def claim(self, name: str) -> Claim:
        state = (await self.clerk.claims.at_latest(name))[0].state
        assert state is not None
        return state

    async def claimed_and_paid(self, name: str, town: str, month: date, actor: Actor) -> Claim:
        await self.lists_are_shown()
        await self.want(AssembleClaim(provider_id=PROVIDER, municipality=town, month=month), actor, name)
        await self.want(DecideClaim(), actor, name)
        settling = settle_claim(self.clerk, self)
        await ActivityEnvironment().run(settling, ClaimToSettle(claim_id=name, at=self.at))
        await self.want(PayClaim(paid_on=self.at.date(), reference=name), actor, name)
        await ActivityEnvironment().run(settling, ClaimToSettle(claim_id=name, at=self.at))
        return await self.claim(name)

    async def lists_are_shown(self) -> None:
        await shown(self.projector, self.pool, Deliveries.name, WorkQueue.name)

    async def listed(self, town: str) -> list[str]:
        rows, _ = await self.queue.page(Filter(municipality=town), cursor=None, limit=10)
        return [f"{row.journey_id} {row.stage}" for row in rows]


async def test_mari_moves_to_her_sister(services: Services) -> None:
    async with fresh_pool(services) as pool:
        store = PostgresEventStore(pool)
        deliveries, queue = Deliveries(pool, store, CODEC), WorkQueue(pool, store, CODEC)
        projector = Projector(pool, store, CODEC, [deliveries, queue])
        await projector.prepare()
        clerk = Recorder(
            store=store, cipher=NullCipher(), programme=programme(), matches=Strangers(), claimable=deliveries,
            uses=Unused(),
        )  # fmt: skip
        offices = Offices(clerk, projector, pool, queue)

        # In March Mari is referred in Tori, has a place, and a plan: 40 hours of recovery until the 25th of February.
        await given_the_programme(clerk, offices.at)
        await given_a_person(clerk, offices.at)
        for command in (referral(PERSON, offices.at), eligible(), assessment(offices.at), plan(offices.at)):
            await offices.want(command)
        (drafted,) = (await offices.file()).plans
        for decided in (agreed(drafted, offices.at), budget(), an_order("recovery", 40)):
            await offices.want(decided)
        await offices.on(date(2026, 5, 27)).want(visit("recovery", date(2026, 5, 27), 120), HELPER)

        # She will move to her sister in Tapa at midsummer, and agrees that the journey goes along.
        offices.on(date(2026, 5, 28))
        await offices.want(GiveConsent(purpose=CARE, recipient=TAPA, on=date(2026, 5, 28)), stream=PERSON)
        moves = OfferTransfer(to=TAPA, from_on=date(2026, 6, 25), reason="Synthetic: to her sister.")
        await offices.want(moves)
        with pytest.raises(TransferNotDue, match="2026-06-25"):
            await offices.want(AcceptTransfer(), NEIGHBOUR)
        await offices.on(date(2026, 6, 10)).want(visit("recovery", date(2026, 6, 10), 90), HELPER)

        # Tapa takes it over a day late. Of 1344.00 euros 116 of 361 days are gone by, and kept for what is told late.
        moved = await offices.on(date(2026, 6, 26)).want(AcceptTransfer(), NEIGHBOUR)
        assert moved.events == ("transfer.accepted", "budget.settled", "place.received")
        assert (moved.stage, moved.municipality) == ("planning", TAPA)
        line = (await offices.file()).accounts["recovery"]
        assert (line.allocated, line.delivered, str(line.line.ends_on)) == (43187, 11200, "2026-06-25")
        assert [
            (each.municipality, str(each.from_on), str(each.to_on)) for each in (await offices.file()).memberships
        ] == [
            (TORI, "2026-03-02", "2026-06-25"),
            (TAPA, "2026-06-26", "None"),
        ]
        for agreement, held, left in ((TORI, 0, 1), (TAPA, 1, 0)):
            state = (await clerk.agreements.at_latest(f"agreement-{agreement}"))[0].state
            assert state is not None
            assert (len(state.holdings), len(state.released)) == (held, left)
        await offices.lists_are_shown()
        assert (await offices.listed(TORI), await offices.listed(TAPA)) == ([], [f"{JOURNEY} planning"])

        # What was given in Tori on the 20th is told there on the 29th; Tapa cannot tell it, and Tori nothing of July.
        offices.on(date(2026, 6, 29))
        with pytest.raises(OutsideMunicipality):
            await offices.want(visit("recovery", date(2026, 6, 20), 60), HELPER_THERE)
        await offices.want(visit("recovery", date(2026, 6, 20), 60), HELPER)

        # In Tapa she is planned for anew, from the first of July, by other lines; and helped.
        offices.on(date(2026, 7, 1))
        again = plan(offices.at, hours=20)
        again = again.model_copy(update={"lines": (again.lines[0].model_copy(update={"line_id": "walks"}),)})
        await offices.want(again, NEIGHBOUR)
        newest = list((await offices.file()).plans)[-1]
        for there in (agreed(newest, offices.at), budget(), an_order("walks", 20)):
            await offices.want(there, NEIGHBOUR)
        await offices.want(visit("walks", date(2026, 7, 1), 60), NEIGHBOUR)

        # Each is claimed from where it was given: three visits of Tori's time, one of Tapa's.
        offices.on(date(2026, 8, 3))
        of_tori = await offices.claimed_and_paid("claim-tori", TORI, date(2026, 7, 1), MANAGER)
        of_tapa = await offices.claimed_and_paid("claim-tapa", TAPA, date(2026, 7, 1), NEIGHBOUR)
        assert [(row.line_id, str(row.day), row.cents) for row in of_tori.rows] == [
            ("recovery", "2026-05-27", 6400), ("recovery", "2026-06-10", 4800), ("recovery", "2026-06-20", 3200),
        ]  # fmt: skip
        assert [(row.line_id, str(row.day), row.cents) for row in of_tapa.rows] == [("walks", "2026-07-01", 3200)]
        assert {of_tori.stage, of_tapa.stage} == {ClaimStage.PAID}
        accounts = (await offices.file()).accounts
        assert {name: (each.delivered, each.paid) for name, each in accounts.items()} == {
            "recovery": (14400, 14400),
            "walks": (3200, 3200),
        }
        await offices.lists_are_shown()
        with pytest.raises(NothingToClaim):
            await offices.want(
                AssembleClaim(provider_id=PROVIDER, municipality=TORI, month=date(2026, 7, 1)), MANAGER, "claim-none"
            )

        # Whose money it was stands in the record, and every euro has its trail, through the place of its own time.
        tenants = {each.tenant for each in (await store.read(JOURNEY)).events if each.type == "deliveries.claimed"}
        assert tenants == {TORI, TAPA}
        trails = Trails(store, CODEC, deliveries.journey_of)
        for line_id, place in (("recovery", TORI), ("walks", TAPA)):
            trail = await trails.of(f"{JOURNEY}/{line_id}")
            assert trail.amiss == ()
            (signed,) = (each for each in trail.lines[0].grounds if each.what == "agreement")
            assert f"The agreement {place} " in signed.sentence
            told = [each.what for each in trail.lines[0].grounds]
            assert ("transfer" in told) == (place == TAPA)


def an_order(line_id: str, hours: int) -> CommitService:
    return CommitService(line_id=line_id, minutes=hours * 60)


def visit(line_id: str, day: date, minutes: int) -> RecordDelivery:
    return RecordDelivery(line_id=line_id, day=day, minutes=minutes)
