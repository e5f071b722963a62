"""A caseload on its way from one case manager to others, or back: each journey answers for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from temporalio import activity

from activities.claiming import AT_ONCE, Steps
from activities.messages import Message, Submission, own_step
from activities.recording import Recorder
from domain.care import CaseResult
from domain.claims import pieces
from domain.handovers import HandOver

HAND_OVER = "hand-over"
AT_A_TIME = 100  # cases noted together


class CasesToHandOver(Message):
    handover_id: str
    back: bool
    at: datetime


def hand_over(recorder: Recorder, steps: Steps) -> Callable[[CasesToHandOver], Awaitable[None]]:
    """Safe to repeat from anywhere: each case's step has a command id of its own, and answers again what it answered."""

    @activity.defn(name=HAND_OVER)
    async def handed(what: CasesToHandOver) -> None:
        state = (await recorder.handovers.at_latest(what.handover_id))[0].state
        assert state is not None, f"{what.handover_id} was ordered, so it is there"
        noted = state.given_back if what.back else state.results
        wanted = state.to_give_back if what.back else state.journeys
        for number, some in enumerate(pieces(wanted, AT_A_TIME)):
            if all(journey_id in noted for journey_id in some):
                continue
            results = await _of_all(recorder, steps, state, some, what)
            data: dict[str, object] = {"back": what.back, "results": [each.model_dump(mode="json") for each in results]}
            note = own_step("note-cases", what.handover_id, str(what.back), str(number), data=data)
            await recorder.record(note.model_copy(update={"at": what.at}))

    return handed


async def _of_all(
    recorder: Recorder, steps: Steps, state: HandOver, journeys: tuple[str, ...], what: CasesToHandOver
) -> list[CaseResult]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def ask(journey_id: str) -> CaseResult:
        async with turns:
            result = await _case(recorder, steps, state, journey_id, back=what.back)
            activity.heartbeat()
            return result

    return list(await asyncio.gather(*(ask(each) for each in journeys)))


async def _case(recorder: Recorder, steps: Steps, state: HandOver, journey_id: str, *, back: bool) -> CaseResult:
    if (await recorder.journeys.at_latest(journey_id))[0].state is None:
        return CaseResult(journey_id=journey_id, case_manager=None, code="unknown_journey")
    receiver = state.receiver(journey_id)
    giver, taker = (receiver, state.from_manager) if back else (state.from_manager, receiver)
    [answer] = (await steps.submit(_step(state, journey_id, giver, taker, back=back))).rows
    taken = taker if answer.code == "handed_over" else None
    return CaseResult(journey_id=journey_id, case_manager=taken, code=answer.code)


def _step(state: HandOver, journey_id: str, giver: str, taker: str, *, back: bool) -> Submission:
    data: dict[str, object] = {
        "handover_id": state.handover_id,
        "municipality": state.municipality,
        "from_manager": giver,
        "to": taker,
    }
    return own_step("hand-over-case", journey_id, state.handover_id, str(back), data=data)
