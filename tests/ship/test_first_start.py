"""The first start of an installation, as far as it goes without containers: roles, migration, namespace, worker."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.worker import Worker

from eventstore.migrate import migrate
from eventstore.postgres import PostgresEventStore, create_pool
from runtime.cluster import binaries
from runtime.embedded import Services
from runtime.polling import polled_here, polls
from runtime.temporal import connect
from starter.local import settings_from
from tests.eventstore.conftest import Server, start_postgres
from tests.ship.compose import ROOT
from workflows.names import SEARCH_ATTRIBUTES
from workflows.registry import WORKFLOWS, runner

ROLES = ROOT / "deploy" / "postgres" / "roles.sql"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A cluster as its image leaves it: the superuser, and what `roles.sql` adds."""
    with start_postgres() as running:
        yield running


def psql(server: Server, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(binaries() / "psql"), "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-q", "-f", str(ROLES)]
    environment = {"PATH": os.defpath, **environment}
    return subprocess.run(
        [*command, server.dsn("postgres")], env=environment, capture_output=True, text=True, check=False
    )


async def test_roles_migration_and_the_applications_login_fit_together(server: Server) -> None:
    assert psql(server).returncode != 0, "without passwords there must be no logins"
    done = psql(server, OWNER_PASSWORD="first", SERVICE_PASSWORD="second")
    assert done.returncode == 0, done.stderr

    owner = await asyncpg.connect(server.dsn("teekond", "teekond_owner"))
    try:
        assert await migrate(owner)
    finally:
        await owner.close()

    pool = await create_pool(server.dsn("teekond", "teekond_service"), max_size=1)
    try:
        assert await PostgresEventStore(pool).head("journey-none") is None
        await pool.execute("CREATE TABLE read.made_by_the_application (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute("DELETE FROM teekond.event")
    finally:
        await pool.close()


async def test_the_health_check_ends_as_it_says(services: Services) -> None:
    """Not with an abort at exit, which would count as ill."""
    environment = {**os.environ, **services.environment(), "TEEKOND_TASK_QUEUE": "nobody-polls-here"}
    command = [sys.executable, "-m", "runtime.polling"]
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        assert await process.wait() == 1


async def test_migrate_prepares_temporal_as_well_and_can_be_repeated(services: Services) -> None:
    namespace = f"shipped-{uuid4().hex[:8]}"
    environment = {**os.environ, **services.environment(), "TEEKOND_TEMPORAL_NAMESPACE": namespace}
    for _ in range(2):
        command = [sys.executable, "-m", "starter.cli", "migrate", "--temporal"]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
        assert await process.wait() == 0

    settings = settings_from({**services.environment(), "TEEKOND_TEMPORAL_NAMESPACE": namespace})
    client = await connect(settings)
    for attribute in SEARCH_ATTRIBUTES:
        assert (await client.count_workflows(f"`{attribute.name}` IS NULL")).count == 0

    assert not await polled_here(settings)
    async with Worker(client, task_queue=settings.task_queue, workflows=WORKFLOWS, workflow_runner=runner()):
        async with asyncio.timeout(10):
            while not await polled_here(settings):
                pass


@pytest.mark.parametrize(
    ("identity", "ago", "healthy"),
    [
        ("7@here", timedelta(seconds=70), True),
        ("7@here", timedelta(minutes=3), False),
        ("7@there", timedelta(seconds=1), False),
        ("7@not-here", timedelta(seconds=1), False),
    ],
)
def test_a_worker_is_healthy_if_it_polls_itself_and_still_does(identity: str, ago: timedelta, healthy: bool) -> None:
    """Another machine's worker is no sign of life, nor is one that Temporal only remembers."""
    now = datetime(2026, 3, 12, tzinfo=UTC)
    seen = Timestamp()
    seen.FromDatetime(now - ago)
    assert polls([PollerInfo(identity=identity, last_access_time=seen)], host="here", now=now) is healthy
