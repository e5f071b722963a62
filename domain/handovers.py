"""Handing over a caseload: who is ill or leaves gives all cases on in one order, and it can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Self, assert_never

from pydantic import Field, model_validator

from domain.care import CaseResult
from domain.decision import Command, Context, Decision, NotForThisRole, Rejected, Role
from domain.events import CasesGivenBack, CasesHandedOver, Event, HandOverOrdered, HandOverUndone
from domain.fields import Code, Id, Words

ORDERERS = frozenset({Role.LEAD, Role.COORDINATOR, Role.SYSTEM})
CASES_MAX = 2_000
HANDED_OVER = "handed_over"


class HandedOverTwice(Rejected):
    """This hand-over exists already."""

    code = "hand_over_exists"


class NotOverYet(Rejected):
    """The hand-over is still under way; of {all} cases {done} have an answer."""

    code = "hand_over_under_way"


class UndoneAlready(Rejected):
    """This hand-over was taken back already."""

    code = "undone_already"


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOver:
    """`results` by journey, and `given_back` by those of them that were to be taken back."""

    handover_id: str
    municipality: str
    from_manager: str
    to: tuple[str, ...]
    journeys: tuple[str, ...]
    results: Mapping[str, CaseResult] = field(default_factory=dict)
    undone: bool = False
    given_back: Mapping[str, CaseResult] = field(default_factory=dict)

    def receiver(self, journey_id: str) -> str:
        """In turn, where several share the caseload."""
        return self.to[self.journeys.index(journey_id) % len(self.to)]

    @property
    def to_give_back(self) -> tuple[str, ...]:
        return tuple(each for each in self.journeys if each in self.results and self.results[each].code == HANDED_OVER)


class HandOverCommand(Command):
    kind = "handovers"
    stage = "handover"
    part = "cases"


class HandOverCaseload(HandOverCommand):
    """Hand over these cases of one case manager, as the work queue shows them, to others of the same municipality, in turn. A
    case that is somebody else's by then stays with them."""

    name = "hand-over-caseload"
    creates = True

    municipality: Code
    from_manager: Code
    to: Annotated[tuple[Code, ...], Field(min_length=1, max_length=50)]
    journeys: Annotated[tuple[Id, ...], Field(min_length=1, max_length=CASES_MAX)]
    reason: Words

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({*self.journeys}) < len(self.journeys):
            raise ValueError("journeys: a case is named twice")
        if len({*self.to}) < len(self.to) or self.from_manager in self.to:
            raise ValueError("to: each takes over once, and nobody from themselves")
        return self


class UndoHandOver(HandOverCommand):
    """Take a hand-over back: each case that is still with who took it over returns to who had it."""

    name = "undo-hand-over"

    reason: Words


class NoteCases(HandOverCommand):
    """Note what became of some of the cases, on the way there or back."""

    name = "note-cases"
    internal = True

    back: bool
    results: tuple[CaseResult, ...]


COMMANDS: tuple[type[HandOverCommand], ...] = (HandOverCaseload, UndoHandOver, NoteCases)


def decide(command: Command, state: HandOver | None, context: Context) -> Decision:
    if context.actor.role not in ORDERERS:
        raise NotForThisRole(command=command.name, role=context.actor.role.replace("_", " "))
    return Decision(events=(_fact(command, state),))


def _fact(command: Command, state: HandOver | None) -> Event:
    match command, state:
        case HandOverCaseload(), None:
            return HandOverOrdered(**dict(command))
        case HandOverCaseload(), _:
            raise HandedOverTwice
        case UndoHandOver(), HandOver(undone=True):
            raise UndoneAlready
        case UndoHandOver(), HandOver(results=results, journeys=journeys) if len(results) < len(journeys):
            raise NotOverYet(all=len(journeys), done=len(results))
        case UndoHandOver(), HandOver():
            return HandOverUndone(reason=command.reason)
        case NoteCases(back=True), HandOver():
            return CasesGivenBack(results=command.results)
        case NoteCases(), HandOver():
            return CasesHandedOver(results=command.results)
    raise AssertionError(command)


LaterEvent = CasesHandedOver | HandOverUndone | CasesGivenBack


def evolve(state: HandOver | None, event: Event, stream_id: str, version: int) -> HandOver:
    if isinstance(event, HandOverOrdered):
        return HandOver(
            handover_id=stream_id,
            municipality=event.municipality,
            from_manager=event.from_manager,
            to=event.to,
            journeys=event.journeys,
        )
    if state is None or not isinstance(event, LaterEvent):
        raise ValueError(f"{event.type} does not belong into a hand-over's stream")
    match event:
        case CasesHandedOver():
            return replace(state, results={**state.results, **{each.journey_id: each for each in event.results}})
        case CasesGivenBack():
            return replace(state, given_back={**state.given_back, **{each.journey_id: each for each in event.results}})
        case HandOverUndone():
            return replace(state, undone=True)
    assert_never(event)
