"""What the engine says to a step, and what its sender is told: done, refused, come again, or not there."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import httpx
import pytest
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.messages import Outcome, Refusal, Submission
from activities.stages import BUG
from domain.decision import SYSTEM
from domain.programme import load
from readmodels.claim_list import ClaimList
from readmodels.person_match import PersonMatch
from readmodels.work_queue import WorkQueue
from starter import submit
from starter.access import Parts
from starter.api import application
from starter.auth import TokenFile, fingerprint
from starter.scene import Scene
from starter.submit import AT_ONCE, TRIES, WAITING, Broken, Busy, Refused, Submitter, Unavailable
from tests.starter.bodies import User, a_person, refused, today

DONE = Outcome(version=2, stage="referral")


class Engine:
    """Answers in the order given, the last again and again; or never, if there is no answer."""

    def __init__(self, *answers: Outcome | Exception) -> None:
        self._answers = list(answers)
        self.asked = self.at_once = self.most_at_once = 0
        self.open = asyncio.Event()
        self.open.set()

    async def execute_update_with_start_workflow(self, *_: object, **__: object) -> Outcome:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
        finally:
            self.at_once -= 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get_workflow_handle(self, *_: object) -> Engine:
        return self

    execute_update = execute_update_with_start_workflow

    async def asked_by(self, many: int) -> None:
        """Returns when so many wait for an answer."""
        async with asyncio.timeout(5):
            while self.at_once != many:  # noqa: ASYNC110 — a few turns of the loop
                await asyncio.sleep(0)

    @property
    def submitter(self) -> Submitter:
        return Submitter(self, task_queue="test")  # type: ignore[arg-type]


class Today:
    async def today(self) -> date:
        return today()


def step(name: str = "c1", *, stream: str = "journey-1") -> Submission:
    return Submission(
        command="log-contact", data={}, actor=SYSTEM, kind="journeys", stream_id=stream, stage="throughout",
        command_id=name, request_hash="h",
    )  # fmt: skip


def rpc(status: RPCStatusCode) -> RPCError:
    return RPCError(status.name, status, b"")


async def test_a_run_that_has_just_closed_is_asked_again_until_a_new_one_takes_the_step() -> None:
    closing = (rpc(RPCStatusCode.NOT_FOUND), rpc(RPCStatusCode.NOT_FOUND), rpc(RPCStatusCode.ABORTED))

    assert await Engine(*closing, DONE).submitter.submit(step()) == DONE


async def test_a_run_that_goes_on_closing_is_unavailable_in_the_end() -> None:
    engine = Engine(rpc(RPCStatusCode.ABORTED))

    with pytest.raises(Unavailable):
        await engine.submitter.submit(step())
    assert engine.asked == TRIES


@pytest.mark.parametrize(
    "status",
    [RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.UNKNOWN],
    ids=lambda status: status.name,
)
async def test_an_engine_that_is_away_is_unavailable_at_once(status: RPCStatusCode) -> None:
    engine = Engine(rpc(status))

    with pytest.raises(Unavailable):
        await engine.submitter.submit(step())
    assert engine.asked == 1


async def test_an_engine_that_is_full_is_busy() -> None:
    with pytest.raises(Busy):
        await Engine(rpc(RPCStatusCode.RESOURCE_EXHAUSTED)).submitter.submit(step())


async def test_an_engine_that_does_not_let_us_in_is_no_outage() -> None:
    """Waiting does not help, so nobody is told to come again."""
    with pytest.raises(RPCError):
        await Engine(rpc(RPCStatusCode.PERMISSION_DENIED)).submitter.submit(step())


async def test_an_answer_that_does_not_come_in_time_is_unavailable_and_the_same_step_may_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(submit, "ANSWER_WITHIN", timedelta(seconds=0.05))
    engine = Engine(DONE)
    engine.open.clear()
    submitter = engine.submitter

    with pytest.raises(Unavailable):
        await submitter.submit(step())
    while submitter._asked:  # noqa: ASYNC110 — a few turns of the loop
        await asyncio.sleep(0)
    engine.open.set()

    assert await submitter.submit(step()) == DONE


async def test_an_engine_that_gives_up_waiting_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await Engine(WorkflowUpdateRPCTimeoutOrCancelledError()).submitter.submit(step())


async def test_a_refusal_comes_back_word_for_word() -> None:
    refusal = Refusal(code="wrong_stage", status=409, message="Not now.", field="on")
    failed = WorkflowUpdateFailedError(ApplicationError("Not now.", refusal.model_dump(), type="wrong_stage"))

    with pytest.raises(Refused) as refused:
        await Engine(failed).submitter.submit(step())
    assert refused.value.refusal == refusal


async def test_a_bug_is_neither_a_refusal_nor_an_outage() -> None:
    with pytest.raises(Broken):
        await Engine(WorkflowUpdateFailedError(ApplicationError("KeyError", type=BUG))).submitter.submit(step())


async def test_the_same_step_sent_many_times_is_asked_once_and_whoever_gives_up_takes_it_from_nobody() -> None:
    engine = Engine(DONE)
    engine.open.clear()
    submitter = engine.submitter
    impatient, *patient = [asyncio.create_task(submitter.submit(step())) for _ in range(100)]
    await engine.asked_by(1)
    impatient.cancel()
    engine.open.set()

    assert await asyncio.gather(*patient) == [DONE] * 99
    assert engine.asked == 1


async def test_one_person_takes_no_more_turns_than_the_engine_has_and_no_more_patience_than_there_is() -> None:
    engine = Engine(DONE)
    engine.open.clear()
    submitter = engine.submitter
    waiting = [asyncio.create_task(submitter.submit(step(f"c{number}"))) for number in range(WAITING)]
    await engine.asked_by(AT_ONCE)

    with pytest.raises(Busy):
        await submitter.submit(step("one more"))
    other = asyncio.create_task(submitter.submit(step("elsewhere", stream="journey-2")))
    await engine.asked_by(AT_ONCE + 1)
    engine.open.set()

    assert await asyncio.gather(*waiting, other) == [DONE] * (WAITING + 1)
    assert engine.most_at_once == AT_ONCE + 1
    assert await submitter.submit(step("one more")) == DONE


@pytest.mark.parametrize(
    ("failure", "status", "code", "retry_after"),
    [(Busy(), 429, "busy", "1"), (Unavailable(), 503, "unavailable", "2"), (Broken("secret"), 500, "broken", None)],
    ids=["busy", "unavailable", "broken"],
)
async def test_whoever_sent_it_is_told_when_to_come_again_and_nothing_of_our_insides(
    installation: Scene, failure: Exception, status: int, code: str, retry_after: str | None
) -> None:
    class Failing(Submitter):
        async def submit(self, step: Submission) -> Outcome:
            raise failure

    app = application(
        Parts(
            store=installation.store,
            codec=installation.codec,
            pool=installation.pool,
            queue=WorkQueue(installation.pool, installation.store, installation.codec),
            claims=ClaimList(installation.pool, installation.store, installation.codec),
            people=PersonMatch(installation.pool, b"unused"),
            submitter=Failing(installation.client, task_queue="test"),
            programme=load("demonstration"),
            authenticator=TokenFile({fingerprint("token"): SYSTEM}),
            clock=Today(),
        )
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        answer = await User(http, "token").post("/v1/persons/commands/register-person", a_person())

    refused(answer, status, code)
    assert answer.headers.get("Retry-After") == retry_after
    assert "secret" not in answer.text
