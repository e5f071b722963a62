"""Deadlines that wait, last longer, or are reckoned anew: each by an event that says why, and never by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Annotated, Literal, assert_never

from pydantic import Field

from domain.care import Replanned
from domain.decision import Command, Context, Decision, Rejected
from domain.due import Due, Pause
from domain.events import DeadlineExtended, DeadlinePaused, DeadlineResumed, DeadlinesReplanned
from domain.fields import Id, Words
from domain.reckoning import reckoned_anew
from domain.states import Journey, own_deadlines, with_due

Pausable = Literal[
    "decision",
    "first-contact",
    "assessment",
    "plan",
    "budget",
    "first-help",
    "progress-note",
    "review",
    "exit",
    "challenge",
]


class NoSuchDeadline(Rejected):
    """Nothing of the kind is due now: {what}."""

    code = "no_such_deadline"
    status = 422


class OnHoldAlready(Rejected):
    """This deadline is on hold since {since}."""

    code = "on_hold_already"


class NotOnHold(Rejected):
    """This deadline is not on hold."""

    code = "not_on_hold"


class OutsideItsTime(Rejected):
    """{day} does not lie within the deadline's time, which runs from {first} to {last}."""

    code = "outside_its_time"
    status = 422


class TooManyPauses(Rejected):
    """This deadline was on hold {most} times, and may be no more."""

    code = "too_many_pauses"


class TooMuchLonger(Rejected):
    """A deadline may be extended by {most} working days in all; of these {left} are left."""

    code = "too_much_longer"
    status = 422


class TimingCommand(Command):
    kind = "journeys"
    stage = "throughout"
    part = "deadlines"
    by_office = True


class _OfDeadline(TimingCommand):
    what: Pausable
    challenge_id: Id | None = None


class PauseDeadline(_OfDeadline):
    """Put a deadline on hold from a day on, since something is waited for that is not the office's, a document say."""

    name = "pause-deadline"

    from_on: date
    reason: Words


class ResumeDeadline(_OfDeadline):
    """Let a deadline run on from a day on. It moves by the working days for which it was on hold."""

    name = "resume-deadline"

    on: date


class ExtendDeadline(_OfDeadline):
    """Give more time, within what the municipality's settings allow, and say why."""

    name = "extend-deadline"

    working_days: Annotated[int, Field(ge=1, le=1000)]
    reason: Words


class ReplanDeadlines(TimingCommand):
    """Reckon what is open anew, since another calendar was published."""

    name = "replan-deadlines"
    internal = True


COMMANDS: tuple[type[TimingCommand], ...] = (PauseDeadline, ResumeDeadline, ExtendDeadline, ReplanDeadlines)


def decide(command: TimingCommand, state: Journey, context: Context) -> Decision:
    match command:
        case PauseDeadline():
            due = _paused(command, _due_of(command, state), state, context)
            return Decision(events=(DeadlinePaused(due=due, **dict(command)),))
        case ResumeDeadline():
            due = _resumed(command, _due_of(command, state), state, context)
            return Decision(events=(DeadlineResumed(due=due, **dict(command)),))
        case ExtendDeadline():
            due = _extended(command, _due_of(command, state), state, context)
            return Decision(events=(DeadlineExtended(due=due, **dict(command)),))
        case ReplanDeadlines():
            moved = tuple(_replanned(state, context))
            return Decision(events=(DeadlinesReplanned(moved=moved),) if moved else ())
    raise AssertionError(command)


def _due_of(command: _OfDeadline, state: Journey) -> Due:
    field = "what" if command.challenge_id is None else "challenge_id"
    if command.what == "challenge":
        challenge = state.file.challenges.get(command.challenge_id or "")
        if challenge is None:
            raise NoSuchDeadline(field="challenge_id", what="a challenge of that id")
        return challenge.due
    for each in own_deadlines(state):
        if each.what == command.what and command.challenge_id is None:
            return each.due
    raise NoSuchDeadline(field=field, what=command.what)


def _paused(command: PauseDeadline, due: Due, state: Journey, context: Context) -> Due:
    context.past(command.from_on, field="from_on")
    if due.held_since is not None:
        raise OnHoldAlready(field="what", since=due.held_since)
    most = context.programme.settings(state.file.municipality, context.today).most_pauses
    if len(due.pauses) >= most:
        raise TooManyPauses(field="what", most=most)
    first = max([state.file.noticed_on, *(each.to_on for each in due.pauses if each.to_on is not None)])
    if due.derivation is not None:
        first = max(first, due.derivation.start)
    if not first <= command.from_on <= due.on:
        raise OutsideItsTime(field="from_on", day=command.from_on, first=first, last=due.on)
    return due.model_copy(update={"pauses": (*due.pauses, Pause(from_on=command.from_on))})


def _resumed(command: ResumeDeadline, due: Due, state: Journey, context: Context) -> Due:
    context.past(command.on, field="on")
    since = due.held_since
    if since is None:
        raise NotOnHold(field="what")
    if command.on < since:
        raise OutsideItsTime(field="on", day=command.on, first=since, last=context.today)
    ended = (*due.pauses[:-1], Pause(from_on=since, to_on=command.on))
    return reckoned_anew(context, due.model_copy(update={"pauses": ended}), state.file.municipality)


def _extended(command: ExtendDeadline, due: Due, state: Journey, context: Context) -> Due:
    if due.held_since is not None:
        raise OnHoldAlready(field="what", since=due.held_since)
    most = context.programme.settings(state.file.municipality, context.today).most_extension_working_days
    if due.extended + command.working_days > most:
        raise TooMuchLonger(field="working_days", most=most, left=max(most - due.extended, 0))
    longer = due.model_copy(update={"extended": due.extended + command.working_days})
    return reckoned_anew(context, longer, state.file.municipality)


def _replanned(state: Journey, context: Context) -> Iterator[Replanned]:
    """On hold it is reckoned when it runs on. What was never derived cannot be derived anew."""
    challenges = (("challenge", id_, each.due) for id_, each in state.file.challenges.items())
    for what, challenge_id, due in (*((each.what, None, each.due) for each in own_deadlines(state)), *challenges):
        if due.derivation is None or due.held_since is not None:
            continue
        anew = reckoned_anew(context, due, state.file.municipality)
        if anew.on != due.on:
            yield Replanned(what=what, challenge_id=challenge_id, was_on=due.on, due=anew)


TimingEvent = DeadlinePaused | DeadlineResumed | DeadlineExtended | DeadlinesReplanned


def evolve(state: Journey, event: TimingEvent) -> Journey:
    match event:
        case DeadlinePaused() | DeadlineResumed() | DeadlineExtended():
            return _with(state, event.what, event.challenge_id, event.due)
        case DeadlinesReplanned():
            for each in event.moved:
                state = _with(state, each.what, each.challenge_id, each.due)
            return state
    assert_never(event)


def _with(state: Journey, what: str, challenge_id: str | None, due: Due) -> Journey:
    if challenge_id is None:
        return with_due(state, what, due)
    challenge = state.file.challenges.get(challenge_id)
    if challenge is None:  # decided meanwhile, where a history is told by when things were true
        return state
    challenges = {**state.file.challenges, challenge_id: replace(challenge, due=due)}
    return replace(state, file=replace(state.file, challenges=challenges))
