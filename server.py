"""Wires the API: settings → the record, the engine → one ASGI application. Run by `teekond api`."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, date, datetime

import uvicorn
import uvloop
from google.protobuf.empty_pb2 import Empty
from temporalio.client import Client

from activities.publishing import follow
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.programme import load as load_programme
from domain.working_days import local_date
from eventstore.postgres import PostgresEventStore, create_pool
from readmodels.claim_list import ClaimList
from readmodels.person_match import PersonMatch
from readmodels.work_queue import WorkQueue
from runtime.lifetime import leave, until_stopped
from runtime.settings import Settings, SettingsError, load
from runtime.telemetry import configure
from runtime.temporal import connect
from starter.access import Clock, Parts
from starter.api import application
from starter.auth import TokenFile
from starter.counting import Processes
from starter.ending import in_one_line
from starter.submit import Submitter


class WallClock:
    async def today(self) -> date:
        return local_date(datetime.now(UTC))


class EngineClock:
    """The time-skipping server's own time."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def today(self) -> date:
        now = await self._client.test_service.get_current_time(Empty())
        return local_date(now.time.ToDatetime(tzinfo=UTC))


async def serve(settings: Settings) -> None:
    if settings.match_key is None:
        raise SettingsError("TEEKOND_MATCH_KEY is not set; an API needs it to find people by their personal codes")
    stopped = until_stopped()
    client = await connect(settings)
    pool = await create_pool(settings.database_url.get_secret_value())
    store, codec = PostgresEventStore(pool), Codec(NullCipher())
    clock: Clock = EngineClock(client) if settings.time_skipping else WallClock()
    parts = Parts(
        store=store,
        codec=codec,
        pool=pool,
        queue=WorkQueue(pool, store, codec),
        claims=ClaimList(pool, store, codec),
        people=PersonMatch(pool, settings.match_key.get_secret_value().encode()),
        submitter=Submitter(client, task_queue=settings.task_queue),
        programme=load_programme(settings.programme),
        authenticator=TokenFile.read(settings.tokens_file) if settings.tokens_file else TokenFile({}),
        clock=clock,
        beside=Processes(settings.database_url.get_secret_value()),
    )
    await parts.look_for_publication()
    app = application(parts)
    server = uvicorn.Server(
        uvicorn.Config(
            app, host=settings.api_host, port=settings.api_port, log_config=None, server_header=False, access_log=False
        )
    )
    serving = asyncio.create_task(server.serve([_listening(settings.api_host, settings.api_port)]))
    following = asyncio.create_task(follow(parts.look_for_publication))
    await asyncio.wait([serving, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    following.cancel()
    await asyncio.wait([following])
    await pool.close()


def _listening(host: str, port: int) -> socket.socket:
    """OSError where the address is taken or none of ours; the server itself would only end."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, or asyncio leaves its delay on and every answer takes 40 ms more.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as refused:
        raise OSError(f"the API cannot listen at {host}:{port}: {refused.strerror}") from refused
    return listening


if __name__ == "__main__":
    with in_one_line():
        settings = load()
        configure(as_json=settings.log_json, level=settings.log_level)
        uvloop.run(serve(settings))
    leave()
