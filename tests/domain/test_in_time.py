"""First contact, first help, and a note between two reviews: until when, what meets them, and when nobody is told yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.events import BudgetDecided, DeadlinesReplanned, ReferralRecorded, ReviewHeld
from domain.journey import awaited, pending
from domain.stages.delivery import CorrectDelivery, NoteProgress
from domain.stages.throughout import LogContact, RaiseReminders
from domain.stages.timing import ExtendDeadline, PauseDeadline, ReplanDeadlines
from domain.states import Journey
from domain.working_days import local_date
from tests.domain.given import MONDAY, Given, given, nothing
from tests.domain.steps import (
    DECIDED,
    HELPED,
    accepted,
    agreement_to,
    assessed,
    budget,
    eligibility,
    in_delivery,
    leaving,
    planned,
    referral,
    referred,
    refused,
    review,
    visit,
)
from tests.domain.test_due import raised
from tests.domain.test_throughout import SOON, answered, challenge, challenged
from tests.domain.test_timing import with_holiday

CONTACT, HELP, NOTE = "first-contact", "first-help", "progress-note"


def open_ones(case: Given[Journey]) -> dict[str, date]:
    return {each.what: each.due.on for each in awaited(case.known)}


def contact(*, on: date = DECIDED, reached: bool = True, with_whom: str = "person") -> LogContact:
    told = {"on": on, "channel": "call", "with_whom": with_whom, "reached": reached}
    return LogContact.model_validate(told)


def note(*, on: date) -> NoteProgress:
    return NoteProgress(goal_id="out", on=on, note="Goes to the shop alone.", direction="better")


def taken_back() -> CorrectDelivery:
    return CorrectDelivery(delivery_id="delivery-1", minutes=0, reason="Nobody came.")


# ── First contact ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_is_noticed_is_reached_within_three_working_days() -> None:
    [due] = [each.due for each in awaited(referred().known) if each.what == CONTACT]
    assert due.explained == "3 working days from 02.03.2026: due 05.03.2026"


def test_the_person_themselves_was_reached() -> None:
    assert CONTACT not in open_ones(given(accepted(), contact()))


@pytest.mark.parametrize("tried", [contact(reached=False), contact(with_whom="carer"), contact(with_whom="network")])
def test_an_attempt_or_a_talk_with_others_does_not_reach_the_person(tried: LogContact) -> None:
    assert open_ones(given(accepted(), tried))[CONTACT] == date(2026, 3, 5)


def test_who_was_assessed_was_reached() -> None:
    assert CONTACT in open_ones(accepted())
    assert CONTACT not in open_ones(assessed())


# ── First help ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_first_help_is_due_sixty_days_after_somebody_noticed() -> None:
    [due] = [each.due for each in awaited(referred().known) if each.what == HELP]
    assert (
        due.explained
        == "60 days from 02.03.2026 would be 01.05.2026, no working day; 01.05.2026 is a public holiday: due 04.05.2026"
    )


def test_help_meets_it_until_it_turns_out_that_there_was_none() -> None:
    helped = in_delivery(visit())
    assert HELP in open_ones(in_delivery())
    assert HELP not in open_ones(helped)
    assert open_ones(given(helped, taken_back()))[HELP] == date(2026, 5, 4)


@pytest.mark.parametrize("case", [refused(), in_delivery(leaving(on=HELPED))])
def test_what_is_over_waits_for_neither(case: Given[Journey]) -> None:
    assert {CONTACT, HELP}.isdisjoint(open_ones(case))


def test_where_a_refusal_does_not_stand_both_begin_anew() -> None:
    reopened = open_ones(given(challenged(), answered(upheld=True)))  # on the 9th
    assert (reopened[CONTACT], reopened[HELP]) == (date(2026, 3, 12), date(2026, 5, 8))


def test_whoever_was_reached_before_the_refusal_was_reached() -> None:
    reached = given(referred(), DECIDED, contact(), eligibility(but={"target_group": False}, reasons="Not so."))
    reopened = given(reached, SOON, challenge(), answered(upheld=True))
    assert CONTACT not in open_ones(reopened)
    assert HELP in open_ones(reopened)


# ── A note between two reviews ───────────────────────────────────────────────────────────────────────────────────────


def test_progress_is_noted_two_months_after_the_budget_and_after_each_note() -> None:
    case = in_delivery()
    assert open_ones(case)[NOTE] == date(2026, 5, 20)
    noted = given(case, date(2026, 4, 15), note(on=date(2026, 4, 14)))
    assert open_ones(noted)[NOTE] == date(2026, 6, 15)


def test_a_review_is_a_note_too() -> None:
    held = in_delivery(date(2026, 6, 18), review(on=date(2026, 6, 18)))
    assert open_ones(held)[NOTE] == date(2026, 8, 18)


def test_only_where_help_goes_on_a_note_is_due() -> None:
    assert NOTE not in open_ones(planned())
    assert NOTE not in open_ones(in_delivery(review(outcome="change_plan", on=HELPED)))
    early = given(planned(), date(2026, 3, 17), note(on=date(2026, 3, 17)))
    assert NOTE not in open_ones(early)
    budgeted = given(early, agreement_to(), date(2026, 3, 20), budget())
    assert open_ones(budgeted)[NOTE] == date(2026, 5, 20)
    by_when_it_was_true = replace(budgeted, events=(*budgeted.events, early.events[-1]))
    assert open_ones(by_when_it_was_true)[NOTE] == date(2026, 5, 20)


# ── Who is told, and not too soon ────────────────────────────────────────────────────────────────────────────────────


def told_late() -> Given[Journey]:
    """Noticed on a Monday, recorded on the Friday of the fifth week."""
    return given(nothing().on(FRIDAY), referral(complete_on=None))


FRIDAY, NEXT = date(2026, 4, 10), date(2026, 4, 13)


def test_whoever_records_late_has_until_the_next_working_morning_to_tell_the_rest() -> None:
    """A lead, a municipality and a coordinator would be mailed while the case manager still types."""
    case = told_late()
    assert raised(case.on(FRIDAY, hour=23)) == []
    assert raised(case.on(NEXT - timedelta(days=1))) == []
    assert raised(case.on(NEXT, hour=7)) == []
    assert raised(case.on(NEXT, hour=8)) == [(CONTACT, "coordinator")]
    assert raised(given(case, contact(on=FRIDAY)).on(NEXT)) == []


def test_a_short_time_is_not_spoken_of_on_the_day_on_which_it_begins() -> None:
    case = referred()
    assert raised(case.on(MONDAY, hour=23)) == []
    assert raised(case.on(MONDAY + timedelta(days=1), hour=8)) == [(CONTACT, "before")]


def test_nobody_is_told_twice_of_what_came_at_one_moment() -> None:
    case = given(told_late(), NEXT, RaiseReminders())
    assert [each.step for each in pending(case.known) if each.deadline.what == CONTACT] == []


# ── Like any other deadline ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("case", "what"),
    [(accepted().on(DECIDED), CONTACT), (accepted(), HELP), (in_delivery(), HELP), (in_delivery(), NOTE)],
)
def test_each_waits_and_lasts_longer_like_any_other(case: Given[Journey], what: str) -> None:
    today = local_date(case.at)
    paused = given(case, PauseDeadline.model_validate({"what": what, "from_on": today, "reason": "In hospital."}))
    [held] = [each.due for each in awaited(paused.known) if each.what == what]
    assert held.held_since == today
    longer = given(
        case, ExtendDeadline.model_validate({"what": what, "working_days": 5, "reason": "A relative is away."})
    )
    assert open_ones(longer)[what] > open_ones(case)[what]
    others = {name: due for name, due in open_ones(longer).items() if name != what}
    assert others == {name: due for name, due in open_ones(case).items() if name != what}


def test_another_calendar_moves_them_as_well() -> None:
    case = replace(referred(), programme=with_holiday(3, 4))
    moved = {each.what: each.due.on for each in case.when(ReplanDeadlines()).the(DeadlinesReplanned).moved}
    assert moved[CONTACT] == date(2026, 3, 6)
    assert open_ones(given(case, ReplanDeadlines()))[CONTACT] == date(2026, 3, 6)


# ── Recorded before there were any ───────────────────────────────────────────────────────────────────────────────────


def test_what_was_recorded_before_is_read_as_it_was() -> None:
    old = nothing().when(referral()).the(ReferralRecorded)
    bare = old.model_dump(mode="json", exclude={"first_contact_due", "first_help_due"})
    assert ReferralRecorded.model_validate(bare).first_contact_due is None
    for event in (BudgetDecided, ReviewHeld):
        assert not event.model_fields["progress_note_due"].is_required()
