"""Reports, every morning by schedule: what is due is sent, and what became known since is told with the next one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from temporalio import activity, workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.exceptions import ActivityError, ApplicationError

from workflows import names
from workflows.claims import RETRY, SIGN_OF_LIFE

with workflow.unsafe.imports_passed_through():
    from activities.reporting import ReportDue, Reports

DUE, SEND = "reports-due", "send-report"
TRIES = replace(RETRY, maximum_attempts=30)  # half an hour of an outage; a bug must not hold up the others for ever
LOOK, WHOLE = timedelta(minutes=5), timedelta(hours=1)
HOUR = 6  # local: reports are there when the working day begins
MISSED = timedelta(days=365)  # a morning that was missed is made up for; the next would do so too


@workflow.defn(name="SendReports")
class SendReports:
    """One after the other, the earliest first. One that cannot be sent holds up no other: it is tried again next morning,
    and the run is seen to have failed."""

    @workflow.run
    async def run(self) -> int:
        due: list[ReportDue] = await workflow.execute_activity(
            DUE,
            workflow.now(),
            result_type=list[ReportDue],
            start_to_close_timeout=LOOK,
            retry_policy=RETRY,
        )
        failed: list[str] = []
        for each in due:
            try:
                await workflow.execute_activity(
                    SEND,
                    each,
                    start_to_close_timeout=WHOLE,
                    heartbeat_timeout=SIGN_OF_LIFE,
                    retry_policy=TRIES,
                    summary=f"{each.report} {each.period}",
                )
            except ActivityError:
                failed.append(f"{each.report} {each.period}")
        if failed:
            raise ApplicationError(f"not sent: {', '.join(failed)}", non_retryable=True)
        return len(due)


def reporting(reports: Reports) -> list[Callable[..., object]]:
    @activity.defn(name=DUE)
    async def due(at: datetime) -> list[ReportDue]:
        return await reports.due(at)

    @activity.defn(name=SEND)
    async def send(report: ReportDue) -> None:
        await reports.send(report)

    return [due, send]


async def ensure_report_schedule(client: Client, *, task_queue: str) -> None:
    """Safe to repeat, by every worker that starts."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(SendReports.run, id="reports", task_queue=task_queue),
        spec=ScheduleSpec(
            calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(HOUR)])], time_zone_name="Europe/Tallinn"
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=MISSED),
        state=ScheduleState(note="Sends the reports that are due"),
    )
    try:
        await client.create_schedule(names.REPORT_SCHEDULE, schedule, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        return
