"""Where a journey can be, as types: what every state knows is the case file, what only one has is its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import takewhile

from domain.agreement import Suspension
from domain.care import (
    AreaScore,
    ClaimedRow,
    CommunityLine,
    ExitReason,
    Goal,
    MeasureResult,
    Rater,
    ServiceLine,
    UnmetNeed,
)
from domain.decision import Rejected
from domain.due import Deadline, Due, Level, deadline
from domain.ledger import Account, LineAccount, Moves
from domain.programme import Answerer, Occasion


class UnknownLine(Rejected):
    """{line} is not a line of the budget."""

    code = "unknown_line"
    status = 422


class FormerLine(Rejected):
    """{line} is a line of {former}, from where the journey has moved on; name the new one otherwise."""

    code = "former_line"
    status = 422


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    agreement: str
    from_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedPlace:
    """The person is to say whether they take it."""

    agreement: str
    from_on: date
    expires: Due | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedExit:
    on: date
    reason: ExitReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    assessment_id: str
    on: date
    instrument: str
    need_by_life_area: Mapping[str, int]

    @property
    def highest_need(self) -> int:
        return max((degree for degree in self.need_by_life_area.values() if degree <= 4), default=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class CarerAssessment:
    """What a carer needs for themselves; None: told in words alone."""

    on: date
    needs: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """How life was on a day, as the person, the case manager or a carer told it."""

    measure_id: str
    instrument: str
    scorer: str
    occasion: Occasion
    on: date
    by: Answerer
    carer_id: str | None
    scores: Mapping[str, AreaScore]
    result: MeasureResult


@dataclass(frozen=True, kw_only=True, slots=True)
class Rating:
    rating_id: str
    on: date
    component: str
    provider_id: str | None
    rating: int
    by: Rater
    carer_id: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    goals: tuple[Goal, ...]
    lines: tuple[ServiceLine, ...]
    community_lines: tuple[CommunityLine, ...]
    unmet: tuple[UnmetNeed, ...] = ()

    def line(self, line_id: str) -> ServiceLine | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def goal(self, goal_id: str) -> Goal | None:
        return next((goal for goal in self.goals if goal.goal_id == goal_id), None)


Content = tuple[date, int, str | None, str | None, int | None]  # day, minutes, worker, session, participants


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """Help given, and how far its cost has come: paid <= accepted <= cents. `claimed` is what the rows of all claims come
    to, and `sent` those of them that were paid: a correction and a recovery change them only with the next claim."""

    delivery_id: str
    line_id: str
    day: date
    minutes: int
    cents: int
    cents_per_hour: int
    provider_id: str
    component: str
    tariff: str
    told: Content
    reference: str | None = None
    session: str | None = None
    confirmed: bool = False
    disputed: bool = False
    recovery: str | None = None  # under which its cost is claimed back
    rejected: int = 0  # of its cost, what claims left out
    claimed: int = 0
    sent: int = 0

    @property
    def recovered(self) -> bool:
        return self.recovery is not None

    @property
    def worth(self) -> int:
        return 0 if self.recovered else self.cents - self.rejected

    @property
    def accepted(self) -> int:
        """What was claimed, as far as it is still due."""
        return max(min(self.claimed, self.worth), 0)

    @property
    def paid(self) -> int:
        return max(min(self.sent, self.accepted), 0)

    @property
    def owed_back(self) -> int:
        """Sent, and then found not to be due; less than nothing where it was set off beforehand."""
        return self.sent - self.paid

    @property
    def claimable(self) -> int:
        """What the next claim has to say of it, in cents: nothing while it is disputed."""
        return 0 if self.disputed else self.worth - self.claimed


@dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    challenge_id: str
    decision_id: str
    due: Due


@dataclass(frozen=True, kw_only=True, slots=True)
class Reminder:
    """What somebody was told of a deadline, and who has seen it by now."""

    deadline_id: str
    what: str
    step: str
    due_on: date
    level: Level
    to: tuple[str, ...] = ()
    missing: tuple[Level, ...] = ()
    sent_to: tuple[str, ...] = ()  # by mail
    not_sent_to: tuple[str, ...] = ()
    seen_by: str | None = None
    seen_on: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    kind: str
    on: date
    outcome: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a journey ran before. `row` is that of the file; help up to and including `balances_on` was told there."""

    source: str
    file_digest: str
    row: int
    case: str
    on: date
    balances_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """A time in which a journey belongs to a municipality; both days count, and without an end it lasts."""

    municipality: str
    from_on: date
    to_on: date | None = None
    left_at: int | None = None  # the version at which the journey went on to another


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedTransfer:
    """Another municipality is to say whether it takes the journey over."""

    to: str
    from_on: date
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseFile:
    """What is known of a journey, whatever its stage. What does not exist yet is absent, not blank."""

    journey_id: str
    person_id: str
    municipality: str
    noticed_on: date
    memberships: tuple[Membership, ...] = ()  # in order, without gaps; the last is that of `municipality`
    origin: Origin | None = None
    complete_on: date | None = None
    case_manager: str | None = None
    place: Place | None = None
    place_from: date | None = None
    waits_in: str | None = None  # the agreement whose waiting order the journey stands in
    offer: OfferedPlace | None = None
    urgent: bool = False
    suspensions: tuple[Suspension, ...] = ()  # of the place, in order; only the last can be open
    planned_exit: PlannedExit | None = None
    transfer: OfferedTransfer | None = None
    assessments: tuple[Assessment, ...] = ()
    measures: tuple[Measure, ...] = ()  # as told, which may be in another order than that of their days
    ratings: tuple[Rating, ...] = ()
    carers: Mapping[str, CarerAssessment] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    agreed_plan: str | None = None  # the last one agreed to: it stays in force while the next one is written
    accounts: Mapping[str, LineAccount] = field(default_factory=dict)
    plan_ends: Due | None = None
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)
    unpaid_claims: Mapping[str, tuple[ClaimedRow, ...]] = field(default_factory=dict)
    reviews: tuple[Review, ...] = ()
    challengeable: Mapping[str, Due] = field(default_factory=dict)  # decision id → until when
    refusal: str | None = None  # the decision that refused, while it stands
    challenges: Mapping[str, Challenge] = field(default_factory=dict)
    settlements: Mapping[date, Due] = field(
        default_factory=dict
    )  # last day of former lines → until when help is told late
    disputes: Mapping[str, Due] = field(default_factory=dict)  # delivery id → until when it is to be settled
    first_contact_due: Due | None = None  # until the person was reached
    first_help_due: Due | None = None
    contacts: int = 0
    raised: frozenset[tuple[str, str]] = frozenset()
    reminders: Mapping[tuple[str, str], Reminder] = field(default_factory=dict)  # by deadline and step, as told
    lapsed_consents: frozenset[tuple[str, str]] = frozenset()

    @property
    def plan_in_force(self) -> Plan | None:
        return None if self.agreed_plan is None else self.plans.get(self.agreed_plan)

    @property
    def waits_for_place(self) -> bool:
        return self.waits_in is not None

    @property
    def progress_reviews(self) -> int:
        """How many were held since the last full review."""
        return sum(1 for _ in takewhile(lambda review: review.kind == "progress", reversed(self.reviews)))

    @property
    def highest_need(self) -> int:
        return self.assessments[-1].highest_need if self.assessments else 0

    @property
    def was_helped(self) -> bool:
        return any(each.minutes for each in self.deliveries.values())

    def payer(self, account: LineAccount) -> str:
        """The municipality whose money a line is: whose prices, rules and contracts hold for it, and who is claimed from."""
        return self.municipality if account.former is None else account.former.municipality

    def awaits_late_help(self, account: LineAccount) -> bool:
        """Whether it is a former line, of which help can still be told."""
        return account.former is not None and account.former.last_day in self.settlements

    def account(self, line_id: str) -> LineAccount:
        account = self.accounts.get(line_id)
        if account is None:
            raise UnknownLine(field="line_id", line=line_id)
        return account


@dataclass(frozen=True, kw_only=True, slots=True)
class Referred:
    """Somebody noticed; whether the person may join is to be decided."""

    file: CaseFile
    decision_due: Due | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """It was decided that the person may not join."""

    file: CaseFile


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """The person may join, and waits for a free place."""

    file: CaseFile
    since: date


@dataclass(frozen=True, kw_only=True, slots=True)
class AwaitingAssessment:
    file: CaseFile
    assessment_due: Due


@dataclass(frozen=True, kw_only=True, slots=True)
class AwaitingPlan:
    file: CaseFile
    plan_due: Due


@dataclass(frozen=True, kw_only=True, slots=True)
class AwaitingAgreement:
    """A plan is drafted; the person has not agreed to it yet."""

    file: CaseFile
    plan_id: str
    plan_due: Due


@dataclass(frozen=True, kw_only=True, slots=True)
class AwaitingBudget:
    file: CaseFile
    plan_id: str
    budget_due: Due


@dataclass(frozen=True, kw_only=True, slots=True)
class InDelivery:
    file: CaseFile
    plan_id: str
    review_kind: str
    review_due: Due
    progress_note_due: Due | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AwaitingExit:
    """A review found that the journey has reached its end; the exit itself is still to be recorded."""

    file: CaseFile
    plan_id: str
    exit_due: Due


@dataclass(frozen=True, kw_only=True, slots=True)
class Exited:
    """The person has left. Late deliveries, payments, corrections and challenges may still follow."""

    file: CaseFile
    on: date
    reason: str
    decision_id: str


Journey = (
    Referred | Refused | Waiting | AwaitingAssessment | AwaitingPlan | AwaitingAgreement
    | AwaitingBudget | InDelivery | AwaitingExit | Exited
)  # fmt: skip


def own_deadlines(state: Journey) -> tuple[Deadline, ...]:
    """What the state itself waits for, and what is open from the day somebody was noticed."""
    return (*_of_the_state(state), *_of_the_beginning(state))


def _of_the_beginning(state: Journey) -> Iterator[Deadline]:
    """Whoever was assessed or helped was reached as well, whether or not a contact was logged."""
    file = state.file
    if isinstance(state, Refused | Exited) or file.was_helped:
        return
    if file.first_contact_due is not None and not file.assessments:
        yield deadline("first-contact", file.first_contact_due)
    if file.first_help_due is not None:
        yield deadline("first-help", file.first_help_due)


def _of_the_state(state: Journey) -> tuple[Deadline, ...]:
    match state:
        case Referred(decision_due=due) if due is not None:
            return (deadline("decision", due),)
        case AwaitingAssessment(assessment_due=due):
            return (deadline("assessment", due),)
        case AwaitingPlan(plan_due=due) | AwaitingAgreement(plan_due=due):
            return (deadline("plan", due),)
        case AwaitingBudget(budget_due=due):
            return (deadline("budget", due),)
        case InDelivery(review_due=due, review_kind=kind, progress_note_due=note_due):
            note = () if note_due is None else (deadline("progress-note", note_due),)
            return (deadline("review", due, subject=kind), *note)
        case AwaitingExit(exit_due=due):
            return (deadline("exit", due),)
        case Referred() | Refused() | Waiting() | Exited():
            return ()


def with_due(state: Journey, what: str, due: Due) -> Journey:
    """What the state itself waits for, by another day; nothing changes where it waits for something else by now."""
    match state, what:
        case Referred(), "decision":
            return replace(state, decision_due=due)
        case AwaitingAssessment(), "assessment":
            return replace(state, assessment_due=due)
        case AwaitingPlan() | AwaitingAgreement(), "plan":
            return replace(state, plan_due=due)
        case AwaitingBudget(), "budget":
            return replace(state, budget_due=due)
        case InDelivery(), "review":
            return replace(state, review_due=due)
        case InDelivery(progress_note_due=Due()), "progress-note":
            return replace(state, progress_note_due=due)
        case AwaitingExit(), "exit":
            return replace(state, exit_due=due)
        case _, "first-contact" if state.file.first_contact_due is not None:
            return with_file(state, replace(state.file, first_contact_due=due))
        case _, "first-help":
            return with_file(state, replace(state.file, first_help_due=due))
        case _:
            return state


def with_file(state: Journey, file: CaseFile) -> Journey:
    return replace(state, file=file)


def booked(file: CaseFile, line_id: str, moves: Moves) -> CaseFile:
    """In a history told by when things were true, a line's budget may have come later than its first delivery; without an
    account there is nothing to book on."""
    account = file.accounts.get(line_id)
    if account is None:
        return file
    return replace(file, accounts={**file.accounts, line_id: account.moved(moves)})


def with_delivery(file: CaseFile, after: Delivery) -> CaseFile:
    """The delivery as it is now, and what that means to its line."""
    was, now = _positions(file.deliveries.get(after.delivery_id)), _positions(after)
    file = booked(file, after.line_id, {account: now[account] - was[account] for account in now})
    return replace(file, deliveries={**file.deliveries, after.delivery_id: after})


def _positions(delivery: Delivery | None) -> Moves:
    if delivery is None:
        return dict.fromkeys(Account, 0)
    return {
        Account.ORDERED: -delivery.cents,
        Account.DELIVERED: delivery.cents - delivery.accepted,
        Account.PAYABLE: delivery.accepted - delivery.paid,
        Account.PAID: delivery.paid,
        Account.OWED_BACK: delivery.owed_back,
        Account.REFUNDS: -delivery.owed_back,
    }


WAITS_FOR: Mapping[type[Journey], str] = {
    Referred: "the decision on eligibility",
    Refused: "nothing: the person may not join",
    Waiting: "a free place",
    AwaitingAssessment: "the assessment of need",
    AwaitingPlan: "a plan",
    AwaitingAgreement: "the person's agreement to the plan",
    AwaitingBudget: "the decision on the budget",
    InDelivery: "deliveries, and the next review",
    AwaitingExit: "the exit to be recorded",
    Exited: "what is left to settle",
}


def waits_for(state: Journey) -> str:
    if isinstance(state, Waiting) and state.file.offer is not None:
        return "an answer to the place that was offered"
    return WAITS_FOR[type(state)]
