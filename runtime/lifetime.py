"""When a process ends: asked to by a signal, or because the process that started it is gone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import NoReturn

LIFELINE = "TEEKOND_LIFELINE"  # the number of an inherited pipe that closes when the parent dies


def until_stopped() -> asyncio.Event:
    """Set by SIGTERM, SIGINT, or the end of whoever holds the other end of the lifeline. Needs a running loop."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopped.set)
    lifeline = os.environ.get(LIFELINE)
    if lifeline is not None:
        loop.add_reader(int(lifeline), stopped.set)
    return stopped


@asynccontextmanager
async def ending_within(patience: timedelta, worker: AbstractAsyncContextManager[object]) -> AsyncIterator[None]:
    """Runs a worker; once it is to end, it is waited for so long. Raises TimeoutError after that.

    Temporal's core may never come back from its end when an activity is cancelled in the moment in which it answers
    (once in two hundred ends, measured with no time to drain; sdk-rust#1537 is of that kind). What the worker had begun
    is taken up by the next."""
    async with asyncio.timeout(None) as end, worker:
        try:
            yield
        finally:
            end.reschedule(asyncio.get_running_loop().time() + patience.total_seconds())


def leave(code: int = 0) -> NoReturn:
    """Ends the process at once, with everything said. An orderly end of the interpreter may abort after a good run, while
    it takes Temporal's threads down (sdk-python#300)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
