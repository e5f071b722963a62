"""Service delivery: what was delivered by day and hours, confirmed or disputed; missed visits; progress."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from domain.care import Agreer
from domain.decision import Command, Context, Decision, Rejected, Stage, WrongStage
from domain.double_funding import check_day
from domain.events import (
    DeliveryConfirmed,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryRecorded,
    DisputeSettled,
    ProgressNoted,
    VisitMissed,
)
from domain.fields import Code, Id, Words
from domain.money import cost_cents, euros
from domain.pricing import price_on
from domain.states import CaseFile, Delivery, Exited, Journey, LineAccount, booked, waits_for, with_file

DayMinutes = Annotated[int, Field(gt=0, le=24 * 60)]


class NoBudget(Rejected):
    """No budget has been decided, so nothing can be delivered."""

    code = "no_budget"


class OutsidePeriod(Rejected):
    """{day} lies outside the period of {line}, {starts_on} to {ends_on}."""

    code = "outside_period"
    status = 422


class AfterExit(Rejected):
    """{day} lies after the exit on {exited_on}."""

    code = "after_exit"
    status = 422


class NotCommitted(Rejected):
    """{line} has {left} euros ordered and not yet delivered; this delivery costs {euros}."""

    code = "not_committed"


class UnknownDelivery(Rejected):
    """There is no delivery {delivery}."""

    code = "unknown_delivery"
    status = 422


class AlreadyPaid(Rejected):
    """{line} has {paid} euros paid already; the correction would leave only {delivered} delivered."""

    code = "already_paid"


class NothingDisputed(Rejected):
    """This delivery is not disputed."""

    code = "nothing_disputed"


class AlreadyDisputed(Rejected):
    """This delivery is disputed already."""

    code = "already_disputed"


class UnknownPlanGoal(Rejected):
    """{goal} is not a goal of any plan of this journey."""

    code = "unknown_plan_goal"
    status = 422


class DeliveryCommand(Command):
    kind = "journeys"
    stage = Stage.DELIVERY
    part = "delivery"


class RecordDelivery(DeliveryCommand):
    """Record help that was given: line, day, minutes. The price is that of the day."""

    name = "record-delivery"
    additive = True
    needs_person = True

    line_id: Code
    day: date
    minutes: DayMinutes
    worker: Code | None = None
    note: Words | None = None


class CorrectDelivery(DeliveryCommand):
    """Correct what was recorded, by a new entry; 0 minutes takes it back altogether."""

    name = "correct-delivery"

    delivery_id: Id
    minutes: Annotated[int, Field(ge=0, le=24 * 60)]
    reason: Words


class ConfirmDelivery(DeliveryCommand):
    """The person, or who represents them, says that it was so."""

    name = "confirm-delivery"

    delivery_id: Id
    confirmed_by: Agreer = "person"


class DisputeDelivery(DeliveryCommand):
    """The person, or who represents them, says that it was not so."""

    name = "dispute-delivery"

    delivery_id: Id
    disputed_by: Agreer = "person"
    reason: Words


class SettleDispute(DeliveryCommand):
    """Say how a dispute ended; where it is upheld, a correction follows."""

    name = "settle-dispute"

    delivery_id: Id
    upheld: bool
    reason: Words


class RecordMissedVisit(DeliveryCommand):
    """Record that a visit did not take place; neutrally, it is no one's fault."""

    name = "record-missed-visit"
    additive = True

    line_id: Code
    day: date
    note: Words | None = None


class NoteProgress(DeliveryCommand):
    """Note how it goes with a goal between reviews; help of the community is followed up the same way."""

    name = "note-progress"
    part = "progress"
    additive = True

    goal_id: Code
    on: date
    note: Words
    direction: Literal["better", "same", "worse"]


COMMANDS: tuple[type[DeliveryCommand], ...] = (
    RecordDelivery, CorrectDelivery, ConfirmDelivery, DisputeDelivery, SettleDispute, RecordMissedVisit, NoteProgress,
)  # fmt: skip


def decide(command: DeliveryCommand, state: Journey, context: Context) -> Decision:
    if not state.file.accounts and not isinstance(command, NoteProgress):
        raise NoBudget
    return Decision(events=(_fact(command, state, context),))


DeliveryChange = DeliveryCorrected | DeliveryConfirmed | DeliveryDisputed | DisputeSettled
DeliveryEvent = DeliveryRecorded | DeliveryChange | VisitMissed | ProgressNoted


def _fact(command: DeliveryCommand, state: Journey, context: Context) -> DeliveryEvent:
    file = state.file
    match command:
        case RecordDelivery():
            return _record(command, state, context)
        case CorrectDelivery():
            return _correct(command, file)
        case ConfirmDelivery():
            _delivery(command.delivery_id, file)
            return DeliveryConfirmed(**dict(command))
        case DisputeDelivery():
            if _delivery(command.delivery_id, file).disputed:
                raise AlreadyDisputed(field="delivery_id")
            return DeliveryDisputed(**dict(command))
        case SettleDispute():
            if not _delivery(command.delivery_id, file).disputed:
                raise NothingDisputed(field="delivery_id")
            return DisputeSettled(**dict(command))
        case RecordMissedVisit():
            _on_a_day_of(file.account(command.line_id), command.day, state, context)
            return VisitMissed(**dict(command))
        case NoteProgress():
            if all(plan.goal(command.goal_id) is None for plan in file.plans.values()):
                raise UnknownPlanGoal(field="goal_id", goal=command.goal_id)
            context.past(command.on, field="on")
            return ProgressNoted(**dict(command))
    raise WrongStage(command=command.name, at=waits_for(state))


def _record(command: RecordDelivery, state: Journey, context: Context) -> DeliveryRecorded:
    account = state.file.account(command.line_id)
    _on_a_day_of(account, command.day, state, context)
    check_day(command.day, context, field="day")
    line = account.line
    price = price_on(command.day, line.component, line.tariff, state.file.municipality, context)
    cents = cost_cents(minutes=command.minutes, cents_per_hour=price.cents_per_hour)
    _check_committed(account, cents)
    return DeliveryRecorded(
        delivery_id=context.new_id("delivery"),
        component=line.component,
        tariff=line.tariff,
        provider_id=line.provider_id,
        price=price.version,
        cents_per_hour=price.cents_per_hour,
        cents=cents,
        **dict(command),
    )


def _correct(command: CorrectDelivery, file: CaseFile) -> DeliveryCorrected:
    delivery = _delivery(command.delivery_id, file)
    account = file.account(delivery.line_id)
    cents = cost_cents(minutes=command.minutes, cents_per_hour=delivery.cents_per_hour)
    _check_committed(account, cents - delivery.cents)
    delivered = account.delivered + cents - delivery.cents
    if delivered < account.paid:
        raise AlreadyPaid(field="minutes", line=delivery.line_id, paid=euros(account.paid), delivered=euros(delivered))
    return DeliveryCorrected(minutes_before=delivery.minutes, cents_before=delivery.cents, cents=cents, **dict(command))


def _check_committed(account: LineAccount, cents: int) -> None:
    left = account.committed - account.delivered
    if cents > left:
        raise NotCommitted(field="minutes", line=account.line.line_id, left=euros(left), euros=euros(cents))


def _delivery(delivery_id: str, file: CaseFile) -> Delivery:
    delivery = file.deliveries.get(delivery_id)
    if delivery is None:
        raise UnknownDelivery(field="delivery_id", delivery=delivery_id)
    return delivery


def _on_a_day_of(account: LineAccount, day: date, state: Journey, context: Context) -> None:
    context.past(day, field="day")
    line = account.line
    if not line.starts_on <= day <= line.ends_on:
        raise OutsidePeriod(field="day", day=day, line=line.line_id, starts_on=line.starts_on, ends_on=line.ends_on)
    if isinstance(state, Exited) and day > state.on:
        raise AfterExit(field="day", day=day, exited_on=state.on)


def evolve(state: Journey, event: DeliveryEvent) -> Journey:
    file = state.file
    match event:
        case DeliveryRecorded():
            delivery = Delivery(
                delivery_id=event.delivery_id,
                line_id=event.line_id,
                day=event.day,
                minutes=event.minutes,
                cents=event.cents,
                cents_per_hour=event.cents_per_hour,
            )
            return with_file(state, _kept(booked(file, delivery.line_id, delivered=delivery.cents), delivery))
        case DeliveryCorrected() | DeliveryConfirmed() | DeliveryDisputed() | DisputeSettled():
            before = file.deliveries.get(event.delivery_id)
            return state if before is None else with_file(state, _changed(file, before, event))
        case VisitMissed() | ProgressNoted():
            return state


def _changed(file: CaseFile, before: Delivery, event: DeliveryChange) -> CaseFile:
    after = _what_it_is(before, event)
    return _kept(booked(file, before.line_id, delivered=after.cents - before.cents), after)


def _what_it_is(delivery: Delivery, event: DeliveryChange) -> Delivery:
    match event:
        case DeliveryCorrected():
            return replace(delivery, minutes=event.minutes, cents=event.cents)
        case DeliveryConfirmed():
            return replace(delivery, confirmed=True)
        case DeliveryDisputed():
            return replace(delivery, disputed=True)
        case DisputeSettled():
            return replace(delivery, disputed=False)


def _kept(file: CaseFile, delivery: Delivery) -> CaseFile:
    return replace(file, deliveries={**file.deliveries, delivery.delivery_id: delivery})
