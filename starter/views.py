"""What a caller sees of a journey, a person, an agreement: shaped from the folded stream, so one reads one's own write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from domain import journey
from domain.carers import supported
from domain.parties import Agreement, Person
from domain.programme import CarerNeed
from domain.states import Exited, InDelivery, Journey, waits_for


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class DeadlineView(View):
    what: str
    due_on: date
    step: str
    at: datetime
    rule: str


class LineView(View):
    """The four numbers of one budget line, in cents; what is left of each is the difference to the one before."""

    line_id: str
    component: str
    tariff: str
    provider_id: str
    starts_on: date
    ends_on: date
    allocated_cents: int
    committed_cents: int
    delivered_cents: int
    paid_cents: int


class AssessmentView(View):
    assessment_id: str
    on: date
    instrument: str
    need_by_life_area: dict[str, int]


class CarerView(View):
    """A carer's own needs as codes (null: told in words alone), the lines that support them, and what no line meets
    (null in a replay)."""

    carer_id: str
    assessed_on: date | None
    needs: tuple[str, ...] | None
    lines: tuple[str, ...]
    not_met: tuple[str, ...] | None


class UnmetView(View):
    need_id: str
    goal_id: str
    component: str | None
    why: str


class DecisionView(View):
    decision_id: str
    challenge_until: date


class JourneyView(View):
    journey_id: str
    person_id: str
    municipality: str
    version: int
    stage: str
    waits_for: str
    case_manager: str | None
    place_from: date | None
    waits_for_place: bool
    plan_id: str | None
    goals: dict[str, str]
    unmet: tuple[UnmetView, ...]
    carers: tuple[CarerView, ...]
    assessments: tuple[AssessmentView, ...]
    budget: tuple[LineView, ...]
    deadlines: tuple[DeadlineView, ...]
    open_challenges: tuple[str, ...]
    challengeable: tuple[DecisionView, ...]
    lapsed_consents: tuple[str, ...]
    next_review: str | None
    exited_on: date | None
    settled: bool


def journey_view(state: Journey, version: int, carer_needs: Sequence[CarerNeed] | None = None) -> JourneyView:
    file = state.file
    plan_id = list(file.plans)[-1] if file.plans else None
    plan = None if plan_id is None else file.plans[plan_id]
    return JourneyView(
        journey_id=file.journey_id,
        person_id=file.person_id,
        municipality=file.municipality,
        version=version,
        stage=journey.stage_of(state),
        waits_for=waits_for(state),
        case_manager=file.case_manager,
        place_from=file.place.from_on if file.place else None,
        waits_for_place=file.waits_for_place,
        plan_id=plan_id,
        goals={goal.goal_id: goal.words for goal in plan.goals} if plan else {},
        unmet=tuple(UnmetView.model_validate(need.model_dump()) for need in plan.unmet) if plan else (),
        carers=tuple(CarerView.model_validate(asdict(each)) for each in supported(file, carer_needs)),
        assessments=tuple(
            AssessmentView(
                assessment_id=each.assessment_id,
                on=each.on,
                instrument=each.instrument,
                need_by_life_area=dict(each.need_by_life_area),
            )
            for each in file.assessments
        ),
        budget=_lines(state),
        deadlines=tuple(
            DeadlineView(
                what=wake.deadline.what,
                due_on=wake.deadline.due.on,
                step=wake.step,
                at=wake.at,
                rule=wake.deadline.due.rule,
            )
            for wake in journey.pending(state)
        ),
        open_challenges=tuple(file.challenges),
        challengeable=tuple(
            DecisionView(decision_id=decision, challenge_until=until.on)
            for decision, until in file.challengeable.items()
        ),
        lapsed_consents=tuple(f"{purpose} by {recipient}" for purpose, recipient in sorted(file.lapsed_consents)),
        next_review=state.review_kind if isinstance(state, InDelivery) else None,
        exited_on=state.on if isinstance(state, Exited) else None,
        settled=journey.settled(state),
    )


def _lines(state: Journey) -> tuple[LineView, ...]:
    return tuple(
        LineView(
            line_id=line_id,
            component=account.line.component,
            tariff=account.line.tariff,
            provider_id=account.line.provider_id,
            starts_on=account.line.starts_on,
            ends_on=account.line.ends_on,
            allocated_cents=account.allocated,
            committed_cents=account.committed,
            delivered_cents=account.delivered,
            paid_cents=account.paid,
        )
        for line_id, account in sorted(state.file.accounts.items())
    )


class EntitlementView(View):
    entitlement_id: str
    service: str
    starts_on: date
    ends_on: date | None


class PersonView(View):
    person_id: str
    version: int
    municipality: str
    consents: tuple[str, ...]
    carers: tuple[str, ...]
    representatives: tuple[str, ...]
    entitlements: tuple[EntitlementView, ...]
    synthetic: bool


def person_view(state: Person, version: int) -> PersonView:
    return PersonView(
        person_id=state.person_id,
        version=version,
        municipality=state.municipality,
        consents=tuple(f"{purpose} by {recipient}" for purpose, recipient in sorted(state.consents)),
        carers=tuple(sorted(state.carers)),
        representatives=tuple(sorted(state.representatives)),
        entitlements=tuple(EntitlementView.model_validate(asdict(each)) for each in state.entitlements.values()),
        synthetic=state.synthetic,
    )


class WaiterView(View):
    position: int
    journey_id: str
    municipality: str
    explained: str


class AgreementView(View):
    agreement: str
    version: int
    municipalities: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    places: int
    taken: int
    free: int
    waiting: tuple[WaiterView, ...]


def agreement_view(state: Agreement) -> AgreementView:
    return AgreementView(
        agreement=state.agreement,
        version=state.version,
        municipalities=tuple(sorted(state.municipalities)),
        valid_from=state.valid_from,
        valid_to=state.valid_to,
        places=state.places,
        taken=len(state.occupied),
        free=state.free,
        waiting=tuple(
            WaiterView(
                position=place,
                journey_id=waiter.journey_id,
                municipality=waiter.municipality,
                explained=f"Number {place}: the application was complete on {waiter.since:%d.%m.%Y}, "
                f"and {place - 1} whose application was complete earlier, or who joined earlier that day, come before.",
            )
            for place, waiter in enumerate(state.waiting, start=1)
        ),
    )
