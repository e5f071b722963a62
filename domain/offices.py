"""Offices: who works for a municipality, where their notices go, and who stands in for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain.decision import Command, Context, Decision, NotForThisRole, Rejected, Role
from domain.events import AbsenceRecorded, AbsenceWithdrawn, Event, StaffRecorded, StaffRemoved
from domain.fields import Code, Id, MailAddress
from domain.staff import Absence, Office, StaffLanguage, StaffMember, StaffRole

KEEPERS = frozenset({Role.LEAD, Role.COORDINATOR, Role.SYSTEM})


class UnknownStaff(Rejected):
    """{staff} does not work in this office."""

    code = "unknown_staff"
    status = 422


class OwnStandIn(Rejected):
    """Nobody stands in for themselves."""

    code = "own_stand_in"
    status = 422


class AbsenceBackwards(Rejected):
    """The absence ends before it begins."""

    code = "absence_backwards"
    status = 422


class AbsenceOverlaps(Rejected):
    """{staff} is away from {from_on} to {to_on} already ({absence})."""

    code = "absence_overlaps"


class UnknownAbsence(Rejected):
    """There is no absence {absence} in this office."""

    code = "unknown_absence"
    status = 422


def stream_of(municipality: str) -> str:
    """An office has a natural name, as regions have."""
    return f"office-{municipality}"


class OfficeCommand(Command):
    kind = "offices"
    stage = "office"


class RecordStaff(OfficeCommand):
    """Record who works for the municipality, in which role, and where and in which language their notices go."""

    name = "record-staff"
    part = "staff"
    creates = True

    municipality: Code
    staff_id: Code
    role: StaffRole
    mail: MailAddress
    language: StaffLanguage = "et"

    def stream_named(self) -> str:
        return stream_of(self.municipality)


class RemoveStaff(OfficeCommand):
    """Record that somebody works there no more; nobody stands in for them any longer, nor they for others."""

    name = "remove-staff"
    part = "staff"

    staff_id: Code


class RecordAbsence(OfficeCommand):
    """Record when somebody is away, both days included, and who is told in their place."""

    name = "record-absence"
    part = "absences"

    staff_id: Code
    from_on: date
    to_on: date
    stand_in: Code


class WithdrawAbsence(OfficeCommand):
    """Take an absence back: it will not be, or ends early."""

    name = "withdraw-absence"
    part = "absences"

    absence_id: Id


COMMANDS: tuple[type[OfficeCommand], ...] = (RecordStaff, RemoveStaff, RecordAbsence, WithdrawAbsence)


def decide(command: Command, state: Office | None, context: Context) -> Decision:
    if context.actor.role not in KEEPERS:
        raise NotForThisRole(command=command.name, role=context.actor.role.replace("_", " "))
    if isinstance(command, RecordStaff):
        context.programme.municipality(command.municipality)
        return Decision(events=(StaffRecorded(**dict(command)),))
    assert state is not None, "only who works there makes an office"
    return Decision(events=(_change(command, state, context),))


def _change(command: Command, state: Office, context: Context) -> Event:
    match command:
        case RemoveStaff():
            _member(state, command.staff_id, field="staff_id")
            return StaffRemoved(staff_id=command.staff_id)
        case RecordAbsence():
            return _absence(command, state, context)
        case WithdrawAbsence():
            if command.absence_id not in state.absences:
                raise UnknownAbsence(field="absence_id", absence=command.absence_id)
            return AbsenceWithdrawn(absence_id=command.absence_id)
    raise AssertionError(command)


def _absence(command: RecordAbsence, state: Office, context: Context) -> AbsenceRecorded:
    _member(state, command.staff_id, field="staff_id")
    _member(state, command.stand_in, field="stand_in")
    if command.stand_in == command.staff_id:
        raise OwnStandIn(field="stand_in")
    if command.to_on < command.from_on:
        raise AbsenceBackwards(field="to_on")
    for each in state.absences.values():
        if each.staff_id == command.staff_id and each.from_on <= command.to_on and command.from_on <= each.to_on:
            raise AbsenceOverlaps(
                field="from_on", staff=each.staff_id, from_on=each.from_on, to_on=each.to_on, absence=each.absence_id
            )
    return AbsenceRecorded(absence_id=context.new_id("absence"), **dict(command))


def _member(state: Office, staff_id: str, *, field: str) -> None:
    if staff_id not in state.staff:
        raise UnknownStaff(field=field, staff=staff_id)


def evolve(state: Office | None, event: Event, stream_id: str, version: int) -> Office:
    if isinstance(event, StaffRecorded):
        office = state or Office(municipality=event.municipality)
        member = StaffMember(**event.model_dump(exclude={"municipality"}))
        return replace(office, staff={**office.staff, event.staff_id: member})
    if state is not None:
        match event:
            case StaffRemoved():
                return replace(state, staff={id_: each for id_, each in state.staff.items() if id_ != event.staff_id})
            case AbsenceRecorded():
                return replace(state, absences={**state.absences, event.absence_id: Absence(**dict(event))})
            case AbsenceWithdrawn():
                rest = {id_: each for id_, each in state.absences.items() if id_ != event.absence_id}
                return replace(state, absences=rest)
    raise ValueError(f"{event.type} does not belong here in an office's stream")
