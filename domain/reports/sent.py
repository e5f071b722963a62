"""A report that was sent, and what became known since: the first never changes, the rest comes as corrections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from domain.care import ReportFigures
from domain.decision import Command, Context, Decision, NotForThisRole, Rejected, Role
from domain.events import Event, ReportCorrected, ReportSent
from domain.fields import Code, FileDigest, PublicName, Reference
from domain.reports.correcting import Figures, figures_in, with_corrections
from domain.reports.document import Column, Document, Table
from domain.reports.period import ReportCode

_PLAIN = re.compile(r"[0-9a-z-]{1,30}")


class SentAlready(Rejected):
    """This report was sent already, and does not change any more."""

    code = "report_sent_already"


class NotTheNextCorrection(Rejected):
    """Correction {number} cannot follow: the report and its corrections so far are {documents}."""

    code = "not_the_next_correction"


@dataclass(frozen=True, kw_only=True, slots=True)
class SentReport:
    """`documents` are the report as it was sent, and after it each correction; `figures` what all of them come to."""

    report_id: str
    municipality: str
    documents: tuple[Document, ...]
    figures: Figures

    @property
    def sent(self) -> Document:
        return self.documents[0]

    @property
    def known_to(self) -> str:
        return self.documents[-1].known_to


class ReportCommand(Command):
    kind = "reports"
    stage = "report"
    part = "report"
    internal = True

    known_to: Code
    title_et: PublicName
    title_en: PublicName
    tables: tuple[ReportFigures, ...]


class SendReport(ReportCommand):
    """Send a report as it is known now."""

    name = "send-report"
    creates = True

    municipality: Code
    report: ReportCode
    period: Reference
    scope: Code
    scope_name: PublicName
    definition: Code
    synthetic: bool

    def stream_named(self) -> str:
        return stream_of(self.report, self.period, self.scope)


class CorrectReport(ReportCommand):
    """Tell what became known since, by the figures that are other ones now."""

    name = "correct-report"

    number: int


COMMANDS: tuple[type[ReportCommand], ...] = (SendReport, CorrectReport)


def stream_of(report: str, period: str, scope: str) -> str:
    """One stream for each report of each period and scope; a code that is no part of an id goes by its digest."""
    named = scope if _PLAIN.fullmatch(scope) else sha256(scope.encode()).hexdigest()[:20]
    return f"report-{report}-{period.lower()}-{named}"


def decide(command: Command, state: SentReport | None, context: Context) -> Decision:
    if context.actor.role is not Role.SYSTEM:
        raise NotForThisRole(command=command.name, role=context.actor.role.replace("_", " "))
    match command, state:
        case SendReport(), None:
            sent = ReportSent(**dict(command), at=context.at, digest=NO_DIGEST)
            return Decision(events=(sent.model_copy(update={"digest": _sent(sent).digest}),))
        case SendReport(), _:
            raise SentAlready
        case CorrectReport(), SentReport(documents=documents) if command.number == len(documents) + 1:
            told = ReportCorrected(**dict(command), at=context.at, digest=NO_DIGEST)
            return Decision(events=(told.model_copy(update={"digest": _correction(state, told).digest}),))
        case CorrectReport(), SentReport(documents=documents):
            raise NotTheNextCorrection(number=command.number, documents=len(documents))
    raise AssertionError(command)


NO_DIGEST: FileDigest = "0" * 64


def evolve(state: SentReport | None, event: Event, stream_id: str, version: int) -> SentReport:
    if isinstance(event, ReportSent):
        document = _sent(event)
        return SentReport(
            report_id=stream_id,
            municipality=event.municipality,
            documents=(document,),
            figures=figures_in(document),
        )
    if state is None or not isinstance(event, ReportCorrected):
        raise ValueError(f"{event.type} does not belong into a report's stream")
    correction = _correction(state, event)
    return replace(state, documents=(*state.documents, correction), figures=with_corrections(state.figures, correction))


def _sent(event: ReportSent) -> Document:
    return Document(
        report=event.report,
        period=event.period,
        scope=event.scope,
        scope_name=event.scope_name,
        title_et=event.title_et,
        title_en=event.title_en,
        definition=event.definition,
        synthetic=event.synthetic,
        state="sent",
        number=1,
        at=event.at,
        known_to=event.known_to,
        tables=tuple(map(_table, event.tables)),
    )


def _correction(state: SentReport, event: ReportCorrected) -> Document:
    return replace(
        state.sent,
        title_et=event.title_et,
        title_en=event.title_en,
        state="correction",
        number=event.number,
        at=event.at,
        known_to=event.known_to,
        tables=tuple(map(_table, event.tables)),
    )


def _table(told: ReportFigures) -> Table:
    columns = tuple(Column(**dict(each)) for each in told.columns)
    return Table(**{**dict(told), "columns": columns})


def as_told(table: Table) -> Mapping[str, object]:
    """A table as the commands carry it."""
    return {
        "name": table.name,
        "title_et": table.title_et,
        "title_en": table.title_en,
        "columns": [
            {"name": each.name, "label_et": each.label_et, "label_en": each.label_en, "kind": each.kind}
            for each in table.columns
        ],
        "rows": [list(row) for row in table.rows],
        "note": table.note,
    }
