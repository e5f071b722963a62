"""Wires a worker: settings → the record → what reads it → activities → Temporal. Run by `teekond worker`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
import uvloop
from temporalio.worker import Worker

from activities.claiming import settle_claim
from activities.handing_over import hand_over
from activities.notifying import notifying
from activities.publishing import follow
from activities.recording import Recorder
from activities.reporting import Reports
from activities.stages import activities
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.ports import Mail
from domain.programme import load as load_programme
from eventstore.postgres import PostgresEventStore, create_pool
from integrations.mail_outbox import Outbox
from integrations.mail_smtp import SmtpMail
from readmodels.claim_list import ClaimList
from readmodels.component_use import DatabaseUses
from readmodels.contracted import Contracted
from readmodels.deliveries import Deliveries
from readmodels.known_facts import KnownFacts
from readmodels.lookout import DatabaseLookout
from readmodels.person_match import PersonMatch
from readmodels.place_count import PlaceCount
from readmodels.projector import Projector
from readmodels.region_count import RegionCount
from readmodels.report_facts import ReportFacts
from readmodels.report_list import ReportList
from readmodels.transfer_list import TransferList
from readmodels.work_queue import WorkQueue
from runtime.lifetime import ending_within, leave, until_stopped
from runtime.settings import Settings, SettingsError, load
from runtime.telemetry import configure
from runtime.temporal import connect
from starter.counting import Processes
from starter.ending import in_one_line
from starter.submit import Submitter
from workflows.reacting import Reactor
from workflows.registry import WORKFLOWS, runner
from workflows.reports import ensure_report_schedule, reporting
from workflows.sweeping import TemporalEngine, ensure_schedule, sweep_activity

log = structlog.get_logger()
DRAIN = timedelta(seconds=15)
ENDING = DRAIN + timedelta(seconds=5)  # whoever stops a worker kills it after 25 s
CANCELLED_WITHIN = 2.0  # seconds


def mail_of(settings: Settings) -> Mail | None:
    """None: nobody is told by mail."""
    if settings.smtp_address is not None:
        host, _, port = settings.smtp_address.rpartition(":")
        return SmtpMail(
            host=host,
            port=int(port),
            sender=str(settings.smtp_from),
            security=settings.smtp_security,
            certificates=None if settings.smtp_tls_ca is None else str(settings.smtp_tls_ca),
            user=settings.smtp_user,
            password=None if settings.smtp_password is None else settings.smtp_password.get_secret_value(),
            seconds=settings.smtp_timeout_seconds,
        )
    return None if settings.outbox is None else Outbox(settings.outbox)


async def work(settings: Settings) -> None:
    if settings.match_key is None:
        raise SettingsError("TEEKOND_MATCH_KEY is not set; a worker needs it to find people who are registered already")
    stopped = until_stopped()
    client = await connect(settings)
    pool = await create_pool(settings.database_url.get_secret_value())
    store, cipher = PostgresEventStore(pool), NullCipher()
    codec = Codec(cipher)
    queue, places = WorkQueue(pool, store, codec), PlaceCount(pool, store, codec)
    uses = DatabaseUses(pool, store, codec)
    matches = PersonMatch(pool, settings.match_key.get_secret_value().encode())
    deliveries = Deliveries(pool, store, codec)
    recorder = Recorder(
        store=store,
        cipher=cipher,
        programme=load_programme(settings.programme),
        matches=matches,
        claimable=deliveries,
        uses=uses,
    )
    await recorder.look_for_publication()
    submitter = Submitter(client, task_queue=settings.task_queue)
    engine = TemporalEngine(client, task_queue=settings.task_queue)
    claims = ClaimList(pool, store, codec)
    mail = mail_of(settings)
    contracted, counts = Contracted(pool, store, codec), RegionCount(pool, store, codec)
    listed = ReportList(pool, store, codec)
    facts = ReportFacts(store, codec, cipher)
    beside = Processes(settings.database_url.get_secret_value())
    reports = Reports(recorder, KnownFacts(pool, cipher), lambda: recorder.programme, beside)
    projector = Projector(
        pool,
        store,
        codec,
        [queue, places, matches, deliveries, claims, uses, contracted, counts, facts, listed, TransferList(pool)],
        [Reactor(engine, queue, by_mail=mail is not None)],
    )
    await projector.prepare()
    if not settings.time_skipping:
        await ensure_schedule(client, task_queue=settings.task_queue)
        await ensure_report_schedule(client, task_queue=settings.task_queue)
    worker = Worker(
        client,
        task_queue=settings.task_queue,
        workflows=WORKFLOWS,
        activities=[
            *activities(recorder),
            settle_claim(recorder, submitter),
            hand_over(recorder, submitter),
            *reporting(reports),
            *(() if mail is None else notifying(recorder, mail, submitter)),
            sweep_activity(DatabaseLookout(pool, places), engine),
        ],
        workflow_runner=runner(),
        # After a lost worker the next step would wait 10 s for it to come back to its sticky queue.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        graceful_shutdown_timeout=DRAIN,
    )
    alongside = [asyncio.create_task(projector.run()), asyncio.create_task(follow(recorder.look_for_publication))]
    try:
        async with ending_within(ENDING, worker):
            log.info("worker ready", task_queue=settings.task_queue, programme=settings.programme)
            await stopped.wait()
            log.info("worker draining")
    except TimeoutError:
        log.warning("worker does not end; left as it is", waited=str(ENDING))
    for task in alongside:
        task.cancel()
    await asyncio.wait(alongside, timeout=CANCELLED_WITHIN)
    pool.terminate()  # nothing is under way any more, or it is not to be waited for


if __name__ == "__main__":
    with in_one_line():
        settings = load()
        configure(as_json=settings.log_json, level=settings.log_level)
        uvloop.run(work(settings))
    leave()
