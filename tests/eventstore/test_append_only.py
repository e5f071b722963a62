"""What was recorded stays recorded, whoever is logged in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from eventstore.migrate import MIGRATIONS
from eventstore.postgres import PostgresEventStore
from tests.eventstore.conftest import connected
from tests.eventstore.examples import everything, onto, step

CHANGES = [
    "UPDATE teekond.event SET body = ''",
    "UPDATE teekond.event SET chain = '' WHERE false",
    "DELETE FROM teekond.event",
    "TRUNCATE teekond.event",
    "TRUNCATE teekond.event, teekond.command CASCADE",
    "UPDATE teekond.command SET result = ''",
    "DELETE FROM teekond.command",
    "TRUNCATE teekond.command",
    "MERGE INTO teekond.event USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
]
WRITES = [
    *CHANGES,
    "INSERT INTO teekond.event SELECT * FROM teekond.event",
    "INSERT INTO teekond.command SELECT * FROM teekond.command",
    "UPDATE teekond.stream SET version = version + 1",
    "DELETE FROM teekond.stream",
    "UPDATE teekond.quota SET allowed = 1000000",
    "INSERT INTO teekond.quota VALUES ('q', 0, 1)",
    "SELECT nextval('teekond.event_position_seq')",
    "SELECT setval('teekond.event_position_seq', 1)",
    "ALTER TABLE teekond.event DISABLE TRIGGER append_only",
    "DROP TABLE teekond.event",
    "CREATE TABLE teekond.mine (id bigint)",
    "DELETE FROM teekond.migration",
]


@pytest.fixture
async def owner(database: str, postgres: PostgresEventStore) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Logged in as the superuser who also owns everything, beside a store with one event."""
    await step(postgres, "c1", onto("j1"))
    async with connected(database) as connection:
        yield connection


@pytest.mark.parametrize("statement", CHANGES)
async def test_nobody_changes_the_record_not_even_its_owner(
    owner: asyncpg.Connection[asyncpg.Record], statement: str
) -> None:
    with pytest.raises(asyncpg.PostgresError, match="only ever added to") as refused:
        await owner.execute(statement)

    assert refused.value.sqlstate == "TK005"


async def test_replication_mode_does_not_switch_the_guard_off(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await owner.execute("SET session_replication_role = replica")

    with pytest.raises(asyncpg.PostgresError, match="only ever added to"):
        await owner.execute("DELETE FROM teekond.event")


@pytest.mark.parametrize("role", ["teekond_app", "teekond_reader"])
@pytest.mark.parametrize("statement", WRITES)
async def test_neither_role_writes_past_the_append_function(
    owner: asyncpg.Connection[asyncpg.Record], statement: str, role: str
) -> None:
    await owner.execute(f"SET ROLE {role}")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(statement)


@pytest.mark.parametrize("role", ["teekond_app", "teekond_reader"])
async def test_both_roles_read_the_record(owner: asyncpg.Connection[asyncpg.Record], role: str) -> None:
    await owner.execute(f"SET ROLE {role}")

    migrations = len(list(MIGRATIONS.glob("*.sql")))
    for table, rows in [("event", 1), ("stream", 1), ("command", 1), ("quota", 0), ("migration", migrations)]:
        assert await owner.fetchval(f"SELECT count(*) FROM teekond.{table}") == rows


async def test_a_reader_and_the_public_cannot_append(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    functions = "SELECT has_function_privilege($1, oid, 'EXECUTE') FROM pg_proc WHERE proname = 'append' AND prosecdef"

    assert await owner.fetchval(functions, "teekond_app") is True
    assert await owner.fetchval(functions, "teekond_reader") is False
    assert await owner.fetchval(functions, "public") is False


async def test_a_log_in_of_any_power_acts_as_the_app_role(postgres: PostgresEventStore) -> None:
    """The pool gives up what the log-in may do beyond it: here, the superuser's rights."""
    rows = await postgres._pool.fetch("SELECT current_user::text AS acts_as, session_user::text AS logged_in")

    assert dict(rows[0]) == {"acts_as": "teekond_app", "logged_in": "postgres"}


async def test_read_models_belong_to_the_app_and_are_open_to_readers(
    postgres: PostgresEventStore, owner: asyncpg.Connection[asyncpg.Record]
) -> None:
    """What one log-in of the application creates, another may change and drop; a reader only looks."""
    await postgres._pool.execute("CREATE TABLE read.waiting (id bigint); INSERT INTO read.waiting VALUES (1)")

    await owner.execute("SET ROLE teekond_reader")
    assert await owner.fetchval("SELECT count(*) FROM read.waiting") == 1
    for statement in ("DELETE FROM read.waiting", "CREATE TABLE read.mine (id bigint)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)

    await owner.execute("SET ROLE teekond_app")
    await owner.execute("ALTER TABLE read.waiting ADD COLUMN since date")
    await owner.execute("DROP TABLE read.waiting")


async def test_the_bounds_hold_even_for_who_writes_past_the_function(
    owner: asyncpg.Connection[asyncpg.Record], postgres: PostgresEventStore
) -> None:
    """The CHECKs stand behind the function: places cannot be over-filled by a slip in it, or by hand."""
    for row in ("('q', 2, 1)", "('q', -1, 1)"):
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute(f"INSERT INTO teekond.quota VALUES {row}")

    assert len(await everything(postgres)) == 1
