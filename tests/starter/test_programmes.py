"""The programme on the command line: checked, published, listed, and held against today's cases in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from domain.cipher import NullCipher
from domain.codec import Codec
from domain.working_days import local_date
from starter.programmes import held_against, in_use
from starter.scene import Scene
from starter.seeding import SEEDER
from starter.what_if import Found
from tests.activities.examples import (
    NOON,
    Office,
    agreed,
    assessment,
    budget,
    eligible,
    given_a_person,
    plan,
    programme,
    referral,
    step,
)
from tests.domain.publishing import PRICES_2027, Change, next_rules, publish, texts
from tests.starter.bodies import User, a_journey, listed
from tests.starter.test_cli import Ended, teekond

CODEC = Codec(NullCipher())


def folder(at: Path, files: Mapping[str, str]) -> Path:
    """The files where a coordinator would keep them; those that all programmes share lie beside."""
    home = at / "demonstration"
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return home


# ── Checking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_data_in_order_is_said_to_be(tmp_path: Path) -> None:
    ended = await teekond("programme", "check", str(folder(tmp_path, texts())))
    assert (ended.code, ended.err) == (0, "")
    assert "demonstration" in ended.out


async def test_overlapping_prices_are_told_with_both_rows(tmp_path: Path) -> None:
    overlapping = ("prices-2026.csv", "# valid_to: 2026-12-31", "# valid_to: 2027-01-31")
    ended = await teekond("programme", "check", str(folder(tmp_path, texts(overlapping))))
    refused_with(ended, "prices-2027.csv, row 7: it holds at the same time as prices-2026.csv, row 7")


async def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    home = folder(tmp_path, texts())
    (home / "catalogue.csv").write_bytes("Teenuse planeerimine ja elluviimine: õ".encode("latin-1"))
    refused_with(await teekond("programme", "check", str(home)), "catalogue.csv: the file is not UTF-8 text")


async def test_a_folder_without_a_programme_is_told(tmp_path: Path) -> None:
    refused_with(await teekond("programme", "check", str(tmp_path)), "programme.toml: the file cannot be read")
    ended = await teekond("programme", "check", str(tmp_path / "nowhere"))
    assert ended.code == 2
    assert "nowhere" in ended.err


def refused_with(ended: Ended, problem: str) -> None:
    assert ended.code == 1
    assert problem in ended.err.splitlines()
    assert ended.err.splitlines()[-1].startswith("teekond: ")
    assert ended.out == ""


# ── Publishing ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_publication_is_used_and_listed(installation: Scene, manager: User, tmp_path: Path) -> None:
    environment = installation.environment
    noted = ("programme.toml", "code =", "# Nothing else is new.\ncode =")
    home = str(folder(tmp_path, texts(noted)))

    published = await teekond("programme", "publish", home, **environment)
    assert (published.code, published.err) == (0, "")
    number = published.out.strip().removeprefix("published as ")

    again = await teekond("programme", "publish", home, **environment)
    again.in_one_line(1, "word for word what is published already")
    listing = await teekond("programme", "list", **environment)
    assert f"\n{number}  " in listing.out
    assert listing.out.startswith("demonstration/1  ")
    journey_id = (await a_journey(manager)).rsplit("/", 1)[-1]
    assert {told.meta.programme for told in await installation.history(journey_id)} == {number}
    items = listed((await manager.get("/v1/reference/publications")).json()["items"])
    assert [items[0]["publication"], items[0]["published_by"]] == [number, "operator"]


async def test_a_changed_past_is_not_published(installation: Scene, tmp_path: Path) -> None:
    home = folder(tmp_path, texts(("prices-2026.csv", "*,personal,individual,28.00", "*,personal,individual,29.00")))
    ended = await teekond("programme", "publish", str(home), **installation.environment)
    ended.in_one_line(1, "What held until today cannot change", "the price of personal (individual) from 2026-01-01")


async def test_only_the_national_level_publishes_through_the_api(
    installation: Scene, manager: User, coordinator: User
) -> None:
    body = publish().model_dump(mode="json")
    refused = await manager.post("/v1/programmes/commands/publish-programme", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "outside_municipality")
    wrong = publish(("eligibility.toml", '"no_social_rehabilitation"', '"no_fun"')).model_dump(mode="json")
    invalid = await coordinator.post("/v1/programmes/commands/publish-programme", wrong)
    assert (invalid.status_code, invalid.json()["code"]) == (422, "programme_invalid")
    assert "there is no condition no_fun" in invalid.json()["detail"]
    assert invalid.json()["errors"][0]["field"] == "files"


# ── What if ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def cases(office: Office) -> Office:
    """One journey with a budget into the next year, one that waits for its assessment, one that is only referred."""
    for number, steps in enumerate(((eligible(), assessment(NOON), plan(NOON)), (eligible(),), ()), start=1):
        path = f"journey-{number}"
        person = await given_a_person(office.recorder, NOON, f"person-{number}")
        for command in (referral(person, NOON), *steps):
            await office.record(command, path)
    plan_id = office.store.facts("journey-1")[-1].model_dump()["plan_id"]
    await office.record(agreed(str(plan_id), NOON), "journey-1")
    await office.record(budget(), "journey-1")
    return office


@pytest.fixture
async def office() -> Office:
    return await Office().open()


async def what_if(cases: Office, at: Path, *changes: Change) -> Found:
    shutil.rmtree(at / "demonstration", ignore_errors=True)
    home = folder(at, texts(*changes))
    return await held_against(home, cases.store, CODEC, programme(), on=None, today=local_date(NOON))


async def test_who_would_change_is_told_in_a_table(cases: Office, tmp_path: Path) -> None:
    found = await what_if(cases, tmp_path, *next_rules(age_min=60))
    assert [case.state.file.journey_id for case, _ in found.changed] == ["journey-1", "journey-2", "journey-3"]
    text = found.as_text()
    assert text.startswith("If this held on 01.01.2027, instead of what is published as demonstration/1:")
    assert "tori                   who may join  Could not join. The person would have to be 60 years old" in text
    assert "3 of 3 open journeys would change." in text


async def test_what_cannot_be_told_is_counted(cases: Office, tmp_path: Path) -> None:
    found = await what_if(cases, tmp_path, *next_rules(all_of=("diagnosed_by_doctor",)))
    assert (len(found.changed), len(found.untold)) == (0, 2)
    assert "nobody would change" in found.as_text()
    assert "Of 2 it cannot be told whether they might still join" in found.as_text()


async def test_a_budget_s_cost_is_told_before_and_after(cases: Office, tmp_path: Path) -> None:
    dearer = texts()[PRICES_2027].replace(",individual,", ",individual,1")
    found = await what_if(cases, tmp_path, (PRICES_2027, texts()[PRICES_2027], dearer))
    before, after = found.costs
    assert 0 < before < after
    told = json.loads(json.dumps(found.as_json()))
    assert [each["journey_id"] for each in told["changed"]] == ["journey-1"]
    assert (told["cents_before"], told["cents_after"], told["on"]) == (before, after, "2027-01-01")


async def test_it_is_held_against_what_was_published_last(cases: Office, tmp_path: Path) -> None:
    await cases.recorder.record(step(publish(*next_rules(age_min=60)), actor=SEEDER, at=NOON))
    assert (await in_use(cases.store, CODEC, programme())).publication == "demonstration/2"
    assert not (await what_if(cases, tmp_path, *next_rules(age_min=60))).changed


async def test_it_reads_the_whole_record_and_records_nothing(
    installation: Scene, manager: User, tmp_path: Path
) -> None:
    path = await a_journey(manager, "delivery")
    home = str(folder(tmp_path, texts(*next_rules(age_min=100))))
    count = "SELECT count(*) FROM teekond.event WHERE kind = 'programmes'"
    before = await installation.pool.fetchval(count)

    as_text = await teekond("programme", "what-if", home, **installation.environment)
    as_json = await teekond("programme", "what-if", home, "--on", "2027-02-01", "--json", **installation.environment)

    assert (as_text.code, as_json.code) == (0, 0)
    assert path.rsplit("/", 1)[-1] in as_text.out
    assert json.loads(as_json.out)["on"] == "2027-02-01"
    assert await installation.pool.fetchval(count) == before


async def test_a_day_that_is_none_is_wrong_use(tmp_path: Path) -> None:
    ended = await teekond("programme", "what-if", str(folder(tmp_path, texts())), "--on", "tomorrow")
    ended.in_one_line(2, "--on", "tomorrow")
