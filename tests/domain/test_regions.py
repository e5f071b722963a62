"""Regions: each gap may have an action, an owner and an outcome; one action at a time."""

from __future__ import annotations

from datetime import date, timedelta

from domain.deciders import REGIONS, NotInTheProgramme
from domain.decision import DateInFuture
from domain.events import GapActionRecorded, GapClosed
from domain.providers import UnknownComponent
from domain.regions import (
    CloseGap,
    GapClosedAlready,
    GapDueInPast,
    GapInHand,
    GapNotOpenThen,
    GapOfWhat,
    RecordGapAction,
    UnknownGap,
)
from tests.domain.given import MONDAY, TOWN, a_region, given

DUE, DONE = date(2026, 6, 30), date(2026, 5, 4)


def act(
    *, component: str | None = "leisure", life_area: str | None = None, due_on: date = DUE, town: str = TOWN
) -> RecordGapAction:
    return RecordGapAction(
        municipality=town,
        component=component,
        life_area=life_area,
        action="Ask the youth centre to open one evening a week.",
        owner="lead.tori",
        due_on=due_on,
    )


def close(*, gap_id: str = "gap-1", on: date = DONE) -> CloseGap:
    return CloseGap(gap_id=gap_id, on=on, outcome="The youth centre signed a contract.")


def test_what_is_done_about_a_gap_by_whom_and_until_when() -> None:
    told = GapActionRecorded(gap_id="gap-1", since=MONDAY, **dict(act()))
    state = a_region().when(act()).then(told).state
    found = state.latest(component="leisure")
    assert found is not None
    assert (found.owner, found.due_on, found.outcome) == ("lead.tori", DUE, None)
    assert state.latest(component="personal") is None
    assert act().stream_named() == "region-tori"


def test_and_what_came_of_it() -> None:
    case = given(a_region(), act(), DONE)
    state = case.when(close()).then(GapClosed(**dict(close()))).state
    found = state.latest(component="leisure")
    assert found is not None
    assert (found.closed_on, found.outcome) == (DONE, "The youth centre signed a contract.")


def test_a_whole_life_area_may_lack_help_too() -> None:
    state = a_region().when(act(component=None, life_area="free_time")).then(GapActionRecorded).state
    assert state.latest(life_area="free_time") is not None


def test_a_gap_is_of_one_thing_that_there_is() -> None:
    a_region().when(act(component=None)).refused(GapOfWhat, field="component")
    a_region().when(act(life_area="free_time")).refused(GapOfWhat, field="component")
    a_region().when(act(component="horse.riding")).refused(UnknownComponent, field="component", says="horse.riding")
    a_region().when(act(component=None, life_area="sailing")).refused(NotInTheProgramme, says="sailing")
    a_region().when(act(town="narnia")).refused(NotInTheProgramme, says="narnia")


def test_one_action_at_a_time_and_after_its_outcome_the_next() -> None:
    case = given(a_region(), act())
    case.when(act()).refused(GapInHand, field="component", says="lead.tori is at work on this gap until 2026-06-30")
    case.when(act(component="personal")).then(GapActionRecorded)
    again = given(case, DONE, close(), act())
    latest = again.known.latest(component="leisure")
    assert latest is not None
    assert (latest.gap_id, latest.outcome, len(again.known.actions)) == ("gap-2", None, 2)


def test_an_action_is_still_to_come() -> None:
    a_region().when(act(due_on=MONDAY)).then(GapActionRecorded)
    a_region().when(act(due_on=MONDAY - timedelta(days=1))).refused(GapDueInPast, field="due_on")


def test_a_gap_is_closed_once_while_it_is_open_and_not_in_future() -> None:
    case = given(a_region(), act(), DONE)
    case.when(close(gap_id="gap-9")).refused(UnknownGap, field="gap_id", says="gap-9")
    a_region().when(close(on=MONDAY)).refused(UnknownGap, field="gap_id")
    case.when(close(on=DONE + timedelta(days=1))).refused(DateInFuture, field="on")
    case.when(close(on=MONDAY - timedelta(days=1))).refused(GapNotOpenThen, field="on")
    given(case, close()).when(close()).refused(GapClosedAlready, field="gap_id", says="2026-05-04")


def test_the_municipality_acts_in_its_own_region() -> None:
    assert REGIONS.belongs_to(act(), None) == {TOWN}
    assert REGIONS.belongs_to(close(), given(a_region(), act()).known) == {TOWN}
