"""The record in PostgreSQL: every method is one question and one answer, and an append is one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import accumulate, pairwise

import asyncpg

from domain.ports import (
    Appended,
    CommandReused,
    KnownCommand,
    Position,
    Quota,
    QuotaExceeded,
    QuotaMove,
    Slice,
    StoredEvent,
    StoreUnavailable,
    StreamAppend,
    StreamHead,
    VersionConflict,
)
from eventstore import limits
from eventstore.queries import QUERIES

# An answer may be awaited so long by a caller who waits too; the database gives up first, so that nothing stays locked.
CONNECT_SECONDS = 5
COMMAND_SECONDS = 10
SERVER_SETTINGS = {
    "application_name": "teekond",
    "default_transaction_isolation": "read committed",  # append looks again after it waited
    "lock_timeout": "5s",
    # An open transaction holds back every reader of the whole store, in any database of the cluster.
    "transaction_timeout": "9s",
    "idle_in_transaction_session_timeout": "5s",
    "jit": "off",  # compiling costs more than any of these short queries
}

# SQLSTATE classes and codes after which trying again is right. An append whose answer was lost may have been stored:
# the same command id finds out.
_UNREACHABLE = (
    "08",  # the connection broke; also when the server ended it, as it does with a transaction that takes too long
    "40",  # chosen as the victim of a deadlock or a serialisation failure
    "53",  # too many connections, no memory, no disk
    "57",  # starting up, shutting down, cancelled
    "58",  # the server's own disk failed
    "25006",  # read-only: a standby, in the middle of a fail-over
    "55P03",  # waited too long for a lock
)


async def create_pool(dsn: str, *, role: str = "teekond_app", max_size: int = 10) -> asyncpg.Pool[asyncpg.Record]:
    """Connections that act as `role` whoever logs in, so that even a superuser's log-in cannot bend the record.

    Needs PostgreSQL 17 or newer. Raises StoreUnavailable.
    """
    with translated():
        return await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=max_size,
            timeout=CONNECT_SECONDS,
            command_timeout=COMMAND_SECONDS,
            server_settings={**SERVER_SETTINGS, "role": role},
            reset=_leave_as_is,
        )


async def _leave_as_is(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """The usual reset is a second round trip after every query. It is not needed: we set no session variables, listen
    to nothing and take no session locks, and asyncpg rolls back an open transaction before it asks here."""


class PostgresEventStore:
    """Implements domain.ports.EventStore over a pool made by `create_pool`."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        limits.check(streams, command_id=command_id, request_hash=request_hash, result=result, quotas=quotas)
        # Locks are taken in one order everywhere, so that two appends never wait for each other in a circle.
        ordered = sorted(streams, key=lambda stream: stream.stream_id)
        arrays = (*_stream_arrays(ordered), *_event_arrays(ordered), *_quota_arrays(quotas))
        [row] = await self._fetch("append", command_id, request_hash, result, *arrays)
        return Appended(result=row["result"], position=_position(row), duplicate=row["duplicate"])

    async def read(
        self, stream_id: str, *, after: int = 0, limit: int | None = None, command_id: str | None = None
    ) -> Slice:
        rows = await self._fetch("read_stream", stream_id, after, limit, command_id)
        known = next((_known(row) for row in rows if row["known_hash"] is not None), None)
        return Slice(events=tuple(_event(row) for row in rows if row["stream_id"] is not None), known=known)

    async def read_all(self, *, after: Position, limit: int) -> tuple[StoredEvent, ...]:
        rows = await self._fetch("read_all", after.txid, after.number, limit)
        return tuple(_event(row) for row in rows)

    async def head(self, stream_id: str) -> StreamHead | None:
        rows = await self._fetch("head", stream_id)
        return next((StreamHead(**row) for row in rows), None)

    async def quota(self, key: str) -> Quota | None:
        rows = await self._fetch("quota", key)
        return next((Quota(**row) for row in rows), None)

    async def _fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        with translated():
            async with self._pool.acquire(timeout=CONNECT_SECONDS) as connection:
                try:
                    return await connection.fetch(QUERIES[query], *arguments)
                except asyncpg.InternalClientError:
                    connection.terminate()
                    raise


@contextmanager
def translated() -> Iterator[None]:
    """What the database refuses, in the words of the port. What is none of these is a bug and rises as it is."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _refusal(error) from error
    except asyncpg.InterfaceError as error:
        # Only its words tell a pool or connection that is closed from a wrong use of it.
        if "clos" not in str(error):
            raise
        raise StoreUnavailable(str(error)) from error
    except (OSError, asyncpg.InternalClientError) as error:
        # OSError includes TimeoutError. The other is asyncpg's for a connection that was told of its end while idle and
        # is used before it has closed (asyncpg issue 1069), and for a cluster without a server that accepts writes.
        raise StoreUnavailable(str(error) or type(error).__name__) from error


def _refusal(error: asyncpg.PostgresError) -> Exception:
    code = error.sqlstate or ""
    match code:
        case "TK001":
            return CommandReused(error.detail)
        case "TK002":
            return VersionConflict(error.detail)
        case "TK003":
            return QuotaExceeded(error.detail or "")
        case "TK004":
            return ValueError(f"{error.detail}: {error}")
        case _ if code.startswith(_UNREACHABLE):
            return StoreUnavailable(str(error))
        case _:
            return error


def _stream_arrays(
    streams: Sequence[StreamAppend],
) -> tuple[list[str], list[str], list[str], list[int], list[int]]:
    return (
        [stream.stream_id for stream in streams],
        [stream.kind for stream in streams],
        [stream.tenant for stream in streams],
        [stream.expected_version for stream in streams],
        [len(stream.events) for stream in streams],
    )


def _event_arrays(
    streams: Sequence[StreamAppend],
) -> tuple[
    list[str],
    list[int],
    list[bytes],
    list[bytes],
    list[int],
    list[int],
    list[bytes],
    list[datetime],
    list[datetime],
    list[str],
]:
    """One entry an event, and behind them the subjects of all events, of which each event names its slice."""
    events = [event for stream in streams for event in stream.events]
    ends = list(accumulate((len(event.subject_ids) for event in events), initial=0))
    return (
        [event.type for event in events],
        [event.schema_version for event in events],
        [event.body for event in events],
        [event.sealed for event in events],
        [end + 1 for end, _ in pairwise(ends)],
        [end for _, end in pairwise(ends)],
        [event.meta for event in events],
        [event.occurred_at for event in events],
        [event.recorded_at for event in events],
        [subject_id for event in events for subject_id in event.subject_ids],
    )


def _quota_arrays(quotas: Sequence[QuotaMove]) -> tuple[list[str], list[int], list[int], list[int | None]]:
    moves = limits.together(quotas)
    return (
        [move.key for move in moves],
        [move.used for move in moves],
        [move.allowed for move in moves],
        [move.limit for move in moves],
    )


def _position(row: asyncpg.Record) -> Position:
    return Position(txid=row["txid"], number=row["position"])


def _known(row: asyncpg.Record) -> KnownCommand:
    position = Position(txid=row["known_txid"], number=row["known_position"])
    return KnownCommand(request_hash=row["known_hash"], result=row["known_result"], position=position)


def _event(row: asyncpg.Record) -> StoredEvent:
    return StoredEvent(
        type=row["type"],
        schema_version=row["schema_version"],
        body=row["body"],
        sealed=row["sealed"],
        subject_ids=tuple(row["subject_ids"]),
        meta=row["meta"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        stream_id=row["stream_id"],
        version=row["version"],
        position=_position(row),
        tenant=row["tenant"],
        kind=row["kind"],
        written_at=row["written_at"],
        command_id=row["command_id"],
    )
