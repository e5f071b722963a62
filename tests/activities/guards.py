"""Guards of places and money, each taken away by a small change to its code, to see that the laws of the town notice."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """Of `where` (module and function, or module, class and method), this code is replaced by that."""

    name: str
    where: str
    code: str
    without: str


GUARDS = (
    Guard(
        name="no more is ordered than was set aside",
        where="domain.stages.budgeting:_commit",
        code="if cents > left:",
        without="if False:",
    ),
    Guard(
        name="no more is delivered than was ordered",
        where="domain.deliveries:make_room",
        code="if cents <= left:",
        without="if True:",
    ),
    Guard(
        name="late help takes no more than its orders gave back",
        where="domain.deliveries:make_room",
        code="cents - left > account.orders_given_back",
        without="False",
    ),
    Guard(
        name="a line that is planned again has no former orders",
        where="domain.ledger:LineAccount.renewed",
        code="orders_given_back=0",
        without="orders_given_back=self.orders_given_back",
    ),
    Guard(
        name="a cap holds within a journey",
        where="domain.stages.budgeting:check_caps",
        code="if total > cap:",
        without="if False:",
    ),
    Guard(
        name="a cap holds over all journeys of a person",
        where="domain.journey:_cap_moves",
        code="limit=limit",
        without="limit=10**9",
    ),
    Guard(
        name="a cap stays with its year",
        where="domain.stages.budgeting:check_caps",
        code="{line.ends_on.year, _year_until_now(line, file)} != {year}",
        without="line.ends_on.year != year",
    ),
    Guard(
        name="what a cap is used for is moved in the database",
        where="domain.journey:quota_moves",
        code="moves += _cap_moves(before, after)",
        without="pass",
    ),
    Guard(
        name="the order of the five numbers is moved in the database",
        where="domain.journey:_line_moves",
        code="used=used(new) - (used(old) if old else 0)",
        without="used=0",
    ),
    Guard(
        name="a person has one open journey",
        where="domain.journey:quota_moves",
        code="if opened:",
        without="if False:",
    ),
    Guard(
        name="a place is given only where one is free",
        where="domain.agreement:Agreement.free_in",
        code="terms.places - self.held_in(terms)",
        without="terms.places + 1 - self.held_in(terms)",
    ),
    Guard(
        name="places are moved in the database",
        where="domain.places:_move_of",
        code="used=after.held_in(terms) - held",
        without="used=0",
    ),
    Guard(
        name="a claim counts what was not claimed before",
        where="domain.states:Delivery.claimable",
        code=" - self.claimed",
        without="",
    ),
    Guard(
        name="what is found to be paid for elsewhere is worth nothing",
        where="domain.states:Delivery.worth",
        code="0 if self.recovered else",
        without="",
    ),
    Guard(
        name="a dispute holds its delivery back from a claim",
        where="domain.stages.claiming:_judged",
        code="if delivery.disputed:",
        without="if False:",
    ),
    Guard(
        name="what a claim rejects is not claimed again",
        where="domain.stages.claiming:_judged_as",
        code="rejected=delivery.rejected + row.cents",
        without="rejected=delivery.rejected",
    ),
    Guard(
        name="what was sent and is not due is owed back",
        where="domain.states:_positions",
        code="delivery.owed_back",
        without="0",
    ),
    Guard(
        name="a payment is booked once",
        where="domain.stages.claiming:_paid",
        code="delivery.sent + row.cents",
        without="delivery.sent + 2 * row.cents",
    ),
    Guard(
        name="one claim at a time is undecided",
        where="domain.claims:quota_moves",
        code="if opened else ()",
        without="if False else ()",
    ),
    Guard(
        name="what is taken from one account is put into another",
        where="domain.ledger:ordering",
        code="Account.AVAILABLE: -cents",
        without="Account.AVAILABLE: 1 - cents",
    ),
    Guard(
        name="an exit gives back what will not be used",
        where="domain.settling:released",
        code="if cents:",
        without="if False:",
    ),
    Guard(
        name="an exit leaves to late help the share of the days gone by",
        where="domain.settling:keeps",
        code="pro_rata(account.allocated, account.line, until, suspensions)",
        without="account.allocated",
    ),
    Guard(
        name="what was delivered is never given back",
        where="domain.settling:keeps",
        code="max(account.delivered, ",
        without="max(0, ",
    ),
    Guard(
        name="when all is over nothing is left",
        where="domain.stages.throughout:_lapse",
        code="account.allocated - account.delivered",
        without="account.allocated - account.committed",
    ),
    Guard(
        name="nobody is helped while their place is suspended",
        where="domain.deliveries:on_a_day_of",
        code="any(each.on(day) for each in state.file.suspensions)",
        without="False",
    ),
    Guard(
        name="there is no help after the exit",
        where="domain.deliveries:on_a_day_of",
        code="isinstance(state, Exited) and day > state.on",
        without="False",
    ),
    Guard(
        name="nobody leaves before they were helped",
        where="domain.stages.exit:_check",
        code="latest is not None and latest > command.on",
        without="False",
    ),
    Guard(
        name="a day has twenty-four hours",
        where="domain.deliveries:check_day_of",
        code="if minutes > DAY:",
        without="if False:",
    ),
    Guard(
        name="a correction upwards is help",
        where="domain.stages.delivery:_correct",
        code="if more > 0:",
        without="if False:",
    ),
    Guard(
        name="help that is paid for elsewhere is not told here",
        where="domain.deliveries:check_day_of",
        code="check_day(day, context, field=field)",
        without="pass",
    ),
    Guard(
        name="what becomes known late is recovered",
        where="domain.double_funding:recoveries",
        code="if context.person is None:",
        without="if True:",
    ),
    Guard(
        name="a row that was told before adds nothing",
        where="domain.deliveries:entry",
        code="each.reference == reference",
        without="False",
    ),
)


@contextmanager
def without(guard: Guard) -> Iterator[None]:
    """The code as it would be if somebody had forgotten the guard; afterwards it is as it was."""
    module_name, _, path = guard.where.partition(":")
    module = import_module(module_name)
    *owners, name = path.split(".")
    owner: object = getattr(module, owners[0]) if owners else module
    before = vars(owner)[name]
    function = before.fget if isinstance(before, property) else before
    assert isinstance(function, FunctionType)
    source = textwrap.dedent(inspect.getsource(function)).removeprefix("@property\n")
    assert guard.code in source, f"{guard.where} has no {guard.code!r} any more: {guard.name}"
    namespace: dict[str, object] = {}
    exec(compile(source.replace(guard.code, guard.without), module.__file__ or "", "exec"), vars(module), namespace)
    changed = namespace[name]
    changed = changed.fget if isinstance(changed, property) else changed
    assert isinstance(changed, FunctionType)
    kept, function.__code__ = function.__code__, changed.__code__
    try:
        yield
    finally:
        function.__code__ = kept
