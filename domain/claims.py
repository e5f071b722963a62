"""Monthly claims: a provider's deliveries in a municipality, put together, checked row by row, accepted in part, and paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from pydantic import Field

from domain.care import ClaimRow, Rejection, RowVerdict
from domain.decision import Command, Context, Decision, Rejected
from domain.due import Due
from domain.events import (
    ClaimAssembled,
    ClaimChecked,
    ClaimDecided,
    ClaimPaid,
    ClaimPaymentOrdered,
    ClaimRowsAdded,
    Event,
)
from domain.fields import Code, Id, Reference
from domain.ports import QuotaMove
from domain.providers import UnknownProvider
from domain.reckoning import working_days_from

T = TypeVar("T")
ROWS_A_FACT = 1_000  # 250 bytes each; a fact holds a megabyte
ROWS_MAX = 60_000  # together they must fit one append


class NotAMonth(Rejected):
    """{month} is not the first day of a month."""

    code = "not_a_month"
    status = 422


class MonthNotOver(Rejected):
    """The month of {month} is not over; what is delivered until its end belongs into its claim."""

    code = "month_not_over"
    status = 422


class NothingToClaim(Rejected):
    """Up to the end of the month of {month}, {provider} has delivered nothing here that is not in a claim already."""

    code = "nothing_to_claim"


class OpenClaim(Rejected):
    """A claim of this provider is not decided yet; its rows must not stand in two claims."""

    code = "open_claim"


class ClaimTooLong(Rejected):
    """The claim would have {rows} rows; at most {most} are possible."""

    code = "claim_too_long"
    status = 422


class PaidBeforeHelp(Rejected):
    """What was delivered on {day} cannot have been paid on {paid_on}."""

    code = "paid_before_help"
    status = 422


class RejectedTwice(Rejected):
    """{delivery} is rejected twice; one reason is enough."""

    code = "rejected_twice"
    status = 422


class NotInClaim(Rejected):
    """{delivery} is not a row of this claim."""

    code = "not_in_claim"
    status = 422


class WrongClaimStage(Rejected):
    """{command} is not possible now: the claim is {stage}."""

    code = "wrong_claim_stage"


class ClaimStage(StrEnum):
    ASSEMBLED = "assembled"
    BEING_CHECKED = "being_checked"
    CHECKED = "checked"
    BEING_PAID = "being_paid"
    PAID = "paid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    claim_id: str
    provider_id: str
    municipality: str
    month: date
    stage: ClaimStage
    rows: tuple[ClaimRow, ...]
    decision_due: Due | None = None  # None: put together before there was a day to decide by
    rejections: tuple[Rejection, ...] = ()
    verdicts: Mapping[str, RowVerdict] = field(default_factory=dict)
    paid_on: date | None = None
    reference: str | None = None

    @property
    def claimed_cents(self) -> int:
        return sum(each.cents for each in self.rows)

    @property
    def accepted_cents(self) -> int:
        return sum(each.cents for each in self.verdicts.values() if each.verdict == "accepted")

    @property
    def awaits(self) -> Due | None:
        """By when the municipality is to decide, while it has not."""
        return self.decision_due if self.stage is ClaimStage.ASSEMBLED else None

    @property
    def last_day(self) -> date:
        return max(row.day for row in self.rows)

    def by_journey(self) -> Mapping[str, tuple[ClaimRow, ...]]:
        rows: dict[str, list[ClaimRow]] = {}
        for row in self.rows:
            rows.setdefault(row.journey_id, []).append(row)
        return {journey_id: tuple(own) for journey_id, own in rows.items()}


class ClaimCommand(Command):
    kind = "claims"
    stage = "claim"
    part = "claim"


class AssembleClaim(ClaimCommand):
    """Put together what a provider delivered in a municipality up to the end of a month and has not claimed yet."""

    name = "assemble-claim"
    creates = True

    provider_id: Id
    municipality: Code
    month: date

    def providers_named(self) -> frozenset[str]:
        return frozenset({self.provider_id})

    @property
    def until(self) -> date:
        """The month's last day."""
        following = self.month.replace(day=28) + timedelta(days=4)
        return following - timedelta(days=following.day)


class DecideClaim(ClaimCommand):
    """Say which rows the municipality does not accept and why; all others are checked by the rules, and accepted or not."""

    name = "decide-claim"
    by_office = True

    rejections: tuple[Rejection, ...] = Field(default=(), max_length=5_000)


class NoteVerdicts(ClaimCommand):
    """Note what became of the rows."""

    name = "note-verdicts"
    internal = True

    rows: tuple[RowVerdict, ...] = Field(max_length=ROWS_A_FACT)
    complete: bool


class PayClaim(ClaimCommand):
    """Record that the accepted rows were paid, less what was set off."""

    name = "pay-claim"
    by_office = True

    paid_on: date
    reference: Reference


class NoteClaimPaid(ClaimCommand):
    """Note that the payment stands in every journey's books."""

    name = "note-claim-paid"
    internal = True


COMMANDS: tuple[type[ClaimCommand], ...] = (AssembleClaim, DecideClaim, NoteVerdicts, PayClaim, NoteClaimPaid)


def decide(command: Command, state: Claim | None, context: Context) -> Decision:
    if isinstance(command, AssembleClaim):
        return Decision(events=tuple(_assemble(command, state, context)))
    assert state is not None, "the writer refuses steps on streams that are not there"
    return Decision(events=(_fact(command, state, context),))


def _assemble(command: AssembleClaim, state: Claim | None, context: Context) -> Iterator[Event]:
    _check_month(command.month, context)
    context.programme.municipality(command.municipality)
    if command.provider_id not in (context.providers or {}):
        raise UnknownProvider(field="provider_id", provider_id=command.provider_id)
    if state is not None:
        raise WrongClaimStage(command=command.name, stage=state.stage.replace("_", " "))
    rows = context.claimable
    if not rows:
        raise NothingToClaim(field="month", provider=command.provider_id, month=command.month)
    if len(rows) > ROWS_MAX:
        raise ClaimTooLong(field="month", rows=len(rows), most=ROWS_MAX)
    first, *more = pieces(rows)
    yield ClaimAssembled(**dict(command), rows=first, decision_due=_decision_due(command.municipality, context))
    yield from (ClaimRowsAdded(rows=rows) for rows in more)


def _decision_due(municipality: str, context: Context) -> Due:
    days = context.programme.settings(municipality, context.today).claim_working_days
    return working_days_from(context, context.today, days, municipality, "claim")


def _check_month(month: date, context: Context) -> None:
    if month.day != 1:
        raise NotAMonth(field="month", month=month)
    if (month.year, month.month) >= (context.today.year, context.today.month):
        raise MonthNotOver(field="month", month=month)


def pieces(rows: Iterable[T], most: int = ROWS_A_FACT) -> Iterator[tuple[T, ...]]:
    """So many rows together as one fact, or one step, holds."""
    left = iter(rows)
    while part := tuple(islice(left, most)):
        yield part


def _fact(command: Command, state: Claim, context: Context) -> Event:
    match command, state.stage:
        case DecideClaim(), ClaimStage.ASSEMBLED:
            known, once = {row.delivery_id for row in state.rows}, set[str]()
            for rejection in command.rejections:
                if rejection.delivery_id in once:
                    raise RejectedTwice(field="rejections", delivery=rejection.delivery_id)
                once.add(rejection.delivery_id)
                if rejection.delivery_id not in known:
                    raise NotInClaim(field="rejections", delivery=rejection.delivery_id)
            return ClaimDecided(rejections=command.rejections)
        case NoteVerdicts(), ClaimStage.BEING_CHECKED:
            return ClaimChecked(**dict(command))
        case PayClaim(), ClaimStage.CHECKED:
            context.past(command.paid_on, field="paid_on")
            if command.paid_on < state.last_day:
                raise PaidBeforeHelp(field="paid_on", day=state.last_day, paid_on=command.paid_on)
            return ClaimPaymentOrdered(**dict(command), cents=state.accepted_cents)
        case NoteClaimPaid(), ClaimStage.BEING_PAID:
            return ClaimPaid()
    raise WrongClaimStage(command=command.name, stage=state.stage.replace("_", " "))


def evolve(state: Claim | None, event: Event, stream_id: str, version: int) -> Claim:
    if isinstance(event, ClaimAssembled):
        return Claim(claim_id=stream_id, stage=ClaimStage.ASSEMBLED, **dict(event))
    if state is None:
        raise ValueError("a claim's stream starts with claim.assembled")
    match event:
        case ClaimRowsAdded():
            return replace(state, rows=(*state.rows, *event.rows))
        case ClaimDecided():
            return replace(state, stage=ClaimStage.BEING_CHECKED, rejections=event.rejections)
        case ClaimChecked():
            verdicts = {**state.verdicts, **{row.delivery_id: row for row in event.rows}}
            return replace(state, verdicts=verdicts, stage=ClaimStage.CHECKED if event.complete else state.stage)
        case ClaimPaymentOrdered():
            return replace(state, stage=ClaimStage.BEING_PAID, paid_on=event.paid_on, reference=event.reference)
        case ClaimPaid():
            return replace(state, stage=ClaimStage.PAID)
    raise ValueError(f"{event.type} does not belong into a claim's stream")


def quota_moves(before: Claim | None, after: Claim | None) -> tuple[QuotaMove, ...]:
    """One undecided claim of a provider in a municipality at a time, whoever assembles it."""
    if after is None:
        return ()
    opened = _undecided(after) - _undecided(before)
    key = f"open-claim/{after.provider_id}/{after.municipality}"
    return (QuotaMove(key=key, used=opened, limit=1),) if opened else ()


def _undecided(claim: Claim | None) -> int:
    return claim is not None and claim.stage in (ClaimStage.ASSEMBLED, ClaimStage.BEING_CHECKED)
