"""Reckons when something is due: in working days, calendar days or months, by the calendar and settings of that day."""

from __future__ import annotations

from datetime import date, timedelta

from domain.care import ReviewKind
from domain.decision import Context
from domain.due import Derivation, Due, Escalation, Unit

DAY = timedelta(days=1)


def working_days_from(context: Context, start: date, days: int, municipality: str, what: str) -> Due:
    calendar = context.programme.calendar(start, municipality)
    on = calendar.add_working_days(start, days)
    derivation = Derivation(
        start=start,
        count=days,
        unit="working_day",
        calendar=calendar.version,
        holidays=calendar.holidays_between(start, on),
        closed=calendar.closed_between(start, on),
    )
    return _due(context, on, municipality, f"{what}-{days}-working-days", derivation)


def months_from(context: Context, start: date, months: int, municipality: str, what: str) -> Due:
    """The same day of the month, or the month's last; on a working day if that falls on none."""
    month = start.month - 1 + months
    year, month = start.year + month // 12, month % 12 + 1
    day = start.replace(year=year, month=month, day=1)
    for candidate in range(start.day, 0, -1):
        try:
            day = day.replace(day=candidate)
            break
        except ValueError:
            continue
    return _on_a_working_day(context, start, day, months, "month", municipality, f"{what}-{months}-months")


def first_contact_due(noticed_on: date, municipality: str, context: Context) -> Due:
    days = context.programme.settings(municipality, context.today).first_contact_working_days
    return working_days_from(context, noticed_on, days, municipality, "first-contact")


def first_help_due(noticed_on: date, municipality: str, context: Context) -> Due:
    days = context.programme.settings(municipality, context.today).first_help_days
    return days_from(context, noticed_on, days, municipality, "first-help")


def progress_note_due(municipality: str, context: Context) -> Due:
    months = context.programme.settings(municipality, context.today).progress_note_months
    return months_from(context, context.today, months, municipality, "progress-note")


def challenge_until(municipality: str, context: Context) -> Due:
    """The last day on which today's decision can be challenged."""
    days = context.programme.settings(municipality, context.today).challenge_window_days
    return days_from(context, context.today, days, municipality, "challenge-window")


def days_from(context: Context, start: date, days: int, municipality: str, what: str) -> Due:
    """So many calendar days later; on the next working day if that falls on none."""
    return _on_a_working_day(
        context, start, start + timedelta(days=days), days, "day", municipality, f"{what}-{days}-days"
    )


def _on_a_working_day(
    context: Context, start: date, reached: date, count: int, unit: Unit, municipality: str, rule: str
) -> Due:
    calendar = context.programme.calendar(reached, municipality)
    on = calendar.add_working_days(reached, 0)
    moved = on != reached
    derivation = Derivation(
        start=start,
        count=count,
        unit=unit,
        calendar=calendar.version,
        holidays=calendar.holidays_between(reached - DAY, on) if moved else (),
        closed=calendar.closed_between(reached - DAY, on) if moved else (),
        reached=reached if moved else None,
    )
    return _due(context, on, municipality, rule, derivation)


def reckoned_anew(context: Context, due: Due, municipality: str) -> Due:
    """By the calendar as it is known today: counted from its start again, later by each working day of its pauses and by its
    extension. One whose day was given starts from that day."""
    derivation = due.derivation or Derivation(start=due.on, count=0, unit="day", calendar=_calendar_s(context, due.on))
    anew = _counted_again(context, derivation, municipality)
    calendar = context.programme.calendar(anew.on, municipality)
    on = anew.on
    for pause in due.pauses:
        if pause.to_on is not None and (stood := calendar.working_days_between(pause.from_on - DAY, pause.to_on - DAY)):
            on = calendar.add_working_days(on, stood)
    on = calendar.add_working_days(on, due.extended) if due.extended else on
    moved = _due(context, on, municipality, "", anew.derivation)
    return moved.model_copy(update={"rule": due.rule, "pauses": due.pauses, "extended": due.extended})


def _calendar_s(context: Context, day: date) -> str:
    return context.programme.calendar(day).version


def _counted_again(context: Context, derivation: Derivation, municipality: str) -> Due:
    start, count = derivation.start, derivation.count
    match derivation.unit:
        case "working_day":
            return working_days_from(context, start, count, municipality, "")
        case "day":
            return days_from(context, start, count, municipality, "")
        case "month":
            return months_from(context, start, count, municipality, "")


def on_the_day(context: Context, day: date, municipality: str, what: str) -> Due:
    """The day itself, working day or not: something ends then by itself."""
    return _due(context, day, municipality, what)


def _due(context: Context, on: date, municipality: str, rule: str, derivation: Derivation | None = None) -> Due:
    settings = context.programme.settings(municipality, context.today)
    calendar = context.programme.calendar(on, municipality)
    lead = calendar.add_working_days(on, settings.reminder_after_working_days)
    municipality_s = calendar.add_working_days(lead, settings.escalate_to_municipality_after_working_days)
    coordinator_s = calendar.add_working_days(municipality_s, settings.escalate_to_coordinator_after_working_days)
    remind_on = calendar.add_working_days(on, -settings.reminder_before_working_days)
    next_day = context.programme.calendar(context.today, municipality).add_working_days(context.today, 1)
    return Due(
        on=on,
        remind_on=remind_on,
        escalate_on=lead,
        rule=f"{settings.version}/{rule}",
        escalations=(
            Escalation(level="municipality", on=municipality_s),
            Escalation(level="coordinator", on=coordinator_s),
        ),
        derivation=derivation,
        # Whoever tells late of something has until the next morning to tell the rest, before anybody is mailed about it.
        told_from=next_day if remind_on < next_day else None,
    )


def next_review_kind(progress_reviews: int, municipality: str, context: Context) -> ReviewKind:
    """[A] After so many progress reviews the next one is a full one, so that one is held at least yearly."""
    settings = context.programme.settings(municipality, context.today)
    every = settings.full_review_months // settings.progress_review_months
    return "full" if progress_reviews >= every - 1 else "progress"
