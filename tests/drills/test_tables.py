"""A provider's whole month as one table: ten thousand rows of five hundred people, sent once and then again."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import httpx

from activities.recording import Recorder
from domain.decision import NATIONAL, Actor, Role
from domain.programme import load
from domain.working_days import at_hour, local_date
from integrations.tables import MEDIA_TYPES, Value, write
from starter.scene import Scene
from tests.activities.examples import a_person as somebody
from tests.activities.examples import (
    agreed,
    assessment,
    budget,
    consent,
    eligible,
    ordered,
    plan,
    recorder,
    referral,
    step,
)
from tests.starter.bodies import Json, done, listed

PEOPLE, ROWS_EACH = 500, 20
EVERYWHERE = Actor(id="case_manager.everywhere", role=Role.CASE_MANAGER, municipality=NATIONAL)
COLUMNS = ("journey_id", "reference", "day", "minutes", "line_id", "worker")


async def test_ten_thousand_rows_of_five_hundred_people(installation: Scene) -> None:
    """Each row is answered, the wrong ones with row, field and rule; sent again, nothing is doubled."""
    began = at_hour(local_date(datetime.now().astimezone()) - timedelta(days=30), 10)
    clerk = recorder(installation.store)
    journeys = [await in_delivery(clerk, number, began) for number in range(PEOPLE)]
    days = [began.date() + timedelta(days=number) for number in range(ROWS_EACH)]
    rows: list[list[Value]] = [
        [journey, f"R-{number}", day if number % 100 else began.date() - timedelta(days=1), 60, "recovery", "worker-1"]
        for number, (journey, day) in enumerate((each, day) for each in journeys for day in days)
    ]
    content = write(rows, COLUMNS, kind="xlsx")
    async with httpx.AsyncClient(base_url=installation.url, timeout=300) as http:
        first, seconds = await sent(installation, http, content)
        print(f"\n{len(rows)} rows of {PEOPLE} people, the workflows of all of them started by it: {seconds:.1f} s")
        assert seconds < 60
        again, seconds = await sent(installation, http, content)
        print(f"sent again: {seconds:.1f} s")
    assert (first["rows"], first["recorded"], first["known"], first["refused"]) == (10_000, 9_900, 0, 100)
    assert (again["recorded"], again["known"], again["refused"]) == (0, 9_900, 100)
    wrong = [each for each in listed(first["results"]) if each["result"] != "recorded"]
    assert {(each["result"], each["field"]) for each in wrong} == {("outside_period", "day")}
    assert [each["row"] for each in wrong] == [number + 2 for number in range(0, 10_000, 100)]
    recorded = await installation.pool.fetchval("SELECT count(*) FROM teekond.event WHERE type = 'delivery.recorded'")
    assert recorded == 9_900


async def sent(installation: Scene, http: httpx.AsyncClient, content: bytes) -> tuple[Json, float]:
    headers = {"Authorization": f"Bearer {installation.tokens['coordinator']}", "Content-Type": MEDIA_TYPES["xlsx"]}
    started = time.monotonic()
    answer = done(await http.post("/v1/deliveries", content=content, headers=headers))
    return answer, time.monotonic() - started


async def in_delivery(clerk: Recorder, number: int, at: datetime) -> str:
    """Spread over the municipalities, as far as their places go."""
    town = TOWNS[number]
    person, path = f"person-of-table-{number}", f"journey-of-table-{number}"
    registered = somebody().model_copy(update={"municipality": town})
    await clerk.record(step(registered, person, actor=EVERYWHERE, at=at))
    await clerk.record(step(consent(at).model_copy(update={"recipient": town}), person, actor=EVERYWHERE, at=at))
    await clerk.record(step(referral(person, at, municipality=town), path, actor=EVERYWHERE, at=at))
    for to_plan in (eligible(), assessment(at), plan(at)):
        await clerk.record(step(to_plan, path, actor=EVERYWHERE, at=at))
    state = (await clerk.journeys.at_latest(path))[0].state
    assert state is not None
    (drafted,) = state.file.plans
    for to_help in (agreed(drafted, at), budget(), ordered()):
        await clerk.record(step(to_help, path, actor=EVERYWHERE, at=at))
    return path


TOWNS = [
    terms.municipalities[0]
    for terms in load("demonstration").agreements
    for _ in range(terms.places)
    if terms.code != "rapla"
]  # a town for each place, but where others write the plan
assert len(TOWNS) >= PEOPLE, "the demonstration has fewer places"
