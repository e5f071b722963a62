"""Reports over the API: those that were sent with their corrections, as files, the rows behind a figure, and drafts."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from activities.folding import Streams
from domain.cipher import NullCipher
from domain.deciders import REPORTS
from domain.decision import NATIONAL, Actor, Role
from domain.ports import Position
from domain.reports.count import Scope
from domain.reports.document import Document, Kind, State
from domain.reports.fact import FOREVER
from domain.reports.period import ReportCode
from domain.reports.question import Question
from domain.reports.scopes import tenant_of
from domain.reports.sent import SentReport
from domain.reports.tally import Cell
from domain.working_days import TALLINN
from eventstore.postgres import translated
from integrations.report_files import MEDIA_TYPES, Suffix, written
from readmodels.known_facts import KnownFacts
from readmodels.report_list import ReportFilter, ReportList
from starter.access import PROBLEMS, CodeQuery, Parts, StreamId, caller_of, readable
from starter.paging import PAGE, After, Cursor, Limit, link_next, page_of, seen_of, shown_up_to
from starter.problems import ProblemRaised, refusals
from starter.reporting import Drafts, FigureRow, rows_of

FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {each: {"schema": {"type": "string", "format": "binary"}} for each in MEDIA_TYPES.values()}}
}
READERS = frozenset({Role.CASE_MANAGER, Role.LEAD, Role.COORDINATOR, Role.AUDITOR, Role.OPERATOR})
PeriodPath = Annotated[str, Path(pattern=r"^[0-9]{4}-(H[12]|[0-9]{2})$")]
ScopeQuery = Annotated[str, Query(pattern=r"^[a-z0-9][a-z0-9_.@/:-]{0,79}$")]
CellQuery = Annotated[str, Query(max_length=80)]


class ColumnView(BaseModel):
    name: str
    label_et: str
    label_en: str
    kind: Kind


class TableView(BaseModel):
    """Amounts in cents, times in minutes, scores in tenths; null: nothing was told."""

    name: str
    title_et: str
    title_en: str
    columns: tuple[ColumnView, ...]
    rows: tuple[tuple[int | str | None, ...], ...]
    note: str


class DocumentView(BaseModel):
    """`known_to`: all that was recorded up to there is in it, and nothing else."""

    report: str
    period: str
    scope: str
    scope_name: str
    title_et: str
    title_en: str
    definition: str
    synthetic: bool
    state: State
    number: int
    at: datetime
    known_to: str
    digest: str
    tables: tuple[TableView, ...]


class ReportView(BaseModel):
    """The first document is the report as it was sent, each other one a correction: what became known since."""

    report_id: str
    documents: tuple[DocumentView, ...]


class ReportListed(BaseModel):
    report_id: str
    report: str
    period: str
    last: date
    scope: str
    scope_name: str
    municipality: str
    sent_at: datetime
    corrections: int
    corrected_at: datetime | None


class ReportPage(BaseModel):
    items: tuple[ReportListed, ...]
    next: str | None


class FigureRowView(BaseModel):
    """One fact: what it adds to the figure, and the event that told it (the event's own version in `subject`)."""

    subject: str
    value: int
    fact: str
    from_on: date
    to_on: date | None
    code: str
    because: str
    version: int


class FigureRowsPage(BaseModel):
    items: tuple[FigureRowView, ...]
    next: str | None


def reader_of(parts: Parts) -> Callable[..., Awaitable[Actor]]:
    async def reader(actor: Annotated[Actor, Depends(caller_of(parts))]) -> Actor:
        if actor.role not in READERS:
            raise ProblemRaised(403, "not_for_this_role", "Reports are for municipalities and those who oversee them.")
        return actor

    return reader


def report_reading(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1/reports", responses=PROBLEMS, tags=["reports"])
    reports: Streams[SentReport] = Streams(parts.store, parts.codec, REPORTS)
    listed_reports = ReportList(parts.pool, parts.store, parts.codec)
    facts = KnownFacts(parts.pool, NullCipher())
    Reader = Annotated[Actor, Depends(reader_of(parts))]  # noqa: N806 — a type, made here because it needs `parts`

    async def found(report_id: str, actor: Actor, number: int = 1) -> SentReport:
        await readable(parts, "reports", report_id, actor)
        state = (await reports.at_latest(report_id))[0].state
        assert state is not None, "it was found a moment ago"
        if not 1 <= number <= len(state.documents):
            raise ProblemRaised(404, "unknown_document", f"{report_id} has {len(state.documents)} documents.")
        return state

    @router.get("", operation_id="list-reports")
    async def listed(
        actor: Reader,
        request: Request,
        response: Response,
        report: ReportCode | None = None,
        period: Annotated[str | None, Query(pattern=r"^[0-9]{4}-(H[12]|[0-9]{2})$")] = None,
        scope: CodeQuery = None,
        after: After = None,
        cursor: Cursor = None,
        limit: Limit = PAGE,
    ) -> ReportPage:
        """What was sent, the latest period first."""
        wanted = ReportFilter(municipality=seen_of(parts, actor, None), report=report, period=period, scope=scope)
        with translated():
            await shown_up_to(parts, listed_reports.name, after)
            rows, more = await page_of(lambda: listed_reports.page(wanted, cursor=cursor, limit=limit))
        link_next(request, response, more)
        return ReportPage(items=tuple(ReportListed.model_validate(asdict(row)) for row in rows), next=more)

    @router.get("/{id}", operation_id="get-report")
    async def one(id: StreamId, actor: Reader) -> ReportView:
        """A report as it was sent, and what became known since."""
        state = await found(id, actor)
        return ReportView(report_id=id, documents=tuple(document_view(each) for each in state.documents))

    @router.get("/{id}/{number}.{suffix}", operation_id="export-report", response_class=Response, responses=FILES)
    async def file(
        id: StreamId, number: Annotated[int, Path(ge=1, le=10_000)], suffix: Suffix, actor: Reader
    ) -> Response:
        """The report as it was sent (1) or one of its corrections (from 2 on) as a file, always the same bytes."""
        state = await found(id, actor, number)
        return file_response(state.documents[number - 1], suffix, name=f"{id}-{number}")

    @router.get("/{id}/rows", operation_id="get-report-rows")
    async def rows(
        id: StreamId,
        actor: Reader,
        request: Request,
        response: Response,
        table: CellQuery,
        column: CellQuery,
        row: CellQuery = "",
        number: Annotated[int, Query(ge=1, le=10_000)] = 1,
        cursor: Annotated[str, Query(max_length=100)] = "",
        limit: Limit = PAGE,
    ) -> FigureRowsPage:
        """The facts behind one figure: as it was sent (1), or as a correction left it."""
        state = await found(id, actor, number)
        drafts, cell = Drafts(facts, parts.programme, parts.beside), Cell(table, row, column)
        with translated(), refusals():
            some, more = await rows_of(drafts, state, number, cell, cursor=cursor, limit=limit)
        link_next(request, response, more)
        return FigureRowsPage(items=tuple(map(_row_view, some)), next=more)

    return router


def report_drafts(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1/report-drafts", responses=PROBLEMS, tags=["reports"])
    facts = KnownFacts(parts.pool, NullCipher())
    Reader = Annotated[Actor, Depends(reader_of(parts))]  # noqa: N806 — a type, made here because it needs `parts`

    async def asked(
        report: ReportCode, period: str, scope: str, actor: Actor, known_to: str | None = None
    ) -> tuple[Drafts, Question, Scope]:
        """As everything is known now, or was at a position. A municipality asks for its own alone."""
        if not actor.is_national and scope != actor.municipality:
            raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")
        drafts = Drafts(facts, parts.programme, parts.beside)
        at = datetime.combine(await parts.clock.today(), time(12), tzinfo=TALLINN).astimezone(UTC)
        moment = None if known_to is None else Position.parse(known_to)
        question = await drafts.question(report, period, at, moment)
        of = await drafts.scope(question, scope)
        if not actor.is_national and tenant_of(of) != actor.municipality:
            raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")
        return drafts, question, of

    @router.get("/{report}/{period}/rows", operation_id="get-report-draft-rows")
    async def draft_rows(
        report: ReportCode,
        period: PeriodPath,
        actor: Reader,
        request: Request,
        response: Response,
        table: CellQuery,
        column: CellQuery,
        row: CellQuery = "",
        scope: ScopeQuery = NATIONAL,
        known_to: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}-[0-9]{1,18}$")] = None,
        cursor: Annotated[str, Query(max_length=100)] = "",
        limit: Limit = PAGE,
    ) -> FigureRowsPage:
        """The facts behind one figure of a draft: with its `known_to` those that add up to it, else those known now."""
        with translated(), refusals():
            drafts, question, of = await asked(report, period, scope, actor, known_to)
            some, more = await drafts.rows(question, of, Cell(table, row, column), cursor=cursor, limit=limit)
        link_next(request, response, more)
        return FigureRowsPage(items=tuple(map(_row_view, some)), next=more)

    @router.get(
        "/{report}/{period}.{suffix}",
        operation_id="export-report-draft",
        response_class=Response,
        responses=FILES,
    )
    async def draft_file(
        report: ReportCode, period: PeriodPath, suffix: Suffix, actor: Reader, scope: ScopeQuery = NATIONAL
    ) -> Response:
        """The report as it would be sent now, as a file."""
        with translated(), refusals():
            drafts, question, of = await asked(report, period, scope, actor)
            document = await drafts.draft(question, of)
        return file_response(document, suffix, name=f"draft-{report}-{period}-{scope}")

    @router.get("/{report}/{period}", operation_id="get-report-draft")
    async def draft(
        report: ReportCode, period: PeriodPath, actor: Reader, scope: ScopeQuery = NATIONAL
    ) -> DocumentView:
        """The report as it would be sent now: of a municipality, a coordinator, or the whole (`ee`)."""
        with translated(), refusals():
            drafts, question, of = await asked(report, period, scope, actor)
            return document_view(await drafts.draft(question, of))

    return router


def file_response(document: Document, suffix: Suffix, *, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"'}
    return Response(written(document, suffix), media_type=MEDIA_TYPES[suffix], headers=headers)


def document_view(document: Document) -> DocumentView:
    return DocumentView.model_validate({**asdict(document), "digest": document.digest})


def _row_view(row: FigureRow) -> FigureRowView:
    of, value, fact = row.contribution[:3]
    return FigureRowView(
        subject=row.subject,
        value=value,
        fact=of,
        from_on=fact.from_on,
        to_on=None if fact.to_on == FOREVER else fact.to_on,
        code=fact.code,
        because=fact.because,
        version=fact.version,
    )
