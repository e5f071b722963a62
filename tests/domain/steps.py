"""The usual steps of a journey, and the histories they make; each is decided for real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from domain.care import (
    Agreer,
    CommunityLine,
    ExitReason,
    Finding,
    Goal,
    Rejection,
    RejectionReason,
    ReviewKind,
    ReviewOutcome,
    SectionAnswer,
    ServiceLine,
    Tariff,
    UnmetNeed,
    Views,
)
from domain.decision import Command
from domain.programme import Programme
from domain.stages.assessment import AssessNeeds
from domain.stages.budgeting import CommitService, DecideBudget
from domain.stages.claiming import CheckClaimed, PayClaimed
from domain.stages.delivery import RecordDelivery
from domain.stages.eligibility import DecideEligibility
from domain.stages.exit import ExitJourney
from domain.stages.planning import AgreePlan, DraftPlan
from domain.stages.referral import RecordReferral
from domain.stages.review import HoldReview
from domain.states import Journey
from tests.domain.given import MONDAY, PERSON, PROGRAMME, PROVIDER, TOWN, Given, given, nothing

DECIDED, ASSESSED, DRAFTED, AGREED, BUDGETED, HELPED = (
    date(2026, 3, 5), date(2026, 3, 12), date(2026, 3, 16), date(2026, 3, 17), date(2026, 3, 20), date(2026, 3, 26),
)  # fmt: skip
ENDS = date(2026, 8, 31)

FULFILLED = {
    "target_group": True,
    "judged_to_need_integrated_services": True,
    "no_state_special_care": True,
    "no_social_rehabilitation": True,
    "no_similar_externally_financed_service": True,
}


def referral(
    *,
    on: date = MONDAY,
    complete_on: date | None = MONDAY,
    municipality: str = TOWN,
    agreed_by: Agreer = "person",
) -> RecordReferral:
    return RecordReferral(
        person_id=PERSON,
        municipality=municipality,
        noticed_by="relative",
        noticed_on=on,
        reason="Has not left the flat for weeks.",
        agreed_on=on,
        agreed_by=agreed_by,
        rights_explained_on=on,
        complete_on=complete_on,
    )


def eligibility(
    *,
    but: Mapping[str, bool] | None = None,
    without: tuple[str, ...] = (),
    findings: Mapping[str, bool] = FULFILLED,
    diagnosis: str = "schizophrenia",
    further: tuple[str, ...] = (),
    service_ends: date | None = None,
    override: str | None = None,
    reasons: str | None = None,
) -> DecideEligibility:
    """All conditions found to hold, `but` some otherwise, `without` some."""
    found = {code: holds for code, holds in {**findings, **(but or {})}.items() if code not in without}
    return DecideEligibility(
        findings=tuple(
            Finding(condition=code, holds=holds, judged_by="municipal_social_worker") for code, holds in found.items()
        ),
        primary_diagnosis=diagnosis,
        further_diagnoses=further,
        state_service_ends_on=service_ends,
        override=override,
        reasons=reasons,
    )


def answers(needs: Mapping[str, int], programme: Programme = PROGRAMME) -> tuple[SectionAnswer, ...]:
    """Copes with everything but the sections named, each of whose questions has that degree."""
    asked = (section for section in programme.instrument(MONDAY).sections if section.items[0].scale == "need")

    def answer(code: str, items: tuple[str, ...], reversed_: bool) -> SectionAnswer:
        if code not in needs:
            return SectionAnswer(section=code, copes_independently=not reversed_)
        return SectionAnswer(
            section=code,
            copes_independently=reversed_,
            degrees=dict.fromkeys(items, needs[code]),
            comments=dict.fromkeys(items, "Needs somebody beside her."),
        )

    return tuple(answer(s.code, tuple(item.code for item in s.items), s.reversed) for s in asked)


VIEWS = Views(own_words="I want to go outside again.", specialist="Withdrawn since the winter.", carer=None)


def assessment(
    needs: Mapping[str, int] | None = None,
    *,
    on: date = ASSESSED,
    sections: tuple[SectionAnswer, ...] | None = None,
    environment: Mapping[str, int] | None = None,
    environment_comments: Mapping[str, str] | None = None,
    safety_signs: tuple[str, ...] = (),
) -> AssessNeeds:
    return AssessNeeds(
        on=on,
        sections=answers(needs if needs is not None else {"household": 3}) if sections is None else sections,
        environment=dict(environment or {}),
        environment_comments=dict(environment_comments or {}),
        safety_signs=safety_signs,
        quality_of_life=3,
        views=VIEWS,
    )


OUT = Goal(goal_id="out", life_area="mental_health", words="To leave the flat every day.")
NEIGHBOUR = CommunityLine(line_id="neighbour", goal_id="out", helper="The neighbour", help="A walk on Sundays.")


def line(
    line_id: str = "recovery",
    component: str = "mental.recovery",
    *,
    minutes: int = 600,
    tariff: Tariff = "individual",
    starts_on: date = DRAFTED,
    ends_on: date = ENDS,
    provider_id: str = PROVIDER,
    goal_id: str = "out",
    carer_id: str | None = None,
) -> ServiceLine:
    return ServiceLine(
        line_id=line_id,
        goal_id=goal_id,
        component=component,
        tariff=tariff,
        minutes=minutes,
        provider_id=provider_id,
        starts_on=starts_on,
        ends_on=ends_on,
        carer_id=carer_id,
    )


def plan(
    *lines: ServiceLine,
    goals: tuple[Goal, ...] = (OUT,),
    community: tuple[CommunityLine, ...] = (),
    unmet: tuple[UnmetNeed, ...] = (),
) -> DraftPlan:
    return DraftPlan(
        main_goal="To walk to the sea on my own.",
        goals=goals,
        lines=lines,
        community_lines=community,
        crisis_plan="Call the neighbour, then the crisis line.",
        unmet=unmet,
    )


def agreement_to(plan_id: str = "plan-1", *, on: date = AGREED) -> AgreePlan:
    return AgreePlan(plan_id=plan_id, agreed_on=on)


def budget(**minutes: int) -> DecideBudget:
    return DecideBudget(form="administrative_act", minutes=minutes, reasons="As planned.")


def order(line_id: str = "recovery", *, minutes: int = 600) -> CommitService:
    return CommitService(line_id=line_id, minutes=minutes)


def visit(line_id: str = "recovery", *, on: date = HELPED, minutes: int = 60) -> RecordDelivery:
    return RecordDelivery(line_id=line_id, day=on, minutes=minutes)


def claim(*deliveries: str, number: int = 1, rejected: Mapping[str, RejectionReason] | None = None) -> CheckClaimed:
    """The rows of the provider's claim, checked."""
    return CheckClaimed(
        claim_id=f"claim-{number}",
        provider_id=PROVIDER,
        deliveries=deliveries or ("delivery-1",),
        rejections=tuple(Rejection(delivery_id=id_, reason=why) for id_, why in (rejected or {}).items()),
    )


def payment(number: int = 1, *, on: date = HELPED) -> PayClaimed:
    return PayClaimed(claim_id=f"claim-{number}", paid_on=on, reference=f"invoice-{number}")


def paid(*deliveries: str, number: int = 1, on: date = HELPED) -> tuple[CheckClaimed, PayClaimed]:
    return claim(*deliveries, number=number), payment(number, on=on)


def review(
    kind: ReviewKind = "progress", outcome: ReviewOutcome = "continue", *, on: date, goals_met: tuple[str, ...] = ()
) -> HoldReview:
    need = {area.code: 1 for area in PROGRAMME.life_areas}
    return HoldReview(
        review=kind,
        on=on,
        need_by_life_area=need,
        goals_met=goals_met,
        quality_of_life=5,
        summary="Goes out most days.",
        outcome=outcome,
    )


def leaving(reason: ExitReason = "goal_reached", *, on: date, destination: str | None = None) -> ExitJourney:
    return ExitJourney(on=on, reason=reason, quality_of_life=8, destination=destination)


# ── Histories ────────────────────────────────────────────────────────────────────────────────────────────────────────


def referred() -> Given[Journey]:
    return given(nothing(), referral(), DECIDED)


def decided_alone(case: Given[Journey]) -> Given[Journey]:
    """As it was recorded before there was a deadline for the first contact and the first help."""
    begun, *rest = case.events
    old = begun.model_copy(update={"first_contact_due": None, "first_help_due": None})
    return replace(case, events=(old, *rest))


def refused() -> Given[Journey]:
    return given(referred(), eligibility(but={"target_group": False}, reasons="Not of the target group."))


def accepted() -> Given[Journey]:
    """Eligible, with a place."""
    return given(referred(), eligibility(), ASSESSED)


def postponed() -> Given[Journey]:
    """Eligible, but a state service runs and nobody knows until when."""
    return given(referred(), eligibility(but={"no_state_special_care": False}), ASSESSED)


def assessed(needs: Mapping[str, int] | None = None) -> Given[Journey]:
    return given(accepted(), assessment(needs), DRAFTED)


def planned(*lines: ServiceLine) -> Given[Journey]:
    return given(assessed(), plan(*(lines or (line(),)), community=(NEIGHBOUR,)), AGREED)


def agreed(*lines: ServiceLine) -> Given[Journey]:
    return given(planned(*lines), agreement_to(), BUDGETED)


def budgeted(*lines: ServiceLine) -> Given[Journey]:
    return given(agreed(*lines), budget())


def in_delivery(*steps: Command | date) -> Given[Journey]:
    """Ten hours of recovery at 32 euros set aside and ordered."""
    return given(budgeted(), order(), HELPED, *steps)


def replanned(*lines: ServiceLine, on: date) -> tuple[Command | date, ...]:
    """A second plan, agreed to and budgeted in one day."""
    return (on, plan(*lines), agreement_to("plan-2", on=on), budget())
