"""The last place goes to one, the others wait in an order that can be explained, and a free place is offered to the next."""

from __future__ import annotations

import asyncio
from functools import partial

import httpx

from starter.scene import Scene
from tests.starter.bodies import User, a_journey, done, eligible
from tests.starter.crowds import Places, eventually


async def test_of_eight_at_once_for_the_last_place_one_gets_it_and_then_they_follow_in_order(
    installation: Scene, http: httpx.AsyncClient
) -> None:
    """Otepää has six places. When the one who got the last leaves, the first in order is offered it without anybody's doing."""
    manager = User(http, installation.tokens["coordinator"], "otepaa")
    places = Places(installation=installation, manager=manager)
    await places.fill(leaving=1)
    paths = [await a_journey(manager) for _ in range(8)]

    answers = await asyncio.gather(
        *(manager.insists(f"{path}/commands/decide-eligibility", eligible(), match='"1"') for path in paths)
    )

    winner = await places.one_has_it_and_the_others_wait([str(done(answer)["id"]) for answer in answers])
    holder, order = winner, await places.waiting()
    for _ in range(3):
        await places.leave(holder)
        holder, *order = order
        await places.accept(holder)
        await eventually(partial(places.is_placed, holder))
        assert await places.waiting() == order
        await places.never_over_filled()


async def test_who_leaves_while_waiting_makes_room_in_the_order(installation: Scene, http: httpx.AsyncClient) -> None:
    """Jõhvi has six places too."""
    manager = User(http, installation.tokens["coordinator"], "johvi")
    places = Places(installation=installation, manager=manager)
    await places.fill(leaving=0)
    for _ in range(3):
        await a_journey(manager, "assessment")
    first, second, third = await places.waiting()

    await places.leave(second)

    assert await places.waiting() == [first, third]
