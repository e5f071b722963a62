"""A process that was asked to end does so, whatever its worker does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from runtime.lifetime import ending_within

PATIENCE_SECONDS = 20
AT_ONCE, LATER = timedelta(milliseconds=10), timedelta(seconds=PATIENCE_SECONDS)


class Worker:
    """Ends when it is let."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.ended = False

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        yield
        await self.may_end.wait()
        self.ended = True


async def test_a_worker_that_never_comes_to_its_end_is_not_waited_for() -> None:
    worker = Worker()
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(TimeoutError):
            async with ending_within(AT_ONCE, worker.run()):
                pass
    assert not worker.ended


async def test_a_worker_that_ends_in_time_is_left_to_end() -> None:
    worker = Worker()
    async with ending_within(LATER, worker.run()):
        worker.may_end.set()
    assert worker.ended


async def test_what_went_wrong_at_work_is_what_is_told() -> None:
    worker = Worker()
    worker.may_end.set()
    with pytest.raises(ConnectionError):
        async with ending_within(LATER, worker.run()):
            raise ConnectionError
