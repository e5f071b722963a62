"""What a monthly report of 100 000 journeys costs, beside one GROUP BY in the database over the same facts; and its memory."""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import asyncpg
import psutil

from activities.counting import counted
from activities.messages import Submission, digest
from activities.recording import Recorder
from activities.reporting import scopes_of
from benchmarks.measure import Finding, Report
from domain.canonical import canonical
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.programme import load
from domain.reports.period import Period, between
from domain.reports.question import Question
from domain.working_days import local_date
from eventstore.postgres import PostgresEventStore, create_pool
from readmodels.component_use import DatabaseUses
from readmodels.deliveries import Deliveries
from readmodels.known_facts import KnownFacts
from readmodels.person_match import PersonMatch
from readmodels.projector import Pool, Projector
from readmodels.report_facts import ReportFacts
from runtime.embedded import Services, embedded
from starter.counting import Processes
from starter.generating.calibration import published
from starter.generating.generating import Generator
from starter.local import prepare_database
from starter.seeding import SEEDER, seeds

PEOPLE, COPIES = 1_000, 100
SMALL = 10
CONDITIONS = (
    f"the facts of {PEOPLE} generated journeys, {COPIES} times under other ids; all scopes of the month before this one "
    "in one pass, beside one GROUP BY by municipality and component of the same month's deliveries; memory of all processes "
    f"that count, {COPIES} times the people beside {SMALL} times"
)
CODEC = Codec(NullCipher())

KEEP = """
CREATE TABLE read.original AS SELECT * FROM read.report_fact WHERE kind NOT IN ('places', 'funding', 'gap');
CREATE TABLE read.original_subject AS SELECT * FROM read.report_subject WHERE subject LIKE 'journey-%'
"""
COPY = """
INSERT INTO read.report_fact
SELECT known_txid, known_number, gone_txid, gone_number, from_on, to_on, version, number, cents,
    subject || copy, kind, key, code, area, CASE kind WHEN 'referral' THEN about || copy ELSE about END,
    municipality, person_id || copy, because, sealed, words
FROM read.original, (SELECT '-' || $1::integer AS copy) AS named
"""
SUBJECTS = """
INSERT INTO read.report_subject
SELECT subject || '-' || $1::integer, municipality FROM read.original_subject
"""
BARE = """
SELECT municipality, code, count(DISTINCT subject), sum(number), sum(cents) FROM read.report_fact
WHERE kind = 'delivery' AND from_on BETWEEN $1 AND $2 GROUP BY municipality, code
"""


async def run(home: Path) -> Report:
    async with embedded(home, temporal=False) as services:
        await prepare_database(services)
        pool = await create_pool(services.database_url)
        try:
            await _generate(pool)
            await pool.execute(KEEP)
            await _copies(pool, 2, SMALL)
            await _at_rest(services)
            small = await asyncio.to_thread(_in_a_process, services.database_url)
            await _copies(pool, SMALL + 1, COPIES)
            await _at_rest(services)
            large = await asyncio.to_thread(_in_a_process, services.database_url)
            bare = await _bare(pool)
        finally:
            await pool.close()
    return Report(
        name="reports",
        conditions=CONDITIONS,
        findings=(
            Finding(what=f"monthly report, {PEOPLE * COPIES} journeys", unit="s", ours=large[0], bare=bare),
            Finding(what=f"memory, {COPIES} times beside {SMALL} times", unit="MB", ours=large[1], bare=small[1]),
        ),
    )


async def _generate(pool: Pool) -> None:
    now, programme = datetime.now(UTC), load("demonstration")
    store = PostgresEventStore(pool)
    recorder = Recorder(
        store=store, cipher=NullCipher(), programme=programme, matches=PersonMatch(pool, b"benchmark"),
        claimable=Deliveries(pool, store, CODEC), uses=DatabaseUses(pool, store, CODEC),
    )  # fmt: skip
    for command in seeds(programme, local_date(now)):
        if command.kind == "programmes":
            continue  # the one that comes with the software does
        stream = command.stream_named()
        assert stream is not None, "agreements and providers have natural names"
        data = command.model_dump(mode="json")
        await recorder.record(
            Submission(
                command=command.name, data=data, actor=SEEDER, kind=command.kind, stream_id=stream,
                stage=str(command.stage), command_id=digest(stream, command.name, canonical(data).decode()),
                request_hash=digest(command.name), at=now,
            )
        )  # fmt: skip
    await Generator(store, programme, published(), people=PEOPLE, seed=1, now=now).record(lambda: None)
    projector = Projector(pool, store, CODEC, [ReportFacts(store, CODEC, NullCipher())])
    await projector.prepare()
    await projector.to_the_end()


async def _copies(pool: Pool, first: int, last: int) -> None:
    for number in range(first, last + 1):  # a transaction each: they are bounded in time
        await pool.execute(COPY, number)
        await pool.execute(SUBJECTS, number)


async def _at_rest(services: Services) -> None:
    """As any server is a while later: else we would be the first to look at each row, while all of them are written down."""
    connection = await asyncpg.connect(services.superuser_database_url)
    try:
        await connection.execute("VACUUM ANALYZE read.report_fact, read.report_subject")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _last_month() -> Period:
    today = local_date(datetime.now(UTC))
    return between("monthly", today - timedelta(days=70), today)[-1]


async def _bare(pool: Pool) -> float:
    month = _last_month()
    begun = perf_counter()
    await pool.fetch(BARE, month.first, month.last, timeout=600)
    return perf_counter() - begun


def _in_a_process(url: str) -> tuple[float, float]:
    """Seconds, and the most megabytes it and its helpers ever had: in a process of its own, so that nothing else counts."""
    with multiprocessing.get_context("spawn").Pool(1) as one:
        return one.apply(_once, (url,))


def _once(url: str) -> tuple[float, float]:
    return asyncio.run(_count(url))


async def _count(url: str) -> tuple[float, float]:
    pool = await create_pool(url)
    try:
        facts, programme, period = KnownFacts(pool, NullCipher()), load("demonstration"), _last_month()
        question = Question(
            definition=programme.report("monthly", period.last),
            period=period,
            programme=programme,
            moment=await facts.reached(),
            at=datetime.now(UTC),
        )
        memory, begun = Memory(), perf_counter()
        watching = asyncio.create_task(memory.watch())
        found = await counted(facts, question, await scopes_of(facts, question), Processes(url))
        seconds = perf_counter() - begun
        watching.cancel()
        assert found["ee"].tables[0].rows[0][0], "nobody takes part: there was nothing to count"
    finally:
        await pool.close()
    return seconds, memory.megabytes


class Memory:
    """The most that this process and each of those that count for it ever had, put together."""

    def __init__(self) -> None:
        self._most: dict[int, float] = {}

    async def watch(self) -> None:
        while True:
            for process in (psutil.Process(), *psutil.Process().children()):
                with suppress(FileNotFoundError, ProcessLookupError, StopIteration):  # it has ended
                    self._most[process.pid] = _most_megabytes(process.pid)
            await asyncio.sleep(0.5)  # to look for them takes some milliseconds

    @property
    def megabytes(self) -> float:
        return sum(self._most.values())


def _most_megabytes(pid: int) -> float:
    """Of that process alone: `ru_maxrss` tells of the one that it was forked from as well."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) / 1024
