"""Deliveries as a table, by HTTP: each row has its answer, and what was sent before is not recorded twice."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from integrations.tables import Kind, Value, read, write
from starter.scene import Scene
from starter.tabling import OPTIONAL, REQUIRED
from tests.starter.bodies import User, a_journey, done, listed, refused, today, user

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (*REQUIRED, "line_id", "component", "kind")


async def send(by: User, content: bytes, *, kind: str = CSV, accept: str = "", show: str = "all") -> httpx.Response:
    headers = {**by.headers, "Content-Type": kind, **({"Accept": accept} if accept else {})}
    return await by.http.post("/v1/deliveries", content=content, params={"show": show}, headers=headers)


def row(journey: str, reference: str, *, day: str = "", minutes: object = 30, line: str = "recovery") -> list[str]:
    return [journey, reference, day or str(today()), str(minutes), line, "", ""]


def csv(*rows: list[str]) -> bytes:
    return "\n".join(",".join(cells) for cells in ([*COLUMNS], *rows)).encode()


def id_of(path: str) -> str:
    return path.rpartition("/")[2]


async def delivered(manager: User, path: str) -> int:
    [line] = listed(done(await manager.get(path))["budget"])
    cents = line["delivered_cents"]
    assert isinstance(cents, int)
    return cents


@pytest.fixture(scope="module")
async def two(installation: Scene) -> tuple[str, str]:
    """Paths of two journeys in delivery."""
    async with httpx.AsyncClient(base_url=installation.url, timeout=30) as http:
        manager = user(installation, http, "case_manager.tori")
        first, second = await asyncio.gather(*(a_journey(manager, "delivery") for _ in range(2)))
    return first, second


async def test_each_row_has_its_answer_and_the_rest_is_recorded(
    manager: User, provider: User, two: tuple[str, str]
) -> None:
    one, other = map(id_of, two)
    before = [await delivered(manager, path) for path in two]
    content = csv(
        row(one, "T-1"),
        row(other, "T-1"),
        row(one, "T-2", minutes=1500),
        row(one, "T-3", day="2030-01-01"),
        row(one, "T-4", line="dancing"),
        row("journey-none", "T-5"),
        row(one, "T-6", day=f"{today():%d.%m.%Y}"),
    )
    answer = done(await send(provider, content))
    results = [(each["row"], each["result"], each["field"]) for each in listed(answer["results"])]
    assert results == [
        (2, "recorded", None), (3, "recorded", None), (4, "malformed", "minutes"), (5, "date_in_future", "day"),
        (6, "unknown_line", "line_id"), (7, "unknown_stream", "journey_id"), (8, "recorded", None),
    ]  # fmt: skip
    assert (answer["rows"], answer["recorded"], answer["known"], answer["refused"]) == (7, 3, 0, 4)
    after = [await delivered(manager, path) for path in two]
    assert [now - was for now, was in zip(after, before, strict=True)] == [3200, 1600]

    again = done(await send(provider, content, show="refused"))
    assert (again["recorded"], again["known"], again["refused"]) == (0, 3, 4)
    assert [each["row"] for each in listed(again["results"])] == [4, 5, 6, 7]
    assert [await delivered(manager, path) for path in two] == after


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_workbook_is_taken_like_a_text_and_answered_as_asked(
    provider: User, two: tuple[str, str], kind: Kind
) -> None:
    rows: list[list[Value]] = [[id_of(two[0]), f"W-{kind}", today(), 15, "recovery", "", ""]]
    content = write(rows, COLUMNS, kind=kind)
    answer = await send(provider, content, kind={"csv": CSV, "xlsx": XLSX}[kind], accept=XLSX)
    assert answer.headers["Content-Type"] == XLSX
    [told] = read(answer.content, name=XLSX, columns=("row", "journey_id", "result", "field", "rule", "delivery_id"))
    assert (told.cells["row"], told.cells["result"]) == ("2", "recorded")


async def test_another_municipality_s_journeys_are_not_theirs_to_record(neighbour: User, two: tuple[str, str]) -> None:
    answer = done(await send(neighbour, csv(row(id_of(two[0]), "N-1"))))
    assert [each["result"] for each in listed(answer["results"])] == ["outside_municipality"]


async def test_what_is_no_table_is_refused_as_a_whole(provider: User, two: tuple[str, str]) -> None:
    one = id_of(two[0])
    fine = csv(row(one, "B-1"))
    refused(await send(provider, b"{}", kind="application/json"), 415, "not_a_table", "Content-Type")
    refused(await send(provider, b""), 400, "table_refused", "body")
    refused(
        await send(provider, fine.decode().replace("recovery", "köögis").encode("latin-1")),
        400,
        "table_refused",
        "body",
    )
    refused(await send(provider, csv(row(one, "=1+1"))), 400, "table_refused", "body")
    refused(await send(provider, fine.replace(b"minutes", b"hours")), 400, "table_refused", "body")
    refused(await send(provider, fine, kind=XLSX), 400, "table_refused", "body")
    refused(await send(provider, b"x" * 10_000_001), 413, "too_large", "body")
    many = csv(*(row(one, f"M-{number}") for number in range(20_001)))
    problem = refused(await send(provider, many), 400, "table_refused", "body")
    assert "more than 20000 rows" in str(problem["detail"])
    without = await provider.http.post("/v1/deliveries", content=fine, headers={"Content-Type": CSV})
    refused(without, 401, "unknown_token")


async def test_optional_columns_may_stay_away_and_others_may_not(provider: User, two: tuple[str, str]) -> None:
    assert set(COLUMNS) <= {*REQUIRED, *OPTIONAL}
    by_kind = [id_of(two[0]), "K-1", str(today()), "15", "", "mental.recovery", "individual"]
    answer = done(await send(provider, csv(by_kind)))
    assert answer["recorded"] == 1
    unnamed = [id_of(two[0]), "K-2", str(today()), "15", "", "", ""]
    answer = done(await send(provider, csv(unnamed)))
    assert [each["result"] for each in listed(answer["results"])] == ["line_not_named"]
