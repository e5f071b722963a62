"""Reports by schedule, on the development server: what is due is sent, a morning that was missed too, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client, ScheduleOverlapPolicy, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.reporting import ReportDue
from domain.places import SignAgreement
from domain.reports.period import Period, between
from domain.working_days import at_hour, local_date
from readmodels.projector import Pool
from starter.seeding import SEEDER
from tests.activities.examples import step
from tests.readmodels.databases import shown
from tests.reports.desk import Desk
from workflows.names import REPORT_SCHEDULE
from workflows.registry import runner
from workflows.reports import SendReports, ensure_report_schedule, reporting

QUEUE = "reports-alone"
TODAY = local_date(datetime.now(UTC))
OVER: Period = between("monthly", TODAY - timedelta(days=100), TODAY - timedelta(days=10))[-1]


async def a_desk(pool: Pool) -> Desk:
    """With one agreement since the month whose report is the latest due."""
    desk = Desk(pool)
    await desk.projector.prepare()
    signed = SignAgreement(
        agreement="tori", municipalities=("tori",), valid_from=OVER.first, places=5, coordinator="coordinator-a",
        synthetic=True,
    )  # fmt: skip
    await desk.recorder.record(step(signed, actor=SEEDER, at=at_hour(OVER.first, 8)))
    await shown(desk.projector, pool, desk.facts.name)
    return desk


@asynccontextmanager
async def working(client: Client, desk: Desk) -> AsyncIterator[None]:
    following = asyncio.create_task(desk.projector.run())
    try:
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[SendReports],
            activities=reporting(desk.reports),
            workflow_runner=runner(),
        ):
            yield
    finally:
        following.cancel()
        await asyncio.wait([following])


async def test_the_morning_s_run_sends_what_is_due_and_the_next_finds_nothing(client: Client, pool: Pool) -> None:
    desk = await a_desk(pool)
    async with working(client, desk):
        sent = await client.execute_workflow(SendReports.run, id="reports-first", task_queue=QUEUE)
        again = await client.execute_workflow(SendReports.run, id="reports-again", task_queue=QUEUE)
    assert (sent > 0, again) == (True, 0)
    for scope in ("tori", "coordinator-a", "ee"):
        report = await desk.sent("monthly", OVER.code, scope)
        assert report is not None, scope
        assert len(report.documents) == 1


async def test_a_report_that_cannot_be_sent_holds_up_no_other(
    client: Client, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await a_desk(pool)
    send = desk.reports.send
    [first, *others] = await desk.reports.due(datetime.now(UTC))

    async def fails(due: ReportDue) -> None:
        if (due.report, due.period) == (first.report, first.period):
            raise ApplicationError("as after all tries", non_retryable=True)
        await send(due)

    monkeypatch.setattr(desk.reports, "send", fails)
    async with working(client, desk):
        with pytest.raises(WorkflowFailureError) as failed:
            await client.execute_workflow(SendReports.run, id="reports-failing", task_queue=QUEUE)
    assert f"not sent: {first.report} {first.period}" in str(failed.value.cause)
    assert [await desk.sent(each.report, each.period, "ee") is not None for each in (first, *others)] == [
        False, *(True for _ in others),
    ]  # fmt: skip


async def test_a_run_that_died_between_two_scopes_is_gone_on_with(pool: Pool) -> None:
    """The whole is sent last, so that a period of which something is missing is due again."""
    desk = await a_desk(pool)
    [due, *_] = [each for each in await desk.reports.due(datetime.now(UTC)) if each.report == "monthly"]
    recorded = desk.recorder.record
    calls = 0

    async def dies(wanted: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ConnectionError
        return await recorded(wanted)  # type: ignore[arg-type]

    desk.recorder.record = dies  # type: ignore[method-assign,assignment]
    with pytest.raises(ConnectionError):
        await ActivityEnvironment().run(desk.reports.send, due)
    desk.recorder.record = recorded  # type: ignore[method-assign]
    assert due in await _at(desk, due)
    await ActivityEnvironment().run(desk.reports.send, due)
    assert [await desk.sent("monthly", due.period, scope) is not None for scope in ("tori", "coordinator-a", "ee")] == [
        True, True, True,
    ]  # fmt: skip
    assert due not in await _at(desk, due)


async def _at(desk: Desk, due: ReportDue) -> list[ReportDue]:
    """What is due then, as of the same moment."""
    await shown(desk.projector, desk.pool, desk.facts.name)
    return [each.model_copy(update={"moment": due.moment}) for each in await desk.reports.due(due.at)]


async def test_the_schedule_runs_every_morning_and_makes_up_for_those_it_missed(client: Client, pool: Pool) -> None:
    desk = await a_desk(pool)
    try:
        async with working(client, desk):
            for _ in range(2):  # every worker that starts does so
                await ensure_report_schedule(client, task_queue=QUEUE)
            handle = client.get_schedule_handle(REPORT_SCHEDULE)
            found = (await handle.describe()).schedule
            [morning] = found.spec.calendars
            assert ([each.start for each in morning.hour], found.spec.time_zone_name) == ([6], "Europe/Tallinn")
            assert found.policy.overlap == ScheduleOverlapPolicy.SKIP
            assert found.policy.catchup_window == timedelta(days=365)
    finally:
        await client.get_schedule_handle(REPORT_SCHEDULE).delete()
