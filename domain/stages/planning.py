"""Planning: the person's own goals, and the help that serves them: service components and the community's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date

from pydantic import Field

from domain.care import Agreer, CommunityLine, Goal, ServiceLine, UnmetNeed
from domain.decision import Command, Context, Decision, Rejected, Stage, WrongStage
from domain.due import Due
from domain.events import PlanAgreed, PlanDrafted, PlanReopened
from domain.fields import Id, Words
from domain.parties import Provider
from domain.persons import NotTheirCarer
from domain.pricing import prices_over
from domain.providers import UnknownComponent, UnknownProvider
from domain.reckoning import working_days_from
from domain.states import (
    AwaitingAgreement,
    AwaitingBudget,
    AwaitingPlan,
    CaseFile,
    FormerLine,
    InDelivery,
    Journey,
    Plan,
    waits_for,
)


class NotThePlansAuthor(Rejected):
    """In {municipality} a plan is written by {authors}, not by a {role}."""

    code = "not_the_plans_author"
    status = 403


class TwiceTheSame(Rejected):
    """{id} stands in the plan twice."""

    code = "twice_the_same"
    status = 422


class UnknownGoal(Rejected):
    """{line} serves the goal {goal}, which the plan does not have."""

    code = "unknown_goal"
    status = 422


class UnknownLifeArea(Rejected):
    """{life_area} is not one of the seven life areas."""

    code = "unknown_life_area"
    status = 422


class WrongTariff(Rejected):
    """{component} is not offered as {tariff}."""

    code = "wrong_tariff"
    status = 422


class ServesThePerson(Rejected):
    """{line} is help for the person ({component}, {tariff}), so it supports no carer."""

    code = "serves_the_person"
    status = 422


class NotUnderContract(Rejected):
    """{provider} has no contract for {component} in {municipality} over the whole period of the line."""

    code = "not_under_contract"
    status = 422


class LineIsAnother(Rejected):
    """{line} is a line of the budget already, with another component, tariff, provider or carer; name the new one otherwise."""

    code = "line_is_another"
    status = 422


class AnotherDraft(Rejected):
    """The draft is {draft} now; what was agreed to is another one."""

    code = "another_draft"


class PlanningCommand(Command):
    kind = "journeys"
    stage = Stage.PLANNING
    part = "plan"


class DraftPlan(PlanningCommand):
    """Write the plan with the person: main goal in their words, goals, the help that serves each, the crisis plan."""

    name = "draft-plan"
    needs_person = True

    main_goal: Words
    goals: tuple[Goal, ...] = Field(min_length=1, max_length=30)
    obstacles: Words | None = None
    lines: tuple[ServiceLine, ...] = Field(max_length=60)
    community_lines: tuple[CommunityLine, ...] = Field(default=(), max_length=60)
    crisis_plan: Words
    unmet: tuple[UnmetNeed, ...] = Field(default=(), max_length=30)

    def providers_named(self) -> frozenset[str]:
        return frozenset(line.provider_id for line in self.lines)


class AgreePlan(PlanningCommand):
    """Record that the person agrees to the draft."""

    name = "agree-plan"

    plan_id: Id
    agreed_on: date
    agreed_by: Agreer = "person"


class ReopenPlan(PlanningCommand):
    """Go back to planning. What was agreed stays in force until a new budget is decided."""

    name = "reopen-plan"

    reason: Words


COMMANDS: tuple[type[PlanningCommand], ...] = (DraftPlan, AgreePlan, ReopenPlan)


def decide(command: PlanningCommand, state: Journey, context: Context) -> Decision:
    match command, state:
        case DraftPlan(), AwaitingPlan(plan_due=due) | AwaitingAgreement(plan_due=due):
            return Decision(events=(_draft(command, state.file, due, context),))
        case AgreePlan(), AwaitingAgreement(plan_id=draft):
            if command.plan_id != draft:
                raise AnotherDraft(field="plan_id", draft=draft)
            context.past(command.agreed_on, field="agreed_on")
            return Decision(events=(PlanAgreed(**dict(command), budget_due=budget_due(state.file, context)),))
        case ReopenPlan(), AwaitingBudget() | InDelivery():
            return Decision(events=(PlanReopened(reason=command.reason, due=plan_due(state.file, context)),))
    raise WrongStage(command=command.name, at=waits_for(state))


def budget_due(file: CaseFile, context: Context) -> Due:
    days = context.programme.settings(file.municipality, context.today).budget_working_days
    return working_days_from(context, context.today, days, file.municipality, "budget")


def plan_due(file: CaseFile, context: Context) -> Due:
    days = context.programme.settings(file.municipality, context.today).plan_working_days
    return working_days_from(context, context.today, days, file.municipality, "plan")


def _draft(command: DraftPlan, file: CaseFile, due: Due, context: Context) -> PlanDrafted:
    _author_may(file.municipality, context)
    check_fits(command, context)
    check_can_be_had(command.lines, file, context)
    return PlanDrafted(plan_id=context.new_id("plan"), author_role=context.actor.role, plan_due=due, **dict(command))


def check_fits(command: DraftPlan, context: Context) -> None:
    """Whoever wrote it: every line serves one of its goals, and everything stands in it once."""
    _each_once([goal.goal_id for goal in command.goals], field="goals")
    _each_once([line_id for line_id, _ in _served(command)], field="lines")
    areas = {area.code for area in context.programme.life_areas}
    for goal in command.goals:
        if goal.life_area not in areas:
            raise UnknownLifeArea(field="goals", life_area=goal.life_area)
    goals = {goal.goal_id for goal in command.goals}
    for line_id, goal_id in _served(command):
        if goal_id not in goals:
            raise UnknownGoal(field="lines", line=line_id, goal=goal_id)
    _check_unmet(command.unmet, goals, context)


def check_can_be_had(lines: tuple[ServiceLine, ...], file: CaseFile, context: Context) -> None:
    for service in lines:
        _is_the_same(service, file)
        _supports_their_carer(service, context)
        _can_be_delivered(service, file.municipality, context)


def _served(command: DraftPlan) -> Iterator[tuple[str, str]]:
    """Every line with the goal it serves; the community's lines are lines too."""
    yield from ((line.line_id, line.goal_id) for line in command.lines)
    yield from ((line.line_id, line.goal_id) for line in command.community_lines)


def _author_may(municipality: str, context: Context) -> None:
    authors = context.programme.settings(municipality, context.today).plan_authors
    if context.actor.role not in authors:
        raise NotThePlansAuthor(municipality=municipality, authors=" or ".join(authors), role=context.actor.role)


def _each_once(ids: list[str], *, field: str) -> None:
    for each, times in Counter(ids).items():
        if times > 1:
            raise TwiceTheSame(field=field, id=each)


def _check_unmet(unmet: tuple[UnmetNeed, ...], goals: Collection[str], context: Context) -> None:
    _each_once([need.need_id for need in unmet], field="unmet")
    catalogue = context.programme.catalogue(context.today)
    for need in unmet:
        if need.goal_id not in goals:
            raise UnknownGoal(field="unmet", line=need.need_id, goal=need.goal_id)
        if need.component is not None and catalogue.get(need.component) is None:
            raise UnknownComponent(field="unmet", component=need.component, catalogue=catalogue.version)


def _supports_their_carer(line: ServiceLine, context: Context) -> None:
    """Help for the family may be for one carer, in their own right; help for the person is for the person."""
    if line.carer_id is None:
        return
    if context.person is None or line.carer_id not in context.person.carers:
        raise NotTheirCarer(field="lines", carer_id=line.carer_id)
    component = context.programme.catalogue(line.starts_on).get(line.component)
    if component is not None and not component.serves_family(line.tariff):
        raise ServesThePerson(field="lines", line=line.line_id, component=line.component, tariff=line.tariff)


def _can_be_delivered(line: ServiceLine, municipality: str, context: Context) -> None:
    """The component exists, is offered that way, somebody is contracted for it, and it has a price throughout."""
    catalogue = context.programme.catalogue(line.starts_on)
    component = catalogue.get(line.component)
    if component is None:
        raise UnknownComponent(field="lines", component=line.component, catalogue=catalogue.version)
    if line.tariff not in component.tariffs:
        raise WrongTariff(field="lines", component=line.component, tariff=line.tariff)
    provider = _provider(line.provider_id, context)
    if not provider.covers(line.component, municipality, line.starts_on, line.ends_on):
        raise NotUnderContract(
            field="lines", provider=line.provider_id, component=line.component, municipality=municipality
        )
    prices_over(line, municipality, context)


def _is_the_same(line: ServiceLine, file: CaseFile) -> None:
    """Orders and deliveries belong to a line; they must not pass to another provider under its name."""
    account = file.accounts.get(line.line_id)
    if account is None:
        return
    if account.former is not None:
        raise FormerLine(field="lines", line=line.line_id, former=account.former.municipality)
    before = account.line
    other_carer = before.carer_id not in (None, line.carer_id)  # to name one later is no change
    if other_carer or (before.component, before.tariff, before.provider_id) != (
        line.component,
        line.tariff,
        line.provider_id,
    ):
        raise LineIsAnother(field="lines", line=line.line_id)


def _provider(provider_id: str, context: Context) -> Provider:
    provider = (context.providers or {}).get(provider_id)
    if provider is None:
        raise UnknownProvider(field="lines", provider_id=provider_id)
    return provider


PlanningEvent = PlanDrafted | PlanAgreed | PlanReopened


def evolve(state: Journey, event: PlanningEvent) -> Journey:
    file = state.file
    match event:
        case PlanDrafted():
            plan = Plan(goals=event.goals, lines=event.lines, community_lines=event.community_lines, unmet=event.unmet)
            file = replace(file, plans={**file.plans, event.plan_id: plan})
            return AwaitingAgreement(file=file, plan_id=event.plan_id, plan_due=event.plan_due)
        case PlanAgreed():
            file = replace(file, agreed_plan=event.plan_id)
            return AwaitingBudget(file=file, plan_id=event.plan_id, budget_due=event.budget_due)
        case PlanReopened():
            return AwaitingPlan(file=file, plan_due=event.due)
