"""What a caller sees of a journey, a person, an agreement: shaped from the folded stream, so one reads one's own write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from domain import journey
from domain.care import ClaimRow, RowVerdict, VersionInForce
from domain.carers import supported
from domain.claims import Claim
from domain.codec import Recorded
from domain.due import Deadline, Due, Standing, Wake, standing
from domain.events import ProgrammePublished
from domain.parties import Person
from domain.programme import CarerNeed
from domain.publications import publication_of
from domain.stages.throughout import open_reminders
from domain.states import CaseFile, Exited, InDelivery, Journey, waits_for


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class DeadlineView(View):
    """What somebody is to do by a day, and how that day came about. `standing` is as of today, null in a replay; `days` are
    left, late where it is overdue, waited where it is on hold; `step` is the next reminder and `at` when it comes, null
    where all were told."""

    what: str
    due_on: date
    standing: Standing | None
    days: int | None
    explained: str
    rule: str
    step: str | None
    at: datetime | None


class ReminderView(View):
    """What was told of a deadline that is still open, to whom, whom mail has reached or not, and who has seen it."""

    deadline_id: str
    what: str
    step: str
    due_on: date
    level: str
    to: tuple[str, ...]
    missing: tuple[str, ...]
    sent_to: tuple[str, ...]
    not_sent_to: tuple[str, ...]
    seen_by: str | None
    seen_on: date | None


class LineView(View):
    """The five numbers of one budget line, in cents; what is left of each is the difference to the one before."""

    line_id: str
    component: str
    tariff: str
    provider_id: str
    starts_on: date
    ends_on: date
    allocated_cents: int
    committed_cents: int
    delivered_cents: int
    accepted_cents: int
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


class OfferView(View):
    """A place that waits for the person's answer."""

    from_on: date
    answer_until: date | None


class SuspensionView(View):
    from_on: date
    to_on: date | None


class PlannedExitView(View):
    on: date
    reason: str


class OriginView(View):
    """Where the journey ran before: the file and its row, the case's number there, and up to when help was told there."""

    source: str
    file_digest: str
    row: int
    case: str
    on: date
    balances_on: date


class MembershipView(View):
    """A time in which the journey belonged to a municipality; both days count."""

    municipality: str
    from_on: date
    to_on: date | None


class OpenTransferView(View):
    """To which municipality the journey is offered, and from when on."""

    to: str
    from_on: date


class JourneyView(View):
    journey_id: str
    person_id: str
    municipality: str
    memberships: tuple[MembershipView, ...]
    transfer: OpenTransferView | None
    origin: OriginView | None
    version: int
    stage: str
    waits_for: str
    case_manager: str | None
    place_from: date | None
    waits_for_place: bool
    urgent: bool
    offer: OfferView | None
    suspensions: tuple[SuspensionView, ...]
    planned_exit: PlannedExitView | None
    plan_id: str | None
    goals: dict[str, str]
    unmet: tuple[UnmetView, ...]
    carers: tuple[CarerView, ...]
    assessments: tuple[AssessmentView, ...]
    budget: tuple[LineView, ...]
    deadlines: tuple[DeadlineView, ...]
    reminders: tuple[ReminderView, ...]
    wakes_at: datetime | None  # when something comes due by itself next, a reminder or the end of a time
    open_challenges: tuple[str, ...]
    challengeable: tuple[DecisionView, ...]
    lapsed_consents: tuple[str, ...]
    next_review: str | None
    exited_on: date | None
    settled: bool


def journey_view(
    state: Journey, version: int, carer_needs: Sequence[CarerNeed] | None = None, today: date | None = None
) -> JourneyView:
    file = state.file
    plan_id = list(file.plans)[-1] if file.plans else None
    plan = None if plan_id is None else file.plans[plan_id]
    return JourneyView(
        journey_id=file.journey_id,
        person_id=file.person_id,
        municipality=file.municipality,
        memberships=tuple(
            MembershipView(municipality=each.municipality, from_on=each.from_on, to_on=each.to_on)
            for each in file.memberships
        ),
        transfer=OpenTransferView(to=file.transfer.to, from_on=file.transfer.from_on) if file.transfer else None,
        origin=OriginView.model_validate(asdict(file.origin)) if file.origin else None,
        version=version,
        stage=journey.stage_of(state),
        waits_for=waits_for(state),
        case_manager=file.case_manager,
        place_from=file.place.from_on if file.place else None,
        waits_for_place=file.waits_for_place,
        urgent=file.urgent,
        offer=_offer(file),
        suspensions=tuple(SuspensionView(from_on=each.from_on, to_on=each.to_on) for each in file.suspensions),
        planned_exit=PlannedExitView.model_validate(asdict(file.planned_exit)) if file.planned_exit else None,
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
        deadlines=_deadlines(state, today),
        wakes_at=next((wake.at for wake in journey.pending(state)), None),
        reminders=tuple(ReminderView.model_validate(asdict(each)) for each in open_reminders(state)),
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


def _deadlines(state: Journey, today: date | None) -> tuple[DeadlineView, ...]:
    coming = {wake.deadline.id: wake for wake in reversed(journey.pending(state))}
    return tuple(_deadline(each, coming.get(each.id), today) for each in journey.awaited(state))


def _deadline(shown: Deadline, coming: Wake | None, today: date | None) -> DeadlineView:
    due, held_since = shown.due, shown.due.held_since
    return DeadlineView(
        what=shown.what,
        due_on=due.on,
        standing=None if today is None else standing(due.on, due.remind_on, today, held=held_since is not None),
        days=None if today is None else abs(((held_since or due.on) - today).days),
        explained=due.explained,
        rule=due.rule,
        step=None if coming is None else coming.step,
        at=None if coming is None else coming.at,
    )


def _offer(file: CaseFile) -> OfferView | None:
    if file.offer is None:
        return None
    return OfferView(from_on=file.offer.from_on, answer_until=file.offer.expires.on if file.offer.expires else None)


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
            accepted_cents=account.accepted,
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


class ClaimRowView(View):
    """One row of a claim. `verdict` is None until it is checked; `cents` below 0 corrects an earlier claim."""

    journey_id: str
    delivery_id: str
    line_id: str
    day: date
    component: str
    tariff: str
    minutes: int
    cents: int
    verdict: str | None
    reason: str | None
    accepted_cents: int


class DecisionDueView(View):
    """By when the municipality is to decide on a claim, how that day came about, and how it stands today."""

    due_on: date
    standing: Standing | None
    explained: str


class ClaimView(View):
    claim_id: str
    version: int
    provider_id: str
    municipality: str
    month: date
    stage: str
    claimed_cents: int
    accepted_cents: int
    paid_on: date | None
    reference: str | None
    decision: DecisionDueView | None
    rows: tuple[ClaimRowView, ...]


def claim_view(state: Claim, version: int, *, today: date | None) -> ClaimView:
    return ClaimView(
        claim_id=state.claim_id,
        version=version,
        provider_id=state.provider_id,
        municipality=state.municipality,
        month=state.month,
        stage=state.stage,
        claimed_cents=state.claimed_cents,
        accepted_cents=state.accepted_cents,
        paid_on=state.paid_on,
        reference=state.reference,
        decision=None if state.awaits is None else _decision_due(state.awaits, today),
        rows=tuple(_claim_row(row, state.verdicts.get(row.delivery_id)) for row in state.rows),
    )


def _decision_due(due: Due, today: date | None) -> DecisionDueView:
    stands = None if today is None else standing(due.on, due.remind_on, today)
    return DecisionDueView(due_on=due.on, standing=stands, explained=due.explained)


def _claim_row(row: ClaimRow, verdict: RowVerdict | None) -> ClaimRowView:
    accepted = verdict.cents if verdict is not None and verdict.verdict == "accepted" else 0
    return ClaimRowView(
        **row.model_dump(),
        verdict=None if verdict is None else verdict.verdict,
        reason=None if verdict is None else verdict.reason,
        accepted_cents=accepted,
    )


class PublicationView(View):
    publication: str
    number: int
    published_at: datetime
    published_by: str
    digest: str
    versions: tuple[VersionInForce, ...]


def publication_view(told: Recorded) -> PublicationView:
    event = told.event
    assert isinstance(event, ProgrammePublished), event
    return PublicationView(
        publication=publication_of(event),
        number=event.number,
        published_at=told.recorded_at,
        published_by=told.meta.actor.id,
        digest=event.digest,
        versions=event.versions,
    )
