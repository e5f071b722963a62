"""What becomes of money when help ends before it was used up: the share of the days gone by stays, the rest is given back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from domain.agreement import Suspension
from domain.care import Release, ServiceLine
from domain.events import BudgetReinstated
from domain.ledger import LineAccount, reinstating
from domain.states import CaseFile


def days_in_use(line: ServiceLine, first: date, last: date, suspensions: Iterable[Suspension]) -> int:
    """Days of a line from first to last, both counted, but for those on which its place was suspended."""
    start, end = max(first, line.starts_on), min(last, line.ends_on)
    away = sum(_days(max(start, each.from_on), min(end, each.to_on or end)) for each in suspensions)
    return _days(start, end) - away


def _days(first: date, last: date) -> int:
    return max((last - first).days + 1, 0)


def pro_rata(cents: int, line: ServiceLine, until: date, suspensions: tuple[Suspension, ...] = ()) -> int:
    """The share of the line's days up to and including `until`, a part of a cent rounded up. For days of a suspension that
    has ended, its share was given back then; those of one that lasts are not gone by."""
    over = [each for each in suspensions if each.to_on is not None]
    days = days_in_use(line, line.starts_on, line.ends_on, over)
    gone = days_in_use(line, line.starts_on, until, suspensions)
    return -(-cents * gone // days) if days else 0


def keeps(account: LineAccount, until: date, suspensions: tuple[Suspension, ...] = ()) -> int:
    """Of what was set aside: what was delivered, and of orders the share of the days gone by, for help told late."""
    share = pro_rata(account.allocated, account.line, until, suspensions)
    return max(account.delivered, min(account.committed, share))


def unused(
    accounts: Mapping[str, LineAccount], first: date, last: date, earlier: Iterable[Suspension]
) -> Iterator[Release]:
    """What is given back of each line for a suspension, `earlier` ones aside, never of what was delivered."""
    over = [each for each in earlier if each.to_on is not None]
    for line_id, account in sorted(accounts.items()):
        if account.former is not None:  # settled when the journey moved on
            continue
        line = account.line
        days = days_in_use(line, line.starts_on, line.ends_on, over)
        share = account.allocated * days_in_use(line, first, last, over) // days if days else 0
        cents = min(share, account.allocated - account.delivered)
        if cents > 0:
            yield Release(line_id=line_id, cents=cents)


def released(file: CaseFile, until: date) -> Iterator[Release]:
    """What is given back of each line when everything ends on a day."""
    for line_id, account in sorted(file.accounts.items()):
        cents = account.allocated - keeps(account, until, file.suspensions)
        if cents:
            yield Release(line_id=line_id, cents=cents)


def reinstated(file: CaseFile, event: BudgetReinstated) -> CaseFile:
    account = file.accounts.get(event.line_id)
    if account is None:
        return file
    account = replace(account, orders_given_back=account.orders_given_back - event.cents)
    return replace(file, accounts={**file.accounts, event.line_id: account.moved(reinstating(event.cents))})
