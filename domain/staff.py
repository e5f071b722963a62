"""Who works in a municipality's office, who is away and who stands in; and who is told of a reminder on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from domain.due import LEVELS, Level

StaffRole = Literal["case_manager", "lead", "municipality", "coordinator"]
StaffLanguage = Literal["et", "en", "ru"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StaffMember:
    """`mail` is where notices go, `language` the one they are written in."""

    staff_id: str
    role: StaffRole
    mail: str
    language: StaffLanguage


@dataclass(frozen=True, kw_only=True, slots=True)
class Absence:
    """Both days count."""

    absence_id: str
    staff_id: str
    from_on: date
    to_on: date
    stand_in: str

    def on(self, day: date) -> bool:
        return self.from_on <= day <= self.to_on


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    municipality: str
    staff: Mapping[str, StaffMember] = field(default_factory=dict)
    absences: Mapping[str, Absence] = field(default_factory=dict)

    def away(self, staff_id: str, day: date) -> Absence | None:
        return next((each for each in self.absences.values() if each.staff_id == staff_id and each.on(day)), None)

    def present(self, staff_id: str, day: date) -> str | None:
        """Themselves or who stands in for them, or for those in turn; None where nobody of the chain is there."""
        asked = set[str]()
        while staff_id in self.staff and staff_id not in asked:
            asked.add(staff_id)
            absence = self.away(staff_id, day)
            if absence is None:
                return staff_id
            staff_id = absence.stand_in
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Addressed:
    """Who is told, at which level, and the levels below it at which there was nobody to tell."""

    level: Level
    to: tuple[str, ...]
    missing: tuple[Level, ...] = ()


def addressed(office: Office, level: Level, case_manager: str | None, day: date) -> Addressed:
    """The level's people, or their stand-ins; where there is nobody, those of the next. Nobody anywhere: the level, and
    all that are missing."""
    missing = list[Level]()
    for each in LEVELS[LEVELS.index(level) :]:
        holders = (office.present(staff_id, day) for staff_id in _holders(office, each, case_manager))
        if to := tuple(dict.fromkeys(holder for holder in holders if holder is not None)):
            return Addressed(level=each, to=to, missing=tuple(missing))
        missing.append(each)
    return Addressed(level=level, to=(), missing=tuple(missing))


def _holders(office: Office, level: Level, case_manager: str | None) -> list[str]:
    if level == "worker":
        return [] if case_manager is None else [case_manager]
    return sorted(each.staff_id for each in office.staff.values() if each.role == level)
