"""Planning: goals in the person's words, and help that serves them, by somebody who may, at a price that is known."""

from __future__ import annotations

from datetime import date

import pytest

from domain.care import CommunityLine, Goal, Tariff, UnmetNeed
from domain.deciders import PERSONS, NotInTheProgramme
from domain.decision import BeforeBeginning, DateInFuture, WrongStage
from domain.due import Due
from domain.events import CarerLinked, PlanAgreed, PlanDrafted, PlanReopened, ProviderContracted
from domain.persons import NotTheirCarer
from domain.pricing import NoPriceInForce
from domain.providers import UnknownComponent, UnknownProvider
from domain.stages.planning import (
    AgreePlan,
    AnotherDraft,
    DraftPlan,
    LineIsAnother,
    NotThePlansAuthor,
    NotUnderContract,
    ReopenPlan,
    ServesThePerson,
    TwiceTheSame,
    UnknownGoal,
    UnknownLifeArea,
    WrongTariff,
)
from domain.states import AwaitingAgreement, AwaitingBudget, AwaitingPlan, Journey
from tests.domain.given import (
    BASE_SUPPORT,
    CARER,
    OTHER_PROVIDER,
    PERSON,
    PROVIDER,
    Given,
    consented,
    contracted,
    fold,
    given,
    nothing,
    person,
    provider,
    registered,
    signed,
)
from tests.domain.steps import (
    AGREED,
    DRAFTED,
    HELPED,
    NEIGHBOUR,
    OUT,
    accepted,
    agreed,
    agreement_to,
    assessed,
    assessment,
    budget,
    budgeted,
    eligibility,
    in_delivery,
    line,
    plan,
    planned,
    referral,
    visit,
)

STILL_DUE = Due(  # as the assessment said: a draft does not move it
    on=date(2026, 4, 2),
    remind_on=date(2026, 3, 26),
    escalate_on=date(2026, 4, 8),
    rule="demo.settings@2026/plan-15-working-days",
)


def test_a_plan_is_drafted_with_the_help_that_serves_each_goal() -> None:
    answer = (
        assessed()
        .when(plan(line(), community=(NEIGHBOUR,)))
        .then(
            PlanDrafted(
                plan_id="plan-1",
                author_role="case_manager",
                main_goal="To walk to the sea on my own.",
                goals=(OUT,),
                obstacles=None,
                lines=(line(),),
                community_lines=(NEIGHBOUR,),
                crisis_plan="Call the neighbour, then the crisis line.",
                plan_due=STILL_DUE,
            )
        )
    )
    state = answer.leads_to(AwaitingAgreement)
    assert state.plan_id == "plan-1"
    assert state.file.plans["plan-1"].community_lines == (NEIGHBOUR,)


def test_help_of_the_community_alone_makes_a_plan() -> None:
    assessed().when(plan(community=(NEIGHBOUR,))).then(PlanDrafted)


def test_until_it_is_agreed_to_a_draft_is_replaced_by_the_next() -> None:
    answer = planned().when(plan(line(minutes=300))).then(PlanDrafted)
    assert answer.leads_to(AwaitingAgreement).plan_id == "plan-2"


def test_a_plan_waits_for_an_assessment_and_is_not_drafted_over_one_in_force() -> None:
    for case in (accepted(), agreed(), budgeted()):
        case.when(plan(line())).refused(WrongStage)


# ── What a draft must be ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (plan(line(), goals=(OUT, OUT)), "goals"),
        (plan(line(), line()), "lines"),
        (plan(line("neighbour"), community=(NEIGHBOUR,)), "lines"),
    ],
    ids=["two goals", "two services", "a service and the community"],
)
def test_nothing_stands_in_a_plan_twice(draft: DraftPlan, field: str) -> None:
    assessed().when(draft).refused(TwiceTheSame, field=field, says="stands in the plan twice")


def test_every_line_serves_a_goal_of_the_plan() -> None:
    assessed().when(plan(line(goal_id="work"))).refused(
        UnknownGoal, field="lines", says="recovery serves the goal work"
    )
    idle = CommunityLine(line_id="choir", goal_id="sing", helper="The choir", help="Singing.")
    assessed().when(plan(community=(idle,))).refused(UnknownGoal, field="lines", says="choir serves the goal sing")


def test_a_goal_lies_in_one_of_the_seven_life_areas() -> None:
    wealth = Goal(goal_id="out", life_area="wealth", words="To be rich.")
    assessed().when(plan(line(), goals=(wealth,))).refused(UnknownLifeArea, field="goals", says="wealth")


def test_a_component_is_one_of_the_catalogue() -> None:
    assessed().when(plan(line(component="horse.riding"))).refused(
        UnknownComponent, field="lines", says="demo.catalogue@2026"
    )


def test_a_component_comes_in_the_ways_the_catalogue_offers() -> None:
    assessed().when(plan(line(tariff="family"))).refused(WrongTariff, field="lines", says="mental.recovery")
    assessed().when(plan(line(tariff="group"))).then(PlanDrafted)


def test_a_line_before_the_programme_began_is_not_in_the_programme() -> None:
    assessed().when(plan(line(starts_on=date(2025, 12, 31)))).refused(NotInTheProgramme, says="31.12.2025")


# ── Who writes it ────────────────────────────────────────────────────────────────────────────────────────────────────


def assessed_in(town: str) -> Given[Journey]:
    """Ready to be planned for in a municipality with rules of its own."""
    place = signed().model_copy(update={"municipalities": (town,)})
    case = nothing().about(person(municipality=town)).in_agreement(place)
    case = case.served_by(provider(PROVIDER, contracted(municipality=town)))
    return given(case, referral(municipality=town), eligibility(), date(2026, 3, 12), assessment(), DRAFTED)


@pytest.mark.parametrize(("town", "author"), [("rapla", "base_support"), ("tartu", "case_manager")])
def test_who_writes_the_plan_differs_by_municipality(town: str, author: str) -> None:
    case = assessed_in(town)
    writers = {"case_manager": case, "base_support": case.by(BASE_SUPPORT)}
    assert writers.pop(author).when(plan(line())).the(PlanDrafted).author_role == author
    (other,) = writers.values()
    other.when(plan(line())).refused(NotThePlansAuthor, says=town)


def test_where_the_settings_let_both_both_may() -> None:
    assessed().by(BASE_SUPPORT).when(plan(line())).then(PlanDrafted)


# ── Who delivers it ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_names_a_provider_there_is() -> None:
    assessed().when(plan(line(provider_id="provider-99999999"))).refused(
        UnknownProvider, field="lines", says="provider-99999999"
    )


@pytest.mark.parametrize(
    "contract",
    [
        contracted("leisure"),
        contracted(municipality="tartu"),
        contracted(valid_from=date(2026, 3, 17)),
        contracted(valid_to=date(2026, 8, 30)),
    ],
    ids=["another component", "another municipality", "from too late", "until too early"],
)
def test_a_provider_is_under_contract_for_the_whole_line(contract: ProviderContracted) -> None:
    assessed().served_by(provider(PROVIDER, contract)).when(plan(line())).refused(
        NotUnderContract, field="lines", says="mental.recovery in tori"
    )


def test_the_providers_a_plan_names_are_known_before_it_is_decided() -> None:
    assert plan(line(), line("daily", provider_id="provider-2")).providers_named() == {PROVIDER, "provider-2"}


# ── What it costs ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_component_without_a_price_is_not_planned() -> None:
    """The rules set no hourly price for an external consultation."""
    assessed().when(plan(line(component="base.consult"))).refused(
        NoPriceInForce, field="lines", says="base.consult (individual) in tori"
    )


# ── The person agrees ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_person_agrees_and_the_budget_is_awaited() -> None:
    answer = planned().when(agreement_to()).then(PlanAgreed)
    assert answer.the(PlanAgreed).budget_due.on == date(2026, 3, 31)
    assert answer.leads_to(AwaitingBudget).plan_id == "plan-1"


def test_what_is_agreed_to_is_the_draft_of_now() -> None:
    given(planned(), plan(line(minutes=300))).when(agreement_to("plan-1")).refused(
        AnotherDraft, field="plan_id", says="plan-2"
    )


def test_an_agreement_is_neither_of_tomorrow_nor_from_before_the_beginning() -> None:
    planned().when(AgreePlan(plan_id="plan-1", agreed_on=date(2026, 3, 18))).refused(DateInFuture, field="agreed_on")
    planned().when(AgreePlan(plan_id="plan-1", agreed_on=date(2026, 3, 1))).refused(BeforeBeginning, field="agreed_on")


def test_only_a_draft_is_agreed_to() -> None:
    for case in (assessed(), agreed()):
        case.when(agreement_to()).refused(WrongStage)


def test_a_plan_may_change_at_any_time_and_what_was_agreed_stays_meanwhile() -> None:
    for case in (agreed(), in_delivery()):
        answer = case.when(ReopenPlan(reason="She moved in with her sister.")).then(PlanReopened)
        assert answer.leads_to(AwaitingPlan).file.accounts == case.known.file.accounts


def test_a_plan_that_is_being_written_need_not_be_reopened() -> None:
    for case in (accepted(), assessed(), planned()):
        case.when(ReopenPlan(reason="To be sure.")).refused(WrongStage)


def test_a_line_keeps_its_component_tariff_and_provider_from_plan_to_plan() -> None:
    """Orders and deliveries belong to a line: under its name they must not pass to anybody else."""
    helped = given(in_delivery(HELPED, visit(on=HELPED)), ReopenPlan(reason="She wants more."))
    helped.when(plan(line())).then(PlanDrafted)
    for another in (line(component="daily.support"), line(provider_id=OTHER_PROVIDER)):
        helped.when(plan(another)).refused(LineIsAnother, field="lines", says="recovery")


# ── Carers, and what nobody offers ───────────────────────────────────────────────────────────────────────────────────

NO_CLUB = UnmetNeed(need_id="club", goal_id="out", component="leisure", why="The nearest club is 60 km away.")


def for_carer(carer_id: str | None = CARER, component: str = "family.respite", tariff: Tariff = "family") -> DraftPlan:
    return plan(line("respite", component, tariff=tariff, ends_on=date(2026, 12, 31), carer_id=carer_id))


def test_a_line_for_the_family_may_name_the_carer_it_supports() -> None:
    drafted = assessed().when(for_carer()).the(PlanDrafted)
    assert drafted.lines[0].carer_id == CARER


def test_help_for_the_person_supports_no_carer() -> None:
    assessed().when(for_carer(component="daily.support", tariff="individual")).refused(
        ServesThePerson, field="lines", says="daily.support, individual"
    )


def test_the_carer_named_is_linked_to_the_person() -> None:
    assessed().when(for_carer("person-8")).refused(NotTheirCarer, field="lines", says="person-8")
    assessed().about(None).when(for_carer()).refused(NotTheirCarer, field="lines")


def test_a_line_of_the_budget_does_not_pass_to_another_carer() -> None:
    """Whose help it was would change with it; a carer may be named later where nobody was."""
    other = CarerLinked(carer_id="person-8", relation="parent")
    folded = fold(PERSONS, (registered(), consented(), CarerLinked(carer_id=CARER, relation="sibling"), other), PERSON)
    case = given(
        assessed().about(folded), for_carer(), AGREED, agreement_to(), budget(), ReopenPlan(reason="She moved.")
    )
    case.when(for_carer("person-8")).refused(LineIsAnother, field="lines", says="respite")
    case.when(for_carer(None)).refused(LineIsAnother, field="lines")
    case.when(for_carer()).then(PlanDrafted)
    nobody = given(assessed(), for_carer(None), AGREED, agreement_to(), budget(), ReopenPlan(reason="She moved."))
    nobody.when(for_carer()).then(PlanDrafted)


def test_a_plan_names_what_is_needed_and_nobody_offers() -> None:
    state = assessed().when(plan(line(), unmet=(NO_CLUB,))).leads_to(AwaitingAgreement)
    assert state.file.plans[state.plan_id].unmet == (NO_CLUB,)


def test_an_unmet_need_serves_a_goal_and_is_of_a_component_there_is_and_stands_once() -> None:
    def with_need(*needs: UnmetNeed) -> DraftPlan:
        return plan(line(), unmet=needs)

    assessed().when(with_need(NO_CLUB, NO_CLUB)).refused(TwiceTheSame, field="unmet", says="club")
    assessed().when(with_need(NO_CLUB.model_copy(update={"goal_id": "sea"}))).refused(
        UnknownGoal, field="unmet", says="club serves the goal sea"
    )
    assessed().when(with_need(NO_CLUB.model_copy(update={"component": "horse.riding"}))).refused(
        UnknownComponent, field="unmet", says="horse.riding"
    )
    assessed().when(with_need(NO_CLUB.model_copy(update={"component": None}))).then(PlanDrafted)


def test_the_plan_agreed_to_stays_in_force_while_the_next_is_written() -> None:
    case = given(budgeted(), ReopenPlan(reason="She moved."), plan(line("daily", "daily.support")))
    in_force = case.known.file.plan_in_force
    assert in_force is not None
    assert [each.line_id for each in in_force.lines] == ["recovery"]
    agreed_anew = given(case, agreement_to("plan-2")).known.file.plan_in_force
    assert agreed_anew is not None
    assert [each.line_id for each in agreed_anew.lines] == ["daily"]
