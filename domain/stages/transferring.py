"""Transferring: the journey is offered to another municipality, which takes it over with its history, or does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from domain.agreement import resumed
from domain.belonging import withdrawn
from domain.decision import Command, Context, Decision, Rejected, WrongStage
from domain.double_funding import first_free_day
from domain.due import Due
from domain.events import (
    BudgetSettled,
    Event,
    PersonMoved,
    PlaceFreed,
    TransferAccepted,
    TransferOffered,
    TransferRejected,
    TransferWithdrawn,
    WaitingJoined,
    WaitingLeft,
)
from domain.fields import Code, Words
from domain.persons import CARE
from domain.reckoning import on_the_day, reckoned_anew, working_days_from
from domain.settling import released
from domain.stages.placing import NoAgreement, place
from domain.stages.planning import plan_due
from domain.stages.referral import ConsentMissing
from domain.states import (
    AwaitingAgreement,
    AwaitingAssessment,
    AwaitingBudget,
    AwaitingExit,
    AwaitingPlan,
    CaseFile,
    Exited,
    InDelivery,
    Journey,
    Membership,
    OfferedTransfer,
    Referred,
    Refused,
    Waiting,
    waits_for,
    with_file,
)

YEAR = timedelta(days=365)
DAY = timedelta(days=1)


class OwnMunicipality(Rejected):
    """The journey is with {municipality} already."""

    code = "own_municipality"
    status = 422


class TransferOpen(Rejected):
    """The journey is offered to {to} already; it can be offered to another when that is withdrawn or rejected."""

    code = "transfer_open"


class TransferTooFarOff(Rejected):
    """A journey can move from {earliest} to {latest}, not on {day}."""

    code = "transfer_too_far_off"
    status = 422


class NoTransferOffered(Rejected):
    """This journey is not offered to another municipality."""

    code = "no_transfer_offered"


class TransferNotDue(Rejected):
    """The journey moves on {from_on} and can be accepted from that day on; until then it is helped where it is."""

    code = "transfer_not_due"


class HelpedOnThatDay(Rejected):
    """Help was delivered on {day} where the journey is now, so it can move from the day after."""

    code = "helped_on_that_day"


class TransferCommand(Command):
    kind = "journeys"
    stage = "transfer"
    part = "transfer"
    by_office = True


class OfferTransfer(TransferCommand):
    """Offer the journey to the municipality to which the person moves, from a day on."""

    name = "offer-transfer"
    needs_person = True

    to: Code
    from_on: date
    reason: Words


class AcceptTransfer(TransferCommand):
    """Take over a journey that was offered: it moves today. The place there is freed and its budget settled by the share of the
    days; here it takes a free place or waits for one, and is planned anew."""

    name = "accept-transfer"
    touches_places = True
    needs_person = True


class RejectTransfer(TransferCommand):
    """Say that the journey is not taken over, and why. It stays where it is."""

    name = "reject-transfer"

    reason: Words


class WithdrawTransfer(TransferCommand):
    """Take back the offer of a journey, and say why."""

    name = "withdraw-transfer"

    reason: Words


COMMANDS: tuple[type[TransferCommand], ...] = (OfferTransfer, AcceptTransfer, RejectTransfer, WithdrawTransfer)
Answer = AcceptTransfer | RejectTransfer  # for the municipality to which it is offered


def decide(command: TransferCommand, state: Journey, context: Context) -> Decision:
    if isinstance(state, Refused | Exited):
        raise WrongStage(command=command.name, at=waits_for(state))
    if isinstance(command, OfferTransfer):
        return Decision(events=(_offer(command, state.file, context),))
    offered = state.file.transfer
    if offered is None:
        raise NoTransferOffered
    match command:
        case AcceptTransfer():
            return _accept(state, offered, context)
        case RejectTransfer():
            return Decision(events=(TransferRejected(reason=command.reason),))
        case WithdrawTransfer():
            return Decision(events=tuple(withdrawn(state.file, command.reason)))
    raise AssertionError(command)


def _offer(command: OfferTransfer, file: CaseFile, context: Context) -> TransferOffered:
    context.programme.municipality(command.to)
    if command.to == file.municipality:
        raise OwnMunicipality(field="to", municipality=file.municipality)
    if file.transfer is not None:
        raise TransferOpen(field="to", to=file.transfer.to)
    _check_consent(command.to, context, field="to")
    earliest, latest = max(context.today, file.memberships[-1].from_on + DAY), context.today + YEAR
    if not earliest <= command.from_on <= latest:
        raise TransferTooFarOff(field="from_on", earliest=earliest, latest=latest, day=command.from_on)
    return TransferOffered(**dict(command))


def _check_consent(municipality: str, context: Context, *, field: str | None = None) -> None:
    """Before the other municipality learns of the person, and when it takes them over: a consent can be withdrawn between."""
    if context.person is None or not context.person.consents_to(CARE, municipality):
        raise ConsentMissing(field=field, municipality=municipality)


def _accept(state: Journey, offered: OfferedTransfer, context: Context) -> Decision:
    """It moves today, never backwards: what the office did late changes nothing for whoever helped meanwhile."""
    file, today = state.file, context.today
    if today < offered.from_on:
        raise TransferNotDue(from_on=offered.from_on)
    helped = [each.day for each in file.deliveries.values() if each.minutes and each.day >= today]
    if helped:
        raise HelpedOnThatDay(day=max(helped))
    _check_consent(offered.to, context)
    moved = replace(file, municipality=offered.to)
    stays = _same_agreement(file, context)
    places = _within(file, offered, context) if stays else _between(file, moved, context)
    accepted = TransferAccepted(
        former=file.municipality,
        municipality=offered.to,
        on=today,
        due=_due(state, moved, context),
        place_stays=stays,
        settle_by=_settle_by(file, context),
    )
    given_back = tuple(released(file, today - DAY))
    settled = (BudgetSettled(released=given_back),) if given_back else ()
    return replace(
        places,
        events=(accepted, *settled, *places.events),
        person=(PersonMoved(municipality=offered.to, on=today),),
    )


def _due(state: Journey, moved: CaseFile, context: Context) -> Due | None:
    """By the rules of who takes over. The time of a decision runs on from where it began; all other work begins anew."""
    match state:
        case Referred(decision_due=due):
            return None if due is None else reckoned_anew(context, due, moved.municipality)
        case AwaitingAssessment():
            days = context.programme.settings(moved.municipality, context.today).assessment_working_days
            return working_days_from(context, context.today, days, moved.municipality, "assessment")
        case Waiting():
            return None
        case _:
            return plan_due(moved, context)


def _settle_by(file: CaseFile, context: Context) -> Due | None:
    """By the rules of the municipality whose money it is."""
    if all(account.former is not None for account in file.accounts.values()):
        return None
    days = context.programme.settings(file.municipality, context.today).late_delivery_days
    return on_the_day(context, context.today - DAY + timedelta(days=days), file.municipality, "settlement")


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _same_agreement(file: CaseFile, context: Context) -> bool:
    held = file.waits_in if file.place is None else file.place.agreement
    return held is not None and context.receiving is not None and context.receiving.agreement == held


def _within(file: CaseFile, offered: OfferedTransfer, context: Context) -> Decision:
    """Both municipalities share the agreement: the place stays, and so does the standing in its order."""
    waiter = None if context.agreement is None else context.agreement.waiter(file.journey_id)
    if waiter is None:
        return Decision(events=())
    stands = WaitingJoined(
        journey_id=file.journey_id,
        municipality=offered.to,
        since=waiter.since,
        place_from=waiter.place_from,
        urgent=waiter.urgent,
    )
    return Decision(events=(), agreement=(stands,))


def _between(file: CaseFile, moved: CaseFile, context: Context) -> Decision:
    """Whoever comes from elsewhere overtakes nobody: a free place is theirs only where nobody waits, and in the order their
    time counts from today."""
    wanted = _wanted_from(file, context)
    if wanted is None:
        return Decision(events=())
    there = replace(context, agreement=context.receiving)
    if context.receiving is None:
        raise NoAgreement(municipality=moved.municipality, day=context.today)
    from_on = first_free_day(max(wanted, context.today), context)
    placed = place(replace(moved, complete_on=None), from_on, there, field="municipality")
    return Decision(events=placed.events, agreement=_left(file, context.today), receiving=placed.agreement)


def _wanted_from(file: CaseFile, context: Context) -> date | None:
    """From when on they have a place, or want one; None: neither."""
    if file.place is not None:
        return file.place.from_on
    if not file.waits_for_place:
        return None
    waiter = None if context.agreement is None else context.agreement.waiter(file.journey_id)
    return context.today if waiter is None else waiter.place_from


def _left(file: CaseFile, today: date) -> tuple[Event, ...]:
    if file.place is not None:
        return (PlaceFreed(journey_id=file.journey_id, on=today),)
    return (WaitingLeft(journey_id=file.journey_id, reason="moved_municipality", on=today),)


# ── What has happened ────────────────────────────────────────────────────────────────────────────────────────────────


TransferEvent = TransferOffered | TransferAccepted | TransferRejected | TransferWithdrawn


def evolve(state: Journey, event: TransferEvent, version: int) -> Journey:
    file = state.file
    match event:
        case TransferOffered():
            return with_file(state, replace(file, transfer=OfferedTransfer(**dict(event))))
        case TransferAccepted():
            return _moved(state, event, version)
        case TransferRejected() | TransferWithdrawn():
            return with_file(state, replace(file, transfer=None))


def _moved(state: Journey, event: TransferAccepted, version: int) -> Journey:
    """Whoever was assessed is planned for anew, since prices and providers are others; what was planned stays to be read."""
    file = _with_the_other(state.file, event, version)
    match state, event.due:
        case Referred(), due:
            return Referred(file=file, decision_due=due)
        case Waiting(), _:
            return Waiting(file=file, since=state.since if event.place_stays else event.on)
        case AwaitingAssessment(), Due() as due:
            return AwaitingAssessment(file=file, assessment_due=due)
        case AwaitingPlan() | AwaitingAgreement() | AwaitingBudget() | InDelivery() | AwaitingExit(), Due() as due:
            return AwaitingPlan(file=file, plan_due=due)
        case _:  # told by when things were true, a history may have other stages before it
            return with_file(state, file)


def _with_the_other(file: CaseFile, event: TransferAccepted, version: int) -> CaseFile:
    last_day = event.on - DAY
    *earlier, last = file.memberships
    accounts = {id_: each.left_by(event.former, last_day) for id_, each in file.accounts.items()}
    file = replace(
        file,
        municipality=event.municipality,
        memberships=(
            *earlier,
            replace(last, to_on=last_day, left_at=version),
            Membership(municipality=event.municipality, from_on=event.on),
        ),
        transfer=None,
        case_manager=None,
        agreed_plan=None,
        plan_ends=None,
        accounts=accounts,
        settlements={**file.settlements, **({last_day: event.settle_by} if event.settle_by else {})},
    )
    return file if event.place_stays else _without_place(file, event.on)


def _without_place(file: CaseFile, on: date) -> CaseFile:
    """A time in which the place was not used has ended with it."""
    return replace(
        file, place=None, waits_in=None, offer=None, planned_exit=None, suspensions=resumed(file.suspensions, on)
    )
