"""The way in: one route for each command, the version one has seen, and a key that makes sending again safe."""

from __future__ import annotations

import pytest

from domain.commands import ALL
from domain.decision import Command
from starter.scene import Scene
from tests.starter.bodies import (
    STAGES,
    User,
    a_budget,
    a_contact,
    a_delivery,
    a_journey,
    a_person,
    a_plan,
    an_exit,
    done,
    listed,
    new_key,
    referral,
    refused,
    registered,
    today,
)


async def versions(installation: Scene, path: str) -> list[int]:
    return [told.version for told in await installation.history(path.rpartition("/")[2])]


# ── The routes ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_public_command_has_one_route_with_its_schema_and_an_internal_one_has_none(manager: User) -> None:
    openapi = (await manager.get("/v1/openapi.json")).json()
    routes = {path: route["post"] for path, route in openapi["paths"].items() if "/commands/" in path}

    assert openapi["openapi"].startswith("3.1")
    assert set(routes) == {_route(command) for command in ALL if not command.internal}
    for command in ALL:
        if not command.internal:
            route = routes[_route(command)]
            schema = route["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert route["operationId"] == command.name
            assert set(openapi["components"]["schemas"][schema]["properties"]) == set(command.model_fields)


def _route(command: type[Command]) -> str:
    return f"/v1/{command.kind}{'' if command.creates else '/{id}'}/commands/{command.name}"


async def test_a_journey_goes_its_whole_way_by_http(manager: User, provider: User) -> None:
    path = await a_journey(manager, "delivery")
    done(await provider.post(f"{path}/commands/record-delivery", a_delivery()))
    await manager.step(path, "exit-journey", an_exit(reason="goal_reached"))

    view = done(await manager.get(path))
    [line] = listed(view["budget"])
    assert (view["stage"], view["exited_on"]) == ("exit", str(today()))
    assert line["delivered_cents"] == line["committed_cents"] == line["allocated_cents"] == 3200


@pytest.mark.parametrize("stage", STAGES)
async def test_the_answer_tells_where_the_journey_stands_and_its_etag_is_the_version(manager: User, stage: str) -> None:
    path = await a_journey(manager, stage)

    answer = await manager.post(f"{path}/commands/log-contact", a_contact())

    told = done(answer)
    assert told["id"] == path.rpartition("/")[2]
    assert told["stage"] == ("planning" if stage == "agreement" else stage)
    assert told["events"] == ["contact.logged"]
    assert answer.headers["ETag"] == f'"{told["version"]}"' == (await manager.get(path)).headers["ETag"]


# ── The version one has seen ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_step_without_the_version_seen_is_refused(manager: User) -> None:
    path = await a_journey(manager)

    answer = await manager.post(f"{path}/commands/appoint-case-manager", {"case_manager": "someone"}, match=None)

    refused(answer, 428, "if_match_missing", "If-Match")


async def test_what_changed_elsewhere_does_not_spoil_an_edit(manager: User) -> None:
    """Hours recorded and contacts logged while a plan is being written leave the plan as it was seen."""
    path = await a_journey(manager, "planning")
    seen = (await manager.get(path)).headers["ETag"]
    done(await manager.post(f"{path}/commands/log-contact", a_contact()))
    done(await manager.post(f"{path}/commands/appoint-case-manager", {"case_manager": "someone"}, match=seen))

    answer = await manager.post(f"{path}/commands/draft-plan", a_plan(), match=seen)

    assert done(answer)["events"] == ["plan.drafted"]


async def test_what_changed_in_the_same_part_since_it_was_seen_is_a_conflict(
    manager: User, installation: Scene
) -> None:
    path = await a_journey(manager, "planning")
    seen = (await manager.get(path)).headers["ETag"]
    done(await manager.post(f"{path}/commands/draft-plan", a_plan(), match=seen))
    before = await versions(installation, path)

    answer = await manager.post(f"{path}/commands/draft-plan", a_plan(), match=seen)

    refused(answer, 412, "stale", "If-Match")
    assert await versions(installation, path) == before


async def test_a_version_that_has_not_come_yet_is_a_conflict(manager: User) -> None:
    path = await a_journey(manager)

    answer = await manager.post(f"{path}/commands/log-contact", a_contact(), match='"1000"')

    refused(answer, 412, "stale", "If-Match")


async def test_only_a_step_that_adds_may_come_whatever_the_version(manager: User) -> None:
    path = await a_journey(manager, "budgeting")

    done(await manager.post(f"{path}/commands/log-contact", a_contact(), match="*"))
    answer = await manager.post(f"{path}/commands/decide-budget", a_budget(), match="*")

    refused(answer, 400, "if_match_malformed", "If-Match")


async def test_a_malformed_version_is_said_to_be_so(manager: User) -> None:
    path = await a_journey(manager)

    for match in ("", "12", '"12', 'W/"12"', '"1", "2"', '"a"', '"-1"', '"1.0"', f'"{"1" * 19}"', "**"):
        answer = await manager.post(f"{path}/commands/log-contact", a_contact(), match=match)
        refused(answer, 400, "if_match_malformed", "If-Match")


# ── The key that makes sending again safe ────────────────────────────────────────────────────────────────────────────


async def test_a_step_without_a_key_is_refused(manager: User) -> None:
    path = await a_journey(manager)

    for answer in (
        await manager.post(f"{path}/commands/log-contact", a_contact(), key=None),
        await manager.post("/v1/persons/commands/register-person", a_person(), key=None),
        await manager.post(f"{path}/commands/log-contact", a_contact(), key=""),
    ):
        refused(answer, 400, "idempotency_key_missing", "Idempotency-Key")


async def test_the_same_key_with_the_same_content_gets_the_first_answer_also_after_other_steps(
    manager: User, installation: Scene
) -> None:
    """A retry after success is no conflict, although the version it names is an old one by then."""
    path, key = await a_journey(manager, "planning"), new_key()
    seen = (await manager.get(path)).headers["ETag"]
    first = await manager.post(f"{path}/commands/draft-plan", a_plan(), key=key, match=seen)
    await manager.step(path, "draft-plan", a_plan())
    done(await manager.post(f"{path}/commands/log-contact", a_contact()))
    before = await versions(installation, path)

    again = await manager.post(f"{path}/commands/draft-plan", a_plan(), key=key, match=seen)

    assert done(again) == done(first)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert await versions(installation, path) == before


async def test_a_creation_sent_again_finds_itself(manager: User) -> None:
    person, key = (await registered(manager)).removeprefix("/v1/persons/"), new_key()

    first = await manager.post("/v1/journeys/commands/record-referral", referral(person), key=key)
    again = await manager.post("/v1/journeys/commands/record-referral", referral(person), key=key)

    assert done(again) == done(first)


async def test_the_same_key_with_other_content_is_refused(manager: User, installation: Scene) -> None:
    path, key = await a_journey(manager), new_key()
    done(await manager.post(f"{path}/commands/log-contact", a_contact(reached=True), key=key))
    before = await versions(installation, path)

    other_content = await manager.post(f"{path}/commands/log-contact", a_contact(reached=False), key=key)
    other_command = await manager.post(
        f"{path}/commands/appoint-case-manager", {"case_manager": "someone"}, key=key, match='"1"'
    )

    refused(other_content, 409, "idempotency_key_reused", "Idempotency-Key")
    refused(other_command, 409, "idempotency_key_reused", "Idempotency-Key")
    assert await versions(installation, path) == before


async def test_a_key_used_for_a_creation_makes_nothing_else(manager: User) -> None:
    key = new_key()
    done(await manager.post("/v1/persons/commands/register-person", a_person(), key=key))

    answer = await manager.post("/v1/persons/commands/register-person", a_person(), key=key)

    refused(answer, 409, "idempotency_key_reused", "Idempotency-Key")


async def test_a_key_belongs_to_its_caller_and_its_journey(manager: User, provider: User) -> None:
    """Two users who happen to choose the same key, or one who uses it for two people, are not confused."""
    path, other, key = await a_journey(manager), await a_journey(manager), new_key()

    answers = [
        done(await each.post(f"{where}/commands/log-contact", a_contact(), key=key))
        for each, where in ((manager, path), (provider, path), (manager, other))
    ]

    assert [(answer["id"], answer["version"]) for answer in answers] == [
        (path.rpartition("/")[2], 2), (path.rpartition("/")[2], 3), (other.rpartition("/")[2], 2),
    ]  # fmt: skip
