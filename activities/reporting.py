"""Reports on their way from facts to documents: counted piece by piece, sent once, corrected when more is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import product

from temporalio import activity

from activities.messages import Message, Submission, own_step
from activities.recording import Recorder
from domain.decision import NATIONAL
from domain.ports import Position, StoreUnavailable
from domain.programme import NotInForce, Programme
from domain.reports.correcting import Counted, Reasons, corrections
from domain.reports.counting import Dossier
from domain.reports.document import Document
from domain.reports.known import Kinds, Known, Span
from domain.reports.period import Period, ReportCode, between, period_of
from domain.reports.question import Question
from domain.reports.scopes import Count, Scope, scopes
from domain.reports.sent import SentReport, as_told, stream_of
from domain.working_days import local_date

REPORTS: tuple[ReportCode, ...] = ("monthly", "interim")
PIECE = 2_000  # journeys counted together: so many are in memory at a time


async def scopes_of(known: Known, question: Question) -> tuple[Scope, ...]:
    """Of whom there is such a report."""
    agreements = await known.agreements(question.moment)
    return tuple(scopes(agreements, question.period, question.programme))


async def counted(known: Known, question: Question, wanted: Sequence[Scope]) -> Mapping[str, Document]:
    """The report of each of these, by code, in one pass over the facts that they need."""
    count = Count(question.definition, question.period, wanted)
    async for dossiers in pieces(known, question, places_of(wanted), question.plan.kinds):
        await asyncio.to_thread(count.add, dossiers)
        alive()
    return {scope.code: question.draft(count.of(scope), scope) for scope in wanted}


def places_of(wanted: Iterable[Scope]) -> Sequence[str] | None:
    """The municipalities to look through; None: all."""
    every = list(wanted)
    if any(not scope.municipalities for scope in every):
        return None
    return sorted({each for scope in every for each in scope.municipalities})


async def pieces(
    known: Known,
    question: Question,
    places: Sequence[str] | None,
    kinds: Kinds,
    *,
    after: str = "",
    detailed: bool = False,
) -> AsyncIterator[Iterable[Dossier]]:
    """All dossiers in order of their ids; the next are fetched while some are counted."""

    async def fetched(after: str) -> tuple[str, Iterable[Dossier]]:
        subjects = await known.subjects(places, after=after, limit=PIECE)
        if not subjects:
            return "", ()
        found = await known.dossiers(subjects, question.period, question.moment, kinds, detailed=detailed)
        return subjects[-1], found

    await has_it_all(known, question.moment)
    coming = asyncio.create_task(fetched(after))
    try:
        while True:
            last, dossiers = await coming
            if not last:
                await has_it_all(known, question.moment)  # if they were emptied meanwhile, this was not all
                return
            coming = asyncio.create_task(fetched(last))
            yield dossiers
    finally:
        coming.cancel()


async def has_it_all(known: Known, moment: Position) -> None:
    """Facts that are being made anew know less than they did: StoreUnavailable until they have got there again."""
    if await known.reached() < moment:
        raise StoreUnavailable("the facts of reports are being made anew")


# ── Sending and correcting ───────────────────────────────────────────────────────────────────────────────────────────


class ReportDue(Message):
    """One report to be sent, or looked at again, as everything was known at a position."""

    report: ReportCode
    period: str
    moment: str
    at: datetime


class Reports:
    """Sends what is due. Safe to repeat from anywhere: a report that was sent stays, and a correction tells only what is
    other than all that was told before it."""

    def __init__(self, recorder: Recorder, known: Known, programme: Callable[[], Programme]) -> None:
        self._recorder, self._known, self._programme = recorder, known, programme

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
        drafts = await counted(self._known, question, wanted)
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
            "municipality": scope.tenant,
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
