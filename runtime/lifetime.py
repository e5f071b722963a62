"""When a process ends: asked to by a signal, or because the process that started it is gone."""

import asyncio
import os
import signal

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
