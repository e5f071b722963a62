"""One of many clients, a process of its own: gets ready, waits for the word, sends everything at once, tells the answers."""

from __future__ import annotations

import asyncio
import json
import sys

import httpx

from tests.starter.bodies import User, done, eligible


async def run(url: str, token: str, municipality: str, paths: list[str]) -> list[object]:
    limits = httpx.Limits(max_connections=len(paths), max_keepalive_connections=len(paths))
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        user = User(http, token, municipality)
        await asyncio.gather(*(user.get(path) for path in paths))  # every connection is open before it begins
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        answers = await asyncio.gather(
            *(user.insists(f"{path}/commands/decide-eligibility", eligible(), match='"1"') for path in paths)
        )
    return [done(answer)["id"] for answer in answers]


if __name__ == "__main__":
    given = json.loads(sys.stdin.readline())
    print(json.dumps(asyncio.run(run(**given))), flush=True)
