"""The whole path of one person, from the referral to the exit, as steps on an engine."""

from __future__ import annotations

from activities.messages import Outcome
from domain.stages.claiming import CheckClaimed, PayClaimed
from domain.working_days import local_date
from tests.activities.examples import (
    agreed,
    assessment,
    budget,
    call,
    delivery,
    eligible,
    leaving,
    ordered,
    plan,
)
from tests.workflows.engines import Engine


async def to_delivery(engine: Engine) -> Outcome:
    """Referred, eligible, placed, assessed, planned, agreed, budgeted, and help ordered."""
    await engine.refer()
    await engine.send(eligible())
    await engine.send(assessment(await engine.now()))
    await engine.send(plan(await engine.now()))
    await engine.send(agreed(latest_plan(engine), await engine.now()))
    await engine.send(budget())
    return await engine.send(ordered())


async def to_exit(engine: Engine, *, calls: int = 0) -> Outcome:
    """To delivery, help given once and paid, so many calls, and out."""
    await to_delivery(engine)
    await engine.send(delivery(await engine.now()))
    for _ in range(calls):
        await engine.send(call(await engine.now()))
    await pay(engine)
    return await engine.send(leaving(await engine.now()))


async def pay(engine: Engine) -> None:
    """What is owed for help given, as one claim."""
    file = engine.state().file
    owed = tuple(each.delivery_id for each in file.deliveries.values() if each.claimable)
    if owed:
        provider = file.deliveries[owed[0]].provider_id
        claim = f"claim-{len(file.deliveries)}"
        day = local_date(await engine.now())
        await engine.send(CheckClaimed(claim_id=claim, provider_id=provider, deliveries=owed))
        await engine.send(PayClaimed(claim_id=claim, paid_on=day, reference="invoice-1"))


def latest_plan(engine: Engine) -> str:
    drafted = [each for each in engine.store.facts(engine.journey) if each.type == "plan.drafted"]
    return str(drafted[-1].model_dump()["plan_id"])
