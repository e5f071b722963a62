"""Each decision says by which rules it was come to, what was found, and what would have to change."""

from __future__ import annotations

from datetime import date

from domain.care import Check
from domain.events import (
    BudgetDecided,
    PlaceAwaited,
    PlaceOccupied,
    PlaceOffered,
    PlaceReceived,
    ReferralAccepted,
    ReferralRefused,
    WaitingJoined,
)
from domain.stages.placing import AcceptPlace
from tests.domain.given import JOURNEY, MONDAY, SOURCED, given, person, signed
from tests.domain.steps import (
    AGREED,
    BUDGETED,
    agreed,
    agreement_to,
    assessed,
    budget,
    eligibility,
    line,
    plan,
    referred,
)


def found(trace: tuple[Check, ...]) -> dict[str, Check]:
    return {each.rule: each for each in trace}


def changes(trace: tuple[Check, ...]) -> list[str]:
    return [each.change for each in trace if each.change is not None]


# ── Who may join ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_may_join_needs_no_change() -> None:
    accepted = referred().when(eligibility()).the(ReferralAccepted)
    assert [each.rule for each in accepted.trace] == [each.condition for each in accepted.conditions]
    assert {each.version for each in accepted.trace} == {"demo.eligibility@2026"}
    assert changes(accepted.trace) == []
    age = found(accepted.trace)["age_min"]
    assert (age.actual, age.limit, age.unit, age.result) == (42, 18, "years", "holds")


def test_a_refusal_says_each_thing_that_would_have_to_change() -> None:
    answer = (
        referred()
        .about(person(born=date(2010, 3, 2)))
        .when(
            eligibility(
                but={"target_group": False}, without=("no_social_rehabilitation",), diagnosis="dementia", reasons="No."
            )
        )
    )
    assert changes(answer.the(ReferralRefused).trace) == [
        "The person would have to be 18 years old or older.",
        "It would have to be so that the person belongs to the people the rules of the day name.",
        "It would have to be so that the primary diagnosis is none of those the rules exclude.",
        "Somebody would have to judge whether the person receives no state social rehabilitation at the same time.",
    ]


def test_of_several_grounds_any_one_would_do() -> None:
    answer = referred().when(eligibility(without=("judged_to_need_integrated_services",), reasons="No ground."))
    trace = answer.the(ReferralRefused).trace
    [change] = changes(trace)
    assert change.startswith("It would have to be found that the person uses a state special care service")
    assert change.count("; or that the person ") == 2
    assert found(trace)["one_of"].change == change
    assert found(trace)["in_state_queue_without_service"].result == "not_claimed"


def test_what_may_come_true_later_is_told_as_that() -> None:
    accepted = referred().when(eligibility(but={"no_state_special_care": False})).the(ReferralAccepted)
    assert changes(accepted.trace) == [
        "Before the place starts it must be so that the person receives no state special care service at the same time."
    ]


def test_a_closed_time_of_joining_names_its_days() -> None:
    day = date(2025, 5, 5)
    case = given(referred().under(SOURCED), day)
    answer = case.when(eligibility(reasons="Closed.", findings={}))
    assert "The day would have to be one on which people may join: from 01.01.2025 until 30.04.2025." in changes(
        answer.the(ReferralRefused).trace
    )


def test_diagnoses_are_kept_with_the_decision() -> None:
    accepted = referred().when(eligibility(diagnosis="schizophrenia", further=("depression",))).the(ReferralAccepted)
    assert (accepted.primary_diagnosis, accepted.further_diagnoses) == ("schizophrenia", ("depression",))
    refused = referred().when(eligibility(diagnosis="dementia", reasons="Excluded.")).the(ReferralRefused)
    assert (refused.primary_diagnosis, refused.further_diagnoses) == ("dementia", ())


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_place_says_how_many_there_were() -> None:
    trace = found(referred().when(eligibility()).the(PlaceReceived).trace)
    assert (trace["places"].actual, trace["places"].limit, trace["places"].result) == (0, 2, "holds")
    assert trace["places"].version == "tori@2026-01-01"
    assert changes(tuple(trace.values())) == []


def waits(journey_id: str, since: date = MONDAY) -> WaitingJoined:
    return WaitingJoined(journey_id=journey_id, municipality="tori", since=since, place_from=since)


def taken(journey_id: str) -> PlaceOccupied:
    return PlaceOccupied(journey_id=journey_id, from_on=MONDAY)


def test_waiting_says_what_would_have_to_change() -> None:
    case = referred().in_agreement(signed(places=1), taken("journey-7"), waits("journey-8"), waits("journey-9"))
    trace = case.when(eligibility()).the(PlaceAwaited).trace
    assert [(each.rule, each.actual, each.limit) for each in trace] == [("places", 1, 1), ("waiting_order", 2, 0)]
    assert changes(trace) == [
        "A place would have to become free (taken: 1 of 1).",
        "Those who come before in the order (2) would have to get theirs first.",
    ]


def test_a_place_that_was_offered_counts_as_free_for_whom_it_was_offered_to() -> None:
    case = referred().in_agreement(signed(places=1), taken("journey-7"))
    waiting = case.when(eligibility()).after.in_agreement(
        signed(places=1), waits(JOURNEY), PlaceOffered(journey_id=JOURNEY)
    )
    trace = waiting.when(AcceptPlace()).the(PlaceReceived).trace
    assert [(each.rule, each.actual, each.result) for each in trace] == [
        ("places", 0, "holds"),
        ("waiting_order", 0, "holds"),
    ]


# ── Budgets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_budget_says_its_ceiling_its_caps_and_its_prices() -> None:
    lines = (line(minutes=600), line("fun", "leisure", minutes=300))
    decided = agreed(*lines).when(budget()).the(BudgetDecided)
    trace = found(decided.trace)
    ceiling, cap, prices = trace["ceiling_minutes_per_month"], trace["yearly_cap"], trace["price"]
    assert (ceiling.actual, ceiling.limit, ceiling.version) == (150, 2400, "demo.settings@2026")
    assert ceiling.change == "For more than 40 hours a month, the need would have to be of a higher degree."
    assert (cap.about, cap.actual, cap.limit) == ("leisure/2026", 12500, 150000)
    assert cap.change == "More than 1500.00 euros of leisure in 2026 would pass the yearly cap."
    assert prices.version == "demo.prices@2026"
    assert {each.about for each in decided.trace if each.rule == "price"} == {"recovery", "fun"}


def test_the_highest_degree_has_no_higher_ceiling() -> None:
    case = given(assessed({"household": 4}), plan(line()), AGREED, agreement_to(), BUDGETED)
    ceiling = found(case.when(budget()).the(BudgetDecided).trace)["ceiling_minutes_per_month"]
    assert (ceiling.limit, ceiling.change) == (4800, None)
