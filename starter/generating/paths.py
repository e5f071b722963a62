"""A synthetic person's path: which step is asked for on which day. What comes of it, the rules decide.

Each part yields the time of its next step and goes on when that time has come; where the time is not over yet, the person
stands where the last step left them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta

from domain.care import ExitReason, ServiceLine
from domain.decision import SYSTEM, Actor, Command, Role
from domain.deliveries import GROUPS
from domain.persons import CARE, GiveConsent, RecordEntitlement
from domain.places import OfferPlace
from domain.programme import EVERY, Answerer, Occasion
from domain.stages.budgeting import CommitService, DecideBudget
from domain.stages.delivery import (
    ConfirmDelivery,
    CorrectDelivery,
    DisputeDelivery,
    NoteProgress,
    RecordDelivery,
    RecordMissedVisit,
    SettleDispute,
)
from domain.stages.eligibility import DecideEligibility
from domain.stages.exit import UNASKABLE, ExitJourney
from domain.stages.placing import AcceptPlace, ReceiveOffer
from domain.stages.planning import AgreePlan
from domain.stages.referral import (
    AppointCaseManager,
    CompleteApplication,
)
from domain.stages.throughout import ChallengeDecision, DecideChallenge, LogContact
from domain.states import AwaitingAgreement, AwaitingExit, AwaitingPlan, Exited, InDelivery, Journey, Refused, Waiting
from domain.waiting import next_to_offer, order_rules
from domain.working_days import at_hour, local_date
from starter.generating import outcomes, papers, words
from starter.generating.desk import Desk
from starter.generating.needs import Month, Needs, first_of_next_month, months_until, year_from
from starter.generating.population import Profile

NOTICERS = ("person", "relative", "social_worker", "doctor", "state_queue")
NO_STATE_CARE = "no_state_special_care"
AREA_OF_GOAL = {"base": "daily_living", "personal": "daily_living", "family": "social_relations"}
LEAVES: dict[ExitReason, int] = {
    "own_wish": 30, "goal_reached": 25, "moved_municipality": 12, "state_service": 12, "no_contact": 10, "died": 6,
    "not_eligible_any_more": 5,
}  # fmt: skip
Times = AsyncIterator[datetime]


class Path:
    """One person's, from the day they are noticed. `until` is the last moment that can be told of."""

    def __init__(self, profile: Profile, desk: Desk, needs: Needs, *, seed: str, until: datetime) -> None:
        self.profile = profile
        self._desk, self._needs, self.until = desk, needs, until
        self.chance = profile.chance(seed)
        self._tells = profile.chance(f"{seed}/outcomes")  # of its own, so that nothing else is decided otherwise
        self.person_id = f"person-{self.chance.getrandbits(80):020x}"
        self.journey_id = f"journey-{self.chance.getrandbits(80):020x}"
        self._providers = self.chance.sample(desk.programme.providers, len(desk.programme.providers))
        self._month: Month | None = None
        self._begins = self.until.date()

    async def steps(self) -> Times:
        yield self._on(self.profile.noticed_on)
        for part in (self._joins, self._waits, self._is_assessed, self._plans, self._is_helped):
            async for at in part():
                yield at
            if isinstance(self.journey, Exited | Refused):
                return

    # ── The parts ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _joins(self) -> Times:
        await self._is_registered()
        complete = self._happens(0.88)
        referred = papers.referral(self.profile, self.person_id, self._today, self.chance, complete=complete)
        await self._asks(referred)
        if not complete:
            yield self._after(3, 20)
            await self._asks(CompleteApplication(complete_on=self._today))
        yield self._after(1, 4)
        await self._contacts()
        yield self._after(1, 8)
        await self._asks(self._eligibility(joins=self._happens(0.88)))
        if isinstance(self.journey, Refused) and self._happens(0.35):
            async for at in self._challenges():
                yield at
        if not isinstance(self.journey, Refused):
            await self._asks(AppointCaseManager(case_manager=f"case_manager.{self.profile.municipality}"))

    async def _challenges(self) -> Times:
        yield self._after(3, 14)
        refusal = self.journey.file.refusal
        assert refusal is not None, "the refusal stands"
        await self._asks(ChallengeDecision(decision_id=refusal, filed_on=self._today, grounds=words.GROUNDS))
        yield self._after(4, 15)
        [challenge] = self.journey.file.challenges
        upheld = self._happens(0.4)
        reasons = words.UPHELD if upheld else words.NOT_UPHELD
        await self._asks(DecideChallenge(challenge_id=challenge, on=self._today, upheld=upheld, reasons=reasons))
        if upheld:
            yield self._after(1, 5)
            await self._asks(self._eligibility(joins=True))

    async def _waits(self) -> Times:
        while isinstance(self.journey, Waiting):
            yield self._after(5, 5)
            await self.takes_what_is_offered()
            if isinstance(self.journey, Waiting) and self._happens(0.004):
                await self._leaves()

    async def takes_what_is_offered(self) -> None:
        agreement = await self._desk.agreement()
        if agreement is not None and self.journey_id in agreement.offers:
            await self._asks(ReceiveOffer(), SYSTEM)
            await self._asks(AcceptPlace())

    async def _is_assessed(self) -> Times:
        yield self._after(1, 4)
        await self._contacts()
        yield self._after(3, 20)
        ends = local_date(self.until)
        self._begins = max(self._today + timedelta(days=20), self._place_from or self._today)
        self._begins = first_of_next_month(self._begins)
        settings = self._desk.programme.settings(self.profile.municipality, self._today)
        self._month = self._needs.month_for(
            self.chance,
            agreement=self.profile.agreement,
            on=self._begins,
            months=months_until(self._begins, ends),
            most_minutes=max(settings.ceiling_minutes_per_month.values(), default=4_800),
        )
        await self._asks(
            papers.assessment(self._month, self._desk.programme, self.profile.municipality, self._today, self.chance)
        )
        await self._is_measured("entry", {"person": 0.85, "case_manager": 0.7})

    async def _plans(self) -> Times:
        yield self._after(2, 10)
        if self._happens(0.02):
            await self._leaves()
            return
        async for at in self._draws_up():
            yield at
        for line in self.plan_lines:
            await self._asks(CommitService(line_id=line.line_id, minutes=line.minutes))

    async def _draws_up(self) -> Times:
        """Plan, agreement, budget: the first time, and again where a review changes the plan."""
        assert self._month is not None, "the need was assessed"
        plan = papers.plan(self._month, self._begins, self._provider_of, self.chance)
        await self._asks(plan, self._plans_author)
        yield self._after(1, 5)
        drafted = self.journey
        assert isinstance(drafted, AwaitingAgreement)
        await self._asks(AgreePlan(plan_id=drafted.plan_id, agreed_on=self._today))
        yield max(self._after(1, 7), self._on(self._place_from or self._today))
        await self._asks(DecideBudget(form="administrative_act", reasons=words.AS_PLANNED))

    async def _is_helped(self) -> Times:
        month = max(self._begins, first_of_next_month(self._today))
        while month < year_from(self._begins):
            yield self._on(month)
            if month > self._begins:
                async for at in self._looks_back():
                    yield at
            if isinstance(self.journey, Exited):
                return
            async for at in self._month_of_help(month):
                yield at
            month = first_of_next_month(month)

    async def _looks_back(self) -> Times:
        """At the turn of a month, so that a month of help is whole: a review if one is due; perhaps the end."""
        state = self.journey
        if self._happens(0.03):
            await self._leaves()
        elif isinstance(state, InDelivery) and self._is_due(state) and self._happens(0.8):  # else it is held late
            await self._asks(papers.review(state, self._desk.programme, self._today, self.chance))
            await self._is_measured("review", {"person": 0.6, "case_manager": 0.5})
        if isinstance(self.journey, AwaitingPlan):
            yield self._after(1, 5)
            async for at in self._draws_up():
                yield at
        elif isinstance(self.journey, AwaitingExit):
            yield self._after(1, 3)
            await self._leaves("goal_reached")

    async def _month_of_help(self, month: date) -> Times:
        assert self._month is not None, "the need was assessed"
        calendar = self._desk.programme.calendar(month)
        for day, line_id, minutes in papers.visits(self._month, month, self.plan_lines, calendar, self.chance):
            yield self._on(day + timedelta(days=self._from(0, 2)), hours=(16, 20))
            await self._is_visited(line_id, day, minutes)
        if self._happens(0.6):
            goal = self.chance.choice(self.plan_lines).goal_id
            direction = self.chance.choices(("better", "same", "worse"), (5, 3, 2))[0]
            await self._asks(
                NoteProgress.model_validate(
                    {"goal_id": goal, "on": self._today, "note": words.PROGRESS[direction], "direction": direction}
                )
            )

        rating = outcomes.rating(self.plan_lines, self._today, self._tells) if self._tells.random() < 0.15 else None
        if rating is not None:
            await self._asks(rating, self._person)

    async def _is_measured(self, occasion: Occasion, asked: Mapping[Answerer, float]) -> None:
        """Not everybody is asked, or answers."""
        for by, probability in asked.items():
            told = outcomes.measure(self.journey.file, self._desk.programme, occasion, by, self._today, self._tells)
            if told is not None and self._tells.random() < probability:
                await self._asks(told)

    async def _is_visited(self, line_id: str, day: date, minutes: int) -> None:
        if self._happens(0.04):
            await self._asks(RecordMissedVisit(line_id=line_id, day=day, note=words.MISSED), self._provider)
        before = set(self.journey.file.deliveries)
        participants = self._from(3, 8) if self.journey.file.account(line_id).line.tariff in GROUPS else None
        told = RecordDelivery(line_id=line_id, day=day, minutes=minutes, participants=participants)
        await self._asks(told, self._provider)
        [delivery] = set(self.journey.file.deliveries) - before
        if self._happens(0.35):
            await self._asks(ConfirmDelivery(delivery_id=delivery), self._person)
        elif self._happens(0.015):
            await self._disputes(delivery, minutes)

    async def _disputes(self, delivery: str, minutes: int) -> None:
        await self._asks(DisputeDelivery(delivery_id=delivery, reason=words.DISPUTE), self._person)
        if self._happens(0.3):
            return
        upheld = minutes > 30 and self._happens(0.5)
        await self._asks(SettleDispute(delivery_id=delivery, upheld=upheld, reason=words.SETTLED[upheld]))
        if upheld:
            await self._asks(CorrectDelivery(delivery_id=delivery, minutes=minutes - 15, reason=words.DISPUTE))

    async def _leaves(self, reason: ExitReason | None = None) -> None:
        state = self.journey
        reason = reason or self.chance.choices([*LEAVES], [*LEAVES.values()])[0]
        if reason == "goal_reached" and not state.file.deliveries:
            reason = "own_wish"
        others = [each.code for each in self._desk.programme.municipalities if each.code != self.profile.municipality]
        await self._asks(
            ExitJourney(
                on=self._today,
                reason=reason,
                note=words.LEFT,
                quality_of_life=None if reason in UNASKABLE else self._from(3, 9),
                destination=self.chance.choice(others) if reason == "moved_municipality" else None,
            )
        )

        if reason not in UNASKABLE:
            await self._is_measured("exit", {"person": 0.6, "case_manager": 0.6})

    async def _is_registered(self) -> None:
        profile = self.profile
        registered = papers.registration(profile)
        consent = GiveConsent(purpose=CARE, recipient=profile.municipality, on=self._today)
        for command in (registered, consent):
            await self._desk.ask(command, self._manager, self.person_id)
        if profile.in_state_system:
            began = profile.noticed_on - timedelta(days=self._from(400, 2_000))
            ended = profile.noticed_on + timedelta(days=self._from(-300, 90))
            told = RecordEntitlement(service="state_special_care", starts_on=began, ends_on=ended, told_by="register")
            await self._desk.ask(told, self._manager, self.person_id)

    def _eligibility(self, *, joins: bool) -> DecideEligibility:
        ends, rules = self._state_care_ends, self._desk.programme.eligibility(self._today)
        return papers.eligibility(self.profile, rules, self.chance, state_care_ends=ends, joins=joins)

    async def _contacts(self) -> None:
        for channel in ("call", "visit")[: self._from(1, 2)]:
            reached = self._happens(0.8)
            await self._asks(
                LogContact.model_validate(
                    {"on": self._today, "channel": channel, "with_whom": "person", "reached": reached}
                )
            )

    def _is_due(self, state: InDelivery) -> bool:
        return state.review_due.on <= self._today + timedelta(days=15)

    # ── Where they stand, and who and when ───────────────────────────────────────────────────────────────────────────

    @property
    def journey(self) -> Journey:
        state = self._desk.journey(self.journey_id)
        assert state is not None, "the journey has begun"
        return state

    @property
    def plan_lines(self) -> tuple[ServiceLine, ...]:
        return tuple(account.line for account in self.journey.file.accounts.values())

    @property
    def _place_from(self) -> date | None:
        place = self.journey.file.place
        return None if place is None else place.from_on

    @property
    def _state_care_ends(self) -> date | None:
        """The last day of a state service that still runs."""
        person = self._desk.person(self.person_id)
        assert person is not None, "the person is registered"
        return next((each.ends_on for each in person.entitlements.values() if each.on(self._today)), None)

    def _provider_of(self, component: str) -> str:
        """The same one whenever it is asked for; which providers come first differs from person to person."""
        here = self.profile.municipality
        able = (
            each.registry_code
            for each in self._providers
            if {component, EVERY} & {*each.components} and {here, EVERY} & {*each.municipalities}
        )
        return f"provider-{next(able)}"

    async def _asks(self, command: Command, actor: Actor | None = None) -> None:
        await self._desk.ask(command, actor or self._manager, self.journey_id)

    def _actor(self, role: Role) -> Actor:
        municipality = self.profile.municipality
        return Actor(id=f"{role}.{municipality}", role=role, municipality=municipality)

    @property
    def _manager(self) -> Actor:
        return self._actor(Role.CASE_MANAGER)

    @property
    def _provider(self) -> Actor:
        return self._actor(Role.PROVIDER)

    @property
    def _person(self) -> Actor:
        return self._actor(Role.PERSON)

    @property
    def _plans_author(self) -> Actor:
        authors = self._desk.programme.settings(self.profile.municipality, self._today).plan_authors
        return self._actor(Role(authors[0]))

    @property
    def _today(self) -> date:
        return local_date(self._desk.at)

    def _happens(self, probability: float) -> bool:
        return self.chance.random() < probability

    def _from(self, least: int, most: int) -> int:
        return self.chance.randint(least, most)

    def _after(self, least: int, most: int) -> datetime:
        """So many working days later."""
        day = self._desk.programme.calendar(self._today).add_working_days(self._today, self._from(least, most))
        return self._on(day)

    def _on(self, day: date, hours: tuple[int, int] = (8, 15)) -> datetime:
        """Some time in the working hours of a day, or of the next on which anybody works."""
        working = self._desk.programme.calendar(day).add_working_days(day, 0)
        return at_hour(working, self._from(*hours)) + timedelta(minutes=self._from(0, 59))


async def offers(desk: Desk, ours: frozenset[str], begin: date) -> Times:
    """Every Monday, free places go to those who have waited longest."""
    day = begin
    while True:
        day += timedelta(days=7 - day.weekday())
        yield at_hour(day, 7)
        await offer(desk, ours)


async def offer(desk: Desk, ours: frozenset[str]) -> None:
    """Never to people who are not part of this: a past that they did not have is not made up for them."""
    while (agreement := await desk.agreement()) is not None:
        today = local_date(desk.at)
        waiter = next_to_offer(agreement, order_rules(agreement, desk.programme, today), today)
        if waiter is None or waiter.journey_id not in ours:
            return
        await desk.ask(OfferPlace(), SYSTEM, desk.agreement_stream)
