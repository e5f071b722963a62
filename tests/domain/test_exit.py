"""Exit: the place is freed, money that nobody ordered goes back at once, the rest when nothing can follow any more."""

from __future__ import annotations

from datetime import date

import pytest

from domain import journey
from domain.care import ExitReason, Release
from domain.deciders import NotInTheProgramme
from domain.decision import BeforeBeginning, DateInFuture, WrongStage
from domain.due import Due
from domain.events import BudgetSettled, ChallengeLapsed, JourneyExited, PlaceFreed
from domain.stages.exit import DestinationMissing, ExitBeforeDelivery, ExitJourney, QualityOfLifeMissing
from domain.stages.throughout import ChallengeDecision, DecideChallenge, RaiseReminders
from domain.states import Exited, Journey
from tests.domain.given import JOURNEY, Given, given
from tests.domain.steps import (
    HELPED,
    accepted,
    assessed,
    budgeted,
    in_delivery,
    leaving,
    order,
    paid,
    referred,
    refused,
    review,
    visit,
)
from tests.domain.test_budgeting import five_numbers
from tests.domain.test_delivery import correction

WINDOW_ENDS = date(2026, 4, 27)  # 30 days after the exit is a Saturday
DAY_AFTER = date(2026, 4, 28)


def gone() -> Given[Journey]:
    """Two of ten hours delivered, five ordered."""
    return given(budgeted(), order(minutes=300), HELPED, visit(minutes=120), leaving(on=HELPED))


def test_the_person_leaves_and_the_place_is_free() -> None:
    answer = (
        given(budgeted(), order(), HELPED)
        .when(leaving(on=HELPED))
        .then(
            JourneyExited(
                on=HELPED,
                reason="goal_reached",
                note=None,
                quality_of_life=8,
                destination=None,
                challenge_until=Due(
                    on=WINDOW_ENDS,
                    remind_on=date(2026, 4, 20),
                    escalate_on=date(2026, 4, 30),
                    rule="demo.settings@2026/challenge-window-30-days",
                ),
                decision_id="decision-3",
            ),
            BudgetSettled(released=(Release(line_id="recovery", cents=29917),)),
        )
    )
    answer.agreement_then(PlaceFreed(journey_id=JOURNEY, on=HELPED))
    state = answer.leads_to(Exited)
    assert (state.on, state.reason, state.file.place) == (HELPED, "goal_reached", None)


JUNE = date(2026, 6, 1)


def test_the_budget_is_settled_by_the_share_of_the_days_gone_by() -> None:
    """78 of the line's 169 days: of 320.00 euros, all ordered, 147.70 are kept for help that is told late."""
    case = in_delivery(visit(minutes=120), JUNE)
    answer = case.when(leaving(on=JUNE))
    answer.then(JourneyExited, BudgetSettled(released=(Release(line_id="recovery", cents=17230),)))
    assert five_numbers(answer.after) == (14770, 14770, 6400, 0, 0)


def test_what_was_never_ordered_is_given_back_at_once() -> None:
    case = given(budgeted(), order(minutes=180), JUNE, leaving(on=JUNE))
    assert five_numbers(case) == (9600, 9600, 0, 0, 0)


def test_what_was_delivered_is_kept_however_early() -> None:
    assert five_numbers(gone()) == (6400, 6400, 6400, 0, 0)


def test_one_may_leave_at_any_stage() -> None:
    for case in (referred(), accepted(), assessed(), given(in_delivery(), review(outcome="exit", on=HELPED))):
        case.on(HELPED).when(leaving("own_wish", on=HELPED)).leads_to(Exited)


def test_who_has_no_place_frees_none() -> None:
    referred().when(leaving("own_wish", on=date(2026, 3, 5))).then(JourneyExited).agreement_then()


def test_one_leaves_once() -> None:
    for case in (gone(), refused()):
        case.when(leaving(on=HELPED)).refused(WrongStage)


# ── What is asked at exit ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("reason", ["goal_reached", "own_wish", "state_service", "not_eligible_any_more"])
def test_quality_of_life_is_measured_at_exit(reason: ExitReason) -> None:
    in_delivery().when(ExitJourney(on=HELPED, reason=reason)).refused(QualityOfLifeMissing, field="quality_of_life")


@pytest.mark.parametrize("reason", ["died", "no_contact"])
def test_who_cannot_be_asked_is_not(reason: ExitReason) -> None:
    in_delivery().when(ExitJourney(on=HELPED, reason=reason)).leads_to(Exited)


def test_who_never_had_help_is_not_asked() -> None:
    accepted().when(ExitJourney(on=date(2026, 3, 12), reason="own_wish")).leads_to(Exited)


def test_who_moves_moves_somewhere_that_is_known() -> None:
    in_delivery().when(leaving("moved_municipality", on=HELPED)).refused(DestinationMissing, field="destination")
    in_delivery().when(leaving("moved_municipality", on=HELPED, destination="narnia")).refused(
        NotInTheProgramme, says="narnia"
    )
    moved = in_delivery().when(leaving("moved_municipality", on=HELPED, destination="parnu"))
    assert moved.the(JourneyExited).destination == "parnu"


# ── When ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_left_before_the_last_help_they_had() -> None:
    in_delivery(visit()).when(leaving(on=date(2026, 3, 25))).refused(ExitBeforeDelivery, field="on", says="2026-03-26")
    in_delivery(visit(), correction(0)).when(leaving(on=date(2026, 3, 25))).leads_to(Exited)


def test_an_exit_is_neither_of_tomorrow_nor_from_before_the_beginning() -> None:
    in_delivery().when(leaving(on=date(2026, 3, 27))).refused(DateInFuture, field="on")
    in_delivery().when(leaving(on=date(2026, 3, 1))).refused(BeforeBeginning, field="on")


# ── Until all is settled ─────────────────────────────────────────────────────────────────────────────────────────────


def test_when_the_exit_cannot_be_challenged_any_more_what_was_not_delivered_is_given_back() -> None:
    """Until then late deliveries may come in; the budget's own window of challenge has ended before."""
    left = in_delivery(visit(minutes=120), JUNE, leaving(on=JUNE), date(2026, 7, 1), RaiseReminders())
    answer = left.on(date(2026, 7, 2)).when(RaiseReminders())
    answer.then(ChallengeLapsed, BudgetSettled(released=(Release(line_id="recovery", cents=8370),), final=True))
    assert five_numbers(answer.after) == (6400, 6400, 6400, 0, 0)


def lapsed() -> Given[Journey]:
    return given(gone(), DAY_AFTER, RaiseReminders())


def test_all_is_settled_when_it_is_over_and_paid_and_past_challenging() -> None:
    assert not journey.settled(given(gone(), *paid()).known)
    assert not journey.settled(lapsed().known)
    assert journey.settled(given(lapsed(), *paid()).known)


def test_an_open_challenge_is_not_settled() -> None:
    challenge = ChallengeDecision(decision_id="decision-3", filed_on=HELPED, grounds="I did not want to leave.")
    case = given(gone(), *paid(), challenge, DAY_AFTER, RaiseReminders())
    assert not journey.settled(case.known)
    decision = DecideChallenge(challenge_id="challenge-1", on=DAY_AFTER, upheld=False, reasons="She signed it.")
    assert journey.settled(given(case, decision).known)


def test_what_was_given_back_cannot_be_delivered_any_more() -> None:
    assert lapsed().when(visit()).refusal is not None


def test_a_refusal_is_settled_when_its_time_of_challenge_is_over() -> None:
    assert not journey.settled(refused().known)
    assert not journey.settled(given(refused(), date(2026, 4, 6), RaiseReminders()).known)
    assert journey.settled(given(refused(), date(2026, 4, 7), RaiseReminders()).known)
