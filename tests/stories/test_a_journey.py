"""One synthetic person's path from first contact to exit, dates and all; only time is skipped."""

from __future__ import annotations

from datetime import date

import pytest
from temporalio.client import WorkflowExecutionStatus

from domain.care import Finding
from domain.decision import Actor, Role
from domain.events import Event
from domain.stages.eligibility import DecideEligibility
from domain.stages.referral import AppointCaseManager
from domain.stages.throughout import ChallengeDecision, DecideChallenge
from domain.states import InDelivery
from domain.working_days import local_date
from starter.submit import Refused
from tests.activities.examples import (
    MUNICIPALITY,
    agreed,
    assessment,
    budget,
    call,
    delivery,
    eligible,
    leaving,
    not_eligible,
    ordered,
    plan,
    progress,
    review,
)
from tests.workflows.engines import SkippingEngine, skipping_engine
from tests.workflows.paths import latest_plan, pay

PROVIDER = Actor(id="provider.tori", role=Role.PROVIDER, municipality=MUNICIPALITY)


def what_happened(engine: SkippingEngine) -> list[tuple[str, str]]:
    """The whole record, a line for each fact: the day, and what it was (a reminder says of what, and when)."""
    told = []
    for each in engine.store.events_of(engine.journey):
        said: dict[str, object] = each.event.model_dump()
        about = f": {said['what']} {said['step']}" if each.event.type == "reminder.raised" else ""
        told.append((f"{local_date(each.recorded_at)}", f"{each.event.type}{about}"))
    return told


async def since(engine: SkippingEngine, seen: list[tuple[str, str]]) -> list[tuple[str, str]]:
    news = what_happened(engine)[len(seen) :]
    seen += news
    return news


def last(engine: SkippingEngine, kind: str) -> Event:
    return [each for each in engine.store.facts(engine.journey) if each.type == kind][-1]


async def test_mari_comes_and_after_two_years_goes_her_own_way() -> None:
    """She is refused and challenges it, waits for nothing, makes a plan, is helped, reviewed, helped again, and leaves.

    Every line is a day and a fact. Nobody sends a reminder: those come by themselves, at eight in the morning.
    """
    seen: list[tuple[str, str]] = []
    async with skipping_engine() as mari:
        # On Monday the 4th of March 2030 a relative calls. The application is complete the same day: within ten working
        # days it must be decided. Nobody does, until the first reminder.
        await mari.refer()

        # Within three working days somebody is to speak with her: next morning the case manager is told so, and calls.
        await mari.until(date(2030, 3, 5))
        await mari.send(call(await mari.now(), "Synthetic: she wants to hear more."))
        await mari.until(date(2030, 3, 12))
        assert await since(mari, seen) == [
            ("2030-03-04", "referral.recorded"),
            ("2030-03-05", "reminder.raised: first-contact before"),
            ("2030-03-05", "contact.logged"),
            ("2030-03-11", "reminder.raised: decision before"),
        ]

        # To refuse without saying why is not possible.
        wordless = DecideEligibility(
            findings=(Finding(condition="target_group", holds=False, judged_by="doctor"),),
            primary_diagnosis="schizophrenia",
        )
        with pytest.raises(Refused, match="a refusal needs its reasons in words"):
            await mari.send(wordless)

        # With reasons it is. She has until the 11th of April, and challenges it on the 20th of March.
        await mari.send(not_eligible())
        await mari.until(date(2030, 3, 20))
        decision = str(last(mari, "referral.refused").model_dump()["decision_id"])
        await mari.send(
            ChallengeDecision(
                decision_id=decision, filed_on=date(2030, 3, 20), grounds="Synthetic: I cannot put it together alone."
            )
        )
        await mari.until(date(2030, 4, 2))
        challenge = str(last(mari, "challenge.filed").model_dump()["challenge_id"])
        await mari.send(
            DecideChallenge(
                challenge_id=challenge, on=date(2030, 4, 2), upheld=True, reasons="Synthetic: she is right."
            )
        )
        assert await since(mari, seen) == [
            ("2030-03-12", "referral.refused"),
            ("2030-03-20", "challenge.filed"),
            ("2030-04-02", "challenge.decided"),
            ("2030-04-02", "referral.reopened"),
        ]

        # Decided anew on the 3rd of April, she may join, has a place at once, and a case manager of her own.
        await mari.until(date(2030, 4, 3))
        await mari.send(eligible())
        await mari.send(AppointCaseManager(case_manager="case_manager.tori"))
        await mari.until(date(2030, 4, 10))
        await mari.send(call(await mari.now(), "Synthetic: she is glad."))

        # The refusal, overtaken long since, could be challenged until the 11th. Then Easter passes; on the 22nd of
        # April her needs are assessed; a plan is drafted on the 29th and agreed next day.
        await mari.until(date(2030, 4, 22))
        await mari.send(assessment(await mari.now()))
        await mari.until(date(2030, 4, 29))
        await mari.send(plan(await mari.now(), months=24, hours=60))
        await mari.until(date(2030, 4, 30))
        await mari.send(agreed(latest_plan(mari), await mari.now()))
        assert await since(mari, seen) == [
            ("2030-04-03", "referral.accepted"),
            ("2030-04-03", "place.received"),
            ("2030-04-03", "case_manager.appointed"),
            ("2030-04-10", "contact.logged"),
            ("2030-04-12", "challenge.lapsed"),
            ("2030-04-22", "assessment.completed"),
            ("2030-04-29", "plan.drafted"),
            ("2030-04-30", "plan.agreed"),
        ]

        # The budget is due on the 15th of May, the 1st being a holiday; it is decided the day after its day.
        await mari.until(date(2030, 5, 16))
        await mari.send(budget())
        await mari.send(ordered(hours=60))
        with pytest.raises(Refused, match="left to commit"):
            await mari.send(ordered(hours=1))
        assert await since(mari, seen) == [
            ("2030-05-08", "reminder.raised: budget before"),
            ("2030-05-15", "reminder.raised: budget on"),
            ("2030-05-16", "budget.decided"),
            ("2030-05-16", "service.committed"),
        ]

        # Sixty days after it was found that she had been wrong to be refused, on the first Monday of June, help should
        # have begun. It begins next day. Its decision could be challenged for thirty days; nobody does.
        await mari.until(date(2030, 6, 4))
        await mari.send(delivery(await mari.now(), minutes=180), actor=PROVIDER)
        await mari.until(date(2030, 7, 1))
        assert await since(mari, seen) == [
            ("2030-05-27", "reminder.raised: first-help before"),
            ("2030-06-03", "reminder.raised: first-help on"),
            ("2030-06-04", "delivery.recorded"),
            ("2030-06-18", "challenge.lapsed"),
        ]
        await mari.send(progress(await mari.now()))

        # A review every quarter, the fourth a full one, and a note on how it goes between two of them: the journey
        # remembers each, and goes on.
        reviews = []
        for _ in range(6):
            state = mari.state()
            assert isinstance(state, InDelivery)
            reviews.append((str(state.review_due.on), state.review_kind))
            await mari.until(state.review_due.on)
            await mari.send(review(await mari.now(), state.review_kind))
            await mari.send(delivery(await mari.now(), minutes=240), actor=PROVIDER)
            await mari.pass_days(45)
            await mari.send(progress(await mari.now()))
        assert reviews == [
            ("2030-08-16", "progress"),
            ("2030-11-18", "progress"),
            ("2031-02-18", "progress"),
            ("2031-05-19", "full"),
            ("2031-08-19", "progress"),
            ("2031-11-19", "progress"),
        ]
        once_round = [
            "reminder.raised: review before",
            "reminder.raised: review on",
            "review.held",
            "delivery.recorded",
            "progress.noted",
        ]
        assert [what for _, what in await since(mari, seen)] == ["progress.noted", *once_round * 6]

        # On the 19th of February 2032 she has reached what she wanted. What is owed is paid, and she leaves in March.
        await mari.until(date(2032, 2, 19))
        await mari.send(review(await mari.now(), "progress", outcome="exit"))
        await pay(mari)
        await mari.until(date(2032, 3, 1))
        gone = await mari.send(leaving(await mari.now()))
        assert (gone.stage, gone.waits_for, gone.settled) == ("exit", "what is left to settle", False)
        assert [what for _, what in await since(mari, seen)] == [
            "reminder.raised: review before", "reminder.raised: review on", "review.held", "deliveries.claimed",
            "payment.recorded", "reminder.raised: exit before", "journey.exited", "budget.settled",
        ]  # fmt: skip

        # When the exit can be challenged no more, the rest of the money goes back, and the path is at its end.
        await mari.until(date(2032, 5, 1))
        assert [what for _, what in await since(mari, seen)] == ["challenge.lapsed", "budget.settled"]
        assert await mari.ended() == WorkflowExecutionStatus.COMPLETED
        assert (await mari.standing()).version == len(seen)
        assert mari.store.types("agreement-tori")[-1] == "place.freed"
        for line in mari.state().file.accounts.values():
            assert line.paid == line.delivered == line.committed == line.allocated > 0
