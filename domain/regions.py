"""Regions: what a municipality does about help that its people need and nobody there offers, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pydantic import Field

from domain.decision import Command, Context, Decision, Rejected
from domain.events import Event, GapActionRecorded, GapClosed
from domain.fields import Code, Id, PublicWords
from domain.parties import GapAction, Region
from domain.providers import UnknownComponent


class GapOfWhat(Rejected):
    """A gap is of one component or of one life area: name one of the two."""

    code = "gap_of_what"
    status = 422


class UnknownGap(Rejected):
    """There is no gap {gap} in this region."""

    code = "unknown_gap"
    status = 422


class GapInHand(Rejected):
    """{owner} is at work on this gap until {due_on}; close that first ({gap})."""

    code = "gap_in_hand"


class GapClosedAlready(Rejected):
    """This gap was closed on {on}."""

    code = "gap_closed_already"


class GapDueInPast(Rejected):
    """{due_on} has passed (today is {today}); an action is still to come."""

    code = "gap_due_in_past"
    status = 422


class GapNotOpenThen(Rejected):
    """{on} lies before {since}, when the action was recorded."""

    code = "gap_not_open_then"
    status = 422


def stream_of(municipality: str) -> str:
    """A region has a natural name, as agreements have."""
    return f"region-{municipality}"


class RegionCommand(Command):
    kind = "regions"
    stage = "region"
    part = "gaps"


class RecordGapAction(RegionCommand):
    """Record what is done about help that is needed here and lacking, by whom and until when."""

    name = "record-gap-action"
    creates = True

    municipality: Code
    component: Code | None = None
    life_area: Code | None = None
    action: PublicWords
    owner: Code
    due_on: date

    def stream_named(self) -> str:
        return stream_of(self.municipality)


class CloseGap(RegionCommand):
    """Record what came of it."""

    name = "close-gap"

    gap_id: Id
    on: date
    outcome: PublicWords = Field(description="words about the region, of no person")


COMMANDS: tuple[type[RegionCommand], ...] = (RecordGapAction, CloseGap)


def decide(command: Command, state: Region | None, context: Context) -> Decision:
    match command:
        case RecordGapAction():
            return Decision(events=(_record(command, state, context),))
        case CloseGap():
            return Decision(events=(_close(command, state, context),))
    raise AssertionError(command)


def _record(command: RecordGapAction, state: Region | None, context: Context) -> GapActionRecorded:
    context.programme.municipality(command.municipality)
    _check_subject(command, context)
    if command.due_on < context.today:
        raise GapDueInPast(field="due_on", due_on=command.due_on, today=context.today)
    known = None if state is None else state.latest(component=command.component, life_area=command.life_area)
    if known is not None and known.closed_on is None:
        raise GapInHand(field="component", owner=known.owner, due_on=known.due_on, gap=known.gap_id)
    return GapActionRecorded(gap_id=context.new_id("gap"), since=context.today, **dict(command))


def _check_subject(command: RecordGapAction, context: Context) -> None:
    if (command.component is None) == (command.life_area is None):
        raise GapOfWhat(field="component")
    catalogue = context.programme.catalogue(context.today)
    if command.component is not None and catalogue.get(command.component) is None:
        raise UnknownComponent(field="component", component=command.component, catalogue=catalogue.version)
    if command.life_area is not None:
        context.programme.life_area(command.life_area)


def _close(command: CloseGap, state: Region | None, context: Context) -> GapClosed:
    context.past(command.on, field="on")
    known = None if state is None else state.actions.get(command.gap_id)
    if known is None:
        raise UnknownGap(field="gap_id", gap=command.gap_id)
    if known.closed_on is not None:
        raise GapClosedAlready(field="gap_id", on=known.closed_on)
    if command.on < known.since:
        raise GapNotOpenThen(field="on", on=command.on, since=known.since)
    return GapClosed(**dict(command))


def evolve(state: Region | None, event: Event, stream_id: str, version: int) -> Region:
    match event:
        case GapActionRecorded():
            known = {} if state is None else state.actions
            told = GapAction(**event.model_dump(exclude={"municipality"}))
            return Region(municipality=event.municipality, actions={**known, event.gap_id: told})
        case GapClosed() if state is not None:
            closed = replace(state.actions[event.gap_id], closed_on=event.on, outcome=event.outcome)
            return replace(state, actions={**state.actions, event.gap_id: closed})
    raise ValueError(f"{event.type} does not belong here in a region's stream")
