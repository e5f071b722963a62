"""A whole installation on embedded servers, seen from behind the stage: for the demo and for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from domain.cipher import NullCipher
from domain.codec import Codec, Recorded
from domain.programme import Programme, load
from domain.working_days import local_date
from eventstore.postgres import PostgresEventStore, create_pool
from readmodels.projector import Pool
from runtime.embedded import Services
from runtime.processes import free_port
from runtime.temporal import connect
from starter.local import Part, new_tokens, own_settings, parts, prepare_database, ready, settings_from
from starter.seeding import seed
from starter.story import Caller
from starter.submit import Submitter


@dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """A running installation, as the demo's author sees it from behind the stage."""

    url: str
    tokens: dict[str, str]
    pool: Pool
    store: PostgresEventStore
    codec: Codec
    client: Client
    running: dict[str, Part]
    environment: dict[str, str]

    def caller(self, http: httpx.AsyncClient, actor: str) -> Caller:
        return Caller(http, self.tokens[actor], actor)

    async def history(self, stream_id: str) -> list[Recorded]:
        return [self.codec.decode(each) for each in (await self.store.read(stream_id)).events]


@asynccontextmanager
async def scene(
    home: Path, services: Services, engine: Mapping[str, str], *, programme: Programme | None = None
) -> AsyncIterator[Scene]:
    """Worker and API as processes of their own, on these services, with what the demonstration needs recorded; or with the
    agreements and providers of another programme."""
    await prepare_database(services)
    programme = programme or load("demonstration")
    port = free_port(None)
    tokens = new_tokens(home, programme)
    environment = {**own_settings(home, services), "TEEKOND_API_PORT": str(port), **engine}
    settings = settings_from(environment)
    url = f"http://127.0.0.1:{port}"
    client, pool = await connect(settings), await create_pool(services.database_url)
    try:
        async with parts(environment, logs=home, report=lambda _: None) as running:
            await ready(url)
            submitter = Submitter(client, task_queue=settings.task_queue)
            await seed(submitter, programme, on=local_date(datetime.now(UTC)))
            store = PostgresEventStore(pool)
            yield Scene(
                url=url,
                tokens=tokens,
                pool=pool,
                store=store,
                codec=Codec(NullCipher()),
                client=client,
                running=running,
                environment=environment,
            )
    finally:
        await pool.close()


def skipping(temporal: WorkflowEnvironment) -> dict[str, str]:
    return {
        "TEEKOND_TIME_SKIPPING": "true",
        "TEEKOND_TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
        "TEEKOND_TEMPORAL_NAMESPACE": temporal.client.namespace,
    }
