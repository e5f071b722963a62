"""What is read: a journey as it stands, its history, the work queue page by page, reference data, places and why."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from domain.cipher import NullCipher
from domain.codec import Codec, Meta
from domain.decision import SYSTEM
from domain.events import CATALOGUE
from domain.ports import StreamAppend
from domain.working_days import at_hour
from starter.scene import Scene
from tests.starter.bodies import (
    Json,
    User,
    a_contact,
    a_delivery,
    a_journey,
    done,
    listed,
    new_key,
    refused,
    registered,
    today,
)


def next_page(answer: httpx.Response) -> str | None:
    """Where Link says that it goes on."""
    link = answer.headers.get("Link")
    if link is None:
        return None
    assert link.startswith("</v1/")
    assert link.endswith('>; rel="next"')
    return str(link[1 : link.index(">")])


async def pages(somebody: User, path: str) -> list[list[Json]]:
    """Following Link to the end."""
    found = []
    following: str | None = path
    while following is not None:
        answer = await somebody.get(following)
        found.append(listed(done(answer)["items"]))
        given = parse_qs(urlsplit(next_page(answer) or "").query).get("cursor")
        assert given == (None if answer.json()["next"] is None else [str(answer.json()["next"])])
        following = next_page(answer)
    return found


async def queue(somebody: User, **query: str | int | bool) -> list[str]:
    """Ids of the journeys listed."""
    return [str(row["journey_id"]) for row in listed(done(await somebody.get("/v1/journeys", **query))["items"])]


def id_of(path: str) -> str:
    return path.rpartition("/")[2]


# ── One journey ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_journey_shows_where_it_stands_what_is_due_and_where_the_money_is(
    manager: User, provider: User
) -> None:
    path = await a_journey(manager, "delivery")
    done(await provider.post(f"{path}/commands/record-delivery", a_delivery()))

    answer = await manager.get(path)

    view = done(answer)
    [line] = listed(view["budget"])
    assert answer.headers["ETag"] == f'"{view["version"]}"'
    assert (view["stage"], view["waits_for"]) == ("delivery", "deliveries, and the next review")
    assert view["next_review"] == "progress"
    allocated, committed, delivered, paid = (
        int(str(line[f"{name}_cents"])) for name in ("allocated", "committed", "delivered", "paid")
    )
    assert allocated == 2 * committed > 2 * delivered > 2 * paid == 0
    due = [date.fromisoformat(str(each["due_on"])) for each in listed(view["deadlines"]) if each["what"] == "review"]
    assert all(today() < each <= today() + timedelta(days=100) for each in due)
    assert due


async def test_the_timeline_tells_every_fact_in_order_in_a_sentence(manager: User) -> None:
    path = await a_journey(manager, "exit")

    told = listed(done(await manager.get(f"{path}/timeline"))["items"])
    events = [event for page in await pages(manager, f"{path}/events") for event in page]

    assert [(each["version"], each["type"]) for each in told] == [(each["version"], each["type"]) for each in events]
    assert all(str(each["sentence"]).endswith(".") and "{" not in str(each["sentence"]) for each in told)


async def test_events_come_in_pages_that_link_to_the_next_without_loss_or_doubling(manager: User) -> None:
    path = await a_journey(manager, "exit")
    version = done(await manager.get(path))["version"]
    assert isinstance(version, int)
    assert version > 8

    found = await pages(manager, f"{path}/events?limit=3")

    assert [len(page) for page in found[:-1]] == [3] * (len(found) - 1)
    assert [event["version"] for page in found for event in page] == list(range(1, version + 1))


async def test_an_event_shows_who_what_when_and_its_own_fields(manager: User) -> None:
    path = await a_journey(manager)
    done(await manager.post(f"{path}/commands/log-contact", a_contact(note="Õues käidud.")))

    event = listed(done(await manager.get(f"{path}/events"))["items"])[-1]

    data = event["data"]
    assert isinstance(data, dict)
    assert event["actor"] == {"id": "case_manager.tori", "role": "case_manager", "municipality": "tori"}
    assert (event["type"], data["note"], data["on"]) == ("contact.logged", "Õues käidud.", str(today()))
    assert all(str(event[when]).endswith("Z") for when in ("occurred_at", "recorded_at"))


async def test_a_person_is_shown_without_their_name(manager: User) -> None:
    path = await registered(manager)

    answer = await manager.get(path)

    assert done(answer)["consents"] == ["person_centred_care by tori"]
    assert "Mari" not in answer.text


# ── The work queue ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_asks_for_a_position_sees_their_own_write(manager: User) -> None:
    """The answer to a step names its position; the list waits until it has got there."""
    path = await a_journey(manager)
    for _ in range(5):
        mine = f"manager-{new_key()}"
        step = await manager.step(path, "appoint-case-manager", {"case_manager": mine})
        assert await queue(manager, case_manager=mine, after=str(step["position"])) == [id_of(path)]


async def test_the_queue_is_filtered_by_stage_case_manager_and_whether_it_is_open(manager: User) -> None:
    mine = f"manager-{new_key()}"
    position = ""
    found = {}
    for stage in ("referral", "assessment", "delivery"):
        path = found[stage] = await a_journey(manager, stage)
        position = str((await manager.step(path, "appoint-case-manager", {"case_manager": mine}))["position"])
    ended = found["ended"] = await a_journey(manager, "delivery")
    await manager.step(ended, "appoint-case-manager", {"case_manager": mine})
    left = {"on": str(today()), "reason": "own_wish", "quality_of_life": 5}
    position = str((await manager.step(ended, "exit-journey", left))["position"])
    ids = {name: id_of(path) for name, path in found.items()}

    open_ones = set(await queue(manager, case_manager=mine, after=position))

    assert open_ones == {ids["referral"], ids["assessment"], ids["delivery"]}
    assert await queue(manager, case_manager=mine, stage="assessment") == [ids["assessment"]]
    assert await queue(manager, case_manager=mine, status="ended") == [ids["ended"]]
    assert set(await queue(manager, case_manager=mine, status="all")) == set(ids.values())
    assert await queue(manager, case_manager=f"manager-{new_key()}") == []


async def test_the_queue_goes_over_its_pages_without_loss_or_doubling_most_urgent_first(
    manager: User, neighbour: User
) -> None:
    mine = f"manager-{new_key()}"
    paths = [await a_journey(manager, stage) for stage in ("referral", "assessment", "planning") * 3]
    for path in paths:
        step = await manager.step(path, "appoint-case-manager", {"case_manager": mine})
    await queue(manager, after=str(step["position"]))

    found = await pages(manager, f"/v1/journeys?case_manager={mine}&limit=2")

    rows = [row for page in found for row in page]
    assert [len(page) for page in found] == [2, 2, 2, 2, 1]
    assert sorted(str(row["journey_id"]) for row in rows) == sorted(map(id_of, paths))
    assert all(str(first["next_due"]) <= str(second["next_due"]) for first, second in pairwise(rows))
    assert await pages(neighbour, f"/v1/journeys?case_manager={mine}") == [[]]


async def test_everybody_sees_their_own_municipality_and_the_coordinator_sees_all(
    manager: User, neighbour: User, coordinator: User
) -> None:
    mine = f"manager-{new_key()}"
    ours, theirs = await a_journey(manager), await a_journey(neighbour)
    await manager.step(ours, "appoint-case-manager", {"case_manager": mine})
    step = await neighbour.step(theirs, "appoint-case-manager", {"case_manager": mine})
    position = str(step["position"])

    assert await queue(manager, case_manager=mine, after=position) == [id_of(ours)]
    assert await queue(neighbour, case_manager=mine) == [id_of(theirs)]
    assert set(await queue(coordinator, case_manager=mine)) == {id_of(ours), id_of(theirs)}
    assert await queue(coordinator, case_manager=mine, municipality="tapa") == [id_of(theirs)]
    refused(await manager.get("/v1/journeys", municipality="tapa"), 403, "outside_municipality")


async def test_what_is_overdue_is_marked_and_can_be_asked_for_alone(installation: Scene, manager: User) -> None:
    """A referral of two months ago, recorded as it would have been then, that nobody has decided since."""
    mine = f"manager-{new_key()}"
    late, fresh = await a_journey(manager), await a_journey(manager)
    late_id = await as_if_begun(installation, late, today() - timedelta(days=60))
    await manager.step(f"/v1/journeys/{late_id}", "appoint-case-manager", {"case_manager": mine})
    step = await manager.step(fresh, "appoint-case-manager", {"case_manager": mine})

    both = done(await manager.get("/v1/journeys", case_manager=mine, after=str(step["position"])))

    assert [(row["journey_id"], row["overdue"]) for row in listed(both["items"])] == [
        (late_id, True), (id_of(fresh), False),
    ]  # fmt: skip
    assert await queue(manager, case_manager=mine, overdue=True) == [late_id]


async def as_if_begun(installation: Scene, like: str, day: date) -> str:
    """A journey whose first event is that of another, put back to that day; straight into the record."""
    [begun, *_] = await installation.history(id_of(like))
    body: dict[str, object] = begun.event.model_dump(mode="json")
    due = str(day + timedelta(days=14))
    body |= {name: str(day) for name in ("noticed_on", "agreed_on", "rights_explained_on", "complete_on")}
    body["decision_due"] = {"on": due, "remind_on": due, "escalate_on": due, "rule": "test/decision"}
    event = CATALOGUE[begun.event.type].model_validate(body)
    stream_id = f"journey-{new_key()}"
    encoded = Codec(NullCipher()).encode(
        event, stream_id=stream_id, version=1, subject=str(body["person_id"]),
        meta=Meta(actor=SYSTEM, command="record-referral"), at=at_hour(day, 10),
    )  # fmt: skip
    append = StreamAppend(stream_id=stream_id, kind="journeys", tenant="tori", expected_version=0, events=(encoded,))
    await installation.store.append([append], command_id=new_key(), request_hash="test", result=b"{}")
    return stream_id


# ── Reference data and places ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "what", ["programme", "municipalities", "components", "instrument", "measure", "eligibility", "life-areas"]
)
async def test_reference_data_is_told_as_of_a_day_and_says_that_it_is_made_up(manager: User, what: str) -> None:
    found = done(await manager.get(f"/v1/reference/{what}", on="2027-03-01"))

    assert (found["programme"], found["synthetic"], found["on"]) == ("demonstration", True, "2027-03-01")
    assert done(await manager.get(f"/v1/reference/{what}"))["on"] == str(today())


async def test_what_was_published_is_listed_with_its_versions(manager: User) -> None:
    [*_, first] = listed(done(await manager.get("/v1/reference/publications"))["items"])

    assert (first["publication"], first["published_by"]) == ("demonstration/1", "seed")
    versions = {str(each["version"]): each for each in listed(first["versions"])}
    assert versions["demo.prices@2026"]["valid_to"] == "2026-12-31"
    assert str(done(await manager.get("/v1/reference/programme"))["publication"]).startswith("demonstration/")


async def test_an_agreement_shows_its_places(manager: User) -> None:
    view = done(await manager.get("/v1/agreements/agreement-tori"))

    assert view["municipalities"] == ["tori"]
    assert view["places"] == int(str(view["taken"])) + int(str(view["free"]))


async def test_times_are_utc_and_days_are_days(manager: User) -> None:
    path = await a_journey(manager)
    [deadline, *_] = listed(done(await manager.get(path))["deadlines"])

    assert datetime.fromisoformat(str(deadline["at"])).utcoffset() == timedelta(0)
    assert str(date.fromisoformat(str(deadline["due_on"]))) == deadline["due_on"]
