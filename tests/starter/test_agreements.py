"""An agreement as a municipality's lead reads it: periods, money, who waits and why, and the places day by day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import httpx

from starter.scene import Scene
from tests.starter.bodies import Json, User, a_journey, done, listed, new_key, refused, today
from tests.starter.crowds import Places, eventually

HOSPITAL = "In hospital for some weeks [synthetic]."


def day(number: int) -> date:
    return today() + timedelta(days=number)


async def occupancy(somebody: User, agreement: str, first: date, last: date) -> httpx.Response:
    return await somebody.get(f"/v1/agreements/{agreement}/occupancy", **{"from": str(first), "to": str(last)})


def rows(answer: httpx.Response) -> dict[str, Json]:
    return {str(row["day"]): row for row in listed(done(answer)["days"])}


def counted(row: Json) -> dict[str, object]:
    return {name: row[name] for name in ("places", "reserved", "occupied", "suspended", "offered", "free")}


async def a_new_agreement(coordinator: User) -> str:
    """Of a code of its own, that no programme knows: for its terms alone."""
    code = f"test-{new_key()}"
    for first, last, places in (("2026-01-01", "2026-12-31", 5), ("2027-01-01", None, 8)):
        terms = {
            "agreement": code, "municipalities": ["tori", "tapa"], "valid_from": first, "valid_to": last,
            "places": places, "coordinator": "coordinator-b", "synthetic": True,
        }  # fmt: skip
        done(await coordinator.post("/v1/agreements/commands/sign-agreement", terms))
    return f"agreement-{code}"


async def test_periods_are_signed_beforehand_and_shown_with_their_places_and_money(
    coordinator: User, manager: User
) -> None:
    agreement = await a_new_agreement(coordinator)
    path = f"/v1/agreements/{agreement}"
    for source, cents in (("esf_plus", 10_000_000), ("state", 2_000_000), ("esf_plus", 12_500_050)):
        await coordinator.step(path, "record-funding", {"valid_from": "2027-01-01", "source": source, "cents": cents})

    view = done(await manager.get(path))

    this_year, next_year = listed(view["periods"])
    assert (this_year["valid_to"], this_year["places"], this_year["funding"]) == ("2026-12-31", 5, [])
    assert (next_year["valid_from"], next_year["places"], next_year["free"]) == ("2027-01-01", 8, 8)
    assert next_year["funding"] == [
        {"source": "esf_plus", "cents": 12_500_050},
        {"source": "state", "cents": 2_000_000},
    ]
    found = rows(await occupancy(manager, agreement, date(2026, 12, 30), date(2027, 1, 2)))
    assert [row["places"] for row in found.values()] == [5, 5, 8, 8]


async def test_a_period_that_overlaps_and_money_for_none_are_refused(coordinator: User, manager: User) -> None:
    agreement = await a_new_agreement(coordinator)
    again: Json = {
        "agreement": agreement.removeprefix("agreement-"), "municipalities": ["tori"], "valid_from": "2026-12-31",
        "places": 5, "coordinator": "coordinator-b",
    }  # fmt: skip
    refused(
        await coordinator.post("/v1/agreements/commands/sign-agreement", again), 409, "agreement_exists", "valid_from"
    )
    path = f"/v1/agreements/{agreement}/commands/record-funding"
    money: Json = {"valid_from": "2025-01-01", "source": "state", "cents": 1}
    refused(await coordinator.post(path, money, match='"2"'), 422, "unknown_period", "valid_from")
    refused(await coordinator.post(path, {**money, "cents": -1}, match='"2"'), 400, "malformed", "cents")
    refused(await coordinator.post(path, {**money, "source": "The State"}, match='"2"'), 400, "malformed", "source")
    refused(await manager.post(path, money, match='"2"'), 403, "outside_municipality")
    assert done(await manager.get(f"/v1/agreements/{agreement}"))["version"] == 2


async def test_the_days_show_who_uses_a_place_and_when_one_becomes_free(
    installation: Scene, http: httpx.AsyncClient
) -> None:
    """Antsla's lead looks at the coming month: one stays, one is in hospital, one is expected to leave."""
    manager = User(http, installation.tokens["coordinator"], "antsla")
    agreement = "agreement-antsla"
    empty = rows(await occupancy(manager, agreement, today(), today()))[str(today())]
    _, away, leaving = [await a_journey(manager, "assessment") for _ in range(3)]
    await manager.step(away, "suspend-place", {"from_on": str(today()), "reason": HOSPITAL})
    await manager.step(leaving, "plan-exit", {"on": str(day(10)), "reason": "goal_reached"})

    answer = await occupancy(manager, agreement, day(-3), day(30))

    found = rows(answer)
    places = empty["places"]
    assert isinstance(places, int)
    assert list(found) == [str(day(n)) for n in range(-3, 31)]
    assert [found[str(day(n))]["forecast"] for n in (-3, 0, 1)] == [False, False, True]
    assert counted(found[str(day(-1))]) == counted(empty)
    uses: Json = {"places": places, "reserved": 0, "occupied": 2, "suspended": 1, "offered": 0, "free": places - 3}
    assert counted(found[str(today())]) == counted(found[str(day(9))]) == uses
    assert counted(found[str(day(10))]) == uses | {"occupied": 1, "free": places - 2}
    assert HOSPITAL not in answer.text

    await manager.step(away, "resume-place", {"on": str(today())})
    await manager.step(leaving, "plan-exit", {})
    after = rows(await occupancy(manager, agreement, day(10), day(10)))
    assert counted(after[str(day(10))]) == uses | {"occupied": 3, "suspended": 0}


async def test_what_is_urgent_goes_first_and_an_offer_that_is_declined_goes_to_the_next(
    installation: Scene, http: httpx.AsyncClient
) -> None:
    manager = User(http, installation.tokens["coordinator"], "rouge")
    places = Places(installation=installation, manager=manager)
    await places.fill(leaving=1)
    holder = await a_journey(manager, "assessment")
    first, second, third = [(await a_journey(manager, "assessment")).rpartition("/")[2] for _ in range(3)]
    assert await places.waiting() == [first, second, third]

    urgency = {"urgent": True, "reason": "Sleeps outside [synthetic]."}
    await manager.step(f"/v1/journeys/{third}", "record-urgency", urgency)
    view = await places.view()
    order = listed(view["waiting"])
    assert [waiter["journey_id"] for waiter in order] == [third, first, second]
    assert str(order[0]["explained"]).startswith("Number 1: urgent, ")
    assert "1 comes before, because it is more urgent there" in str(order[1]["explained"])
    assert "outside" not in str(view)

    await places.leave(holder.rpartition("/")[2])
    await eventually(partial(places.is_offered, third))
    row = next(each for each in listed((await places.view())["waiting"]) if each["journey_id"] == third)
    assert row["offered_until"] is not None
    call = {"on": str(today()), "channel": "call", "with_whom": "person", "reached": True}
    await manager.step(f"/v1/journeys/{third}", "log-contact", call)

    async def is_next() -> bool:
        queue = listed(done(await manager.get("/v1/journeys", municipality="rouge"))["items"])
        shown = next(each for each in queue if each["journey_id"] == third)
        return (shown["next_what"], shown["next_due"]) == ("offer", row["offered_until"])

    await eventually(is_next)

    decline = {"reason": "Too far from her mother [synthetic]."}
    await manager.step(f"/v1/journeys/{third}", "decline-place", decline)
    await eventually(partial(places.is_offered, first))
    order = listed((await places.view())["waiting"])
    assert [waiter["journey_id"] for waiter in order] == [third, first, second]  # still urgent; but not offered again
    assert "an offer was passed on" in str(order[0]["explained"])
    assert "mother" not in str(order)


# ── Bad input ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_days_are_asked_for_from_one_to_another_and_at_most_four_hundred(manager: User) -> None:
    path = "/v1/agreements/agreement-tori/occupancy"
    refused(await manager.get(path), 400, "malformed", "from", "to")
    refused(await manager.get(path, **{"from": "soon", "to": "2026-01-01"}), 400, "malformed", "from")
    refused(await manager.get(path, **{"from": "2026-01-02", "to": "2026-01-01"}), 400, "malformed", "to")
    refused(await manager.get(path, **{"from": "2026-01-01", "to": "2027-02-05"}), 400, "malformed", "to")
    assert len(rows(await manager.get(path, **{"from": "2026-01-01", "to": "2027-02-04"}))) == 400
    assert len(rows(await manager.get(path, **{"from": "9999-12-31", "to": "9999-12-31"}))) == 1
    assert len(rows(await manager.get(path, **{"from": "0001-01-01", "to": "0001-01-02"}))) == 2


async def test_another_municipality_s_places_are_not_shown(neighbour: User) -> None:
    refused(await occupancy(neighbour, "agreement-tori", today(), today()), 403, "outside_municipality")
    refused(await occupancy(neighbour, "agreement-narnia", today(), today()), 404, "unknown_stream")


REFUSED: tuple[tuple[str, Json, int, str, str | None], ...] = (
    ("accept-place", {}, 409, "waits_for_no_place", None),
    ("decline-place", {"reason": "No."}, 409, "waits_for_no_place", None),
    ("decline-place", {}, 400, "malformed", "reason"),
    ("decline-place", {"reason": "No.", "keep_waiting": "yes"}, 400, "malformed", "keep_waiting"),
    ("record-urgency", {"urgent": True, "reason": "Yes."}, 409, "place_taken", None),
    ("suspend-place", {"from_on": str(day(1)), "reason": "Hospital."}, 422, "date_in_future", "from_on"),
    ("suspend-place", {"from_on": str(day(-9)), "reason": "Hospital."}, 422, "before_place", "from_on"),
    ("resume-place", {"on": str(day(0))}, 409, "not_suspended", None),
    ("plan-exit", {"on": str(day(-1)), "reason": "died"}, 422, "exit_planned_in_past", "on"),
    ("plan-exit", {"on": str(day(9))}, 400, "malformed", "body"),
    ("plan-exit", {"on": str(day(9)), "reason": "bored"}, 400, "malformed", "reason"),
)


async def test_what_cannot_be_is_refused_with_its_field_and_changes_nothing(
    installation: Scene, http: httpx.AsyncClient
) -> None:
    manager = User(http, installation.tokens["coordinator"], "raasiku")
    placed = await a_journey(manager, "assessment")
    before = await manager.get(placed)
    for command, data, status, code, field in REFUSED:
        answer = await manager.post(f"{placed}/commands/{command}", data, match=before.headers["ETag"])
        refused(answer, status, code, *([] if field is None else [field]))

    view = done(await manager.get(placed))

    assert view == done(before)
    assert (view["offer"], view["suspensions"], view["planned_exit"], view["urgent"]) == (None, [], None, False)
