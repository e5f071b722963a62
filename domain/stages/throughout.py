"""What can happen at every stage: contacts, a changed crisis plan, a challenge, a consent withdrawn, a reminder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from domain.agreement import Suspension
from domain.care import Agreer, Extension, Ineligible, Release
from domain.decision import Command, Context, Decision, Rejected, WrongStage
from domain.double_funding import recoveries, withdrawals
from domain.due import CHAIN, TOLD, Deadline, Wake, deadline, wakes
from domain.events import (
    BudgetExtended,
    BudgetSettled,
    ChallengeDecided,
    ChallengeFiled,
    ChallengeLapsed,
    ConsentLapsed,
    ContactLogged,
    CrisisPlanChanged,
    Event,
    NoticeRefused,
    NoticeResult,
    NoticeSent,
    RecoveryOpened,
    RecoveryWithdrawn,
    ReferralReopened,
    ReminderAcknowledged,
    ReminderRaised,
)
from domain.fields import Code, Id, Words
from domain.ledger import LineAccount
from domain.reckoning import days_from, first_contact_due, first_help_due, on_the_day, working_days_from
from domain.settling import days_in_use
from domain.staff import Addressed, addressed
from domain.states import (
    CaseFile,
    Challenge,
    Exited,
    Journey,
    Refused,
    Reminder,
    own_deadlines,
    waits_for,
    with_delivery,
    with_file,
)

WINDOW = "challenge-window"
PLAN_END, EXTENSION = "plan-end", "extension"
SETTLEMENT = "settlement"


class UnknownDecision(Rejected):
    """{decision} is not a decision that can be challenged now: it is unknown, or its time is over."""

    code = "unknown_decision"
    status = 422


class AlreadyChallenged(Rejected):
    """This decision is challenged already."""

    code = "already_challenged"


class UnknownChallenge(Rejected):
    """There is no open challenge {challenge}."""

    code = "unknown_challenge"
    status = 422


class UnknownReminder(Rejected):
    """There is no reminder {step} of {deadline}."""

    code = "unknown_reminder"
    status = 422


class AlreadyAcknowledged(Rejected):
    """{by} has acknowledged this reminder on {on}."""

    code = "already_acknowledged"


class ThroughoutCommand(Command):
    kind = "journeys"
    stage = "throughout"


class LogContact(ThroughoutCommand):
    """Log a call, a visit, a network meeting, or an attempt that reached nobody."""

    name = "log-contact"
    part = "contacts"
    additive = True

    on: date
    channel: Literal["call", "visit", "meeting", "letter", "message"]
    with_whom: Literal["person", "carer", "provider", "health_care", "network", "other"]
    reached: bool
    note: Words | None = None


class ChangeCrisisPlan(ThroughoutCommand):
    """Change what to do in a crisis, without waiting for the next plan."""

    name = "change-crisis-plan"
    part = "crisis_plan"

    crisis_plan: Words


class ChallengeDecision(ThroughoutCommand):
    """Record that the person challenges a decision, and why."""

    name = "challenge-decision"
    part = "challenge"

    decision_id: Id
    filed_on: date
    filed_by: Agreer = "person"
    grounds: Words


class DecideChallenge(ThroughoutCommand):
    """Decide a challenge. Where a refusal does not stand, the referral is decided anew."""

    name = "decide-challenge"
    part = "challenge"

    challenge_id: Id
    on: date
    upheld: bool
    reasons: Words


class NoteLapsedConsent(ThroughoutCommand):
    """Note that a consent this journey rests on was withdrawn."""

    name = "note-lapsed-consent"
    part = "consent"
    internal = True

    purpose: Code
    recipient: Code


class CheckDoubleFunding(ThroughoutCommand):
    """Look again whether help was given on days that are paid for elsewhere, because such a service became known, or what
    was known of it was corrected."""

    name = "check-double-funding"
    part = "recovery"
    internal = True
    needs_person = True


class AcknowledgeReminder(ThroughoutCommand):
    """Say that a reminder was seen. The deadline goes on: whoever comes after is told in their turn."""

    name = "acknowledge-reminder"
    part = "reminders"
    additive = True
    by_office = True

    deadline_id: Code
    step: Code


class NoteNotice(ThroughoutCommand):
    """Note what became of the mail in which somebody was to be told of a reminder."""

    name = "note-notice"
    part = "reminders"
    internal = True

    deadline_id: Code
    step: Code
    recipient: Code
    result: NoticeResult
    reply: int | None = None


class RaiseReminders(ThroughoutCommand):
    """Raise what has come due by now."""

    name = "raise-reminders"
    part = "reminders"
    internal = True
    needs_office = True


COMMANDS: tuple[type[ThroughoutCommand], ...] = (
    LogContact, ChangeCrisisPlan, ChallengeDecision, DecideChallenge, NoteLapsedConsent, CheckDoubleFunding,
    AcknowledgeReminder, NoteNotice, RaiseReminders,
)  # fmt: skip


def deadlines(state: Journey) -> tuple[Deadline, ...]:
    """Everything open: what the stage waits for, a place to answer for, challenges, and the time to challenge decisions."""
    file = state.file
    challenges = (deadline("challenge", each.due, subject=each.challenge_id) for each in file.challenges.values())
    disputes = (deadline("dispute", due, subject=delivery) for delivery, due in file.disputes.items())
    offers = (deadline("offer", file.offer.expires),) if file.offer and file.offer.expires else ()
    windows = (deadline(WINDOW, until, subject=decision, silent=True) for decision, until in file.challengeable.items())
    settlements = (
        deadline(SETTLEMENT, due, subject=str(last_day), silent=True) for last_day, due in file.settlements.items()
    )
    return (*own_deadlines(state), *_plan_end(state), *offers, *challenges, *disputes, *windows, *settlements)


def _plan_end(state: Journey) -> Iterator[Deadline]:
    """The office is reminded to make the next plan; where there is none by then, the old one goes on."""
    ends = state.file.plan_ends
    if ends is not None and not isinstance(state, Refused | Exited):
        yield deadline(PLAN_END, ends)
        yield deadline(EXTENSION, ends, silent=True)


def decide(command: ThroughoutCommand, state: Journey, context: Context) -> Decision:
    return Decision(events=tuple(_facts(command, state, context)))


def _facts(command: ThroughoutCommand, state: Journey, context: Context) -> Iterator[Event]:
    match command:
        case LogContact():
            context.past(command.on, field="on")
            yield ContactLogged(contact_id=context.new_id("contact"), **dict(command))
        case ChangeCrisisPlan():
            if isinstance(state, Refused | Exited):
                raise WrongStage(command=command.name, at=waits_for(state))
            yield CrisisPlanChanged(**dict(command))
        case ChallengeDecision():
            yield _challenge(command, state, context)
        case DecideChallenge():
            yield from _decide_challenge(command, state, context)
        case NoteLapsedConsent():
            yield ConsentLapsed(**dict(command))
        case CheckDoubleFunding():
            yield from withdrawals(state, context)
            yield from recoveries(state, context)
        case AcknowledgeReminder():
            yield _acknowledge(command, state, context)
        case NoteNotice():
            yield from _note(command, state)
        case RaiseReminders():
            yield from _raise(state, context)
        case _:
            raise AssertionError(command)


def _challenge(command: ChallengeDecision, state: Journey, context: Context) -> ChallengeFiled:
    context.past(command.filed_on, field="filed_on")
    until = state.file.challengeable.get(command.decision_id)
    if until is None or command.filed_on > until.on:
        raise UnknownDecision(field="decision_id", decision=command.decision_id)
    if any(each.decision_id == command.decision_id for each in state.file.challenges.values()):
        raise AlreadyChallenged(field="decision_id")
    municipality = state.file.municipality
    days = context.programme.settings(municipality, context.today).challenge_days
    due = days_from(context, command.filed_on, days, municipality, "challenge")
    return ChallengeFiled(challenge_id=context.new_id("challenge"), due=due, **dict(command))


def _decide_challenge(command: DecideChallenge, state: Journey, context: Context) -> Iterator[Event]:
    context.past(command.on, field="on")
    challenge = state.file.challenges.get(command.challenge_id)
    if challenge is None:
        raise UnknownChallenge(field="challenge_id", challenge=command.challenge_id)
    yield ChallengeDecided(decision_id=challenge.decision_id, **dict(command))
    if command.upheld and challenge.decision_id == state.file.refusal:
        municipality = state.file.municipality
        days = context.programme.settings(municipality, context.today).decision_working_days
        due = working_days_from(context, context.today, days, municipality, "decision")
        yield ReferralReopened(
            challenge_id=command.challenge_id,
            decision_due=due,
            first_contact_due=state.file.first_contact_due and first_contact_due(context.today, municipality, context),
            first_help_due=state.file.first_help_due and first_help_due(context.today, municipality, context),
        )


# ── Reminders ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _raise(state: Journey, context: Context) -> Iterator[Event]:
    """One reminder for each deadline with a step that has come: the latest, since it says all the earlier ones do."""
    come: dict[str, Wake] = {}
    for wake in wakes(deadlines(state), state.file.raised):
        if wake.at <= context.at:
            come[wake.deadline.id] = wake
    for wake in come.values():
        if wake.deadline.what == EXTENSION:
            yield from _extend(state, context)
        elif wake.deadline.what == SETTLEMENT:
            yield from _settle(wake.deadline, state)
        elif wake.deadline.silent:
            yield from _lapse(wake.deadline, state)
        else:
            yield _remind(wake, state.file, context)


def _remind(wake: Wake, file: CaseFile, context: Context) -> ReminderRaised:
    """To whom, as the office stands today; where no office is recorded, to whom it may concern."""
    due, level = wake.deadline, TOLD[wake.step]
    if context.office is None:
        told = Addressed(level=level, to=())
    else:
        told = addressed(context.office, level, file.case_manager, context.today)
    return ReminderRaised(
        deadline_id=due.id,
        what=due.what,
        step=wake.step,
        due_on=due.due.on,
        level=told.level,
        to=told.to,
        missing=told.missing,
    )


def open_reminders(state: Journey) -> tuple[Reminder, ...]:
    """What was told of deadlines that are still open, in the order told."""
    still = {each.id for each in deadlines(state)}
    return tuple(each for each in state.file.reminders.values() if each.deadline_id in still)


def _acknowledge(command: AcknowledgeReminder, state: Journey, context: Context) -> ReminderAcknowledged:
    known = state.file.reminders.get((command.deadline_id, command.step))
    if known is None:
        raise UnknownReminder(field="deadline_id", deadline=command.deadline_id, step=command.step)
    if known.seen_by is not None:
        raise AlreadyAcknowledged(field="deadline_id", by=known.seen_by, on=known.seen_on)
    return ReminderAcknowledged(on=context.today, by=context.actor.id, **dict(command))


def _note(command: NoteNotice, state: Journey) -> Iterator[NoticeSent | NoticeRefused]:
    """Once for each recipient: what was noted stays."""
    known = state.file.reminders.get((command.deadline_id, command.step))
    if known is None or command.recipient in (*known.sent_to, *known.not_sent_to):
        return
    about = command.model_dump(include={"deadline_id", "step", "recipient"})
    if command.result == "sent":
        yield NoticeSent(**about)
    else:
        yield NoticeRefused(**about, reason=command.result, reply=command.reply)


def _extend(state: Journey, context: Context) -> Iterator[BudgetExtended]:
    """The lines that ran until the plan's last day run on at the same rate. One with a yearly cap gets time within its
    year, and no money."""
    file = state.file
    ends, municipality = file.plan_ends, file.municipality
    days = context.programme.settings(municipality, context.today).extension_days
    if ends is None:
        return
    last = [each for _, each in sorted(file.accounts.items()) if each.line.ends_on == ends.on and not each.dropped]
    until = max(ends.on, context.today) + timedelta(days=days)
    wanted = ((account, _extension(account, until, file.suspensions)) for account in last)
    extensions = tuple(more for account, more in wanted if more.ends_on > account.line.ends_on)
    next_end = on_the_day(context, until, municipality, PLAN_END) if extensions else None
    yield BudgetExtended(lines=extensions, plan_ends=next_end)


def _extension(account: LineAccount, until: date, suspensions: tuple[Suspension, ...]) -> Extension:
    line = account.line
    if account.cap is not None:
        within = max(min(until, date(account.cap.year, 12, 31)), line.ends_on)
        return Extension(line_id=line.line_id, ends_on=within, allocated_cents=0, committed_cents=0)
    over = [each for each in suspensions if each.to_on is not None]  # for which the money was given back
    days, more = days_in_use(line, line.starts_on, line.ends_on, over), (until - line.ends_on).days
    return Extension(
        line_id=line.line_id,
        ends_on=until,
        allocated_cents=account.allocated * more // max(days, 1),
        committed_cents=account.committed * more // max(days, 1),
    )


def _lapse(window: Deadline, state: Journey) -> Iterator[Event]:
    decision = window.id.split(":")[1]
    yield ChallengeLapsed(decision_id=decision, deadline_id=window.id)
    if not isinstance(state, Exited) or decision != state.decision_id:
        return
    file = state.file
    ended = {id_: each for id_, each in file.accounts.items() if not file.awaits_late_help(each)}
    undelivered = tuple(_undelivered(ended))
    if undelivered or any(account.orders_given_back for account in ended.values()):
        yield BudgetSettled(released=undelivered, final=True)


def _settle(settlement: Deadline, state: Journey) -> Iterator[BudgetSettled]:
    """What was kept for late help where the journey was before is given back there."""
    last_day = date.fromisoformat(settlement.id.split(":")[1])
    former = {
        id_: each for id_, each in state.file.accounts.items() if each.former and each.former.last_day == last_day
    }
    yield BudgetSettled(released=tuple(_undelivered(former)), final=True, last_day=last_day)


def _undelivered(accounts: Mapping[str, LineAccount]) -> Iterator[Release]:
    for line_id, account in sorted(accounts.items()):
        if account.allocated > account.delivered:
            yield Release(line_id=line_id, cents=account.allocated - account.delivered)


ThroughoutEvent = (
    ContactLogged | ConsentLapsed | CrisisPlanChanged | ChallengeFiled | ChallengeDecided | ChallengeLapsed
    | RecoveryOpened | RecoveryWithdrawn | ReminderAcknowledged | ReminderRaised | NoticeSent | NoticeRefused
)  # fmt: skip


def evolve(state: Journey, event: ThroughoutEvent) -> Journey:
    file = state.file
    match event:
        case ContactLogged():
            reached = event.reached and event.with_whom == "person"
            due = None if reached else file.first_contact_due
            return with_file(state, replace(file, contacts=file.contacts + 1, first_contact_due=due))
        case ConsentLapsed():
            lapsed = file.lapsed_consents | {(event.purpose, event.recipient)}
            return with_file(state, replace(file, lapsed_consents=lapsed))
        case RecoveryOpened():
            return with_file(state, _recovered(file, event.deliveries, event.recovery_id))
        case RecoveryWithdrawn():
            return with_file(state, _recovered(file, event.deliveries, None))
        case CrisisPlanChanged():
            return state
        case ChallengeFiled():
            challenge = Challenge(challenge_id=event.challenge_id, decision_id=event.decision_id, due=event.due)
            return with_file(state, replace(file, challenges={**file.challenges, event.challenge_id: challenge}))
        case ChallengeDecided():
            rest = {id_: each for id_, each in file.challenges.items() if id_ != event.challenge_id}
            return with_file(state, replace(file, challenges=rest))
        case ChallengeLapsed():
            still = {id_: until for id_, until in file.challengeable.items() if id_ != event.decision_id}
            return with_file(state, replace(file, challengeable=still))
        case ReminderRaised():
            told = CHAIN[: CHAIN.index(event.step) + 1]
            raised = file.raised | {(event.deadline_id, step) for step in told}
            reminders = {**file.reminders, (event.deadline_id, event.step): Reminder(**dict(event))}
            return with_file(state, replace(file, raised=raised, reminders=reminders))
        case ReminderAcknowledged() | NoticeSent() | NoticeRefused():
            key = event.deadline_id, event.step
            return with_file(
                state, replace(file, reminders={**file.reminders, key: _later(file.reminders[key], event)})
            )


def _later(told: Reminder, event: ReminderAcknowledged | NoticeSent | NoticeRefused) -> Reminder:
    match event:
        case ReminderAcknowledged():
            return replace(told, seen_by=event.by, seen_on=event.on)
        case NoticeSent():
            return replace(told, sent_to=(*told.sent_to, event.recipient))
        case NoticeRefused():
            return replace(told, not_sent_to=(*told.not_sent_to, event.recipient))


def _recovered(file: CaseFile, deliveries: Iterable[Ineligible], recovery: str | None) -> CaseFile:
    """None: claimed back no longer."""
    for delivery in (file.deliveries.get(each.delivery_id) for each in deliveries):
        if delivery is not None:
            file = with_delivery(file, replace(delivery, recovery=recovery))
    return file
