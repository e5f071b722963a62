"""`teekond report`: a report on the terminal, or as files beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from activities.folding import Streams
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.deciders import REPORTS
from domain.programme import load as load_programme
from domain.reports.document import Document, Table
from domain.reports.period import ReportCode
from domain.reports.sent import stream_of
from eventstore.postgres import PostgresEventStore, translated
from integrations.report_files import suffix_of, written
from integrations.report_words import shown
from readmodels.known_facts import KnownFacts
from readmodels.projector import Pool
from runtime.settings import Settings
from starter.counting import Processes
from starter.programmes import in_use
from starter.reporting import Drafts, NoSuchReport

WIDEST = 44  # characters of a text on the terminal


async def asked_for(
    pool: Pool, settings: Settings, report: str, period: str, scope: str, out: Path | None, say: Callable[[str], None]
) -> None:
    """Raises Rejected for what there is no report of."""
    if out is not None:
        suffix_of(out.name)  # before anything is counted
    with translated():
        documents = await _documents(pool, settings, report, period, scope)
    if out is None:
        say("\n".join(line for each in documents for line in as_text(each)))
        return
    for each in documents:
        path = out if each.number < 2 else out.with_name(f"{out.stem}-correction-{each.number - 1}{out.suffix}")
        path.write_bytes(written(each, path.name))
        say(f"{path}: {each.state}, {each.digest[:16]}…")


async def _documents(pool: Pool, settings: Settings, report: str, period: str, scope: str) -> Sequence[Document]:
    store, codec = PostgresEventStore(pool), Codec(NullCipher())
    programme = await in_use(store, codec, load_programme(settings.programme))
    drafts = Drafts(KnownFacts(pool, NullCipher()), programme, Processes(settings.database_url.get_secret_value()))
    code: ReportCode = "monthly" if report == "monthly" else "interim"
    if report not in ("monthly", "interim", "extract"):
        raise NoSuchReport(field="report", report=report)
    question = await drafts.question(code, period, datetime.now(UTC))
    if report != "extract":
        sent = (await Streams(store, codec, REPORTS).at_latest(stream_of(code, period, scope)))[0].state
        if sent is not None:
            return sent.documents
    of = await drafts.scope(question, scope)
    if report == "extract":
        assert settings.match_key is not None, "an installation has one"
        return [await drafts.extract(question, of, settings.match_key.get_secret_value().encode())]
    return [await drafts.draft(question, of)]


def as_text(document: Document) -> Iterator[str]:
    yield f"{document.title_et} / {document.title_en}"
    yield f"{document.period}, {document.scope_name}: {_state(document)}, {document.definition}, known to {document.known_to}"
    yield f"sha256 {document.digest}"
    if document.synthetic:
        yield "All data synthetic."
    for table in document.tables:
        yield ""
        yield f"{table.title_et} / {table.title_en}"
        yield from _lines(table)
    yield ""


def _state(document: Document) -> str:
    match document.state:
        case "draft":
            return f"draft of {document.at:%d.%m.%Y %H:%M} UTC, not sent"
        case "sent":
            return f"sent {document.at:%d.%m.%Y}"
        case "correction":
            return f"correction {document.number - 1} of {document.at:%d.%m.%Y}"


def _lines(table: Table) -> Iterator[str]:
    """Figures to the right, texts to the left, each column as wide as it needs."""
    if not table.rows:
        yield "  (nothing)"
        return
    heads = [each.label_en for each in table.columns]
    rows = [
        [_clipped(shown(value, each.kind)) for value, each in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        padded = (
            cell.ljust(width) if each.kind in ("text", "date") else cell.rjust(width)
            for cell, width, each in zip(row, widths, table.columns, strict=True)
        )
        yield f"  {'  '.join(padded).rstrip()}"


def _clipped(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
