"""The least that a step on Temporal can be: an update whose handler calls a local activity that does nothing.

Run as a process of its own, `python -m benchmarks.bare`, so that it stands beside our worker on equal terms.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.worker import Worker

from runtime.lifetime import until_stopped
from runtime.settings import Settings, load
from runtime.temporal import connect

TASK_QUEUE = "benchmark-bare"


@activity.defn
async def nothing(step: str) -> str:
    return step


@workflow.defn
class Bare:
    def __init__(self) -> None:
        self._ended = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._ended)

    @workflow.update
    async def step(self, step: str) -> str:
        return await workflow.execute_local_activity(nothing, step, start_to_close_timeout=timedelta(seconds=20))

    @workflow.signal
    def end(self) -> None:
        self._ended = True


async def work(settings: Settings) -> None:
    stopped = until_stopped()
    async with Worker(await connect(settings), task_queue=TASK_QUEUE, workflows=[Bare], activities=[nothing]):
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(work(load()))
