"""Everything on one machine: the real PostgreSQL and the real Temporal, started, kept and stopped in one data folder.

A data folder holds the databases, their logs and passwords, who has it (`lock`) and what runs (`services.json`).
Servers are recognised by their command line, so a process killed without warning leaves nothing that the next start
cannot find: it goes on with what is alive and answers, and replaces the rest.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeVar

import asyncpg
from pydantic import BaseModel, RootModel, ValidationError
from temporalio.testing import WorkflowEnvironment

from runtime.cluster import SERVICE, Cluster, Postgres, read_passwords, write_private
from runtime.engine import Engine, Temporal, binary
from runtime.failures import AlreadyRunning, EmbeddedError, NotInstalled, NotStarted
from runtime.processes import Account, Server, Step, answers, at, find, free_port, is_root, launch
from runtime.temporal import SearchAttributes, add_search_attributes, converter

__all__ = [
    "AlreadyRunning",
    "EmbeddedError",
    "NotInstalled",
    "NotStarted",
    "Services",
    "embedded",
    "grant",
    "now",
    "running",
    "time_skipping_server",
]

RETENTION = timedelta(days=30)  # the development server's own default is one day
START_SECONDS = 300.0  # PostgreSQL may have to recover from a crash first
ADOPT_SECONDS = 5.0
WATCH_SECONDS = 0.5

Report = Callable[[str], None]
Ready = TypeVar("Ready", Postgres, Temporal)
Settled = TypeVar("Settled")
Settled_co = TypeVar("Settled_co", covariant=True)


def silent(_: str) -> None:
    """Says nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What runs in a data folder. Asking for a server that does not raises EmbeddedError."""

    data_dir: Path
    postgres: Postgres | None = field(repr=False)
    temporal: Temporal | None = field(repr=False)

    @property
    def database_url(self) -> str:
        """The application's login. What it may do is up to the migrations and `grant`."""
        return _started(self.postgres, "PostgreSQL").service_url

    @property
    def migration_database_url(self) -> str:
        """The owner of the database; may create roles and databases."""
        return _started(self.postgres, "PostgreSQL").owner_url

    @property
    def superuser_database_url(self) -> str:
        """For backups and for tests that break things; the program itself never needs it."""
        return _started(self.postgres, "PostgreSQL").superuser_url

    @property
    def temporal_address(self) -> str:
        return _started(self.temporal, "Temporal").address

    @property
    def temporal_namespace(self) -> str:
        return _started(self.temporal, "Temporal").namespace

    def environment(self) -> dict[str, str]:
        """The same as settings, for a process of its own."""
        variables = {}
        if self.postgres:
            variables["TEEKOND_DATABASE_URL"] = self.database_url
            variables["TEEKOND_MIGRATION_DATABASE_URL"] = self.migration_database_url
        if self.temporal:
            variables["TEEKOND_TEMPORAL_ADDRESS"] = self.temporal_address
            variables["TEEKOND_TEMPORAL_NAMESPACE"] = self.temporal_namespace
        return variables


def _started(server: Ready | None, name: str) -> Ready:
    if server is None:
        raise EmbeddedError(f"{name} does not run in this data folder")
    return server


class Kind(Protocol[Settled_co]):
    """What starting, asking and ending have in common, whichever server it is."""

    @property
    def name(self) -> str: ...
    @property
    def ending(self) -> Sequence[Step]: ...
    @property
    def account(self) -> Account | None: ...

    log: Path
    marker: Sequence[str]
    environment: dict[str, str]

    def command(self, port: int) -> list[str]: ...
    def port_of(self, command: Sequence[str]) -> int: ...
    async def prepare(self) -> None: ...
    async def clear_the_way(self) -> None: ...
    async def healthy(self, port: int) -> bool: ...
    async def settle(self, port: int) -> Settled_co: ...


@asynccontextmanager
async def embedded(
    data_dir: Path,
    *,
    postgres: bool = True,
    temporal: bool = True,
    durable: bool = True,
    namespace: str = "teekond",
    retention: timedelta = RETENTION,
    search_attributes: SearchAttributes = (),
    report: Report = silent,
) -> AsyncIterator[Services]:
    """Both servers up, healthy and kept so until the block ends; then Temporal stops first, PostgreSQL after it.

    `durable=False` is for tests: faster, and a power cut may lose the data. Raises EmbeddedError with one sentence.
    """
    if find_spec("psutil") is None:
        raise NotInstalled
    home = _absolute(data_dir)
    with _locked(home):
        cluster = Cluster(home, durable=durable, report=report)
        engine = Engine(
            home, namespace=namespace, retention=retention, search_attributes=search_attributes, durable=durable
        )
        try:
            servers: dict[str, Server] = {}
            services = await _start(home, cluster if postgres else None, engine if temporal else None, servers, report)
            keeping = [asyncio.create_task(_keep(kind, servers, home, report)) for kind in (cluster, engine)]
            try:
                yield services
            finally:
                for task in keeping:
                    task.cancel()
                await asyncio.wait(keeping)
        finally:
            try:
                await _stop(engine, report)  # first, so that no step is taken that PostgreSQL would have to refuse
            finally:
                await _stop(cluster, report)


async def _start(
    home: Path, cluster: Cluster | None, engine: Engine | None, servers: dict[str, Server], report: Report
) -> Services:
    async def up(kind: Kind[Settled]) -> Settled:
        await kind.prepare()
        seen = _recorded(home).root.get(kind.name)
        servers[kind.name], port = await _bring_up(kind, seen.port if seen else None, report)
        _record(home, kind.name, servers[kind.name], port)
        return await kind.settle(port)

    async def nothing() -> None:
        return None

    postgres, temporal = await asyncio.gather(
        up(cluster) if cluster else nothing(), up(engine) if engine else nothing(), return_exceptions=True
    )
    if isinstance(postgres, BaseException):
        raise postgres
    if isinstance(temporal, BaseException):
        raise temporal
    return Services(data_dir=home, postgres=postgres, temporal=temporal)


async def _bring_up(kind: Kind[object], port: int | None, report: Report) -> tuple[Server, int]:
    """The one still running if it answers and is what we would start; else a new one, at its port if that is free."""
    if left := find(kind.marker):
        port = kind.port_of(left.command)
        answering = await answers(left, partial(kind.healthy, port), ADOPT_SECONDS)
        if answering and left.command == kind.command(port):
            report(f"{kind.name} was still running at 127.0.0.1:{port}: going on with it")
            return left, port
        report(f"{kind.name} was still running, {'started otherwise' if answering else 'but mute'}: replacing it")
        await _end(kind, left, kind.ending if answering else kind.ending[-1:])
    for _ in range(3):  # a port can be taken between looking and listening
        port = free_port(port)
        await kind.clear_the_way()
        server = launch(kind.command(port), log=kind.log, environment=kind.environment, account=kind.account)
        if await answers(server, partial(kind.healthy, port), START_SECONDS):
            report(f"{kind.name} is ready at 127.0.0.1:{port}")
            return server, port
        await _end(kind, server, kind.ending)
    raise NotStarted(f"{kind.name} does not start; its last words: {_last_words(kind.log)}")


async def _keep(kind: Kind[object], servers: dict[str, Server], home: Path, report: Report) -> None:
    """A server that dies is started again at the same port, so that its users only have to reconnect."""
    while kind.name in servers:
        await asyncio.sleep(WATCH_SECONDS)
        if servers[kind.name].alive:
            continue
        report(f"{kind.name} has stopped by itself: starting it again")
        try:
            servers[kind.name], port = await _bring_up(kind, _recorded(home).root[kind.name].port, report)
            _record(home, kind.name, servers[kind.name], port)
        except (EmbeddedError, OSError) as failed:
            report(str(failed))


async def _stop(kind: Kind[object], report: Report) -> None:
    """Whatever runs here, also what a cancelled start had not told of yet."""
    while server := find(kind.marker):
        report(f"stopping {kind.name}")
        await _end(kind, server, kind.ending)


async def _end(kind: Kind[object], server: Server, steps: Sequence[Step]) -> None:
    if not await server.end(steps):
        raise EmbeddedError(f"{kind.name} (process {server.pid}) cannot be stopped")


def _absolute(data_dir: Path) -> Path:
    return data_dir.expanduser().resolve()


def _last_words(log: Path) -> str:
    return " ".join(log.read_text(errors="replace").split())[-500:] if log.exists() else "none"


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Held by the operating system for as long as this process lives, so a crash leaves nothing to clean up."""
    try:
        home.mkdir(mode=0o711 if is_root() else 0o700, parents=True, exist_ok=True)
        lock = (home / "lock").open("a+")
    except OSError as refused:
        raise EmbeddedError(f"{home} cannot be used as data folder: {refused.strerror}") from refused
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip()
            raise AlreadyRunning(home, int(pid) if pid.isdecimal() else None) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


class _Seen(BaseModel):
    """Where a server was last seen, for other processes and for its next port."""

    port: int
    pid: int
    started: float


class _State(RootModel[dict[str, _Seen]]):
    """`services.json`: a server's name and where it was."""


def _record(home: Path, name: str, server: Server, port: int) -> None:
    state = _recorded(home)
    state.root[name] = _Seen(port=port, pid=server.pid, started=server.started)
    write_private(home / "services.json", state.model_dump_json())


def _recorded(home: Path) -> _State:
    try:
        return _State.model_validate_json((home / "services.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return _State({})


def running(data_dir: Path) -> Services | None:
    """What of this data folder is alive just now, whoever runs it; None if nothing is."""
    home = _absolute(data_dir)
    ports: dict[str, int] = {}
    command: list[str] = []
    for name, seen in _recorded(home).root.items():
        if server := at(seen.pid, seen.started):
            ports[name] = seen.port
            command = server.command if name == Engine.name else command
    if not ports:
        return None
    port = ports.get(Cluster.name)
    postgres = Postgres(port=port, passwords=read_passwords(home)) if port else None
    return Services(data_dir=home, postgres=postgres, temporal=Engine.seen(command) if command else None)


async def grant(services: Services, role: str) -> None:
    """Lets the application's login act as a role that the migrations made. Safe to repeat."""
    connection = await asyncpg.connect(services.migration_database_url)
    try:
        statement = await connection.fetchval("SELECT format('GRANT %I TO %I', $1::text, $2::text)", role, SERVICE)
        await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def time_skipping_server(search_attributes: SearchAttributes = ()) -> AsyncIterator[WorkflowEnvironment]:
    """A Temporal in memory where years pass in a second. It has neither schedules nor visibility; one per journey."""
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(binary("temporal-test-server")), data_converter=converter()
    )
    async with environment:
        await add_search_attributes(environment.client, search_attributes)
        yield environment


async def now(environment: WorkflowEnvironment) -> datetime:
    """What time it is there."""
    return await environment.get_current_time()
