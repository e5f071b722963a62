"""`teekond` on the command line: what it tells, how it ends, and that it never ends in a traceback."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Lock

import asyncpg
import pytest
from typer.testing import CliRunner

from domain.journey import stage_of
from domain.programme import load
from domain.working_days import local_date
from starter import submit
from starter.cli import _moment as moment_of
from starter.cli import app, run
from starter.replaying import NoSuchJourney, replay
from starter.scene import Scene
from starter.seeding import seed
from starter.submit import Submitter, Unavailable
from tests.starter.bodies import User, a_contact, a_journey, done, listed, new_key, today

TEEKOND = Path(sys.executable).with_name("teekond")
SECONDS = 40
NOWHERE = "postgresql://nobody:secret@127.0.0.1:9/teekond"
JOURNEY = "journey-none"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str

    def in_one_line(self, code: int, *words: str) -> None:
        """Nothing but one line that says why, without colours, and without the secrets it was given."""
        assert self.code == code, self.err
        assert self.out == ""
        assert self.err.startswith("teekond: ")
        assert self.err.count("\n") == 1
        assert "secret" not in self.err
        for word in words:
            assert word in self.err


async def teekond(*words: str, **environment: str) -> Ended:
    """What is typed, in this process: to start one costs more than most commands do. Only these settings reach it."""
    code, out, err = await asyncio.to_thread(_typed, words, {"TEEKOND_DATA_DIR": "/nowhere", **environment})
    return _ended(code, out, err)


_one_at_a_time = Lock()  # there is one environment, and one standard output


def _typed(words: tuple[str, ...], environment: dict[str, str]) -> tuple[int, str, str]:
    foreign = {name: None for name in os.environ if name.startswith("TEEKOND_")}
    with _one_at_a_time, CliRunner().isolation(env={**foreign, **environment}) as (out, err, _):
        code = run(words)
        for each in (sys.stdout, sys.stderr):
            each.flush()
        return code, out.getvalue().decode(), err.getvalue().decode()


async def as_process(*words: str, **environment: str) -> Ended:
    """As whoever types it runs it, but for the terminal: for what depends on being a process, and to see a few through."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("TEEKOND_")}
    process = await asyncio.create_subprocess_exec(
        TEEKOND, *words, env={**known, **environment}, cwd="/",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return _ended(process.returncode, out.decode(), err.decode())


def _ended(code: int, out: str, err: str) -> Ended:
    ended = Ended(code, out, err)
    assert "Traceback" not in ended.err, ended.err
    assert "\x1b" not in ended.out + ended.err
    return ended


# ── Help and wrong use ───────────────────────────────────────────────────────────────────────────────────────────────


def test_help_names_every_command_and_the_exit_codes() -> None:
    ended = CliRunner().invoke(app, ["--help"])

    assert ended.exit_code == 0
    for word in ("up", "demo", "worker", "api", "migrate", "seed", "audit", "0 done", "3 a service"):
        assert word in ended.output


@pytest.mark.parametrize(
    "words",
    [
        "",
        "audit",
        "fly",
        "audit replay",
        "migrate extra",
        "up --port x",
        "up --port 65536",
        "audit replay j --json yes",
    ],
)
def test_wrong_use_says_what_would_be_right(words: str) -> None:
    ended = CliRunner().invoke(app, words.split())

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "Usage: " in ended.stderr


async def test_missing_and_wrong_settings_are_named_and_no_value_shown(tmp_path: Path) -> None:
    wrong = {"TEEKOND_DATABASE_URL": "secret", "TEEKOND_API_PORT": "secret"}

    for ended in await asyncio.gather(
        *(as_process(each, TEEKOND_DATA_DIR=str(tmp_path)) for each in ("migrate", "worker"))
    ):
        ended.in_one_line(2, "TEEKOND_DATABASE_URL: is not set")
    for ended in await asyncio.gather(
        *(teekond(*each.split(), **wrong) for each in ("api", f"audit replay {JOURNEY}"))
    ):
        ended.in_one_line(2, "TEEKOND_DATABASE_URL", "TEEKOND_API_PORT")


async def test_nothing_starts_without_its_key_and_no_api_without_its_tokens(installation: Scene) -> None:
    environment = {**installation.environment, "TEEKOND_API_PORT": "0"}
    keyless = {name: value for name, value in environment.items() if name != "TEEKOND_MATCH_KEY"}

    worker, keyless_api, api = await asyncio.gather(
        as_process("worker", **keyless),
        as_process("api", **keyless),
        as_process("api", **{**environment, "TEEKOND_TOKENS_FILE": "/nowhere/tokens.json"}),
    )

    worker.in_one_line(2, "TEEKOND_MATCH_KEY")
    keyless_api.in_one_line(2, "TEEKOND_MATCH_KEY")
    api.in_one_line(2, "/nowhere/tokens.json cannot be read")


# ── Services that are not there ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_unreachable_database_is_said_in_one_line(installation: Scene) -> None:
    environment = {**installation.environment, "TEEKOND_DATABASE_URL": NOWHERE, "TEEKOND_API_PORT": "0"}
    environment["TEEKOND_MIGRATION_DATABASE_URL"] = NOWHERE
    commands = ("migrate", f"audit replay {JOURNEY}", "worker")

    for ended in await asyncio.gather(*(teekond(*each.split(), **environment) for each in commands)):
        ended.in_one_line(3, "database", "127.0.0.1")


async def test_an_unreachable_temporal_is_said_in_one_line() -> None:
    environment = {"TEEKOND_DATABASE_URL": NOWHERE, "TEEKOND_TEMPORAL_ADDRESS": "127.0.0.1:9"}

    for ended in await asyncio.gather(*(teekond(each, **environment) for each in ("seed", "api"))):
        ended.in_one_line(3, "Temporal cannot be reached at 127.0.0.1:9")


async def test_an_api_whose_port_is_taken_does_not_start(installation: Scene) -> None:
    (await as_process("api", **installation.environment)).in_one_line(3, installation.environment["TEEKOND_API_PORT"])


async def test_a_worker_of_a_namespace_that_is_none_does_not_start(installation: Scene) -> None:
    ended = await as_process("worker", **{**installation.environment, "TEEKOND_TEMPORAL_NAMESPACE": "nowhere"})

    ended.in_one_line(3, "Temporal", "nowhere")


async def test_without_a_worker_nothing_is_seeded(installation: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at this queue."""
    monkeypatch.setattr(submit, "ANSWER_WITHIN", timedelta(seconds=1))
    nobody = Submitter(installation.client, task_queue=new_key())
    programme = load("demonstration")
    programme = replace(programme, agreements=(replace(programme.agreements[0], code=new_key()),))

    with pytest.raises(Unavailable):
        await seed(nobody, programme, on=today())


# ── Migrate and seed ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_migrating_twice_changes_nothing_the_second_time(installation: Scene) -> None:
    ended = await as_process("migrate", **installation.environment)

    assert (ended.code, ended.out, ended.err) == (0, "nothing to do\n", "")


async def test_a_new_database_is_migrated_and_says_what_was_applied(installation: Scene) -> None:
    owner = installation.environment["TEEKOND_MIGRATION_DATABASE_URL"]
    name = f"fresh_{new_key()}"
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        url = f"{owner.rpartition('/')[0]}/{name}"
        first = await teekond("migrate", TEEKOND_DATABASE_URL=url)
        second = await teekond("migrate", TEEKOND_DATABASE_URL=url)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()

    assert (first.code, second.code) == (0, 0)
    assert first.out.startswith("applied: 0001_")
    assert second.out == "nothing to do\n"


async def test_seeding_twice_adds_nothing(installation: Scene) -> None:
    count = "SELECT count(*) FROM teekond.event WHERE kind IN ('agreements', 'providers')"
    before = await installation.pool.fetchval(count)

    first = await teekond("seed", **installation.environment)
    second = await teekond("seed", **installation.environment)

    assert (first.code, second.code) == (0, 0)
    assert first.out == second.out != ""
    assert await installation.pool.fetchval(count) == before


# ── What an auditor asks ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_journey_is_told_again_in_sentences(installation: Scene, manager: User) -> None:
    path = await a_journey(manager, "delivery")
    timeline = listed(done(await manager.get(f"{path}/timeline"))["items"])

    ended = await as_process("audit", "replay", path.rpartition("/")[2], **installation.environment)

    assert (ended.code, ended.err) == (0, "")
    assert f": {len(timeline)} events" in ended.out
    for told in timeline:
        assert str(told["sentence"]) in ended.out
    assert "stage      delivery" in ended.out


async def test_a_replay_as_json_comes_to_the_state_that_the_api_shows(installation: Scene, manager: User) -> None:
    """But for where its deadlines stand today, of which a history knows nothing."""
    path = await a_journey(manager, "delivery")

    ended = await teekond("audit", "replay", path.rpartition("/")[2], "--json", **installation.environment)

    replayed = json.loads(ended.out)
    assert ended.code == 0
    shown = done(await manager.get(path))
    timeless = [{**each, "standing": None, "days": None} for each in listed(shown["deadlines"])]
    assert replayed["state"] == {**shown, "deadlines": timeless}
    assert [event["version"] for event in replayed["history"]] == list(range(1, len(replayed["history"]) + 1))


async def test_a_journey_is_replayed_as_it_was_known_at_each_time(installation: Scene, manager: User) -> None:
    """To the microsecond of each fact: the state then, and nothing that was told later."""
    path = await a_journey(manager, "planning")
    journey_id = path.rpartition("/")[2]
    history = await installation.history(journey_id)
    stages = {"referral.recorded": "referral", "place.received": "assessment", "assessment.completed": "planning"}
    last = {told.recorded_at: told for told in history}  # of those recorded in one step

    for at, told in last.items():
        found = await replay(installation.store, installation.codec, journey_id, known=at)
        assert found.told[-1] == told
        assert stage_of(found.state) == stages[told.event.type]
    with pytest.raises(NoSuchJourney):
        await replay(
            installation.store, installation.codec, journey_id, known=history[0].recorded_at - timedelta(microseconds=1)
        )


async def test_a_day_includes_all_of_itself_in_tallinn(installation: Scene, manager: User) -> None:
    path = await a_journey(manager)
    done(await manager.post(f"{path}/commands/log-contact", a_contact()))
    journey_id = path.rpartition("/")[2]
    day = local_date((await installation.history(journey_id))[-1].recorded_at)

    known, valid, before = await asyncio.gather(
        *(
            teekond("audit", "replay", journey_id, option, until, **installation.environment)
            for option, until in (("--known", str(day)), ("--valid", f"{day:%Y%m%d}"), ("--known", f"{day - DAY}"))
        )
    )

    assert (known.code, valid.code) == (0, 0)
    assert "2 events" in known.out
    assert known.out == valid.out
    before.in_one_line(2, journey_id)


@pytest.mark.parametrize("moment", ["yesterday", "2026-13-01", "2026-02-30", "", "12:00", "2026-03-12T25:00"])
def test_a_moment_that_is_none_is_named(moment: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        moment_of("--known", moment)
    assert capsys.readouterr().err.startswith(f"teekond: --known: {moment!r} is not a day")


async def test_what_is_no_journey_is_said_to_be_none(installation: Scene) -> None:
    """Nor does what was typed do anything to the terminal."""
    streams = (JOURNEY, "agreement-tori", "\x1b[31m")

    for ended in await asyncio.gather(
        *(teekond("audit", "replay", each, **installation.environment) for each in streams)
    ):
        ended.in_one_line(2, "there is no journey")


async def test_a_database_that_was_never_migrated_is_said_so_in_one_line(installation: Scene) -> None:
    owner = installation.environment["TEEKOND_MIGRATION_DATABASE_URL"]
    ended = await teekond("audit", "replay", JOURNEY, TEEKOND_DATABASE_URL=f"{owner.rpartition('/')[0]}/postgres")

    ended.in_one_line(3, "database")
