"""The steps as Temporal sees them: one activity for each stage, named after it, so that a history tells the path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.messages import Outcome, Refusal, Stream, Submission
from activities.recording import Recorder
from domain.commands import STAGES
from domain.decision import Rejected
from domain.ports import StoreUnavailable, VersionConflict

log = structlog.get_logger()
STAND = "stand"
BUG = "bug"
BUG_TRIES = 3

Step = Callable[[Submission], Awaitable[Outcome]]


def activities(recorder: Recorder) -> Sequence[Callable[..., object]]:
    """Everything the journey's workflows call."""

    @activity.defn(name=STAND)
    async def stand(stream: Stream) -> Outcome:
        with structlog.contextvars.bound_contextvars(stream=stream.stream_id):
            return await _answered(recorder.stand(stream), STAND)

    return [stand, *(_of_stage(stage, recorder) for stage in STAGES)]


def _of_stage(stage: str, recorder: Recorder) -> Step:
    @activity.defn(name=stage)
    async def step(submission: Submission) -> Outcome:
        with structlog.contextvars.bound_contextvars(
            actor=submission.actor.id, stream=submission.stream_id, command_id=submission.command_id
        ):
            outcome = await _answered(recorder.record(submission), submission.command)
            log.info("step recorded", command=submission.command, version=outcome.version, events=outcome.events)
            return outcome

    return step


async def _answered(answer: Awaitable[Outcome], command: str) -> Outcome:
    """A refusal is an answer and ends the step at once. An outage is tried again for as long as it lasts. A bug is an
    alarm: after a few tries it fails this one step, instead of blocking the person for ever.

    What caused them stays here: Temporal would keep it as plain text, and what was sent in may stand in it."""
    try:
        return await answer
    except Rejected as refusal:
        log.info("step refused", command=command, code=refusal.code)
        raise _refused(refusal) from None
    except (StoreUnavailable, VersionConflict) as outage:
        log.warning("the record cannot be reached", error=str(outage))
        raise
    except Exception as bug:
        log.exception("step failed", command=command)
        last = activity.info().attempt >= BUG_TRIES
        raise ApplicationError(type(bug).__name__, type=BUG, non_retryable=last) from None


def _refused(refusal: Rejected) -> ApplicationError:
    told = Refusal(code=refusal.code, status=refusal.status, message=str(refusal), field=refusal.field)
    return ApplicationError(
        refusal.code, told, type=refusal.code, non_retryable=True, category=ApplicationErrorCategory.BENIGN
    )
