"""What a step costs a caller of our API, beside a bare update with a local activity that does nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from temporalio.client import Client, WorkflowHandle

from benchmarks.bare import TASK_QUEUE, Bare
from benchmarks.measure import Act, Goal, Report, findings, in_turns
from domain.persons import CARE
from domain.working_days import local_date
from runtime.embedded import embedded
from starter.local import parts
from starter.scene import Scene, scene
from starter.story import MUNICIPALITY, Caller, Json, Unexpected
from workflows.names import SEARCH_ATTRIBUTES

CLIENTS = (1, 8)
SECONDS, TURNS = 3.0, 3
WARM_UP_STEPS = 5
P50 = Goal(at="most", ratio=1.5)
RATE = Goal(at="least", ratio=0.7)
CONDITIONS = (
    "logging a contact over HTTP, a journey for each client, beside update + no-op local activity; same Temporal "
    "(SQLite file, synchronous), same run, in turns, everything on this machine"
)


async def run(home: Path) -> Report:
    async with (
        embedded(home, search_attributes=SEARCH_ATTRIBUTES) as services,
        scene(home, services, {}) as installation,
        parts(services.environment(), logs=home, report=print, modules=("benchmarks.bare",)),
        _bare_act(installation.client) as bare,
        _our_act(installation) as ours,
    ):
        for act in (ours, bare):
            await asyncio.gather(*(_warm_up(act, number) for number in range(max(CLIENTS))))
        pairs = [
            (clients, await in_turns(ours, bare, clients=clients, seconds=SECONDS, turns=TURNS)) for clients in CLIENTS
        ]
    return Report(
        name="steps",
        conditions=CONDITIONS,
        findings=findings(pairs, who="client", what="step", p50=P50, rate=RATE),
    )


async def _warm_up(act: Act, number: int) -> None:
    for _ in range(WARM_UP_STEPS):
        await act(number)


@asynccontextmanager
async def _bare_act(client: Client) -> AsyncIterator[Act]:
    run = uuid4().hex
    handles: list[WorkflowHandle[Bare, None]] = [
        await client.start_workflow(Bare.run, id=f"bare/{run}/{number}", task_queue=TASK_QUEUE)
        for number in range(max(CLIENTS))
    ]

    async def act(number: int) -> None:
        await handles[number].execute_update(Bare.step, "a contact")

    try:
        yield act
    finally:
        for handle in handles:
            await handle.signal(Bare.end)


@asynccontextmanager
async def _our_act(installation: Scene) -> AsyncIterator[Act]:
    """Each client is a user of its own, with a connection and a journey of its own."""
    today = str(local_date(datetime.now(UTC)))
    contact = json.dumps({"on": today, "channel": "call", "with_whom": "person", "reached": True}).encode()
    token = installation.tokens[f"case_manager.{MUNICIPALITY}"]
    keys = count()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=installation.url, timeout=30))
        manager = Caller(http, token, "manager")
        paths = [await _a_journey(manager, number, today) for number in range(max(CLIENTS))]
        lines = [stack.enter_context(closing(Line(installation.url))) for _ in paths]

        async def act(number: int) -> None:
            headers = {"Authorization": f"Bearer {token}", "If-Match": "*", "Idempotency-Key": f"contact-{next(keys)}"}
            await lines[number].post(f"{paths[number]}/commands/log-contact", contact, headers)

        yield act


class Line:
    """A connection to the API that knows no more HTTP than is needed, since the caller's own work is not measured."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        reader, writer = await self._ends()
        sent = {"Host": "teekond", "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        told = await reader.readexactly(int(answer.partition("content-length:")[2].split(maxsplit=1)[0]))
        if " 200 " not in answer.partition("\r\n")[0]:
            raise Unexpected(f"{answer.splitlines()[0]}: {told.decode()}")

    async def _ends(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Opened anew where the server has closed it, as it does after 5 s of silence: a turn is shorter."""
        if self._open is None or self._open[0].at_eof():
            self.close()
            self._open = await asyncio.open_connection(self._address.hostname, self._address.port)
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


async def _a_journey(manager: Caller, number: int, today: str) -> str:
    person = await manager.create(
        "persons", "register-person",
        {
            "municipality": MUNICIPALITY, "given_name": f"Näidis {number}", "family_name": "Isik",
            "birth_date": "1990-05-17", "sex": "female", "synthetic": True,
        },
    )  # fmt: skip
    consent: Json = {"purpose": CARE, "recipient": MUNICIPALITY, "on": today}
    await manager.send(f"/v1/persons/{person['id']}", "give-consent", consent)
    begun = await manager.create(
        "journeys", "record-referral",
        {
            "person_id": person["id"], "municipality": MUNICIPALITY, "noticed_by": "doctor", "noticed_on": today,
            "reason": "Asks for help.", "agreed_on": today, "rights_explained_on": today, "complete_on": today,
        },
    )  # fmt: skip
    return f"/v1/journeys/{begun['id']}"
