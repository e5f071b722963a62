"""Proposals, carers and a region's needs by HTTP, as a case manager and a municipality's lead see them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from domain.proposing import Wanted
from starter.region_views import proposals_view
from starter.scene import Scene
from tests.starter.bodies import (
    Json,
    User,
    a_journey,
    a_line,
    a_person,
    a_plan,
    an_exit,
    done,
    listed,
    new_key,
    refused,
    today,
    user,
)

UNTIL = str(today() + timedelta(days=180))
WHEN = {"from": str(today()), "to": UNTIL}


@pytest.fixture
def lead(installation: Scene, http: httpx.AsyncClient) -> User:
    return user(installation, http, "lead.tori")


async def proposals(somebody: User, path: str, component: str, tariff: str = "individual", **when: str) -> Json:
    return done(await somebody.get(f"{path}/providers", component=component, tariff=tariff, **(when or WHEN)))


async def needs_when(somebody: User, code: str, component: str, **expected: object) -> Json:
    """The row of a component, as soon as the lists show what is expected of it."""
    for _ in range(100):
        view = done(await somebody.get(f"/v1/municipalities/{code}/needs"))
        row = next(each for each in listed(view["components"]) if each["component"] == component)
        if all(row[name] == value for name, value in expected.items()):
            return view
        await asyncio.sleep(0.1)
    raise AssertionError((expected, row))


async def leaves(manager: User, path: str) -> None:
    """So that the place is there for the next test."""
    await manager.step(path, "exit-journey", an_exit())


def row_of(view: Json, rows: str, name: str, code: str) -> Json:
    return next(each for each in listed(view[rows]) if each[name] == code)


# ── Proposals ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_is_near_home_is_proposed_first_and_each_says_why(manager: User) -> None:
    path = await a_journey(manager)

    found = await proposals(manager, path, "mental.recovery")

    items = listed(found["items"])
    assert [each["position"] for each in items] == [1, 2, 3, 4]
    assert items[0]["based_in"] == "tori"
    assert {each["based_in"] for each in items[1:3]} == {"tartu", "parnu"}  # of the same region, as free as each is now
    assert items[3]["based_in"] == "tallinn"
    assert all(str(each["name"]).endswith("[synthetic]") for each in items)
    assert "At home in Tori, where the person lives; free: " in str(items[0]["reason"])
    assert str(items[0]["reason"]).endswith("speaks the person's language (et).")
    assert "The choice is the person's." in str(found["explained"])


async def test_what_an_agreed_plan_calls_for_takes_room_and_another_becomes_free_first(manager: User) -> None:
    """160 h a month are all that the nearest has. Its capacity is advice: it stays on the list, in its place."""
    path = await a_journey(manager, "planning")
    nearest = "provider-90000003"
    long = a_line(provider_id=nearest, component="leisure", minutes=60_000, ends_on=str(today() + timedelta(days=100)))
    await manager.step(path, "draft-plan", a_plan(long))
    plan_id = done(await manager.get(path))["plan_id"]
    await manager.step(path, "agree-plan", {"plan_id": plan_id, "agreed_on": str(today())})

    other = await a_journey(manager)
    for _ in range(100):
        found = await proposals(manager, other, "leisure")
        [first, *_] = listed(found["items"])
        if int(str(first["planned_minutes"])) > 0:
            break
        await asyncio.sleep(0.1)

    assert first["provider_id"] == nearest
    assert int(str(first["planned_minutes"])) >= 9600
    assert "; full: " in str(first["reason"])
    await leaves(manager, path)


def test_where_nobody_is_under_contract_that_is_said_with_what_can_be_done() -> None:
    wanted = Wanted(
        component="leisure", municipality="tori", language="et", starts_on=today(), ends_on=today() + timedelta(days=9)
    )
    view = proposals_view(wanted, "individual", ())
    assert view.items == ()
    assert view.explained.endswith("the plan can name it as an unmet need.")


async def test_a_question_that_makes_no_sense_names_what_is_wrong_with_it(manager: User, neighbour: User) -> None:
    path = await a_journey(manager)

    async def asked(**but: str) -> httpx.Response:
        query = {"component": "leisure", "tariff": "individual", **WHEN, **but}
        return await manager.get(f"{path}/providers", **query)

    refused(await asked(component="horse.riding"), 400, "malformed", "component")
    refused(await asked(tariff="family"), 400, "malformed", "tariff")
    refused(await asked(to=str(today() - timedelta(days=1))), 400, "malformed", "to")
    refused(await asked(**{"from": "2019-01-01"}), 400, "malformed", "from")
    refused(await asked(**{"from": "1000-01-01"}), 400, "malformed", "from")
    refused(await asked(**{"from": "soon", "to": "later"}), 400, "malformed", "from", "to")
    refused(await manager.get(f"{path}/providers"), 400, "malformed", "component", "tariff", "from", "to")
    refused(
        await neighbour.get(f"{path}/providers", component="leisure", tariff="individual", **WHEN),
        403, "outside_municipality",
    )  # fmt: skip
    refused(
        await manager.get("/v1/journeys/journey-none/providers", component="leisure", tariff="individual", **WHEN),
        404, "unknown_stream",
    )  # fmt: skip


# ── Carers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def with_a_carer(manager: User) -> tuple[str, str]:
    """A journey at the planning stage whose person has a carer."""
    path = await a_journey(manager, "planning")
    person = f"/v1/persons/{done(await manager.get(path))['person_id']}"
    carer = done(await manager.post("/v1/persons/commands/register-person", a_person()))
    await manager.step(person, "link-carer", {"carer_id": carer["id"], "relation": "parent"})
    return path, str(carer["id"])


async def test_a_carer_s_needs_the_lines_that_serve_them_and_what_is_still_open(manager: User) -> None:
    path, carer = await with_a_carer(manager)
    needs: Json = {"carer_id": carer, "on": str(today()), "needs": "Sleep.", "own_needs": ["respite", "health"]}
    done(await manager.post(f"{path}/commands/assess-carer", needs))
    assert done(await manager.get(path))["carers"] == [
        {
            "carer_id": carer, "assessed_on": str(today()), "needs": ["respite", "health"], "lines": [],
            "not_met": ["respite", "health"],
        }
    ]  # fmt: skip
    year_end = f"{today().year}-12-31"
    respite = a_line(line_id="respite", component="family.respite", tariff="family", carer_id=carer, ends_on=year_end)
    await manager.step(path, "draft-plan", a_plan(a_line(), respite))

    [found] = listed(done(await manager.get(path))["carers"])

    assert (found["lines"], found["not_met"]) == (["respite"], ["health"])
    await leaves(manager, path)


async def test_carers_are_people_who_are_registered_and_linked(manager: User, installation: Scene) -> None:
    path, carer = await with_a_carer(manager)
    person = f"/v1/persons/{done(await manager.get(path))['person_id']}"
    stranger = str(done(await manager.post("/v1/persons/commands/register-person", a_person()))["id"])
    journey_id, before = path.rpartition("/")[2], len(await installation.history(path.rpartition("/")[2]))

    async def asked(where: str, command: str, data: Json) -> httpx.Response:
        seen = (await manager.get(where)).headers["ETag"]
        return await manager.post(f"{where}/commands/{command}", data, match=seen)

    for nobody in ("person-none", journey_id, "provider-90000001"):  # of another kind: that is nobody either
        link: Json = {"carer_id": nobody, "relation": "other"}
        refused(await asked(person, "link-carer", link), 422, "unknown_person", "carer_id")
        name: Json = {"representative_id": nobody, "basis": "guardian", "from_on": str(today())}
        refused(await asked(person, "name-representative", name), 422, "unknown_person", "representative_id")
    assess: Json = {"carer_id": stranger, "on": str(today()), "needs": "Rest."}
    refused(await asked(path, "assess-carer", assess), 422, "not_their_carer", "carer_id")
    odd: Json = {"carer_id": carer, "on": str(today()), "needs": "Rest.", "own_needs": ["yacht"]}
    refused(await asked(path, "assess-carer", odd), 422, "unknown_carer_need", "own_needs")
    theirs = a_plan(a_line(component="family.peer", tariff="family", carer_id=stranger))
    refused(await asked(path, "draft-plan", theirs), 422, "not_their_carer", "lines")
    refused(await asked(path, "draft-plan", a_plan(a_line(carer_id=carer))), 422, "serves_the_person", "lines")
    refused(await asked(path, "draft-plan", a_plan(a_line(provider_id=journey_id))), 422, "unknown_provider", "lines")
    assert len(await installation.history(journey_id)) == before
    await leaves(manager, path)


# ── Region's needs ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_gap_is_seen_acted_on_and_closed(neighbour: User) -> None:
    """In Tapa: a plan names a need that nobody meets; the lead acts, and says what came of it."""
    path = await a_journey(neighbour, "planning")
    lacking: Json = {"need_id": "club", "goal_id": "out", "component": "leisure", "why": "None within 40 km."}
    await neighbour.step(path, "draft-plan", a_plan() | {"unmet": [lacking]})
    assert done(await neighbour.get(path))["unmet"] == [lacking]
    plan_id = done(await neighbour.get(path))["plan_id"]
    await neighbour.step(path, "agree-plan", {"plan_id": plan_id, "agreed_on": str(today())})

    view = await needs_when(neighbour, "tapa", "leisure", journeys_unmet=1)

    row = row_of(view, "components", "component", "leisure")
    assert (row["is_gap"], row["why"]) == (True, ["Named in agreed plans as a need that nobody meets: 1."])
    assert int(str(row_of(view, "components", "component", "mental.recovery")["journeys_planned"])) > 0
    area = row_of(view, "life_areas", "life_area", "free_time")
    by_degree = area["journeys_by_degree"]
    assert isinstance(by_degree, dict)
    assert area["journeys_in_need"] == by_degree["2"] + by_degree["3"] + by_degree["4"] > 0
    assert area["is_gap"] is False  # somebody is under contract for help with free time

    action: Json = {
        "municipality": "tapa", "component": "leisure", "action": "Ask the youth centre for an evening a week.",
        "owner": "lead.tapa", "due_on": UNTIL,
    }  # fmt: skip
    told = done(await neighbour.post("/v1/regions/commands/record-gap-action", action))
    region = f"/v1/regions/{told['id']}"
    assert told["events"] == ["gap.action_recorded"]
    refused(await neighbour.post("/v1/regions/commands/record-gap-action", action), 409, "gap_in_hand", "component")
    [open_one] = listed(done(await neighbour.get(region))["actions"])
    view = done(await neighbour.get("/v1/municipalities/tapa/needs"))
    assert row_of(view, "components", "component", "leisure")["action"] == open_one
    await neighbour.step(region, "close-gap", {
        "gap_id": open_one["gap_id"], "on": str(today()), "outcome": "The youth centre signed a contract.",
    })  # fmt: skip
    [closed] = listed(done(await neighbour.get(region))["actions"])
    assert (closed["closed_on"], closed["outcome"]) == (str(today()), "The youth centre signed a contract.")
    types = [each["type"] for each in listed(done(await neighbour.get(f"{region}/events"))["items"])]
    assert types == ["gap.action_recorded", "gap.closed"]
    await leaves(neighbour, path)
    await needs_when(neighbour, "tapa", "leisure", journeys_unmet=0)


async def test_a_region_is_its_municipality_s_own(lead: User, neighbour: User, coordinator: User) -> None:
    action: Json = {
        "municipality": "tori", "life_area": "employment", "action": "Look for work places.", "owner": "lead.tori",
        "due_on": UNTIL,
    }  # fmt: skip
    refused(await neighbour.post("/v1/regions/commands/record-gap-action", action), 403, "outside_municipality")
    region = f"/v1/regions/{done(await lead.post('/v1/regions/commands/record-gap-action', action))['id']}"
    close: Json = {"gap_id": "gap-none", "on": str(today()), "outcome": "None."}
    seen = (await lead.get(region)).headers["ETag"]

    refused(await neighbour.get("/v1/municipalities/tori/needs"), 403, "outside_municipality")
    refused(await neighbour.get(region), 403, "outside_municipality")
    refused(await neighbour.get(f"{region}/events"), 403, "outside_municipality")
    refused(await neighbour.post(f"{region}/commands/close-gap", close, match=seen), 403, "outside_municipality")
    refused(await lead.post(f"{region}/commands/close-gap", close, match=seen), 422, "unknown_gap", "gap_id")
    done(await coordinator.get("/v1/municipalities/tori/needs"))
    done(await coordinator.get(region))


async def test_needs_of_nowhere_or_of_a_day_without_rules_are_not_found(lead: User, coordinator: User) -> None:
    refused(await coordinator.get("/v1/municipalities/narnia/needs"), 404, "unknown_municipality")
    refused(await lead.get("/v1/municipalities/tori/needs", on="2019-01-01"), 404, "not_in_force")
    refused(await lead.get("/v1/municipalities/tori/needs", on="soon"), 400, "malformed", "on")
    refused(await lead.get("/v1/municipalities/tori/needs", on="0001-01-01"), 400, "malformed", "on")


async def test_a_gap_action_that_makes_no_sense_is_refused(lead: User, installation: Scene) -> None:
    async def asked(**but: object) -> httpx.Response:
        whole: Json = {
            "municipality": "tori", "component": "home.move", "action": "Ask.", "owner": "lead.tori", "due_on": UNTIL,
        }  # fmt: skip
        return await lead.post("/v1/regions/commands/record-gap-action", whole | but)

    before = await installation.history("region-tori")
    refused(await asked(component="horse.riding"), 422, "unknown_component", "component")
    refused(await asked(life_area="employment"), 422, "gap_of_what", "component")
    refused(await asked(due_on="2020-01-01"), 422, "gap_due_in_past", "due_on")
    refused(await asked(action=" "), 400, "malformed", "action")
    refused(await asked(action="x" * 2001), 400, "malformed", "action")
    refused(await asked(municipality="narnia"), 403, "outside_municipality")
    assert await installation.history("region-tori") == before


async def test_a_contract_states_language_codes_and_a_capacity_there_can_be(coordinator: User) -> None:
    async def asked(**but: object) -> httpx.Response:
        whole: Json = {
            "provider_name": "Synthetic", "registry_code": "90000099", "components": ["leisure"],
            "municipalities": ["tori"], "valid_from": str(today()), "synthetic": True, **but,
        }  # fmt: skip
        return await coordinator.post("/v1/providers/commands/contract-provider", whole, key=new_key())

    refused(await asked(languages=["Estonian"]), 400, "malformed", "languages.0")
    refused(await asked(capacity_minutes_per_month=0), 400, "malformed", "capacity_minutes_per_month")
    refused(await asked(based_in="narnia"), 422, "not_in_the_programme")
