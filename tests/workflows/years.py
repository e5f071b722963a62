"""One person over many years, and the reminders that a count with pen and paper comes to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from domain import journey
from domain.codec import Recorded
from domain.decision import Command
from domain.due import REMINDER_HOUR, Deadline
from domain.events import ReminderRaised
from domain.offices import RecordAbsence, RecordStaff
from domain.stages.referral import AppointCaseManager
from domain.stages.throughout import ChallengeDecision, DecideChallenge, deadlines
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
from domain.working_days import TALLINN, at_hour, local_date
from starter.seeding import SEEDER
from tests.activities.examples import (
    agreed,
    assessment,
    budget,
    call,
    eligible,
    leaving,
    not_eligible,
    plan,
    progress,
    review,
)
from tests.workflows.engines import FIRST_DAY, SkippingEngine, skipping_engine

Reminder = tuple[str, str, date, str, str, tuple[str, ...]]  # what, step, due, when, level, to whom

# The office: the case manager is away for two years, and nobody answers for the municipality.
ANNE, BORIS, LEAD, ABOVE = "case_manager.tori", "case_manager.two", "lead.tori", "coordinator.tori"
STAFF = {ANNE: "case_manager", BORIS: "case_manager", LEAD: "lead", ABOVE: "coordinator"}
AWAY = date(2033, 1, 1), date(2034, 12, 31)


def shown(what: str, step: str, due: date, at: datetime, level: str, to: tuple[str, ...]) -> Reminder:
    return what, step, due, f"{at.astimezone(TALLINN):%Y-%m-%d %H:%M}", level, to


def whom(step: str, day: date) -> tuple[str, tuple[str, ...]]:
    """By hand: at which level, and who."""
    if step in ("before", "on"):
        return "worker", (BORIS if AWAY[0] <= day <= AWAY[1] else ANNE,)
    return ("lead", (LEAD,)) if step == "after" else ("coordinator", (ABOVE,))


def counted(recorded: Sequence[Recorded], until: datetime) -> list[Reminder]:
    """What must have been raised, from the other facts alone: each step of each deadline, at eight in the morning of its
    day while the deadline was open, on none before the first on which anybody is told of it. Of steps that come at one
    moment, as those that had passed when it was opened, the latest only."""
    facts = [each for each in recorded if each.event.type != "reminder.raised"]
    ends = [*(each.recorded_at for each in facts[1:]), until]
    said: set[tuple[str, str]] = set()
    expected: list[tuple[datetime, Reminder]] = []
    state: Journey | None = None
    for number, (told, end) in enumerate(zip(facts, ends, strict=True), start=1):
        state = journey.evolve(state, told.event, told.stream_id, number)
        for each in deadlines(state):
            if not each.silent:
                expected += raised_of(each, told.recorded_at, end, said)
    return [reminder for _, reminder in sorted(expected)]


def raised_of(
    open_one: Deadline, since: datetime, until: datetime, said: set[tuple[str, str]]
) -> list[tuple[datetime, Reminder]]:
    due = open_one.due
    chain = [("before", due.remind_on), ("on", due.on), ("after", due.escalate_on)]
    chain += [(each.level, each.on) for each in due.escalations]
    come = [(max(at_hour(max(day, due.told_from or day), REMINDER_HOUR), since), step) for step, day in chain]
    come = [each for each in come if each[0] < until and (open_one.id, each[1]) not in said]
    said |= {(open_one.id, step) for _, step in come}
    latest = dict(come)  # of several at one moment
    return [(at, shown(open_one.what, step, due.on, at, *whom(step, local_date(at)))) for at, step in latest.items()]


def next_step(state: Journey, now: datetime, chance: Random, years: int) -> Command | None:
    """What a case manager might do next; now and then not what brings the journey forward."""
    if chance.random() < 0.2:
        return call(now)
    match state:
        case Referred():
            return eligible() if chance.random() < 0.9 else not_eligible()
        case Refused():
            return _challenge(state, now)
        case AwaitingAssessment():
            return assessment(now)
        case AwaitingPlan():
            return plan(now, hours=10)
        case AwaitingAgreement(plan_id=plan_id):
            return agreed(plan_id, now)
        case AwaitingBudget():
            return budget()
        case InDelivery() if chance.random() < 0.2:
            return progress(now)
        case InDelivery(review_kind=kind):
            over = local_date(now) > FIRST_DAY + timedelta(days=365 * (years - 1))
            outcomes = ["exit"] if over else ["continue", "continue", "change_plan", "reassess"]
            return review(now, kind, chance.choice(outcomes))
        case AwaitingExit():
            return leaving(now)
        case Waiting() | Exited():
            return None


def _challenge(state: Refused, now: datetime) -> Command | None:
    for each in state.file.challenges.values():
        return DecideChallenge(challenge_id=each.challenge_id, on=local_date(now), upheld=True, reasons="Synthetic.")
    for decision, until in state.file.challengeable.items():
        if local_date(now) <= until.on:
            return ChallengeDecision(decision_id=decision, filed_on=local_date(now), grounds="Synthetic.")
    return None


async def live(seed: int, years: int) -> int:
    """One journey, over runs and runs; how many reminders it had. Raises AssertionError where the count differs."""
    chance = Random(seed)
    async with skipping_engine(sandboxed=False) as engine:
        await _staffed(engine)
        await engine.refer()
        await engine.send(AppointCaseManager(case_manager=ANNE))
        first_run = (await engine.handle().describe()).run_id
        while local_date(await engine.now()) < FIRST_DAY + timedelta(days=365 * years):
            now = await engine.pass_days(chance.choice([1, 3, 7, 14, 30, 60, 120]))
            command = next_step(engine.state(), now, chance, years)
            if command is not None:
                await engine.send(command)
        end = await engine.pass_days(1)
        recorded = engine.store.events_of(engine.journey)
        raised = [
            shown(fact.what, fact.step, fact.due_on, told.recorded_at, fact.level, fact.to)
            for told in recorded
            if isinstance(fact := told.event, ReminderRaised)
        ]
        assert sorted(raised) == sorted(counted(recorded, end))
        assert (await engine.standing()).version == len(recorded)
        assert (await engine.handle().describe()).run_id != first_run, "it never went on in a new run"
        return len(raised)


async def _staffed(engine: SkippingEngine) -> None:
    for staff_id, role in STAFF.items():
        works = {"municipality": "tori", "staff_id": staff_id, "role": role, "mail": "office@tori.example"}
        await engine.send(RecordStaff.model_validate(works), "office-tori", actor=SEEDER)
    away = RecordAbsence(staff_id=ANNE, from_on=AWAY[0], to_on=AWAY[1], stand_in=BORIS)
    await engine.send(away, "office-tori", actor=SEEDER)
