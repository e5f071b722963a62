"""Claims by HTTP: what is no claim is refused. The demo tells of one that is put together, decided, checked and paid."""

from __future__ import annotations

from datetime import timedelta

from starter.story import PROVIDER
from tests.starter.bodies import Json, User, done, listed, refused, today
from tests.starter.bodies import a_delivery as of_today
from tests.starter.bodies import a_journey as brought_to


def last_month() -> str:
    return str((today().replace(day=1) - timedelta(days=1)).replace(day=1))


async def test_a_claim_needs_a_month_that_is_over_and_a_provider_that_is_known(manager: User) -> None:
    path, body = "/v1/claims/commands/assemble-claim", {"provider_id": PROVIDER, "municipality": "tori"}
    this_month = str(today().replace(day=1))
    refused(await manager.post(path, {**body, "month": this_month}), 422, "month_not_over", "month")
    refused(await manager.post(path, {**body, "month": "2026-01-02"}), 422, "not_a_month", "month")
    other = {**body, "provider_id": "provider-99999999", "month": last_month()}
    refused(await manager.post(path, other), 422, "unknown_provider", "provider_id")
    elsewhere = {**body, "municipality": "tapa", "month": last_month()}
    refused(await manager.post(path, elsewhere), 403, "outside_municipality")


async def test_help_of_this_month_is_not_in_last_month_s_claim(manager: User, provider: User) -> None:
    """And a claim of nothing is refused, so that nobody waits for it."""
    path = await brought_to(manager, "delivery")
    done(await provider.post(f"{path}/commands/record-delivery", of_today()))
    body: Json = {"provider_id": PROVIDER, "municipality": "tori", "month": last_month()}
    answer = await provider.post("/v1/claims/commands/assemble-claim", body)
    refused(answer, 409, "nothing_to_claim", "month")
    view = done(await manager.get(path))
    assert listed(view["budget"])[0]["accepted_cents"] == 0
