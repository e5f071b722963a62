"""The way to Temporal: what it must know beforehand is made once, and a server that is away is told in one line."""

import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import BaseModel
from temporalio import workflow
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError
from temporalio.worker import Worker

from runtime.embedded import embedded, now, time_skipping_server
from runtime.settings import Settings
from runtime.temporal import SearchAttributes, SearchAttributeTaken, TemporalUnreachable, connect, ensure_namespace

STAGE = SearchAttributeKey.for_keyword("Stage")
DUE = SearchAttributeKey.for_datetime("Due")


class Waiting(BaseModel, frozen=True):
    since: datetime
    days: int


@workflow.defn(sandboxed=False)
class Wait:
    @workflow.run
    async def run(self, waiting: Waiting) -> Waiting:
        workflow.upsert_search_attributes([STAGE.value_set("waiting")])
        await workflow.sleep(timedelta(days=waiting.days))
        return waiting


def settings(address: str, namespace: str = "teekond") -> Settings:
    return Settings.model_validate(
        {
            "database_url": "postgresql://nobody@127.0.0.1/none",
            "match_key": "unused",
            "temporal_address": address,
            "temporal_namespace": namespace,
        }
    )


@pytest_asyncio.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    with tempfile.TemporaryDirectory(prefix="teekond-") as folder:
        async with embedded(Path(folder), postgres=False, durable=False) as services:
            yield await connect(settings(services.temporal_address, "another"))


async def retention(client: Client, namespace: str) -> int:
    found = await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    return found.config.workflow_execution_retention_ttl.ToTimedelta().days


async def test_histories_of_the_embedded_server_are_kept_a_month(client: Client) -> None:
    assert await retention(client, "teekond") == 30


async def test_a_namespace_is_made_once_and_works_at_once(client: Client) -> None:
    with pytest.raises(RPCError, match="not found"):  # the server remembers for a while what it did not find
        await client.count_workflows()
    steps: list[tuple[int, SearchAttributes]] = [(10, [STAGE]), (10, [STAGE]), (20, [STAGE, DUE])]
    for days, keys in steps:
        await ensure_namespace(client, retention=timedelta(days=days), search_attributes=keys)
        assert await retention(client, "another") == days
    due = datetime(2026, 3, 12, tzinfo=UTC)
    attributes = TypedSearchAttributes([SearchAttributePair(DUE, due)])
    async with Worker(client, task_queue="q", workflows=[Wait]):
        waiting = Waiting(since=due, days=0)
        assert (
            await client.execute_workflow(Wait.run, waiting, id="w", task_queue="q", search_attributes=attributes)
            == waiting
        )


async def test_a_search_attribute_cannot_change_its_type(client: Client) -> None:
    await ensure_namespace(client, retention=timedelta(days=20), search_attributes=[STAGE])
    number = SearchAttributeKey.for_int("Stage")
    with pytest.raises(SearchAttributeTaken, match="Stage"):
        await ensure_namespace(client, retention=timedelta(days=20), search_attributes=[number])


async def test_a_server_that_is_away_is_told_in_one_line() -> None:
    with pytest.raises(TemporalUnreachable) as away:
        await connect(settings("127.0.0.1:1"))
    assert str(away.value).startswith("Temporal cannot be reached at 127.0.0.1:1: ")
    assert "\n" not in str(away.value)


async def test_two_years_pass_in_a_moment_where_time_is_skipped() -> None:
    async with time_skipping_server([STAGE, DUE]) as environment:
        before = await now(environment)
        waiting = Waiting(since=before, days=730)
        async with Worker(environment.client, task_queue="q", workflows=[Wait]):
            assert await environment.client.execute_workflow(Wait.run, waiting, id="w", task_queue="q") == waiting
        assert await now(environment) - before >= timedelta(days=730)
