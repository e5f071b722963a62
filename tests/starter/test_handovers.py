"""A caseload is handed over as one operation, that anybody in charge can follow and take back."""

from __future__ import annotations

from starter.scene import Scene
from tests.starter.bodies import User, a_journey, new_key, refused
from tests.starter.handing_over import handed_over_while_worked_on


async def test_forty_cases_go_over_while_eight_are_worked_on_and_come_back(
    installation: Scene, manager: User, coordinator: User
) -> None:
    await handed_over_while_worked_on(installation, coordinator, manager, cases=40, worked_on=8)


async def test_a_case_manager_cannot_order_it_and_a_neighbour_cannot_see_it(manager: User, neighbour: User) -> None:
    journey = (await a_journey(manager)).rpartition("/")[2]
    order = {
        "municipality": "tori", "from_manager": "mari", "to": ["jaan"], "journeys": [journey], "reason": "Ill.",
    }  # fmt: skip
    path = "/v1/handovers/commands/hand-over-caseload"
    refused(await manager.post(path, order, key=new_key()), 403, "not_for_this_role")
    refused(await neighbour.post(path, order, key=new_key()), 403, "outside_municipality")
