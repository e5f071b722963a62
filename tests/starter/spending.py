"""A story of one person's money, decided for real in memory: help, a correction, claims and payments, and cost claimed back."""

from __future__ import annotations

from dataclasses import dataclass, field

from temporalio.testing import ActivityEnvironment

from activities.claiming import ClaimToSettle, settle_claim
from activities.messages import Outcome, Submission
from domain.cipher import NullCipher
from domain.claims import AssembleClaim, DecideClaim, PayClaim
from domain.codec import Codec
from domain.decision import Command
from domain.events import DeliveryRecorded
from domain.persons import RecordEntitlement
from domain.stages.delivery import CorrectDelivery
from domain.stages.throughout import CheckDoubleFunding
from starter.trailing import Trails
from tests.activities.examples import (
    MUNICIPALITY,
    NOON,
    PROVIDER,
    Office,
    agreed,
    assessment,
    budget,
    delivery,
    eligible,
    later,
    ordered,
    plan,
)

JOURNEY, PERSON = "journey-1", "person-1"
LINE = f"{JOURNEY}/recovery"


@dataclass(kw_only=True)
class Spending:
    """An office whose time goes on, and who pays what is claimed."""

    office: Office = field(default_factory=Office)
    claims: int = 0

    async def submit(self, step: Submission) -> Outcome:
        """Hands a claim's steps to the record, with no engine between."""
        return await self.office.recorder.record(step.model_copy(update={"at": self.office.at}))

    @property
    def trails(self) -> Trails:
        return Trails(self.office.store, Codec(NullCipher()), self.journey_of)

    async def journey_of(self, delivery_id: str) -> str | None:
        return JOURNEY if delivery_id in self.deliveries else None

    @property
    def deliveries(self) -> list[str]:
        facts = self.office.store.facts(JOURNEY)
        return [each.delivery_id for each in facts if isinstance(each, DeliveryRecorded)]

    async def do(self, *commands: Command, stream: str = JOURNEY) -> None:
        for command in commands:
            await self.office.record(command, stream)

    def days_pass(self, days: int) -> None:
        self.office.at = later(self.office.at, days=days)

    async def helped(self, *minutes: int) -> Spending:
        """In March: two hours set aside as forty, ordered, and given so often."""
        await self.office.open()
        await self.office.refer()
        await self.do(eligible(), assessment(NOON), plan(NOON))
        plan_id = str(self.office.store.facts(JOURNEY)[-1].model_dump()["plan_id"])
        await self.do(agreed(plan_id, NOON), budget(), ordered())
        await self.do(*(delivery(NOON, each) for each in minutes))
        return self

    async def corrected(self, minutes: int, number: int = 0) -> None:
        await self.do(
            CorrectDelivery(delivery_id=self.deliveries[number], minutes=minutes, reason="Synthetic: shorter.")
        )

    async def claimed(self, *, pay: bool = True) -> str:
        """A month on, what there is to claim by then."""
        self.days_pass(31)
        self.claims += 1
        claim = f"claim-{self.claims}"
        month = later(self.office.at, days=-31).date().replace(day=1)
        await self.do(AssembleClaim(provider_id=PROVIDER, municipality=MUNICIPALITY, month=month), stream=claim)
        await self.do(DecideClaim(), stream=claim)
        await self._settle(claim)
        if pay:
            paid_on = self.office.at.date()
            await self.do(PayClaim(paid_on=paid_on, reference=f"INV-{self.claims}"), stream=claim)
            await self._settle(claim)
        return claim

    async def _settle(self, claim: str) -> None:
        settled = settle_claim(self.office.recorder, self)
        await ActivityEnvironment().run(settled, ClaimToSettle(claim_id=claim, at=self.office.at))

    async def paid_elsewhere(self, *, looked: bool = True) -> None:
        """A service that must not be combined becomes known for the day of the help; then the journey is looked at again."""
        service = RecordEntitlement(
            service="state_special_care", starts_on=NOON.date(), ends_on=NOON.date(), told_by="register"
        )
        await self.do(service, stream=PERSON)
        if looked:
            await self.do(CheckDoubleFunding())
