"""Review: what was reached, and what follows from it; three of progress, then a full one."""

from __future__ import annotations

from datetime import date

import pytest

from domain.care import ReviewOutcome
from domain.decision import BeforeBeginning, DateInFuture, WrongStage
from domain.events import ReviewHeld
from domain.stages.review import FullReviewDue, LifeAreasMissing, UnknownReviewGoal, WrongReviewDegree
from domain.states import AwaitingAssessment, AwaitingExit, AwaitingPlan, InDelivery, Journey
from tests.domain.given import Given, given
from tests.domain.steps import HELPED, agreed, in_delivery, review

DUE = date(2026, 6, 22)  # three months after the budget: the 20th is a Saturday


def reviewed(times: int) -> Given[Journey]:
    """So many reviews held, each of the kind and on the day that was due."""
    case = in_delivery()
    for _ in range(times):
        state = case.known
        assert isinstance(state, InDelivery)
        case = given(
            case,
            state.review_due.on,
            review("full" if state.review_kind == "full" else "progress", on=state.review_due.on),
        )
    return case


def test_a_review_looks_at_need_goals_and_quality_of_life_and_things_go_on() -> None:
    answer = in_delivery(DUE).when(review(on=DUE, goals_met=("out",))).then(ReviewHeld)
    held = answer.the(ReviewHeld)
    assert (held.plan_id, held.kind, held.goals_met, held.quality_of_life) == ("plan-1", "progress", ("out",), 5)
    assert answer.leads_to(InDelivery).review_due.on == date(2026, 9, 22)


@pytest.mark.parametrize(
    ("outcome", "state", "due"),
    [
        ("change_plan", AwaitingPlan, date(2026, 7, 15)),
        ("reassess", AwaitingAssessment, date(2026, 7, 22)),
        ("exit", AwaitingExit, date(2026, 7, 8)),
    ],
)
def test_a_review_leads_back_or_out(outcome: ReviewOutcome, state: type[Journey], due: date) -> None:
    """15, 20 and 10 working days, of which Midsummer has two that are none."""
    answer = in_delivery(DUE).when(review(outcome=outcome, on=DUE))
    answer.leads_to(state)
    assert answer.the(ReviewHeld).next_due.on == due


def test_three_reviews_of_progress_are_followed_by_a_full_one_a_year_after_the_first_budget() -> None:
    kinds, states = [], []
    for times in range(9):
        state = reviewed(times).known
        assert isinstance(state, InDelivery)
        kinds.append(state.review_kind)
        states.append(state)
    assert kinds == ["progress", "progress", "progress", "full", "progress", "progress", "progress", "full", "progress"]
    assert states[3].review_due.on == date(2027, 3, 22)


def test_when_a_full_review_is_due_one_of_progress_is_not_enough() -> None:
    state = reviewed(3).known
    assert isinstance(state, InDelivery)
    case = reviewed(3).on(state.review_due.on)
    case.when(review("progress", on=state.review_due.on)).refused(FullReviewDue, field="review")
    case.when(review("full", on=state.review_due.on)).then(ReviewHeld)


def test_a_review_in_between_does_not_put_off_the_full_one() -> None:
    """Else one of progress every three months would keep the yearly one away for ever."""
    before = reviewed(3).known
    assert isinstance(before, InDelivery)
    between = date(2027, 2, 1)
    after = reviewed(3).on(between).when(review("progress", on=between)).leads_to(InDelivery)
    assert (after.review_kind, after.review_due) == ("full", before.review_due)


def test_a_full_review_may_come_at_any_time_and_starts_the_year_anew() -> None:
    answer = in_delivery(DUE).when(review("full", on=DUE))
    assert answer.leads_to(InDelivery).review_kind == "progress"


def test_a_full_review_looks_at_every_life_area() -> None:
    partly = review("full", on=HELPED).model_copy(update={"need_by_life_area": {"mental_health": 2}})
    in_delivery().when(partly).refused(LifeAreasMissing, field="need_by_life_area", says="daily_living, employment")
    in_delivery().when(partly.model_copy(update={"review": "progress"})).then(ReviewHeld)


@pytest.mark.parametrize(("area", "degree"), [("mental_health", 5), ("mental_health", -1), ("wealth", 1)])
def test_a_review_speaks_of_degrees_of_need_in_life_areas(area: str, degree: int) -> None:
    wrong = review(on=HELPED).model_copy(update={"need_by_life_area": {area: degree}})
    in_delivery().when(wrong).refused(WrongReviewDegree, field="need_by_life_area", says=area)


def test_goals_met_are_those_of_the_plan_under_review() -> None:
    in_delivery().when(review(on=HELPED, goals_met=("fly",))).refused(UnknownReviewGoal, field="goals_met", says="fly")


def test_a_review_is_neither_of_tomorrow_nor_from_before_the_beginning() -> None:
    in_delivery().when(review(on=date(2026, 3, 27))).refused(DateInFuture, field="on")
    in_delivery().when(review(on=date(2026, 3, 1))).refused(BeforeBeginning, field="on")


def test_only_help_that_is_given_is_reviewed() -> None:
    agreed().when(review(on=HELPED)).refused(WrongStage)
    given(in_delivery(), review(outcome="exit", on=HELPED)).when(review(on=HELPED)).refused(WrongStage)
