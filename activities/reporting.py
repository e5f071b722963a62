"""Reports on their way from facts to documents: counted, sent once, corrected when more is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import product

from temporalio import activity

from activities.counting import PIECE, Beside, counted, has_it_all
from activities.messages import Message, Submission, own_step
from activities.recording import Recorder
from domain.decision import NATIONAL
from domain.ports import Position
from domain.programme import NotInForce, Programme
from domain.reports.correcting import Counted, Reasons, corrections
from domain.reports.count import Scope
from domain.reports.counting import Dossier
from domain.reports.document import Document
from domain.reports.known import Known, Span
from domain.reports.period import Period, ReportCode, between, period_of
from domain.reports.question import Question
from domain.reports.scopes import scopes, tenant_of
from domain.reports.sent import SentReport, as_told, stream_of
from domain.working_days import local_date

REPORTS: tuple[ReportCode, ...] = ("monthly", "interim")


class ReportDue(Message):
    """One report to be sent, or looked at again, as everything was known at a position."""

    report: ReportCode
    period: str
    moment: str
    at: datetime


class Reports:
    """Sends what is due. Safe to repeat from anywhere: a report that was sent stays, and a correction tells only what is
    other than all that was told before it."""

    def __init__(
        self, recorder: Recorder, known: Known, programme: Callable[[], Programme], beside: Beside | None = None
    ) -> None:
        self._recorder, self._known, self._programme, self._beside = recorder, known, programme, beside

    async def due(self, at: datetime) -> list[ReportDue]:
        """Where the report of some period is to be sent by now: that one, also if nobody sent it in time, and before it all
        that were sent earlier, since more may be known of their periods."""
        moment = await self._known.complete()
        begun = [each.from_on for each in await self._known.agreements(moment)]
        found: list[ReportDue] = []
        for report in REPORTS if begun else ():
            periods = [each for each in between(report, min(begun), local_date(at)) if self._is_due(report, each, at)]
            if not all([await self._is_sent(report, each) for each in periods]):
                found += (ReportDue(report=report, period=each.code, moment=str(moment), at=at) for each in periods)
        return found

    def _is_due(self, report: ReportCode, period: Period, at: datetime) -> bool:
        try:
            definition = self._programme().report(report, period.last)
        except NotInForce:
            return False  # nobody has said what such a report shows
        return (local_date(at) - period.last).days >= definition.sent_after_days

    async def _is_sent(self, report: ReportCode, period: Period) -> bool:
        """The whole is sent last."""
        return await self._sent(report, period.code, NATIONAL) is not None

    async def _sent(self, report: ReportCode, period: str, scope: str) -> SentReport | None:
        return (await self._recorder.reports.at_latest(stream_of(report, period, scope)))[0].state

    async def send(self, due: ReportDue) -> None:
        """The report of everybody who has one, and what is to be told of those that were sent before."""
        question = self._question(due)
        wanted = await scopes_of(self._known, question)
        sent = {each.code: await self._sent(due.report, due.period, each.code) for each in wanted}
        earlier = [report for report in sent.values() if report is not None]
        if len(earlier) == len(wanted) and not await self._more_is_known(question, earlier):
            return
        drafts = await counted(self._known, question, wanted, self._beside, alive)
        why = await self._reasons(question, wanted, earlier)
        for scope in reversed(wanted):
            alive()
            report = sent[scope.code]
            if report is None:
                await self._send(drafts[scope.code], scope, due)
            elif scope.code in why:
                told = corrections(
                    report.figures, drafts[scope.code], why[scope.code], question.definition, question.named
                )
                if told:
                    await self._correct(report, replace(drafts[scope.code], tables=told), due)

    def _question(self, due: ReportDue) -> Question:
        period = period_of(due.report, due.period)
        return Question(
            definition=self._programme().report(due.report, period.last),
            period=period,
            programme=self._programme(),
            moment=Position.parse(due.moment),
            at=due.at,
        )

    async def _more_is_known(self, question: Question, sent: Sequence[SentReport]) -> bool:
        span = Span(after=min(Position.parse(each.known_to) for each in sent), until=question.moment)
        return span.after < span.until and bool(await self._known.changed(question.period, span, question.plan.kinds))

    async def _reasons(
        self, question: Question, wanted: Sequence[Scope], sent: Sequence[SentReport]
    ) -> Mapping[str, Reasons]:
        """By scope, of those that were told of an earlier moment; together where that was the same."""
        found: dict[str, Reasons] = {}
        for known_to in {each.known_to for each in sent}:
            codes = {each.sent.scope for each in sent if each.known_to == known_to}
            span = Span(after=Position.parse(known_to), until=question.moment)
            if span.after < span.until:
                found |= await reasons(self._known, question, [each for each in wanted if each.code in codes], span)
        return found

    async def _send(self, document: Document, scope: Scope, due: ReportDue) -> None:
        data: dict[str, object] = {
            "municipality": tenant_of(scope),
            "report": document.report,
            "period": document.period,
            "scope": scope.code,
            "scope_name": scope.name,
            "definition": document.definition,
            "synthetic": document.synthetic,
            **_told(document),
        }
        await self._record(own_step("send-report", stream_of(due.report, due.period, scope.code), data=data), due)

    async def _correct(self, report: SentReport, correction: Document, due: ReportDue) -> None:
        number = len(report.documents) + 1
        data: dict[str, object] = {"number": number, **_told(correction)}
        await self._record(own_step("correct-report", report.report_id, str(number), due.moment, data=data), due)

    async def _record(self, step: Submission, due: ReportDue) -> None:
        await self._recorder.record(step.model_copy(update={"at": due.at}))


def _told(document: Document) -> dict[str, object]:
    return {
        "known_to": document.known_to,
        "title_et": document.title_et,
        "title_en": document.title_en,
        "tables": [as_told(each) for each in document.tables],
    }


async def scopes_of(known: Known, question: Question) -> tuple[Scope, ...]:
    """Of whom there is such a report."""
    agreements = await known.agreements(question.moment)
    return tuple(scopes(agreements, question.period, question.programme))


async def reasons(known: Known, question: Question, wanted: Sequence[Scope], span: Span) -> Mapping[str, Reasons]:
    """By scope, what was told in between that makes figures of it other ones."""
    found = {scope.code: Reasons() for scope in wanted}
    plan = question.plan
    await has_it_all(known, span.until)
    changed = await known.changed(question.period, span, plan.kinds)
    for start in range(0, len(changed), PIECE):
        alive()
        some = changed[start : start + PIECE]
        was, now = [
            {
                each.subject: each
                for each in await known.dossiers(some, question.period, moment, plan.kinds, detailed=True)
            }
            for moment in (span.after, span.until)
        ]
        told = await known.told_between(some, span)
        for subject, scope in product(some, wanted):
            if not any(map(scope.has, _places(was.get(subject)) | _places(now.get(subject)))):
                continue
            of = Counted(definition=question.definition, period=question.period, scope=scope)
            found[scope.code].add(was.get(subject), now.get(subject), told.get(subject, []), plan, of)
    await has_it_all(known, span.until)
    return found


def _places(dossier: Dossier | None) -> frozenset[str]:
    return frozenset() if dossier is None else dossier.municipalities


def alive() -> None:
    if activity.in_activity():
        activity.heartbeat()
