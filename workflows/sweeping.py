"""The sweep, once a minute by schedule: what the record knows and no workflow does is woken up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from temporalio import activity, workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition, RetryPolicy, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from workflows import names
from workflows.claims import SettleClaim
from workflows.hand_over import HandOverCases
from workflows.notices import SendNotice
from workflows.person_journey import JourneyStart, PersonJourney
from workflows.places import Places

with workflow.unsafe.imports_passed_through():
    from activities.messages import Submission
    from activities.notifying import Notice
    from activities.sweeping import SWEEP, sweep
    from domain.ports import Lookout

QUERY_TIMEOUT = timedelta(seconds=5)


@workflow.defn(name="Sweep")
class Sweep:
    @workflow.run
    async def run(self) -> int:
        woken: int = await workflow.execute_activity(
            SWEEP,
            result_type=int,
            start_to_close_timeout=timedelta(minutes=5),
            retry_policy=RetryPolicy(maximum_attempts=3),
        )
        return woken


def sweep_activity(lookout: Lookout, engine: TemporalEngine) -> Callable[[], Awaitable[int]]:
    @activity.defn(name=SWEEP)
    async def swept() -> int:
        return await sweep(lookout, engine, now=datetime.now(UTC))

    return swept


async def ensure_schedule(client: Client, *, task_queue: str) -> None:
    """Safe to repeat, by every worker that starts."""
    action = ScheduleActionStartWorkflow(Sweep.run, id="sweep", task_queue=task_queue)
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(minutes=1))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
        state=ScheduleState(note="Wakes journeys whose record is ahead of their workflow"),
    )
    try:
        await client.create_schedule(names.SWEEP_SCHEDULE, schedule)
    except ScheduleAlreadyRunningError:
        return


class TemporalEngine:
    """Wakes workflows; starts those that do not run, from the record."""

    def __init__(self, client: Client, *, task_queue: str) -> None:
        self._client = client
        self._task_queue = task_queue

    async def known_version(self, journey_id: str) -> int | None:
        """Also of a run that ended because all was settled; not of one that was ended from outside."""
        handle = self._client.get_workflow_handle(names.journey_workflow(journey_id))
        try:
            latest = await handle.query(
                PersonJourney.standing,
                reject_condition=QueryRejectCondition.NOT_COMPLETED_CLEANLY,
                rpc_timeout=QUERY_TIMEOUT,
            )
        except (WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return None
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise
        return None if latest is None else latest.version

    async def wake_journey(self, journey_id: str) -> None:
        await self._to_journey(journey_id, "wake", [])

    async def tell_journey(self, step: Submission) -> None:
        await self._to_journey(step.stream_id, "tell", [step])

    async def _to_journey(self, journey_id: str, signal: str, args: list[Submission]) -> None:
        await self._client.start_workflow(
            PersonJourney.run,
            JourneyStart(journey_id=journey_id),
            id=names.journey_workflow(journey_id),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal=signal,
            start_signal_args=args,
        )

    async def settle_claim(self, claim_id: str, phase: str) -> None:
        await self._client.start_workflow(
            SettleClaim.run,
            claim_id,
            id=names.claim_workflow(claim_id, phase),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def hand_over(self, handover_id: str, *, back: bool) -> None:
        await self._client.start_workflow(
            HandOverCases.run,
            args=[handover_id, back],
            id=names.handover_workflow(handover_id, back=back),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def send_notice(self, notice: Notice) -> None:
        """Once, also when it is asked for again after the notice has gone."""
        with suppress(WorkflowAlreadyStartedError):
            await self._client.start_workflow(
                SendNotice.run,
                notice,
                id=names.notice_workflow(notice.journey_id, notice.deadline_id, notice.step, notice.recipient),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )

    async def wake_places(self, agreement: str) -> None:
        await self._client.start_workflow(
            Places.run,
            agreement,
            id=names.places_workflow(agreement),
            task_queue=self._task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="look",
        )
