"""Claims by HTTP: what is no claim is refused. The demo tells of one that is put together, decided, checked and paid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.claims import AssembleClaim
from domain.decision import Actor, Role
from starter.scene import Scene
from starter.story import PROVIDER
from tests.activities.claims import claims_clerk
from tests.activities.examples import step
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


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────────────

OTHER = "provider-90000002"


async def assembled(installation: Scene, provider: str, month: date) -> tuple[str, str]:
    """A claim of three rows in Tapa that nobody decides on, and its position."""
    actor = Actor(id="case_manager.tapa", role=Role.CASE_MANAGER, municipality="tapa")
    command = AssembleClaim(provider_id=provider, municipality="tapa", month=month)
    stream_id = f"claim-{provider.removeprefix('provider-')}-{month:%Y-%m}"
    clerk = claims_clerk(installation.store, 3200, 1600, -800)
    outcome = await clerk.record(step(command, stream_id, actor=actor, at=datetime.now(UTC)))
    return stream_id, outcome.position


async def test_claims_are_listed_page_by_page_and_each_municipality_sees_its_own(
    installation: Scene, manager: User, neighbour: User, coordinator: User
) -> None:
    last = date.fromisoformat(last_month())
    earlier = (last - timedelta(days=1)).replace(day=1)
    one, _ = await assembled(installation, PROVIDER, last)
    other, after = await assembled(installation, OTHER, earlier)

    first = await neighbour.get("/v1/claims", after=after, limit=1)
    page = done(first)
    [item] = listed(page["items"])
    assert str(item.pop("changed_at")).startswith(str(datetime.now(UTC).year))
    decision = done(await neighbour.get(f"/v1/claims/{one}"))["decision"]
    assert isinstance(decision, dict)
    assert (decision["due_on"], decision["standing"]) == (item.pop("due_on"), "open")
    assert str(decision["explained"]).startswith("10 working days from ")
    assert item == {
        "claim_id": one, "provider_id": PROVIDER, "municipality": "tapa", "month": str(last), "stage": "assembled",
        "version": 1, "rows": 3, "claimed_cents": 4000, "accepted_cents": 0, "standing": "open",
    }  # fmt: skip
    link = first.headers["Link"]
    assert link.endswith('>; rel="next"')
    second = await neighbour.get(link.partition(">")[0].removeprefix("<"))
    assert [each["claim_id"] for each in listed(done(second)["items"])] == [other]
    assert "Link" not in second.headers
    assert done(second)["next"] is None

    async def found(by: User, **query: str) -> list[object]:
        return [each["claim_id"] for each in listed(done(await by.get("/v1/claims", **query))["items"])]

    assert await found(neighbour, provider_id=OTHER) == [other]
    assert await found(neighbour, month=str(last), stage="assembled") == [one]
    assert await found(neighbour, stage="paid") == []
    assert await found(neighbour, standing="open") == [one, other]
    assert await found(neighbour, standing="overdue") == []
    assert await found(coordinator, municipality="tapa") == [one, other]
    assert not {one, other} & set(await found(manager))
    refused(await manager.get("/v1/claims", municipality="tapa"), 403, "outside_municipality")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stage", "nonsense"), ("standing", "late"), ("month", "2026-13-01"), ("month", "2026-01-02"), ("provider_id", "a b"),
        ("municipality", "atlantis"), ("after", "now"), ("cursor", "x"), ("limit", "201"),
    ],
)  # fmt: skip
async def test_what_the_list_cannot_be_asked_for_is_named(coordinator: User, field: str, value: str) -> None:
    refused(await coordinator.get("/v1/claims", **{field: value}), 400, "malformed", field)
