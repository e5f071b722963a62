"""The catalogue of facts: everything that can have happened, its stored name and version. Stored names are final."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from domain.care import (
    Agreer,
    Allocation,
    AreaScore,
    CaseResult,
    Check,
    ClaimedRow,
    ClaimRow,
    CommunityLine,
    ConditionResult,
    Confirmer,
    ExitReason,
    Extension,
    Goal,
    Ineligible,
    MeasureResult,
    Noticer,
    OpenedLine,
    ProgrammeFile,
    Rater,
    Rejection,
    Release,
    Replanned,
    ReportFigures,
    ReviewKind,
    ReviewOutcome,
    RowVerdict,
    SectionAnswer,
    ServiceLine,
    UnmetNeed,
    VersionInForce,
    Views,
)
from domain.due import Due, Level
from domain.fields import (
    BirthDate,
    Capacity,
    CaseNumber,
    Cents,
    Code,
    Degrees,
    FileDigest,
    Id,
    LanguageCode,
    MailAddress,
    Minutes,
    PersonalCode,
    PersonalCodeword,
    PublicName,
    PublicWords,
    Reference,
    RegistryCode,
    Sealed,
    SignedCents,
    TotalCents,
    Words,
)
from domain.programme.outcome_measure import Answerer, Occasion
from domain.staff import StaffLanguage, StaffRole
from domain.working_days import start_of_day


class Event(BaseModel):
    """A fact. `part` is what of its stream it touches; `day_field` names the day on which it was true, if not today."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1
    part: ClassVar[str]
    day_field: ClassVar[str | None] = None

    def occurred_at(self, at: datetime) -> datetime:
        """When it was true; `at` is when it was told. Never later than told."""
        if self.day_field is None:
            return at
        day = getattr(self, self.day_field)
        return min(at, start_of_day(day)) if isinstance(day, date) else at


E = TypeVar("E", bound=type[Event])
CATALOGUE: dict[str, type[Event]] = {}
Upcaster = Callable[[dict[str, object]], dict[str, object]]
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}  # (stored name, version) → body of the next version


def stored_as(name: str, *, part: str, day: str | None = None, version: int = 1) -> Callable[[E], E]:
    def register(event: E) -> E:
        if name in CATALOGUE:
            raise ValueError(f"{name} is the stored name of {CATALOGUE[name].__name__} already")
        event.type, event.part, event.day_field, event.schema_version = name, part, day, version
        CATALOGUE[name] = event
        return event

    return register


def missing_upcasters() -> list[str]:
    """Every past version of an event that could not be read any more; asserted empty at start-up."""
    return [
        f"{name} v{version}"
        for name, event in CATALOGUE.items()
        for version in range(1, event.schema_version)
        if (name, version) not in UPCASTERS
    ]


# ── Referral ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("referral.recorded", part="referral", day="noticed_on")
class ReferralRecorded(Event):
    person_id: Id
    municipality: Code
    noticed_by: Noticer
    noticed_on: date
    reason: Words
    agreed_on: date
    agreed_by: Agreer
    rights_explained_on: date
    complete_on: date | None
    decision_due: Due | None
    first_contact_due: Due | None = None  # None here and below: recorded before there was such a deadline
    first_help_due: Due | None = None


@stored_as("referral.completed", part="referral", day="complete_on")
class ReferralCompleted(Event):
    complete_on: date
    decision_due: Due


@stored_as("referral.accepted", part="referral")
class ReferralAccepted(Event):
    decision_id: Id
    rules: Code
    conditions: tuple[ConditionResult, ...]
    override: Words | None
    place_from: date | None
    primary_diagnosis: PersonalCodeword | None = None  # None and () below: decided before these were kept
    further_diagnoses: tuple[PersonalCodeword, ...] = ()
    trace: tuple[Check, ...] = ()


@stored_as("referral.refused", part="referral")
class ReferralRefused(Event):
    decision_id: Id
    rules: Code
    conditions: tuple[ConditionResult, ...]
    reasons: Words
    challenge_until: Due
    primary_diagnosis: PersonalCodeword | None = None
    further_diagnoses: tuple[PersonalCodeword, ...] = ()
    trace: tuple[Check, ...] = ()


@stored_as("referral.reopened", part="referral")
class ReferralReopened(Event):
    challenge_id: Id
    decision_due: Due
    first_contact_due: Due | None = None  # None: made before
    first_help_due: Due | None = None


@stored_as("place.received", part="place", day="from_on")
class PlaceReceived(Event):
    agreement: Code
    from_on: date
    assessment_due: Due
    trace: tuple[Check, ...] = ()


@stored_as("place.awaited", part="place")
class PlaceAwaited(Event):
    agreement: Code
    since: date
    ahead: Annotated[int, Field(ge=0)]
    trace: tuple[Check, ...] = ()


@stored_as("place.postponed", part="place")
class PlacePostponed(Event):
    """The place starts when the state service ends, and nobody knows yet when that is."""

    agreement: Code
    assessment_due: Due


@stored_as("offer.received", part="place")
class OfferReceived(Event):
    """A place was offered; the person says until the last day of `expires` whether they take it."""

    agreement: Code
    from_on: date
    expires: Due | None


@stored_as("offer.declined", part="place")
class OfferDeclined(Event):
    reason: Words
    keeps_waiting: bool


@stored_as("offer.lapsed", part="place")
class OfferLapsed(Event):
    """Nobody answered in time; the person waits on."""

    expired_on: date


@stored_as("urgency.recorded", part="urgency")
class UrgencyRecorded(Event):
    urgent: bool
    reason: Words


@stored_as("place.suspended", part="place", day="from_on")
class PlaceSuspended(Event):
    """The place is kept, and for a time not used."""

    from_on: date
    reason: Words


@stored_as("place.resumed", part="place", day="on")
class PlaceResumed(Event):
    on: date


@stored_as("exit.planned", part="exit")
class ExitPlanned(Event):
    """When the person is expected to leave, and why; without a day, the plan is taken back."""

    on: date | None
    reason: ExitReason | None


@stored_as("case_manager.appointed", part="case_manager")
class CaseManagerAppointed(Event):
    case_manager: Code
    handover_id: Id | None = None  # as part of which caseload


# ── Taking over what runs elsewhere ──────────────────────────────────────────────────────────────────────────────────


@stored_as("journey.taken_over", part="origin")
class JourneyTakenOver(Event):
    """The journey ran elsewhere before. `row` is the first of its rows in the file; help up to and including
    `balances_on` is in the balances that came with it."""

    source: Words
    file_digest: FileDigest
    row: Annotated[int, Field(ge=1)]
    case: CaseNumber
    on: date
    balances_on: date


@stored_as("assessment.taken_over", part="assessment", day="on")
class AssessmentTakenOver(Event):
    """Made elsewhere: of its questions and answers only the degree for each life area is known."""

    assessment_id: Id
    on: date
    need_by_life_area: Degrees
    plan_due: Due


@stored_as("budget.taken_over", part="budget")
class BudgetTakenOver(Event):
    """Decided elsewhere, and partly used: the books begin with what was set aside, ordered, delivered, accepted and paid
    there."""

    budget_id: Id
    plan_id: Id
    lines: tuple[OpenedLine, ...]
    review_kind: ReviewKind
    review_due: Due
    plan_ends: Due
    progress_note_due: Due | None = None


# ── At every stage ───────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("contact.logged", part="contacts", day="on")
class ContactLogged(Event):
    contact_id: Id
    on: date
    channel: Code
    with_whom: Code
    reached: bool
    note: Words | None


@stored_as("consent.lapsed", part="consent")
class ConsentLapsed(Event):
    """A consent that the journey rests on was withdrawn in the person's own stream."""

    purpose: Code
    recipient: Code


@stored_as("crisis_plan.changed", part="crisis_plan")
class CrisisPlanChanged(Event):
    crisis_plan: Words


@stored_as("challenge.filed", part="challenge", day="filed_on")
class ChallengeFiled(Event):
    challenge_id: Id
    decision_id: Id
    filed_on: date
    filed_by: Agreer
    grounds: Words
    due: Due


@stored_as("challenge.decided", part="challenge", day="on")
class ChallengeDecided(Event):
    challenge_id: Id
    decision_id: Id
    on: date
    upheld: bool
    reasons: Words


@stored_as("challenge.lapsed", part="challenge")
class ChallengeLapsed(Event):
    """The time in which a decision could be challenged is over."""

    decision_id: Id
    deadline_id: Code


@stored_as("reminder.raised", part="reminders")
class ReminderRaised(Event):
    """`to`: who is told, as the office stood that day. `missing`: levels passed over, since nobody could be told there."""

    deadline_id: Code
    what: Code
    step: Code
    due_on: date
    level: Level = "worker"
    to: tuple[Code, ...] = ()
    missing: tuple[Level, ...] = ()


@stored_as("reminder.acknowledged", part="reminders")
class ReminderAcknowledged(Event):
    """Somebody has seen it. What is due stays due."""

    deadline_id: Code
    step: Code
    on: date
    by: Code


NoticeResult = Literal["sent", "refused", "no_address", "given_up"]


@stored_as("notice.sent", part="reminders")
class NoticeSent(Event):
    """The mail server, or the outbox, has taken it."""

    deadline_id: Code
    step: Code
    recipient: Code


@stored_as("notice.refused", part="reminders")
class NoticeRefused(Event):
    """It will not come: refused (`reply` is the mail server's number), without an address, or tried for too long."""

    deadline_id: Code
    step: Code
    recipient: Code
    reason: NoticeResult
    reply: Annotated[int, Field(ge=0, le=999)] | None


@stored_as("deadline.paused", part="deadlines", day="from_on")
class DeadlinePaused(Event):
    """`due` is the deadline as it is now; `challenge_id` where it is that of a challenge. Likewise below."""

    what: Code
    challenge_id: Id | None
    from_on: date
    reason: Words
    due: Due


@stored_as("deadline.resumed", part="deadlines", day="on")
class DeadlineResumed(Event):
    what: Code
    challenge_id: Id | None
    on: date
    due: Due


@stored_as("deadline.extended", part="deadlines")
class DeadlineExtended(Event):
    what: Code
    challenge_id: Id | None
    working_days: Annotated[int, Field(ge=1)]
    reason: Words
    due: Due


@stored_as("deadlines.replanned", part="deadlines")
class DeadlinesReplanned(Event):
    """What a new calendar moved, and nothing else."""

    moved: tuple[Replanned, ...]


# ── Assessment ───────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("assessment.completed", part="assessment", day="on")
class NeedsAssessed(Event):
    assessment_id: Id
    instrument: Code
    on: date
    sections: tuple[SectionAnswer, ...]
    environment: Degrees
    environment_comments: Annotated[dict[str, Words], Sealed()]
    safety_signs: Annotated[tuple[str, ...], Sealed()]
    need_by_life_area: Degrees
    quality_of_life: Annotated[int, Sealed()]
    views: Views
    plan_due: Due | None


@stored_as("carer.assessed", part="carers", day="on")
class CarerAssessed(Event):
    carer_id: Id
    on: date
    needs: Annotated[str, Sealed(of="carer_id")]
    own_needs: Annotated[tuple[Code, ...] | None, Sealed(of="carer_id")] = None  # None: told in words alone


@stored_as("assessment.reopened", part="assessment")
class AssessmentReopened(Event):
    reason: Words
    due: Due


# ── Outcomes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("measure.taken", part="measures", day="on")
class MeasureTaken(Event):
    """How life was on a day, as somebody tells it; the result as the scorer of that version made it, for ever."""

    measure_id: Id
    instrument: Code
    scorer: Code
    occasion: Occasion
    on: date
    by: Answerer
    carer_id: Id | None = None
    scores: Annotated[dict[Code, AreaScore], Sealed()]
    result: Annotated[MeasureResult, Sealed()]


@stored_as("service.rated", part="ratings", day="on")
class ServiceRated(Event):
    """What somebody thinks of a component, or of one provider's: 1 bad to 5 very good."""

    rating_id: Id
    on: date
    component: Code
    provider_id: Id | None
    rating: Annotated[int, Sealed(), Field(ge=1, le=5)]
    by: Rater
    carer_id: Id | None = None


# ── Planning ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("plan.drafted", part="plan")
class PlanDrafted(Event):
    plan_id: Id
    author_role: Code
    main_goal: Words
    goals: tuple[Goal, ...]
    obstacles: Words | None
    lines: tuple[ServiceLine, ...]
    community_lines: tuple[CommunityLine, ...]
    crisis_plan: Words
    plan_due: Due
    unmet: tuple[UnmetNeed, ...] = ()


@stored_as("plan.agreed", part="plan", day="agreed_on")
class PlanAgreed(Event):
    plan_id: Id
    agreed_on: date
    agreed_by: Agreer
    budget_due: Due


@stored_as("plan.reopened", part="plan")
class PlanReopened(Event):
    reason: Words
    due: Due


# ── Budgeting ────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("budget.decided", part="budget")
class BudgetDecided(Event):
    budget_id: Id
    decision_id: Id
    plan_id: Id
    form: Code
    catalogue: Code
    rules: Code
    lines: tuple[Allocation, ...]
    reasons: Words
    review_kind: ReviewKind
    review_due: Due
    challenge_until: Due
    plan_ends: Due | None = None
    progress_note_due: Due | None = None
    decided_on: date | None = None  # from then on the lines run as they are here
    trace: tuple[Check, ...] = ()


@stored_as("budget.extended", part="budget")
class BudgetExtended(Event):
    """The plan's last day has passed and no new plan is there: nobody loses their help because an office is late."""

    lines: tuple[Extension, ...]
    plan_ends: Due | None  # None: there was nothing that could run on


@stored_as("budget.reinstated", part="budget")
class BudgetReinstated(Event):
    """Help from before the end of a line was told late: of what its orders gave back then, so much is taken again."""

    line_id: Code
    cents: Cents


@stored_as("service.committed", part="budget")
class ServiceCommitted(Event):
    line_id: Code
    provider_id: Id
    minutes: Minutes
    cents: Cents


@stored_as("recovery.opened", part="recovery")
class RecoveryOpened(Event):
    """Cost turned out to be ineligible: help on days on which the person had a service that must not be combined with it."""

    recovery_id: Id
    entitlement_id: Id
    rules: Code
    deliveries: tuple[Ineligible, ...]
    cents: Cents


@stored_as("recovery.withdrawn", part="recovery")
class RecoveryWithdrawn(Event):
    """The other service was not there on these days, as is known now: of this recovery, what is claimed back no longer."""

    recovery_id: Id
    rules: Code
    deliveries: tuple[Ineligible, ...]
    cents: Cents


@stored_as("payment.recorded", part="budget", day="paid_on")
class PaymentRecorded(Event):
    """Of one line, what a claim's rows come to; `set_off_cents` of it is not sent, because the provider owed it."""

    line_id: Code
    paid_on: date
    cents: Cents
    reference: Reference
    claim_id: Id | None = None
    set_off_cents: Cents = 0


# ── Delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("delivery.recorded", part="delivery", day="day")
class DeliveryRecorded(Event):
    delivery_id: Id
    line_id: Code
    day: date
    minutes: Minutes
    component: Code
    tariff: Code
    provider_id: Id
    price: Code
    cents_per_hour: Cents
    cents: Cents
    worker: Code | None
    note: Words | None
    own_cents: Cents = 0  # the person's own share of the price, beside `cents`
    goal_id: Code | None = None
    reference: Reference | None = None  # the provider's own number of the entry
    session: Reference | None = None  # those who were helped together have the same
    participants: int | None = None


@stored_as("delivery.corrected", part="delivery")
class DeliveryCorrected(Event):
    """A new entry: what was recorded stays, and the difference is booked."""

    delivery_id: Id
    minutes_before: int
    minutes: Annotated[int, Field(ge=0)]
    cents_before: Cents
    cents: Cents
    reason: Words
    own_cents: Cents = 0


@stored_as("delivery.confirmed", part="delivery")
class DeliveryConfirmed(Event):
    delivery_id: Id
    confirmed_by: Confirmer


@stored_as("delivery.disputed", part="delivery")
class DeliveryDisputed(Event):
    delivery_id: Id
    disputed_by: Confirmer
    reason: Words
    due: Due | None = None  # None: disputed before there was a time to settle it in


@stored_as("dispute.settled", part="delivery")
class DisputeSettled(Event):
    delivery_id: Id
    upheld: bool
    reason: Words


@stored_as("deliveries.claimed", part="claims")
class DeliveriesClaimed(Event):
    """What became of this journey's rows of a claim."""

    claim_id: Id
    rules: Code
    rows: tuple[ClaimedRow, ...]


@stored_as("visit.missed", part="delivery", day="day")
class VisitMissed(Event):
    line_id: Code
    day: date
    note: Words | None


@stored_as("progress.noted", part="progress", day="on")
class ProgressNoted(Event):
    goal_id: Code
    on: date
    note: Words
    direction: PersonalCodeword
    next_due: Due | None = None  # None too where no help is given any more


# ── Review ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("review.held", part="review", day="on")
class ReviewHeld(Event):
    review_id: Id
    plan_id: Id
    kind: ReviewKind
    on: date
    need_by_life_area: Degrees
    goals_met: tuple[Code, ...]
    quality_of_life: Annotated[int, Sealed()]
    summary: Words
    outcome: ReviewOutcome
    next_kind: ReviewKind
    next_due: Due
    progress_note_due: Due | None = None  # None too where help does not simply go on


# ── Exit ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("journey.exited", part="exit", day="on")
class JourneyExited(Event):
    on: date
    reason: ExitReason
    note: Words | None
    quality_of_life: Annotated[int | None, Sealed()]
    destination: Code | None
    challenge_until: Due
    decision_id: Id


@stored_as("budget.settled", part="budget")
class BudgetSettled(Event):
    """What was set aside and will not be used is given back; `final` when no late help can be told any more. `last_day`: only
    of the lines that ended on it because the journey moved on."""

    released: tuple[Release, ...]
    final: bool = False
    last_day: date | None = None


# ── Transfer ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("transfer.offered", part="transfer")
class TransferOffered(Event):
    """The person moves: another municipality is asked to take the journey over, from a day on."""

    to: Code
    from_on: date
    reason: Words


@stored_as("transfer.accepted", part="transfer", day="on")
class TransferAccepted(Event):
    """From that day on the journey is with `municipality`, and nothing of it with `former` any more but what is still to be
    told, claimed and paid there. `due` is for what it waits for now; `place_stays` where both share the agreement; `settle_by`
    is the last day on which help of until then can be told (None: there is no budget)."""

    former: Code
    municipality: Code
    on: date
    due: Due | None
    place_stays: bool
    settle_by: Due | None = None


@stored_as("transfer.rejected", part="transfer")
class TransferRejected(Event):
    reason: Words


@stored_as("transfer.withdrawn", part="transfer")
class TransferWithdrawn(Event):
    """Without a reason: the journey is over."""

    reason: Words | None


# ── Agreements and their places ──────────────────────────────────────────────────────────────────────────────────────


@stored_as("agreement.signed", part="terms", day="valid_from")
class AgreementSigned(Event):
    agreement: Code
    municipalities: tuple[Code, ...]
    valid_from: date
    valid_to: date | None
    places: Annotated[int, Field(ge=0, le=10_000)]
    coordinator: Code
    synthetic: bool


@stored_as("place.occupied", part="places", day="from_on")
class PlaceOccupied(Event):
    """From a day on; `reserved_on` is when it was given, where that is known."""

    journey_id: Id
    from_on: date
    reserved_on: date | None = None


@stored_as("place.freed", part="places", day="on")
class PlaceFreed(Event):
    journey_id: Id
    on: date


@stored_as("place.offered", part="places")
class PlaceOffered(Event):
    """From a day on, until an answer or the last day of `expires`; offers of a time without such days have none."""

    journey_id: Id
    from_on: date | None = None
    made_on: date | None = None
    expires: Due | None = None


@stored_as("offer.passed", part="places")
class OfferPassed(Event):
    """Declined, or not answered in time: from that day on the place is free for the next."""

    journey_id: Id
    reason: Code
    on: date


@stored_as("holding.suspended", part="places", day="from_on")
class HoldingSuspended(Event):
    journey_id: Id
    from_on: date


@stored_as("holding.resumed", part="places", day="on")
class HoldingResumed(Event):
    journey_id: Id
    on: date


@stored_as("holding.exit_planned", part="places")
class HoldingExitPlanned(Event):
    journey_id: Id
    on: date | None


@stored_as("waiting.joined", part="waiting", day="since")
class WaitingJoined(Event):
    journey_id: Id
    municipality: Code
    since: date
    place_from: date
    urgent: bool = False


@stored_as("waiting.ranked", part="waiting")
class WaitingRanked(Event):
    """Whether it is urgent; why is said in the person's own journey."""

    journey_id: Id
    urgent: bool


@stored_as("waiting.left", part="waiting")
class WaitingLeft(Event):
    journey_id: Id
    reason: Code
    on: date | None = None


@stored_as("funding.recorded", part="funding")
class FundingRecorded(Event):
    """Money for one period of the agreement from one source; a later record of the same replaces it."""

    valid_from: date
    source: Code
    cents: TotalCents


# ── Persons ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("person.registered", part="identity")
class PersonRegistered(Event):
    municipality: Code
    given_name: Words
    family_name: Words
    birth_date: BirthDate
    personal_code: PersonalCode | None
    sex: PersonalCodeword
    language: PersonalCodeword
    distinct_from: tuple[Id, ...]
    synthetic: bool


@stored_as("contact_details.changed", part="contact_details")
class ContactDetailsChanged(Event):
    phone: Words | None
    email: Words | None
    address: Words | None


@stored_as("representative.named", part="representation", day="from_on")
class RepresentativeNamed(Event):
    representative_id: Id
    basis: Code
    from_on: date


@stored_as("carer.linked", part="carers")
class CarerLinked(Event):
    carer_id: Id
    relation: PersonalCodeword


@stored_as("consent.given", part="consent", day="on")
class ConsentGiven(Event):
    purpose: Code
    recipient: Code
    on: date
    given_by: Agreer


@stored_as("consent.withdrawn", part="consent", day="on")
class ConsentWithdrawn(Event):
    purpose: Code
    recipient: Code
    on: date


@stored_as("person.moved", part="municipality", day="on")
class PersonMoved(Event):
    """With their journey: from then on another municipality acts for the person."""

    municipality: Code
    on: date


@stored_as("entitlement.recorded", part="entitlements", day="starts_on")
class EntitlementRecorded(Event):
    """A service outside the model that the person has for a time."""

    entitlement_id: Id
    service: PersonalCodeword
    starts_on: date
    ends_on: date | None
    told_by: Code


@stored_as("entitlement.corrected", part="entitlements")
class EntitlementCorrected(Event):
    """The period was another one; `withdrawn`: there never was one."""

    entitlement_id: Id
    starts_on: date
    ends_on: date | None
    withdrawn: bool


# ── Providers ────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("provider.contracted", part="contract", day="valid_from")
class ProviderContracted(Event):
    name: PublicName
    registry_code: RegistryCode
    components: tuple[Code, ...]
    municipalities: tuple[Code, ...]
    valid_from: date
    valid_to: date | None
    synthetic: bool
    based_in: Code | None = None
    languages: tuple[LanguageCode, ...] = ()
    capacity_minutes_per_month: Capacity | None = None


@stored_as("provider.contract_changed", part="contract", day="valid_from")
class ProviderContractChanged(Event):
    components: tuple[Code, ...]
    municipalities: tuple[Code, ...]
    valid_from: date
    valid_to: date | None
    based_in: Code | None = None
    languages: tuple[LanguageCode, ...] = ()
    capacity_minutes_per_month: Capacity | None = None


# ── Claims ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("claim.assembled", part="claim")
class ClaimAssembled(Event):
    """What a provider delivered in a municipality in a month, and what changed of earlier months."""

    provider_id: Id
    municipality: Code
    month: date  # its first day
    rows: tuple[ClaimRow, ...]
    decision_due: Due | None = None  # None: put together before there was a day to decide by


@stored_as("claim.rows_added", part="claim")
class ClaimRowsAdded(Event):
    """More rows than one fact holds."""

    rows: tuple[ClaimRow, ...]


@stored_as("claim.decided", part="claim")
class ClaimDecided(Event):
    """The municipality has looked at the claim; every row that it did not reject is checked now, journey by journey."""

    rejections: tuple[Rejection, ...]


@stored_as("claim.checked", part="claim")
class ClaimChecked(Event):
    """What became of the rows; `complete` with the last of them."""

    rows: tuple[RowVerdict, ...]
    complete: bool


@stored_as("claim.payment_ordered", part="claim", day="paid_on")
class ClaimPaymentOrdered(Event):
    paid_on: date
    reference: Reference
    cents: SignedCents  # less than nothing: the provider pays back


@stored_as("claim.paid", part="claim")
class ClaimPaid(Event):
    """The payment stands in the books of every journey of the claim."""


# ── The programme ────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("programme.published", part="programme")
class ProgrammePublished(Event):
    """From now on this is the programme; `files` are all of it, so that it can be read again in any year to come."""

    programme: Code
    number: Annotated[int, Field(ge=1)]
    digest: Code
    versions: tuple[VersionInForce, ...]
    files: tuple[ProgrammeFile, ...]


# ── Handing over a caseload ──────────────────────────────────────────────────────────────────────────────────────────


@stored_as("handover.ordered", part="cases")
class HandOverOrdered(Event):
    """The cases in the order in which they are gone through, and given to each of `to` in turn."""

    municipality: Code
    from_manager: Code
    to: tuple[Code, ...]
    journeys: tuple[Id, ...]
    reason: Words


@stored_as("handover.cases_handed_over", part="cases")
class CasesHandedOver(Event):
    results: tuple[CaseResult, ...]


@stored_as("handover.undone", part="cases")
class HandOverUndone(Event):
    reason: Words


@stored_as("handover.cases_given_back", part="cases")
class CasesGivenBack(Event):
    results: tuple[CaseResult, ...]


# ── Reports ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("report.sent", part="report")
class ReportSent(Event):
    """A report of a period as it was known at `at`, up to the position `known_to`; it never changes any more."""

    municipality: Code  # whose people may read it; national where it is of several
    report: Literal["monthly", "interim"]
    period: Reference
    scope: Code
    scope_name: PublicName
    definition: Code
    synthetic: bool
    at: datetime
    known_to: Code
    title_et: PublicName
    title_en: PublicName
    tables: tuple[ReportFigures, ...]
    digest: FileDigest


@stored_as("report.corrected", part="report")
class ReportCorrected(Event):
    """What became known since, by the figures that are other ones now, each with the facts that changed it."""

    number: Annotated[int, Field(ge=2)]
    at: datetime
    known_to: Code
    title_et: PublicName
    title_en: PublicName
    tables: tuple[ReportFigures, ...]
    digest: FileDigest


# ── Regions ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("gap.action_recorded", part="gaps")
class GapActionRecorded(Event):
    """What is being done about help that a region needs and lacks: for a component, or for a whole life area."""

    gap_id: Id
    municipality: Code
    component: Code | None
    life_area: Code | None
    action: PublicWords
    owner: Code
    since: date
    due_on: date


@stored_as("gap.closed", part="gaps", day="on")
class GapClosed(Event):
    gap_id: Id
    on: date
    outcome: PublicWords


# ── Offices ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@stored_as("staff.recorded", part="staff")
class StaffRecorded(Event):
    """Who works for a municipality; told again, it is so from now on."""

    municipality: Code
    staff_id: Code
    role: StaffRole
    mail: MailAddress
    language: StaffLanguage


@stored_as("staff.removed", part="staff")
class StaffRemoved(Event):
    staff_id: Code


@stored_as("absence.recorded", part="absences")
class AbsenceRecorded(Event):
    """Both days count."""

    absence_id: Id
    staff_id: Code
    from_on: date
    to_on: date
    stand_in: Code


@stored_as("absence.withdrawn", part="absences")
class AbsenceWithdrawn(Event):
    absence_id: Id
