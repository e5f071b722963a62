"""A trail as it is shown: by the API as JSON, and to an auditor as text that reads from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from textwrap import wrap

from domain.care import Check
from domain.codec import Recorded
from domain.ledger import Account
from domain.money import euros
from domain.trail import LineTrail, Step, Sums, postings
from domain.working_days import local_date
from starter.telling import tell
from starter.trailing import Trail
from starter.views import View

WIDTH = 100  # of a sentence


class StepView(View):
    """`what` happened, where it is recorded, and the versions and the publication of the programme it was decided by."""

    what: str
    stream_id: str
    version: int
    day: date
    sentence: str
    recorded_by: str
    publication: str | None
    delivery_id: str | None
    cents: int | None
    versions: tuple[str, ...]
    trace: tuple[Check, ...]


class SumsView(View):
    allocated: int
    committed: int
    delivered: int
    accepted: int
    paid: int
    owed_back: int


class LineTrailView(View):
    """`moves` of the money, then the `grounds` it rests on. `books` are the accounts in cents, `told` what the facts come
    to by themselves: they are the same, or something is amiss."""

    journey_id: str
    line_id: str
    component: str
    tariff: str
    provider_id: str
    moves: tuple[StepView, ...]
    grounds: tuple[StepView, ...]
    books: SumsView
    told: SumsView


class TrailView(View):
    """From a claim or a delivery back, the last first; from a budget line forward, in order. `next`: more of a claim's
    journeys."""

    id: str
    forward: bool
    claim: tuple[StepView, ...]
    lines: tuple[LineTrailView, ...]
    adds_up: bool
    amiss: tuple[str, ...]
    next: int | None


def trail_view(trail: Trail) -> TrailView:
    return TrailView(
        id=trail.id,
        forward=trail.forward,
        claim=_steps(trail.claim),
        lines=tuple(map(_line, trail.lines)),
        adds_up=not trail.amiss,
        amiss=trail.amiss,
        next=trail.next,
    )


def _line(trail: LineTrail) -> LineTrailView:
    return LineTrailView(
        journey_id=trail.journey_id,
        line_id=trail.line.line_id,
        component=trail.line.component,
        tariff=trail.line.tariff,
        provider_id=trail.line.provider_id,
        moves=_steps(trail.moves),
        grounds=_steps(trail.grounds),
        books=SumsView(**asdict(trail.books)),
        told=SumsView(**asdict(trail.told)),
    )


def _steps(steps: Sequence[Step]) -> tuple[StepView, ...]:
    return tuple(StepView(**{name: getattr(each, name) for name in StepView.model_fields}) for each in steps)


# ── As text ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def trail_text(trail: Trail) -> str:
    lines = [f"{trail.id}: each fact with [stream@version, publication of the programme] where it is recorded"]
    lines += ["", *_told(trail.claim)] if trail.claim else []
    for each in trail.lines:
        line = each.line
        lines += ["", f"{each.journey_id}/{line.line_id}: {line.component} ({line.tariff}) by {line.provider_id}"]
        lines += [
            "",
            "  What became of the money" if trail.forward else "  What happened, the last first",
        ]
        lines += _told(each.moves)
        lines += ["", "  What it rests on, back to the consent", *_told(each.grounds)]
        lines += ["", f"  The line's books: {_sums(each.books)}"]
        lines += [f"  The facts come to: {_sums(each.told)}"]
    lines += ["", *(trail.amiss or ["Adds up."])]
    return "\n".join(lines)


def _told(steps: Sequence[Step]) -> Iterator[str]:
    for each in steps:
        under = f", {each.publication}" if each.publication else ""
        said = wrap(f"{each.sentence} [{each.stream_id}@{each.version}{under}]", WIDTH, break_on_hyphens=False)
        yield f"  {each.day:%d.%m.%Y}  {each.what.replace('_', ' '):<17}  {said[0]}"
        yield from (f"{'':33}{more}" for more in said[1:])
        yield from (f"{'':33}· {_checked(check)}" for check in each.trace)


def _checked(check: Check) -> str:
    about = f" for {check.about}" if check.about else ""
    found = "" if check.actual is None else f", found {check.actual}"
    limit = "" if check.limit is None else f", limit {check.limit}"
    unit = f" {check.unit}" if check.unit and (found or limit) else ""
    return (
        f"{check.rule.replace('_', ' ')} ({check.version}){about}: {check.result.replace('_', ' ')}{found}{limit}{unit}"
    )


def _sums(sums: Sums) -> str:
    return "  ".join(f"{name.replace('_', ' ')} {euros(cents)}" for name, cents in asdict(sums).items())


# ── Books ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class EntryView(View):
    """So many cents from one account (credit) to another (debit), the fact that did it, and what happened."""

    line_id: str
    debit: str
    credit: str
    cents: int
    version: int
    day: date
    recorded_at: datetime
    sentence: str


class BalanceView(View):
    """One account of one line; `cents` is debits less credits."""

    line_id: str
    account: str
    debit_cents: int
    credit_cents: int
    cents: int


class LedgerView(View):
    """Every entry, and each account's totals; debits and credits are equal, since every entry is both."""

    journey_id: str
    version: int
    entries: tuple[EntryView, ...]
    accounts: tuple[BalanceView, ...]
    debit_cents: int
    credit_cents: int


def ledger_view(journey_id: str, history: Sequence[Recorded]) -> LedgerView:
    entries = tuple(
        EntryView(
            line_id=each.line_id,
            debit=each.entry.debit,
            credit=each.entry.credit,
            cents=each.entry.cents,
            version=each.told.version,
            day=local_date(each.told.occurred_at),
            recorded_at=each.told.recorded_at,
            sentence=tell(each.told),
        )
        for each in postings(history)
    )
    accounts = tuple(_balances(entries))
    return LedgerView(
        journey_id=journey_id,
        version=history[-1].version,
        entries=entries,
        accounts=accounts,
        debit_cents=sum(each.debit_cents for each in accounts),
        credit_cents=sum(each.credit_cents for each in accounts),
    )


def _balances(entries: Sequence[EntryView]) -> Iterator[BalanceView]:
    for line_id in sorted({each.line_id for each in entries}):
        own = [each for each in entries if each.line_id == line_id]
        for account in Account:
            debit = sum(each.cents for each in own if each.debit == account)
            credit = sum(each.cents for each in own if each.credit == account)
            if debit or credit:
                yield BalanceView(
                    line_id=line_id, account=account, debit_cents=debit, credit_cents=credit, cents=debit - credit
                )
