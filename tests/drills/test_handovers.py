"""A whole office's cases change hands while people go on working on them."""

from __future__ import annotations

import httpx

from starter.scene import Scene
from tests.starter.bodies import user
from tests.starter.handing_over import handed_over_while_worked_on


async def test_five_hundred_cases_go_over_while_fifty_are_worked_on_and_come_back(installation: Scene) -> None:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=installation.url, timeout=120, limits=limits) as http:
        lead, worker = user(installation, http, "coordinator"), user(installation, http, "case_manager.tori")
        await handed_over_while_worked_on(installation, lead, worker, cases=500, worked_on=50)
