"""Journeys that are under way go on with today's code: recorded histories replay, and what would break them is seen.

`python -m tests.workflows.record` adds a recording; what was recorded is never edited or made anew.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.workflow import NondeterminismError

from activities.messages import Outcome, Submission
from runtime.temporal import converter
from workflows import person_journey
from workflows.person_journey import JourneyStart, PersonJourney
from workflows.registry import WORKFLOWS, runner
from workflows.relaying import _answer

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))
JOURNEYS = [path for path in HISTORIES if "journey" in path.name]


def recorded(path: Path) -> WorkflowHistory:
    """The id is known to whoever exports a history, and not part of it; no workflow of ours looks at it."""
    return WorkflowHistory.from_json("a-recorded-workflow", path.read_text())


async def replayed(
    path: Path, *, workflows: list[type] = WORKFLOWS, sandbox: WorkflowRunner | None = None
) -> Exception | None:
    """What went wrong."""
    replayer = Replayer(workflows=workflows, workflow_runner=sandbox or runner(), data_converter=converter())
    result = await replayer.replay_workflow(recorded(path), raise_on_replay_failure=False)
    return result.replay_failure


@workflow.defn(name="PersonJourney")
class WaitsFirst(PersonJourney):
    """Somebody has put a pause before everything else."""

    @workflow.init
    def __init__(self, start: JourneyStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: JourneyStart) -> None:
        await workflow.sleep(timedelta(seconds=1))
        await super().run(start)


def test_there_are_histories_of_every_kind_of_run() -> None:
    kinds = {path.stem.rpartition("_")[0] for path in HISTORIES}
    assert kinds >= {
        "a_refused_journey", "a_journey_in_delivery", "a_journey_in_several_runs", "a_whole_journey", "places", "offers",
        "a_short_step",
    }  # fmt: skip


def test_one_history_ends_in_a_new_run_and_the_next_begins_there() -> None:
    ends = [recorded(path).events[-1] for path in HISTORIES if path.stem.startswith("a_journey_in_several_runs")]
    assert len(ends) > 1
    assert all(end.HasField("workflow_execution_continued_as_new_event_attributes") for end in ends[:-1])


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_recorded_history_replays(path: Path) -> None:
    assert await replayed(path) is None


@pytest.mark.parametrize("path", JOURNEYS, ids=lambda path: path.stem)
async def test_a_workflow_that_does_something_more_does_not_replay(path: Path) -> None:
    """The control of the test before: such a change would strand every journey under way, and is seen here."""
    failure = await replayed(path, workflows=[WaitsFirst], sandbox=UnsandboxedWorkflowRunner())
    assert isinstance(failure, NondeterminismError)


@pytest.mark.parametrize("path", JOURNEYS, ids=lambda path: path.stem)
async def test_a_workflow_that_calls_its_activity_by_another_name_does_not_replay(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def renamed(step: Submission) -> Outcome:
        return await _answer(f"{step.stage}-stage", step.model_copy(update={"at": workflow.now()}))

    monkeypatch.setattr(person_journey, "relay", renamed)
    failure = await replayed(path, sandbox=UnsandboxedWorkflowRunner())
    assert isinstance(failure, NondeterminismError)


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
def test_a_recorded_history_holds_synthetic_text_alone(path: Path) -> None:
    """Free text in it says so itself; the only name is that of the example, marked synthetic."""
    for text in _texts(json.loads(path.read_text())):
        assert "Synthetic" in text or text in {"A walk.", "Mari", "Näidis"} or CODE.fullmatch(text), text


def _texts(found: object, key: str = "") -> Iterator[str]:
    """Everything somebody wrote in words: strings under the keys of the catalogue's free-text fields."""
    if isinstance(found, dict):
        for name, each in found.items():
            if name == "data" and isinstance(each, str):
                yield from _texts(json.loads(base64.b64decode(each) or b"null"))
            yield from _texts(each, name)
    elif isinstance(found, list):
        for each in found:
            yield from _texts(each, key)
    elif isinstance(found, str) and key in WORDS:
        yield found


CODE = re.compile(r"[a-z_]+")  # goal_reached
WORDS = frozenset(
    {
        "given_name", "family_name", "note", "reason", "reasons", "grounds", "own_words", "specialist", "carer",
        "main_goal", "words", "helper", "help", "crisis_plan", "summary", "phone", "email", "address",
    }
)  # fmt: skip
