"""How a workflow hands a step to the activity that decides it, and what it does with the answer."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.messages import Outcome, Stream, Submission
    from activities.stages import STAND

# An outage never fails a step: it is tried again for as long as it lasts. After the threshold the waiting is done by a
# timer, so that a worker's slot is not held through a long one.
RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10))
START_TO_CLOSE = timedelta(seconds=20)
RETRY_THRESHOLD = timedelta(seconds=20)


async def relay(step: Submission) -> Outcome:
    return await _answer(step.stage, step.model_copy(update={"at": workflow.now()}))


async def stand(kind: str, stream_id: str) -> Outcome:
    return await _answer(STAND, Stream(kind=kind, stream_id=stream_id, at=workflow.now()))


async def _answer(activity: str, question: Submission | Stream) -> Outcome:
    """The activity's answer; its refusal as it was given, so that the caller reads our code, not Temporal's."""
    try:
        outcome: Outcome = await workflow.execute_local_activity(
            activity,
            question,
            result_type=Outcome,
            start_to_close_timeout=START_TO_CLOSE,
            retry_policy=RETRY,
            local_retry_threshold=RETRY_THRESHOLD,
        )
    except ActivityError as failed:
        if isinstance(failed.cause, ApplicationError):
            raise failed.cause from failed
        raise
    return outcome
