"""When a process ends: asked to by a signal, or because the process that started it is gone."""

import asyncio
import os
import signal
import sys
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


def leave(code: int = 0) -> NoReturn:
    """Ends the process at once, with everything said. An orderly end of the interpreter may abort after a good run, while
    it takes Temporal's threads down (sdk-python#300)."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
