"""The audit's case: cost claimed for people who at the same time had a state service that may not be combined with it."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from functools import partial

import httpx

from starter.scene import Scene
from tests.starter.bodies import User, a_delivery, a_journey, done, listed, refused, today, user
from tests.starter.crowds import eventually


async def told(installation: Scene, journey: str, kind: str) -> bool:
    return kind in [each.event.type for each in await installation.history(journey)]


async def audited(installation: Scene) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "starter.cli", "audit", "ineligible",
        env={**os.environ, **installation.environment}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode, out.decode()


async def test_the_cost_is_stopped_beforehand_and_found_when_the_service_becomes_known_late(
    installation: Scene, http: httpx.AsyncClient
) -> None:
    """Nobody asks for the recovery: it follows from the fact that the register tells, and nothing more is recorded for
    such a day. The auditor's query then has the cost, and that it is claimed back."""
    manager: User = user(installation, http, "case_manager.tori")
    path = await a_journey(manager, "delivery")
    journey = path.rpartition("/")[2]
    delivered = await manager.step(path, "record-delivery", a_delivery())
    person = str(done(await manager.get(path))["person_id"])

    service = {"service": "state_special_care", "starts_on": str(today()), "told_by": "register"}
    await manager.step(f"/v1/persons/{person}", "record-entitlement", service)

    refused(await manager.insists(f"{path}/commands/record-delivery", a_delivery()), 422, "double_funding", "day")
    await eventually(partial(told, installation, journey, "recovery.opened"))
    code, found = await audited(installation)
    assert code == 0, found
    (row,) = (line for line in found.splitlines() if journey in line)
    assert "  state_special_care: claimed back (recovery-" in row
    assert row.endswith("), nothing of it was claimed")
    assert delivered["version"], "what was recorded stays recorded"


async def test_what_a_register_s_table_tells_is_claimed_back_and_what_it_corrects_is_taken_back(
    installation: Scene, http: httpx.AsyncClient
) -> None:
    """Nobody asks for either: the table alone is sent, and sent again with the end that was missing."""
    manager: User = user(installation, http, "case_manager.tori")
    path = await a_journey(manager, "delivery")
    journey = path.rpartition("/")[2]
    await manager.step(path, "record-delivery", a_delivery())
    person = str(done(await manager.get(path))["person_id"])

    assert await imported(manager, person, ends_on="") == "recorded"
    await eventually(partial(told, installation, journey, "recovery.opened"))
    (row,) = (line for line in (await audited(installation))[1].splitlines() if journey in line)
    assert "state_special_care: claimed back (recovery-" in row

    ended = today() - timedelta(days=1)
    assert await imported(manager, person, ends_on=str(ended)) == "corrected"
    await eventually(partial(told, installation, journey, "recovery.withdrawn"))
    code, found = await audited(installation)
    assert (code, journey in found) == (0, False), found
    await manager.step(path, "record-delivery", a_delivery())


async def imported(manager: User, person: str, *, ends_on: str) -> str:
    rows = f"person_id,service,starts_on,ends_on\n{person},state_special_care,2026-01-01,{ends_on}\n"
    headers = {**manager.headers, "Content-Type": "text/csv"}
    answer = done(await manager.http.post("/v1/entitlements", content=rows.encode(), headers=headers))
    [row] = listed(answer["results"])
    return str(row["result"])
