"""A small town: few places, one provider, some people whose journeys go on side by side; every step is decided for real."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from datetime import date, timedelta
from itertools import count
from typing import TypeVar

from hypothesis import currently_in_test_context, note
from temporalio.testing import ActivityEnvironment

from activities.claiming import ClaimToSettle, settle_claim
from activities.messages import Outcome, Submission
from domain.agreement import Agreement
from domain.care import Rejection, ServiceLine, Tariff
from domain.cipher import NullCipher
from domain.claims import AssembleClaim, Claim, ClaimStage, DecideClaim, PayClaim
from domain.codec import Codec, Recorded
from domain.deciders import BoundReached, YearlyCapReached
from domain.decision import SYSTEM, Actor, Command, Rejected
from domain.deliveries import DeliveryRow
from domain.parties import Person
from domain.persons import CorrectEntitlement, RecordEntitlement
from domain.places import OfferPlace, SignAgreement
from domain.ports import Quota, StoredEvent
from domain.providers import ContractProvider
from domain.stages.budgeting import CommitService, DecideBudget
from domain.stages.delivery import CorrectDelivery, DisputeDelivery, RecordDeliveries, RecordDelivery, SettleDispute
from domain.stages.exit import ExitJourney
from domain.stages.holding import ResumePlace, SuspendPlace
from domain.stages.placing import AcceptPlace, DeclinePlace, NoteLapsedOffer, ReceiveOffer, RequestPlace
from domain.stages.planning import DraftPlan, ReopenPlan
from domain.stages.throughout import CheckDoubleFunding, RaiseReminders
from domain.states import (
    AwaitingAgreement,
    AwaitingAssessment,
    AwaitingBudget,
    AwaitingExit,
    AwaitingPlan,
    Delivery,
    Exited,
    InDelivery,
    Journey,
    Referred,
    Refused,
    Waiting,
)
from domain.working_days import at_hour, local_date
from eventstore.memory import MemoryEventStore
from starter.seeding import SEEDER
from tests.activities.examples import (
    MANAGER,
    MUNICIPALITY,
    PROVIDER,
    agreed,
    assessment,
    budget,
    eligible,
    given_a_person,
    recorder,
    referral,
    review,
    step,
)
from tests.activities.examples import plan as example_plan

R = TypeVar("R")
AUTUMN = at_hour(date(2026, 10, 5), 12)  # a Monday; the turn of the year is met on the way
NEW_YEAR = date(2027, 1, 1)
PLACES, PLACES_NEXT_YEAR = 2, 3
AGREEMENT = f"agreement-{MUNICIPALITY}"
PEOPLE = ("person-1", "person-2", "person-3")
LINES: dict[str, tuple[str, Tariff]] = {
    "recovery": ("mental.recovery", "individual"),
    "together": ("daily.support", "group"),
    "talk": ("mental.therapy", "individual"),  # with a yearly cap
    "circle": ("mental.therapy", "group"),  # under the same one
}
CAPPED = "mental.therapy"
SHOWN = 150  # characters of a step, where one failed


def _note(what: str) -> None:
    if currently_in_test_context():
        note(what)


def participants(line: str) -> int | None:
    return 4 if LINES[line][1] == "group" else None


class Store(MemoryEventStore):
    def quotas(self) -> dict[str, Quota]:
        return dict(self._quotas)

    def stored(self) -> list[StoredEvent]:
        return list(self._events)


class Town:
    def __init__(self) -> None:
        self.store = Store()
        self.at = AUTUMN
        self.codec = Codec(NullCipher())
        numbers: Counter[str] = Counter()

        def numbered(kind: str) -> str:
            numbers[kind] += 1
            return f"{kind}-{numbers[kind]}"

        self.recorder = recorder(self.store, new_id=numbered)
        self._loop = asyncio.new_event_loop()
        self._numbers = count(1)
        self.refused: Counter[str] = Counter()
        self.journeys: list[str] = []
        self.claims: list[str] = []
        self.entitlements: list[tuple[str, str]] = []  # person, entitlement
        self._now(self._open())

    def close(self) -> None:
        self._loop.close()

    def _now(self, what: Awaitable[R]) -> R:
        return self._loop.run_until_complete(what)

    async def _open(self) -> None:
        years = ((date(2026, 1, 1), NEW_YEAR - timedelta(days=1), PLACES), (NEW_YEAR, None, PLACES_NEXT_YEAR))
        for first, last, places in years:
            signed = SignAgreement(
                agreement=MUNICIPALITY,
                municipalities=(MUNICIPALITY,),
                valid_from=first,
                valid_to=last,
                places=places,
                coordinator="coordinator-a",
                synthetic=True,
            )
            await self.recorder.record(step(signed, actor=SEEDER, at=self.at))
        contract = ContractProvider(
            provider_name="Päikesetee Tugi [synthetic]",
            registry_code=PROVIDER.removeprefix("provider-"),
            components=tuple({component: None for component, _ in LINES.values()}),
            municipalities=(MUNICIPALITY,),
            valid_from=date(2026, 1, 1),
            synthetic=True,
        )
        await self.recorder.record(step(contract, actor=SEEDER, at=self.at))
        for person in PEOPLE:
            await given_a_person(self.recorder, self.at, person)

    # ── What is known ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def today(self) -> date:
        return local_date(self.at)

    def state(self, journey_id: str) -> Journey:
        folded = self.recorder.journeys.kept(journey_id)
        assert folded is not None
        assert folded.state is not None
        return folded.state

    def states(self) -> dict[str, Journey]:
        return {each: self.state(each) for each in self.journeys}

    def agreement(self) -> Agreement:
        found = self.recorder.agreements.kept(AGREEMENT)
        assert found is not None
        assert found.state is not None
        return found.state

    def person(self, person_id: str) -> Person:
        found = self.recorder.persons.kept(person_id)
        assert found is not None
        assert found.state is not None
        return found.state

    def claim(self, claim_id: str) -> Claim:
        found = self.recorder.claims.kept(claim_id)
        assert found is not None
        assert found.state is not None
        return found.state

    def told(self, after: int = 0) -> list[Recorded]:
        """Everything recorded behind the first so many, as it comes out of the store."""
        return [self.codec.decode(each) for each in self.store.stored()[after:]]

    # ── One step ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def want(self, command: Command, stream_id: str, *, actor: Actor = MANAGER) -> Outcome | None:
        """The answer; None for a refusal. What one stream knows is refused by a rule, before the database has to say no."""
        _note(f"{self.today} {stream_id} {command.name} {str(command)[:SHOWN]}")
        wanted = step(command, stream_id, actor=actor, key=f"step-{next(self._numbers)}", at=self.at)
        try:
            return self._now(self.recorder.record(wanted))
        except BoundReached as needless:
            raise AssertionError(f"only the bound in the database stopped {command!r}: {needless}") from needless
        except YearlyCapReached as reached:
            known = not isinstance(command, DecideBudget) or self._others_with_a_budget(stream_id)
            assert known, "a journey by itself must know its own cap"
            self.refused[reached.code] += 1
        except Rejected as refusal:
            _note(f"  refused: {refusal.sentence()}")
            self.refused[refusal.code] += 1
        return None

    def _others_with_a_budget(self, journey_id: str) -> bool:
        states = self.states()
        person_id = states[journey_id].file.person_id
        return any(
            each.file.person_id == person_id and each.file.accounts for id_, each in states.items() if id_ != journey_id
        )

    # ── What people do ───────────────────────────────────────────────────────────────────────────────────────────────

    def refer(self, person_id: str) -> None:
        journey_id = f"journey-{len(self.journeys) + 1}"
        if self.want(referral(person_id, self.at), journey_id) is not None:
            self.journeys.append(journey_id)

    def go_on(self, journey_id: str) -> None:
        """What the journey waits for."""
        state = self.state(journey_id)
        match state:
            case Referred():
                self.want(eligible(), journey_id)
            case AwaitingAssessment():
                self.want(assessment(self.at), journey_id)
            case AwaitingPlan():
                self.want(self.plan(tuple(LINES), self._usual()), journey_id)
            case AwaitingAgreement(plan_id=drafted):
                self.want(agreed(drafted, self.at), journey_id)
            case AwaitingBudget():
                self.want(budget(), journey_id)
            case InDelivery(review_kind=kind):
                self.want(review(self.at, kind), journey_id)
            case AwaitingExit():
                self.leave(journey_id, self.today)
            case Refused() | Exited():
                pass
            case Waiting():
                self.offers("accept")

    def _usual(self) -> int:
        """So few minutes of each line that all together keep under a month's ceiling, however near the year's end is."""
        return 1200 if self.today.month < 12 else 300

    def go_on_to_help(self, journey_id: str) -> None:
        """As far as the budget, with everything ordered."""
        for _ in range(6):
            if not isinstance(self.state(journey_id), InDelivery | Exited | Refused):
                self.go_on(journey_id)
        for line in LINES:
            self.order(journey_id, line, self._usual() - 100)

    def plan(self, lines: Sequence[str], minutes: int, names: Mapping[str, str] | None = None) -> DraftPlan:
        services = tuple(self._line(each, (names or {}).get(each), minutes) for each in lines)
        return example_plan(self.at).model_copy(update={"lines": services})

    def _line(self, line: str, name: str | None, minutes: int) -> ServiceLine:
        """Ends of all kinds: a capped line ends with the year that is in its name, one of the others ends soon."""
        component, tariff = LINES[line]
        end_of_year = date(self.today.year, 12, 31)
        ends = {"recovery": self.today + timedelta(days=45), "together": self.today + timedelta(days=120)}
        return ServiceLine(
            line_id=name or (line if line in ends else f"{line}-{self.today.year}"),
            goal_id="out",
            component=component,
            tariff=tariff,
            minutes=minutes,
            provider_id=PROVIDER,
            starts_on=self.today,
            ends_on=ends.get(line, end_of_year),
        )

    def plan_anew(self, journey_id: str, lines: Sequence[str], minutes: int, *, same_names: bool) -> None:
        self.want(ReopenPlan(reason="Synthetic: it is different now."), journey_id)
        if not isinstance(self.state(journey_id), AwaitingPlan | AwaitingAgreement):
            return
        names = {each: self.named(journey_id, each) for each in lines} if same_names else {}
        self.want(self.plan(lines, minutes, names), journey_id)
        for _ in range(2):
            if isinstance(self.state(journey_id), AwaitingAgreement | AwaitingBudget):
                self.go_on(journey_id)

    def named(self, journey_id: str, line: str) -> str:
        """The journey's last line of that kind."""
        known = [each for each in self.state(journey_id).file.accounts if each.startswith(line)]
        return known[-1] if known else line

    def order(self, journey_id: str, line: str, minutes: int) -> None:
        self.want(CommitService(line_id=self.named(journey_id, line), minutes=minutes), journey_id)

    def help(self, journey_id: str, line: str, day: date, minutes: int) -> None:
        told = RecordDelivery(
            line_id=self.named(journey_id, line), day=day, minutes=minutes, participants=participants(line)
        )
        self.want(told, journey_id)

    def help_as_table(self, journey_id: str, rows: tuple[DeliveryRow, ...]) -> None:
        """Sent twice: the second time nothing is new."""
        table = RecordDeliveries(rows=rows)
        first = self.want(table, journey_id)
        if first is None:
            return
        self.refused.update(row.code for row in first.rows if row.delivery_id is None)
        before = self.state(journey_id).file.deliveries
        again = self.want(table, journey_id)
        assert again is not None, "a table that was taken is refused when it is sent again"
        assert "recorded" not in {row.code for row in again.rows}, "a table sent again is doubled"
        assert self.state(journey_id).file.deliveries == before

    def delivery(self, journey_id: str, which: int) -> Delivery | None:
        known = list(self.state(journey_id).file.deliveries.values())
        return known[-1 - which % len(known)] if known else None

    def correct(self, journey_id: str, which: int, minutes: int) -> None:
        if (delivery := self.delivery(journey_id, which)) is not None:
            corrected = CorrectDelivery(delivery_id=delivery.delivery_id, minutes=minutes, reason="Synthetic.")
            self.want(corrected, journey_id)

    def dispute(self, journey_id: str, which: int) -> None:
        if (delivery := self.delivery(journey_id, which)) is not None:
            self.want(DisputeDelivery(delivery_id=delivery.delivery_id, reason="Synthetic: not so."), journey_id)

    def settle_disputes(self, journey_id: str) -> None:
        for each in self.state(journey_id).file.deliveries.values():
            if each.disputed:
                self.want(SettleDispute(delivery_id=each.delivery_id, upheld=False, reason="Asked."), journey_id)

    def suspend(self, journey_id: str, day: date) -> None:
        self.want(SuspendPlace(from_on=day, reason="Synthetic: in hospital."), journey_id)

    def resume(self, journey_id: str, day: date) -> None:
        self.want(ResumePlace(on=day), journey_id)

    def leave(self, journey_id: str, day: date) -> None:
        self.want(ExitJourney(on=day, reason="own_wish", quality_of_life=6), journey_id)

    # ── What comes by itself ─────────────────────────────────────────────────────────────────────────────────────────

    def days_pass(self, days: int) -> None:
        self.at = at_hour(self.today + timedelta(days=days), 12)
        for journey_id in self.journeys:
            self.want(RaiseReminders(), journey_id, actor=SYSTEM)

    def offers(self, answer: str) -> None:
        """A place is offered while there is one; who was offered one answers."""
        self.want(OfferPlace(), AGREEMENT, actor=SYSTEM)
        for journey_id, state in self.states().items():
            if state.file.waits_for_place and journey_id in self.agreement().offers:
                self.want(ReceiveOffer(), journey_id, actor=SYSTEM)
                self._answer(journey_id, answer)
            elif state.file.offer is not None:
                self.want(NoteLapsedOffer(), journey_id, actor=SYSTEM)
            elif state.file.place is None and not isinstance(state, Referred | Refused | Exited | Waiting):
                self.want(RequestPlace(from_on=self.today), journey_id)

    def _answer(self, journey_id: str, answer: str) -> None:
        if answer == "accept":
            self.want(AcceptPlace(), journey_id)
        elif answer == "decline":
            self.want(DeclinePlace(reason="Synthetic: too far."), journey_id)

    def another_service(self, person_id: str, starts_on: date, days: int) -> None:
        """A state service becomes known, whenever it began; then every journey of the person is looked at again."""
        recorded = RecordEntitlement(
            service="state_special_care",
            starts_on=starts_on,
            ends_on=starts_on + timedelta(days=days),
            told_by="register",
        )
        if self.want(recorded, person_id) is not None:
            self.entitlements.append((person_id, list(self.person(person_id).entitlements)[-1]))
        self._look_again(person_id)

    def it_was_shorter(self, which: int) -> None:
        if not self.entitlements:
            return
        person_id, entitlement_id = self.entitlements[which % len(self.entitlements)]
        known = self.person(person_id).entitlements[entitlement_id]
        shorter = CorrectEntitlement(
            entitlement_id=entitlement_id, starts_on=known.starts_on, ends_on=known.starts_on, withdrawn=False
        )
        self.want(shorter, person_id)
        self._look_again(person_id)

    def _look_again(self, person_id: str) -> None:
        for journey_id, state in self.states().items():
            if state.file.person_id == person_id:
                self.want(CheckDoubleFunding(), journey_id, actor=SYSTEM)

    # ── Claims ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def assemble(self) -> None:
        month = (self.today.replace(day=1) - timedelta(days=1)).replace(day=1)
        claim_id = f"claim-{len(self.claims) + 1}"
        asked = AssembleClaim(provider_id=PROVIDER, municipality=MUNICIPALITY, month=month)
        if self.want(asked, claim_id) is not None:
            self.claims.append(claim_id)

    def decide_claim(self, rejected: Sequence[int]) -> None:
        """The last one; of its rows, those whose turn it is are not accepted."""
        if not self.claims or self.claim(self.claims[-1]).stage is not ClaimStage.ASSEMBLED:
            return
        rows = self.claim(self.claims[-1]).rows
        chosen = {rows[each % len(rows)].delivery_id for each in rejected}
        rejections = tuple(Rejection(delivery_id=each, reason="not_as_planned") for each in sorted(chosen))
        self.want(DecideClaim(rejections=rejections), self.claims[-1])
        self._settle(self.claims[-1])

    def pay(self, which: int) -> None:
        """One of those that are checked; not always the oldest first."""
        checked = [each for each in self.claims if self.claim(each).stage is ClaimStage.CHECKED]
        if checked:
            claim_id = checked[which % len(checked)]
            self.want(PayClaim(paid_on=self.today, reference=f"invoice-{claim_id}"), claim_id)
            self._settle(claim_id)

    def _settle(self, claim_id: str) -> None:
        settle = settle_claim(self.recorder, self)
        self._now(ActivityEnvironment().run(settle, ClaimToSettle(claim_id=claim_id, at=self.at)))

    async def submit(self, step: Submission) -> Outcome:
        """Hands a claim's steps to the record without an engine between."""
        return await self.recorder.record(step.model_copy(update={"at": self.at}))
