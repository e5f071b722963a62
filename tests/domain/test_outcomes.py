"""Outcome measures and ratings: who tells how life is, on which occasion, what it comes to, and that it stays so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain.care import AreaScore
from domain.decision import Actor, BeforeBeginning, DateInFuture, NotForThisRole, Role, WrongStage
from domain.events import MeasureTaken, ServiceRated
from domain.persons import NotTheirCarer
from domain.programme import Answerer, Occasion, Programme
from domain.scoring import SCORERS
from domain.stages.outcomes import (
    AlreadyTold,
    AreaMissing,
    AreaNotAsked,
    CarerNotNamed,
    NoMeasure,
    NotAsked,
    NothingTold,
    NotTheirHelp,
    OccasionDoesNotFit,
    RateService,
    TakeMeasure,
)
from domain.states import Exited
from tests.domain.given import CARER, MONDAY, PROGRAMME, PROVIDER, TOWN, given
from tests.domain.steps import (
    ASSESSED,
    DRAFTED,
    HELPED,
    accepted,
    assessed,
    budgeted,
    in_delivery,
    leaving,
    referred,
    refused,
    review,
    visit,
)

AREAS = tuple(area.code for area in PROGRAMME.life_areas)
SILENT = AreaScore(need=None, importance=None, confidence=None)
LATER = date(2026, 6, 22)
OLD, SCORE = PROGRAMME.measures[0], SCORERS["mean_tenths@1"]


def told(**areas: AreaScore) -> dict[str, AreaScore]:
    return {**dict.fromkeys(AREAS, SILENT), **areas}


def score(need: int | None = 3, importance: int | None = 4, confidence: int | None = 1) -> AreaScore:
    return AreaScore(need=need, importance=importance, confidence=confidence)


def measure(
    occasion: Occasion = "entry",
    by: Answerer = "person",
    *,
    on: date = ASSESSED,
    carer_id: str | None = None,
    scores: dict[str, AreaScore] | None = None,
) -> TakeMeasure:
    scores = told(employment=score()) if scores is None else scores
    return TakeMeasure(occasion=occasion, by=by, on=on, carer_id=carer_id, scores=scores)


def rating(
    component: str = "mental.recovery", provider_id: str | None = PROVIDER, *, on: date = HELPED, by_carer: bool = False
) -> RateService:
    by, carer = ("carer", CARER) if by_carer else ("person", None)
    return RateService.model_validate(
        {"component": component, "provider_id": provider_id, "rating": 4, "by": by, "carer_id": carer, "on": on}
    )


def revised(on: date, scorer: str = "mean_tenths@1") -> Programme:
    """The programme with another version of the measure from that day on."""
    new = replace(OLD, version="life_areas@2", valid_from=on, scorer=scorer)
    return replace(PROGRAMME, measures=(replace(OLD, valid_to=date(2026, 4, 30)), new))


# ── What is told, and what it comes to ───────────────────────────────────────────────────────────────────────────────


def test_a_measure_keeps_its_answers_its_instrument_and_what_the_scorer_made_of_them() -> None:
    scores = told(employment=score(3, 4, 1), free_time=score(2, 1, None))
    taken = assessed().when(measure(scores=scores)).then(MeasureTaken).the(MeasureTaken)
    assert (taken.instrument, taken.scorer, taken.scores) == ("life_areas@1", "mean_tenths@1", scores)
    assert (taken.result.need_tenths, taken.result.importance_tenths, taken.result.confidence_tenths) == (25, 25, 10)
    assert taken.result.priority_by_life_area == {"employment": 12, "free_time": 2}


def test_what_is_told_is_kept_by_the_journey() -> None:
    (kept,) = given(assessed(), measure()).known.file.measures
    assert (kept.occasion, kept.by, kept.on, kept.scores["employment"]) == ("entry", "person", ASSESSED, score())


def test_each_life_area_is_answered_or_marked_as_not_told() -> None:
    missing = {area: SILENT for area in AREAS if area != "employment"}
    assessed().when(measure(scores=missing)).refused(AreaMissing, field="scores", says="employment")
    assessed().when(measure(scores=told())).refused(NothingTold, field="scores")
    assessed().when(measure(scores=told(luck=score()))).refused(AreaNotAsked, field="scores", says="luck")


@pytest.mark.parametrize("degree", [-1, 5])
def test_a_degree_is_0_to_4(degree: int) -> None:
    with pytest.raises(ValueError, match="need"):
        score(degree)


def test_what_has_not_come_or_lies_before_the_beginning_is_refused() -> None:
    assessed().when(measure(on=LATER)).refused(DateInFuture, field="on")
    assessed().when(measure(on=date(2026, 3, 1))).refused(BeforeBeginning, field="on")


def test_the_same_who_on_the_same_occasion_and_day_is_told_once() -> None:
    once = given(assessed(), measure())
    once.when(measure(scores=told(free_time=score()))).refused(AlreadyTold, field="on")
    once.when(measure(on=DRAFTED)).then(MeasureTaken)
    once.when(measure(by="case_manager")).then(MeasureTaken)


def test_a_carer_who_answers_is_named_and_linked_and_nobody_else_is_named() -> None:
    assessed().when(measure(by="carer", carer_id=CARER)).then(MeasureTaken)
    assessed().when(measure(by="carer")).refused(CarerNotNamed, field="carer_id")
    assessed().when(measure(carer_id=CARER)).refused(CarerNotNamed, field="carer_id")
    assessed().when(measure(by="carer", carer_id="person-9")).refused(NotTheirCarer, field="carer_id")


def test_who_is_paid_for_the_help_neither_measures_nor_rates_it() -> None:
    provider = Actor(id="provider.tori", role=Role.PROVIDER, municipality=TOWN)
    person = Actor(id="person.tori", role=Role.PERSON, municipality=TOWN)
    assessed().by(provider).when(measure()).refused(NotForThisRole, says="provider")
    in_delivery().by(provider).when(rating()).refused(NotForThisRole, says="provider")
    assessed().by(person).when(measure(by="case_manager")).refused(NotForThisRole, says="person")
    assessed().by(person).when(measure()).then(MeasureTaken)


def test_a_day_without_a_measure_and_an_occasion_that_is_not_asked_are_refused() -> None:
    assessed().under(replace(PROGRAMME, measures=())).when(measure()).refused(NoMeasure, field="on")
    only_exit = replace(PROGRAMME, measures=(replace(OLD, occasions=("exit",)),))
    assessed().under(only_exit).when(measure()).refused(NotAsked, field="occasion", says="entry by person")


# ── Which occasion fits ──────────────────────────────────────────────────────────────────────────────────────────────


def test_entry_is_before_help_begins_however_late_it_is_written_down() -> None:
    referred().when(measure(on=MONDAY)).refused(WrongStage)
    refused().when(measure(on=MONDAY)).refused(WrongStage)
    accepted().when(measure()).then(MeasureTaken)
    helped = in_delivery(visit(), LATER)
    helped.when(measure(on=ASSESSED)).then(MeasureTaken)
    helped.when(measure(on=LATER)).refused(OccasionDoesNotFit, field="occasion", says="26.03.2026")


def test_a_review_is_measured_while_help_is_under_way() -> None:
    assessed().when(measure("review", on=ASSESSED)).refused(OccasionDoesNotFit, field="occasion", says="no help")
    in_delivery().when(measure("review", on=HELPED)).then(MeasureTaken)
    in_delivery(LATER, review(outcome="change_plan", on=LATER)).when(measure("review", on=LATER)).then(MeasureTaken)


def test_exit_is_measured_when_the_person_leaves_or_has_left() -> None:
    in_delivery().when(measure("exit", on=HELPED)).refused(OccasionDoesNotFit, field="occasion", says="has not left")
    in_delivery(LATER, review(outcome="exit", on=LATER)).when(measure("exit", on=LATER)).then(MeasureTaken)
    left = in_delivery(leaving("own_wish", on=HELPED))
    assert isinstance(given(left, measure("exit", on=HELPED)).known, Exited)
    left.when(measure("review", on=HELPED)).refused(OccasionDoesNotFit, field="occasion")


# ── Years later ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_years_later_and_under_another_version_what_was_told_is_still_what_it_was() -> None:
    then = given(assessed(), measure())
    now = given(then.under(revised(date(2026, 5, 1))), date(2030, 1, 1), measure(on=date(2029, 12, 31)))
    first, second = now.known.file.measures
    assert first == then.known.file.measures[0]
    assert (first.instrument, second.instrument) == ("life_areas@1", "life_areas@2")


def test_the_version_is_that_of_the_day_it_was_told_for() -> None:
    late = assessed().under(revised(date(2026, 5, 1))).on(date(2026, 5, 4))
    assert late.when(measure(on=ASSESSED)).the(MeasureTaken).instrument == "life_areas@1"


# ── Ratings ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_help_that_was_in_the_budget_is_rated_with_or_without_its_provider() -> None:
    rated = in_delivery().when(rating()).then(ServiceRated).the(ServiceRated)
    assert (rated.component, rated.provider_id, rated.rating) == ("mental.recovery", PROVIDER, 4)
    in_delivery().when(rating(provider_id=None, by_carer=True)).then(ServiceRated)
    (kept,) = given(in_delivery(), rating()).known.file.ratings
    assert (kept.rating, kept.by) == (4, "person")


def test_other_help_other_providers_and_days_before_it_are_not_rated() -> None:
    in_delivery().when(rating("employment.work")).refused(NotTheirHelp, field="component", says="employment.work")
    in_delivery().when(rating(provider_id="provider-90000002")).refused(NotTheirHelp, field="component")
    in_delivery().when(rating(on=ASSESSED)).refused(NotTheirHelp, field="component", says="2026-03-12")
    assessed().when(rating(on=ASSESSED)).refused(NotTheirHelp, field="component")


def test_the_same_help_is_rated_once_a_day() -> None:
    once = given(budgeted(), HELPED, rating())
    once.when(rating()).refused(AlreadyTold, field="on")
    once.when(rating(by_carer=True)).then(ServiceRated)


# ── Laws of the scorer ───────────────────────────────────────────────────────────────────────────────────────────────

degrees = st.none() | st.integers(min_value=0, max_value=4)
all_scores = st.fixed_dictionaries(
    {area: st.builds(AreaScore, need=degrees, importance=degrees, confidence=degrees) for area in AREAS}
)


@for_all(all_scores, st.sampled_from(AREAS))
def test_more_need_in_an_area_never_makes_the_result_less(scores: dict[str, AreaScore], area: str) -> None:
    was = scores[area]
    if was.need in (None, 4):
        return
    assert was.need is not None
    more = SCORE({**scores, area: was.model_copy(update={"need": was.need + 1})})
    before = SCORE(scores)
    assert before.need_tenths is not None
    assert more.need_tenths is not None
    assert more.need_tenths >= before.need_tenths
    assert more.priority_by_life_area.get(area, 0) >= before.priority_by_life_area.get(area, 0)
    assert (more.importance_tenths, more.confidence_tenths) == (before.importance_tenths, before.confidence_tenths)


@for_all(all_scores, st.sampled_from(AREAS))
def test_an_area_that_was_not_told_counts_as_if_it_were_not_there(scores: dict[str, AreaScore], area: str) -> None:
    without = {code: each for code, each in scores.items() if code != area}
    assert SCORE({**scores, area: SILENT}) == SCORE(without)


@for_all(all_scores)
def test_a_mean_lies_between_the_least_and_the_most_that_was_told(scores: dict[str, AreaScore]) -> None:
    needs = [each.need for each in scores.values() if each.need is not None]
    mean = SCORE(scores).need_tenths
    assert (mean is None) == (not needs)
    if mean is not None:
        assert 10 * min(needs) <= mean <= 10 * max(needs)


@for_all(all_scores)
def test_an_unmet_need_counts_only_where_need_and_importance_were_both_told(scores: dict[str, AreaScore]) -> None:
    both = {area for area, each in scores.items() if each.need is not None and each.importance is not None}
    assert SCORE(scores).priority_by_life_area.keys() == both
