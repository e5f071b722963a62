"""Claims, as one journey sees them: which of its deliveries a claim may count, and what was paid for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from pydantic import Field

from domain.care import ClaimedRow, Rejection
from domain.decision import Command, Context, Decision, Rejected, RowResult, WrongStage
from domain.double_funding import DoubleFunding, overlapping, recoveries
from domain.events import DeliveriesClaimed, PaymentRecorded
from domain.fields import Id, Reference
from domain.states import CaseFile, Delivery, Exited, Journey, waits_for, with_delivery, with_file

ROWS_MAX = 1_000
DOUBLE = DoubleFunding.code


class NothingToPay(Rejected):
    """Nothing of the claim {claim} is to be paid here, or it is paid already."""

    code = "nothing_to_pay"


class ClaimingCommand(Command):
    kind = "journeys"
    stage = "claiming"
    part = "claims"
    internal = True


class CheckClaimed(ClaimingCommand):
    """Check this journey's rows of a claim against plan, contract, price and other entitlements."""

    name = "check-claimed"
    needs_person = True

    claim_id: Id
    provider_id: Id
    deliveries: tuple[Id, ...] = Field(min_length=1, max_length=ROWS_MAX)
    rejections: tuple[Rejection, ...] = Field(default=(), max_length=ROWS_MAX)

    def providers_named(self) -> frozenset[str]:
        return frozenset({self.provider_id})


class PayClaimed(ClaimingCommand):
    """Record that this journey's part of a claim was paid."""

    name = "pay-claimed"

    claim_id: Id
    paid_on: date
    reference: Reference


COMMANDS: tuple[type[ClaimingCommand], ...] = (CheckClaimed, PayClaimed)


def decide(command: ClaimingCommand, state: Journey, context: Context) -> Decision:
    match command:
        case CheckClaimed():
            return _check(command, state, context)
        case PayClaimed():
            return Decision(events=tuple(_pay(command, state.file, context)))
    raise WrongStage(command=command.name, at=waits_for(state))


def _check(command: CheckClaimed, state: Journey, context: Context) -> Decision:
    rows = tuple(_judged(delivery_id, command, state, context) for delivery_id in dict.fromkeys(command.deliveries))
    rules = context.programme.last_eligibility(context.today).version
    told = (
        RowResult(row=number, code=row.verdict, message=row.reason or "", delivery_id=row.delivery_id, cents=row.cents)
        for number, row in enumerate(rows, start=1)
    )
    fact = DeliveriesClaimed(claim_id=command.claim_id, rules=rules, rows=rows)
    # What is refused for another service is recovered here, should nobody have looked since it was recorded.
    return Decision(events=(fact, *recoveries(state, context)), rows=tuple(told))


def _judged(delivery_id: str, command: CheckClaimed, state: Journey, context: Context) -> ClaimedRow:
    """What lowers an earlier claim is always right; what raises it must pass every check."""
    delivery = state.file.deliveries.get(delivery_id)
    if delivery is None or delivery.provider_id != command.provider_id:
        return ClaimedRow(
            delivery_id=delivery_id, line_id="none", cents=0, verdict="rejected", reason="unknown_delivery"
        )
    row = ClaimedRow(delivery_id=delivery_id, line_id=delivery.line_id, cents=delivery.claimable, verdict="accepted")
    if delivery.disputed:
        return row.model_copy(update={"verdict": "held", "reason": "disputed"})
    if row.cents < 0:
        return row
    refused = {each.delivery_id: each.reason for each in command.rejections}
    reason = next(_against(delivery, state, context), refused.get(delivery_id))
    return row if reason is None else row.model_copy(update={"verdict": "rejected", "reason": reason})


def _against(delivery: Delivery, state: Journey, context: Context) -> Iterator[str]:
    """Every reason, by code, for which its cost cannot be accepted."""
    day, account = delivery.day, state.file.accounts.get(delivery.line_id)
    if delivery.claimable == 0:
        yield "nothing_to_claim"
    if account is None or not account.ran_on(day):
        yield "outside_plan"
    if isinstance(state, Exited) and day > state.on:
        yield "after_exit"
    provider = (context.providers or {}).get(delivery.provider_id)
    payer = state.file.municipality if account is None else state.file.payer(account)
    if provider is None or not provider.covers(delivery.component, payer, day, day):
        yield "no_contract"
    if _price(delivery, payer, context) != delivery.cents_per_hour:
        yield "price_differs"
    if context.person is not None and overlapping(context.person, day, context.programme) is not None:
        yield DOUBLE


def _price(delivery: Delivery, municipality: str, context: Context) -> int | None:
    terms = context.programme.agreement_of(municipality, delivery.day)
    if terms is None:
        return None
    price = context.programme.price(
        agreement=terms.code, component=delivery.component, tariff=delivery.tariff, on=delivery.day
    )
    return None if price is None else price.cents_per_hour


def _pay(command: PayClaimed, file: CaseFile, context: Context) -> Iterator[PaymentRecorded]:
    context.past(command.paid_on, field="paid_on")
    rows = file.unpaid_claims.get(command.claim_id, ())
    if not rows:
        raise NothingToPay(field="claim_id", claim=command.claim_id)
    for line_id in dict.fromkeys(row.line_id for row in rows):
        cents = [row.cents for row in rows if row.line_id == line_id]
        yield PaymentRecorded(
            line_id=line_id,
            cents=sum(each for each in cents if each > 0),
            set_off_cents=-sum(each for each in cents if each < 0),
            **dict(command),
        )


ClaimingEvent = DeliveriesClaimed | PaymentRecorded


def evolve(state: Journey, event: ClaimingEvent) -> Journey:
    match event:
        case DeliveriesClaimed():
            return with_file(state, _claimed(state.file, event))
        case PaymentRecorded(claim_id=None):
            return with_file(state, _paid_without_claim(state.file, event))
        case PaymentRecorded():
            return with_file(state, _paid(state.file, event))


def _claimed(file: CaseFile, event: DeliveriesClaimed) -> CaseFile:
    for row in event.rows:
        delivery = file.deliveries.get(row.delivery_id)
        if delivery is None or row.verdict == "held":
            continue
        file = with_delivery(file, _judged_as(delivery, row))
    payable = tuple(row for row in event.rows if row.verdict == "accepted" and row.cents)
    if not payable:
        return file
    before = file.unpaid_claims.get(event.claim_id, ())
    return replace(file, unpaid_claims={**file.unpaid_claims, event.claim_id: (*before, *payable)})


def _judged_as(delivery: Delivery, row: ClaimedRow) -> Delivery:
    """A day that is paid for elsewhere lowers nothing here: the recovery does, and only for as long as it stands."""
    if row.verdict == "accepted":
        return replace(delivery, claimed=delivery.claimed + row.cents)
    return delivery if row.reason == DOUBLE else replace(delivery, rejected=delivery.rejected + row.cents)


def _paid(file: CaseFile, event: PaymentRecorded) -> CaseFile:
    """A claim is paid as it was accepted. What was corrected since is owed back, until a later claim sets it off."""
    rows = file.unpaid_claims.get(event.claim_id or "", ())
    for row in (row for row in rows if row.line_id == event.line_id):
        delivery = file.deliveries[row.delivery_id]
        file = with_delivery(file, replace(delivery, sent=delivery.sent + row.cents))
    rest = tuple(row for row in rows if row.line_id != event.line_id)
    unpaid = {id_: each for id_, each in file.unpaid_claims.items() if id_ != event.claim_id}
    return replace(file, unpaid_claims={**unpaid, event.claim_id or "": rest} if rest else unpaid)


def _paid_without_claim(file: CaseFile, event: PaymentRecorded) -> CaseFile:
    """As before there were claims: the oldest help is accepted and paid."""
    left = event.cents
    for delivery in [each for each in file.deliveries.values() if each.line_id == event.line_id]:
        part = min(left, delivery.cents - delivery.paid)
        left -= part
        sent = delivery.sent + part
        file = with_delivery(file, replace(delivery, sent=sent, claimed=max(delivery.claimed, sent)))
    return file
