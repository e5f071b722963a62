"""`teekond`: everything on this machine, the parts one by one, and what an auditor asks.

Exit codes: 0 done, 1 a check found something, 2 wrong use, 3 a service cannot be reached.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from domain.cipher import NullCipher
from domain.codec import Codec
from domain.decision import NATIONAL
from domain.money import euros
from domain.programme import load as load_programme
from domain.programme import load_directory
from domain.working_days import TALLINN, local_date
from eventstore.migrate import migrate
from eventstore.postgres import PostgresEventStore, create_pool, translated
from readmodels.deliveries import Deliveries
from readmodels.projector import Pool
from runtime.embedded import RETENTION, embedded, running
from runtime.lifetime import leave, until_stopped
from runtime.processes import free_port
from runtime.settings import Settings, load
from runtime.temporal import connect, ensure_namespace
from starter.auditing import ineligible_costs
from starter.ending import FOUND, WRONG_USE, end, in_one_line
from starter.local import (
    new_tokens,
    own_settings,
    parts,
    port_is_free,
    prepare_database,
    ready,
    settings_from,
)
from starter.programmes import held_against, in_use, publications, publishing
from starter.replaying import replay as replayed
from starter.seeding import seed as seeded
from starter.submit import Submitter
from starter.trail_views import trail_text, trail_view
from starter.trailing import Trails, checked_id
from workflows.names import SEARCH_ATTRIBUTES

DATA_DIR = Path(".teekond")

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
audit = typer.Typer(help="What an auditor asks.", no_args_is_help=True)
app.add_typer(audit, name="audit")
programmes = typer.Typer(help="Rules, catalogue, prices, forms and calendars as data.", no_args_is_help=True)
app.add_typer(programmes, name="programme")

DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="TEEKOND_DATA_DIR", help="where this machine keeps its data")
]


def main() -> None:
    leave(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """What was typed behind `teekond`; the exit code."""
    try:
        with in_one_line():
            app(words, prog_name="teekond")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


@app.command()
def up(
    data_dir: DataDir = DATA_DIR,
    port: Annotated[int, typer.Option(help="of the API", min=0, max=65535)] = 8080,
    fresh_tokens: Annotated[bool, typer.Option("--new-tokens", help="issue new tokens and end the old ones")] = False,
) -> None:
    """Everything on this machine: PostgreSQL, Temporal, worker, API. Ctrl-C stops it in order; the data stays."""
    asyncio.run(_up(data_dir.resolve(), port, fresh_tokens))


async def _up(data_dir: Path, port: int, fresh_tokens: bool) -> None:
    stopped = until_stopped()
    port = port or free_port()
    await port_is_free(port)
    async with embedded(data_dir, search_attributes=SEARCH_ATTRIBUTES, report=_say) as services:
        for name in await prepare_database(services):
            _say(f"database: {name} applied")
        programme = load_programme("demonstration")
        tokens = new_tokens(data_dir, programme, again=fresh_tokens)
        _show(tokens)
        environment = {**own_settings(data_dir, services), "TEEKOND_API_PORT": str(port)}
        url = f"http://127.0.0.1:{port}"
        async with parts(environment, logs=data_dir, report=_say):
            await ready(url)
            settings = settings_from(environment)
            client = await connect(settings)
            await seeded(Submitter(client, task_queue=settings.task_queue), programme, on=_today())
            _say(f"ready: {url}/v1/openapi.json (programme: demonstration, all data synthetic); logs in {data_dir}")
            await stopped.wait()
            _say("stopping: API, worker, Temporal, PostgreSQL")
    _say("stopped; everything recorded is kept")


def _show(tokens: dict[str, str]) -> None:
    if not tokens:
        _say("tokens were shown at the first start; --new-tokens issues new ones")
        return
    _say("tokens of the demonstration users (shown this once, for this machine only):")
    for actor, token in tokens.items():
        print(f"  {actor:<22} {token}", flush=True)


@app.command()
def demo() -> None:
    """One person's two years, told step by step, and verified."""
    from starter.demo import tell_the_story  # noqa: PLC0415 — drags in the test server, which nothing else needs

    raise SystemExit(asyncio.run(tell_the_story(print)))


@app.command()
def worker() -> None:
    """Decide steps and keep timers, against the settings in the environment (TEEKOND_*)."""
    _become("worker")


@app.command()
def api() -> None:
    """Serve the API, against the settings in the environment (TEEKOND_*)."""
    _become("server")


def _become(module: str) -> None:
    """This process turns into the part, so that signals reach it. What can be known to be wrong is said before."""
    settings = load()
    asyncio.run(_reachable(settings))
    os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606 — our own interpreter, our own module


async def _reachable(settings: Settings) -> None:
    await connect(settings)
    pool = await create_pool(settings.database_url.get_secret_value(), max_size=1)
    await pool.close()


@app.command(name="migrate")
def migrate_command(
    data_dir: DataDir = DATA_DIR,
    temporal: Annotated[
        bool, typer.Option("--temporal", help="Temporal's namespace too, and what it can list")
    ] = False,
) -> None:
    """Bring the database to the shape this version expects. Safe to repeat."""
    settings = _settings(data_dir)

    async def run() -> None:
        with translated():
            connection = await asyncpg.connect(settings.migration_database_url.get_secret_value(), timeout=10)
        try:
            applied = await migrate(connection)
        finally:
            await connection.close()
        _say(f"applied: {', '.join(applied)}" if applied else "nothing to do")
        if temporal:
            client = await connect(settings)
            await ensure_namespace(client, retention=RETENTION, search_attributes=SEARCH_ATTRIBUTES)
            _say(f"Temporal's namespace {client.namespace} is ready")

    asyncio.run(run())


@app.command()
def seed(data_dir: DataDir = DATA_DIR) -> None:
    """Publish the programme that comes with the software if none is, record its agreements, and in the demonstration its
    providers. Needs a worker; safe to repeat."""
    settings = _settings(data_dir)

    async def run() -> None:
        client = await connect(settings)
        programme = load_programme(settings.programme)
        outcomes = await seeded(Submitter(client, task_queue=settings.task_queue), programme, on=_today())
        _say(f"the {programme.code} programme is there, with {len(outcomes) - 1} agreements and providers")

    asyncio.run(run())


@app.command(name="generate")
def generate_command(
    people: Annotated[int, typer.Option(help="how many", min=1, max=20_000)],
    seed: Annotated[int, typer.Option(help="the same seed, the same people and decisions", min=0)] = 1,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """A synthetic population beside what runs: its past decided by the rules, its workflows started. Safe to repeat.

    Exit 1 if, of 1000 people or more, a share is further than 3 points from the published one.
    """
    from starter.generating.running import generate  # noqa: PLC0415 — a good deal of code that nothing else needs

    if not asyncio.run(generate(_settings(data_dir), people=people, seed=seed, say=_say)):
        raise SystemExit(FOUND)


@app.command(name="import")
def import_command(
    file: Annotated[Path | None, typer.Argument(help="a sheet of running cases, CSV or XLSX")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only rehearse it: nothing is written")] = False,
    template: Annotated[Path | None, typer.Option(help="write an empty sheet with all columns there")] = None,
    out: Annotated[Path | None, typer.Option(help="write what became of each row there, as CSV or XLSX")] = None,
    by: Annotated[str, typer.Option(help="who answers for it, by their id; stands in every event")] = "import",
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Take over running cases at mid-path. The whole sheet is rehearsed first, and goes in if all of it is in order; sent
    again, it adds nothing. Needs a worker.

    Exit 1 if anything was refused, or if sums differ.
    """
    from starter.importing import on_the_line  # noqa: PLC0415 — a good deal of code that nothing else needs

    raise SystemExit(on_the_line.run(_settings, data_dir, file, template, out, by=by, rehearse=dry_run, say=_say))


@app.command(name="report")
def report_command(
    report: Annotated[str, typer.Argument(help="monthly, interim, or extract: the evaluator's, of half a year")],
    period: Annotated[str, typer.Option(help="2026-03 of a monthly report, 2026-H1 of an interim one")],
    municipality: Annotated[str, typer.Option(help="of one municipality or coordinator; else of all")] = NATIONAL,
    out: Annotated[Path | None, typer.Option(help="a file: json, csv, xlsx or pdf by its suffix")] = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """A report as it was sent, with its corrections beside it; a draft, as everything is known now, where none was sent."""
    from starter.report_files import asked_for  # noqa: PLC0415 — a good deal of code that nothing else needs

    settings = _settings(data_dir)
    asyncio.run(_with_pool(settings, lambda pool: asked_for(pool, settings, report, period, municipality, out, _say)))


@audit.command()
def replay(
    journey: Annotated[str, typer.Argument(help="the journey's id")],
    known: Annotated[str | None, typer.Option(help="only what had been recorded by this day or time")] = None,
    valid: Annotated[str | None, typer.Option(help="only what had become true by this day or time")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """The history told, and the state at that time."""
    known_at, valid_at = _moment("--known", known), _moment("--valid", valid)

    async def look(store: PostgresEventStore) -> None:
        found = await replayed(store, Codec(NullCipher()), journey, known=known_at, valid=valid_at)
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False) if as_json else found.as_text())

    asyncio.run(_with_store(_settings(data_dir), look))


@audit.command(name="ineligible")
def ineligible_command(data_dir: DataDir = DATA_DIR) -> None:
    """Cost of days on which another service was paid for too, each explained; exit 1 if any of it is open."""
    settings = _settings(data_dir)

    async def look(store: PostgresEventStore) -> None:
        codec = Codec(NullCipher())
        programme = await in_use(store, codec, load_programme(settings.programme))
        found = await ineligible_costs(store, codec, programme)
        for each in found:
            where = f"{each.journey_id}  {each.delivery_id}"
            print(f"{each.day:%d.%m.%Y}  {euros(each.cents):>10}  {where}  {each.service}: {each.fate.sentence}")
        open_ones = [each.cents for each in found if not each.fate.explained]
        total = euros(sum(each.cents for each in found))
        print(f"{len(found)} deliveries, {total} euros; open: {len(open_ones)}, {euros(sum(open_ones))} euros")
        if open_ones:
            raise SystemExit(FOUND)

    asyncio.run(_with_store(settings, look))


@audit.command(name="trail")
def trail_command(
    of: Annotated[str, typer.Argument(metavar="ID", help="a claim, a delivery, or a budget line: JOURNEY/LINE")],
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Where euros come from, back to the consent they rest on; or, of a budget line, where they went. Exit 1 if it does
    not add up."""
    trail_id, settings = checked_id(of), _settings(data_dir)

    async def look(pool: Pool) -> None:
        store, codec = PostgresEventStore(pool), Codec(NullCipher())
        found = await Trails(store, codec, Deliveries(pool, store, codec).journey_of).of(trail_id)
        print(trail_view(found).model_dump_json(indent=2) if as_json else trail_text(found))
        if found.amiss:
            raise SystemExit(FOUND)

    asyncio.run(_with_pool(settings, look))


Folder = Annotated[Path, typer.Argument(help="the folder with programme.toml", exists=True, file_okay=False)]


@programmes.command()
def check(folder: Folder) -> None:
    """Every problem in the programme's data, with file and row; exit 1 if there is any."""
    found = load_directory(folder)
    _say(f"the {found.code} programme in {folder} is in order: {sum(1 for _ in found.versions())} versions and prices")


@programmes.command()
def publish(folder: Folder, data_dir: DataDir = DATA_DIR) -> None:
    """Publish the programme's data: what is new holds from its day on, what held until today stays. Needs a worker."""
    step, settings = publishing(folder), _settings(data_dir)

    async def run() -> None:
        outcome = await Submitter(await connect(settings), task_queue=settings.task_queue).submit(step)
        _say(f"published as {step.stream_id.removeprefix('programme-')}/{outcome.version}")

    asyncio.run(run())


@programmes.command(name="list")
def list_publications(data_dir: DataDir = DATA_DIR) -> None:
    """What was published, by whom and when, with its versions and their days."""
    settings = _settings(data_dir)

    async def look(store: PostgresEventStore) -> None:
        for line in await publications(store, Codec(NullCipher()), settings.programme):
            print(line)

    asyncio.run(_with_store(settings, look))


@programmes.command(name="what-if")
def what_if_command(
    folder: Folder,
    on: Annotated[str | None, typer.Option(help="the day to ask about; else the first on which it differs")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Hold a coming version against today's cases: who would change, and why. Nothing is recorded."""
    day, settings = _day("--on", on), _settings(data_dir)

    async def look(store: PostgresEventStore) -> None:
        packaged = load_programme(settings.programme)
        found = await held_against(folder, store, Codec(NullCipher()), packaged, on=day, today=_today())
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False) if as_json else found.as_text())

    asyncio.run(_with_store(settings, look))


async def _with_store(settings: Settings, look: Callable[[PostgresEventStore], Awaitable[None]]) -> None:
    await _with_pool(settings, lambda pool: look(PostgresEventStore(pool)))


async def _with_pool(settings: Settings, look: Callable[[Pool], Awaitable[None]]) -> None:
    pool = await create_pool(settings.database_url.get_secret_value(), max_size=1)
    try:
        await look(pool)
    finally:
        await pool.close()


def _settings(data_dir: Path) -> Settings:
    """Those in the environment; where there are none, those of what runs on this machine."""
    if "TEEKOND_DATABASE_URL" not in os.environ and (services := running(data_dir)) is not None:
        return settings_from(own_settings(data_dir.resolve(), services))
    return load()


def _moment(option: str, text: str | None) -> datetime | None:
    """A day means its end, in Tallinn."""
    if text is None:
        return None
    try:
        is_day = len(text) <= len("2026-03-12")
        moment = datetime.combine(date.fromisoformat(text), time.max) if is_day else datetime.fromisoformat(text)
    except ValueError:
        end(WRONG_USE, f"{option}: {text!r} is not a day (2026-03-12) or a time (2026-03-12T10:00)")
    return moment if moment.tzinfo else moment.replace(tzinfo=TALLINN)


def _day(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        end(WRONG_USE, f"{option}: {text!r} is not a day (2026-03-12)")


def _today() -> date:
    return local_date(datetime.now(UTC))


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
