"""Many for the last place: how it is set up, and what must be true of the places afterwards, whoever came first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from domain.agreement import Agreement
from domain.deciders import AGREEMENTS
from domain.events import PlaceAwaited, PlaceReceived
from starter.scene import Scene
from tests.starter.bodies import Json, User, a_journey, an_exit, done, listed

PATIENCE_SECONDS = 150  # what was missed is found by the sweep, which comes once a minute


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """One municipality's, which nobody else in the tests uses; its agreement has its name."""

    installation: Scene
    manager: User

    @property
    def path(self) -> str:
        return f"/v1/agreements/agreement-{self.manager.municipality}"

    async def view(self) -> Json:
        return done(await self.manager.get(self.path))

    async def fill(self, *, leaving: int) -> None:
        free = (await self.view())["free"]
        assert isinstance(free, int)
        for _ in range(free - leaving):
            await a_journey(self.manager, "assessment")

    async def waiting(self) -> list[str]:
        """Journeys in order, each with its number and the reason for it."""
        order = listed((await self.view())["waiting"])
        for number, waiter in enumerate(order, start=1):
            assert waiter["position"] == number
            assert str(waiter["explained"]).startswith(f"Number {number}: the application was complete on ")
            ahead = "nobody comes before" if number == 1 else f"; {number - 1} come"
            assert ahead in str(waiter["explained"])
        return [str(waiter["journey_id"]) for waiter in order]

    async def never_over_filled(self) -> None:
        """At every version, told from the first; and in the database's own bound."""
        history = await self.installation.history(f"agreement-{self.manager.municipality}")
        state: Agreement | None = None
        for told in history:
            state = AGREEMENTS.evolve(state, told.event, told.stream_id, told.version)
            assert all(state.held_in(terms) <= terms.places for terms in state.terms)
        assert state is not None
        for terms in state.terms:
            quota = await self.installation.store.quota(f"places/{state.agreement}/{terms.valid_from}")
            assert quota is not None
            assert (quota.used, quota.allowed) == (state.held_in(terms), terms.places)

    async def one_has_it_and_the_others_wait(self, journeys: Sequence[str]) -> str:
        """Who got the place. What each was told fits the order in which they wait now."""
        received, ahead = [], {}
        for journey_id in journeys:
            for told in await self.installation.history(journey_id):
                if isinstance(told.event, PlaceReceived):
                    received.append(journey_id)
                if isinstance(told.event, PlaceAwaited):
                    ahead[journey_id] = told.event.ahead
        [winner] = received
        assert sorted(ahead, key=ahead.__getitem__) == await self.waiting()
        assert sorted(ahead.values()) == list(range(len(journeys) - 1))
        assert (await self.view())["free"] == 0
        await self.never_over_filled()
        return winner

    async def leave(self, journey_id: str) -> None:
        await self.manager.step(f"/v1/journeys/{journey_id}", "exit-journey", an_exit(quality_of_life=None))

    async def accept(self, journey_id: str) -> None:
        """Once it is offered."""
        await eventually(partial(self.is_offered, journey_id))
        await self.manager.step(f"/v1/journeys/{journey_id}", "accept-place", {})

    async def is_offered(self, journey_id: str) -> bool:
        return done(await self.manager.get(f"/v1/journeys/{journey_id}"))["offer"] is not None

    async def is_placed(self, journey_id: str) -> bool:
        view = done(await self.manager.get(f"/v1/journeys/{journey_id}"))
        return view["place_from"] is not None and not view["waits_for_place"]


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """What the system does by itself has no answer to wait for."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 — it happens in another process
            await asyncio.sleep(0.05)
