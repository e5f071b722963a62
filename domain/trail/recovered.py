"""What became of cost that should not have been: stopped in a claim, claimed back and set off or still owed, or open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.codec import Recorded
from domain.events import DeliveriesClaimed, DeliveryCorrected, PaymentRecorded, RecoveryOpened, RecoveryWithdrawn
from domain.money import euros
from domain.trail.adding_up import Worth, reckoned
from domain.trail.steps import facts, plain


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    explained: bool
    sentence: str


def fate(history: Sequence[Recorded], delivery_id: str, line_id: str) -> Fate:
    """Of a delivery on a day on which it must not have been paid."""
    worth = reckoned((each.event for each in history), line_id).deliveries[delivery_id]
    stopped, recovery = _stopped(history, delivery_id), _recovery(history, delivery_id)
    if recovery is not None:
        how = stopped or _settled(history, delivery_id, worth)
        return Fate(explained=True, sentence=f"claimed back ({recovery}), {how}")
    if stopped is not None:
        return Fate(explained=True, sentence=stopped)
    return Fate(explained=False, sentence="NOT CLAIMED BACK")


def _recovery(history: Sequence[Recorded], delivery_id: str) -> str | None:
    """The one by which it is claimed back now."""
    recovery: str | None = None
    for told in history:
        match told.event:
            case RecoveryOpened() | RecoveryWithdrawn() as changed:
                if any(each.delivery_id == delivery_id for each in changed.deliveries):
                    recovery = changed.recovery_id if isinstance(changed, RecoveryOpened) else None
            case _:
                pass
    return recovery


def _stopped(history: Sequence[Recorded], delivery_id: str) -> str | None:
    """The claim that left it out, where nothing of it was accepted before and nothing was corrected since."""
    stopped: str | None = None
    for told in history:
        match told.event:
            case DeliveryCorrected(delivery_id=corrected) if corrected == delivery_id:
                stopped = None
            case DeliveriesClaimed() as claimed:
                for row in (row for row in claimed.rows if row.delivery_id == delivery_id and row.cents):
                    if row.verdict == "accepted":
                        return None
                    if row.verdict == "rejected":
                        stopped = f"stopped in {claimed.claim_id} ({plain(row.reason or 'rejected')})"
            case _:
                pass
    return stopped


def _settled(history: Sequence[Recorded], delivery_id: str, worth: Worth) -> str:
    taken_off = [
        event.claim_id
        for _, event in facts(history, DeliveriesClaimed)
        if any(row.delivery_id == delivery_id and row.verdict == "accepted" and row.cents < 0 for row in event.rows)
    ]
    if worth.claimed:
        return (
            f"{euros(worth.sent)} euros still owed" if worth.sent else "accepted and not paid: comes off the next claim"
        )
    if not taken_off:
        return "nothing of it was claimed"
    paid = any(event.claim_id == taken_off[-1] for _, event in facts(history, PaymentRecorded))
    return f"set off in {taken_off[-1]}{'' if paid else ', which is not paid yet'}"
