"""A place is kept while it is not used, used again, and reckoned with as free from the day of a planned exit."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.agreement import Suspension
from domain.decision import DateInFuture
from domain.events import (
    ExitPlanned,
    HoldingExitPlanned,
    HoldingResumed,
    HoldingSuspended,
    PlaceResumed,
    PlaceSuspended,
)
from domain.stages.holding import (
    BeforePlace,
    ExitPlannedInPast,
    HelpedSince,
    HoldsNoPlace,
    NotSuspended,
    PlanExit,
    ResumedTooEarly,
    ResumePlace,
    SuspendedAlready,
    SuspendPlace,
)
from domain.states import PlannedExit
from tests.domain.given import JOURNEY, given
from tests.domain.steps import ASSESSED, DECIDED, HELPED, accepted, in_delivery, leaving, postponed, referred, visit

BACK = ASSESSED + timedelta(days=5)


def in_hospital(from_on: date = ASSESSED) -> SuspendPlace:
    return SuspendPlace(from_on=from_on, reason="In hospital.")


def test_a_place_is_kept_from_a_day_on_and_the_words_stay_in_the_journey() -> None:
    answer = accepted().when(in_hospital()).then(PlaceSuspended(from_on=ASSESSED, reason="In hospital."))
    answer.agreement_then(HoldingSuspended(journey_id=JOURNEY, from_on=ASSESSED))
    assert answer.state.file.suspensions == (Suspension(from_on=ASSESSED),)
    agreement = answer.after.agreement
    assert agreement is not None
    assert agreement.holdings[JOURNEY].suspensions == (Suspension(from_on=ASSESSED),)
    assert agreement.room_from(ASSESSED) == 1  # of two: it still counts


def test_a_place_is_used_again_from_a_day_on() -> None:
    case = given(accepted(), in_hospital()).on(BACK)
    answer = case.when(ResumePlace(on=BACK)).then(PlaceResumed(on=BACK))
    answer.agreement_then(HoldingResumed(journey_id=JOURNEY, on=BACK))
    (suspension,) = answer.state.file.suspensions
    assert [suspension.on(ASSESSED + timedelta(days=n)) for n in (-1, 0, 4, 5)] == [False, True, True, False]


def test_a_suspension_that_lasted_no_day_was_none() -> None:
    assert given(accepted(), in_hospital(), ResumePlace(on=ASSESSED)).known.file.suspensions == ()


def test_a_place_is_suspended_once_at_a_time_and_from_its_first_day_on() -> None:
    once = given(accepted(), in_hospital())
    once.when(in_hospital()).refused(SuspendedAlready, field="from_on", says=str(ASSESSED))
    again = given(once.on(BACK), ResumePlace(on=BACK))
    again.when(in_hospital(BACK - timedelta(days=1))).refused(SuspendedAlready, field="from_on")
    again.when(in_hospital(BACK)).then(PlaceSuspended)
    accepted().when(in_hospital(DECIDED - timedelta(days=1))).refused(BeforePlace, field="from_on", says=str(DECIDED))
    accepted().when(in_hospital(BACK)).refused(DateInFuture, field="from_on")


def test_help_that_was_delivered_shows_that_the_place_was_in_use() -> None:
    case = in_delivery(visit())
    case.when(in_hospital(HELPED)).refused(HelpedSince, field="from_on", says=str(HELPED))
    given(case, HELPED + timedelta(days=1)).when(in_hospital(HELPED + timedelta(days=1))).then(PlaceSuspended)


def test_only_what_is_suspended_is_used_again_and_not_before() -> None:
    accepted().when(ResumePlace(on=ASSESSED)).refused(NotSuspended)
    case = given(accepted(), in_hospital())
    case.when(ResumePlace(on=DECIDED)).refused(ResumedTooEarly, field="on", says=str(DECIDED))
    case.when(ResumePlace(on=BACK)).refused(DateInFuture, field="on")


def test_an_exit_is_planned_planned_anew_and_taken_back() -> None:
    summer, autumn = date(2026, 7, 1), date(2026, 10, 1)
    planned = accepted().when(PlanExit(on=summer, reason="goal_reached"))
    planned.then(ExitPlanned(on=summer, reason="goal_reached"))
    planned.agreement_then(HoldingExitPlanned(journey_id=JOURNEY, on=summer))
    assert planned.state.file.planned_exit == PlannedExit(on=summer, reason="goal_reached")
    later = given(planned.after, PlanExit(on=autumn, reason="moved_municipality"))
    assert later.known.file.planned_exit == PlannedExit(on=autumn, reason="moved_municipality")
    back = given(later, PlanExit())
    assert back.known.file.planned_exit is None
    agreement = back.agreement
    assert agreement is not None
    assert agreement.holdings[JOURNEY].exit_planned_on is None


def test_a_planned_exit_lies_ahead_and_has_a_reason() -> None:
    accepted().when(PlanExit(on=DECIDED, reason="died")).refused(ExitPlannedInPast, field="on", says=str(DECIDED))
    with pytest.raises(ValueError, match="on and reason belong together"):
        PlanExit(on=ASSESSED)


@pytest.mark.parametrize("command", [in_hospital(), ResumePlace(on=ASSESSED), PlanExit()], ids=lambda c: c.name)
def test_who_has_no_place_has_nothing_to_suspend_or_to_leave(command: PlanExit) -> None:
    for case in (referred(), postponed(), given(accepted(), leaving("own_wish", on=ASSESSED))):
        case.when(command).refused(HoldsNoPlace)
