"""Offices by HTTP: kept by their own leads, read by their own people, and nobody else's."""

from __future__ import annotations

import httpx
import pytest

from starter.scene import Scene
from tests.starter.bodies import Json, User, done, listed, refused, user

HEADS = {"municipality": "tori", "role": "municipality", "mail": "vald@tori.example", "language": "et"}


@pytest.fixture
def lead(installation: Scene, http: httpx.AsyncClient) -> User:
    return user(installation, http, "lead.tori")


async def test_a_lead_keeps_the_office_and_nobody_else_looks_in(
    lead: User, manager: User, neighbour: User, coordinator: User
) -> None:
    record = "/v1/offices/commands/record-staff"
    refused(await manager.post(record, {**HEADS, "staff_id": "head.tori"}), 403, "not_for_this_role")
    refused(await neighbour.post(record, {**HEADS, "staff_id": "head.tori"}), 403, "outside_municipality")
    refused(await lead.post(record, {**HEADS, "staff_id": "head.tori", "mail": "nowhere"}), 400, "malformed", "mail")
    office = f"/v1/offices/{done(await lead.post(record, {**HEADS, 'staff_id': 'head.tori'}))['id']}"
    done(await coordinator.post(record, {**HEADS, "staff_id": "lead.tori", "role": "lead", "language": "ru"}))

    absence: Json = {"staff_id": "lead.tori", "from_on": "2026-07-01", "to_on": "2026-07-31", "stand_in": "head.tori"}
    await lead.step(office, "record-absence", absence)
    again = await lead.post(
        f"{office}/commands/record-absence", absence, match=(await lead.get(office)).headers["ETag"]
    )
    refused(again, 409, "absence_overlaps", "from_on")

    view = done(await manager.get(office))
    assert [each["staff_id"] for each in listed(view["staff"])][-2:] == ["head.tori", "lead.tori"]
    assert [each["stand_in"] for each in listed(view["absences"])] == ["head.tori"]
    assert "vald@" not in str(view)
    refused(await neighbour.get(office), 403, "outside_municipality")
    refused(await neighbour.get(f"{office}/events"), 403, "outside_municipality")
