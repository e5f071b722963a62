"""What a caller sees of a hand-over: each case with what became of it, on the way there and back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from activities.folding import Streams
from domain.care import CaseResult
from domain.deciders import HANDOVERS
from domain.decision import Actor
from domain.handovers import HandOver
from starter.access import PROBLEMS, Parts, StreamId, caller_of, readable
from starter.views import View


class HandedCaseView(View):
    """`result` is null while it is under way; `given_back` likewise once it is taken back, and for cases that are not."""

    journey_id: str
    to: str
    result: str | None
    given_back: str | None


class HandOverView(View):
    handover_id: str
    version: int
    municipality: str
    from_manager: str
    done: int
    undone: bool
    cases: tuple[HandedCaseView, ...]


def handover_reading(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["reading"])
    handovers: Streams[HandOver] = Streams(parts.store, parts.codec, HANDOVERS)

    @router.get("/handovers/{id}", operation_id="get-handover")
    async def handover(
        id: StreamId, actor: Annotated[Actor, Depends(caller_of(parts))], response: Response
    ) -> HandOverView:
        """How far it is, and what became of each case."""
        await readable(parts, "handovers", id, actor)
        folded, _ = await handovers.at_latest(id)
        assert folded.state is not None, "it was found a moment ago"
        response.headers["ETag"] = f'"{folded.version}"'
        return _view(folded.state, folded.version)

    return router


def _view(state: HandOver, version: int) -> HandOverView:
    return HandOverView(
        handover_id=state.handover_id,
        version=version,
        municipality=state.municipality,
        from_manager=state.from_manager,
        done=len(state.results),
        undone=state.undone,
        cases=tuple(
            HandedCaseView(
                journey_id=each,
                to=state.receiver(each),
                result=_code(state.results.get(each)),
                given_back=_code(state.given_back.get(each)),
            )
            for each in state.journeys
        ),
    )


def _code(result: CaseResult | None) -> str | None:
    return None if result is None else result.code
