"""Everything on this machine: servers, worker and API as processes of their own, started in order and stopped in order."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx

from domain.programme import Programme
from eventstore.migrate import migrate
from runtime.cluster import write_private
from runtime.embedded import Services, grant
from runtime.lifetime import LIFELINE
from runtime.processes import free_port
from runtime.settings import PREFIX, GivenSettings, Settings
from starter.auth import demonstration_actors, issue

Report = Callable[[str], None]
READY_SECONDS = 60.0
STOP_SECONDS = 25.0
SHOWN_MUNICIPALITIES = ("tori", "tapa")


class NotReady(Exception):
    """A part of this installation does not come up."""


async def prepare_database(services: Services) -> list[str]:
    """The database in the shape this code expects; names of what was applied."""
    connection = await asyncpg.connect(services.migration_database_url)
    try:
        applied = await migrate(connection)
    finally:
        await connection.close()
    await grant(services, "teekond_app")
    return applied


def own_settings(data_dir: Path, services: Services) -> dict[str, str]:
    """The settings of this installation, for its processes. The key of the matches is made once and kept."""
    key = data_dir / "match.key"
    if not key.exists():
        write_private(key, secrets.token_urlsafe(32))
    return {
        **services.environment(),
        "TEEKOND_MATCH_KEY": key.read_text(),
        "TEEKOND_TOKENS_FILE": str(data_dir / "tokens.json"),
        "TEEKOND_OUTBOX": str(data_dir / "outbox"),
    }


def settings_from(environment: Mapping[str, str]) -> Settings:
    return GivenSettings.model_validate({name.removeprefix(PREFIX).lower(): text for name, text in environment.items()})


def new_tokens(data_dir: Path, programme: Programme, *, again: bool = False) -> dict[str, str]:
    """Tokens of the demonstration users, if they are new; told once. `again` makes new ones and ends the old."""
    path = data_dir / "tokens.json"
    if path.exists() and not again:
        return {}
    known = {each.code for each in programme.municipalities}
    return issue(path, demonstration_actors(each for each in SHOWN_MUNICIPALITIES if each in known))


def _around() -> dict[str, str]:
    """The environment without settings that are somebody else's: an exported address would open the demonstration to all."""
    return {name: text for name, text in os.environ.items() if not name.startswith(PREFIX)}


@dataclass(kw_only=True, slots=True)
class Part:
    """One process of ours: kept running, and ended when the block ends."""

    module: str
    environment: Mapping[str, str]
    log: Path | None
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """A pipe is held open for as long as we live; if we are killed it closes, and the part ends by itself."""
        ours, theirs = os.pipe()
        out = None if self.log is None else self.log.open("ab")
        try:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.module,
                env={**_around(), **self.environment, LIFELINE: str(ours)},
                pass_fds=(ours,), stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,  # Ctrl-C reaches us alone: we say who stops when
            )  # fmt: skip
        finally:
            os.close(ours)
            if out is not None:
                out.close()
        self._held = theirs

    _held: int = -1

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    async def keep(self, report: Report) -> None:
        """A part that ends by itself is started again."""
        while True:
            assert self.process is not None
            code = await self.process.wait()
            report(f"{self.module} ended by itself ({code}): starting it again")
            await asyncio.sleep(1)
            await self.stop()
            await self.start()


@asynccontextmanager
async def parts(
    environment: Mapping[str, str],
    *,
    logs: Path | None,
    report: Report,
    modules: tuple[str, ...] = ("worker", "server"),
) -> AsyncIterator[dict[str, Part]]:
    """Worker and API; in the end the API stops first, so that no step is taken that nobody will decide."""
    started = {
        module: Part(module=module, environment=environment, log=None if logs is None else logs / f"{module}.log")
        for module in modules
    }
    keeping: list[asyncio.Task[None]] = []
    try:
        for part in started.values():
            await part.start()
            keeping.append(asyncio.create_task(part.keep(report)))
        yield started
    finally:
        for task in keeping:
            task.cancel()
        for part in reversed(started.values()):
            await part.stop()


async def port_is_free(port: int) -> None:
    """Waits a moment for an API that was left behind by a killed start; then NotReady."""
    deadline = asyncio.get_running_loop().time() + STOP_SECONDS
    while port and free_port(port) != port:
        if asyncio.get_running_loop().time() > deadline:
            raise NotReady(f"something else listens at port {port}; choose another with --port")
        await asyncio.sleep(0.2)


async def ready(url: str) -> None:
    """Returns when the API answers; NotReady if it does not."""
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    async with httpx.AsyncClient(base_url=url) as client:
        while asyncio.get_running_loop().time() < deadline:
            try:
                if (await client.get("/health/ready", timeout=2)).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise NotReady(f"the API does not answer at {url}")
