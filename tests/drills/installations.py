"""`teekond up` as a process of its own, in a data folder of its own, to be killed at any moment."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import httpx
import psutil
from temporalio.client import Client
from temporalio.service import RPCError

from activities.messages import Outcome
from domain.cipher import NullCipher
from domain.codec import Codec, Recorded
from domain.persons import CARE
from domain.working_days import local_date
from eventstore.postgres import PostgresEventStore, create_pool
from runtime.embedded import running
from runtime.processes import free_port
from runtime.temporal import converter
from starter.story import Caller
from tests.activities import examples
from tests.runtime.conftest import processes_of
from workflows.names import journey_workflow
from workflows.person_journey import PersonJourney

MANAGER = "case_manager.tori"
PATIENCE_SECONDS = 180  # when a drill gives up; a cold start after a crash takes some ten
_sessions = count(1)
TOKEN = re.compile(r"^  (\S+)\s+(\S+)$")


@dataclass(kw_only=True)
class Installation:
    """One data folder, and the `up` that has it now."""

    home: Path
    port: int
    tokens: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # ── Up and down ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def up(self) -> None:
        """Returns when it says that it is ready."""
        self.process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("teekond")), "up",
            *("--data-dir", str(self.home), "--port", str(self.port)),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self.process.stdout:
                text = line.decode().rstrip("\n")
                self.said.append(text)
                if token := TOKEN.match(text):
                    self.tokens[token[1]] = token[2]
                if text.startswith("ready:"):
                    self._listening = asyncio.create_task(self._listen())
                    return
        raise AssertionError("\n".join(self.said[-20:]))

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.said.append(line.decode().rstrip("\n"))

    async def stop(self) -> None:
        """As Ctrl-C does: in order, and with a good end."""
        self.process.terminate()
        assert await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS) == 0, self.said[-20:]
        await self._listening

    async def kill(self) -> None:
        """`up` alone: its parts notice, its servers stay."""
        self.process.kill()
        await self.process.wait()
        await self._listening

    async def kill_everything(self) -> None:
        """As a power cut would, but for the disk."""
        victims = [*self.parts().values(), *processes_of(self.home)]
        await self.kill()
        await gone(victims, signal.SIGKILL)
        await gone(processes_of(self.home), signal.SIGKILL)

    # ── Its processes ────────────────────────────────────────────────────────────────────────────────────────────────

    def parts(self) -> dict[str, psutil.Process]:
        """Worker and API, by module."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            words = child.cmdline()
            if "-m" in words:
                found[words[words.index("-m") + 1]] = child
        return found

    def temporal(self) -> psutil.Process:
        (found,) = [each for each in processes_of(self.home) if "start-dev" in each.cmdline()]
        return found

    def postgres(self) -> psutil.Process:
        """The first of them, by which the others stand and fall."""
        found = [each for each in processes_of(self.home) if "postgres" in each.name()]
        return min(found, key=lambda each: each.create_time())

    # ── What it holds ────────────────────────────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def store(self) -> AsyncIterator[PostgresEventStore]:
        services = running(self.home)
        assert services is not None
        pool = await create_pool(services.database_url, max_size=2)
        try:
            yield PostgresEventStore(pool)
        finally:
            pool.terminate()

    async def recorded(self, stream_id: str) -> list[Recorded]:
        codec = Codec(NullCipher())
        async with self.store() as store:
            return [codec.decode(each) for each in (await store.read(stream_id)).events]

    async def standing(self, journey_id: str) -> Outcome | None:
        """Where its workflow stands; None where Temporal knows of none, or nobody answers for it yet."""
        services = running(self.home)
        assert services is not None
        client = await Client.connect(
            services.temporal_address, namespace=services.temporal_namespace, data_converter=converter()
        )
        try:
            return await client.get_workflow_handle(journey_workflow(journey_id)).query(PersonJourney.standing)
        except RPCError:
            return None

    async def stands_at(self, journey_id: str, version: int) -> Outcome:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                latest = await self.standing(journey_id)
                if latest is not None and latest.version >= version:
                    return latest
                await asyncio.sleep(0.2)

    async def until_it_has(self, journey_id: str, fact: str) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if fact in {each.event.type for each in await self.recorded(journey_id)}:
                    return
                await asyncio.sleep(0.2)

    def manager(self, http: httpx.AsyncClient) -> Caller:
        """With keys that no manager before has used."""
        return Caller(http, self.tokens[MANAGER], f"{MANAGER}-{next(_sessions)}")


@asynccontextmanager
async def installed() -> AsyncIterator[Installation]:
    """Up, and in the end down; nothing of it may be left running."""
    with _folder() as folder:
        installation = Installation(home=folder / "data", port=free_port())
        try:
            await installation.up()
            yield installation
            parts = installation.parts()
            await installation.stop()
            assert processes_of(installation.home) == []
            assert not [each for each in parts.values() if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        finally:
            if installation.process.returncode is None:
                installation.process.kill()
            await gone(processes_of(installation.home), signal.SIGKILL)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="teekond-drill-"))
    folder.chmod(0o711)  # PostgreSQL, which is not root, must pass through
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


async def gone(victims: Iterable[psutil.Process], which: signal.Signals) -> None:
    """These, told by their own ids, have ended."""
    told = list(victims)
    for each in told:
        try:
            each.send_signal(which)
        except psutil.NoSuchProcess:
            continue
    await asyncio.to_thread(psutil.wait_procs, told, timeout=30)


async def given_a_journey(manager: Caller, name: str) -> str:
    """A synthetic person referred by HTTP."""
    person_id = await given_a_person(manager, name)
    return str((await manager.create("journeys", "record-referral", referral(person_id)))["id"])


async def given_an_overdue_journey(installation: Installation, journey_id: str) -> None:
    """Referred and reached six weeks ago, as the record alone tells it: with the first step that starts its workflow, the
    reminder of the decision is due, and no other."""
    long_ago = datetime.now(UTC) - timedelta(days=45)
    async with installation.store() as store:
        desk = examples.recorder(store)
        person_id = await examples.given_a_person(desk, long_ago, f"person-of-{journey_id}")
        for told in (examples.referral(person_id, long_ago), examples.call(long_ago)):
            await desk.record(examples.step(told, journey_id, at=long_ago))


async def given_a_person(manager: Caller, name: str) -> str:
    today = str(local_date(datetime.now(UTC)))
    person = await manager.create(
        "persons", "register-person",
        {
            "municipality": "tori", "given_name": name, "family_name": "Näidis", "birth_date": "1990-05-17",
            "sex": "male", "synthetic": True,
        },
    )  # fmt: skip
    consent: dict[str, object] = {"purpose": CARE, "recipient": "tori", "on": today}
    await manager.send(f"/v1/persons/{person['id']}", "give-consent", consent)
    return str(person["id"])


def referral(person_id: str) -> dict[str, object]:
    day = str(local_date(datetime.now(UTC)))
    return {
        "person_id": person_id, "municipality": "tori", "noticed_by": "doctor", "noticed_on": day,
        "reason": "Synthetic: asks for help.", "agreed_on": day, "rights_explained_on": day, "complete_on": day,
    }  # fmt: skip


async def call_in_vain(installation: Installation, http: httpx.AsyncClient, journey_id: str) -> httpx.Response:
    today = str(local_date(datetime.now(UTC)))
    return await http.post(
        f"/v1/journeys/{journey_id}/commands/log-contact",
        json={"on": today, "channel": "call", "with_whom": "person", "reached": False},
        headers={
            "Authorization": f"Bearer {installation.tokens[MANAGER]}", "Idempotency-Key": journey_id, "If-Match": "*",
        },
    )  # fmt: skip
