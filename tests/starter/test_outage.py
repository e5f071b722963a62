"""When the database or Temporal is away, whoever asks is told to come again; and what they sent is done once, after all."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest

from runtime.embedded import Services, embedded
from runtime.processes import find
from starter.scene import Scene, scene
from starter.submit import ANSWER_WITHIN
from tests.starter.bodies import User, a_contact, a_journey, a_person, done, new_key, refused, user
from workflows.names import SEARCH_ATTRIBUTES

# A server stands in a data folder of its own, so that it can be stopped and started again by itself.


class Own:
    """One server. Started again it has the same data, and the same port."""

    def __init__(self, home: Path, *, postgres: bool) -> None:
        self._home, self._postgres, self._up = home, postgres, AsyncExitStack()

    def _server(self) -> AbstractAsyncContextManager[Services]:
        return embedded(
            self._home, postgres=self._postgres, temporal=not self._postgres, durable=False,
            search_attributes=SEARCH_ATTRIBUTES,
        )  # fmt: skip

    async def start(self) -> Services:
        return await self._up.enter_async_context(self._server())

    async def stop(self) -> None:
        await self._up.aclose()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        await self.stop()
        try:
            yield
        finally:
            await self.start()

    @asynccontextmanager
    async def mute(self) -> AsyncIterator[None]:
        """It is there, takes connections, and says nothing."""
        server = find(["-D", str(self._home / "postgres")])
        assert server is not None
        main = psutil.Process(server.pid)
        family = [main, *main.children(recursive=True)]
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                process.resume()


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Not pytest's own folder: PostgreSQL, which is not root, must pass through to it."""
    path = Path(tempfile.mkdtemp(prefix="teekond-outage-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
async def database(home: Path) -> AsyncIterator[Own]:
    server = Own(home / "database", postgres=True)
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def engine(home: Path) -> AsyncIterator[Own]:
    server = Own(home / "engine", postgres=False)
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def fragile(home: Path, database: Own, engine: Own) -> AsyncIterator[Scene]:
    """An installation that may be broken."""
    postgres, temporal = await asyncio.gather(database.start(), engine.start())
    services = replace(postgres, temporal=temporal.temporal)
    async with scene(postgres.data_dir, services, {}) as running:
        yield running


@pytest.fixture
async def manager(fragile: Scene) -> AsyncIterator[User]:
    async with httpx.AsyncClient(base_url=fragile.url, timeout=30) as http:
        yield user(fragile, http, "case_manager.tori")


def told_to_come_again(answer: httpx.Response) -> bool:
    refused(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    assert answer.elapsed.total_seconds() < ANSWER_WITHIN.total_seconds() + 2
    return True


async def contacts(fragile: Scene, path: str) -> int:
    told = await fragile.history(path.rpartition("/")[2])
    assert [each.version for each in told] == list(range(1, len(told) + 1))
    return Counter(each.event.type for each in told)["contact.logged"]


async def test_while_the_database_is_away_everybody_is_told_so_and_afterwards_all_is_done_once(
    fragile: Scene, manager: User, database: Own
) -> None:
    """A creation is in the engine's hands by then: sent again with the same key it finds out what became of it."""
    path, key = await a_journey(manager), new_key()
    person, step = a_person(), f"{path}/commands/log-contact"
    async with database.away():
        answers = await asyncio.gather(
            manager.get("/health/ready"),
            manager.get(path),
            manager.get(f"{path}/events"),
            manager.get("/v1/journeys"),
            manager.get("/v1/journeys", after="1-1"),
            manager.get("/v1/claims"),
            manager.get("/v1/agreements/agreement-tori"),
            manager.post(step, a_contact(), key=key),
            manager.post("/v1/persons/commands/register-person", person, key=key),
        )
        assert all(told_to_come_again(answer) for answer in answers)
        assert (await manager.get("/health/live")).status_code == 200

    contact = done(await manager.insists(step, a_contact(), key=key))
    created = done(await manager.insists("/v1/persons/commands/register-person", person, key=key))

    assert (contact["version"], created["version"]) == (2, 1)
    assert await contacts(fragile, path) == 1
    assert len(await fragile.history(str(created["id"]))) == 1
    assert (await manager.get("/health/ready")).status_code == 200


async def test_steps_under_way_when_the_database_goes_are_each_recorded_once(
    fragile: Scene, manager: User, database: Own
) -> None:
    path = await a_journey(manager)
    steps = [asyncio.create_task(manager.insists(f"{path}/commands/log-contact", a_contact())) for _ in range(30)]
    while await contacts(fragile, path) < 5:
        pass
    async with database.away():
        pass

    answers = await asyncio.gather(*steps)

    assert sorted(int(str(done(answer)["version"])) for answer in answers) == list(range(2, 32))
    assert await contacts(fragile, path) == 30


async def test_a_mute_database_is_not_ready_and_what_waited_for_it_is_done_when_it_speaks(
    fragile: Scene, manager: User, database: Own
) -> None:
    path = await a_journey(manager)
    async with database.mute():
        step = asyncio.create_task(manager.insists(f"{path}/commands/log-contact", a_contact()))
        answer = await manager.get("/health/ready")

    assert told_to_come_again(answer)
    assert answer.elapsed.total_seconds() < 4
    assert done(await step)["version"] == 2
    assert await contacts(fragile, path) == 1


async def test_while_temporal_is_away_one_can_still_read_and_afterwards_the_step_is_done_once(
    fragile: Scene, manager: User, engine: Own
) -> None:
    path, key = await a_journey(manager), new_key()
    person, step = a_person(), f"{path}/commands/log-contact"
    async with engine.away():
        answers = await asyncio.gather(
            manager.get("/health/ready"),
            manager.post(step, a_contact(), key=key),
            manager.post("/v1/persons/commands/register-person", person, key=key),
        )
        assert all(told_to_come_again(answer) for answer in answers)
        assert (await manager.get(path)).status_code == 200
        assert (await manager.get("/v1/journeys")).status_code == 200
        assert await contacts(fragile, path) == 0

    contact = done(await manager.insists(step, a_contact(), key=key))
    created = done(await manager.insists("/v1/persons/commands/register-person", person, key=key))

    assert (contact["version"], created["version"]) == (2, 1)
    assert await contacts(fragile, path) == 1
    assert len(await fragile.history(str(created["id"]))) == 1


async def test_steps_under_way_when_temporal_goes_are_each_recorded_once(
    fragile: Scene, manager: User, engine: Own
) -> None:
    """Some were recorded although nobody could be told so any more."""
    path = await a_journey(manager)
    steps = [asyncio.create_task(manager.insists(f"{path}/commands/log-contact", a_contact())) for _ in range(30)]
    while await contacts(fragile, path) < 5:
        pass
    async with engine.away():
        pass

    answers = await asyncio.gather(*steps)

    assert sorted(int(str(done(answer)["version"])) for answer in answers) == list(range(2, 32))
    assert await contacts(fragile, path) == 30
