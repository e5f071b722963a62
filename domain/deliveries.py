"""What a delivery must be to be recorded: on a day of its line, no longer than a day, priced, within what was ordered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from domain.belonging import check_whose
from domain.care import ServiceLine, Tariff, Value
from domain.decision import Context, Rejected
from domain.double_funding import check_day
from domain.events import BudgetReinstated, DeliveryRecorded
from domain.fields import Code, Reference, Words
from domain.ledger import LineAccount
from domain.money import cost_cents, euros
from domain.pricing import own_share, price_on
from domain.states import CaseFile, Content, Delivery, Exited, Journey

DAY = 24 * 60
Facts = tuple[BudgetReinstated | DeliveryRecorded, ...]
GROUPS = frozenset({"group", "family_group"})
DayMinutes = Annotated[int, Field(gt=0, le=DAY)]


class OutsidePeriod(Rejected):
    """{day} lies outside the period of {line}, {starts_on} to {ends_on}."""

    code = "outside_period"
    status = 422


class AfterExit(Rejected):
    """{day} lies after the exit on {exited_on}."""

    code = "after_exit"
    status = 422


class ToldElsewhere(Rejected):
    """This journey was taken over with all help up to and including {until}; {day} is in those balances already."""

    code = "told_elsewhere"
    status = 422


class OutsideContract(Rejected):
    """{provider} has no contract for {component} in {municipality} on every day from {first} to {last}."""

    code = "outside_contract"
    status = 422


class WhileSuspended(Rejected):
    """On {day} the place was suspended; who was helped then used it: resume it first, as of that day."""

    code = "while_suspended"
    status = 422


class NotCommitted(Rejected):
    """{line} has {left} euros ordered and not yet delivered; this delivery costs {euros}."""

    code = "not_committed"


class LongDay(Rejected):
    """On {day} {minutes} minutes would be told for one person; a day has 1440."""

    code = "long_day"
    status = 422


class LineNotNamed(Rejected):
    """{lines} lines have {component} as {kind} on {day}; say which line is meant, or a component and kind of exactly one."""

    code = "line_not_named"
    status = 422


class NotAGroup(Rejected):
    """{kind} help has participants only where it is given to a group, and then at least two."""

    code = "not_a_group"
    status = 422


class SessionTold(Rejected):
    """{session} on {day} was told for this person already, as {delivery}."""

    code = "session_told"


class ReferenceReused(Rejected):
    """The entry {reference} was told with other content; correct it, or give the new one a number of its own."""

    code = "reference_reused"


class EntryKnown(Rejected):
    """The entry {reference} is recorded already, as {delivery}."""

    code = "entry_known"


class UnknownPlanGoal(Rejected):
    """{goal} is not a goal of any plan of this journey."""

    code = "unknown_plan_goal"
    status = 422


class Told(Value):
    """What is told of one delivery, whether it comes alone or as a row of a table."""

    day: date
    minutes: DayMinutes
    goal_id: Code | None = None
    worker: Code | None = None
    session: Reference | None = None
    participants: Annotated[int, Field(ge=2, le=100)] | None = None
    note: Words | None = None


class DeliveryRow(Told):
    """A row: its number in the table, the provider's own number of the entry, and the line, or its component and kind."""

    row: Annotated[int, Field(ge=1, le=10_000_000)]
    reference: Reference
    line_id: Code | None = None
    component: Code | None = None
    kind: Tariff | None = None


def record_row(row: DeliveryRow, state: Journey, context: Context) -> Facts | Delivery:
    """What is recorded; or what was recorded of this row before."""
    account = _line_of(row, state.file)
    known = entry(row.reference, account, state.file)
    if known is None:
        return record(row, row.reference, account, state, context)
    if (known.line_id, known.told) != (account.line.line_id, content(row)):
        raise ReferenceReused(field="reference", reference=row.reference)
    return known


def entry(reference: str, account: LineAccount, file: CaseFile) -> Delivery | None:
    """What its provider told under that number; another's numbers may be the same."""
    own = (each for each in file.deliveries.values() if each.provider_id == account.line.provider_id)
    return next((each for each in own if each.reference == reference), None)


def _line_of(row: DeliveryRow, file: CaseFile) -> LineAccount:
    if row.line_id is not None:
        account = file.account(row.line_id)
        named = (row.component or account.line.component, row.kind or account.line.tariff)
        if named != (account.line.component, account.line.tariff):
            raise LineNotNamed(field="line_id", lines="No", component=named[0], kind=named[1], day=row.day)
        return account
    fitting = [
        account
        for account in file.accounts.values()
        if (account.line.component, account.line.tariff) == (row.component, row.kind) and account.ran_on(row.day)
    ]
    if len(fitting) != 1:
        raise LineNotNamed(
            field="line_id", lines=len(fitting) or "No", component=row.component, kind=row.kind, day=row.day
        )
    return fitting[0]


def record(told: Told, reference: str | None, account: LineAccount, state: Journey, context: Context) -> Facts:
    line, payer = account.line, state.file.payer(account)
    check_whose(account, state.file, context)
    check_day_of(account, told.day, told.minutes, state, context, field="day")
    _check_group(told, line, state.file)
    price = price_on(told.day, line.component, line.tariff, payer, context)
    cents, own_cents = cost_of(told.minutes, price.cents_per_hour, told.day, payer, context)
    room = make_room(account, cents, payer, context)
    return *room, DeliveryRecorded(
        delivery_id=context.new_id("delivery"),
        line_id=line.line_id,
        component=line.component,
        tariff=line.tariff,
        provider_id=line.provider_id,
        price=price.version,
        cents_per_hour=price.cents_per_hour,
        cents=cents,
        own_cents=own_cents,
        reference=reference,
        day=told.day,
        minutes=told.minutes,
        worker=told.worker,
        note=told.note,
        goal_id=a_goal(told.goal_id or line.goal_id, state.file),
        session=told.session,
        participants=told.participants,
    )


def _check_group(told: Told, line: ServiceLine, file: CaseFile) -> None:
    """Nobody takes part in the same session twice."""
    if (line.tariff in GROUPS) != (told.participants is not None):
        raise NotAGroup(field="participants", kind=line.tariff)
    if told.session is not None:
        for each in file.deliveries.values():
            if each.minutes and (each.day, each.session, each.provider_id) == (
                told.day,
                told.session,
                line.provider_id,
            ):
                raise SessionTold(field="session", session=told.session, day=told.day, delivery=each.delivery_id)


def check_day_of(account: LineAccount, day: date, more: int, state: Journey, context: Context, *, field: str) -> None:
    """Whether so many more minutes can have been given on that day."""
    on_a_day_of(account, day, state, context, field=field)
    check_day(day, context, field=field)
    check_contract(account.line, day, day, state.file.payer(account), context)
    minutes = more + sum(each.minutes for each in state.file.deliveries.values() if each.day == day)
    if minutes > DAY:
        raise LongDay(field="minutes", day=day, minutes=minutes)


def check_contract(line: ServiceLine, first: date, last: date, municipality: str, context: Context) -> None:
    provider = (context.providers or {}).get(line.provider_id)
    if provider is None or not provider.covers(line.component, municipality, first, last):
        raise OutsideContract(
            field="line_id", provider=line.provider_id, component=line.component, municipality=municipality,
            first=first, last=last,
        )  # fmt: skip


def a_goal(goal_id: str, file: CaseFile) -> str:
    if all(plan.goal(goal_id) is None for plan in file.plans.values()):
        raise UnknownPlanGoal(field="goal_id", goal=goal_id)
    return goal_id


def cost_of(minutes: int, cents_per_hour: int, day: date, municipality: str, context: Context) -> tuple[int, int]:
    """What the programme pays of it, and what the person does."""
    cost = cost_cents(minutes=minutes, cents_per_hour=cents_per_hour)
    own = own_share(cost, context.programme.settings(municipality, day).own_contribution_percent)
    return cost - own, own


def make_room(account: LineAccount, cents: int, municipality: str, context: Context) -> tuple[BudgetReinstated, ...]:
    """Nothing where the order has room for so much more; after the line's end, what its orders gave back may be taken
    again for as long as help may be told late. Raises NotCommitted."""
    left = account.committed - account.delivered
    if cents <= left:
        return ()
    days = context.programme.settings(municipality, context.today).late_delivery_days
    in_time = context.today <= account.line.ends_on + timedelta(days=days)
    if not in_time or cents - left > account.orders_given_back:
        raise NotCommitted(field="minutes", line=account.line.line_id, left=euros(left), euros=euros(cents))
    return (BudgetReinstated(line_id=account.line.line_id, cents=cents - left),)


def on_a_day_of(account: LineAccount, day: date, state: Journey, context: Context, *, field: str = "day") -> None:
    context.past(day, field=field)
    line, origin = account.line, state.file.origin
    if origin is not None and day <= origin.balances_on:
        raise ToldElsewhere(field=field, day=day, until=origin.balances_on)
    if not account.ran_on(day):
        raise OutsidePeriod(field=field, day=day, line=line.line_id, starts_on=line.starts_on, ends_on=line.ends_on)
    if any(each.on(day) for each in state.file.suspensions):
        raise WhileSuspended(field=field, day=day)
    if isinstance(state, Exited) and day > state.on:
        raise AfterExit(field=field, day=day, exited_on=state.on)


def content(told: Told | DeliveryRecorded) -> Content:
    """What makes two tellings the same, but for words: those are not kept where a delivery stands."""
    return (told.day, told.minutes, told.worker, told.session, told.participants)
