"""The journey: which stage answers which command, what each fact changes, what is to come, when all is settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import assert_never

from domain.decision import BeforeBeginning, Command, Context, Decision, Stage, WrongStage
from domain.due import Deadline, Wake, wakes
from domain.events import (
    AssessmentReopened,
    AssessmentTakenOver,
    BudgetDecided,
    BudgetExtended,
    BudgetReinstated,
    BudgetSettled,
    BudgetTakenOver,
    CarerAssessed,
    CaseManagerAppointed,
    ChallengeDecided,
    ChallengeFiled,
    ChallengeLapsed,
    ConsentLapsed,
    ContactLogged,
    CrisisPlanChanged,
    DeadlineExtended,
    DeadlinePaused,
    DeadlineResumed,
    DeadlinesReplanned,
    DeliveriesClaimed,
    DeliveryConfirmed,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryRecorded,
    DisputeSettled,
    Event,
    ExitPlanned,
    JourneyExited,
    JourneyTakenOver,
    MeasureTaken,
    NeedsAssessed,
    NoticeRefused,
    NoticeSent,
    OfferDeclined,
    OfferLapsed,
    OfferReceived,
    PaymentRecorded,
    PlaceAwaited,
    PlacePostponed,
    PlaceReceived,
    PlaceResumed,
    PlaceSuspended,
    PlanAgreed,
    PlanDrafted,
    PlanReopened,
    ProgressNoted,
    RecoveryOpened,
    RecoveryWithdrawn,
    ReferralAccepted,
    ReferralCompleted,
    ReferralRecorded,
    ReferralRefused,
    ReferralReopened,
    ReminderAcknowledged,
    ReminderRaised,
    ReviewHeld,
    ServiceCommitted,
    ServiceRated,
    TransferAccepted,
    TransferOffered,
    TransferRejected,
    TransferWithdrawn,
    UrgencyRecorded,
    VisitMissed,
)
from domain.ledger import LineAccount
from domain.persons import one_journey
from domain.ports import QuotaMove
from domain.stages import (
    assessment,
    budgeting,
    claiming,
    delivery,
    eligibility,
    exit,
    handing_over,
    holding,
    outcomes,
    placing,
    planning,
    referral,
    review,
    taking_over,
    throughout,
    timing,
    transferring,
)
from domain.states import (
    AwaitingAgreement,
    AwaitingAssessment,
    AwaitingBudget,
    AwaitingExit,
    AwaitingPlan,
    CaseFile,
    Exited,
    InDelivery,
    Journey,
    Referred,
    Refused,
    Waiting,
)


def decide(command: Command, state: Journey | None, context: Context) -> Decision:
    """The facts a command leads to, or Rejected."""
    decision = _by_stage(command, state, context)
    if state is not None:
        _check_nothing_before(state.file.noticed_on, decision.events)
    return decision


def _by_stage(command: Command, state: Journey | None, context: Context) -> Decision:
    if isinstance(command, referral.ReferralCommand | eligibility.DecideEligibility):
        return referral.decide(command, state, context)
    if isinstance(command, taking_over.TakeOverJourney):
        return taking_over.decide(command, state, context)
    if state is None:
        raise WrongStage(command=command.name, at="a referral")
    match command:
        case placing.PlaceCommand():
            return placing.decide(command, state, context)
        case holding.HoldingCommand():
            return holding.decide(command, state, context)
        case assessment.AssessmentCommand():
            return assessment.decide(command, state, context)
        case planning.PlanningCommand():
            return planning.decide(command, state, context)
        case budgeting.BudgetCommand():
            return budgeting.decide(command, state, context)
        case delivery.DeliveryCommand():
            return delivery.decide(command, state, context)
        case claiming.ClaimingCommand():
            return claiming.decide(command, state, context)
        case review.ReviewCommand():
            return review.decide(command, state, context)
        case exit.ExitCommand():
            return exit.decide(command, state, context)
        case outcomes.OutcomeCommand():
            return outcomes.decide(command, state, context)
        case handing_over.HandOverCase():
            return handing_over.decide(command, state, context)
        case transferring.TransferCommand():
            return transferring.decide(command, state, context)
        case timing.TimingCommand():
            return timing.decide(command, state, context)
        case throughout.ThroughoutCommand():
            return throughout.decide(command, state, context)
    raise AssertionError(command)


def _check_nothing_before(noticed_on: date, events: Iterable[Event]) -> None:
    """Else the state on a day before the journey's first fact would have to be told from its later ones."""
    for event in events:
        day = getattr(event, event.day_field) if event.day_field else None
        if isinstance(day, date) and day < noticed_on:
            raise BeforeBeginning(field=event.day_field, day=day, noticed_on=noticed_on)


def evolve(state: Journey | None, event: Event, stream_id: str, version: int) -> Journey:
    """What is so after the fact. Never refuses: what happened, happened."""
    if isinstance(event, ReferralRecorded):
        return referral.begin(event, stream_id)
    if state is None:
        raise ValueError("a journey's stream starts with referral.recorded")
    match event:
        case (
            ReferralCompleted() | ReferralAccepted() | ReferralRefused() | ReferralReopened() | CaseManagerAppointed()
        ):  # fmt: skip
            return referral.evolve(state, event)
        case (
            PlaceReceived() | PlaceAwaited() | PlacePostponed() | OfferReceived() | OfferDeclined() | OfferLapsed()
            | UrgencyRecorded()
        ):  # fmt: skip
            return placing.evolve(state, event)
        case JourneyTakenOver() | AssessmentTakenOver() | BudgetTakenOver():
            return taking_over.evolve(state, event)
        case PlaceSuspended() | PlaceResumed() | ExitPlanned():
            return holding.evolve(state, event)
        case NeedsAssessed() | CarerAssessed() | AssessmentReopened():
            return assessment.evolve(state, event)
        case PlanDrafted() | PlanAgreed() | PlanReopened():
            return planning.evolve(state, event)
        case BudgetDecided() | BudgetExtended() | BudgetReinstated() | ServiceCommitted() | BudgetSettled():
            return budgeting.evolve(state, event)
        case DeliveriesClaimed() | PaymentRecorded():
            return claiming.evolve(state, event)
        case (
            DeliveryRecorded() | DeliveryCorrected() | DeliveryConfirmed() | DeliveryDisputed() | DisputeSettled()
            | VisitMissed() | ProgressNoted()
        ):  # fmt: skip
            return delivery.evolve(state, event)
        case MeasureTaken() | ServiceRated():
            return outcomes.evolve(state, event)
        case ReviewHeld():
            return review.evolve(state, event)
        case JourneyExited():
            return exit.evolve(state, event)
        case TransferOffered() | TransferAccepted() | TransferRejected() | TransferWithdrawn():
            return transferring.evolve(state, event, version)
        case DeadlinePaused() | DeadlineResumed() | DeadlineExtended() | DeadlinesReplanned():
            return timing.evolve(state, event)
        case (
            ContactLogged() | ConsentLapsed() | CrisisPlanChanged() | ChallengeFiled() | ChallengeDecided()
            | ChallengeLapsed() | RecoveryOpened() | RecoveryWithdrawn() | ReminderAcknowledged()
            | ReminderRaised() | NoticeSent() | NoticeRefused()
        ):  # fmt: skip
            return throughout.evolve(state, event)
    raise ValueError(f"{event.type} does not belong into a journey's stream")


def fold(events: Iterable[Event], stream_id: str) -> Journey | None:
    state: Journey | None = None
    for version, event in enumerate(events, start=1):
        state = evolve(state, event, stream_id, version)
    return state


def stage_of(state: Journey) -> Stage:
    """The stage a journey is at, as everybody outside names it."""
    match state:
        case Referred() | Waiting():
            return Stage.REFERRAL
        case AwaitingAssessment():
            return Stage.ASSESSMENT
        case AwaitingPlan() | AwaitingAgreement():
            return Stage.PLANNING
        case AwaitingBudget():
            return Stage.BUDGETING
        case InDelivery():
            return Stage.DELIVERY
        case AwaitingExit() | Exited() | Refused():
            return Stage.EXIT
        case _:
            assert_never(state)


def pending(state: Journey) -> tuple[Wake, ...]:
    return wakes(throughout.deadlines(state), state.file.raised)


def awaited(state: Journey) -> tuple[Deadline, ...]:
    """What somebody is to do by a day, the earliest first and what is on hold last, however often they were reminded."""
    open_ones = (each for each in throughout.deadlines(state) if not each.silent)
    return tuple(sorted(open_ones, key=lambda each: (each.due.held_since is not None, each.due.on, each.id)))


def settled(state: Journey) -> bool:
    """Whether nothing can follow by itself any more: over, claimed and paid, unchallenged, and past challenging."""
    over = isinstance(state, Refused | Exited)
    file = state.file
    owed = file.unpaid_claims or any(each.claimable or each.disputed for each in file.deliveries.values())
    return over and not owed and not state.file.challenges and not throughout.deadlines(state)


# ── Bounds that the database keeps too ───────────────────────────────────────────────────────────────────────────────

Amount = Callable[[LineAccount], int]
BOUNDS: tuple[tuple[str, Amount, Amount], ...] = (  # name, what is used, of what
    ("committed", lambda a: a.committed, lambda a: a.allocated),
    ("delivered", lambda a: a.delivered, lambda a: a.committed),
    ("accepted", lambda a: a.accepted, lambda a: a.delivered),
    ("paid", lambda a: a.paid, lambda a: a.accepted),
)


def quota_moves(before: Journey | None, after: Journey | None) -> tuple[QuotaMove, ...]:
    """Committed of allocated, delivered of committed, accepted of delivered, paid of accepted, per line; what a component
    with a yearly cap takes of it, over all journeys of the person; and one open journey per person."""
    if after is None:
        return ()
    moves = [move for line_id in after.file.accounts for move in _line_moves(line_id, before, after)]
    moves += _cap_moves(before, after)
    opened = _is_open(after) - (before is not None and _is_open(before))
    if opened:
        moves.append(QuotaMove(key=one_journey(after.file.person_id), used=opened))
    return tuple(moves)


def _cap_moves(before: Journey | None, after: Journey) -> Iterator[QuotaMove]:
    """A cap that changed is the same cap still; one that no line has any more gets back what was taken of it."""
    old, new = {} if before is None else _capped(before.file), _capped(after.file)
    for (component, year), (_, limit) in {**old, **new}.items():
        moved = new.get((component, year), (0, 0))[0] - old.get((component, year), (0, 0))[0]
        if moved:
            yield QuotaMove(key=f"cap/{after.file.person_id}/{component}/{year}", used=moved, limit=limit)


def _capped(file: CaseFile) -> dict[tuple[str, int], tuple[int, int]]:
    """By component and year: cents set aside, and the cap."""
    spent: dict[tuple[str, int], tuple[int, int]] = {}
    for account in file.accounts.values():
        if (cap := account.cap) is not None:
            known, _ = spent.get((cap.component, cap.year), (0, 0))
            spent[cap.component, cap.year] = known + account.allocated, cap.cents
    return spent


def _is_open(state: Journey) -> bool:
    return not isinstance(state, Refused | Exited)


def _line_moves(line_id: str, before: Journey | None, after: Journey) -> list[QuotaMove]:
    new = after.file.accounts[line_id]
    old = before.file.accounts.get(line_id) if before is not None else None
    moves = []
    for name, used, allowed in BOUNDS:
        move = QuotaMove(
            key=f"line/{after.file.journey_id}/{line_id}/{name}",
            used=used(new) - (used(old) if old else 0),
            allowed=allowed(new) - (allowed(old) if old else 0),
        )
        if move.used or move.allowed:
            moves.append(move)
    return moves
