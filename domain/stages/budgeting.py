"""Budgeting: the personal budget is formed from the plan's lines; what is set aside and ordered of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from pydantic import Field

from domain.care import Allocation, ServiceLine
from domain.decision import Command, Context, Decision, Rejected, Stage, WrongStage
from domain.deliveries import check_contract
from domain.double_funding import check_period
from domain.due import Due
from domain.events import BudgetDecided, BudgetExtended, BudgetReinstated, BudgetSettled, ServiceCommitted
from domain.fields import Code, Minutes, Words
from domain.ledger import Account, LineAccount, YearlyCap, ordering
from domain.money import euros
from domain.pricing import ceiling_cents, prices_over
from domain.programme import Settings
from domain.reckoning import challenge_until, months_from, next_review_kind, on_the_day, progress_note_due
from domain.settling import keeps, reinstated
from domain.states import (
    AwaitingBudget,
    CaseFile,
    Exited,
    FormerLine,
    InDelivery,
    Journey,
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
    """{line} has a yearly cap, so its days, under former budgets too, must lie within one calendar year: split it."""

    code = "cap_across_years"
    status = 422


class NotAllocated(Rejected):
    """{line} has {left} euros left to commit; {euros} were asked for."""

    code = "not_allocated"


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
    by_office = True

    form: Literal["administrative_act", "contract"]
    minutes: dict[Code, Minutes] = Field(default_factory=dict, max_length=60)
    reasons: Words


class CommitService(BudgetCommand):
    """Order help from the line's provider: money set aside becomes money promised."""

    name = "commit-service"
    by_office = True
    needs_person = True
    needs_line_s_providers = True

    line_id: Code
    minutes: Minutes


COMMANDS: tuple[type[BudgetCommand], ...] = (DecideBudget, CommitService)


def decide(command: BudgetCommand, state: Journey, context: Context) -> Decision:
    match command, state:
        case DecideBudget(), AwaitingBudget():
            return Decision(events=(_decide_budget(command, state, context),))
        case CommitService(), InDelivery():
            return Decision(events=(_commit(command, state.file, context),))
    raise WrongStage(command=command.name, at=waits_for(state))


def _decide_budget(command: DecideBudget, state: AwaitingBudget, context: Context) -> BudgetDecided:
    file = state.file
    _check_lines(command, state, context)
    settings = context.programme.settings(file.municipality, context.today)
    wanted = tuple(
        _allocate(line, command.minutes, file, settings, context) for line in file.plans[state.plan_id].lines
    )
    dropped = tuple(_drop(account, context.today, settings, file) for account in _left_out(wanted, file))
    lines = (*_carried_over(wanted, dropped, file, settings), *dropped)
    _check_ceiling(wanted, file, settings)
    check_caps(lines, file)
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
        review_due=months_from(context, context.today, settings.progress_review_months, file.municipality, "review"),
        challenge_until=challenge_until(file.municipality, context),
        plan_ends=_plan_ends(wanted, file.municipality, context),
        progress_note_due=progress_note_due(file.municipality, context),
        decided_on=context.today,
        trace=budget_trace(lines, file, context),
    )


def _check_lines(command: DecideBudget, state: AwaitingBudget, context: Context) -> None:
    place, lines = state.file.place, state.file.plans[state.plan_id].lines
    if place is None or place.from_on > context.today:
        raise NoPlaceYet
    for line_id in command.minutes:
        if all(line.line_id != line_id for line in lines):
            raise UnknownLine(field="minutes", line=line_id)
    for line in lines:
        if line.starts_on < place.from_on:
            raise LineBeforePlace(field="lines", line=line.line_id, starts_on=line.starts_on, from_on=place.from_on)


def _plan_ends(wanted: tuple[Allocation, ...], municipality: str, context: Context) -> Due | None:
    last = max((allocation.line.ends_on for allocation in wanted), default=None)
    return None if last is None else on_the_day(context, last, municipality, "plan-end")


def _allocate(
    line: ServiceLine, volumes: Mapping[str, int], file: CaseFile, settings: Settings, context: Context
) -> Allocation:
    """A line that goes on never gets less than was delivered of it by now."""
    prices = prices_over(line, file.municipality, context)
    minutes = min(line.minutes, volumes.get(line.line_id, line.minutes))
    account = file.accounts.get(line.line_id)
    component = context.programme.catalogue(line.starts_on).get(line.component)
    return Allocation(
        line=line,
        minutes=minutes,
        cents=max(
            ceiling_cents(minutes, prices, settings.own_contribution_percent), account.delivered if account else 0
        ),
        prices=tuple(price.version for price in prices),
        cap_cents=None if component is None else component.yearly_cap_cents,
    )


def _left_out(wanted: tuple[Allocation, ...], file: CaseFile) -> Iterator[LineAccount]:
    kept = {allocation.line.line_id for allocation in wanted}
    own = (account for _, account in sorted(file.accounts.items()) if account.former is None)
    yield from (account for account in own if account.line.line_id not in kept)


def _drop(account: LineAccount, today: date, settings: Settings, file: CaseFile) -> Allocation:
    """A line that the new plan does not have ends today. It keeps what its days gone by call for, for as long as help may
    still be told, and gives back the rest."""
    line = account.line
    told_late = line.ends_on >= today - timedelta(days=settings.late_delivery_days)
    if line.starts_on <= today < line.ends_on:
        line = line.model_copy(update={"ends_on": today})
    return Allocation(
        line=line,
        minutes=0,
        cents=keeps(account, today, file.suspensions) if told_late else account.delivered,
        prices=(),
        cap_cents=None if account.cap is None else account.cap.cents,
    )


def _carried_over(
    wanted: tuple[Allocation, ...], dropped: tuple[Allocation, ...], file: CaseFile, settings: Settings
) -> Iterator[Allocation]:
    """Of what an ended line has left, the share that the rules leave to the first new line of the same component."""
    left: Counter[str] = Counter()
    for allocation in dropped:
        account = file.accounts[allocation.line.line_id]
        free = account.of(Account.AVAILABLE)  # what orders give back stays for help that is told late
        left[allocation.line.component] += free * settings.carry_over_percent // 100
    for allocation in wanted:
        carried = 0 if allocation.line.line_id in file.accounts else left.pop(allocation.line.component, 0)
        yield allocation.model_copy(update={"cents": allocation.cents + carried, "carried_cents": carried})


def _check_ceiling(lines: tuple[Allocation, ...], file: CaseFile, settings: Settings) -> None:
    """[A] How much help a degree of need can call for in a month; no ceiling where the settings have none."""
    ceiling = settings.ceiling_minutes_per_month.get(file.highest_need)
    if ceiling is None or not lines:
        return
    fullest = max(minutes_by_month(lines).values())
    if fullest > ceiling:
        raise OverCeiling(field="minutes", minutes=fullest, degree=file.highest_need, ceiling=ceiling)


def check_caps(lines: tuple[Allocation, ...], file: CaseFile) -> None:
    """Within this journey; over all journeys of the person the bound in the database holds."""
    spent: Counter[tuple[str, int]] = Counter()
    for account in file.accounts.values():  # what it was given where it was before counts too
        if account.former is not None and account.cap is not None:
            spent[account.cap.component, account.cap.year] += account.allocated
    for line, cents, cap in ((each.line, each.cents, each.cap_cents) for each in lines):
        if cap is None:
            continue
        year = line.starts_on.year
        if {line.ends_on.year, _year_until_now(line, file)} != {year}:
            raise CapAcrossYears(field="lines", line=line.line_id)
        spent[line.component, year] += cents
        total = spent[line.component, year]
        if total > cap:
            raise OverYearlyCap(
                field="minutes", component=line.component, year=year, euros=euros(total), cap=euros(cap)
            )


def _year_until_now(line: ServiceLine, file: CaseFile) -> int:
    """What was spent of a line stays in the year in which it was: under the same name it would pass into another's cap."""
    known = file.accounts.get(line.line_id)
    return (line if known is None else known.line).starts_on.year


def _commit(command: CommitService, file: CaseFile, context: Context) -> ServiceCommitted:
    account = file.account(command.line_id)
    if account.former is not None:
        raise FormerLine(field="line_id", line=command.line_id, former=account.former.municipality)
    begins = max(account.line.starts_on, context.today)
    check_period(begins, account.line.ends_on, context, field="line_id")
    check_contract(account.line, begins, account.line.ends_on, file.municipality, context)
    own_percent = context.programme.settings(file.municipality, context.today).own_contribution_percent
    cents = ceiling_cents(command.minutes, prices_over(account.line, file.municipality, context), own_percent)
    left = account.allocated - account.committed
    if cents > left:
        raise NotAllocated(field="minutes", line=command.line_id, left=euros(left), euros=euros(cents))
    return ServiceCommitted(
        line_id=command.line_id, provider_id=account.line.provider_id, minutes=command.minutes, cents=cents
    )


BudgetEvent = BudgetDecided | BudgetExtended | BudgetReinstated | ServiceCommitted | BudgetSettled


def evolve(state: Journey, event: BudgetEvent) -> Journey:
    file = state.file
    match event:
        case BudgetDecided():
            return _budgeted(file, event)
        case BudgetExtended():
            return with_file(state, _extended(file, event))
        case ServiceCommitted():
            return with_file(state, booked(file, event.line_id, ordering(event.cents)))
        case BudgetSettled():
            released = {release.line_id: release.cents for release in event.released}
            accounts = {
                id_: _given_back(each, released.get(id_, 0), isinstance(state, Exited) or each.former is not None)
                for id_, each in file.accounts.items()
            }
            if event.final:
                accounts = {
                    id_: replace(each, orders_given_back=0) if _closes(event, each, file) else each
                    for id_, each in accounts.items()
                }
            pending = {day: due for day, due in file.settlements.items() if day != event.last_day}
            return with_file(state, replace(file, accounts=accounts, settlements=pending))
        case BudgetReinstated():
            return with_file(state, reinstated(file, event))


def _budgeted(file: CaseFile, event: BudgetDecided) -> InDelivery:
    accounts = dict(file.accounts)
    for allocation in event.lines:
        line = allocation.line
        cap = None if allocation.cap_cents is None else cap_of(line, allocation.cap_cents)
        known = accounts.get(line.line_id, LineAccount(line=line))
        account = replace(known.under(line, event.decided_on or line.starts_on), cap=cap)
        dropped = not allocation.minutes
        accounts[line.line_id] = account.ended(allocation.cents) if dropped else account.renewed(allocation.cents)
    challengeable = {**file.challengeable, event.decision_id: event.challenge_until}
    file = replace(file, accounts=accounts, challengeable=challengeable, plan_ends=event.plan_ends)
    return InDelivery(
        file=file,
        plan_id=event.plan_id,
        review_kind=event.review_kind,
        review_due=event.review_due,
        progress_note_due=event.progress_note_due,
    )


def cap_of(line: ServiceLine, cents: int) -> YearlyCap:
    return YearlyCap(component=line.component, year=line.starts_on.year, cents=cents)


def _extended(file: CaseFile, event: BudgetExtended) -> CaseFile:
    accounts = dict(file.accounts)
    for extension in event.lines:
        if (account := accounts.get(extension.line_id)) is not None:
            account = replace(account, line=account.line.model_copy(update={"ends_on": extension.ends_on}))
            account = account.moved(account.allocating(account.allocated + extension.allocated_cents))
            accounts[extension.line_id] = account.moved(ordering(extension.committed_cents))
    return replace(file, accounts=accounts, plan_ends=event.plan_ends)


def _closes(event: BudgetSettled, account: LineAccount, file: CaseFile) -> bool:
    """Former lines are closed in a time of their own, whatever else ends meanwhile."""
    if event.last_day is None:
        return not file.awaits_late_help(account)
    return account.former is not None and account.former.last_day == event.last_day


def _given_back(account: LineAccount, cents: int, over: bool) -> LineAccount:
    left = account.allocated - cents
    return account.ended(left) if over else account.moved(account.allocating(left))
