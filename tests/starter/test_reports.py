"""Reports over the API and on the command line: sent ones stay, drafts tell what is known now, every figure opens its rows."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from starter.scene import Scene
from tests.starter.bodies import User, a_journey, done, listed, new_key, refused, today, user
from tests.starter.crowds import eventually
from tests.starter.test_cli import teekond
from workflows.names import TASK_QUEUE
from workflows.reports import SendReports

COMING = f"{today().replace(day=1) + timedelta(days=32):%Y-%m}"
NOW = f"{today():%Y-%m}"


@pytest.fixture(scope="module")
async def sent(installation: Scene) -> AsyncIterator[str]:
    """The report of a month that is over, of Tori, as the morning's run sends it."""
    async with httpx.AsyncClient(base_url=installation.url, timeout=60) as http:
        manager = user(installation, http, "case_manager.tori")
        await eventually(lambda: _has_agreements(manager))
        await installation.client.execute_workflow(SendReports.run, id=f"reports-{new_key()}", task_queue=TASK_QUEUE)
        yield f"report-monthly-{over()}-tori"


def over() -> str:
    """A month whose report is due by now."""
    return f"{(today() - timedelta(days=10)).replace(day=1) - timedelta(days=1):%Y-%m}"


async def _has_agreements(manager: User) -> bool:
    drafted = await manager.get(f"/v1/report-drafts/monthly/{NOW}", scope="tori")
    return drafted.status_code == 200


async def test_a_report_that_was_sent_is_the_same_file_whenever_it_is_asked_for(manager: User, sent: str) -> None:
    report = done(await manager.get(f"/v1/reports/{sent}"))
    [document] = listed(report["documents"])
    assert (document["state"], document["number"], document["scope"]) == ("sent", 1, "tori")
    for suffix in ("json", "csv", "xlsx", "pdf"):
        first, again = [await manager.get(f"/v1/reports/{sent}/1.{suffix}") for _ in range(2)]
        assert first.status_code == 200, first.text
        assert first.content == again.content
        assert f'filename="{sent}-1.{suffix}"' in first.headers["Content-Disposition"]
    told = json.loads((await manager.get(f"/v1/reports/{sent}/1.json")).content)
    assert told["digest"] == document["digest"]


async def test_reports_are_listed_to_whom_they_are_of(manager: User, coordinator: User, sent: str) -> None:
    own = listed(done(await manager.get("/v1/reports", report="monthly", period=over()))["items"])
    assert [each["report_id"] for each in own] == [sent]
    scopes = {
        each["scope"] for each in listed(done(await coordinator.get("/v1/reports", period=over(), limit=200))["items"])
    }
    assert {"ee", "tori", "tapa", "coordinator-a"} <= scopes
    page = await coordinator.get("/v1/reports", limit=2)
    assert len(listed(done(page)["items"])) == 2
    assert 'rel="next"' in page.headers["Link"]


async def test_a_draft_tells_what_is_known_now_and_its_figures_open_their_rows(manager: User) -> None:
    path = await a_journey(manager, "delivery")
    journey_id = path.rpartition("/")[2]

    async def counted() -> bool:
        rows = await manager.get(
            f"/v1/report-drafts/monthly/{NOW}/rows", scope="tori", table="participants", column="joined", limit=200
        )
        return journey_id in {each["subject"] for each in listed(done(rows)["items"])}

    await eventually(counted)
    draft = done(await manager.get(f"/v1/report-drafts/monthly/{NOW}", scope="tori"))
    assert draft["state"] == "draft"
    [figures] = [table for table in listed(draft["tables"]) if table["name"] == "participants"]
    place = [column["name"] for column in listed(figures["columns"])].index("joined")
    rows = await _all_rows(manager, f"/v1/report-drafts/monthly/{NOW}/rows", "participants", "joined")
    assert sum(int(str(each["value"])) for each in rows) >= figures["rows"][0][place] > 0  # type: ignore[index]
    same = await _all_rows(
        manager, f"/v1/report-drafts/monthly/{NOW}/rows", "participants", "joined", known_to=str(draft["known_to"])
    )
    assert sum(int(str(each["value"])) for each in same) == figures["rows"][0][place]  # type: ignore[index]
    [own] = [each for each in rows if each["subject"] == journey_id]
    assert own["because"] == "place.received"


async def test_a_draft_comes_as_a_file_too(manager: User) -> None:
    for suffix in ("json", "csv", "xlsx", "pdf"):
        answer = await manager.get(f"/v1/report-drafts/monthly/{NOW}.{suffix}", scope="tori")
        assert (answer.status_code, bool(answer.content)) == (200, True), answer.text


async def _all_rows(manager: User, path: str, table: str, column: str, **of: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = done(await manager.get(path, scope="tori", table=table, column=column, limit=50, cursor=cursor, **of))
        found += listed(page["items"])
        cursor = None if page["next"] is None else str(page["next"])
    return found


@pytest.mark.parametrize(
    ("path", "status", "code", "field"),
    [
        (f"/v1/report-drafts/monthly/{COMING}", 422, "period_not_begun", "period"),
        ("/v1/report-drafts/monthly/2026-13", 422, "no_such_period", "period"),
        ("/v1/report-drafts/monthly/2026-H1", 422, "no_such_period", "period"),
        (f"/v1/report-drafts/interim/{NOW}", 422, "no_such_period", "period"),
        ("/v1/report-drafts/monthly/2019-01", 422, "report_not_defined", "period"),
    ],
)
async def test_what_there_is_no_report_of_says_why(
    manager: User, path: str, status: int, code: str, field: str
) -> None:
    refused(await manager.get(path, scope="tori"), status, code, field)


async def test_whose_report_it_is_not_does_not_read_it(
    manager: User, neighbour: User, provider: User, sent: str
) -> None:
    refused(await neighbour.get(f"/v1/reports/{sent}"), 403, "outside_municipality")
    refused(await neighbour.get(f"/v1/reports/{sent}/1.pdf"), 403, "outside_municipality")
    refused(await manager.get(f"/v1/report-drafts/monthly/{NOW}", scope="ee"), 403, "outside_municipality")
    refused(await provider.get(f"/v1/reports/{sent}"), 403, "not_for_this_role")


async def test_a_document_or_figure_that_is_not_there_is_named(manager: User, sent: str) -> None:
    refused(await manager.get(f"/v1/reports/{sent}/7.pdf"), 404, "unknown_document")
    refused(await manager.get("/v1/reports/report-none"), 404, "unknown_stream")
    answer = await manager.get(f"/v1/reports/{sent}/rows", table="participants", column="happiness")
    refused(answer, 404, "no_such_figure", "column")


async def test_a_coordinator_s_scope_is_their_agreements(coordinator: User, sent: str) -> None:
    answer = await coordinator.get(f"/v1/report-drafts/monthly/{NOW}", scope="coordinator-none")
    told = refused(answer, 404, "nobody_reports", "scope")
    assert "coordinator-a" in str(told["detail"])
    assert done(await coordinator.get(f"/v1/report-drafts/monthly/{NOW}", scope="coordinator-a"))["state"] == "draft"


# ── On the command line ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_command_line_writes_what_the_api_gives(
    installation: Scene, manager: User, sent: str, tmp_path: Path
) -> None:
    out = tmp_path / "report.pdf"
    words = ("monthly", "--period", over(), "--municipality", "tori", "--out", str(out))
    ended = await teekond("report", *words, **installation.environment)
    assert (ended.code, ended.err) == (0, "")
    served = await manager.get(f"/v1/reports/{sent}/1.pdf")
    assert sha256(out.read_bytes()).hexdigest() == sha256(served.content).hexdigest()


async def test_the_terminal_shows_a_draft(installation: Scene, sent: str) -> None:
    ended = await teekond("report", "monthly", "--period", NOW, **installation.environment)
    assert (ended.code, ended.err) == (0, "")
    assert "draft of" in ended.out
    assert "Participants and places" in ended.out


async def test_the_extract_has_nobody_in_a_group_of_few(installation: Scene, sent: str, tmp_path: Path) -> None:
    out = tmp_path / "extract.csv"
    half = f"{today().year}-H{1 if today().month < 7 else 2}"
    ended = await teekond("report", "extract", "--period", half, "--out", str(out), **installation.environment)
    assert (ended.code, ended.err) == (0, "")
    rows = list(csv.reader(out.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert any("Pseudonym" in cell for row in rows for cell in row)
    assert not any("journey-" in cell or "person-" in cell for row in rows for cell in row)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("monthly", "--period", COMING), "period: "),
        (("monthly", "--period", "March"), "period: monthly reports are about a period like 2026-03, not March"),
        (("yearly", "--period", "2026"), "report: There are monthly and interim reports"),
        (("monthly", "--period", NOW, "--out", "report.doc"), "A report comes as json, csv, xlsx or pdf, not as doc"),
        (("monthly", "--period", NOW, "--municipality", "atlantis"), "scope: There is no monthly report of atlantis"),
    ],
)
async def test_wrong_use_is_told_in_one_line(
    installation: Scene, sent: str, arguments: tuple[str, ...], says: str
) -> None:
    ended = await teekond("report", *arguments, **installation.environment)
    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1
