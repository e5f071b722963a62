"""What a line's money rests on: its budget decision, plan and goal, assessment, place and agreement, eligibility, consent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from domain.care import Allocation, Goal, OpenedLine, ServiceLine
from domain.codec import Recorded
from domain.events import (
    AgreementSigned,
    AssessmentTakenOver,
    BudgetDecided,
    BudgetTakenOver,
    CarerAssessed,
    ConsentGiven,
    ConsentWithdrawn,
    JourneyTakenOver,
    NeedsAssessed,
    PlaceReceived,
    PlanAgreed,
    PlanDrafted,
    ReferralAccepted,
    ReferralRecorded,
    TransferAccepted,
)
from domain.money import euros
from domain.persons import CARE
from domain.trail.steps import Step, dm, facts, hours, plain, step


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The streams that a trail is read from: the journey's, its person's, and those of the agreements that gave a place."""

    journey: tuple[Recorded, ...]
    person: tuple[Recorded, ...]
    agreements: tuple[Recorded, ...]

    def until(self, version: int) -> Sequence[Recorded]:
        """The journey as it was before that version."""
        return self.journey[: version - 1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """Money that a budget decision set aside for a line."""

    told: Recorded
    decision: BudgetDecided | BudgetTakenOver
    allocation: Allocation | OpenedLine

    @property
    def made_on(self) -> date | None:
        """None: nobody knows, or it was made elsewhere; then it was there from the first."""
        return self.decision.decided_on if isinstance(self.decision, BudgetDecided) else None

    def step(self) -> Step:
        match self.decision, self.allocation:
            case BudgetDecided() as decision, Allocation() as allocation:
                return budget_step(self.told, decision, allocation)
            case _, OpenedLine() as opened:
                return taken_over_step(self.told, opened)
        raise AssertionError(self)


def given_to(line_id: str, source: Source) -> tuple[Given, ...]:
    """Not where a new plan ended the line: that only took back."""
    decided = [
        Given(told=told, decision=decision, allocation=each)
        for told, decision in facts(source.journey, BudgetDecided)
        for each in decision.lines
        if each.line.line_id == line_id and each.minutes
    ]
    opened = [
        Given(told=told, decision=begun, allocation=each)
        for told, begun in facts(source.journey, BudgetTakenOver)
        for each in begun.lines
        if each.line.line_id == line_id
    ]
    return (*opened, *decided)


def under(day: date, recorded_at: int, budgets: Sequence[Given]) -> Given | None:
    """The decision under which help of a day was given: the last one made by then, of those that were there when it was told.
    A line may start before its first decision was made."""
    there = [each for each in budgets if each.told.version < recorded_at]
    made = [each for each in there if each.made_on is None or each.made_on <= day]
    return made[-1] if made else next(iter(there), None)


def grounds(budgets: Iterable[Given], days: Iterable[date], goals: Iterable[str], source: Source) -> tuple[Step, ...]:
    """Of each decision, the last first, down to the consent; what two of them share is told once."""
    days, goals = tuple(days), tuple(goals)
    found: dict[tuple[str, int, str, str], Step] = {}
    for given in sorted(budgets, key=lambda each: -each.told.version):
        for each in _of(given, days, goals, source):
            found.setdefault((each.stream_id, each.version, each.what, each.sentence), each)
    return tuple(found.values())


def _of(given: Given, days: Sequence[date], goals: Sequence[str], source: Source) -> Iterator[Step]:
    yield given.step()
    before = source.until(given.told.version)
    yield from _planned(given, goals, before)
    yield from _place(given.allocation.line.starts_on, days, before, source)
    yield from _joined(before, source)


def budget_step(told: Recorded, decision: BudgetDecided, allocation: Allocation) -> Step:
    line = allocation.line
    carried = f", {euros(allocation.carried_cents)} of it left over from before" if allocation.carried_cents else ""
    cap = f"; yearly cap {euros(allocation.cap_cents)} euros" if allocation.cap_cents is not None else ""
    return step(
        "budget",
        told,
        f"{decision.decision_id} ({plain(decision.form)}) set aside {euros(allocation.cents)} euros for {line.line_id}: "
        f"{hours(allocation.minutes)} of {line.component} ({plain(line.tariff)}) by {line.provider_id} from "
        f"{dm(line.starts_on)} to {dm(line.ends_on)}{carried}{cap}.",
        cents=allocation.cents,
        versions=(decision.catalogue, decision.rules, *allocation.prices),
        trace=(each for each in decision.trace if _is_about(line, each.about)),
    )


def taken_over_step(told: Recorded, opened: OpenedLine) -> Step:
    """Decided elsewhere; by which catalogue, rules and prices is not known here."""
    line = opened.line
    return step(
        "taken_over",
        told,
        f"Taken over with {euros(opened.allocated_cents)} euros for {line.line_id}: {line.component} ({plain(line.tariff)}) "
        f"by {line.provider_id} from {dm(line.starts_on)} to {dm(line.ends_on)}; of it {euros(opened.committed_cents)} "
        f"ordered, {euros(opened.delivered_cents)} delivered, {euros(opened.accepted_cents)} accepted and "
        f"{euros(opened.paid_cents)} paid elsewhere.",
        cents=opened.allocated_cents,
    )


def _is_about(line: ServiceLine, about: str | None) -> bool:
    """A yearly cap is about a component and a year."""
    return about in (None, line.line_id) or about == f"{line.component}/{line.starts_on.year}"


def _planned(given: Given, goals: Sequence[str], before: Sequence[Recorded]) -> Iterator[Step]:
    plan_id, line = given.decision.plan_id, given.allocation.line
    drafted = next((each for each in facts(before, PlanDrafted) if each[1].plan_id == plan_id), None)
    if drafted is None:
        return
    told, plan = drafted
    for agreed_told, agreed in facts(before, PlanAgreed):
        if agreed.plan_id == plan_id:
            sentence = f"The {agreed.agreed_by} agreed to {plan_id} on {dm(agreed.agreed_on)}."
            yield step("agreement_to_plan", agreed_told, sentence)
    wanted = tuple(dict.fromkeys((line.goal_id, *goals)))
    served = [goal for goal in plan.goals if goal.goal_id in wanted]
    for goal in served:
        sentence = (
            f"{plan_id}: {line.line_id} {_serves(line, goal.goal_id)} {goal.goal_id} in {plain(goal.life_area)}: "
            f"“{goal.words}”"
        )
        yield step("goal", told, sentence)
    if line.carer_id is not None:
        yield from _carer(line.carer_id, told, before)
    yield from _need(served, before[: told.version - 1])


def _carer(carer_id: str, planned: Recorded, before: Sequence[Recorded]) -> Iterator[Step]:
    assessed = [each for each in facts(before, CarerAssessed) if each[1].carer_id == carer_id]
    if not assessed:
        yield step("carer", planned, f"It supports the carer {carer_id}; own needs were not assessed by then.")
        return
    told, found = assessed[-1]
    needs = "in words" if found.own_needs is None else ", ".join(map(plain, found.own_needs)) or "none"
    yield step("carer", told, f"It supports the carer {carer_id}, whose own needs were assessed: {needs}.")


def _need(served: Iterable[Goal], before: Sequence[Recorded]) -> Iterator[Step]:
    """By the assessment that the plan was made on."""
    assessed: list[tuple[Recorded, NeedsAssessed | AssessmentTakenOver]] = [
        *facts(before, NeedsAssessed), *facts(before, AssessmentTakenOver),
    ]  # fmt: skip
    if not assessed:
        return
    told, found = max(assessed, key=lambda each: each[0].version)
    instrument = found.instrument if isinstance(found, NeedsAssessed) else "taken_over"
    areas = dict.fromkeys(goal.life_area for goal in served)
    degrees = ", ".join(f"{plain(area)} {found.need_by_life_area.get(area, 'not assessed')}" for area in areas)
    sentence = f"{found.assessment_id}: degree of need in {degrees} (0 to 4), by {plain(instrument)}."
    yield step("assessment", told, sentence, versions=(instrument,))


def _place(starts_on: date, days: Sequence[date], before: Sequence[Recorded], source: Source) -> Iterator[Step]:
    places = list(facts(before, PlaceReceived))
    if not places:
        return
    told, place = places[-1]
    sentence = f"A place of the agreement {place.agreement} from {dm(place.from_on)} on."
    versions = dict.fromkeys(each.version for each in place.trace)
    yield step("place", told, sentence, versions=versions, trace=place.trace)
    there = (each for each in facts(source.agreements, AgreementSigned) if each[1].agreement == place.agreement)
    for signed_told, signed in there:
        if any(signed.valid_from <= day and (signed.valid_to is None or day <= signed.valid_to)
               for day in days or (starts_on,)):  # fmt: skip
            until = f"to {dm(signed.valid_to)}" if signed.valid_to else "without an end"
            sentence = (
                f"The agreement {signed.agreement} from {dm(signed.valid_from)} {until}: {signed.places} places of "
                f"{', '.join(signed.municipalities)}."
            )
            yield step("agreement", signed_told, sentence)


def _joined(before: Sequence[Recorded], source: Source) -> Iterator[Step]:
    for told, moved in reversed(list(facts(before, TransferAccepted))):
        sentence = f"The journey moved from {moved.former} to {moved.municipality} on {dm(moved.on)}."
        yield step("transfer", told, sentence)
        yield from _consent(moved.municipality, told, source.person, at="move")
    for told, accepted in reversed(list(facts(before, ReferralAccepted))):
        how = "not every condition holds, and a reason is given" if accepted.override else "the conditions hold"
        if accepted.rules == "taken_over":
            how = "as was decided before the journey was taken over"
        sentence = f"{accepted.decision_id}: may join, {how} ({accepted.rules})."
        yield step("eligibility", told, sentence, versions=(accepted.rules,), trace=accepted.trace)
        break
    for told, origin in facts(before, JourneyTakenOver):
        sentence = f"Taken over on {dm(origin.on)} from {origin.source}, row {origin.row} ({origin.file_digest})."
        yield step("origin", told, sentence)
    for told, referral in facts(before, ReferralRecorded):
        sentence = (
            f"Referred to {referral.municipality}; the {referral.agreed_by} agreed on {dm(referral.agreed_on)}, rights "
            f"were explained on {dm(referral.rights_explained_on)}."
        )
        yield step("referral", told, sentence)
        yield from _consent(referral.municipality, told, source.person)


def _serves(line: ServiceLine, goal_id: str) -> str:
    return "serves the goal" if goal_id == line.goal_id else "was told, when it was given, to serve the goal"


def _consent(recipient: str, referred: Recorded, person: Iterable[Recorded], *, at: str = "referral") -> Iterator[Step]:
    """The one in force at the referral, or the move, by when each was told: what is appended together has no order among
    streams. And whether it was withdrawn since."""
    given: tuple[Recorded, ConsentGiven] | None = None
    withdrawn: list[Step] = []
    for told in person:
        match told.event:
            case ConsentGiven(purpose=purpose) if (purpose, told.event.recipient) == (CARE, recipient):
                if told.recorded_at <= referred.recorded_at:
                    given = told, told.event
            case ConsentWithdrawn(purpose=purpose) if (purpose, told.event.recipient) == (CARE, recipient):
                sentence = f"The consent was withdrawn on {dm(told.event.on)}."
                if told.recorded_at < referred.recorded_at:
                    given = None
                else:
                    withdrawn.append(step("consent_withdrawn", told, sentence))
    yield from reversed(withdrawn)
    if given is not None:
        told, consent = given
        sentence = (
            f"The {consent.given_by} consented to {plain(consent.purpose)} by {consent.recipient} on {dm(consent.on)}."
        )
        yield step("consent", told, sentence)
    else:
        yield step("no_consent", referred, f"No consent to the care by {recipient} was on record at the {at}.")
