"""A claim's own part of the trail, and whether its sums agree: rows, verdicts, what was ordered to be paid, what was paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from domain.care import ClaimRow
from domain.claims import Claim, ClaimStage
from domain.codec import Recorded
from domain.events import (
    ClaimAssembled,
    ClaimChecked,
    ClaimDecided,
    ClaimPaid,
    ClaimPaymentOrdered,
    DeliveriesClaimed,
    DeliveryRecorded,
    PaymentRecorded,
)
from domain.money import euros
from domain.trail.grounds import Source
from domain.trail.lines import LineTrail, line_trail
from domain.trail.steps import Step, dm, facts, step


def claim_steps(claim: Claim, history: Iterable[Recorded]) -> Iterator[Step]:
    """In order."""
    for told in history:
        match told.event:
            case ClaimAssembled() as made:
                cents = sum(row.cents for row in claim.rows)
                sentence = (
                    f"{made.provider_id} claims what it delivered in {made.municipality} until the end of "
                    f"{made.month:%m.%Y}: {len(claim.rows)} rows, {euros(cents)} euros."
                )
                yield step("claim", told, sentence, cents=cents)
            case ClaimDecided() as decided:
                yield step("decision", told, f"The municipality rejected {len(decided.rejections)} rows.")
            case ClaimChecked(complete=True):
                accepted = sum(1 for each in claim.verdicts.values() if each.verdict == "accepted")
                sentence = (
                    f"Checked: {accepted} of {len(claim.rows)} rows accepted, {euros(claim.accepted_cents)} euros."
                )
                yield step("verdict", told, sentence, cents=claim.accepted_cents)
            case ClaimPaymentOrdered() as order:
                sentence = f"Paid on {dm(order.paid_on)} as {order.reference}: {euros(order.cents)} euros."
                yield step("payment", told, sentence, day=order.paid_on, cents=order.cents)
            case ClaimPaid():
                yield step("booked", told, "The payment stands in the books of every journey.")
            case _:
                pass


def of_rows(source: Source, rows: Iterable[ClaimRow]) -> Iterator[LineTrail]:
    """One journey's rows, by line, back to where their money comes from."""
    deliveries = {event.delivery_id: event.line_id for _, event in facts(source.journey, DeliveryRecorded)}
    named = [row.delivery_id for row in rows if row.delivery_id in deliveries]
    for line_id in dict.fromkeys(deliveries[each] for each in named):
        yield line_trail(source, line_id, {each for each in named if deliveries[each] == line_id})


def line_amiss(trail: LineTrail) -> Iterator[str]:
    told = asdict(trail.told)
    for name, cents in asdict(trail.books).items():
        if cents != told[name]:
            yield (
                f"{trail.journey_id}/{trail.line.line_id}: the books say {name.replace('_', ' ')} {euros(cents)}, the facts "
                f"come to {euros(told[name])} euros."
            )


def claim_amiss(claim: Claim, history: Iterable[Recorded]) -> Iterator[str]:
    for _, order in facts(history, ClaimPaymentOrdered):
        if order.cents != claim.accepted_cents:
            yield (
                f"{claim.claim_id}: {euros(claim.accepted_cents)} euros were accepted, {euros(order.cents)} ordered to be paid."
            )


def journey_amiss(claim: Claim, rows: Iterable[ClaimRow], history: Sequence[Recorded]) -> Iterator[str]:
    """Whether a journey accepted and paid what the claim says of its rows."""
    journey_id = history[0].stream_id
    verdicts = [claim.verdicts[row.delivery_id] for row in rows if row.delivery_id in claim.verdicts]
    noted = sum(each.cents for each in verdicts if each.verdict == "accepted")
    accepted = sum(
        row.cents
        for _, event in facts(history, DeliveriesClaimed)
        if event.claim_id == claim.claim_id
        for row in event.rows
        if row.verdict == "accepted"
    )
    paid = sum(
        event.cents - event.set_off_cents
        for _, event in facts(history, PaymentRecorded)
        if event.claim_id == claim.claim_id
    )
    if claim.stage not in (ClaimStage.ASSEMBLED, ClaimStage.BEING_CHECKED) and accepted != noted:
        yield f"{journey_id} accepted {euros(accepted)} euros of {claim.claim_id}, the claim says {euros(noted)}."
    if claim.stage is ClaimStage.PAID and paid != noted:
        yield f"{journey_id} was paid {euros(paid)} euros of {claim.claim_id}, the claim says {euros(noted)}."
