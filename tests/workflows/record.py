"""Records the histories that later code must be able to replay: `python -m tests.workflows.record`. Only ever add to them.

Each is of synthetic people and synthetic words; what was recorded once stands for journeys that are under way.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path

from temporalio.client import WorkflowHistory

from activities.messages import own_step
from domain.places import stream_of
from starter.submit import Refused
from tests.activities.examples import (
    PATIENCE_SECONDS,
    a_person,
    call,
    eligible,
    given_a_person,
    leaving,
    not_eligible,
    referral,
    step,
)
from tests.workflows.engines import Engine, impatient_server, real_engine, skipping_engine
from tests.workflows.paths import to_delivery, to_exit
from workflows.names import journey_workflow, places_workflow, step_workflow
from workflows.person_journey import PersonJourney
from workflows.places import Places

HISTORIES = Path(__file__).parent / "histories"
# The machine it was recorded on is nobody's business, and no replay looks at either.
ANYBODY = re.compile(r'"identity": ?"[^"]*"')
ANYWHERE = re.compile(r'"stackTrace": ?"(?:[^"\\]|\\.)*"')


async def a_refused_journey() -> list[WorkflowHistory]:
    """Reminded before the decision and on its day, refused, and settled when nobody challenged it."""
    async with skipping_engine() as engine:
        await engine.refer()
        await engine.pass_days(15)
        await engine.send(not_eligible())
        await engine.pass_days(60)
        await engine.ended()
        return [await engine.history()]


async def a_journey_in_delivery() -> list[WorkflowHistory]:
    """To delivery, with a refusal on the way, a thing told, a wake, and the reminders of its review."""
    async with skipping_engine() as engine:
        await to_delivery(engine)
        data: dict[str, object] = {"purpose": "person_centred_care", "recipient": "tori"}
        await engine.handle().signal(
            PersonJourney.tell, own_step("note-lapsed-consent", engine.journey, "synthetic", data=data)
        )
        try:
            await engine.send(eligible())
        except Refused:
            await engine.behind_its_back(call(await engine.now()))
        await engine.handle().signal(PersonJourney.wake)
        await engine.stands_at(len(engine.store.facts(engine.journey)))
        await engine.pass_days(120)
        return [await engine.history()]


async def a_journey_in_several_runs() -> list[WorkflowHistory]:
    """From the referral to the exit, on a server that suggests a new run early."""
    async with impatient_server(events=60) as client:
        engine = await real_engine(client)
        async with engine.worker():
            first = await engine.refer()
            assert first.version == 1
            await engine.send(eligible())
            runs = [await _run_id(engine)]
            for number in range(12):
                await engine.send(call(await engine.now(), f"Synthetic call {number}."))
                runs.append(await _run_id(engine))
            await engine.send(leaving(await engine.now()))
            runs.append(await _run_id(engine))
            workflow = journey_workflow(engine.journey)
            return [
                await client.get_workflow_handle(workflow, run_id=run).fetch_history() for run in dict.fromkeys(runs)
            ]


async def _run_id(engine: Engine) -> str:
    return (await engine.handle().describe()).run_id


async def a_whole_journey() -> list[WorkflowHistory]:
    async with skipping_engine() as engine:
        await to_exit(engine, calls=2)
        await engine.pass_days(60)
        await engine.ended()
        return [await engine.history()]


async def places() -> list[WorkflowHistory]:
    """Two wait, two places are free, two offers are made. The recording is of a time when offers did not expire."""
    async with skipping_engine() as engine:
        at = await engine.now()
        for number in range(28):
            await given_a_person(engine.recorder, at, f"person-{number}")
            await engine.behind_its_back(referral(f"person-{number}", at), f"journey-{number}")
            await engine.behind_its_back(eligible(), f"journey-{number}")
        for number in range(2):
            await engine.behind_its_back(leaving(at), f"journey-{number}")
        handle = await engine.client.start_workflow(
            Places.run, "tori", id=places_workflow("tori"), task_queue=engine.queue
        )
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
        assert engine.store.types(stream_of("tori")).count("place.offered") == 2
        return [await handle.fetch_history()]


async def offers() -> list[WorkflowHistory]:
    """One waits, one place is free; the offer is not answered in time, and nobody else waits."""
    async with skipping_engine() as engine:
        at = await engine.now()
        for number in range(27):
            await given_a_person(engine.recorder, at, f"person-{number}")
            await engine.behind_its_back(referral(f"person-{number}", at), f"journey-{number}")
            await engine.behind_its_back(eligible(), f"journey-{number}")
        await engine.behind_its_back(leaving(at), "journey-0")
        handle = await engine.client.start_workflow(
            Places.run, "tori", id=places_workflow("tori"), task_queue=engine.queue
        )
        await engine.store.until(lambda: "place.offered" in engine.store.types(stream_of("tori")))
        await engine.skip(timedelta(days=8))
        await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
        assert engine.store.types(stream_of("tori"))[-1] == "offer.passed"
        return [await handle.fetch_history()]


async def a_short_step() -> list[WorkflowHistory]:
    """A person registered, and refused to be registered again."""
    async with skipping_engine() as engine:
        histories = []
        for key in ("once", "twice"):
            try:
                await engine.send(a_person(), "person-1", key=key)
            except Refused:
                assert key == "twice"
            command_id = step(a_person(), "person-1", key=key).command_id
            handle = engine.client.get_workflow_handle(step_workflow("persons", "person-1", command_id))
            await asyncio.wait_for(handle.result(), PATIENCE_SECONDS)
            histories.append(await handle.fetch_history())
        return histories


async def record() -> None:
    for name, histories in {
        "a_refused_journey": await a_refused_journey(),
        "a_journey_in_delivery": await a_journey_in_delivery(),
        "a_journey_in_several_runs": await a_journey_in_several_runs(),
        "a_whole_journey": await a_whole_journey(),
        "places": await places(),
        "offers": await offers(),
        "a_short_step": await a_short_step(),
    }.items():
        for number, history in enumerate(histories, start=1):
            path = HISTORIES / f"{name}_{number}.json"
            if not path.exists():
                told = ANYBODY.sub('"identity": "recorder"', history.to_json())
                path.write_text(ANYWHERE.sub('"stackTrace": ""', told) + "\n")


if __name__ == "__main__":
    asyncio.run(record())
