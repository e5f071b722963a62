"""The books of a budget line: whatever moves is taken from one account and put into another, so that they always balance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from domain.care import ServiceLine


class Account(StrEnum):
    """Where a line's money is. Funding and refunds are the other side: they fall below nothing as the rest rises."""

    FUNDING = "funding"  # what the line was given
    AVAILABLE = "available"  # set aside, not ordered
    ORDERED = "ordered"  # ordered, not delivered
    DELIVERED = "delivered"  # delivered, not accepted in a claim
    PAYABLE = "payable"  # accepted, not paid
    PAID = "paid"
    OWED_BACK = "owed_back"  # paid, and then found not to be due: the provider owes it
    REFUNDS = "refunds"  # the other side of what is owed back


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """So many cents from one account (credit) to another (debit)."""

    debit: Account
    credit: Account
    cents: int


Moves = Mapping[Account, int]  # by how much each account rises or falls


@dataclass(frozen=True, kw_only=True, slots=True)
class YearlyCap:
    """What a person may get of one component in one calendar year, in cents, over all their journeys."""

    component: str
    year: int
    cents: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Former:
    """The municipality whose money a line is, where the journey has moved on, and the last day on which it helped."""

    municipality: str
    last_day: date


@dataclass(frozen=True, kw_only=True, slots=True)
class LineAccount:
    """The five numbers of a line, in cents: paid <= accepted <= delivered <= committed <= allocated, always."""

    line: ServiceLine
    balances: Moves = field(default_factory=dict)
    earlier: tuple[tuple[date, date], ...] = ()  # when the line ran under former budgets; both days count
    cap: YearlyCap | None = None
    orders_given_back: int = 0  # which help that is told late can take again
    dropped: bool = False  # it has ended, with the plan or with the journey
    former: Former | None = None  # None: it is the money of the municipality that has the journey now

    def ran_on(self, day: date) -> bool:
        if self.former is not None and day > self.former.last_day:
            return False
        now = (self.line.starts_on, self.line.ends_on)
        return any(start <= day <= end for start, end in (now, *self.earlier))

    def under(self, line: ServiceLine, since: date) -> LineAccount:
        """As a new budget has it from a day on; until then the line ran as it was."""
        start, end = self.line.starts_on, min(self.line.ends_on, since)
        ran = () if line == self.line or start > end else ((start, end),)
        return replace(self, line=line, earlier=(*self.earlier, *ran))

    def left_by(self, municipality: str, last_day: date) -> LineAccount:
        """As it is when the journey moves on; a line that was to begin later never does. Who moves twice leaves once."""
        if self.former is not None:
            return self
        line = self.line
        if line.starts_on <= last_day < line.ends_on:
            line = line.model_copy(update={"ends_on": last_day})
        return replace(self, line=line, dropped=True, former=Former(municipality=municipality, last_day=last_day))

    def of(self, *accounts: Account) -> int:
        return sum(self.balances.get(account, 0) for account in accounts)

    @property
    def allocated(self) -> int:
        return -self.of(Account.FUNDING)

    @property
    def committed(self) -> int:
        return self.of(Account.ORDERED, Account.DELIVERED, Account.PAYABLE, Account.PAID)

    @property
    def delivered(self) -> int:
        return self.of(Account.DELIVERED, Account.PAYABLE, Account.PAID)

    @property
    def accepted(self) -> int:
        return self.of(Account.PAYABLE, Account.PAID)

    @property
    def paid(self) -> int:
        return self.of(Account.PAID)

    def moved(self, moves: Moves) -> LineAccount:
        """AssertionError where money would come from nowhere, or go there."""
        assert sum(moves.values()) == 0, f"the books of {self.line.line_id} do not balance: {moves}"
        accounts = {**self.balances, **{each: self.of(each) + cents for each, cents in moves.items()}}
        return replace(self, balances={each: cents for each, cents in accounts.items() if cents})

    def renewed(self, cents: int) -> LineAccount:
        """With this allocation, because a new plan has the line: what is told late of it needs an order like all help."""
        return replace(self.moved(self.allocating(cents)), orders_given_back=0, dropped=False)

    def ended(self, cents: int) -> LineAccount:
        """With this allocation, because the line has ended. What its orders give back is kept in mind."""
        after = self.moved(self.allocating(cents))
        given_back = self.orders_given_back + self.committed - after.committed
        return replace(after, orders_given_back=given_back, dropped=True)

    def allocating(self, cents: int) -> Moves:
        """To this allocation. What is taken away was not ordered, as far as possible; what was delivered stays."""
        more = max(cents, self.delivered) - self.allocated
        available = max(self.of(Account.AVAILABLE) + more, 0)
        orders = more - (available - self.of(Account.AVAILABLE))
        return {
            Account.FUNDING: -more,
            Account.AVAILABLE: available - self.of(Account.AVAILABLE),
            Account.ORDERED: orders,
        }


def opening(*, allocated: int, committed: int, delivered: int, accepted: int, paid: int) -> Moves:
    """What makes a line that was kept elsewhere stand here as it stood there."""
    return {
        Account.FUNDING: -allocated,
        Account.AVAILABLE: allocated - committed,
        Account.ORDERED: committed - delivered,
        Account.DELIVERED: delivered - accepted,
        Account.PAYABLE: accepted - paid,
        Account.PAID: paid,
    }


def ordering(cents: int) -> Moves:
    return {Account.AVAILABLE: -cents, Account.ORDERED: cents}


def reinstating(cents: int) -> Moves:
    return {Account.FUNDING: -cents, Account.ORDERED: cents}


def entries(before: Moves, after: Moves) -> Iterator[Entry]:
    """What was taken from where, and put where, between two states of the books."""
    changes = {each: after.get(each, 0) - before.get(each, 0) for each in Account}
    debits = [(each, cents) for each, cents in changes.items() if cents > 0]
    credits = [(each, -cents) for each, cents in changes.items() if cents < 0]
    while debits and credits:
        (debit, put), (credit, taken) = debits.pop(), credits.pop()
        cents = min(put, taken)
        yield Entry(debit=debit, credit=credit, cents=cents)
        if put > cents:
            debits.append((debit, put - cents))
        if taken > cents:
            credits.append((credit, taken - cents))
