"""Claims as a municipality and a provider look at them: every row with what became of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from activities.folding import Streams
from domain.claims import Claim
from domain.deciders import CLAIMS
from domain.decision import Actor
from starter.access import PROBLEMS, Parts, StreamId, caller_of, readable
from starter.views import ClaimView, claim_view


def claiming(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1/claims", responses=PROBLEMS, tags=["claims"])
    claims: Streams[Claim] = Streams(parts.store, parts.codec, CLAIMS)
    Caller = Annotated[Actor, Depends(caller_of(parts))]  # noqa: N806 — a type, made here because it needs `parts`

    @router.get("/{id}", operation_id="get-claim")
    async def claim(id: StreamId, actor: Caller, response: Response) -> ClaimView:
        """A claim with its rows, and what became of each."""
        await readable(parts, "claims", id, actor)
        folded, _ = await claims.at_latest(id)
        assert folded.state is not None
        response.headers["ETag"] = f'"{folded.version}"'
        return claim_view(folded.state, folded.version)

    return router
