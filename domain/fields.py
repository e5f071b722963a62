"""The kinds of field an event has: codes, amounts, dates, opaque ids in the clear; what tells of a person, sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints


@dataclass(frozen=True, slots=True)
class Clear:
    """Marks a field that names or describes nobody: it stays readable when a person is erased."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """Marks a field that identifies or describes a person. `of` names the sibling field with that person's id;
    without it the event's own person is meant."""

    of: str | None = None


# Clear: never put a name, a diagnosis or free text in one of these.
Code = Annotated[str, Clear(), StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.@/:-]{0,79}$")]
Id = Annotated[str, Clear(), StringConstraints(pattern=r"^[a-z]{1,12}-[0-9a-z-]{1,60}$")]

Reference = Annotated[
    str, Clear(), StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,79}$")
]  # others' numbers
AgreementCode = Annotated[str, Clear(), StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]  # part of its address
RegistryCode = Annotated[str, Clear(), StringConstraints(pattern=r"^[0-9]{8}$")]  # of the Estonian business register
LanguageCode = Annotated[str, Clear(), StringConstraints(pattern=r"^[a-z]{2,3}$")]  # ISO 639: et, ru, en, eso
FileDigest = Annotated[str, Clear(), StringConstraints(pattern=r"^[0-9a-f]{64}$")]  # SHA-256
PublicName = Annotated[str, Clear(), StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
PublicWords = Annotated[
    str, Clear(), StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)
]  # of no person

FigureText = Annotated[str, Clear(), StringConstraints(max_length=2000)]  # in a report: of no person, and may be blank
FileName = Annotated[str, Clear(), StringConstraints(pattern=r"^[A-Za-z0-9_.][A-Za-z0-9_./-]{0,119}$")]
FileText = Annotated[str, Clear(), StringConstraints(max_length=400_000)]  # of the programme's data, never of a person

# Sealed: what people say and what is said of them.
CaseNumber = Annotated[
    str, Sealed(), StringConstraints(strip_whitespace=True, min_length=1, max_length=80)
]  # of another register, where a person can be found by it
Words = Annotated[str, Sealed(), StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
PersonalCode = Annotated[str, Sealed(), StringConstraints(pattern=r"^[1-8][0-9]{10}$")]
BirthDate = Annotated[date, Sealed()]
PersonalCodeword = Annotated[str, Sealed(), StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
Degree = Annotated[int, Field(description="degree of need 0 to 4; 8 not specified, 9 not applicable")]
Degrees = Annotated[dict[str, Degree], Sealed(), Field(max_length=200)]

MailAddress = Annotated[
    str,
    Sealed(of="staff_id"),
    StringConstraints(
        max_length=254, pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
    ),
]  # of somebody who works in an office

# Amounts. Money is whole cents, time whole minutes: both exact, both integers.
Cents = Annotated[int, Field(ge=0, le=100_000_000)]
SignedCents = Annotated[int, Field(ge=-100_000_000, le=100_000_000)]
TotalCents = Annotated[int, Field(ge=0, le=100_000_000_000)]  # of many people together
Minutes = Annotated[int, Field(gt=0, le=60_000)]
Capacity = Annotated[int, Field(gt=0, le=100_000_000)]  # minutes a month, of a whole organisation
