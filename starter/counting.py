"""Counts reports beside the process that was asked, which has steps to take meanwhile: `python -m starter.counting`."""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # a fifth of the time; what is counted goes in no circles

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass

from activities.counting import Share, count_of
from domain.cipher import NullCipher
from domain.ports import StoreUnavailable
from domain.reports.count import Asked, Count, Scope
from eventstore.postgres import create_pool, translated
from readmodels.known_facts import KnownFacts

MOST = 4  # a container sees more processors than it may use, and the database has to keep up


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    database_url: str
    asked: Asked
    wanted: Sequence[Scope]
    share: Share


class Processes:
    """One for each processor, for one report at a time. Each ends when it has counted, or when nobody waits for it."""

    def __init__(self, database_url: str, number: int | None = None) -> None:
        self._database_url, self._turn = database_url, asyncio.Semaphore(1)
        self.number = number or min(len(os.sched_getaffinity(0)), MOST)

    async def counts(self, asked: Asked, wanted: Sequence[Scope], shares: Sequence[Share]) -> Sequence[Count]:
        orders = [Order(database_url=self._database_url, asked=asked, wanted=wanted, share=each) for each in shares]
        async with self._turn:
            tasks = [asyncio.create_task(_answered(each)) for each in orders]
            try:
                return await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    if not task.cancelling():  # twice, and it would not wait for the end of its process
                        task.cancel()
                await asyncio.wait(tasks)


async def _answered(order: Order) -> Count:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE)
    try:
        told, _ = await process.communicate(pickle.dumps(order))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"a process that counted a report ended with {process.returncode}")
    answer: Count | StoreUnavailable = pickle.loads(told)  # noqa: S301 — our own words, from a process of ours
    if isinstance(answer, StoreUnavailable):
        raise answer
    return answer


async def _counted(order: Order) -> Count:
    pool = await create_pool(order.database_url, max_size=2)
    try:
        return await count_of(KnownFacts(pool, NullCipher()), order.asked, order.wanted, order.share)
    finally:
        pool.terminate()


def main() -> None:
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301 — from the process that started us
    answer: Count | StoreUnavailable
    try:
        with translated():
            answer = asyncio.run(_counted(order))
    except StoreUnavailable as down:
        answer = down
    pickle.dump(answer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
