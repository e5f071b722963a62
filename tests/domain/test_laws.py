"""Laws of a journey: what holds after any steps in any order, however long ago and however late they are told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given as forall
from hypothesis import note, settings
from hypothesis import strategies as st

from domain import journey
from domain.agreement import Agreement
from domain.care import RunningPlan
from domain.deciders import AGREEMENTS, JOURNEYS
from domain.decision import Actor, Command, Decision, Role
from domain.events import (
    BudgetDecided,
    BudgetSettled,
    BudgetTakenOver,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryRecorded,
    Event,
    PaymentRecorded,
    PlaceFreed,
    PlaceOccupied,
    WaitingJoined,
    WaitingLeft,
)
from domain.ledger import Account
from domain.money import cost_cents
from domain.occupancy import occupancy
from domain.persons import one_journey
from domain.places import OfferPlace
from domain.stages import delivery, placing, throughout, transferring
from domain.states import (
    Delivery,
    Exited,
    InDelivery,
    Journey,
    waits_for,
)
from domain.trail import reckoned, stands
from domain.working_days import local_date
from tests.domain import steps
from tests.domain.coding import decoded, encoded
from tests.domain.given import (
    JOURNEY,
    MONDAY,
    NEXT_TOWN,
    PROVIDER,
    TOWN,
    Folded,
    Given,
    contracted,
    fold,
    given,
    nothing,
    person,
    provider,
    signed,
)
from tests.domain.test_taking_over import running, take_over
from tests.domain.wishes import WISHES, judged, line, minutes, named, next_step, yes

# ── The path ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """So far the path is gone without a stumble, since few would come to its end by chance; and what must be met after it,
    since laws that nothing meets are no laws."""

    but: str | None = None  # a condition that does not hold
    complete_on: date | None = MONDAY
    full: bool = False  # every place is taken
    moves: bool = False  # between two municipalities
    taken_over: bool = False  # in delivery, with half of its money used elsewhere
    steps: int = 0
    meets: frozenset[str]


SETTLED = "all is settled"
MOVED_BACK, HELPED_THERE, TOLD_LATE = "moved back", "helped where it moved to", "told where it was"
SETTLED_THERE = "settled where it was"
STARTS = {
    "at the beginning": Start(
        complete_on=None, meets=frozenset({"referral.completed", "referral.accepted", "contact.logged"})
    ),
    "waiting": Start(full=True, steps=1, meets=frozenset({
        "place.awaited", "offer.received", "offer.declined", "offer.lapsed", "place.received", "assessment.completed",
        "urgency.recorded",
    })),
    "refused": Start(
        but="target_group", meets=frozenset({"challenge.filed", "challenge.decided", "referral.reopened", SETTLED})
    ),
    "postponed": Start(
        but="no_state_special_care", full=True, meets=frozenset({"place.awaited", "place.received", "plan.drafted"})
    ),
    "with help": Start(
        steps=5,
        meets=frozenset({
            "service.committed", "delivery.recorded", "delivery.corrected", "delivery.disputed", "dispute.settled",
            "deliveries.claimed", "payment.recorded", "plan.reopened", "assessment.reopened", "journey.exited",
            "budget.settled", SETTLED,
            "place.suspended", "place.resumed", "exit.planned",
        }),
    ),
    "taken over": Start(
        taken_over=True,
        meets=frozenset({
            "journey.taken_over", "budget.taken_over", "service.committed", "delivery.recorded", "deliveries.claimed",
            "payment.recorded", "plan.reopened", "review.held", "journey.exited", "budget.settled", SETTLED,
        }),
    ),
    "moving": Start(
        moves=True,
        steps=5,
        meets=frozenset({
            "transfer.offered", "transfer.accepted", "transfer.rejected", "transfer.withdrawn", "budget.settled",
            "place.received", "place.awaited", "delivery.recorded", "budget.decided", "journey.exited",
            MOVED_BACK, HELPED_THERE, TOLD_LATE, SETTLED_THERE,
        }),
    ),
    "after reviews": Start(steps=9, meets=frozenset({"review.held", "challenge.lapsed", "reminder.raised", "journey.exited"})),
}  # fmt: skip

NATION_WIDE = Actor(id="case_manager.ska", role=Role.CASE_MANAGER, municipality="ee")
SEEN: Counter[str] = Counter()
EXAMPLES = 24  # the drills have many more
REOPENING = (DeliveryCorrected, DeliveryDisputed)  # of help that was settled: there is something to claim again

KEY = {name: (used, allowed) for name, used, allowed in journey.BOUNDS}


class Path:
    """One person's path. Every step is decided for real, and every law is looked at after every step."""

    def __init__(self, start: Start) -> None:
        taken = (PlaceOccupied(journey_id="journey-9", from_on=MONDAY),) if start.full else ()
        self.case = nothing().in_agreement(signed(places=1), *taken)
        self.states: list[Journey | None] = [None]
        self.told: list[tuple[Event, datetime]] = []
        self.looked_at: dict[str, tuple[Agreement, date]] = {}  # the days of an agreement, on which day last
        self.opened: defaultdict[str, Counter[str]] = defaultdict(Counter)  # before it was taken over, by line
        self.used: Counter[str] = Counter()
        self.allowed: Counter[str] = Counter({one_journey("person-1"): 1})
        if start.moves:
            both = contracted().model_copy(update={"municipalities": (TOWN, NEXT_TOWN)})
            self.case = (
                self.case.about(person(also=NEXT_TOWN))
                .served_by(provider(PROVIDER, both))
                .next_to(signed(NEXT_TOWN, places=1))
                .by(NATION_WIDE)
            )
        self.want(taken_over() if start.taken_over else steps.referral(complete_on=start.complete_on))
        if start.but is not None:
            self.want(judged(start.but, why=True))
        for _ in range(start.steps):
            self.what_it_waits_for()

    # ── What may come ────────────────────────────────────────────────────────────────────────────────────────────────

    def what_it_waits_for(self) -> None:
        if isinstance(self._state, InDelivery):
            self.help("recovery", 60)
            self.case = self.case.on(max(self.today, self._state.review_due.on))
        self.want(next_step(self._state, self.today))

    def help(self, line: str, volume: int) -> None:
        """Ordered and given."""
        line = named(line, self._state)
        self.want(steps.order(line, minutes=volume))
        self.want(steps.visit(line, on=self.today, minutes=volume))

    def it_was_not_so(self, upheld: bool) -> None:
        for delivery_id in list(self._state.file.deliveries)[-1:]:
            self.want(delivery.DisputeDelivery(delivery_id=delivery_id, reason="Not so."))
            self.want(delivery.SettleDispute(delivery_id=delivery_id, upheld=upheld, reason="Asked."))

    def it_is_challenged(self, upheld: bool) -> None:
        for decision in list(self._state.file.challengeable)[-1:]:
            self.want(throughout.ChallengeDecision(decision_id=decision, filed_on=self.today, grounds="Not so."))
        for challenge in self._state.file.challenges:
            self.want(
                throughout.DecideChallenge(challenge_id=challenge, on=self.today, upheld=upheld, reasons="Asked.")
            )

    def it_moves(self, answer: Command) -> None:
        """To where it is not."""
        there = TOWN if self._state.file.municipality == NEXT_TOWN else NEXT_TOWN
        day = self.today + timedelta(days=1)
        self.want(transferring.OfferTransfer(to=there, from_on=day, reason="To her sister."))
        self.case = self.case.on(day)
        self.want(answer)

    def it_moves_and_is_helped_there(self) -> None:
        self.it_moves(transferring.AcceptTransfer())
        for _ in range(4):
            self.what_it_waits_for()
        self.help("recovery", 60)

    def it_moves_to_where_somebody_waits(self) -> None:
        waits = WaitingJoined(journey_id="journey-8", municipality=NEXT_TOWN, since=MONDAY, place_from=MONDAY)
        left = WaitingLeft(journey_id="journey-8", reason="own_wish", on=self.today)
        self.case = self.case.next_to(*self.case.receiving_events, waits)
        self.it_moves(transferring.AcceptTransfer())
        self.case = self.case.also_in_agreement(left).next_to(*self.case.receiving_events, left)

    def help_is_told_late(self) -> None:
        """Where the journey was."""
        for line_id, account in self._state.file.accounts.items():
            if account.former is not None:
                self.want(steps.visit(line_id, on=account.former.last_day, minutes=30))

    def time_goes_on(self, days: int) -> None:
        self.case = self.case.on(self.today + timedelta(days=days))
        self.want(throughout.RaiseReminders())

    def a_place_is_offered(self) -> None:
        agreement = self.case.agreement
        assert agreement is not None
        if "journey-9" in agreement.holdings:
            self._in_agreement(PlaceFreed(journey_id="journey-9", on=self.today))
        self._agreement_does(OfferPlace())
        self.want(placing.ReceiveOffer())

    def an_offer_is_answered(self, how: Command) -> None:
        self.a_place_is_offered()
        self.want(how)

    def an_offer_expires(self) -> None:
        self.a_place_is_offered()
        self.time_goes_on(10)
        self._agreement_does(OfferPlace())
        self.want(placing.NoteLapsedOffer())

    def _agreement_does(self, command: Command) -> None:
        """As its own workflow would."""
        case = Given(decider=AGREEMENTS, stream_id="agreement-tori", events=self.case.agreement_events, at=self.case.at)
        answer = case.when(command)
        if answer.refusal is None:
            self._in_agreement(*answer.decided.events)

    def _in_agreement(self, *events: Event) -> None:
        self.case = self.case.also_in_agreement(*events)
        self._check_places()

    # ── One step ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _state(self) -> Journey:
        state = self.states[-1]
        assert state is not None
        return state

    @property
    def today(self) -> date:
        return local_date(self.case.at)

    def want(self, command: Command) -> None:
        note(f"{self.today} {command!r}")
        assert type(command).model_validate_json(command.model_dump_json()) == command
        was_settled = self.states[-1] is not None and journey.settled(self._state)
        answer = self.case.when(command)
        if answer.refusal is not None:
            assert answer.refusal.sentence()
            return
        self._record(answer.decided)
        self.case = answer.after
        self._check_money()
        self._check_places()
        SEEN[SETTLED] += journey.settled(self._state)
        if was_settled and not any(isinstance(each, REOPENING) for each in answer.decided.events):
            assert journey.settled(self._state), "settled, and then not any more"

    def _record(self, decision: Decision) -> None:
        before = self.states[-1]
        for event in decision.events:
            version = len(self.states)
            new = encoded(event, stream_id=JOURNEY, version=version, at=self.case.at)
            assert decoded(new, stream_id=JOURNEY, version=version) == event
            assert new.occurred_at <= new.recorded_at
            self.told.append((event, new.occurred_at))
            self.states.append(JOURNEYS.evolve(self.states[-1], event, JOURNEY, version))
            if isinstance(event, BudgetTakenOver):
                for each in event.lines:
                    self.opened[each.line.line_id] = Counter(
                        cents=each.delivered_cents, accepted=each.accepted_cents, paid=each.paid_cents
                    )
            SEEN[event.type] += 1
            file = self._state.file
            SEEN[MOVED_BACK] += len(file.memberships) > 2
            SEEN[SETTLED_THERE] += isinstance(event, BudgetSettled) and event.last_day is not None
            if isinstance(event, DeliveryRecorded):
                SEEN[HELPED_THERE] += file.accounts[event.line_id].former is None and len(file.memberships) > 1
                SEEN[TOLD_LATE] += file.accounts[event.line_id].former is not None
        for event in (*decision.agreement, *decision.receiving, *decision.person):
            assert type(event).model_validate_json(event.model_dump_json()) == event
        for move in JOURNEYS.quota_moves(before, self.states[-1]):
            self.used[move.key] += move.used
            self.allowed[move.key] += move.allowed
            if move.limit is not None and move.used > 0:
                self.allowed[move.key] = move.limit
            assert 0 <= self.used[move.key] <= self.allowed[move.key], move.key

    def _check_money(self) -> None:
        """In whole cents: the five numbers in order, the bounds in the database, and each number the sum of its facts."""
        file = self._state.file
        for line_id, account in file.accounts.items():
            five = account.paid, account.accepted, account.delivered, account.committed, account.allocated
            assert (0, *five) == tuple(sorted((0, *five))), account
            assert sum(account.balances.values()) == 0
            for name, (used, allowed) in KEY.items():
                key = f"line/{JOURNEY}/{line_id}/{name}"
                assert (self.used[key], self.allowed[key]) == (used(account), allowed(account))
            opened = self.opened[line_id]
            assert account.delivered == opened["cents"] + sum(each.cents for each in help_on(line_id, self._state))
            for each in help_on(line_id, self._state):
                assert each.cents == cost_cents(minutes=each.minutes, cents_per_hour=each.cents_per_hour)
            for number in ("cents", "accepted", "paid"):
                helped = opened[number] + sum(getattr(each, number) for each in help_on(line_id, self._state))
                assert (
                    helped == {"cents": account.delivered, "accepted": account.accepted, "paid": account.paid}[number]
                )
            assert reckoned((event for event, _ in self.told), line_id).sums == stands(account)
            payments = [e for e, _ in self.told if isinstance(e, PaymentRecorded) and e.line_id == line_id]
            paid = opened["paid"] + sum(e.cents - e.set_off_cents for e in payments)
            assert account.paid + account.of(Account.OWED_BACK) == paid

    def _check_places(self) -> None:
        agreement = self.case.agreement
        assert agreement is not None
        file, mine = self._state.file, agreement.holdings.get(JOURNEY)
        assert (file.place is not None) == (mine is not None)
        mine_there = [waiter for waiter in agreement.waiting if waiter.journey_id == JOURNEY]
        assert len(mine_there) == file.waits_for_place
        assert file.waits_for_place or JOURNEY not in agreement.offers
        assert file.offer is None or file.waits_for_place
        if mine is not None and file.place is not None:
            of_this_place = tuple(each for each in file.suspensions if each.from_on >= file.place.from_on)
            assert (mine.suspensions, mine.exit_planned_on) == (
                of_this_place, None if file.planned_exit is None else file.planned_exit.on,
            )  # fmt: skip
        for waiter in mine_there:
            assert waiter.urgent == file.urgent
        self._check_days_of(agreement)
        if (other := self.case.receiving) is not None:
            assert other.waiter(JOURNEY) is None
            assert JOURNEY not in {**other.holdings, **other.offers}
            self._check_days_of(other)

    def _check_days_of(self, agreement: Agreement) -> None:
        if self.looked_at.get(agreement.agreement) == (agreement, self.today):
            return
        self.looked_at[agreement.agreement] = agreement, self.today
        for terms in agreement.terms:
            assert agreement.held_in(terms) + agreement.offered_in(terms) <= terms.places
        for day in occupancy(agreement, MONDAY, self.today + timedelta(days=30), self.today):
            assert day.reserved + day.occupied + day.suspended + day.offered + day.free == day.places, day
            assert min(day.reserved, day.occupied, day.suspended, day.offered, day.free) >= 0, day

    # ── Looking back ─────────────────────────────────────────────────────────────────────────────────────────────────

    def look_back(self) -> None:
        self._check_that_every_version_is_the_fold_of_its_facts()
        self._check_that_any_day_can_be_looked_back_to()

    def _check_that_every_version_is_the_fold_of_its_facts(self) -> None:
        state: Journey | None = None
        for version, (event, _) in enumerate(self.told, start=1):
            state = JOURNEYS.evolve(state, event, JOURNEY, version)
            assert state == self.states[version]

    def _check_that_any_day_can_be_looked_back_to(self) -> None:
        """As known at one time, as true at another: what is left out changes nothing and breaks nothing."""
        for valid in {occurred for _, occurred in self.told}:
            folded: Folded[Journey] = Folded()
            seen: Journey | None = None
            for version in (*range(1, len(self.told), 6), len(self.told)):
                was_true = tuple(event for event, occurred in self.told[:version] if occurred <= valid)
                if not was_true:
                    continue
                state = folded.state(JOURNEYS, was_true, JOURNEY)
                assert state is not None
                if state is not seen:
                    self._check_what_was_true(state)
                seen = state

    def _check_what_was_true(self, state: Journey) -> None:
        assert waits_for(state)
        assert journey.stage_of(state)
        journey.pending(state)
        journey.settled(state)
        JOURNEYS.quota_moves(None, state)
        for line_id, account in state.file.accounts.items():
            helped = sum(each.cents for each in help_on(line_id, state))
            assert account.delivered == self.opened[line_id]["cents"] + helped


def taken_over() -> Command:
    """Of 320 euros 160 are ordered, 80 delivered, 70 accepted and 60 paid when it begins here, on the Monday."""
    before = MONDAY - timedelta(days=30)
    recovery = steps.line(starts_on=before)
    return take_over(
        row=2,
        balances_on=MONDAY - timedelta(days=1),
        referred_on=before,
        agreed_on=before,
        rights_explained_on=before,
        complete_on=before,
        place_from=before,
        assessment=None,
        plan=RunningPlan(main_goal="Out.", goals=(steps.OUT,), crisis_plan="Call.", agreed_on=before),
        lines=(running((32000, 16000, 8000, 7000, 6000), line=recovery),),
    )


def help_on(line_id: str, state: Journey) -> Iterator[Delivery]:
    return (each for each in state.file.deliveries.values() if each.line_id == line_id)


Move = Callable[[Path, Random], None]
MOVES: tuple[Move, ...] = (
    *(lambda path, r, wish=wish: path.want(wish(r, path.today)) for wish in WISHES),
    *[lambda path, r: path.what_it_waits_for()] * 4,
    *[lambda path, r: path.help(line(r), minutes(r))] * 4,
    *[lambda path, r: path.time_goes_on(r.choice([0, 1, 3, 10, 31, 92]))] * 6,
    *[lambda path, r: path.it_is_challenged(yes(r))] * 2,
    lambda path, r: path.it_was_not_so(yes(r)),
    *[lambda path, r: path.a_place_is_offered()] * 2,
    *[lambda path, r: path.an_offer_is_answered(placing.AcceptPlace())] * 2,
    lambda path, r: path.an_offer_is_answered(placing.DeclinePlace(reason="Too far.", keep_waiting=yes(r))),
    lambda path, r: path.an_offer_expires(),
)
TRANSFERS: tuple[Move, ...] = (
    *[lambda path, r: path.it_moves_and_is_helped_there()] * 2,
    *[lambda path, r: path.it_moves_to_where_somebody_waits()] * 2,
    *[lambda path, r: path.help_is_told_late()] * 3,
    *[lambda path, r: path.it_moves(transferring.AcceptTransfer())] * 3,
    lambda path, r: path.it_moves(transferring.RejectTransfer(reason="Not here.")),
    lambda path, r: path.it_moves(transferring.WithdrawTransfer(reason="Stays.")),
    lambda path, r: path.want(transferring.OfferTransfer(to=NEXT_TOWN, from_on=path.today, reason="To her sister.")),
)


def run(start: Start, examples: int) -> None:
    """Always the same examples; and what is interesting was met. Every law is looked at after every step, so that short paths
    are met on the way of the long ones."""

    @settings(derandomize=True, deadline=None, database=None, max_examples=examples)
    @forall(st.randoms(use_true_random=True), st.integers(min_value=40, max_value=100))
    def the_laws_hold(chance: Random, how_many: int) -> None:
        path = Path(start)
        for _ in range(how_many):
            chance.choice((*MOVES, *TRANSFERS) if start.moves else MOVES)(path, chance)
        path.look_back()

    SEEN.clear()
    the_laws_hold()
    assert start.meets <= set(+SEEN), start.meets - set(+SEEN)


@pytest.mark.parametrize("start", STARTS.values(), ids=list(STARTS))
def test_the_laws_of_a_journey_hold_after_any_steps(start: Start) -> None:
    run(start, EXAMPLES)


def test_a_correction_whose_delivery_is_left_out_changes_nothing() -> None:
    """The other laws never meet it, since a correction is always true later than its delivery."""
    case = steps.in_delivery(steps.visit())
    for command in (
        delivery.CorrectDelivery(delivery_id="delivery-1", minutes=0, reason="Not there."),
        delivery.ConfirmDelivery(delivery_id="delivery-1"),
        delivery.DisputeDelivery(delivery_id="delivery-1", reason="Not so."),
    ):
        without = tuple(each for each in case.events if not isinstance(each, DeliveryRecorded))
        change = case.when(command).decided.events
        assert fold(JOURNEYS, (*without, *change), JOURNEY) == fold(JOURNEYS, without, JOURNEY)


def test_a_delivery_before_its_budget_books_on_nothing() -> None:
    """Help of Monday, set aside on Tuesday, told on Wednesday: on Monday evening there was help, and no money yet."""
    case = steps.in_delivery(steps.visit(on=steps.AGREED))
    delivered = case.events[-1]
    on_that_evening = fold(JOURNEYS, (*steps.agreed().events, delivered), JOURNEY)
    assert on_that_evening is not None
    assert (set(on_that_evening.file.deliveries), dict(on_that_evening.file.accounts)) == ({"delivery-1"}, {})


def test_what_is_given_back_of_a_line_that_is_left_out_changes_nothing() -> None:
    gone = given(steps.budgeted(), steps.leaving(on=steps.BUDGETED))
    without = tuple(each for each in gone.events if each.type != "budget.decided")
    state = fold(JOURNEYS, without, JOURNEY)
    assert isinstance(state, Exited)
    assert dict(state.file.accounts) == {}


def test_a_budget_that_says_less_than_was_delivered_is_read_as_what_was_delivered() -> None:
    """A decision of today says so itself; whatever was recorded otherwise, the four numbers stay in order."""
    case = steps.in_delivery(steps.visit(minutes=120))
    decided = next(event for event in case.events if isinstance(event, BudgetDecided))
    less = decided.model_copy(update={"lines": (decided.lines[0].model_copy(update={"cents": 100}),)})
    account = given(case, less).known.file.accounts["recovery"]
    assert (account.allocated, account.committed, account.delivered) == (6400, 6400, 6400)
