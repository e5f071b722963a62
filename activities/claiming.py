"""A claim on its way through the journeys it is about: each checks its own rows, and each books what was paid."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

import structlog
from temporalio import activity

from activities.messages import Message, Outcome, Submission, own_step
from activities.recording import Recorder
from domain.care import ClaimRow, RowVerdict
from domain.claims import Claim, ClaimStage, pieces

log = structlog.get_logger()
SETTLE_CLAIM = "settle-claim"
AT_ONCE = 8  # journeys; each takes its own turn


class ClaimToSettle(Message):
    claim_id: str
    at: datetime


class Steps(Protocol):
    """Hands a step to a stream's workflow, and returns its answer."""

    async def submit(self, step: Submission) -> Outcome: ...


def settle_claim(recorder: Recorder, steps: Steps) -> Callable[[ClaimToSettle], Awaitable[None]]:
    """Safe to repeat from anywhere: each step has a command id of its own, and what was answered once is answered so again."""

    @activity.defn(name=SETTLE_CLAIM)
    async def settle(what: ClaimToSettle) -> None:
        claim = (await recorder.claims.at_latest(what.claim_id))[0].state
        assert claim is not None, f"{what.claim_id} was decided, so it is there"
        with structlog.contextvars.bound_contextvars(stream=claim.claim_id):
            match claim.stage:
                case ClaimStage.BEING_CHECKED:
                    await _note(recorder, what, _noting(claim, await _of_all(steps, _checks(claim))))
                case ClaimStage.BEING_PAID:
                    await _of_all(steps, _payments(claim))
                    await _note(recorder, what, iter([own_step("note-claim-paid", claim.claim_id)]))
                case ClaimStage.ASSEMBLED | ClaimStage.CHECKED | ClaimStage.PAID:
                    log.info("claim settled already", stage=claim.stage)

    return settle


def _checks(claim: Claim) -> Iterator[Submission]:
    rejections = {each.delivery_id: each for each in claim.rejections}
    for journey_id, rows in claim.by_journey().items():
        for number, some in enumerate(pieces(rows)):
            own = [rejections[row.delivery_id] for row in some if row.delivery_id in rejections]
            data: dict[str, object] = {
                "claim_id": claim.claim_id,
                "provider_id": claim.provider_id,
                "deliveries": [row.delivery_id for row in some],
                "rejections": [each.model_dump(mode="json") for each in own],
            }
            yield own_step("check-claimed", journey_id, claim.claim_id, str(number), data=data)


def _payments(claim: Claim) -> Iterator[Submission]:
    for journey_id, rows in claim.by_journey().items():
        if any(_is_to_be_paid(row, claim.verdicts) for row in rows):
            data: dict[str, object] = {
                "claim_id": claim.claim_id,
                "paid_on": str(claim.paid_on),
                "reference": claim.reference,
            }
            yield own_step("pay-claimed", journey_id, claim.claim_id, data=data)


def _is_to_be_paid(row: ClaimRow, verdicts: Mapping[str, RowVerdict]) -> bool:
    verdict = verdicts.get(row.delivery_id)
    return verdict is not None and verdict.verdict == "accepted" and verdict.cents != 0


def _noting(claim: Claim, outcomes: list[Outcome]) -> Iterator[Submission]:
    """The verdicts in the order of the claim's rows, however the journeys answered."""
    said = {row.delivery_id: row for outcome in outcomes for row in outcome.rows}
    rows = [said[row.delivery_id] for row in claim.rows]
    all_of_it = list(pieces(rows))
    for number, piece in enumerate(all_of_it, start=1):
        data: dict[str, object] = {
            "rows": [
                {"delivery_id": row.delivery_id, "verdict": row.code, "reason": row.message or None, "cents": row.cents}
                for row in piece
            ],
            "complete": number == len(all_of_it),
        }
        yield own_step("note-verdicts", claim.claim_id, str(number), data=data)


async def _note(recorder: Recorder, what: ClaimToSettle, steps: Iterator[Submission]) -> None:
    for step in steps:
        await recorder.record(step.model_copy(update={"at": what.at}))


async def _of_all(steps: Steps, wanted: Iterator[Submission]) -> list[Outcome]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(step: Submission) -> Outcome:
        async with turns:
            outcome = await steps.submit(step)
            activity.heartbeat()
            return outcome

    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(ask(step)) for step in wanted]
    return [each.result() for each in asked]
