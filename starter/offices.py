"""What a caller sees of an office: who works there and who stands in for whom. Mail addresses stay in its events."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from activities.folding import Streams
from domain.deciders import OFFICES
from domain.decision import Actor
from domain.staff import Office
from starter.access import PROBLEMS, Parts, StreamId, caller_of, readable
from starter.views import View


class StaffView(View):
    staff_id: str
    role: str
    language: str


class AbsenceView(View):
    absence_id: str
    staff_id: str
    from_on: date
    to_on: date
    stand_in: str


class OfficeView(View):
    municipality: str
    version: int
    staff: tuple[StaffView, ...]
    absences: tuple[AbsenceView, ...]


def office_reading(parts: Parts) -> APIRouter:
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["reading"])
    offices: Streams[Office] = Streams(parts.store, parts.codec, OFFICES)

    @router.get("/offices/{id}", operation_id="get-office")
    async def office(
        id: StreamId, actor: Annotated[Actor, Depends(caller_of(parts))], response: Response
    ) -> OfficeView:
        """Who works there, in which role, and who is away until when."""
        await readable(parts, "offices", id, actor)
        folded, _ = await offices.at_latest(id)
        assert folded.state is not None, "it was found a moment ago"
        response.headers["ETag"] = f'"{folded.version}"'
        return office_view(folded.state, folded.version)

    return router


def office_view(state: Office, version: int) -> OfficeView:
    return OfficeView(
        municipality=state.municipality,
        version=version,
        staff=tuple(
            StaffView(staff_id=each.staff_id, role=each.role, language=each.language)
            for _, each in sorted(state.staff.items())
        ),
        absences=tuple(AbsenceView.model_validate(asdict(each)) for each in state.absences.values()),
    )
