"""When something is due: the day, the reminder before it, who is told when it has passed, and the rule that says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from domain.fields import Code
from domain.working_days import at_hour, written

REMINDER_HOUR = 8  # local: reminders are there when the working day begins


Level = Literal["worker", "lead", "municipality", "coordinator"]
LEVELS: tuple[Level, ...] = ("worker", "lead", "municipality", "coordinator")
TOLD: dict[str, Level] = {  # step → whom it is for, in the order of the chain: each says all that those before it do
    "before": "worker", "on": "worker", "after": "lead", "municipality": "municipality", "coordinator": "coordinator",
}  # fmt: skip
CHAIN = (*TOLD, "over")


class Escalation(BaseModel):
    """From that day on the one after the lead is told as well."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    level: Level
    on: date


Unit = Literal["working_day", "day", "month"]


class Pause(BaseModel):
    """For so long the clock stood still: on `from_on` it did, on `to_on` it ran again. None: it still stands."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    from_on: date
    to_on: date | None = None


class Derivation(BaseModel):
    """How a due day came about: so many units from `start`, by that version of the calendar. `reached` is the day that was
    counted to, where it was none on which the office works and the next such day was taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    start: date
    count: int
    unit: Unit
    calendar: Code
    holidays: tuple[date, ...] = ()  # public holidays on the way that else would have counted, or been taken
    closed: tuple[date, ...] = ()  # likewise, days on which this office alone did not work
    reached: date | None = None

    def sentence(self, due: date) -> str:
        """`10 working days from 12.02.2026; 24.02.2026 is a public holiday: due 27.02.2026`"""
        unit = self.unit.replace("_", " ") + ("" if self.count == 1 else "s")
        moved = "" if self.reached is None else f" would be {written(self.reached)}, no working day"
        counted = f"{self.count} {unit} from {written(self.start)}{moved}"
        holidays = _and_on(self.holidays, "is a public holiday", "are public holidays")
        closed = _and_on(
            self.closed, "is a day on which the office is closed", "are days on which the office is closed"
        )
        return f"{counted}{holidays}{closed}: due {written(due)}"


def _and_on(days: tuple[date, ...], one: str, several: str) -> str:
    *others, last = [written(day) for day in days] or [""]
    if not others:
        return f"; {last} {one}" if last else ""
    return f"; {', '.join(others)} and {last} {several}"


class Due(BaseModel):
    """Worked out once, when the clock starts, and kept in the event: changed rules never move it silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    on: date
    remind_on: date
    escalate_on: date
    rule: Code
    # Behind the lead's, in order; none where the clock started before there were any.
    escalations: tuple[Escalation, ...] = ()
    derivation: Derivation | None = None  # None: the day was given, or worked out before this was kept
    pauses: tuple[Pause, ...] = ()  # in order; only the last can be open
    extended: int = 0  # working days in all
    told_from: date | None = None  # nobody is told before; None: from `remind_on` on

    @property
    def held_since(self) -> date | None:
        """Since when the deadline is on hold, if it is."""
        return self.pauses[-1].from_on if self.pauses and self.pauses[-1].to_on is None else None

    @property
    def explained(self) -> str:
        """How the day came about, as far as is known."""
        *how, due = f"due {written(self.on)}".split(": ")
        if self.derivation is not None:
            *how, due = self.derivation.sentence(self.on).rsplit(": ", 1)
        how += [f"on hold {written(each.from_on)} to {written(each.to_on)}" for each in self.pauses if each.to_on]
        how += [f"{self.extended} working days more"] if self.extended else []
        since = self.held_since
        return "; ".join(how) + (": " if how else "") + (due if since is None else f"on hold since {written(since)}")


Standing = Literal["open", "due_soon", "due", "overdue", "on_hold"]


def standing(due_on: date, remind_on: date, today: date, *, held: bool = False) -> Standing:
    """The one definition of late, and of late before it is late; whoever shows or counts it asks here."""
    if held:
        return "on_hold"
    if today > due_on:
        return "overdue"
    if today == due_on:
        return "due"
    return "due_soon" if today >= remind_on else "open"


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """One open deadline of a journey. `id` is stable for as long as the due day stands."""

    id: str
    what: str
    due: Due
    silent: bool = False  # it ends a period, nobody needs a reminder

    @property
    def steps(self) -> tuple[tuple[str, date], ...]:
        if self.due.held_since is not None:
            return ()
        if self.silent:
            return (("over", self.due.on + timedelta(days=1)),)  # the last day still counts
        further = ((each.level, each.on) for each in self.due.escalations)
        chain = (("before", self.due.remind_on), ("on", self.due.on), ("after", self.due.escalate_on), *further)
        first = self.due.told_from or self.due.remind_on
        return tuple((step, max(day, first)) for step, day in chain)


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
    """Every reminder still to come, earliest first; of one moment in the order of the chain, whatever the steps are called."""
    open_steps = (
        Wake(deadline=each, step=step, at=at_hour(day, REMINDER_HOUR))
        for each in deadlines
        for step, day in each.steps
        if (each.id, step) not in raised
    )
    return tuple(sorted(open_steps, key=lambda wake: (wake.at, wake.deadline.id, CHAIN.index(wake.step))))
