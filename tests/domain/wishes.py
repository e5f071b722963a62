"""What people may want of a journey on a day: what it waits for, or anything at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random
from typing import get_args

from domain.care import ReviewKind, ReviewOutcome, Tariff
from domain.decision import Command
from domain.stages import assessment, delivery, eligibility, holding, placing, planning, referral, throughout, timing
from domain.states import (
    AwaitingAgreement,
    AwaitingAssessment,
    AwaitingBudget,
    AwaitingExit,
    AwaitingPlan,
    Exited,
    InDelivery,
    Journey,
    Referred,
    Refused,
    Waiting,
)
from tests.domain import steps
from tests.domain.given import TOWN

Wish = Callable[[Random, date], Command]  # what somebody may want on a day

COMPONENTS = {"recovery": "mental.recovery", "daily": "daily.support", "talk": "mental.therapy"}


def ago(chance: Random, day: date) -> date:
    return day - timedelta(days=chance.choice([0, 0, 0, 1, 5, 20]))


def line(chance: Random) -> str:
    return chance.choice(["recovery", "recovery", "daily", "talk"])


def minutes(chance: Random) -> int:
    return chance.choice([1, 7, 45, 60, 90, 333, 600])


def the(chance: Random, kind: str) -> str:
    return f"{kind}-{chance.randint(1, 4)}"


def yes(chance: Random) -> bool:
    return chance.random() < 0.5


def named(name: str, state: Journey) -> str:
    """A line of a municipality to which the journey has moved has a name of its own."""
    moves = len(state.file.memberships) - 1
    return f"{name}-{moves}" if moves else name


def plan_of(
    day: date, lines: Iterable[str], volume: int, tariff: Tariff = "individual", *, state: Journey | None = None
) -> planning.DraftPlan:
    def ends(name: str) -> date:
        capped = name == "talk"  # which must end within the year
        return max(day, date(day.year, 12, 31)) if capped else day + timedelta(days=200)

    own = {name: name if state is None else named(name, state) for name in lines}
    services = (
        steps.line(own[name], COMPONENTS[name], minutes=volume, tariff=tariff, starts_on=day, ends_on=ends(name))
        for name in own
    )
    return steps.plan(*services, community=(steps.NEIGHBOUR,))


def judged(but: str, *, why: bool) -> eligibility.DecideEligibility:
    return steps.eligibility(but={but: False}, reasons="See the conditions." if why else None)


WHAT: tuple[timing.Pausable, ...] = get_args(timing.Pausable)


def another_time(r: Random, day: date) -> Command:
    """For a deadline, open or not."""
    what = r.choice(WHAT)
    return r.choice(
        [
            timing.PauseDeadline(what=what, from_on=ago(r, day), reason="A letter is awaited."),
            timing.ResumeDeadline(what=what, on=ago(r, day)),
            timing.ExtendDeadline(what=what, working_days=r.randint(1, 9), reason="More to hear."),
        ]
    )


WISHES: tuple[Wish, ...] = (
    lambda r, day: referral.CompleteApplication(complete_on=ago(r, day)),
    lambda r, day: judged(r.choice(sorted(steps.FULFILLED)), why=yes(r)),
    lambda r, day: placing.RequestPlace(from_on=day + (day - ago(r, day))),
    lambda r, day: placing.AcceptPlace(),
    lambda r, day: placing.DeclinePlace(reason="Too far.", keep_waiting=yes(r)),
    lambda r, day: placing.RecordUrgency(urgent=yes(r), reason="Sleeps outside."),
    lambda r, day: placing.ReceiveOffer(),
    lambda r, day: placing.NoteLapsedOffer(),
    lambda r, day: holding.SuspendPlace(from_on=ago(r, day), reason="In hospital."),
    lambda r, day: holding.ResumePlace(on=ago(r, day)),
    lambda r, day: holding.PlanExit(on=day + (day - ago(r, day)), reason="goal_reached"),
    lambda r, day: referral.AppointCaseManager(case_manager="case_manager.kadri"),
    lambda r, day: steps.assessment({"household": r.randint(1, 4)}, on=ago(r, day)),
    lambda r, day: assessment.AssessCarer(carer_id="person-7", on=ago(r, day), needs="Rest."),
    lambda r, day: assessment.ReopenAssessment(reason="In hospital."),
    lambda r, day: plan_of(day, r.sample(sorted(COMPONENTS), r.randint(0, 3)), minutes(r), r.choice(TARIFFS)),
    lambda r, day: steps.agreement_to(the(r, "plan"), on=ago(r, day)),
    lambda r, day: planning.ReopenPlan(reason="She moved."),
    lambda r, day: steps.budget(recovery=minutes(r)),
    lambda r, day: steps.order(line(r), minutes=minutes(r)),
    lambda r, day: steps.claim(
        *(f"delivery-{r.randint(1, 4)}" for _ in range(3)),
        number=r.randint(1, 3),
        rejected={the(r, "delivery"): "not_delivered"} if yes(r) else None,
    ),
    lambda r, day: steps.payment(r.randint(1, 3), on=ago(r, day)),
    lambda r, day: steps.visit(line(r), on=ago(r, day), minutes=minutes(r)),
    lambda r, day: delivery.CorrectDelivery(
        delivery_id=the(r, "delivery"), minutes=r.choice([0, 1, 30, 61]), reason="Less."
    ),
    lambda r, day: delivery.ConfirmDelivery(delivery_id=the(r, "delivery")),
    lambda r, day: delivery.DisputeDelivery(delivery_id=the(r, "delivery"), reason="Not so."),
    lambda r, day: delivery.SettleDispute(delivery_id=the(r, "delivery"), upheld=yes(r), reason="Asked."),
    lambda r, day: delivery.RecordMissedVisit(line_id=line(r), day=ago(r, day)),
    lambda r, day: delivery.NoteProgress(goal_id="out", on=ago(r, day), note="Well.", direction="better"),
    lambda r, day: steps.review(r.choice(KINDS), r.choice(OUTCOMES), on=ago(r, day)),
    lambda r, day: steps.leaving("own_wish", on=ago(r, day)),
    lambda r, day: throughout.LogContact(on=ago(r, day), channel="call", with_whom="person", reached=yes(r)),
    lambda r, day: throughout.ChangeCrisisPlan(crisis_plan="Call her sister."),
    lambda r, day: throughout.ChallengeDecision(
        decision_id=the(r, "decision"), filed_on=ago(r, day), grounds="Not so."
    ),
    lambda r, day: throughout.DecideChallenge(
        challenge_id=the(r, "challenge"), on=day, upheld=yes(r), reasons="Asked."
    ),
    another_time,
    lambda r, day: throughout.NoteLapsedConsent(purpose="research", recipient=TOWN),
)
TARIFFS: tuple[Tariff, ...] = ("individual", "group")
KINDS: tuple[ReviewKind, ...] = ("progress", "full")
OUTCOMES: tuple[ReviewOutcome, ...] = ("continue", "change_plan", "reassess", "exit")


def next_step(state: Journey, today: date) -> Command:
    """What a journey waits for."""
    match state:
        case Referred(decision_due=None):
            return referral.CompleteApplication(complete_on=today)
        case Referred():
            return steps.eligibility()
        case AwaitingAssessment():
            return steps.assessment(on=today)
        case AwaitingPlan():
            return plan_of(today, COMPONENTS, 300, state=state)
        case AwaitingAgreement(plan_id=plan_id):
            return steps.agreement_to(plan_id, on=today)
        case AwaitingBudget():
            return steps.budget()
        case InDelivery(review_kind=kind):
            return steps.review("full" if kind == "full" else "progress", on=today)
        case AwaitingExit():
            return steps.leaving(on=today)
        case Refused() | Exited() | Waiting():
            return throughout.RaiseReminders()
