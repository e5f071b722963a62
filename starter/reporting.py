"""Reports as they are asked for: what was sent, what would be sent now, the rows behind a figure, the evaluator's extract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from activities.counting import Beside, Share, counted, pieces, places_of
from activities.reporting import scopes_of
from domain.decision import Rejected
from domain.ports import Position
from domain.programme import NotInForce, Programme
from domain.programme.report_definition import GAPS
from domain.reports.count import Scope
from domain.reports.counting import Contribution, contributions, gaps
from domain.reports.document import Document
from domain.reports.extract import EXTRACTED, Line, extract_table, line_of
from domain.reports.known import Known
from domain.reports.period import Period, ReportCode, WrongPeriod, period_of
from domain.reports.question import Question
from domain.reports.sent import SentReport
from domain.reports.tally import Cell
from domain.working_days import local_date


class NoSuchPeriod(Rejected):
    """{sentence}"""

    code = "no_such_period"
    status = 422


class NoSuchReport(Rejected):
    """There are monthly and interim reports, and the evaluator's extract; not {report}."""

    code = "no_such_report"
    status = 404


class PeriodNotBegun(Rejected):
    """{period} begins on {first}: nothing can be reported of it yet."""

    code = "period_not_begun"
    status = 422


class NobodyReports(Rejected):
    """There is no {report} report of {scope} for {period}; there is one of {known}."""

    code = "nobody_reports"
    status = 404


class NotDefined(Rejected):
    """{sentence}; what it shows has to be published first."""

    code = "report_not_defined"
    status = 422


class NoSuchFigure(Rejected):
    """The report has no figure {column} in the table {table}."""

    code = "no_such_figure"
    status = 404


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureRow:
    """One fact behind a figure: so much of it, from that journey, agreement or region."""

    subject: str
    contribution: Contribution


def checked_period(report: ReportCode, code: str, today: datetime) -> Period:
    """One that has begun. Raises NoSuchPeriod, PeriodNotBegun."""
    try:
        period = period_of(report, code)
    except WrongPeriod as wrong:
        raise NoSuchPeriod(field="period", sentence=str(wrong).removeprefix("period: ")) from wrong
    if period.first > local_date(today):
        raise PeriodNotBegun(field="period", period=code, first=f"{period.first:%d.%m.%Y}")
    return period


class Drafts:
    """Counts anew, as of any moment in the record."""

    def __init__(self, known: Known, programme: Programme, beside: Beside | None = None) -> None:
        self._known, self._programme, self._beside = known, programme, beside

    async def question(self, report: ReportCode, code: str, at: datetime, moment: Position | None = None) -> Question:
        """As everything is known that was told by now. Raises NoSuchPeriod, PeriodNotBegun, NotDefined."""
        period = checked_period(report, code, at)
        try:
            definition = self._programme.report(report, period.last)
        except NotInForce as silent:
            raise NotDefined(field="period", sentence=str(silent)) from silent
        reached = moment or await self._known.complete()
        return Question(definition=definition, period=period, programme=self._programme, moment=reached, at=at)

    async def scope(self, question: Question, code: str) -> Scope:
        """Raises NobodyReports."""
        found = await scopes_of(self._known, question)
        scope = next((each for each in found if each.code == code), None)
        if scope is None:
            names = ", ".join(each.code for each in found)
            report, period = question.definition.code, question.period.code
            raise NobodyReports(field="scope", report=report, scope=code, period=period, known=names)
        return scope

    async def draft(self, question: Question, scope: Scope) -> Document:
        return (await counted(self._known, question, [scope], self._beside))[scope.code]

    async def rows(
        self, question: Question, scope: Scope, cell: Cell, *, cursor: str, limit: int
    ) -> tuple[list[FigureRow], str | None]:
        """The facts behind one figure, journey by journey: at least `limit` of them while there are so many, and where the
        next begin. Raises NoSuchFigure."""
        tables = {table.name: [column.name for column in table.columns] for table in question.definition.tables}
        if cell.column not in tables.get(cell.table, []):
            raise NoSuchFigure(field="column", table=cell.table, column=cell.column)
        found: list[FigureRow] = []
        async for row in self._behind(question, scope, cell, cursor):
            if len(found) >= limit and row.subject != found[-1].subject:
                return found, found[-1].subject
            found.append(row)
        return found, None

    async def _behind(self, question: Question, scope: Scope, cell: Cell, after: str) -> AsyncIterator[FigureRow]:
        plan, bands = question.plan, question.definition.age_bands
        share = Share(places=places_of([scope]), after=after)
        lists = {table.name for table in question.definition.tables if table.rows == GAPS}
        async for dossiers in pieces(self._known, question, share, plan.kinds, detailed=True):
            for dossier in sorted(dossiers, key=lambda each: each.subject):
                of = scope.of(dossier)
                for fact in gaps(of, question.period) if cell.table in lists else ():
                    yield FigureRow(subject=dossier.subject, contribution=Contribution(GAPS, 1, fact, {}, {}))
                for each in contributions(of, question.period, bands, plan.wanted):
                    if cell in plan.cells(each):
                        yield FigureRow(subject=dossier.subject, contribution=each)

    async def extract(self, question: Question, scope: Scope, key: bytes) -> Document:
        """Pseudonymised, and nobody in a group of few."""
        lines: list[Line] = []
        async for dossiers in pieces(self._known, question, Share(places=places_of([scope])), EXTRACTED):
            for dossier in dossiers:
                line = line_of(scope.of(dossier), question.period, question.definition.age_bands, key)
                lines += [] if line is None else [line]
        return question.extract(extract_table(lines, question.named), scope)


async def rows_of(
    drafts: Drafts, report: SentReport, number: int, cell: Cell, *, cursor: str, limit: int
) -> tuple[list[FigureRow], str | None]:
    """Of a report as it was sent, or as a correction left it."""
    document = report.documents[number - 1]
    code: ReportCode = "monthly" if document.report == "monthly" else "interim"
    question = await drafts.question(code, document.period, document.at, Position.parse(document.known_to))
    scope = await drafts.scope(question, document.scope)
    return await drafts.rows(question, scope, cell, cursor=cursor, limit=limit)
