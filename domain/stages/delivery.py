"""Service delivery: what was delivered by day and kind, one by one or as a table; confirmed or disputed; missed; progress."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from domain.belonging import check_whose
from domain.care import Confirmer, Release
from domain.decision import Command, Context, Decision, Rejected, RowResult, Stage, WrongStage
from domain.deliveries import (
    DAY,
    DeliveryRow,
    EntryKnown,
    Told,
    a_goal,
    check_day_of,
    content,
    cost_of,
    entry,
    make_room,
    on_a_day_of,
    record,
    record_row,
)
from domain.due import Due
from domain.events import (
    BudgetReinstated,
    BudgetSettled,
    DeliveryConfirmed,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryRecorded,
    DisputeSettled,
    Event,
    ProgressNoted,
    VisitMissed,
)
from domain.fields import Code, Id, Reference, Words
from domain.reckoning import progress_note_due, working_days_from
from domain.settling import reinstated
from domain.states import CaseFile, Delivery, Exited, InDelivery, Journey, waits_for, with_delivery, with_file

ROWS_MAX = 200  # of one journey at once; a table has as many such steps as it needs


class NoBudget(Rejected):
    """No budget has been decided, so nothing can be delivered."""

    code = "no_budget"


class UnknownDelivery(Rejected):
    """There is no delivery {delivery}."""

    code = "unknown_delivery"
    status = 422


class NothingDisputed(Rejected):
    """This delivery is not disputed."""

    code = "nothing_disputed"


class AlreadyDisputed(Rejected):
    """This delivery is disputed already."""

    code = "already_disputed"


class DeliveryCommand(Command):
    kind = "journeys"
    stage = Stage.DELIVERY
    part = "delivery"


class RecordDelivery(DeliveryCommand, Told):
    """Record help that was given: line, day, minutes; of a group its session and how many took part. The price is that of
    the day."""

    name = "record-delivery"
    additive = True
    needs_person = True
    needs_line_s_providers = True

    line_id: Code
    reference: Reference | None = None


class RecordDeliveries(DeliveryCommand):
    """Record a table of deliveries of one journey. Each row has its own answer; one that was told before adds nothing."""

    name = "record-deliveries"
    additive = True
    needs_person = True
    needs_line_s_providers = True

    rows: tuple[DeliveryRow, ...] = Field(min_length=1, max_length=ROWS_MAX)


class CorrectDelivery(DeliveryCommand):
    """Correct what was recorded, by a new entry; 0 minutes takes it back altogether."""

    name = "correct-delivery"
    needs_person = True
    needs_line_s_providers = True

    delivery_id: Id
    minutes: Annotated[int, Field(ge=0, le=DAY)]
    reason: Words


class ConfirmDelivery(DeliveryCommand):
    """The person, who represents them or who cares for them says that it was so."""

    name = "confirm-delivery"

    delivery_id: Id
    confirmed_by: Confirmer = "person"


class DisputeDelivery(DeliveryCommand):
    """The person, who represents them or who cares for them says that it was not so. Its cost waits; nothing else does."""

    name = "dispute-delivery"

    delivery_id: Id
    disputed_by: Confirmer = "person"
    reason: Words


class SettleDispute(DeliveryCommand):
    """Say how a dispute ended. Where it is upheld, nothing is claimed of the delivery until it is corrected."""

    name = "settle-dispute"
    by_office = True

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
    RecordDelivery, RecordDeliveries, CorrectDelivery, ConfirmDelivery, DisputeDelivery, SettleDispute, RecordMissedVisit,
    NoteProgress,
)  # fmt: skip


def decide(command: DeliveryCommand, state: Journey, context: Context) -> Decision:
    if not state.file.accounts and not isinstance(command, NoteProgress):
        raise NoBudget
    if isinstance(command, RecordDeliveries):
        return _record_table(command, state, context)
    return Decision(events=_facts(command, state, context))


DeliveryChange = DeliveryCorrected | DeliveryConfirmed | DeliveryDisputed | DisputeSettled
DeliveryEvent = DeliveryRecorded | DeliveryChange | VisitMissed | ProgressNoted


def _settle_by(delivery: Delivery, file: CaseFile, context: Context) -> Due:
    payer = file.payer(file.account(delivery.line_id))
    days = context.programme.settings(payer, context.today).dispute_working_days
    return working_days_from(context, context.today, days, payer, "dispute")


def _facts(command: DeliveryCommand, state: Journey, context: Context) -> tuple[Event, ...]:
    file = state.file
    match command:
        case RecordDelivery():
            account = file.account(command.line_id)
            known = None if command.reference is None else entry(command.reference, account, file)
            if known is not None:
                raise EntryKnown(field="reference", reference=command.reference, delivery=known.delivery_id)
            return record(command, command.reference, account, state, context)
        case CorrectDelivery():
            return _correct(command, state, context)
        case ConfirmDelivery():
            _delivery(command.delivery_id, file, context)
            return (DeliveryConfirmed(**dict(command)),)
        case DisputeDelivery():
            delivery = _delivery(command.delivery_id, file, context)
            if delivery.disputed:
                raise AlreadyDisputed(field="delivery_id")
            return (DeliveryDisputed(due=_settle_by(delivery, file, context), **dict(command)),)
        case SettleDispute():
            if not _delivery(command.delivery_id, file, context).disputed:
                raise NothingDisputed(field="delivery_id")
            return (DisputeSettled(**dict(command)),)
        case RecordMissedVisit():
            check_whose(file.account(command.line_id), file, context)
            on_a_day_of(file.account(command.line_id), command.day, state, context)
            return (VisitMissed(**dict(command)),)
        case NoteProgress():
            a_goal(command.goal_id, file)
            context.past(command.on, field="on")
            due = progress_note_due(file.municipality, context) if isinstance(state, InDelivery) else None
            return (ProgressNoted(next_due=due, **dict(command)),)
    raise WrongStage(command=command.name, at=waits_for(state))


def _record_table(command: RecordDeliveries, state: Journey, context: Context) -> Decision:
    """Row by row, each on what the rows before it have left."""
    events: list[Event] = []
    results: list[RowResult] = []
    for row in command.rows:
        try:
            told = record_row(row, state, context)
        except Rejected as refusal:
            results.append(RowResult(row=row.row, code=refusal.code, field=refusal.field, message=str(refusal)))
            continue
        if isinstance(told, Delivery):
            results.append(RowResult(row=row.row, code="known", delivery_id=told.delivery_id))
            continue
        for fact in told:
            state = _booked(state, fact)
        events += told
        results.append(RowResult(row=row.row, code="recorded", delivery_id=list(state.file.deliveries)[-1]))
    return Decision(events=tuple(events), rows=tuple(results))


def _booked(state: Journey, fact: BudgetReinstated | DeliveryRecorded) -> Journey:
    match fact:
        case BudgetReinstated():
            return with_file(state, reinstated(state.file, fact))
        case DeliveryRecorded():
            return evolve(state, fact)


def _correct(command: CorrectDelivery, state: Journey, context: Context) -> tuple[Event, ...]:
    """Also of what is paid: the difference stands in the next claim. More than was told must be possible as help is."""
    file, delivery = state.file, _delivery(command.delivery_id, state.file, context)
    account, more = file.account(delivery.line_id), command.minutes - delivery.minutes
    if more > 0:
        check_day_of(account, delivery.day, more, state, context, field="minutes")
    payer = file.payer(account)
    cents, own_cents = cost_of(command.minutes, delivery.cents_per_hour, delivery.day, payer, context)
    room = make_room(account, cents - delivery.cents, payer, context)
    corrected = DeliveryCorrected(
        minutes_before=delivery.minutes, cents_before=delivery.cents, cents=cents, own_cents=own_cents, **dict(command)
    )
    return *room, corrected, *_given_back(state, delivery, cents)


def _given_back(state: Journey, delivery: Delivery, cents: int) -> tuple[BudgetSettled, ...]:
    """Behind the last settlement nothing would give it back any more."""
    file, former = state.file, state.file.account(delivery.line_id).former
    if former is not None:
        over = former.last_day not in file.settlements
    else:
        over = isinstance(state, Exited) and state.decision_id not in file.challengeable
    if not over or cents >= delivery.cents:
        return ()
    release = Release(line_id=delivery.line_id, cents=delivery.cents - cents)
    return (BudgetSettled(released=(release,), final=True, last_day=None if former is None else former.last_day),)


def _delivery(delivery_id: str, file: CaseFile, context: Context) -> Delivery:
    delivery = file.deliveries.get(delivery_id)
    if delivery is None:
        raise UnknownDelivery(field="delivery_id", delivery=delivery_id)
    check_whose(file.account(delivery.line_id), file, context)
    return delivery


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
                provider_id=event.provider_id,
                component=event.component,
                tariff=event.tariff,
                reference=event.reference,
                session=event.session,
                told=content(event),
            )
            return with_file(state, with_delivery(file, delivery))
        case DeliveryCorrected() | DeliveryConfirmed() | DeliveryDisputed() | DisputeSettled():
            before = file.deliveries.get(event.delivery_id)
            if before is None:
                return state
            return with_file(state, _disputes(with_delivery(file, _what_it_is(before, event)), event))
        case ProgressNoted(next_due=due) if due is not None and isinstance(state, InDelivery):
            return replace(state, progress_note_due=due)
        case VisitMissed() | ProgressNoted():  # a note from before help was given sets no day for the next
            return state


def _disputes(file: CaseFile, event: DeliveryChange) -> CaseFile:
    """Whoever disputes waits for an answer, until it is given or the delivery is told anew."""
    match event:
        case DeliveryDisputed(due=due) if due is not None:
            return replace(file, disputes={**file.disputes, event.delivery_id: due})
        case DeliveryCorrected() | DisputeSettled() if event.delivery_id in file.disputes:
            rest = {id_: due for id_, due in file.disputes.items() if id_ != event.delivery_id}
            return replace(file, disputes=rest)
        case _:
            return file


def _what_it_is(delivery: Delivery, event: DeliveryChange) -> Delivery:
    match event:
        case DeliveryCorrected():
            return replace(delivery, minutes=event.minutes, cents=event.cents, rejected=0, disputed=False)
        case DeliveryConfirmed():
            return replace(delivery, confirmed=True)
        case DeliveryDisputed():
            return replace(delivery, disputed=True)
        case DisputeSettled():
            return replace(delivery, disputed=event.upheld)  # until it is corrected as the person says
