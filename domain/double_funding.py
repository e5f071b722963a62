"""No double funding: nobody gets help here on a day on which they have a service that must not be combined with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from domain.care import Ineligible
from domain.decision import Context, Rejected
from domain.events import RecoveryOpened, RecoveryWithdrawn
from domain.parties import Entitlement, Person
from domain.programme import Programme
from domain.states import Delivery, Journey


class DoubleFunding(Rejected):
    """On {day} the person has {service}, which must not be combined with this help ({rules})."""

    code = "double_funding"
    status = 422


def forbidden_on(day: date, programme: Programme) -> frozenset[str]:
    """The services that must not be combined, by the rules of the day: the conditions a place waits for, turned round."""
    conditions = programme.last_eligibility(day).until_place
    return frozenset(each.removeprefix("no_") for each in conditions if each.startswith("no_"))


def overlapping(person: Person, day: date, programme: Programme) -> Entitlement | None:
    if not person.entitlements:
        return None
    running = [each for each in person.entitlements.values() if each.on(day)]
    forbidden = forbidden_on(day, programme) if running else frozenset()
    return next((each for each in running if each.service in forbidden), None)


def check_day(day: date, context: Context, *, field: str) -> None:
    """Raises DoubleFunding if the person has such a service on that day, as far as is known."""
    person = context.person
    found = None if person is None else overlapping(person, day, context.programme)
    if found is not None:
        rules = context.programme.last_eligibility(day).version
        raise DoubleFunding(field=field, day=day, service=found.service, rules=rules)


def check_period(starts_on: date, ends_on: date, context: Context, *, field: str) -> None:
    """The same for every day of a period. Nothing changes between two turns, so only they are looked at."""
    if context.person is None:
        return
    rules = (each.valid_from for each in context.programme.eligibility_versions)
    turns = {starts_on, *(each.starts_on for each in context.person.entitlements.values()), *rules}
    for day in sorted(day for day in turns if starts_on <= day <= ends_on):
        check_day(day, context, field=field)


def first_free_day(day: date, context: Context) -> date | None:
    """The first day from `day` on without such a service; None while nobody knows when it ends."""
    while context.person is not None:
        found = overlapping(context.person, day, context.programme)
        if found is None:
            return day
        if found.ends_on is None:
            return None
        day = found.ends_on + timedelta(days=1)
    return day


def ineligible(state: Journey, person: Person, programme: Programme) -> Iterator[tuple[Entitlement, Ineligible]]:
    """Deliveries on such days, recovered or not, each with the service that stands against it."""
    for delivery in state.file.deliveries.values():
        found = overlapping(person, delivery.day, programme) if delivery.minutes else None
        if found is not None:
            yield found, _cost_of(delivery)


def _cost_of(delivery: Delivery) -> Ineligible:
    return Ineligible(
        delivery_id=delivery.delivery_id, line_id=delivery.line_id, day=delivery.day, cents=delivery.cents
    )


def recoveries(state: Journey, context: Context) -> Iterator[RecoveryOpened]:
    """What became known too late to be stopped: one recovery for each such service, of what is not recovered yet."""
    if context.person is None:
        return
    found: dict[str, list[Ineligible]] = {}
    for entitlement, delivery in ineligible(state, context.person, context.programme):
        if not state.file.deliveries[delivery.delivery_id].recovered:
            found.setdefault(entitlement.entitlement_id, []).append(delivery)
    for entitlement_id, deliveries in found.items():
        yield RecoveryOpened(
            recovery_id=context.new_id("recovery"),
            entitlement_id=entitlement_id,
            rules=context.programme.last_eligibility(deliveries[0].day).version,
            deliveries=tuple(deliveries),
            cents=sum(each.cents for each in deliveries),
        )


def withdrawals(state: Journey, context: Context) -> Iterator[RecoveryWithdrawn]:
    """What is claimed back although its day has no such service any more, whether that was corrected or never was."""
    if context.person is None:
        return
    free: dict[str, list[Ineligible]] = {}
    for delivery in state.file.deliveries.values():
        if delivery.recovery is not None and overlapping(context.person, delivery.day, context.programme) is None:
            free.setdefault(delivery.recovery, []).append(_cost_of(delivery))
    for recovery_id, deliveries in free.items():
        yield RecoveryWithdrawn(
            recovery_id=recovery_id,
            rules=context.programme.last_eligibility(deliveries[0].day).version,
            deliveries=tuple(deliveries),
            cents=sum(each.cents for each in deliveries),
        )
