"""Outcome measures through the API: taken by those who may, shown then and now, and refused in words."""

from tests.starter.bodies import Json, User, a_journey, done, listed, today


def scores(**need: int) -> Json:
    areas = (
        "social_relations", "mental_health", "physical_health", "employment", "free_time", "living_environment",
        "daily_living",
    )  # fmt: skip
    return {area: {"need": need.get(area), "importance": 3, "confidence": None} for area in areas}


def a_measure(occasion: str, **need: int) -> Json:
    return {"occasion": occasion, "on": str(today()), "by": "person", "scores": scores(**need)}


async def test_first_and_latest_measure_are_shown_side_by_side_with_the_change(manager: User) -> None:
    path = await a_journey(manager, "delivery")
    done(await manager.post(f"{path}/commands/take-measure", a_measure("entry", employment=4)))
    done(await manager.post(f"{path}/commands/take-measure", a_measure("review", employment=1)))
    view = done(await manager.get(f"{path}/measures"))
    [found] = listed(view["then_and_now"])
    assert found["comparable"] is True
    areas = found["areas"]
    assert isinstance(areas, dict)
    assert areas["employment"]["change"] == {"need": -3, "importance": 0, "confidence": None}
    assert areas["free_time"]["change"] == {"need": None, "importance": 0, "confidence": None}
    assert [each["instrument"] for each in listed(view["measures"])] == ["life_areas@1", "life_areas@1"]


async def test_a_rating_is_shown_and_one_of_help_that_was_not_planned_is_refused(manager: User) -> None:
    path = await a_journey(manager, "delivery")
    [line] = listed(done(await manager.get(path))["budget"])
    rated = {"component": line["component"], "provider_id": None, "rating": 4, "by": "person", "on": str(today())}
    done(await manager.post(f"{path}/commands/rate-service", rated))
    refused = await manager.post(f"{path}/commands/rate-service", {**rated, "component": "horse.riding"})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_their_help")
    [kept] = listed(done(await manager.get(f"{path}/measures"))["ratings"])
    assert (kept["component"], kept["rating"]) == (line["component"], 4)


async def test_a_degree_beyond_the_scale_is_refused(manager: User) -> None:
    path = await a_journey(manager, "assessment")
    refused = await manager.post(f"{path}/commands/take-measure", a_measure("entry", employment=5))
    assert refused.status_code == 400
