"""One of several processes that claim the same rest at the same moment: with a pool and a writer of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter

from activities.recording import Recorder
from domain.decision import Command, Rejected
from eventstore.postgres import PostgresEventStore, create_pool
from tests.activities.examples import NOON, eligible, leaving, ordered, recorder, referral, step


class Claimant:
    """Steps of the persons `first` to `last`; what became of each is counted by the last fact, or the refusal's code."""

    def __init__(self, clerk: Recorder, first: int, last: int) -> None:
        self.clerk, self.people = clerk, range(first, last)

    async def all_at_once(self, round_: int, command: Command, journeys: list[str]) -> Counter[str]:
        async def one(number: int, journey_id: str) -> str:
            wanted = step(command, journey_id, key=f"{command.name}-{round_}-{number}", at=NOON)
            try:
                return (await self.clerk.record(wanted)).events[-1]
            except Rejected as refusal:
                return refusal.code

        return Counter(await asyncio.gather(*map(one, self.people, journeys)))

    async def refer(self, round_: int) -> None:
        for number in self.people:
            wanted = step(referral(f"person-{number}", NOON), f"journey-{round_}-{number}", key="refer", at=NOON)
            await self.clerk.record(wanted)

    async def place(self, round_: int) -> Counter[str]:
        return await self.all_at_once(round_, eligible(), [f"journey-{round_}-{number}" for number in self.people])

    async def leave(self, round_: int) -> None:
        await self.all_at_once(round_, leaving(NOON), [f"journey-{round_}-{number}" for number in self.people])

    async def rest(self, round_: int) -> Counter[str]:
        return await self.all_at_once(round_, ordered(1), ["journey-1"] * len(self.people))


async def main(url: str, first: int, last: int) -> None:
    pool = await create_pool(url, max_size=8)
    claimant = Claimant(recorder(PostgresEventStore(pool)), first, last)
    while line := await asyncio.to_thread(sys.stdin.readline):
        what, round_ = line.split()
        told = await getattr(claimant, what)(int(round_))
        print(json.dumps(told or {}), flush=True)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
