"""The one place where a step is handed to Temporal: as an update that starts the workflow if none runs."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.messages import Outcome, Refusal, Submission, digest
from activities.stages import BUG
from domain.canonical import canonical
from domain.commands import COMMANDS
from domain.decision import Actor, Command
from workflows import names
from workflows.person_journey import JourneyStart, PersonJourney
from workflows.recording import RecordStep

ANSWER_WITHIN = timedelta(seconds=10)
AT_ONCE = 8  # Temporal takes 10 updates in flight per workflow
WAITING = 64  # per stream; whoever comes after these is asked to come again
TRIES = 5
CLOSING = frozenset({RPCStatusCode.NOT_FOUND, RPCStatusCode.ABORTED, RPCStatusCode.FAILED_PRECONDITION})
DOWN = frozenset(
    {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED, RPCStatusCode.UNKNOWN}
)


def step_of(
    command: Command, actor: Actor, *, stream_id: str, command_id: str, expected: int | None = None
) -> Submission:
    """A command on its way to a stream. The request hash covers what is asked for, not when or on which version."""
    data = command.model_dump(mode="json")
    return Submission(
        command=command.name,
        data=data,
        actor=actor,
        kind=command.kind,
        stream_id=stream_id,
        stage=str(command.stage),
        expected=expected,
        command_id=command_id,
        request_hash=digest(command.name, canonical(data).decode()),
    )


class Refused(Exception):
    """The step was decided, and refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Busy(Exception):
    """Too many steps at once for the same person; come again in a moment."""


class Unavailable(Exception):
    """The engine or the record does not answer; the same key tried again later finds out what became of the step."""


class Broken(Exception):
    """The step failed for a reason that is ours; it was not recorded."""


class Submitter:
    """Raises Refused, Busy, Unavailable or Broken. The same step sent many times at once is asked only once."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue
        self._asked: dict[str, asyncio.Task[Outcome]] = {}
        self._waiting: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}

    async def submit(self, step: Submission) -> Outcome:
        update_id = f"{step.command_id}-{step.request_hash}"
        asked = self._asked.get(update_id)
        if asked is None:
            asked = asyncio.create_task(self._in_turn(step, update_id))
            self._asked[update_id] = asked
            asked.add_done_callback(lambda done: self._answered(update_id, done))
        try:
            # Whoever gives up must not take the answer away from the others who asked the same.
            return await asyncio.wait_for(asyncio.shield(asked), ANSWER_WITHIN.total_seconds())
        except TimeoutError as late:
            raise Unavailable from late

    def _answered(self, update_id: str, done: asyncio.Task[Outcome]) -> None:
        self._asked.pop(update_id, None)
        if not done.cancelled():
            done.exception()  # taken note of, also when everybody who asked has gone

    async def reachable(self) -> bool:
        """Whether the engine answers."""
        try:
            return await self._client.service_client.check_health(timeout=timedelta(seconds=2))
        except (RPCError, RuntimeError):
            return False

    async def _in_turn(self, step: Submission, update_id: str) -> Outcome:
        stream = step.stream_id
        if self._waiting[stream] >= WAITING:
            raise Busy
        self._waiting[stream] += 1
        turns = self._turns.setdefault(stream, asyncio.Semaphore(AT_ONCE))
        try:
            async with turns:
                return await asyncio.wait_for(self._update(step, update_id), ANSWER_WITHIN.total_seconds())
        except TimeoutError as late:
            raise Unavailable from late
        finally:
            self._waiting[stream] -= 1
            if not self._waiting[stream]:
                del self._waiting[stream], self._turns[stream]

    async def _update(self, step: Submission, update_id: str) -> Outcome:
        for attempt in range(1, TRIES + 1):
            try:
                return await self._update_with_start(step, update_id)
            except WorkflowUpdateFailedError as failed:
                raise _told(failed) from failed
            except WorkflowUpdateRPCTimeoutOrCancelledError as late:
                raise Unavailable from late
            except RPCError as error:
                if error.status == RPCStatusCode.RESOURCE_EXHAUSTED:
                    raise Busy from error
                if error.status in DOWN or attempt == TRIES:
                    raise Unavailable from error
                if error.status not in CLOSING:
                    raise
                # The run closed just as the step arrived. The step was not taken, or its answer is in the record.
                await asyncio.sleep(0.02 * attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _update_with_start(self, step: Submission, update_id: str) -> Outcome:
        if step.kind == "journeys":
            if not COMMANDS[step.command].creates and (outcome := await self._running(step, update_id)) is not None:
                return outcome
            return await self._client.execute_update_with_start_workflow(
                PersonJourney.submit, step, id=update_id, start_workflow_operation=self._journey(step)
            )
        return await self._client.execute_update_with_start_workflow(
            RecordStep.submit, step, id=update_id, start_workflow_operation=self._short(step)
        )

    async def _running(self, step: Submission, update_id: str) -> Outcome | None:
        """Mostly the journey runs already; asking it alone takes a tenth less time than asking to start it as well."""
        running = self._client.get_workflow_handle(names.journey_workflow(step.stream_id))
        try:
            return await running.execute_update(PersonJourney.submit, step, id=update_id)
        except RPCError as absent:
            if absent.status is not RPCStatusCode.NOT_FOUND:
                raise
            return None

    def _journey(self, step: Submission) -> WithStartWorkflowOperation[PersonJourney, None]:
        return WithStartWorkflowOperation(
            PersonJourney.run,
            JourneyStart(journey_id=step.stream_id),
            id=names.journey_workflow(step.stream_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"One person's path ({step.stream_id})",
        )

    def _short(self, step: Submission) -> WithStartWorkflowOperation[RecordStep, None]:
        return WithStartWorkflowOperation(
            RecordStep.run,
            id=names.step_workflow(step.kind, step.stream_id, step.command_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"{step.command} for {step.stream_id}",
        )


def _told(failed: WorkflowUpdateFailedError) -> Exception:
    cause = failed.cause
    if not isinstance(cause, ApplicationError):
        return Unavailable()
    if cause.type == BUG or not cause.details:
        return Broken(str(cause))
    return Refused(Refusal.model_validate(cause.details[0]))
