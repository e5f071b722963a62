"""Ten people over several years each: their reminders are those that a count with pen and paper comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

import pytest

from domain import journey
from domain.codec import Recorded
from domain.decision import Command
from domain.due import REMINDER_HOUR, Deadline, Due
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
from tests.activities.examples import (
    agreed,
    assessment,
    budget,
    call,
    eligible,
    leaving,
    not_eligible,
    plan,
    review,
)
from tests.workflows.engines import FIRST_DAY, SkippingEngine, skipping_engine

YEARS = 6
JOURNEYS, AT_A_TIME = 10, 2

Reminder = tuple[str, str, date, str]


def shown(what: str, step: str, due: date, at: datetime) -> Reminder:
    return what, step, due, f"{at.astimezone(TALLINN):%Y-%m-%d %H:%M}"


def counted(recorded: Sequence[Recorded], until: datetime) -> list[Reminder]:
    """What must have been raised, from the other facts alone: each step of each deadline, at eight in the morning of its
    day while the deadline was open. Of steps that had passed when it was opened, the latest only, and at once."""
    facts = [each for each in recorded if each.event.type != "reminder.raised"]
    ends = [*(each.recorded_at for each in facts[1:]), until]
    said: set[tuple[str, str]] = set()
    expected: list[tuple[datetime, Reminder]] = []
    state: Journey | None = None
    for number, (told, end) in enumerate(zip(facts, ends, strict=True), start=1):
        state = journey.evolve(state, told.event, told.stream_id, number)
        for each in deadlines(state):
            if not each.silent:
                expected += _raised(each, told.recorded_at, end, said)
    return [reminder for _, reminder in sorted(expected)]


def _raised(
    open_one: Deadline, since: datetime, until: datetime, said: set[tuple[str, str]]
) -> list[tuple[datetime, Reminder]]:
    come = [(at_hour(day, REMINDER_HOUR), step, day) for step, day in open_one.steps]
    come = [each for each in come if each[0] < until and (open_one.id, each[1]) not in said]
    said |= {(open_one.id, step) for _, step, _ in come}
    late = [each for each in come if each[0] <= since][-1:]
    return [
        (max(at, since), shown(open_one.what, step, open_one.due.on, max(at, since)))
        for at, step, _ in (*late, *(each for each in come if each[0] > since))
    ]


def next_step(engine: SkippingEngine, state: Journey, now: datetime, chance: Random) -> Command | None:
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
        case InDelivery(review_kind=kind):
            over = local_date(now) > FIRST_DAY + timedelta(days=365 * (YEARS - 1))
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


async def live(seed: int) -> int:
    """One journey; how many reminders it had."""
    chance = Random(seed)
    async with skipping_engine() as engine:
        await engine.refer()
        while local_date(await engine.now()) < FIRST_DAY + timedelta(days=365 * YEARS):
            now = await engine.pass_days(chance.choice([1, 3, 7, 14, 30, 60, 120]))
            command = next_step(engine, engine.state(), now, chance)
            if command is not None:
                await engine.send(command)
        end = await engine.pass_days(1)
        recorded = engine.store.events_of(engine.journey)
        raised = [shown(what, step, due, at) for what, step, due, at in engine.reminders()]
        assert raised == counted(recorded, end)
        assert (await engine.standing()).version == len(recorded)
        return len(raised)


@pytest.mark.parametrize("group", range(0, JOURNEYS, AT_A_TIME))
async def test_reminders_over_years_are_those_that_the_facts_call_for(group: int) -> None:
    """Each on a server of its own, some of them at a time."""
    reminders = await asyncio.gather(*(live(seed) for seed in range(group, group + AT_A_TIME)))
    assert sum(reminders) > YEARS


def test_the_count_tells_late_reminders_from_those_in_time() -> None:
    """The reference itself: opened after its reminder's day but before its own, it says the one at once and the others
    in time."""
    days = Due(on=date(2030, 3, 18), remind_on=date(2030, 3, 11), escalate_on=date(2030, 3, 21), rule="a/rule")
    due = Deadline(id="a", what="a", due=days)
    said: set[tuple[str, str]] = set()
    since, until = at_hour(date(2030, 3, 12), 12), at_hour(date(2030, 3, 25), 12)
    assert [each[1:] for _, each in _raised(due, since, until, said)] == [
        ("before", date(2030, 3, 18), "2030-03-12 12:00"),
        ("on", date(2030, 3, 18), "2030-03-18 08:00"),
        ("after", date(2030, 3, 18), "2030-03-21 08:00"),
    ]
    assert not _raised(due, since, until, said)
