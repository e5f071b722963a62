"""A budget line's euros: forward from what was set aside to what was paid and claimed back, or back from its deliveries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from domain import journey
from domain.care import ClaimedRow, ServiceLine
from domain.codec import Recorded
from domain.events import (
    BudgetDecided,
    BudgetExtended,
    BudgetReinstated,
    BudgetSettled,
    BudgetTakenOver,
    DeliveriesClaimed,
    DeliveryConfirmed,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryRecorded,
    DisputeSettled,
    PaymentRecorded,
    RecoveryOpened,
    RecoveryWithdrawn,
    ServiceCommitted,
)
from domain.money import euros
from domain.trail.adding_up import Sums, reckoned, stands
from domain.trail.grounds import Source, budget_step, given_to, grounds, taken_over_step, under
from domain.trail.steps import Step, dm, facts, hours, plain, step


@dataclass(frozen=True, kw_only=True, slots=True)
class LineTrail:
    """`moves` are what became of the money, `grounds` what it rests on. `books` is what the line's accounts say, `told` what
    the facts come to by themselves."""

    journey_id: str
    line: ServiceLine
    moves: tuple[Step, ...]
    grounds: tuple[Step, ...]
    books: Sums
    told: Sums

    @property
    def adds_up(self) -> bool:
        return self.books == self.told


def line_trail(source: Source, line_id: str, deliveries: Collection[str] | None = None) -> LineTrail:
    """Forward over the whole line; or, of some of its deliveries, back. KeyError for a line that is none."""
    journey_id = source.journey[0].stream_id
    state = journey.fold((each.event for each in source.journey), journey_id)
    assert state is not None, "a journey that was read has a first fact"
    account = state.file.accounts[line_id]
    helped = [
        each
        for each in facts(source.journey, DeliveryRecorded)
        if each[1].line_id == line_id and (deliveries is None or each[1].delivery_id in deliveries)
    ]
    budgets = given_to(line_id, source)
    of_them = (under(event.day, told.version, budgets) for told, event in helped)
    rests_on = budgets if deliveries is None else tuple({each.told.version: each for each in of_them if each}.values())
    goals = dict.fromkeys(event.goal_id for _, event in helped if event.goal_id is not None)
    moves = _moves(line_id, source.journey)
    rests = grounds(
        rests_on, [event.day for _, event in helped], goals, source
    )  # forward, its budgets are moves already
    return LineTrail(
        journey_id=journey_id,
        line=account.line,
        moves=tuple(moves if deliveries is None else _back([event.delivery_id for _, event in helped], list(moves))),
        grounds=tuple(each for each in rests if deliveries is not None or each.what != "budget"),
        books=stands(account),
        told=reckoned((each.event for each in source.journey), line_id).sums,
    )


def _back(deliveries: Sequence[str], moves: Sequence[Step]) -> Iterator[Step]:
    """Each delivery's own steps, the last first; then the orders that it was taken from."""
    last = 0
    yield from (each for each in reversed(moves) if each.what == "payment" and each.delivery_id is None)
    for delivery_id in deliveries:
        own = [each for each in moves if each.delivery_id == delivery_id]
        yield from reversed(own)
        last = max(last, own[0].version)
    yield from (each for each in reversed(moves) if each.what == "order" and each.version < last)


def _moves(line_id: str, history: Sequence[Recorded]) -> Iterator[Step]:
    deliveries: set[str] = set()
    rows: dict[str | None, tuple[ClaimedRow, ...]] = {}
    for told in history:
        match told.event:
            case BudgetDecided() | BudgetExtended() | BudgetReinstated() | BudgetSettled() | ServiceCommitted():
                yield from _of_budget(line_id, told)
            case BudgetTakenOver():
                yield from (taken_over_step(told, each) for each in told.event.lines if each.line.line_id == line_id)
            case DeliveryRecorded(line_id=named, delivery_id=delivery_id) if named == line_id:
                deliveries.add(delivery_id)
                yield _delivered(told, told.event)
            case DeliveryCorrected() | DeliveryConfirmed() | DeliveryDisputed() | DisputeSettled():
                if told.event.delivery_id in deliveries:
                    yield _changed(told, told.event)
            case DeliveriesClaimed():
                own = tuple(row for row in told.event.rows if row.delivery_id in deliveries)
                rows[told.event.claim_id] = (*rows.get(told.event.claim_id, ()), *own)
                yield from (_verdict(told, told.event, row) for row in own)
            case PaymentRecorded(line_id=named) if named == line_id:
                yield from _paid(told, told.event, rows.pop(told.event.claim_id, ()))
            case RecoveryOpened():
                yield from _recovered(told, told.event, deliveries)
            case RecoveryWithdrawn():
                yield from _not_recovered(told, told.event, deliveries)
            case _:
                pass


def _of_budget(line_id: str, told: Recorded) -> Iterator[Step]:
    match told.event:
        case BudgetDecided():
            for each in (each for each in told.event.lines if each.line.line_id == line_id):
                if each.minutes:
                    yield budget_step(told, told.event, each)
                else:
                    sentence = (
                        f"A new plan ended the line on {dm(each.line.ends_on)}; it keeps {euros(each.cents)} euros."
                    )
                    yield step("ended", told, sentence, cents=each.cents)
        case BudgetExtended():
            for more in (more for more in told.event.lines if more.line_id == line_id):
                sentence = (
                    f"No new plan by its end: the line goes on until {dm(more.ends_on)}, with "
                    f"{euros(more.allocated_cents)} euros more, {euros(more.committed_cents)} of them ordered."
                )
                yield step("extension", told, sentence, cents=more.allocated_cents)
        case BudgetReinstated(line_id=named) if named == line_id:
            sentence = f"Taken again for help that was told late: {euros(told.event.cents)} euros."
            yield step("reinstated", told, sentence, cents=told.event.cents)
        case BudgetSettled():
            for back in (back for back in told.event.released if back.line_id == line_id):
                sentence = f"Given back, because it will not be used: {euros(back.cents)} euros."
                yield step("given_back", told, sentence, cents=-back.cents)
        case ServiceCommitted(line_id=named) if named == line_id:
            order = told.event
            sentence = f"Ordered of {order.provider_id}: {hours(order.minutes)} for at most {euros(order.cents)} euros."
            yield step("order", told, sentence, cents=order.cents)
        case _:
            pass


def _delivered(told: Recorded, event: DeliveryRecorded) -> Step:
    own = f", and {euros(event.own_cents)} by the person" if event.own_cents else ""
    goal = f" for the goal {event.goal_id}" if event.goal_id else ""
    together = (
        f", in a group of {event.participants} ({event.session or 'no session named'})" if event.participants else ""
    )
    entry = f"; entry {event.reference} of the provider" if event.reference else ""
    return step(
        "delivery",
        told,
        f"{event.delivery_id}: {hours(event.minutes)} of {event.component} ({plain(event.tariff)}) by {event.provider_id} on "
        f"{dm(event.day)}{goal}{together}, at {euros(event.cents_per_hour)} euros an hour ({event.price}): "
        f"{euros(event.cents)} euros{own}{entry}.",
        day=event.day,
        cents=event.cents,
        delivery_id=event.delivery_id,
        versions=(event.price,),
    )


def _changed(told: Recorded, event: DeliveryCorrected | DeliveryConfirmed | DeliveryDisputed | DisputeSettled) -> Step:
    cents = None
    match event:
        case DeliveryCorrected():
            what, cents = "correction", event.cents - event.cents_before
            sentence = (
                f"corrected to {hours(event.minutes)} from {hours(event.minutes_before)}: {euros(event.cents)} euros instead "
                f"of {euros(event.cents_before)}"
            )
        case DeliveryConfirmed():
            what, sentence = "confirmation", f"the {event.confirmed_by} confirmed it"
        case DeliveryDisputed():
            what, sentence = "dispute", f"the {event.disputed_by} says that it was not so"
        case DisputeSettled():
            what, sentence = "dispute_settled", f"settled: the {'person' if event.upheld else 'record'} was right"
    return step(what, told, f"{event.delivery_id}: {sentence}.", cents=cents, delivery_id=event.delivery_id)


def _verdict(told: Recorded, event: DeliveriesClaimed, row: ClaimedRow) -> Step:
    why = f" ({plain(row.reason)})" if row.reason else ""
    sentence = f"{row.delivery_id} in {event.claim_id}: {euros(row.cents)} euros {row.verdict}{why}, by {event.rules}."
    cents = row.cents if row.verdict == "accepted" else 0
    return step("verdict", told, sentence, cents=cents, delivery_id=row.delivery_id, versions=(event.rules,))


def _paid(told: Recorded, event: PaymentRecorded, rows: Iterable[ClaimedRow]) -> Iterator[Step]:
    """One step for each row that it paid; one for the whole where it was paid before there were claims."""
    net = event.cents - event.set_off_cents
    if event.claim_id is None:
        sentence = f"Paid on {dm(event.paid_on)} as {event.reference}, without a claim: {euros(net)} euros."
        yield step("payment", told, sentence, day=event.paid_on, cents=net)
        return
    off = f" (for {event.line_id} in all {euros(event.cents)}, {euros(event.set_off_cents)} set off)"
    for row in rows:
        if row.verdict == "accepted" and row.cents:
            how = "paid" if row.cents > 0 else "set off"
            sentence = (
                f"{row.delivery_id}: {euros(abs(row.cents))} euros {how} on {dm(event.paid_on)} with {event.claim_id} as "
                f"{event.reference}{off}."
            )
            yield step("payment", told, sentence, day=event.paid_on, cents=row.cents, delivery_id=row.delivery_id)


def _recovered(told: Recorded, event: RecoveryOpened, deliveries: Collection[str]) -> Iterator[Step]:
    for each in event.deliveries:
        if each.delivery_id in deliveries:
            sentence = (
                f"{each.delivery_id}: {euros(each.cents)} euros claimed back by {event.recovery_id}, because on "
                f"{dm(each.day)} a service that must not be combined with it ran ({event.rules})."
            )
            yield step(
                "recovery", told, sentence, cents=-each.cents, delivery_id=each.delivery_id, versions=(event.rules,)
            )


def _not_recovered(told: Recorded, event: RecoveryWithdrawn, deliveries: Collection[str]) -> Iterator[Step]:
    for each in event.deliveries:
        if each.delivery_id in deliveries:
            sentence = (
                f"{each.delivery_id}: {euros(each.cents)} euros not claimed back by {event.recovery_id} any more, because "
                f"on {dm(each.day)} no such service ran after all ({event.rules})."
            )
            yield step(
                "recovery", told, sentence, cents=each.cents, delivery_id=each.delivery_id, versions=(event.rules,)
            )
