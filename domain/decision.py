"""What a decision is made of: who asks for what, what is known, and the facts or the refusal that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from domain.agreement import Agreement
from domain.care import ClaimRow
from domain.events import Event
from domain.fields import Clear, Code
from domain.parties import Person, Provider
from domain.ports import ComponentUse
from domain.programme import Programme
from domain.staff import Office
from domain.working_days import local_date

NATIONAL = "ee"


class Stage(StrEnum):
    """The six stages of a journey and its end. Each has one activity of the same name."""

    REFERRAL = "referral"
    ASSESSMENT = "assessment"
    PLANNING = "planning"
    BUDGETING = "budgeting"
    DELIVERY = "delivery"
    REVIEW = "review"
    EXIT = "exit"


class Role(StrEnum):
    CASE_MANAGER = "case_manager"
    BASE_SUPPORT = "base_support"
    PROVIDER = "provider"
    PERSON = "person"
    LEAD = "lead"
    COORDINATOR = "coordinator"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    SYSTEM = "system"


class Actor(BaseModel):
    """Who acts: an opaque id, a role, and the municipality they act for (`ee`: all of them)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Annotated[str, Clear(), StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.:/-]{0,79}$")]
    role: Role
    municipality: Code

    @property
    def is_national(self) -> bool:
        return self.municipality == NATIONAL


# [A] Who decides for a municipality, until the full table of rights is there.
OFFICE = frozenset({Role.CASE_MANAGER, Role.LEAD, Role.COORDINATOR, Role.SYSTEM})
SYSTEM = Actor(id="system", role=Role.SYSTEM, municipality=NATIONAL)


class Command(BaseModel):
    """A wish, in the imperative. `part` is what of a journey it touches; an additive one disturbs nobody's edit."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: ClassVar[str]
    name: ClassVar[str]
    stage: ClassVar[str]
    part: ClassVar[str]
    creates: ClassVar[bool] = False
    additive: ClassVar[bool] = False
    internal: ClassVar[bool] = False  # sent by timers and signals, never through the API
    touches_places: ClassVar[bool] = False
    needs_person: ClassVar[bool] = False
    by_office: ClassVar[bool] = False  # decides on money or between people: for the municipality, never who is paid
    needs_line_s_providers: ClassVar[bool] = False  # whose contracts must still hold
    needs_uses: ClassVar[bool] = False
    needs_office: ClassVar[bool] = False  # of the journey's municipality: who is to be told

    def providers_named(self) -> frozenset[str]:
        """Ids of the providers whose contracts must be known to decide."""
        return frozenset()

    def persons_named(self) -> frozenset[str]:
        """Ids of people other than the one concerned who must be known to decide."""
        return frozenset()

    def stream_named(self) -> str | None:
        """The stream a creating command names itself, where things have a natural name; None: a new id is made."""
        return None


class Rejected(Exception):
    """The step is refused."""

    code: ClassVar[str] = "rejected"
    status: ClassVar[int] = 409

    def __init__(self, *, field: str | None = None, **facts: object) -> None:
        self.field = field
        self.facts = facts
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The class's docstring, one sentence, with the facts of the case put in."""
        return " ".join((type(self).__doc__ or "").split()).format(**self.facts)


class WrongStage(Rejected):
    """{command} is not possible now: the journey waits for {at}."""

    code = "wrong_stage"


class OutsideMunicipality(Rejected):
    """This belongs to another municipality than yours."""

    code = "outside_municipality"
    status = 403


class NotForThisRole(Rejected):
    """{command} is for the municipality to decide, not for a {role}."""

    code = "not_for_this_role"
    status = 403


class DateInFuture(Rejected):
    """{day} has not come yet (today is {today}); what has not happened cannot be recorded."""

    code = "date_in_future"
    status = 422


class BeforeBeginning(Rejected):
    """{day} lies before {noticed_on}, when somebody first noticed; the journey has no past before that."""

    code = "before_beginning"
    status = 422


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What is known at the moment of deciding. Time and ids come in; nothing is looked up."""

    at: datetime
    actor: Actor
    programme: Programme
    stream_id: str
    new_id: Callable[[str], str]
    person: Person | None = None
    agreement: Agreement | None = None
    providers: Mapping[str, Provider] | None = None
    claimable: tuple[ClaimRow, ...] = ()  # what a provider has delivered and not claimed, as the lists say
    uses: tuple[ComponentUse, ...] = ()
    persons: Mapping[str, Person] = field(default_factory=dict)
    office: Office | None = None
    receiving: Agreement | None = None  # where the journey is to move to another municipality: that one's

    @property
    def today(self) -> date:
        return local_date(self.at)

    def past(self, day: date, *, field: str) -> date:
        """`day`, unless it lies in the future."""
        if day > self.today:
            raise DateInFuture(field=field, day=day, today=self.today)
        return day


class RowResult(BaseModel):
    """What became of one row of a table: recorded, known from before, accepted, or why not, as code and sentence."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    row: int
    code: str
    field: str | None = None
    message: str = ""
    delivery_id: str | None = None
    cents: int | None = None
    entitlement_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """The facts that a command led to: for its own stream, and for the agreement whose places it moved; where the journey
    moved to another municipality, for that one's agreement and for the person; and where the command was a table, the
    answer to each row."""

    events: tuple[Event, ...]
    agreement: tuple[Event, ...] = ()
    receiving: tuple[Event, ...] = ()
    person: tuple[Event, ...] = ()
    rows: tuple[RowResult, ...] = ()
