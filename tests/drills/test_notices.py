"""All is killed at the moment a reminder is due, raised or sent: after the restart it is in the outbox, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from tests.drills.installations import Installation, call_in_vain, given_an_overdue_journey, installed

Moment = Callable[[Installation, str], Awaitable[bool]]
PATIENCE_SECONDS = 180
HEADS = {
    "municipality": "tori",
    "staff_id": "coordinator",
    "role": "coordinator",
    "mail": "a@tori.example",
    "language": "en",
}


@pytest.fixture
async def installation() -> AsyncIterator[Installation]:
    async with installed() as up:
        yield up


@pytest.fixture
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=installation.url, timeout=60) as client:
        yield client


async def due(installation: Installation, journey_id: str) -> bool:
    """The step that starts the workflow of a journey long overdue is recorded."""
    return len(await installation.recorded(journey_id)) > 2


async def raised(installation: Installation, journey_id: str) -> bool:
    return "reminder.raised" in {each.event.type for each in await installation.recorded(journey_id)}


async def sent(installation: Installation, journey_id: str) -> bool:
    return await raised(installation, journey_id) and bool(letters(installation, journey_id))


def letters(installation: Installation, journey_id: str) -> list[str]:
    texts = [each.read_text(encoding="utf-8") for each in sorted((installation.home / "outbox").glob("*.eml"))]
    return [each for each in texts if journey_id in each]


@pytest.mark.parametrize("moment", [due, raised, sent], ids=["due", "raised", "sent"])
async def test_a_notice_is_in_the_outbox_once_whatever_was_killed_and_when(
    installation: Installation, http: httpx.AsyncClient, moment: Moment
) -> None:
    coordinator = {"Authorization": f"Bearer {installation.tokens['coordinator']}", "Idempotency-Key": "office"}
    (await http.post("/v1/offices/commands/record-staff", json=HEADS, headers=coordinator)).raise_for_status()
    journey_id = "journey-overdue"
    await given_an_overdue_journey(installation, journey_id)
    begun = asyncio.create_task(call_in_vain(installation, http, journey_id))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await moment(installation, journey_id):
            pass
    await installation.kill_everything()
    await asyncio.wait([begun])

    await installation.up()
    await installation.until_it_has(journey_id, "notice.sent")
    assert len(letters(installation, journey_id)) == 1
    types = [each.event.type for each in await installation.recorded(journey_id)]
    assert types == ["referral.recorded", "contact.logged", "contact.logged", "reminder.raised", "notice.sent"]
