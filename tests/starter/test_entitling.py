"""Services outside the model as a table, by HTTP: each row answered, nothing is doubled; no personal code comes back."""

from __future__ import annotations

from datetime import date, timedelta

import httpx
import pytest

from integrations.tables import Kind, Value, read, write
from starter.entitling import ANSWERS
from tests.starter.bodies import Json, User, a_person, done, listed, refused, registered, today

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = ("person_id", "personal_code", "municipality", "service", "starts_on", "ends_on")
CARE_HOME = "state_special_care"
CODE = "48403020017"  # [synthetic] of the synthetic person's birth date
NOBODY_S = "38001010009"  # [synthetic]


async def send(by: User, content: bytes, *, kind: str = CSV, accept: str = "", show: str = "all") -> httpx.Response:
    headers = {**by.headers, "Content-Type": kind, **({"Accept": accept} if accept else {})}
    return await by.http.post("/v1/entitlements", content=content, params={"show": show}, headers=headers)


def csv(*rows: list[str]) -> bytes:
    return "\n".join(",".join(cells) for cells in ([*COLUMNS], *rows)).encode()


def of(person: str, *, service: str = CARE_HOME, starts: str = "2026-01-05", ends: str = "") -> list[str]:
    return [person, "", "", service, starts, ends]


def coded(code: str, municipality: str = "tori", *, starts: str = "2026-01-05") -> list[str]:
    return ["", code, municipality, CARE_HOME, starts, ""]


def told(answer: Json) -> list[tuple[object, object, object]]:
    return [(each["row"], each["result"], each["field"]) for each in listed(answer["results"])]


async def a_person_of(manager: User) -> str:
    return (await registered(manager)).rpartition("/")[2]


async def known_of(manager: User, person: str) -> list[tuple[object, object, object]]:
    view = done(await manager.get(f"/v1/persons/{person}"))
    return [(each["service"], each["starts_on"], each["ends_on"]) for each in listed(view["entitlements"])]


async def test_each_row_has_its_answer_and_sent_again_nothing_is_doubled(manager: User) -> None:
    one, other = await a_person_of(manager), await a_person_of(manager)
    content = csv(
        of(one),
        of(one, service="social_rehabilitation", starts="05.01.2026", ends="31.01.2026"),
        of(other, ends="2026-01-04"),
        of(other, service="dancing"),
        of(other, starts="soon"),
        of("person-none"),
        of(""),
        of("somebody"),
    )
    answer = done(await send(manager, content))
    assert told(answer) == [
        (2, "recorded", None), (3, "recorded", None), (4, "entitlement_backwards", "ends_on"), (5, "malformed", "service"),
        (6, "malformed", "starts_on"), (7, "unknown_stream", "person_id"), (8, "person_not_named", "person_id"),
        (9, "malformed", "person_id"),
    ]  # fmt: skip
    assert [answer[each] for each in ("rows", "recorded", "known", "corrected", "refused")] == [8, 2, 0, 0, 6]
    first = [(CARE_HOME, "2026-01-05", None), ("social_rehabilitation", "2026-01-05", "2026-01-31")]
    assert await known_of(manager, one) == first
    assert await known_of(manager, other) == []

    again = done(await send(manager, content, show="refused"))
    assert [again[each] for each in ("recorded", "known", "corrected", "refused")] == [0, 2, 0, 6]
    assert [each["row"] for each in listed(again["results"])] == [4, 5, 6, 7, 8, 9]
    assert await known_of(manager, one) == first

    ended = done(await send(manager, csv(of(one, ends="2026-02-28"))))
    assert told(ended) == [(2, "corrected", None)]
    assert (CARE_HOME, "2026-01-05", "2026-02-28") in await known_of(manager, one)


async def test_a_person_is_found_by_the_personal_code_and_the_code_is_never_told_on(
    manager: User, neighbour: User, coordinator: User, provider: User
) -> None:
    """Registered in this moment, too; and who is in another municipality cannot be asked for."""
    body = {**a_person(), "personal_code": CODE}
    person = str(done(await manager.post("/v1/persons/commands/register-person", body))["id"])
    answer = await send(manager, csv(coded(CODE), coded(NOBODY_S), coded("4840302001"), coded(CODE, ""), of(CODE)))
    assert told(done(answer)) == [
        (2, "recorded", None), (3, "unknown_person", "personal_code"), (4, "malformed", "personal_code"),
        (5, "person_not_named", "person_id"), (6, "malformed", "person_id"),
    ]  # fmt: skip
    assert [each["person_id"] for each in listed(done(answer)["results"])] == [person, None, None, None, None]
    theirs = await send(neighbour, csv(coded(CODE), coded(NOBODY_S), coded(CODE, "tapa")))
    assert told(done(theirs)) == [
        (2, "outside_municipality", "municipality"), (3, "outside_municipality", "municipality"),
        (4, "unknown_person", "personal_code"),
    ]  # fmt: skip
    assert told(done(await send(neighbour, csv(of(person))))) == [(2, "outside_municipality", "person_id")]
    assert told(done(await send(coordinator, csv(coded(CODE))))) == [(2, "known", None)]

    asked = await send(provider, csv(coded(CODE), coded(NOBODY_S)))
    assert told(done(asked)) == [(2, "not_by_code", "personal_code"), (3, "not_by_code", "personal_code")]

    without_a_header = await send(manager, csv(coded(CODE)).partition(b"\n")[2])
    refused(without_a_header, 400, "table_refused", "body")
    for each in (answer, theirs, asked, without_a_header):
        assert CODE[:7] not in each.text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_workbook_is_taken_like_a_text_and_answered_as_asked(manager: User, kind: Kind) -> None:
    person = await a_person_of(manager)
    start = date(2026, 1, 5)
    rows: list[list[Value]] = [[person, "", "", CARE_HOME, start, start + timedelta(days=9)]]
    content = write(rows, COLUMNS, kind=kind)
    answer = await send(manager, content, kind={"csv": CSV, "xlsx": XLSX}[kind], accept=XLSX)
    assert answer.headers["Content-Type"] == XLSX
    [row] = read(answer.content, name=XLSX, columns=ANSWERS)
    assert (row.cells["row"], row.cells["person_id"], row.cells["result"]) == ("2", person, "recorded")
    assert row.cells["entitlement_id"]


async def test_an_auditor_records_nothing_and_a_stranger_is_not_heard(manager: User, auditor: User) -> None:
    person = await a_person_of(manager)
    assert told(done(await send(auditor, csv(of(person))))) == [(2, "read_only", None)]
    refused(await send(User(manager.http, None), csv(of(person))), 401, "unknown_token")
    refused(await send(manager, b"{}", kind="application/json"), 415, "not_a_table", "Content-Type")
    assert await known_of(manager, person) == []


async def test_a_long_table_of_one_person_goes_in_parts(manager: User) -> None:
    person, first = await a_person_of(manager), today() - timedelta(days=1000)
    days = [str(first + timedelta(days=number)) for number in range(450)]
    answer = done(await send(manager, csv(*(of(person, service="other", starts=day, ends=day) for day in days))))
    assert answer["recorded"] == 450
    assert len(await known_of(manager, person)) == 450
