"""The server processes started here: recognised by the words that started them, and ended by their own id alone."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

try:
    import psutil  # comes with the embedded extra
except ModuleNotFoundError:
    psutil = None  # type: ignore[assignment]

LOG_BYTES = 5_000_000
POLL_SECONDS = 0.05
RUN_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The user of the operating system a server runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One way to ask a process to end, and how long it may take over it."""

    signal: signal.Signals
    seconds: float


_children: dict[int, subprocess.Popen[bytes]] = {}  # ours to take note of when they end


class Server:
    """A server process, whether started by us or found running."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)  # remembers the start time too, so that a reused id is not mistaken for it

    @property
    def pid(self) -> int:
        return int(self._process.pid)

    @property
    def started(self) -> float:
        return float(self._process.create_time())

    @property
    def command(self) -> list[str]:
        return [str(word) for word in self._process.cmdline()]

    @property
    def alive(self) -> bool:
        alive = _alive(
            self._process
        )  # asked first: a child that has just ended is taken note of now, not at our own end
        child = _children.get(self.pid)
        if child is not None and child.poll() is not None:
            del _children[self.pid]
        return alive

    async def end(self, steps: Sequence[Step]) -> bool:
        """Whether it, and all it started, are gone. The last step also goes to those it started."""
        family = _family(self._process)
        for step in steps:
            for process in family if step is steps[-1] else [self._process]:
                _send(process, step.signal)
            if await self._gone(family, step.seconds):
                return True
        return False

    async def _gone(self, family: Sequence["psutil.Process"], seconds: float) -> bool:
        deadline = asyncio.get_running_loop().time() + seconds
        while self.alive or any(_alive(process) for process in family):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True


def _alive(process: "psutil.Process") -> bool:
    """A zombie has ended: it only waits for a parent (in a container, often one that never looks) to take note."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _family(process: "psutil.Process") -> list["psutil.Process"]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return [process]


def _send(process: "psutil.Process", which: signal.Signals) -> None:
    try:
        process.send_signal(which)
    except psutil.NoSuchProcess:
        return


def run(
    command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, account: Account | None = None
) -> "subprocess.CompletedProcess[str]":
    """To its end; whether that was a good one is the caller's question."""
    return subprocess.run(  # noqa: S603  the words are ours
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS,
        cwd="/",
        env=environment,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def launch(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str], account: Account | None = None
) -> Server:
    """In a session of its own: the terminal's Ctrl-C is ours to act on, so that servers stop in order."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603  the words are ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=dict(environment),
            start_new_session=True,
            umask=0o077,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    _children[child.pid] = child
    return Server(child.pid)


def find(marker: Sequence[str]) -> Server | None:
    """The running process started with these words in a row; the oldest, for a child may still wear them."""
    found = [p for p in psutil.process_iter(["cmdline", "create_time"]) if _has(p.info["cmdline"] or [], marker)]
    alive = [process for process in found if _alive(process)]
    return Server(min(alive, key=lambda process: (process.info["create_time"], process.pid)).pid) if alive else None


def _has(words: Sequence[str], marker: Sequence[str]) -> bool:
    return any(list(words[start : start + len(marker)]) == list(marker) for start in range(len(words)))


def working_in(folder: Path) -> list[Server]:
    """Those whose current folder it is: how a session of a killed PostgreSQL is told from those of another."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(folder) and _alive(process):
                found.append(Server(process.pid))
    return found


def at(pid: int, started: float) -> Server | None:
    """The process of this id if it is still the one that started then."""
    try:
        server = Server(pid)
        return server if server.alive and abs(server.started - started) < 0.01 else None
    except psutil.NoSuchProcess:
        return None


async def answers(server: Server, healthy: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Whether it comes to answer within that time. Asked of the process too: another program may hold its port."""
    deadline = asyncio.get_running_loop().time() + seconds
    while server.alive and asyncio.get_running_loop().time() < deadline:
        try:
            async with asyncio.timeout_at(deadline):
                healthy_now = await healthy()
        except TimeoutError:
            return False
        if healthy_now:
            return server.alive
        await asyncio.sleep(POLL_SECONDS)
    return False


def free_port(preferred: int | None = None) -> int:
    """The preferred port of this machine if nobody listens there, else one that is free now. Not one of those that the
    system gives to outgoing connections: whoever waits for a server to come back could be given its very port."""
    anywhere = (15_000 + secrets.randbelow(15_000) for _ in range(100))
    for port in (*([preferred] if preferred else []), *anywhere, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections just closed do not count
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


def is_root() -> bool:
    return os.geteuid() == 0
