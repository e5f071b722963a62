"""When something is due: the day, the reminder before it, the escalation after it, and the rule that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from domain.fields import Code
from domain.working_days import at_hour

REMINDER_HOUR = 8  # local: reminders are there when the working day begins


class Due(BaseModel):
    """Worked out once, when the clock starts, and kept in the event: changed rules never move it silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    on: date
    remind_on: date
    escalate_on: date
    rule: Code


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """One open deadline of a journey. `id` is stable for as long as the due day stands."""

    id: str
    what: str
    due: Due
    silent: bool = False  # it ends a period, nobody needs a reminder

    @property
    def steps(self) -> tuple[tuple[str, date], ...]:
        if self.silent:
            return (("over", self.due.on + timedelta(days=1)),)  # the last day still counts
        return (("before", self.due.remind_on), ("on", self.due.on), ("after", self.due.escalate_on))


@dataclass(frozen=True, kw_only=True, slots=True)
class Wake:
    """The next moment at which a journey has something to do by itself."""

    deadline: Deadline
    step: str
    at: datetime


def deadline(what: str, due: Due, *, subject: str = "", silent: bool = False) -> Deadline:
    named = f"{what}:{subject}" if subject else what
    return Deadline(id=f"{named}:{due.on}", what=what, due=due, silent=silent)


def wakes(deadlines: tuple[Deadline, ...], raised: frozenset[tuple[str, str]]) -> tuple[Wake, ...]:
    """Every reminder still to come, earliest first."""
    open_steps = (
        Wake(deadline=each, step=step, at=at_hour(day, REMINDER_HOUR))
        for each in deadlines
        for step, day in each.steps
        if (each.id, step) not in raised
    )
    return tuple(sorted(open_steps, key=lambda wake: (wake.at, wake.deadline.id, wake.step)))
