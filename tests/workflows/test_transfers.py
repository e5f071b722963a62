"""A journey that moves goes on in its own workflow: what comes by itself goes by where it is, and settles where it was."""

from __future__ import annotations

from datetime import timedelta

from domain.events import BudgetSettled
from domain.persons import CARE, GiveConsent
from domain.stages.transferring import AcceptTransfer, OfferTransfer
from domain.working_days import local_date
from tests.activities.examples import NEIGHBOUR
from tests.workflows.engines import PERSON, SkippingEngine, skipping_engine
from tests.workflows.paths import to_delivery
from workflows import names


async def moved_on(engine: SkippingEngine) -> None:
    """To Tapa, on the next day."""
    today = local_date(await engine.now())
    await engine.behind_its_back(GiveConsent(purpose=CARE, recipient="tapa", on=today), PERSON)
    await engine.send(OfferTransfer(to="tapa", from_on=today + timedelta(days=1), reason="Synthetic: moves."))
    await engine.pass_days(1)
    await engine.send(AcceptTransfer(), actor=NEIGHBOUR)


async def test_the_same_run_goes_on_and_is_found_under_the_other_municipality() -> None:
    async with skipping_engine() as engine:
        await to_delivery(engine)
        before = (await engine.handle().describe()).run_id
        await moved_on(engine)
        described = await engine.handle().describe()
        assert described.run_id == before
        assert described.typed_search_attributes[names.MUNICIPALITY] == "tapa"
        assert (await engine.standing()).municipality == "tapa"


async def test_the_plan_is_reminded_of_and_the_former_budget_settled_by_themselves() -> None:
    async with skipping_engine() as engine:
        await to_delivery(engine)
        await moved_on(engine)
        day = local_date(await engine.now())
        file = engine.state().file
        (due,) = file.settlements.values()
        assert due.on == day + timedelta(days=61)
        assert file.accounts["recovery"].allocated > 0
        await engine.until(due.on + timedelta(days=1))
        raised = [(what, step) for what, step, *_ in engine.reminders()]
        assert raised[:2] == [("plan", "before"), ("plan", "on")]
        (*_, last) = (each for each in engine.store.facts(engine.journey) if isinstance(each, BudgetSettled))
        assert (last.final, last.last_day) == (True, day - timedelta(days=1))
        assert engine.state().file.accounts["recovery"].allocated == 0
