"""A claim that is decided or paid is carried through every journey it is about, whoever fails or dies on the way."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from temporalio.client import Client

from activities.claiming import Steps
from activities.messages import Outcome, Submission
from domain.care import Rejection
from domain.claims import Claim, DecideClaim, PayClaim
from domain.states import Delivery
from domain.working_days import at_hour, local_date
from readmodels.projector import Pool
from tests.activities.claims import assembly, given_help
from tests.activities.examples import PATIENCE_SECONDS, given_the_programme, step
from tests.workflows.test_places import House

JOURNEYS = 3


class Failing:
    """Fails once, with the second step that it is to hand on."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self.asked = 0

    async def submit(self, step: Submission) -> Outcome:
        self.asked += 1
        if self.asked == 2:
            raise ConnectionError("the engine went away")
        return await self._steps.submit(step)


class Dying:
    """Hands one step on, and then nothing any more."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._asked = 0
        self.stuck = asyncio.Event()

    async def submit(self, step: Submission) -> Outcome:
        self._asked += 1
        if self._asked > 1:
            self.stuck.set()
            await asyncio.Event().wait()
        return await self._steps.submit(step)


def last_month() -> date:
    return (local_date(datetime.now(UTC)).replace(day=1) - timedelta(days=1)).replace(day=1)


class Accounts(House):
    """The house of one claim, about help of last month in a few journeys."""

    @property
    def claim(self) -> str:
        return f"claim-{self.name}"

    async def claimed(self) -> None:
        at = at_hour(last_month().replace(day=10), 12)
        await given_the_programme(self.recorder, at)
        for number in range(JOURNEYS):
            await given_help(self.recorder, at, self.journey(number), f"person-{number}")
        await self.recorder.record(step(assembly(month=last_month()), self.claim, at=datetime.now(UTC)))

    async def the_claim(self) -> Claim:
        state = (await self.recorder.claims.at_latest(self.claim))[0].state
        assert state is not None
        return state

    async def helped(self) -> list[Delivery]:
        found: list[Delivery] = []
        for number in range(JOURNEYS):
            state = (await self.recorder.journeys.at_latest(self.journey(number)))[0].state
            assert state is not None
            found += state.file.deliveries.values()
        return found

    async def decide(self, *rejected: str) -> None:
        rejections = tuple(Rejection(delivery_id=each, reason="not_delivered") for each in rejected)
        await self.submitter.submit(step(DecideClaim(rejections=rejections), self.claim))

    async def pay(self) -> None:
        paid_on = local_date(datetime.now(UTC))
        await self.submitter.submit(step(PayClaim(paid_on=paid_on, reference="INV-7"), self.claim))

    async def each_once(self, *facts: str) -> bool:
        """Whether every journey has each of these exactly once."""
        histories = [await self.types(number) for number in range(JOURNEYS)]
        return all(types.count(fact) == 1 for types in histories for fact in facts)

    async def way(self) -> list[str]:
        return [each.event.type for each in await self.events(self.claim)]


CHECKED = ["claim.assembled", "claim.decided", "claim.checked"]
PAID = [*CHECKED, "claim.payment_ordered", "claim.paid"]


async def test_a_decided_claim_is_checked_in_its_journeys_and_a_paid_one_is_booked_there(
    client: Client, pool: Pool
) -> None:
    house = Accounts(client, pool, "claimed")
    await house.claimed()
    rejected = (await house.the_claim()).rows[1].delivery_id
    async with house.open():
        await house.decide(rejected)
        await house.until(house.claim, "claim.checked")
        assert await house.each_once("deliveries.claimed")
        assert [each.accepted for each in await house.helped() if each.delivery_id == rejected] == [0]
        await house.pay()
        await house.until(house.claim, "claim.paid")
    assert await house.way() == PAID
    helped = await house.helped()
    assert all(each.paid == each.cents for each in helped if each.delivery_id != rejected)
    assert sum(each.paid for each in helped) == (await house.the_claim()).accepted_cents > 0


async def test_what_fails_on_the_way_is_tried_again_and_nothing_is_booked_twice(client: Client, pool: Pool) -> None:
    house = Accounts(client, pool, "failing")
    house.steps = checking = Failing(house.submitter)
    await house.claimed()
    async with house.open():
        await house.decide()
        await house.until(house.claim, "claim.checked")
        checking.asked = 0  # and once more while it is paid
        await house.pay()
        await house.until(house.claim, "claim.paid")
    assert await house.way() == PAID
    assert await house.each_once("deliveries.claimed", "payment.recorded")
    assert all(each.paid == each.cents for each in await house.helped())


async def test_a_claim_whose_worker_dies_in_the_middle_is_taken_up_by_the_next(client: Client, pool: Pool) -> None:
    house = Accounts(client, pool, "dying")
    house.steps = dying = Dying(house.submitter)
    await house.claimed()
    async with house.open():
        await house.decide()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await dying.stuck.wait()
    assert await house.way() == CHECKED[:2]
    house.steps = house.submitter
    async with house.open():
        await house.until(house.claim, "claim.checked")
    assert await house.way() == CHECKED
    assert await house.each_once("deliveries.claimed")


async def test_what_was_decided_while_no_worker_ran_is_carried_through_when_one_is_back(
    client: Client, pool: Pool
) -> None:
    house = Accounts(client, pool, "away")
    await house.claimed()
    await house.recorder.record(step(DecideClaim(), house.claim, at=datetime.now(UTC)))
    async with house.open():
        await house.until(house.claim, "claim.checked")
    assert await house.each_once("deliveries.claimed")
