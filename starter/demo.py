"""The demo: one person's two years on real servers, told step by step; then a worker killed in mid-step; and the proofs."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from activities.messages import Outcome
from activities.sweeping import sweep
from domain.codec import Recorded
from domain.journey import BOUNDS, evolve, fold, pending, settled, stage_of
from domain.persons import CARE
from domain.states import Journey, waits_for
from domain.working_days import local_date
from readmodels.lookout import DatabaseLookout
from readmodels.place_count import PlaceCount
from readmodels.projector import Projector
from readmodels.work_queue import Filter, WorkQueue
from runtime.embedded import embedded, time_skipping_server
from starter.scene import Scene, scene, skipping
from starter.story import MUNICIPALITY, Caller, Story
from workflows import names
from workflows.person_journey import PersonJourney
from workflows.sweeping import TemporalEngine

Say = Callable[[str], None]
AT_ONCE = 24


class Disproved(Exception):
    """Something that must hold does not."""


async def tell_the_story(say: Say) -> int:
    """0 when everything went as told and every proof held, else 1."""
    say("One synthetic person's two years, on real PostgreSQL, Temporal, worker and API; only time is skipped.")
    try:
        with tempfile.TemporaryDirectory(prefix="teekond-demo-") as folder:
            home = _open_to_the_server(Path(folder))
            await _first_act(home / "skipping", say)
            await _second_act(home / "durable", say)
    except (Disproved, AssertionError) as wrong:
        say(f"\nNot proven: {wrong}")
        return 1
    say("\nAll of it held.")
    return 0


def _open_to_the_server(folder: Path) -> Path:
    """PostgreSQL refuses to run as root and needs to pass through to its data."""
    folder.chmod(0o711)
    return folder


async def _first_act(home: Path, say: Say) -> None:
    async with (
        embedded(home, temporal=False, durable=False) as services,
        time_skipping_server(names.SEARCH_ATTRIBUTES) as temporal,
        scene(home, services, skipping(temporal)) as on_stage,
        httpx.AsyncClient(base_url=on_stage.url, timeout=30) as http,
    ):
        story = Story(
            manager=on_stage.caller(http, f"case_manager.{MUNICIPALITY}"),
            person=on_stage.caller(http, f"person.{MUNICIPALITY}"),
            provider=on_stage.caller(http, f"provider.{MUNICIPALITY}"),
            skip=temporal.sleep,
            now=temporal.get_current_time,
            say=say,
        )
        await story.run()
        say("\nProven")
        await _prove(on_stage, story.journey, await temporal.get_current_time(), say)


async def _second_act(home: Path, say: Say) -> None:
    say("\nSecond act: the worker is killed in mid-step (durable Temporal, SIGKILL)")
    async with (
        embedded(home, search_attributes=names.SEARCH_ATTRIBUTES) as services,
        scene(home, services, {}) as on_stage,
        httpx.AsyncClient(base_url=on_stage.url, timeout=30) as http,
    ):
        manager = on_stage.caller(http, f"case_manager.{MUNICIPALITY}")
        journey_id = await _a_journey(manager)
        path, today = f"/v1/journeys/{journey_id}", str(local_date(datetime.now(UTC)))
        before = len((await on_stage.store.read(journey_id)).events)
        call = {"on": today, "channel": "call", "with_whom": "person", "reached": True}
        steps = [
            asyncio.create_task(manager.add(path, "log-contact", call, key=f"call-{number}"))
            for number in range(AT_ONCE)
        ]
        recorded = await _kill_in_mid_step(on_stage, journey_id, before)
        say(f"  {AT_ONCE} calls were being logged; the worker was killed when the record had {recorded} of them.")
        answers = await asyncio.gather(*steps)
        versions = sorted(int(str(answer["version"])) for answer in answers)
        events = await on_stage.history(journey_id)
        _must(
            versions == list(range(before + 1, before + AT_ONCE + 1)),
            "each call was answered with a version of its own",
        )
        _must(len(events) == before + AT_ONCE, "nothing was lost and nothing doubled")
        say(f"  A new worker took over; every call was answered, and is in the record once: {len(events)} events.")


async def _a_journey(manager: Caller) -> str:
    today = str(local_date(datetime.now(UTC)))
    person = await manager.create(
        "persons", "register-person",
        {
            "municipality": MUNICIPALITY, "given_name": "Jaan", "family_name": "Näidis", "birth_date": "1990-05-17",
            "sex": "male", "synthetic": True,
        },
    )  # fmt: skip
    consent: dict[str, object] = {"purpose": CARE, "recipient": MUNICIPALITY, "on": today}
    await manager.send(f"/v1/persons/{person['id']}", "give-consent", consent)
    begun = await manager.create(
        "journeys", "record-referral",
        {
            "person_id": person["id"], "municipality": MUNICIPALITY, "noticed_by": "doctor", "noticed_on": today,
            "reason": "Asks for help.", "agreed_on": today, "rights_explained_on": today, "complete_on": today,
        },
    )  # fmt: skip
    return str(begun["id"])


async def _kill_in_mid_step(on_stage: Scene, journey_id: str, before: int) -> int:
    worker = on_stage.running["worker"].process
    assert worker is not None
    while True:
        head = await on_stage.store.head(journey_id)
        if head is not None and head.version > before:
            os.kill(worker.pid, signal.SIGKILL)
            return head.version - before
        await asyncio.sleep(0)


# ── The proofs ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def _prove(on_stage: Scene, journey_id: str, now: datetime, say: Say) -> None:
    history = await on_stage.history(journey_id)
    state = _state_is_fold_at_every_version(history, journey_id)
    say(f"  state = fold(events) at each of {len(history)} versions")
    answers = await _answers_agree(on_stage, history, journey_id)
    say(f"  {answers} answers, kept word for word, say what the fold says at their version")
    await _all_agree(on_stage, journey_id, state, len(history))
    say("  workflow, record, work queue and API stand at the same version and stage")
    bounds = await _bounds_agree(on_stage, journey_id, state)
    say(
        f"  {bounds} bounds in the database equal the budget lines: paid <= accepted <= delivered <= committed <= allocated"
    )
    reminders = Counter(each.event.type for each in history)["reminder.raised"]
    _must(reminders > 0, "reminders fired by themselves")
    say(f"  {reminders} reminders fired by themselves in the skipped time")
    await _nothing_forgotten(on_stage, now)
    say("  the sweep finds nothing that anybody forgot")


def _state_is_fold_at_every_version(history: list[Recorded], journey_id: str) -> Journey:
    state: Journey | None = None
    for place, told in enumerate(history, start=1):
        _must(told.version == place, f"version {told.version} stands at place {place}")
        state = evolve(state, told.event, journey_id, told.version)
        again = fold((each.event for each in history[:place]), journey_id)
        _must(state == again, f"state and fold differ at version {place}")
    assert state is not None
    return state


async def _answers_agree(on_stage: Scene, history: list[Recorded], journey_id: str) -> int:
    """What each step was answered at its time, against what the events up to then come to now."""
    commands = dict.fromkeys(each.command_id for each in history)
    rows = await on_stage.pool.fetch("SELECT result FROM teekond.command WHERE command_id = ANY($1)", list(commands))
    for row in rows:
        kept = Outcome.model_validate_json(row["result"])
        state = fold((each.event for each in history[: kept.version]), journey_id)
        assert state is not None
        said = (kept.stage, kept.waits_for, kept.settled, [each.at for each in kept.deadlines])
        folded = (
            stage_of(state),
            waits_for(state),
            settled(state),
            [w.at for w in pending(state)][: len(kept.deadlines)],
        )
        _must(said == folded, f"the answer at version {kept.version} differs from the fold")
    _must(len(rows) == len(commands), "every command has its answer")
    return len(rows)


async def _all_agree(on_stage: Scene, journey_id: str, state: Journey, version: int) -> None:
    handle = on_stage.client.get_workflow_handle(names.journey_workflow(journey_id))
    standing = await handle.query(PersonJourney.standing)
    assert standing is not None
    queue = WorkQueue(on_stage.pool, on_stage.store, on_stage.codec)
    projector = Projector(on_stage.pool, on_stage.store, on_stage.codec, [queue])
    await projector.to_the_end()
    rows, _ = await queue.page(Filter(open=None), cursor=None, limit=10)
    row = next(each for each in rows if each.journey_id == journey_id)
    stands = {(standing.version, standing.stage), (row.version, row.stage), (version, str(stage_of(state)))}
    _must(len(stands) == 1, f"they stand at different places: {stands}")


async def _bounds_agree(on_stage: Scene, journey_id: str, state: Journey) -> int:
    checked = 0
    for line_id, account in state.file.accounts.items():
        for name, used, allowed in BOUNDS:
            quota = await on_stage.store.quota(f"line/{journey_id}/{line_id}/{name}")
            stands = (quota.used, quota.allowed) if quota else (0, 0)
            _must(stands == (used(account), allowed(account)), f"{line_id}/{name}: {stands}")
            checked += 1
    return checked


async def _nothing_forgotten(on_stage: Scene, now: datetime) -> None:
    """This server has no schedules, so the sweep is asked directly."""
    lookout = DatabaseLookout(on_stage.pool, PlaceCount(on_stage.pool, on_stage.store, on_stage.codec))
    engine = TemporalEngine(on_stage.client, task_queue=names.TASK_QUEUE)
    woken = await sweep(lookout, engine, now=now, grace=timedelta(0))
    _must(woken == 0, f"{woken} journeys had to be woken")


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise Disproved(what)
