"""Bad input gets a problem that names the field and the rule, and changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from starter.bodies import MAX_BODY
from starter.scene import Scene
from tests.starter.bodies import (
    Json,
    User,
    a_budget,
    a_contact,
    a_delivery,
    a_journey,
    a_line,
    a_person,
    a_plan,
    an_exit,
    assessment,
    consent,
    done,
    eligible,
    listed,
    new_key,
    referral,
    refused,
    the_instrument,
    today,
    user,
)


@pytest.fixture(autouse=True)
async def nothing_changes(installation: Scene, prepared: Mapping[str, str]) -> AsyncIterator[None]:
    """After every test of this file there are as many events as before it, and as many commands."""
    count = "SELECT (SELECT count(*) FROM teekond.event), (SELECT count(*) FROM teekond.command)"
    before = await installation.pool.fetchrow(count)
    yield
    assert await installation.pool.fetchrow(count) == before


@pytest.fixture(scope="module")
async def prepared(installation: Scene) -> Mapping[str, str]:
    """A journey at each of the stages these tests need, and one of the neighbours; their paths."""
    async with httpx.AsyncClient(base_url=installation.url, timeout=30) as http:
        tori, tapa = (user(installation, http, f"case_manager.{each}") for each in ("tori", "tapa"))
        stages = ("referral", "assessment", "planning", "budgeting", "delivery", "exit")
        *made, theirs = await asyncio.gather(*(a_journey(tori, stage) for stage in stages), a_journey(tapa))
        paths = dict(zip(stages, made, strict=True))
        ours = done(await tori.get(paths["referral"]))
        person = done(await tapa.get(theirs))["person_id"]
        return {
            **paths,
            "person": f"/v1/persons/{ours['person_id']}",
            "theirs": theirs,
            "them": f"/v1/persons/{person}",
        }


async def contact(manager: User, path: str, **changed: object) -> httpx.Response:
    return await manager.post(f"{path}/commands/log-contact", a_contact(**changed))


async def raw(
    manager: User, path: str, content: bytes, content_type: str | None = "application/json", **headers: str
) -> httpx.Response:
    given = {**manager.headers, "If-Match": "*", "Idempotency-Key": new_key(), **headers}
    if content_type is not None:
        given["Content-Type"] = content_type
    return await manager.http.post(f"{path}/commands/log-contact", content=content, headers=given)


async def now(manager: User, path: str, command: str, data: Json) -> httpx.Response:
    """On the version as it is now."""
    seen = (await manager.get(path)).headers["ETag"]
    return await manager.post(f"{path}/commands/{command}", data, match=seen)


# ── The shape ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_every_error_of_the_shape_is_told_at_once(manager: User, prepared: Mapping[str, str]) -> None:
    wrong: Json = {
        "on": "2026-02-30", "channel": "pigeon", "reached": "yes", "note": "x" * 4001, "weather": "fine",
    }  # fmt: skip

    answer = await manager.post(f"{prepared['referral']}/commands/log-contact", wrong)

    problem = refused(answer, 400, "malformed", "on", "channel", "with_whom", "reached", "note", "weather")
    assert all(each["message"] for each in listed(problem["errors"]))


async def test_errors_deep_in_a_plan_name_the_way_to_them(manager: User, prepared: Mapping[str, str]) -> None:
    plan = a_plan(a_line(), a_line(minutes=-60, starts_on="soon"))

    answer = await now(manager, prepared["planning"], "draft-plan", plan)

    refused(answer, 400, "malformed", "lines.1.minutes", "lines.1.starts_on")


@pytest.mark.parametrize("minutes", [-60, 0, 1441, 1.5, 60.0, "60", True, None, [60], 10**30])
async def test_minutes_are_a_whole_number_of_one_day_and_nothing_is_taken_for_one(
    manager: User, prepared: Mapping[str, str], minutes: object
) -> None:
    path = f"{prepared['delivery']}/commands/record-delivery"

    refused(await manager.post(path, a_delivery(minutes=minutes)), 400, "malformed", "minutes")


@pytest.mark.parametrize(
    "day",
    ["2026-02-30", "30.01.2026", "2026-01-30T00:00:00", "", "today", 20260130, 0, None, "0001-01-01", "9999-12-31"],
)
async def test_a_day_is_a_day_of_the_calendar_that_somebody_alive_can_mean(
    manager: User, prepared: Mapping[str, str], day: object
) -> None:
    refused(await contact(manager, prepared["referral"], on=day), 400, "malformed", "on")


@pytest.mark.parametrize("text", ["a\0b", "\0", "\x1b[31m", "\x7f", "\ud800", "\udfff tail", "x" * 4001, "", "   ", 5])
async def test_words_hold_no_more_than_a_record_can_hold(
    manager: User, prepared: Mapping[str, str], text: object
) -> None:
    """Null characters, halves of characters, control characters, and what never ends. JSON can say them all."""
    content = json.dumps(a_contact(note=text)).encode()

    refused(await raw(manager, prepared["referral"], content), 400, "malformed", "note")


@pytest.mark.parametrize("name", ["a\0", "\ud800"])
async def test_names_hold_no_more_than_a_record_can_hold_either(
    manager: User, prepared: Mapping[str, str], name: str
) -> None:
    content = json.dumps({**a_contact(), name: 1}).encode()

    refused(await raw(manager, prepared["referral"], content), 400, "malformed", "body")


async def test_words_keep_their_lines_their_letters_and_their_signs(manager: User, prepared: Mapping[str, str]) -> None:
    """Refused for another reason, so that nothing changes; but not for the words."""
    words = "Õues käidud.\n\tTüdruk naeris 🙂 — „hästi“, ütles ta."

    refused(await contact(manager, prepared["referral"], note=words, on="2199-01-01"), 422, "date_in_future", "on")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'"text"', b'{"note": "\xff"}', b'{"on": 1' + b"0" * 5000 + b"}", b'{"on": NaN} x'],
)
async def test_what_is_no_json_object_is_said_to_be_none(
    manager: User, prepared: Mapping[str, str], content: bytes
) -> None:
    refused(await raw(manager, prepared["referral"], content), 400, "malformed", "body")


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_only_json_is_taken_for_json(
    manager: User, prepared: Mapping[str, str], content_type: str | None
) -> None:
    content = json.dumps(a_contact()).encode()

    refused(await raw(manager, prepared["referral"], content, content_type), 415, "not_json", "Content-Type")


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 41 + b"1" + b"}" * 41, b"[" * 200 + b"]" * 200])
async def test_json_nested_too_deep_is_refused_before_it_is_parsed(
    manager: User, prepared: Mapping[str, str], content: bytes
) -> None:
    refused(await raw(manager, prepared["referral"], content), 400, "malformed", "body")


async def test_a_body_too_large_is_refused_whether_it_says_so_or_not(
    manager: User, prepared: Mapping[str, str]
) -> None:
    async def chunked() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 65_536 + 1):
            yield b" " * 65_536

    headers = {**manager.headers, "If-Match": "*", "Idempotency-Key": new_key(), "Content-Type": "application/json"}
    path = f"{prepared['referral']}/commands/log-contact"

    refused(await raw(manager, prepared["referral"], b" " * (MAX_BODY + 1)), 413, "too_large", "body")
    refused(await manager.http.post(path, content=chunked(), headers=headers), 413, "too_large", "body")


@pytest.mark.parametrize("declared", ["Content-Length: 99999999999", "Transfer-Encoding: chunked"])
async def test_a_body_without_end_is_not_read_to_its_end(
    installation: Scene, prepared: Mapping[str, str], declared: str
) -> None:
    """The connection is closed while there is still something to send."""
    url = urlsplit(installation.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    head = f"POST {prepared['referral']}/commands/log-contact HTTP/1.1\r\nHost: {url.netloc}\r\n{declared}\r\n\r\n"
    writer.write(head.encode())
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            while not reader.at_eof() and not writer.is_closing():
                writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0)
    writer.close()


async def test_a_body_as_large_as_allowed_can_be_recorded_whole(manager: User, prepared: Mapping[str, str]) -> None:
    """It is refused by a rule, after all of it went through the engine; sealed it is a third larger and must fit too."""
    words = "õ" * 3900
    plan = a_plan(a_line(component="nonsense"))
    plan["community_lines"] = [
        {"line_id": f"c{number}", "goal_id": "out", "helper": words, "help": words} for number in range(33)
    ]
    assert len(json.dumps(plan, ensure_ascii=False).encode()) > MAX_BODY * 0.95

    refused(await now(manager, prepared["planning"], "draft-plan", plan), 422, "unknown_component", "lines")


# ── The way ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "command",
    [
        "fly",
        "take-place",
        "offer-place",
        "receive-offer",
        "note-lapsed-offer",
        "raise-reminders",
        "note-notice",
        "note-lapsed-consent",
    ],
)
async def test_an_unknown_command_is_not_found_nor_is_an_internal_one(
    manager: User, prepared: Mapping[str, str], command: str
) -> None:
    refused(await manager.post(f"{prepared['referral']}/commands/{command}", {}), 404, "unknown_path")


async def test_an_unknown_journey_is_not_found(manager: User, prepared: Mapping[str, str]) -> None:
    elsewhere = prepared["person"].replace("persons", "journeys")
    for path in ("/v1/journeys/journey-none", elsewhere):
        refused(await manager.get(path), 404, "unknown_stream")
        refused(await manager.get(f"{path}/timeline"), 404, "unknown_stream")
        refused(await manager.get(f"{path}/events"), 404, "unknown_stream")
        refused(await contact(manager, path), 404, "unknown_stream")


@pytest.mark.parametrize("stream", ["journey", "Journey-1", "journey-1'--", "journey-%00", f"journey-{'0' * 200}"])
async def test_what_cannot_be_an_id_is_refused_as_one(manager: User, stream: str) -> None:
    refused(await manager.get(f"/v1/journeys/{stream}"), 400, "malformed", "id")


async def test_another_method_than_the_right_one_is_refused(manager: User, prepared: Mapping[str, str]) -> None:
    answer = await manager.http.put(f"{prepared['referral']}/commands/log-contact", headers=manager.headers)

    refused(answer, 405, "unknown_method")


# ── Who ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_neighbours_neither_read_nor_write_here(neighbour: User, prepared: Mapping[str, str]) -> None:
    path, person = prepared["delivery"], prepared["person"]
    for answer in (
        await neighbour.get(path),
        await neighbour.get(f"{path}/timeline"),
        await neighbour.get(f"{path}/events"),
        await neighbour.get(person),
        await neighbour.get(f"{person}/events"),
        await neighbour.get("/v1/agreements/agreement-tori"),
        await neighbour.get("/v1/agreements/agreement-tori/events"),
        await neighbour.get("/v1/journeys", municipality="tori"),
        await contact(neighbour, path),
        await neighbour.post(f"{path}/commands/exit-journey", an_exit(), match='"1"'),
        await neighbour.post(f"{person}/commands/give-consent", consent(), match='"2"'),
        await neighbour.post("/v1/persons/commands/register-person", a_person("tori")),
        await neighbour.post("/v1/journeys/commands/record-referral", referral(person.rpartition("/")[2])),
    ):
        refused(answer, 403, "outside_municipality")


async def test_an_auditor_reads_everything_and_writes_nothing(auditor: User, prepared: Mapping[str, str]) -> None:
    path = prepared["delivery"]
    assert (await auditor.get(path)).status_code == 200

    refused(await contact(auditor, path), 403, "read_only")
    refused(await auditor.post("/v1/persons/commands/register-person", a_person()), 403, "read_only")


# ── The rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_step_at_the_wrong_stage_is_refused(manager: User, prepared: Mapping[str, str]) -> None:
    refused(await now(manager, prepared["referral"], "draft-plan", a_plan()), 409, "wrong_stage")
    refused(await now(manager, prepared["planning"], "decide-budget", a_budget()), 409, "wrong_stage")
    refused(await now(manager, prepared["exit"], "exit-journey", an_exit()), 409, "wrong_stage")


async def test_a_stale_version_is_refused(manager: User, prepared: Mapping[str, str]) -> None:
    path = f"{prepared['budgeting']}/commands/reopen-plan"

    refused(await manager.post(path, {"reason": "It rains."}, match='"1"'), 412, "stale", "If-Match")


async def test_the_future_is_not_recorded(manager: User, prepared: Mapping[str, str]) -> None:
    tomorrow = str(today() + timedelta(days=2))

    refused(await contact(manager, prepared["referral"], on=tomorrow), 422, "date_in_future", "on")


async def test_an_unknown_component_provider_or_goal_is_named(manager: User, prepared: Mapping[str, str]) -> None:
    for changed, code in (
        ({"component": "dolphins"}, "unknown_component"),
        ({"provider_id": "provider-00000000"}, "unknown_provider"),
        ({"goal_id": "moon"}, "unknown_goal"),
        ({"tariff": "family"}, "wrong_tariff"),
    ):
        refused(await now(manager, prepared["planning"], "draft-plan", a_plan(a_line(**changed))), 422, code, "lines")


async def test_without_a_price_in_force_there_is_no_line(manager: User, prepared: Mapping[str, str]) -> None:
    """The catalogue knows advice, and nobody has said what it costs."""
    unpriced = a_plan(a_line(component="base.consult"))

    refused(await now(manager, prepared["planning"], "draft-plan", unpriced), 422, "no_price_in_force", "lines")


async def test_an_assessment_that_does_not_fit_its_instrument_is_refused(
    manager: User, prepared: Mapping[str, str]
) -> None:
    complete = assessment(await the_instrument(manager))
    first, *others = listed(complete["sections"])
    for sections, code in (
        (others, "section_missing"),
        ([first, *others, first], "section_missing"),
        ([*others, {**first, "section": "moon"}], "unknown_section"),
    ):
        answer = await now(manager, prepared["assessment"], "assess-needs", {**complete, "sections": sections})
        refused(answer, 422, code, "sections")


async def test_an_unknown_condition_is_named(manager: User, prepared: Mapping[str, str]) -> None:
    decided = eligible()
    decided["findings"] = [{"condition": "left_handed", "holds": True, "judged_by": "doctor"}]

    refused(
        await now(manager, prepared["referral"], "decide-eligibility", decided), 422, "unknown_condition", "findings"
    )


async def test_a_municipality_that_is_none_is_refused(coordinator: User) -> None:
    answer = await coordinator.post("/v1/persons/commands/register-person", a_person("atlantis"))

    assert "atlantis" in str(refused(answer, 422, "not_in_the_programme")["detail"])


async def test_more_than_was_ordered_is_not_delivered(manager: User, prepared: Mapping[str, str]) -> None:
    path = f"{prepared['delivery']}/commands/record-delivery"

    refused(await manager.post(path, a_delivery(minutes=1440)), 409, "not_committed", "minutes")


async def test_nobody_is_referred_without_consent(manager: User, prepared: Mapping[str, str]) -> None:
    them = prepared["them"].rpartition("/")[2]

    answer = await manager.post("/v1/journeys/commands/record-referral", referral(them))

    refused(answer, 422, "consent_missing", "person_id")


# ── What is asked for ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stage", "nonsense"), ("stage", "a\0b"), ("status", "maybe"), ("overdue", "perhaps"), ("limit", "0"),
        ("limit", "201"), ("limit", "many"), ("municipality", "atlantis"), ("municipality", "a\0b"),
        ("case_manager", "a\0b"), ("case_manager", "Robert'); DROP"), ("after", "now"), ("after", "1-2-3"), ("after", ""),
        ("after", "1-"), ("cursor", "x"), ("cursor", "õ"), ("cursor", "NQ=="), ("cursor", "bnVsbA=="),
        ("cursor", "WzEsIDJd"), ("cursor", "WyIyMDI2LTAxLTAxIiwgNV0="), ("cursor", "WyIyMDI2LTAxLTAxIiwgImFcdTAwMDAiXQ=="),
        ("cursor", "WyIyMDI2LTAxLTAxIiwgIlx1ZDgwMCJd"),
    ],
)  # fmt: skip
async def test_what_the_list_cannot_be_asked_for_is_named(coordinator: User, field: str, value: str) -> None:
    """Among the cursors: 5, null, [1, 2], a number, a null character and half a character where an id belongs."""
    refused(await coordinator.get("/v1/journeys", **{field: value}), 400, "malformed", field)


@pytest.mark.parametrize(
    ("field", "value"), [("cursor", "-1"), ("cursor", "x"), ("cursor", str(2**70)), ("limit", "0")]
)
async def test_what_a_history_cannot_be_asked_for_is_named(
    manager: User, prepared: Mapping[str, str], field: str, value: str
) -> None:
    refused(await manager.get(f"{prepared['referral']}/events", **{field: value}), 400, "malformed", field)


async def test_bytes_that_are_no_text_are_no_filter(coordinator: User) -> None:
    refused(await coordinator.get("/v1/journeys?case_manager=%ff"), 400, "malformed", "case_manager")


async def test_a_position_that_never_comes_is_not_waited_for_without_end(coordinator: User) -> None:
    answer = await coordinator.get("/v1/journeys", after=f"{10**15}-1")

    refused(answer, 503, "not_shown_yet")
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("on", ["2026-02-30", "yesterday"])
async def test_reference_data_is_asked_for_by_a_day(manager: User, on: str) -> None:
    refused(await manager.get("/v1/reference/components", on=on), 400, "malformed", "on")


async def test_a_day_without_rules_and_a_list_that_is_none_are_not_found(manager: User) -> None:
    refused(await manager.get("/v1/reference/components", on="1990-01-01"), 404, "not_in_force")
    refused(await manager.get("/v1/reference/dolphins"), 400, "malformed", "what")
