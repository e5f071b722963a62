"""Offices: who works where, who stands in for whom, and who is told of a reminder on a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.deciders import OFFICES, NotInTheProgramme
from domain.decision import NotForThisRole
from domain.due import LEVELS, Level
from domain.events import AbsenceRecorded, AbsenceWithdrawn, ReminderRaised, StaffRecorded
from domain.offices import (
    AbsenceBackwards,
    AbsenceOverlaps,
    OwnStandIn,
    RecordAbsence,
    RecordStaff,
    RemoveStaff,
    UnknownAbsence,
    UnknownStaff,
    WithdrawAbsence,
)
from domain.staff import Absence, Addressed, Office, StaffMember, StaffRole, addressed
from domain.stages.referral import AppointCaseManager
from domain.stages.throughout import RaiseReminders
from tests.domain.given import CASE_MANAGER, COORDINATOR, MONDAY, TOWN, Given, an_office, given
from tests.domain.steps import decided_alone, referred

FRIDAY = MONDAY + timedelta(days=4)
ANNE, BORIS, CAROL, HEAD = "case_manager.tori", "case_manager.tori-2", "lead.tori", "head.tori"
ROLES: dict[str, StaffRole] = {ANNE: "case_manager", BORIS: "case_manager", CAROL: "lead", HEAD: "municipality"}


def works(
    staff_id: str, role: StaffRole = "case_manager", *, town: str = TOWN, mail: str = "a@tori.example"
) -> RecordStaff:
    return RecordStaff(municipality=town, staff_id=staff_id, role=role, mail=mail)


def away(staff_id: str, stand_in: str, *, from_on: date = MONDAY, to_on: date = FRIDAY) -> RecordAbsence:
    return RecordAbsence(staff_id=staff_id, from_on=from_on, to_on=to_on, stand_in=stand_in)


def staffed(*absences: RecordAbsence) -> Given[Office]:
    return given(an_office(), *(works(staff_id, role) for staff_id, role in ROLES.items()), *absences)


# ── Who works there ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_works_there_and_where_their_notices_go() -> None:
    state = an_office().when(works(ANNE)).then(StaffRecorded(**dict(works(ANNE)))).state
    assert state.staff[ANNE].mail == "a@tori.example"
    assert works(ANNE).stream_named() == "office-tori"
    moved = given(an_office(), works(ANNE), works(ANNE, "lead", mail="b@tori.example")).known
    assert (moved.staff[ANNE].role, moved.staff[ANNE].mail) == ("lead", "b@tori.example")
    assert given(staffed(), RemoveStaff(staff_id=ANNE)).known.staff.keys() == {BORIS, CAROL, HEAD}


def test_an_office_is_kept_by_lead_and_coordinator() -> None:
    an_office().by(COORDINATOR).when(works(ANNE)).then(StaffRecorded)
    an_office().by(CASE_MANAGER).when(works(ANNE)).refused(NotForThisRole, says="record-staff")
    an_office().when(works(ANNE, town="narnia")).refused(NotInTheProgramme, says="narnia")
    assert OFFICES.belongs_to(works(ANNE), None) == {TOWN}


@pytest.mark.parametrize(
    "mail", ["", "anne", "anne@", "anne@tori", "anne tori@x.ee", "a@x.ee\nBcc: b@x.ee", "a@x.ee,b@x.ee"]
)
def test_what_is_no_address_is_refused_at_the_door(mail: str) -> None:
    with pytest.raises(ValidationError):
        works(ANNE, mail=mail)


# ── Who is away ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_absence_names_who_stands_in_and_can_be_taken_back() -> None:
    told = staffed().when(away(ANNE, BORIS)).then(AbsenceRecorded(absence_id="absence-1", **dict(away(ANNE, BORIS))))
    back = told.after.when(WithdrawAbsence(absence_id="absence-1")).then(AbsenceWithdrawn(absence_id="absence-1"))
    assert back.state.away(ANNE, MONDAY) is None


def test_an_absence_that_cannot_be_is_refused() -> None:
    case = staffed(away(ANNE, BORIS))
    case.when(away(ANNE, CAROL, from_on=FRIDAY)).refused(AbsenceOverlaps, field="from_on", says="absence-1")
    case.when(away(ANNE, CAROL, from_on=FRIDAY + timedelta(days=1), to_on=date(2026, 4, 1))).then(AbsenceRecorded)
    staffed().when(away(ANNE, ANNE)).refused(OwnStandIn, field="stand_in")
    staffed().when(away(ANNE, BORIS, from_on=FRIDAY, to_on=MONDAY)).refused(AbsenceBackwards, field="to_on")
    staffed().when(away("nobody", BORIS)).refused(UnknownStaff, field="staff_id", says="nobody")
    staffed().when(away(ANNE, "nobody")).refused(UnknownStaff, field="stand_in", says="nobody")
    staffed().when(RemoveStaff(staff_id="nobody")).refused(UnknownStaff, field="staff_id")
    staffed().when(WithdrawAbsence(absence_id="absence-9")).refused(UnknownAbsence, field="absence_id")


# ── Who is told ──────────────────────────────────────────────────────────────────────────────────────────────────────


def told(case: Given[Office], level: Level, day: date = MONDAY, case_manager: str | None = ANNE) -> Addressed:
    return addressed(case.known, level, case_manager, day)


def test_each_level_has_its_people() -> None:
    assert told(staffed(), "worker") == Addressed(level="worker", to=(ANNE,))
    assert told(staffed(), "lead") == Addressed(level="lead", to=(CAROL,))
    assert told(staffed(), "municipality") == Addressed(level="municipality", to=(HEAD,))


def test_who_is_away_is_stood_in_for_on_both_days_and_not_after() -> None:
    case = staffed(away(ANNE, BORIS))
    assert [told(case, "worker", day).to for day in (MONDAY, FRIDAY, FRIDAY + timedelta(days=1))] == [
        (BORIS,), (BORIS,), (ANNE,),
    ]  # fmt: skip


def test_a_stand_in_who_is_away_is_stood_in_for_too() -> None:
    assert told(staffed(away(ANNE, BORIS), away(BORIS, CAROL)), "worker") == Addressed(level="worker", to=(CAROL,))


def test_where_all_stand_in_for_each_other_the_next_level_is_told_and_it_says_so() -> None:
    case = staffed(away(ANNE, BORIS), away(BORIS, ANNE))
    assert told(case, "worker") == Addressed(level="lead", to=(CAROL,), missing=("worker",))


def test_without_a_lead_the_municipality_is_told_and_it_says_so() -> None:
    case = given(staffed(), RemoveStaff(staff_id=CAROL))
    assert told(case, "lead") == Addressed(level="municipality", to=(HEAD,), missing=("lead",))
    assert told(case, "worker", case_manager=None) == Addressed(
        level="municipality", to=(HEAD,), missing=("worker", "lead")
    )
    assert told(case, "coordinator") == Addressed(level="coordinator", to=(), missing=("coordinator",))


PEOPLE = ("a", "b", "c", "d")


@st.composite
def offices(draw: st.DrawFn) -> Office:
    staff = {
        each: StaffMember(staff_id=each, role=draw(st.sampled_from(get_args(StaffRole))), mail="x@y.ee", language="et")
        for each in draw(st.sets(st.sampled_from(PEOPLE)))
    }
    absences = {
        each: Absence(
            absence_id=each, staff_id=each, from_on=MONDAY, to_on=FRIDAY, stand_in=draw(st.sampled_from(PEOPLE))
        )
        for each in draw(st.sets(st.sampled_from(PEOPLE)))
    }
    return Office(municipality=TOWN, staff=staff, absences=absences)


@for_all(offices(), st.sampled_from(LEVELS), st.none() | st.sampled_from(PEOPLE))
def test_only_who_works_there_and_is_there_is_told_and_nobody_twice(
    office: Office, level: Level, manager: str | None
) -> None:
    found = addressed(office, level, manager, MONDAY)
    assert all(each in office.staff and office.away(each, MONDAY) is None for each in found.to)
    assert len(set(found.to)) == len(found.to)
    asked = LEVELS[LEVELS.index(level) :]
    assert found.missing == asked[: len(found.missing)]
    assert found.level == (asked[len(found.missing)] if found.to else level)


# ── In a journey ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_reminder_says_who_was_told_as_the_office_stood_that_day() -> None:
    case = decided_alone(referred())
    raised = case.on(date(2026, 3, 9)).in_office(staffed().known).when(RaiseReminders()).the(ReminderRaised)
    assert (raised.step, raised.level, raised.to, raised.missing) == ("before", "lead", (CAROL,), ("worker",))
    with_manager = given(case, AppointCaseManager(case_manager=ANNE)).on(date(2026, 3, 9)).in_office(staffed().known)
    assert with_manager.when(RaiseReminders()).the(ReminderRaised).to == (ANNE,)


def test_without_an_office_nobody_is_named() -> None:
    raised = decided_alone(referred()).on(date(2026, 3, 9)).when(RaiseReminders()).the(ReminderRaised)
    assert (raised.level, raised.to, raised.missing) == ("worker", (), ())
