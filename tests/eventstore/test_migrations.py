"""The database gets the shape that the code expects, once, in order, or is left alone."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import asyncpg
import pytest

from eventstore import limits
from eventstore import migrate as module
from eventstore.migrate import MIGRATIONS, MigrationRefused, migrate, pending
from eventstore.postgres import PostgresEventStore
from tests.eventstore.conftest import Server, connected, new_database, opened, start_postgres
from tests.eventstore.examples import PATIENCE_SECONDS, onto, step

ALL = sorted(path.stem for path in MIGRATIONS.glob("*.sql"))
SCHEMA = Path(module.__file__).with_name("schema.sql")
REGENERATE = "TEEKOND_WRITE_SCHEMA=1 pytest tests/eventstore/test_migrations.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two small migrations to play with."""
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE teekond.one (id bigint);")
    (tmp_path / "0002_two.sql").write_text("CREATE TABLE teekond.two (id bigint);")
    return tmp_path


async def test_migrations_are_applied_once(empty_database: str) -> None:
    async with connected(empty_database) as connection:
        assert await pending(connection) == ALL
        assert await migrate(connection) == ALL
        assert await pending(connection) == []
        assert await migrate(connection) == []


async def test_asking_what_is_pending_changes_nothing(empty_database: str) -> None:
    async with connected(empty_database) as connection:
        await pending(connection)

        assert await connection.fetchval("SELECT to_regnamespace('teekond') IS NULL")


async def test_many_who_migrate_at_once_apply_each_migration_once(empty_database: str) -> None:
    """As when several workers start together: one does it, the others wait and find it done."""

    async def start() -> list[str]:
        async with connected(empty_database) as connection:
            return await migrate(connection)

    answers = await asyncio.gather(*(start() for _ in range(8)))

    assert sorted(answers) == [[]] * 7 + [ALL]


async def test_several_databases_of_a_new_cluster_may_be_migrated_at_once() -> None:
    """Roles are shared by them all; who comes second finds them made, or being made at this very moment."""

    async def start(dsn: str) -> list[str]:
        async with connected(dsn) as connection:
            return await migrate(connection)

    with start_postgres() as server:
        names = [await new_database(server) for _ in range(8)]
        assert await asyncio.gather(*(start(server.dsn(name)) for name in names)) == [ALL] * 8


async def test_a_database_without_a_superuser_can_be_migrated_by_its_owner(server: Server) -> None:
    """As in hosted databases: who owns the database and has CREATEROLE migrates; the application has its own log-in."""
    name = await new_database(server)
    async with connected(server.dsn("postgres")) as connection:
        await connection.execute("CREATE ROLE municipality LOGIN CREATEROLE; CREATE ROLE worker LOGIN")
        await connection.execute(f"ALTER DATABASE {name} OWNER TO municipality")
        # Whoever made the roles may pass them on; here an earlier test may have, as the superuser.
        for role in ("teekond_app", "teekond_reader"):
            if await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f"GRANT {role} TO municipality WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")

    async with connected(server.dsn(name, "municipality")) as connection:
        assert await migrate(connection) == ALL
        await connection.execute("GRANT teekond_app TO worker")

    async with opened(server.dsn(name, "worker")) as store:
        assert not (await step(store, "c1", onto("j1"))).duplicate
        await store._pool.execute("CREATE TABLE read.waiting (id bigint)")


async def test_a_new_migration_is_applied_to_what_is_there(empty_database: str, folder: Path) -> None:
    async with connected(empty_database) as connection:
        await migrate(connection, directory=folder)
        (folder / "0003_three.sql").write_text("CREATE TABLE teekond.three (id bigint);")

        assert await pending(connection, directory=folder) == ["0003_three"]
        assert await migrate(connection, directory=folder) == ["0003_three"]


async def test_a_migration_that_fails_leaves_those_before_it(empty_database: str, folder: Path) -> None:
    """Each has a transaction of its own; the next attempt goes on from there, and the lock is free for it."""
    (folder / "0002_two.sql").write_text("CREATE TABLE teekond.two (id bigint); SELECT 1 / 0;")
    async with connected(empty_database) as connection, connected(empty_database) as other:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate(connection, directory=folder)
        assert await connection.fetchval("SELECT to_regclass('teekond.two') IS NULL")

        (folder / "0002_two.sql").write_text("CREATE TABLE teekond.two (id bigint);")
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await migrate(other, directory=folder) == ["0002_two"]


async def test_a_migration_that_cannot_be_entered_in_the_book_is_undone(empty_database: str, folder: Path) -> None:
    """What it did and the note that it was done are one step."""
    async with connected(empty_database) as connection:
        (folder / "0001_one.sql").write_text("ALTER TABLE teekond.migration ADD CHECK (name NOT LIKE '0002%');")
        with pytest.raises(asyncpg.CheckViolationError):
            await migrate(connection, directory=folder)

        assert await connection.fetchval("SELECT to_regclass('teekond.two') IS NULL")


async def refusal(connection: asyncpg.Connection[asyncpg.Record], folder: Path) -> str:
    """The sentence with which both refuse; nothing was changed by it."""
    before = await connection.fetch("SELECT * FROM teekond.migration ORDER BY name")
    with pytest.raises(MigrationRefused) as asked:
        await pending(connection, directory=folder)
    with pytest.raises(MigrationRefused) as tried:
        await migrate(connection, directory=folder)
    assert await connection.fetch("SELECT * FROM teekond.migration ORDER BY name") == before
    assert str(asked.value) == str(tried.value)
    return str(tried.value)


async def test_a_migration_changed_after_it_was_applied_is_refused(empty_database: str, folder: Path) -> None:
    async with connected(empty_database) as connection:
        await migrate(connection, directory=folder)
        (folder / "0001_one.sql").write_text("CREATE TABLE teekond.one (id text);")

        assert await refusal(connection, folder) == "Migration 0001_one was changed after it was applied."


async def test_a_database_newer_than_the_code_is_refused(empty_database: str, folder: Path) -> None:
    async with connected(empty_database) as connection:
        await migrate(connection, directory=folder)
        (folder / "0002_two.sql").unlink()

        assert await refusal(connection, folder) == "The database is newer than this code: it has 0002_two."


async def test_a_missing_file_is_refused(empty_database: str, folder: Path) -> None:
    async with connected(empty_database) as connection:
        await migrate(connection, directory=folder)
        (folder / "0001_one.sql").unlink()

        assert await refusal(connection, folder) == "0002_two.sql stands where migration 0001 belongs."


async def test_a_renamed_migration_is_refused(empty_database: str, folder: Path) -> None:
    async with connected(empty_database) as connection:
        await migrate(connection, directory=folder)
        (folder / "0001_one.sql").rename(folder / "0001_uno.sql")

        assert await refusal(connection, folder) == "Migration 0001_one was applied, but its file is missing."


async def test_a_gap_in_what_was_applied_is_refused(empty_database: str, folder: Path) -> None:
    async with connected(empty_database) as connection:
        await migrate(connection, directory=folder)
        await connection.execute("DELETE FROM teekond.migration WHERE name = '0001_one'")

        assert await refusal(connection, folder) == "Migration 0001_one was never applied, though 0002_two was."


def normalised(dump: str) -> str:
    """Without what pg_dump adds for psql: comments, session settings, the key that fences off its meta commands."""
    lines = [line for line in dump.splitlines() if not line.startswith(("--", "SET ", "SELECT pg_catalog.", "\\"))]
    blank_runs_once = (line for before, line in zip(["", *lines], lines, strict=False) if line or before)
    return "\n".join(blank_runs_once).strip() + "\n"


async def test_the_committed_schema_is_the_sum_of_the_migrations(server: Server, migrated: Server) -> None:
    """`schema.sql` shows at a glance what the migrations add up to; running it makes the same database."""
    dumped = normalised(server.dump("migrated"))
    header = f"-- What all migrations add up to, beside the roles; never edited. To write it anew:\n-- {REGENERATE}\n\n"
    if os.environ.get("TEEKOND_WRITE_SCHEMA"):
        SCHEMA.write_text(header + dumped, encoding="utf-8")

    name = await new_database(server)
    async with connected(server.dsn(name)) as connection:
        await connection.execute(SCHEMA.read_text(encoding="utf-8"))

    assert SCHEMA.read_text(encoding="utf-8") == header + dumped, f"write it anew: {REGENERATE}"
    assert normalised(server.dump(name)) == dumped


async def test_every_limit_of_the_database_is_one_that_the_code_names(postgres: PostgresEventStore) -> None:
    """A value that passes the code's limits is never refused by a CHECK that says something else."""
    rows = await postgres._pool.fetch(
        """
        SELECT pg_get_constraintdef(oid) AS told FROM pg_constraint
        WHERE contype = 'c' AND connamespace = 'teekond'::regnamespace
        """
    )
    told = [row["told"] for row in rows if "length(" in row["told"] or "cardinality(" in row["told"]]

    in_database = {int(number) for text in told for number in re.findall(r"<= (\d+)", text)}
    in_code = {limits.TEXT_MAX_BYTES, limits.QUOTA_KEY_MAX_BYTES, limits.BODY_MAX_BYTES, limits.META_MAX_BYTES}
    assert in_database == in_code | {limits.SUBJECTS_MAX}
