"""Whether the facts add up to the books: reckoned from the amounts that the facts name, and held against the accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.care import ClaimedRow
from domain.events import (
    BudgetDecided,
    BudgetExtended,
    BudgetReinstated,
    BudgetSettled,
    BudgetTakenOver,
    DeliveriesClaimed,
    DeliveryCorrected,
    DeliveryRecorded,
    Event,
    PaymentRecorded,
    RecoveryOpened,
    RecoveryWithdrawn,
    ServiceCommitted,
)
from domain.ledger import Account, LineAccount


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """The five numbers of a line, and what its provider owes back, in cents."""

    allocated: int
    committed: int
    delivered: int
    accepted: int
    paid: int
    owed_back: int


@dataclass(kw_only=True, slots=True)
class Worth:
    """One delivery: its cost, what claims counted of it, and what was sent for it, set-offs taken off."""

    cents: int
    claimed: int = 0
    sent: int = 0
    recovered: bool = False

    @property
    def accepted(self) -> int:
        return max(min(self.claimed, 0 if self.recovered else self.cents), 0)

    @property
    def paid(self) -> int:
        return max(min(self.sent, self.accepted), 0)

    @property
    def owed_back(self) -> int:
        return self.sent - self.paid


@dataclass(kw_only=True, slots=True)
class Reckoning:
    """Of one line: set aside, ordered, and each delivery."""

    line_id: str
    allocated: int = 0
    committed: int = 0
    opened: tuple[int, int, int] = (0, 0, 0)  # delivered, accepted and paid elsewhere, before it was taken over
    deliveries: dict[str, Worth] = field(default_factory=dict)
    rows: dict[str | None, list[ClaimedRow]] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        match event:
            case BudgetDecided() | BudgetExtended() | BudgetSettled() | BudgetReinstated() | ServiceCommitted():
                self._set_aside(event)
                self.committed = min(self.committed, self.allocated)  # orders never outlast their money
            case BudgetTakenOver():
                for opened in (line for line in event.lines if line.line.line_id == self.line_id):
                    self.allocated, self.committed = opened.allocated_cents, opened.committed_cents
                    self.opened = opened.delivered_cents, opened.accepted_cents, opened.paid_cents
            case DeliveryRecorded(line_id=self.line_id):
                self.deliveries[event.delivery_id] = Worth(cents=event.cents)
            case DeliveryCorrected() if event.delivery_id in self.deliveries:
                self.deliveries[event.delivery_id].cents += event.cents - event.cents_before
            case RecoveryOpened() | RecoveryWithdrawn():
                for each in event.deliveries:
                    if each.delivery_id in self.deliveries:
                        self.deliveries[each.delivery_id].recovered = isinstance(event, RecoveryOpened)
            case DeliveriesClaimed():
                counted = [r for r in event.rows if r.verdict == "accepted" and r.delivery_id in self.deliveries]
                self.rows[event.claim_id] = [*self.rows.get(event.claim_id, ()), *counted]  # checked in parts, maybe
                for row in counted:
                    self.deliveries[row.delivery_id].claimed += row.cents
            case PaymentRecorded(line_id=self.line_id):
                self._pay(event)

    def _set_aside(
        self, event: BudgetDecided | BudgetExtended | BudgetSettled | BudgetReinstated | ServiceCommitted
    ) -> None:
        match event:
            case BudgetDecided():
                named = (each.cents for each in event.lines if each.line.line_id == self.line_id)
                self.allocated = next(named, self.allocated)
            case BudgetExtended():
                for each in event.lines:
                    if each.line_id == self.line_id:
                        self.allocated += each.allocated_cents
                        self.committed += each.committed_cents
            case BudgetSettled():
                self.allocated -= sum(each.cents for each in event.released if each.line_id == self.line_id)
            case BudgetReinstated(line_id=self.line_id):
                self.allocated += event.cents
                self.committed += event.cents
            case ServiceCommitted(line_id=self.line_id):
                self.committed += event.cents

    def _pay(self, event: PaymentRecorded) -> None:
        if event.claim_id is not None:
            for row in self.rows.pop(event.claim_id, ()):
                self.deliveries[row.delivery_id].sent += row.cents
            return
        left = event.cents  # as before there were claims: the oldest help first
        for each in self.deliveries.values():
            part = min(left, each.cents - each.paid)
            each.sent += part
            each.claimed = max(each.claimed, each.sent)
            left -= part

    @property
    def sums(self) -> Sums:
        all_of_it = self.deliveries.values()
        delivered, accepted, paid = self.opened
        return Sums(
            allocated=self.allocated,
            committed=self.committed,
            delivered=delivered + sum(each.cents for each in all_of_it),
            accepted=accepted + sum(each.accepted for each in all_of_it),
            paid=paid + sum(each.paid for each in all_of_it),
            owed_back=sum(each.owed_back for each in all_of_it),
        )


def reckoned(history: Iterable[Event], line_id: str) -> Reckoning:
    found = Reckoning(line_id=line_id)
    for event in history:
        found.take(event)
    return found


def stands(account: LineAccount) -> Sums:
    """What the books say."""
    return Sums(
        allocated=account.allocated,
        committed=account.committed,
        delivered=account.delivered,
        accepted=account.accepted,
        paid=account.paid,
        owed_back=account.of(Account.OWED_BACK),
    )
