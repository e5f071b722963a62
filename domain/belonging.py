"""Whose a journey is, and was: what a fact concerns, where it is recorded, and what each municipality may read of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from domain.decision import Context, OutsideMunicipality
from domain.events import (
    BudgetReinstated,
    BudgetSettled,
    DeliveriesClaimed,
    DeliveryConfirmed,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryRecorded,
    DisputeSettled,
    Event,
    PaymentRecorded,
    RecoveryOpened,
    RecoveryWithdrawn,
    TransferWithdrawn,
    VisitMissed,
)
from domain.ledger import LineAccount
from domain.states import CaseFile


def withdrawn(file: CaseFile, reason: str | None = None) -> Iterator[TransferWithdrawn]:
    """An open offer, if there is one; without a reason because the journey is over."""
    if file.transfer is not None:
        yield TransferWithdrawn(reason=reason)


def check_whose(account: LineAccount, file: CaseFile, context: Context) -> None:
    """Help is told, and answered for, where it is paid for: also by a municipality from which the journey has moved on."""
    actor = context.actor
    if not actor.is_national and actor.municipality != file.payer(account):
        raise OutsideMunicipality


def recorded_in(events: Iterable[Event], file: CaseFile) -> str:
    """The municipality in which facts are recorded: that of the journey, or a former one that all of them concern."""
    concerned = {each for event in events for each in _concerned(event, file) or {file.municipality}}
    return concerned.pop() if len(concerned) == 1 else file.municipality


def _concerned(event: Event, file: CaseFile) -> set[str]:
    """Whose lines a fact is about; nobody's where it is about none."""
    accounts = (file.accounts.get(line_id) for line_id in _lines(event, file))
    return {file.payer(account) for account in accounts if account is not None}


def _lines(event: Event, file: CaseFile) -> Iterable[str]:
    match event:
        case DeliveryRecorded() | VisitMissed() | BudgetReinstated() | PaymentRecorded():
            return (event.line_id,)
        case DeliveryCorrected() | DeliveryConfirmed() | DeliveryDisputed() | DisputeSettled():
            delivery = file.deliveries.get(event.delivery_id)
            return () if delivery is None else (delivery.line_id,)
        case DeliveriesClaimed():
            return (row.line_id for row in event.rows)
        case BudgetSettled(last_day=date() as last_day):
            formers = ((line_id, account.former) for line_id, account in file.accounts.items())
            return (line_id for line_id, former in formers if former and former.last_day == last_day)
        case BudgetSettled():
            return (each.line_id for each in event.released)
        case RecoveryOpened() | RecoveryWithdrawn():
            return (each.line_id for each in event.deliveries)
        case _:
            return ()


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What a municipality may read of a journey: all of it; or, where it has moved on, what was recorded until then, and later
    only what concerns its own lines."""

    municipality: str
    file: CaseFile
    until: int | None  # a version; None: all of it

    def shows(self, event: Event, version: int) -> bool:
        if self.until is None or version <= self.until:
            return True
        return _concerned(event, self.file) == {self.municipality}


def sight(file: CaseFile, municipality: str) -> Sight | None:
    """None: it has nothing to do with the journey, or not yet."""
    if municipality == file.municipality:
        return Sight(municipality=municipality, file=file, until=None)
    left = [each.left_at for each in file.memberships if each.municipality == municipality and each.left_at is not None]
    return Sight(municipality=municipality, file=file, until=max(left)) if left else None
