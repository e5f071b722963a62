"""A journey moves to another municipality: who may offer and answer, and what each side reads before, after and of what was."""

from __future__ import annotations

from datetime import timedelta

import httpx

from tests.starter.bodies import (
    Json,
    User,
    a_budget,
    a_contact,
    a_delivery,
    a_plan,
    assessment,
    consent,
    done,
    eligible,
    listed,
    referral,
    refused,
    registered,
    the_instrument,
    today,
)
from tests.starter.test_reading import queue


async def helped(manager: User) -> str:
    """Noticed yesterday, planned and budgeted; the person agrees to the care of Tapa too."""
    person = await registered(manager)
    await manager.step(person, "give-consent", consent("tapa"))
    noticed = {"noticed_on": str(today() - timedelta(days=1))}
    body = {**referral(person.rpartition("/")[2], manager.municipality), **noticed}
    path = f"/v1/journeys/{done(await manager.post('/v1/journeys/commands/record-referral', body))['id']}"
    await manager.step(path, "decide-eligibility", eligible())
    await manager.step(path, "assess-needs", assessment(await the_instrument(manager)))
    await manager.step(path, "draft-plan", a_plan())
    await manager.step(path, "agree-plan", {"plan_id": await plan_of(manager, path), "agreed_on": str(today())})
    await manager.step(path, "decide-budget", a_budget())
    await manager.step(path, "commit-service", {"line_id": "recovery", "minutes": 20 * 60})
    return path


async def plan_of(manager: User, path: str) -> object:
    return done(await manager.get(path))["plan_id"]


def offer() -> Json:
    return {"to": "tapa", "from_on": str(today()), "reason": "She moves to her sister."}


async def answered(by: User, path: str, command: str, body: Json | None = None) -> httpx.Response:
    """On the version that the offer shows."""
    seen = (await by.get(f"{path}/transfer")).headers["ETag"]
    return await by.post(f"{path}/commands/{command}", body or {}, match=seen)


async def moved(manager: User, neighbour: User) -> str:
    path = await helped(manager)
    await manager.step(path, "offer-transfer", offer())
    done(await answered(neighbour, path, "accept-transfer"))
    return path


async def told(by: User, path: str) -> list[object]:
    return [each["type"] for each in listed(done(await by.get(f"{path}/events"))["items"])]


async def transfers(by: User, **query: str) -> list[tuple[object, object, object, object]]:
    rows = listed(done(await by.get("/v1/transfers", **query))["items"])
    return [(row["journey_id"], row["former"], row["municipality"], row["status"]) for row in rows]


# ── Before ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_other_municipality_reads_what_the_offer_needs_and_no_more(manager: User, neighbour: User) -> None:
    path = await helped(manager)
    refused(await neighbour.get(f"{path}/transfer"), 403, "outside_municipality")
    refused(await manager.get(f"{path}/transfer"), 404, "no_transfer_offered")

    await manager.step(path, "offer-transfer", offer())

    shown = done(await neighbour.get(f"{path}/transfer"))
    assert (shown["former"], shown["municipality"], shown["from_on"]) == ("tori", "tapa", str(today()))
    assert (shown["stage"], shown["has_place"], shown["reason"]) == ("delivery", True, "She moves to her sister.")
    assert [each["component"] for each in listed(shown["help"])] == ["mental.recovery"]
    assert shown["need_by_life_area"]
    assert not {"person_id", "case_manager", "goals"} & set(shown)
    person = str(done(await manager.get(path))["person_id"])
    for hidden in (path, f"{path}/timeline", f"{path}/events", f"{path}/measures", f"{path}/ledger"):
        refused(await neighbour.get(hidden), 403, "outside_municipality")
    refused(await neighbour.get(f"/v1/persons/{person}"), 403, "outside_municipality")
    refused(await neighbour.get(f"/v1/persons/{person}/events"), 403, "outside_municipality")


async def test_who_has_nothing_to_do_with_it_reads_and_answers_nothing(manager: User, neighbour: User) -> None:
    """Tapa offers it to Pärnu; here Tori is the stranger."""
    person = await registered(neighbour)
    await neighbour.step(person, "give-consent", consent("parnu"))
    body = referral(person.rpartition("/")[2], "tapa")
    path = f"/v1/journeys/{done(await neighbour.post('/v1/journeys/commands/record-referral', body))['id']}"
    tomorrow = str(today() + timedelta(days=1))
    offered = await neighbour.step(path, "offer-transfer", {**offer(), "to": "parnu", "from_on": tomorrow})

    for hidden in (path, f"{path}/events", f"{path}/transfer", person):
        refused(await manager.get(hidden), 403, "outside_municipality")
    answers: dict[str, Json] = {"accept-transfer": {}, "reject-transfer": {"reason": "No."}}
    for command, answer in answers.items():
        seen = f'"{offered["version"]}"'
        refused(await manager.post(f"{path}/commands/{command}", answer, match=seen), 403, "outside_municipality")
    rows = await transfers(manager, after=str(offered["position"]), status="all")
    assert path.rpartition("/")[2] not in [each[0] for each in rows]
    refused(await manager.get("/v1/transfers", municipality="tapa"), 403, "outside_municipality")


async def test_only_the_one_that_is_asked_answers_and_does_nothing_else(manager: User, neighbour: User) -> None:
    path = await helped(manager)
    await manager.step(path, "offer-transfer", offer())
    seen = (await manager.get(path)).headers["ETag"]
    refused(await manager.post(f"{path}/commands/accept-transfer", {}, match=seen), 403, "outside_municipality")
    others: dict[str, Json] = {
        "log-contact": a_contact(),
        "withdraw-transfer": {"reason": "No."},
        "offer-transfer": offer(),
    }
    for command, body in others.items():
        refused(await neighbour.post(f"{path}/commands/{command}", body, match=seen), 403, "outside_municipality")

    done(await answered(neighbour, path, "reject-transfer", {"reason": "She lives in Türi."}))

    refused(await neighbour.get(f"{path}/transfer"), 403, "outside_municipality")
    view = done(await manager.get(path))
    assert (view["municipality"], view["transfer"], view["stage"]) == ("tori", None, "delivery")


async def test_a_provider_cannot_give_a_journey_away(manager: User, provider: User) -> None:
    path = await helped(manager)
    seen = (await manager.get(path)).headers["ETag"]
    refused(await provider.post(f"{path}/commands/offer-transfer", offer(), match=seen), 403, "not_for_this_role")


async def test_both_sides_find_the_transfer_in_their_list(manager: User, neighbour: User) -> None:
    path = await helped(manager)
    position = str((await manager.step(path, "offer-transfer", offer()))["position"])
    row = (path.rpartition("/")[2], "tori", "tapa")
    assert (*row, "open") in await transfers(manager, after=position)
    assert (*row, "open") in await transfers(neighbour, after=position)

    answer = done(await answered(neighbour, path, "accept-transfer"))

    position = str(answer["position"])
    assert row not in [each[:3] for each in await transfers(neighbour, after=position)]
    assert (*row, "accepted") in await transfers(neighbour, after=position, status="accepted")
    assert (*row, "accepted") in await transfers(manager, after=position, status="all")


# ── After ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_takes_over_reads_all_of_it_and_works_on(manager: User, neighbour: User) -> None:
    path = await moved(manager, neighbour)
    view = done(await neighbour.get(path))
    assert (view["municipality"], view["stage"], view["waits_for"]) == ("tapa", "planning", "a plan")
    assert (view["place_from"], view["case_manager"]) == (str(today()), None)
    assert [each["municipality"] for each in listed(view["memberships"])] == ["tori", "tapa"]
    assert (await told(neighbour, path))[0] == "referral.recorded"
    await neighbour.step(path, "appoint-case-manager", {"case_manager": "case_manager.tapa"})
    line = {**listed(a_plan()["lines"])[0], "line_id": "again"}
    await neighbour.step(path, "draft-plan", a_plan(line))
    await neighbour.step(path, "agree-plan", {"plan_id": await plan_of(neighbour, path), "agreed_on": str(today())})
    await neighbour.step(path, "decide-budget", a_budget())
    await neighbour.step(path, "commit-service", {"line_id": "again", "minutes": 60})
    await neighbour.step(path, "record-delivery", a_delivery(line_id="again"))


async def test_the_former_municipality_reads_its_own_time_and_nothing_later(manager: User, neighbour: User) -> None:
    path = await moved(manager, neighbour)
    until = await told(manager, path)
    assert until[-2:] == ["transfer.accepted", "budget.settled"]
    assert (await told(neighbour, path))[-1] == "place.received"

    await neighbour.step(path, "log-contact", a_contact(note="Of another time."))
    await neighbour.step(path, "appoint-case-manager", {"case_manager": "case_manager.tapa"})

    assert await told(manager, path) == until
    timeline = listed(done(await manager.get(f"{path}/timeline"))["items"])
    assert [each["type"] for each in timeline] == until
    view = done(await manager.get(path))
    assert (view["municipality"], view["case_manager"], view["place_from"]) == ("tapa", None, None)
    assert view["goals"], "what was planned in its time stays readable"
    assert done(await manager.get(f"{path}/measures"))
    refused(await manager.post(f"{path}/commands/log-contact", a_contact()), 403, "outside_municipality")


async def test_help_of_its_time_is_still_told_there_and_of_another_s_not(manager: User, neighbour: User) -> None:
    """It has no day here, since the line began today; what is told is looked at, and refused for its day alone."""
    path = await moved(manager, neighbour)
    late = await manager.post(f"{path}/commands/record-delivery", a_delivery())
    refused(late, 422, "outside_period", "day")
    wrong = await neighbour.post(f"{path}/commands/record-delivery", a_delivery())
    refused(wrong, 403, "outside_municipality")
    table = await manager.http.post(
        "/v1/deliveries",
        content=f"journey_id,reference,day,minutes,line_id\n{path.rpartition('/')[2]},A-1,{today()},60,recovery\n",
        headers={**manager.headers, "Content-Type": "text/csv"},
    )
    assert [each["result"] for each in listed(done(table)["results"])] == ["outside_period"]


async def test_the_person_moves_with_the_journey(manager: User, neighbour: User) -> None:
    path = await moved(manager, neighbour)
    person = f"/v1/persons/{done(await neighbour.get(path))['person_id']}"
    assert done(await neighbour.get(person))["municipality"] == "tapa"
    await neighbour.step(person, "change-contact-details", {"phone": "+372 5555 0000"})

    assert (await told(neighbour, person))[-1] == "contact_details.changed"
    assert (await told(manager, person))[-1] == "person.moved"
    assert done(await manager.get(person))["version"] == len(await told(manager, person))
    changed = await manager.post(f"{person}/commands/change-contact-details", {"phone": None}, match='"5"')
    refused(changed, 403, "outside_municipality")


async def test_the_work_queue_follows_the_journey(manager: User, neighbour: User) -> None:
    path = await helped(manager)
    await manager.step(path, "offer-transfer", offer())
    position = str(done(await answered(neighbour, path, "accept-transfer"))["position"])
    journey = path.rpartition("/")[2]
    assert journey in await queue(neighbour, after=position, stage="planning", limit=200)
    assert journey not in await queue(manager, after=position, stage="planning", limit=200)


async def test_nation_wide_all_of_it_is_read_whoever_has_it(
    manager: User, neighbour: User, coordinator: User, auditor: User
) -> None:
    path = await moved(manager, neighbour)
    for by in (coordinator, auditor):
        assert await told(by, path) == await told(neighbour, path)
