"""Assessment: every section answered, every score explained, the same life seen three ways."""

from __future__ import annotations

from datetime import date

import pytest

from domain.care import SectionAnswer
from domain.decision import BeforeBeginning, DateInFuture, WrongStage
from domain.due import Due
from domain.events import AssessmentReopened, CarerAssessed, NeedsAssessed
from domain.persons import NotTheirCarer
from domain.stages.assessment import (
    AssessCarer,
    AssessNeeds,
    CommentMissing,
    DegreeMissing,
    DegreesNotAsked,
    ReopenAssessment,
    SectionMissing,
    UnknownCarerNeed,
    UnknownItem,
    UnknownSafetySign,
    UnknownSection,
    WrongDegree,
)
from domain.states import AwaitingAssessment, AwaitingPlan, CarerAssessment, InDelivery, Journey
from tests.domain.given import MONDAY, Given, given
from tests.domain.steps import (
    ASSESSED,
    VIEWS,
    accepted,
    agreed,
    answers,
    assessed,
    assessment,
    budgeted,
    in_delivery,
    leaving,
    planned,
    referred,
)

CAREFUL = {"d6402": 3, "d6400": 0, "d6403": 8, "d6405": 9, "d6507": 1}  # of the section on the household


def household(degrees: dict[str, int], *, comments: tuple[str, ...] = ("d6402", "d6507")) -> AssessNeeds:
    """Copes with everything but the household."""
    answer = SectionAnswer(
        section="household",
        copes_independently=False,
        degrees=degrees,
        comments=dict.fromkeys(comments, "Not alone."),
    )
    return assessment(sections=tuple(answer if each.section == "household" else each for each in answers({})))


def test_need_is_the_highest_degree_in_each_life_area() -> None:
    """8 (not specified) and 9 (not applicable) are no degrees of need."""
    answer = accepted().when(household(CAREFUL)).then(
        NeedsAssessed(
            assessment_id="assessment-1",
            instrument="demo.adult_needs@2026",
            on=ASSESSED,
            sections=household(CAREFUL).sections,
            environment={},
            environment_comments={},
            safety_signs=(),
            need_by_life_area={
                "social_relations": 0, "mental_health": 0, "physical_health": 0, "living_environment": 0,
                "employment": 0, "free_time": 0, "daily_living": 3,
            },
            quality_of_life=3,
            views=VIEWS,
            plan_due=Due(
                on=date(2026, 4, 2),
                remind_on=date(2026, 3, 26),
                escalate_on=date(2026, 4, 8),
                rule="demo.settings@2026/plan-15-working-days",
            ),
        )
    )  # fmt: skip
    assert answer.leads_to(AwaitingPlan).file.highest_need == 3


def test_a_section_one_copes_with_has_no_need() -> None:
    need = accepted().when(assessment({})).the(NeedsAssessed).need_by_life_area
    assert set(need.values()) == {0}


def test_in_the_section_on_occupation_the_logic_is_reversed() -> None:
    """Who is engaged in an occupation is asked about it; who is not has nothing to be asked about."""
    need = accepted().when(assessment({"engaged_in_occupation": 2})).the(NeedsAssessed).need_by_life_area
    assert need["employment"] == 2

    engaged = SectionAnswer(section="engaged_in_occupation", copes_independently=True)
    others = tuple(each for each in answers({}) if each.section != "engaged_in_occupation")
    accepted().when(assessment(sections=(*others, engaged))).refused(DegreeMissing, field="sections")


def test_every_section_on_need_is_answered_once() -> None:
    first, *others = answers({})
    accepted().when(assessment(sections=tuple(others))).refused(SectionMissing, field="sections", says=first.section)
    accepted().when(assessment(sections=(first, *others, others[-1]))).refused(
        SectionMissing, field="sections", says=others[-1].section
    )


@pytest.mark.parametrize("section", ["astrology", "informal_help"])
def test_only_sections_on_need_are_answered_as_such(section: str) -> None:
    """The environment is answered question by question, elsewhere; here its degrees would be checked by nobody."""
    more = SectionAnswer(section=section, copes_independently=True)
    accepted().when(assessment(sections=(*answers({}), more))).refused(UnknownSection, field="sections", says=section)


def test_every_question_of_a_section_one_does_not_cope_with_has_a_degree() -> None:
    missing = {item: degree for item, degree in CAREFUL.items() if item != "d6403"}
    accepted().when(household(missing)).refused(DegreeMissing, field="sections", says="d6403 of household")


def test_a_question_of_another_section_is_unknown() -> None:
    accepted().when(household({**CAREFUL, "d510": 0})).refused(UnknownItem, field="sections", says="d510")


@pytest.mark.parametrize("degree", [-1, 5, 7, 10])
def test_a_degree_of_need_is_zero_to_four_or_said_to_be_none(degree: int) -> None:
    accepted().when(household({**CAREFUL, "d6402": degree})).refused(WrongDegree, field="sections", says="d6402")


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_a_score_above_zero_needs_a_comment(degree: int) -> None:
    uncommented = household({**CAREFUL, "d6402": degree}, comments=("d6507",))
    accepted().when(uncommented).refused(CommentMissing, field="sections", says=f"d6402 scores {degree}")


@pytest.mark.parametrize("degree", [0, 8, 9])
def test_no_score_needs_no_comment(degree: int) -> None:
    accepted().when(household({**CAREFUL, "d6402": degree}, comments=("d6507",))).then(NeedsAssessed)


def test_who_copes_is_not_asked_for_degrees() -> None:
    copes = SectionAnswer(section="household", copes_independently=True, degrees={"d6402": 1})
    others = tuple(each for each in answers({}) if each.section != "household")
    accepted().when(assessment(sections=(*others, copes))).refused(DegreesNotAsked, field="sections", says="household")


# ── The environment ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_environment_goes_from_barrier_to_facilitator() -> None:
    surroundings = assessment(
        environment={"e310": 4, "e1650": -4, "e330": 9}, environment_comments={"e310": "Her sister comes daily."}
    )
    assert accepted().when(surroundings).the(NeedsAssessed).environment == {"e310": 4, "e1650": -4, "e330": 9}


@pytest.mark.parametrize("degree", [-5, 5])
def test_there_is_no_more_than_a_complete_barrier_or_facilitator(degree: int) -> None:
    accepted().when(assessment(environment={"e310": degree})).refused(WrongDegree, field="environment", says="e310")


def test_a_facilitator_needs_a_comment() -> None:
    accepted().when(assessment(environment={"e310": 1})).refused(CommentMissing, field="environment", says="e310")


def test_a_question_on_need_is_none_on_the_environment() -> None:
    accepted().when(assessment(environment={"d510": 1})).refused(
        UnknownItem, field="environment", says="d510 is not a question of the environment"
    )


def test_safety_signs_are_those_of_the_instrument() -> None:
    accepted().when(assessment(safety_signs=("physical_violence",))).then(NeedsAssessed)
    accepted().when(assessment(safety_signs=("bad_mood",))).refused(
        UnknownSafetySign, field="safety_signs", says="bad_mood"
    )


# ── When ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_assessment_in_future_is_refused() -> None:
    accepted().when(assessment(on=date(2026, 3, 13))).refused(DateInFuture, field="on")


def test_an_assessment_from_before_anybody_noticed_is_refused() -> None:
    accepted().when(assessment(on=date(2026, 3, 1))).refused(BeforeBeginning, field="on")


def test_need_is_assessed_when_it_is_waited_for() -> None:
    for case in (referred(), assessed(), planned(), agreed()):
        case.when(assessment()).refused(WrongStage)


def test_a_reassessment_in_passing_leaves_delivery_as_it_is() -> None:
    """Then and now stand side by side."""
    answer = in_delivery().when(assessment({"household": 1}, on=date(2026, 3, 25)))
    assert answer.the(NeedsAssessed).plan_due is None
    then, now = answer.leads_to(InDelivery).file.assessments
    assert (then.need_by_life_area["daily_living"], now.need_by_life_area["daily_living"]) == (3, 1)


@pytest.mark.parametrize(
    "case", [assessed(), planned(), agreed(), budgeted()], ids=lambda case: type(case.known).__name__
)
def test_the_way_back_to_assessment_is_open(case: Given[Journey]) -> None:
    """Help that was agreed goes on meanwhile."""
    answer = case.when(ReopenAssessment(reason="She was in hospital.")).then(AssessmentReopened)
    assert answer.leads_to(AwaitingAssessment).file.accounts == case.known.file.accounts


def test_what_is_awaited_need_not_be_reopened() -> None:
    for case in (referred(), accepted(), given(in_delivery(), leaving(on=date(2026, 3, 26)))):
        case.when(ReopenAssessment(reason="To be sure.")).refused(WrongStage)


def test_a_carer_s_own_needs_are_assessed_too() -> None:
    assess = AssessCarer(carer_id="person-7", on=ASSESSED, needs="A free evening a week.")
    answer = (
        accepted().when(assess).then(CarerAssessed(carer_id="person-7", on=ASSESSED, needs="A free evening a week."))
    )
    assert answer.state.file.carers == {"person-7": CarerAssessment(on=ASSESSED, needs=None)}


def test_what_a_carer_needs_is_told_in_codes_beside_the_words() -> None:
    assess = AssessCarer(carer_id="person-7", on=ASSESSED, needs="Sleep.", own_needs=("respite", "health"))
    state = accepted().when(assess).then(CarerAssessed(**dict(assess))).state
    assert state.file.carers["person-7"].needs == ("respite", "health")


def test_the_carer_s_latest_day_counts_whichever_was_told_last() -> None:
    now, before = (
        AssessCarer(carer_id="person-7", on=day, needs="Sleep.", own_needs=(need,))
        for day, need in ((ASSESSED, "health"), (MONDAY, "respite"))
    )
    state = given(accepted(), now, before).known
    assert state.file.carers["person-7"] == CarerAssessment(on=ASSESSED, needs=("health",))


def test_a_carer_is_somebody_linked_to_the_person_who_needs_what_is_on_the_list() -> None:
    stranger = AssessCarer(carer_id="person-8", on=ASSESSED, needs="Rest.")
    accepted().when(stranger).refused(NotTheirCarer, field="carer_id", says="person-8")
    accepted().about(None).when(stranger).refused(NotTheirCarer, field="carer_id")
    odd = AssessCarer(carer_id="person-7", on=ASSESSED, needs="Rest.", own_needs=("respite", "yacht"))
    accepted().when(odd).refused(UnknownCarerNeed, field="own_needs", says="yacht")


def test_a_carer_is_assessed_between_acceptance_and_exit_and_not_in_future() -> None:
    assess = AssessCarer(carer_id="person-7", on=date(2026, 3, 27), needs="Rest.")
    in_delivery().when(assess).refused(DateInFuture, field="on")
    referred().when(assess).refused(WrongStage)
