"""Who may join: by the rules of the day, every condition with its result, and never a yes that nobody said."""

from __future__ import annotations

from datetime import date

import pytest

from domain.decision import WrongStage
from domain.events import PlacePostponed, PlaceReceived, ReferralAccepted, ReferralRefused
from domain.persons import UnknownPerson
from domain.stages.eligibility import DecideEligibility, NothingToOverride, ReasonsMissing, UnknownCondition
from domain.states import AwaitingAssessment, Journey, Refused
from tests.domain.given import SOURCED, Given, given, nothing, person, signed
from tests.domain.steps import DECIDED, FULFILLED, accepted, eligibility, referral, referred, refused

CONDITIONS = [
    "age_min", "target_group", "primary_diagnosis_not_excluded", "no_excluded_diagnosis",
    "special_care_need_changed", "in_state_queue_without_service", "judged_to_need_integrated_services", "one_of",
    "no_state_special_care", "no_social_rehabilitation", "no_similar_externally_financed_service",
]  # fmt: skip


def results(case: Given[Journey], command: DecideEligibility) -> dict[str, str]:
    """By condition its result; decided either way."""
    either_way = command.model_copy(update={"reasons": "See the conditions."})
    decision = case.when(either_way).decided.events[0]
    assert isinstance(decision, ReferralAccepted | ReferralRefused)
    return {each.condition: each.result for each in decision.conditions}


def test_an_eligible_person_is_accepted_and_takes_a_free_place() -> None:
    answer = referred().when(eligibility()).then(ReferralAccepted, PlaceReceived)
    decided = answer.the(ReferralAccepted)
    assert [each.condition for each in decided.conditions] == CONDITIONS
    assert (decided.rules, decided.override, decided.place_from) == ("demo.eligibility@2026", None, DECIDED)
    answer.leads_to(AwaitingAssessment)


def test_every_condition_says_who_judged_it() -> None:
    judged = {
        each.condition: each.judged_by for each in referred().when(eligibility()).the(ReferralAccepted).conditions
    }
    assert judged["target_group"] == "municipal_social_worker"
    assert judged["age_min"] == judged["one_of"] == "rule"
    assert judged["special_care_need_changed"] is None


@pytest.mark.parametrize("condition", sorted(FULFILLED.keys() - {"judged_to_need_integrated_services"}))
def test_what_nobody_judged_is_never_a_yes(condition: str) -> None:
    assert results(referred(), eligibility(without=(condition,)))[condition] == "not_judged"
    referred().when(eligibility(without=(condition,))).refused(ReasonsMissing, field="reasons")


def test_a_ground_that_nobody_claims_is_no_ground() -> None:
    found = results(referred(), eligibility(without=("judged_to_need_integrated_services",)))
    assert found["judged_to_need_integrated_services"] == "not_claimed"
    assert found["one_of"] == "fails"


def test_one_ground_is_enough_although_another_was_looked_at_and_fails() -> None:
    looked_at = eligibility(but={"in_state_queue_without_service": False})
    assert results(referred(), looked_at)["in_state_queue_without_service"] == "fails"
    referred().when(looked_at).then(ReferralAccepted, PlaceReceived)


@pytest.mark.parametrize(
    ("command", "condition", "result"),
    [
        (eligibility(), "target_group", "holds"),
        (eligibility(but={"target_group": False}), "target_group", "fails"),
        (eligibility(diagnosis="dementia"), "primary_diagnosis_not_excluded", "fails"),
        (eligibility(diagnosis="alcohol_dependence"), "primary_diagnosis_not_excluded", "fails"),
        (eligibility(further=("alcohol_dependence",)), "primary_diagnosis_not_excluded", "holds"),
        (eligibility(but={"no_state_special_care": False}), "no_state_special_care", "not_yet"),
        (eligibility(but={"no_social_rehabilitation": False}), "no_social_rehabilitation", "not_yet"),
    ],
)
def test_each_condition_has_its_result(command: DecideEligibility, condition: str, result: str) -> None:
    assert results(referred(), command)[condition] == result


@pytest.mark.parametrize(
    ("born", "result"), [(date(2008, 3, 5), "holds"), (date(2008, 3, 6), "fails"), (date(1930, 1, 1), "holds")]
)
def test_one_is_eighteen_from_the_birthday_on(born: date, result: str) -> None:
    assert results(referred().about(person(born=born)), eligibility())["age_min"] == result


def test_an_exception_for_the_young_needs_a_rule_that_makes_one() -> None:
    child = referred().about(person(born=date(2014, 1, 1)))
    child.when(eligibility(but={"age_exception": True})).refused(
        UnknownCondition, field="findings", says="demo.eligibility@2026"
    )


def test_a_condition_the_rules_do_not_have_is_refused() -> None:
    referred().when(eligibility(but={"left_handed": True})).refused(
        UnknownCondition, field="findings", says="left_handed"
    )


def test_without_the_person_no_age_is_known() -> None:
    referred().about(None).when(eligibility()).refused(UnknownPerson)


def test_a_refusal_is_a_decision_with_reasons_that_can_be_challenged() -> None:
    command = eligibility(but={"target_group": False}, reasons="Not of the target group.")
    answer = referred().when(command).then(ReferralRefused)
    refusal = answer.the(ReferralRefused)
    assert refusal.reasons == "Not of the target group."
    assert refusal.challenge_until.on == date(2026, 4, 6)  # 30 days, then past Easter Saturday and Sunday
    assert answer.leads_to(Refused).file.refusal == refusal.decision_id
    answer.agreement_then()


def test_a_case_manager_may_accept_all_the_same_but_says_why() -> None:
    override = eligibility(but={"target_group": False}, override="The diagnosis is confirmed orally.")
    decided = referred().when(override).the(ReferralAccepted)
    assert decided.override == "The diagnosis is confirmed orally."
    assert {each.condition: each.result for each in decided.conditions}["target_group"] == "fails"


def test_where_every_condition_holds_there_is_nothing_to_override() -> None:
    referred().when(eligibility(override="To be safe.")).refused(NothingToOverride, field="override")


def test_a_decision_is_made_once() -> None:
    for decided in (refused(), accepted()):
        decided.when(eligibility()).refused(WrongStage)


# ── While a state service still runs ─────────────────────────────────────────────────────────────────────────────────


def test_the_place_starts_on_the_day_after_the_state_service_ends() -> None:
    leaves = eligibility(but={"no_state_special_care": False}, service_ends=date(2026, 4, 30))
    answer = referred().when(leaves).then(ReferralAccepted, PlaceReceived)
    assert answer.the(ReferralAccepted).place_from == date(2026, 5, 1)
    assert answer.the(PlaceReceived).from_on == date(2026, 5, 1)


def test_a_state_service_that_has_ended_keeps_nobody_waiting() -> None:
    left = eligibility(but={"no_state_special_care": False}, service_ends=date(2026, 2, 1))
    assert referred().when(left).the(PlaceReceived).from_on == DECIDED


def test_while_nobody_knows_when_the_state_service_ends_the_person_is_assessed_and_has_no_place() -> None:
    answer = referred().when(eligibility(but={"no_state_special_care": False})).then(ReferralAccepted, PlacePostponed)
    answer.agreement_then()
    assert answer.leads_to(AwaitingAssessment).file.place is None


# ── Three versions of the rules ──────────────────────────────────────────────────────────────────────────────────────

GROUND = {"target_group": True, "judged_to_need_integrated_services": True}
ILLNESS = dict.fromkeys(
    ("diagnosed_by_doctor", "municipality_established_need_in_daily_coping", "in_queue_for_supporting_service"), True
)
NO_OTHER = dict.fromkeys(("no_state_special_care", "no_social_rehabilitation"), True)
ALL_2022 = {**GROUND, "age_max": True, "no_state_special_care": True}
ALL_2024 = {**GROUND, **NO_OTHER, "no_similar_externally_financed_service": True}
ALL_2025 = {"target_group": True, **ILLNESS, **NO_OTHER}


def decided_on(day: date, *, born: date = date(1984, 3, 2)) -> Given[Journey]:
    """An application that was complete on that day, under the sourced rules."""
    place = signed(valid_from=date(2019, 10, 1))
    case = nothing().under(SOURCED).about(person(born=born)).in_agreement(place).on(day)
    return given(case, referral(on=day, complete_on=day))


@pytest.mark.parametrize(
    ("day", "findings", "rules"),
    [
        (date(2022, 6, 1), ALL_2022, "sourced.eligibility@2019-10"),
        (date(2024, 6, 3), ALL_2024, "sourced.eligibility@2023"),
        (date(2025, 4, 30), ALL_2025, "sourced.eligibility@2025"),
    ],
)
def test_a_decision_says_which_rules_it_went_by(day: date, findings: dict[str, bool], rules: str) -> None:
    assert decided_on(day).when(eligibility(findings=findings)).the(ReferralAccepted).rules == rules


@pytest.mark.parametrize(
    ("day", "findings", "may_join"),
    [
        (date(2022, 6, 1), ALL_2022, True),
        (date(2024, 6, 3), ALL_2024, True),
        (date(2025, 4, 30), ALL_2025, False),
    ],
)
def test_the_same_seventeen_year_old_may_join_until_2024(day: date, findings: dict[str, bool], may_join: bool) -> None:
    born = date(day.year - 17, 1, 1)
    command = eligibility(findings=findings, reasons="Too young.")
    (first, *_) = decided_on(day, born=born).when(command).decided.events
    assert isinstance(first, ReferralAccepted if may_join else ReferralRefused)


def test_who_took_part_in_2024_may_join_from_sixteen() -> None:
    born = date(2008, 6, 1)  # sixteen in April 2025
    excepted = eligibility(findings={**ALL_2025, "age_exception": True})
    decided = decided_on(date(2025, 4, 30), born=born).when(excepted).the(ReferralAccepted)
    found = {each.condition: (each.result, each.judged_by) for each in decided.conditions}
    assert found["age_exception"] == ("holds", "municipal_social_worker")
    assert found["age_min"] == ("holds", "rule")


def test_an_exception_that_nobody_judged_is_none() -> None:
    found = results(decided_on(date(2025, 4, 30), born=date(2008, 6, 1)), eligibility(findings=ALL_2025))
    assert (found["age_exception"], found["age_min"]) == ("not_judged", "fails")


def test_who_is_of_age_needs_no_exception() -> None:
    found = results(decided_on(date(2025, 4, 30)), eligibility(findings=ALL_2025))
    assert "age_exception" not in found


def test_an_upper_age_that_is_not_known_as_a_number_is_judged_by_a_person() -> None:
    """The sources name the old-age pension age, but not its table; only in the rules until 2022."""
    without = eligibility(findings={**GROUND, "no_state_special_care": True})
    assert results(decided_on(date(2022, 6, 1)), without)["age_max"] == "not_judged"
    assert "age_max" not in results(decided_on(date(2024, 6, 3)), eligibility(findings=ALL_2024))


@pytest.mark.parametrize(
    ("day", "joining"),
    [
        (date(2025, 1, 2), "holds"),
        (date(2025, 4, 30), "holds"),
        (date(2025, 5, 2), "fails"),
        (date(2026, 6, 1), "fails"),
    ],
)
def test_joining_closed_after_april_2025(day: date, joining: str) -> None:
    assert results(decided_on(day), eligibility(findings=ALL_2025))["joining_open"] == joining


@pytest.mark.parametrize(
    ("day", "findings", "result"),
    [(date(2024, 6, 3), ALL_2024, "holds"), (date(2025, 4, 30), ALL_2025, "fails")],
)
def test_from_2025_dementia_excludes_wherever_it_stands(day: date, findings: dict[str, bool], result: str) -> None:
    command = eligibility(findings=findings, further=("dementia",))
    assert results(decided_on(day), command)["no_excluded_diagnosis"] == result
