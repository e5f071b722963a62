"""Budgeting: the personal budget is formed from the plan's lines; what is set aside, ordered and paid of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

from pydantic import Field

from domain.care import Allocation, ServiceLine
from domain.decision import Command, Context, Decision, Rejected, Stage, WrongStage
from domain.double_funding import check_period
from domain.due import Due
from domain.events import BudgetDecided, BudgetSettled, PaymentRecorded, ServiceCommitted
from domain.fields import Cents, Code, Minutes, Words
from domain.money import euros
from domain.pricing import ceiling_cents, prices_over
from domain.reckoning import challenge_until, months_from, next_review_kind
from domain.states import (
    AwaitingBudget,
    CaseFile,
    InDelivery,
    Journey,
    LineAccount,
    UnknownLine,
    booked,
    waits_for,
    with_file,
)
from domain.tracing import budget_trace, minutes_by_month


class OverCeiling(Rejected):
    """{minutes} minutes a month are planned; with a highest need of degree {degree} the ceiling is {ceiling}."""

    code = "over_ceiling"
    status = 422


class OverYearlyCap(Rejected):
    """{component} would cost {euros} euros in {year}; its cap per person and calendar year is {cap}."""

    code = "over_yearly_cap"
    status = 422


class CapAcrossYears(Rejected):
    """{line} has a yearly cap, so its period must lie within one calendar year: split it."""

    code = "cap_across_years"
    status = 422


class NotAllocated(Rejected):
    """{line} has {left} euros left to commit; {euros} were asked for."""

    code = "not_allocated"


class NotDelivered(Rejected):
    """{line} has {left} euros delivered and not yet paid; {euros} were asked for."""

    code = "not_delivered"


class LineBeforePlace(Rejected):
    """{line} starts on {starts_on}, before the place does on {from_on}: until then a state service may still run."""

    code = "line_before_place"
    status = 422


class NoPlaceYet(Rejected):
    """The place has not started yet, so no money can be set aside."""

    code = "no_place_yet"


class BudgetCommand(Command):
    kind = "journeys"
    stage = Stage.BUDGETING
    part = "budget"


class DecideBudget(BudgetCommand):
    """Decide the personal budget: money for each line of the agreed plan, with reasons. `minutes` lowers a volume."""

    name = "decide-budget"

    form: Literal["administrative_act", "contract"]
    minutes: dict[Code, Minutes] = Field(default_factory=dict, max_length=60)
    reasons: Words


class CommitService(BudgetCommand):
    """Order help from the line's provider: money set aside becomes money promised."""

    name = "commit-service"
    needs_person = True

    line_id: Code
    minutes: Minutes


class RecordPayment(BudgetCommand):
    """Record that delivered help was paid for."""

    name = "record-payment"

    line_id: Code
    paid_on: date
    cents: Cents = Field(gt=0)
    reference: Code


COMMANDS: tuple[type[BudgetCommand], ...] = (DecideBudget, CommitService, RecordPayment)


def decide(command: BudgetCommand, state: Journey, context: Context) -> Decision:
    match command, state:
        case DecideBudget(), AwaitingBudget():
            return Decision(events=(_decide_budget(command, state, context),))
        case CommitService(), InDelivery():
            return Decision(events=(_commit(command, state.file, context),))
        case RecordPayment(), _ if state.file.accounts:
            return Decision(events=(_pay(command, state.file, context),))
    raise WrongStage(command=command.name, at=waits_for(state))


def _decide_budget(command: DecideBudget, state: AwaitingBudget, context: Context) -> BudgetDecided:
    file = state.file
    if file.place is None or file.place.from_on > context.today:
        raise NoPlaceYet
    plan = file.plans[state.plan_id]
    for line_id in command.minutes:
        if all(line.line_id != line_id for line in plan.lines):
            raise UnknownLine(field="minutes", line=line_id)
    for line in plan.lines:
        if line.starts_on < file.place.from_on:
            raise LineBeforePlace(
                field="lines", line=line.line_id, starts_on=line.starts_on, from_on=file.place.from_on
            )
    wanted = tuple(_allocate(line, command.minutes, file, context) for line in plan.lines)
    lines = (*wanted, *_dropped(wanted, file))
    _check_ceiling(wanted, file, context)
    _check_caps(lines, context)
    settings = context.programme.settings(file.municipality, context.today)
    return BudgetDecided(
        budget_id=context.new_id("budget"),
        decision_id=context.new_id("decision"),
        plan_id=state.plan_id,
        form=command.form,
        catalogue=context.programme.catalogue(context.today).version,
        rules=settings.version,
        lines=lines,
        reasons=command.reasons,
        review_kind=next_review_kind(file.progress_reviews, file.municipality, context),
        review_due=_review_due(file, context),
        challenge_until=challenge_until(file.municipality, context),
        trace=budget_trace(lines, file, context),
    )


def _review_due(file: CaseFile, context: Context) -> Due:
    months = context.programme.settings(file.municipality, context.today).progress_review_months
    return months_from(context, context.today, months, file.municipality, "review")


def _allocate(line: ServiceLine, volumes: Mapping[str, int], file: CaseFile, context: Context) -> Allocation:
    """A line that goes on never gets less than was delivered of it by now."""
    prices = prices_over(line, file.municipality, context)
    minutes = min(line.minutes, volumes.get(line.line_id, line.minutes))
    account = file.accounts.get(line.line_id)
    return Allocation(
        line=line,
        minutes=minutes,
        cents=max(ceiling_cents(minutes, prices), account.delivered if account else 0),
        prices=tuple(price.version for price in prices),
    )


def _dropped(wanted: tuple[Allocation, ...], file: CaseFile) -> tuple[Allocation, ...]:
    """Lines of the former budget that the new plan does not have keep what was delivered, and give back the rest."""
    kept = {allocation.line.line_id for allocation in wanted}
    return tuple(
        Allocation(line=account.line, minutes=0, cents=account.delivered, prices=())
        for line_id, account in sorted(file.accounts.items())
        if line_id not in kept
    )


def _check_ceiling(lines: tuple[Allocation, ...], file: CaseFile, context: Context) -> None:
    """[A] How much help a degree of need can call for in a month; no ceiling where the settings have none."""
    settings = context.programme.settings(file.municipality, context.today)
    ceiling = settings.ceiling_minutes_per_month.get(file.highest_need)
    if ceiling is None or not lines:
        return
    fullest = max(minutes_by_month(lines).values())
    if fullest > ceiling:
        raise OverCeiling(field="minutes", minutes=fullest, degree=file.highest_need, ceiling=ceiling)


def _check_caps(lines: tuple[Allocation, ...], context: Context) -> None:
    spent: dict[tuple[str, int], int] = defaultdict(int)
    for allocation in lines:
        component = context.programme.catalogue(allocation.line.starts_on).get(allocation.line.component)
        cap = None if component is None else component.yearly_cap_cents
        if cap is None:
            continue
        year = allocation.line.starts_on.year
        if allocation.line.ends_on.year != year:
            raise CapAcrossYears(field="lines", line=allocation.line.line_id)
        spent[allocation.line.component, year] += allocation.cents
        total = spent[allocation.line.component, year]
        if total > cap:
            raise OverYearlyCap(
                field="minutes",
                component=allocation.line.component,
                year=year,
                euros=euros(total),
                cap=euros(cap),
            )


def _commit(command: CommitService, file: CaseFile, context: Context) -> ServiceCommitted:
    account = file.account(command.line_id)
    check_period(max(account.line.starts_on, context.today), account.line.ends_on, context, field="line_id")
    cents = ceiling_cents(command.minutes, prices_over(account.line, file.municipality, context))
    left = account.allocated - account.committed
    if cents > left:
        raise NotAllocated(field="minutes", line=command.line_id, left=euros(left), euros=euros(cents))
    return ServiceCommitted(
        line_id=command.line_id, provider_id=account.line.provider_id, minutes=command.minutes, cents=cents
    )


def _pay(command: RecordPayment, file: CaseFile, context: Context) -> PaymentRecorded:
    context.past(command.paid_on, field="paid_on")
    account = file.account(command.line_id)
    left = account.delivered - account.paid
    if command.cents > left:
        raise NotDelivered(field="cents", line=command.line_id, left=euros(left), euros=euros(command.cents))
    return PaymentRecorded(**dict(command))


BudgetEvent = BudgetDecided | ServiceCommitted | PaymentRecorded | BudgetSettled


def evolve(state: Journey, event: BudgetEvent) -> Journey:
    file = state.file
    match event:
        case BudgetDecided():
            return _budgeted(file, event)
        case ServiceCommitted():
            return with_file(state, booked(file, event.line_id, committed=event.cents))
        case PaymentRecorded():
            return with_file(state, booked(file, event.line_id, paid=event.cents))
        case BudgetSettled():
            released = {release.line_id: release.cents for release in event.released}
            accounts = {id_: _given_back(each, released.get(id_, 0)) for id_, each in file.accounts.items()}
            return with_file(state, replace(file, accounts=accounts))


def _budgeted(file: CaseFile, event: BudgetDecided) -> InDelivery:
    accounts = dict(file.accounts)
    for allocation in event.lines:
        line_id = allocation.line.line_id
        account = replace(accounts.get(line_id, LineAccount(line=allocation.line)), line=allocation.line)
        allocated = max(allocation.cents, account.delivered)
        accounts[line_id] = replace(account, allocated=allocated, committed=min(account.committed, allocated))
    challengeable = {**file.challengeable, event.decision_id: event.challenge_until}
    file = replace(file, accounts=accounts, challengeable=challengeable)
    return InDelivery(file=file, plan_id=event.plan_id, review_kind=event.review_kind, review_due=event.review_due)


def _given_back(account: LineAccount, cents: int) -> LineAccount:
    allocated = account.allocated - cents
    return replace(account, allocated=allocated, committed=min(account.committed, allocated))
