"""What becomes of money when help ends before it was used up: the share of the days gone by stays, the rest is given back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from domain.care import Release, ServiceLine
from domain.events import BudgetReinstated
from domain.ledger import LineAccount, reinstating
from domain.states import CaseFile


def pro_rata(cents: int, line: ServiceLine, until: date) -> int:
    """The share of the line's days up to and including `until`, a part of a cent rounded up."""
    days = (line.ends_on - line.starts_on).days + 1
    gone = min(max((until - line.starts_on).days + 1, 0), days)
    return -(-cents * gone // days)


def keeps(account: LineAccount, until: date) -> int:
    """Of what was set aside: what was delivered, and of orders the share of the days gone by, for help told late."""
    return max(account.delivered, min(account.committed, pro_rata(account.allocated, account.line, until)))


def unused(accounts: Mapping[str, LineAccount], first: date, last: date) -> Iterator[Release]:
    """What is given back of each line for days on which nobody could be helped, never of what was delivered."""
    for line_id, account in sorted(accounts.items()):
        days = pro_rata(account.allocated, account.line, last) - pro_rata(
            account.allocated, account.line, first - timedelta(days=1)
        )
        cents = min(days, account.allocated - account.delivered)
        if cents > 0:
            yield Release(line_id=line_id, cents=cents)


def released(accounts: Mapping[str, LineAccount], until: date) -> Iterator[Release]:
    """What is given back of each line when everything ends on a day."""
    for line_id, account in sorted(accounts.items()):
        cents = account.allocated - keeps(account, until)
        if cents:
            yield Release(line_id=line_id, cents=cents)


def reinstated(file: CaseFile, event: BudgetReinstated) -> CaseFile:
    account = file.accounts.get(event.line_id)
    if account is None:
        return file
    account = replace(account, orders_given_back=account.orders_given_back - event.cents)
    return replace(file, accounts={**file.accounts, event.line_id: account.moved(reinstating(event.cents))})
