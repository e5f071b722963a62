"""Brings a database to the shape this code expects: plain SQL files in `migrations/`, each applied once, in order."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import asyncpg

MIGRATIONS = Path(__file__).with_name("migrations")

# Held by whoever migrates, for the session, so that each migration can have its own transaction. Any number will do.
_LOCK = 7_335_663

_BOOK = """
CREATE SCHEMA IF NOT EXISTS teekond;
CREATE TABLE IF NOT EXISTS teekond.migration (
    name text COLLATE "C" PRIMARY KEY,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""


class MigrationRefused(Exception):
    """The database and the migrations of this code do not fit together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return sha256(self.sql.encode()).hexdigest()


async def migrate(connection: asyncpg.Connection[asyncpg.Record], *, directory: Path = MIGRATIONS) -> list[str]:
    """Applies what is pending and returns its names; whoever else migrates meanwhile waits. Raises MigrationRefused."""
    migrations = _load(directory)
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(_BOOK)
        todo = _todo(migrations, await _applied(connection))
        for migration in todo:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO teekond.migration (name, sha256) VALUES ($1, $2)", migration.name, migration.checksum
                )
        return [migration.name for migration in todo]
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def pending(connection: asyncpg.Connection[asyncpg.Record], *, directory: Path = MIGRATIONS) -> list[str]:
    """Names not yet applied. Changes nothing. Raises MigrationRefused."""
    return [migration.name for migration in _todo(_load(directory), await _applied(connection))]


def _load(directory: Path) -> list[Migration]:
    paths = sorted(directory.glob("*.sql"))
    for number, path in enumerate(paths, start=1):
        if not path.name.startswith(f"{number:04}_"):
            raise MigrationRefused(f"{path.name} stands where migration {number:04} belongs.")
    return [Migration(name=path.stem, sql=path.read_text(encoding="utf-8")) for path in paths]


async def _applied(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, str]:
    if await connection.fetchval("SELECT to_regclass('teekond.migration') IS NULL"):
        return {}
    return {row["name"]: row["sha256"] for row in await connection.fetch("SELECT name, sha256 FROM teekond.migration")}


def _todo(migrations: list[Migration], applied: dict[str, str]) -> list[Migration]:
    known = {migration.name: migration.checksum for migration in migrations}
    last_applied = max(applied, default="")
    for name in sorted(applied.keys() - known.keys()):
        if name > max(known, default=""):
            raise MigrationRefused(f"The database is newer than this code: it has {name}.")
        raise MigrationRefused(f"Migration {name} was applied, but its file is missing.")
    for name, checksum in known.items():
        if name in applied and applied[name] != checksum:
            raise MigrationRefused(f"Migration {name} was changed after it was applied.")
        if name not in applied and name < last_applied:
            raise MigrationRefused(f"Migration {name} was never applied, though {last_applied} was.")
    return [migration for migration in migrations if migration.name not in applied]
