"""What the core needs from outside: a place to keep events, and a way to seal what is personal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from domain.care import ClaimRow


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Position:
    """A point in the order in which everybody reads the whole store: (transaction, number).

    Numbers alone would lose events: a transaction that took its numbers early may commit late.
    """

    txid: int
    number: int

    def __str__(self) -> str:
        return f"{self.txid}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of `txid-number`; ValueError otherwise."""
        txid, _, number = text.partition("-")
        if not (txid.isdecimal() and number.isdecimal()):
            raise ValueError(f"{text!r} is not a position (two numbers with a dash between)")
        return cls(txid=int(txid), number=int(number))


START = Position(txid=0, number=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEvent:
    """An event on its way into the store: `body` in the clear, `sealed` by person, both opaque bytes to the store."""

    type: str
    schema_version: int
    body: bytes
    sealed: bytes
    subject_ids: tuple[str, ...]
    meta: bytes
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEvent(NewEvent):
    """An event as it lies in the store. Versions of a stream are dense and start at 1."""

    stream_id: str
    version: int
    position: Position
    tenant: str
    kind: str
    written_at: datetime
    command_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamAppend:
    """Events for one stream, which must stand at `expected_version` (0: must not exist yet)."""

    stream_id: str
    kind: str
    tenant: str
    expected_version: int
    events: tuple[NewEvent, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaMove:
    """Adds to a bound and to what is used of it (either may be negative); afterwards 0 <= used <= allowed must hold.
    A row that does not exist counts as 0 of 0. Where several streams share a bound that none of them owns, `limit` says
    what is allowed: it is put there as more is used, and whatever is given back passes."""

    key: str
    used: int = 0
    allowed: int = 0
    limit: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    used: int
    allowed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamHead:
    stream_id: str
    kind: str
    tenant: str
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownCommand:
    """The first answer to a command, kept for ever."""

    request_hash: str
    result: bytes
    position: Position


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """What a read of one stream found: its events, and the answer to the command that was asked about."""

    events: tuple[StoredEvent, ...]
    known: KnownCommand | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Appended:
    """`result` is the answer of the first attempt where `duplicate`, else the one that came with the append."""

    result: bytes
    position: Position
    duplicate: bool


class VersionConflict(Exception):
    """Another step was recorded in the same stream first. Read again and decide anew."""


class QuotaExceeded(Exception):
    """A bound would not hold: more would be used than is allowed. `key` names it."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class CommandReused(Exception):
    """The same command id came with other content."""


class StoreUnavailable(Exception):
    """The database cannot be reached, or is not ready. Nothing was decided; try again."""


class EventStore(Protocol):
    """The record. Knows streams, versions and bounds, not social care.

    Every method raises StoreUnavailable when the database cannot be reached.
    """

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        """All or nothing. A known command id with the same hash gives the first answer, before any other check.
        Events of several streams take their positions in the order of the streams' ids.

        Raises CommandReused, VersionConflict, QuotaExceeded.
        """
        ...

    async def read(
        self, stream_id: str, *, after: int = 0, limit: int | None = None, command_id: str | None = None
    ) -> Slice:
        """Events of one stream with version > `after`, in order; and, in the same round trip, the command if asked."""
        ...

    async def read_all(self, *, after: Position, limit: int) -> tuple[StoredEvent, ...]:
        """Events of all streams behind `after` in position order, none of which can ever be overtaken by another."""
        ...

    async def head(self, stream_id: str) -> StreamHead | None: ...

    async def quota(self, key: str) -> Quota | None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """A journey that may have something to do which its workflow does not know of."""

    journey_id: str
    version: int
    wake_at: datetime | None


class Lookout(Protocol):
    """What the record says is open."""

    def unconfirmed(self, *, now: datetime, grace: timedelta) -> AsyncIterator[Behind]:
        """Journeys with a version that no sweep has confirmed yet, or a deadline that passed without a step."""
        ...

    async def confirm(self, journey_id: str, version: int) -> None: ...

    async def agreements_with_offers_due(self, today: date) -> tuple[str, ...]:
        """Those with an offer to make, or one that was not answered in time."""
        ...


class Matches(Protocol):
    """Finds people who may be registered already."""

    async def like(
        self, *, municipality: str, given_name: str, family_name: str, birth_date: date, personal_code: str | None
    ) -> tuple[str, ...]:
        """Ids of people there with the same personal code, or the same name and birth date."""
        ...


class CodeHolders(Protocol):
    """Finds people by their personal codes, which nobody keeps."""

    async def with_codes(self, wanted: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """Of each municipality and personal code, the ids of the people registered there with it by now; of those that are
        not there, nothing. Raises StoreUnavailable."""
        ...


class Claimable(Protocol):
    """Finds what a provider can claim."""

    async def up_to(self, day: date, *, provider_id: str, municipality: str) -> tuple[ClaimRow, ...]:
        """Deliveries until that day whose worth is not what was claimed of them; everything recorded by now counts."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentUse:
    """How many open budget lines of a component, at a tariff, run over the same days; both count."""

    component: str
    tariff: str
    starts_on: date
    ends_on: date
    lines: int


class Uses(Protocol):
    """What open budgets rest on."""

    async def of_components(self, *, after: date) -> tuple[ComponentUse, ...]:
        """Lines of open journeys that still run behind that day and are not used up."""
        ...


class Cipher(Protocol):
    """Seals what is personal under the key of the person concerned."""

    def seal(self, subject_id: str, plaintext: bytes, *, associated: bytes) -> bytes: ...

    def open(self, subject_id: str, sealed: bytes, *, associated: bytes) -> bytes: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """Mail to one address. `id` is the same however often it is sent."""

    id: str
    to: str
    subject: str
    text: str
    language: str
    at: datetime


class MailUnavailable(Exception):
    """The letter could not be handed over, or nobody knows whether it was. Try again."""


class MailRefused(Exception):
    """The letter or its address is refused for good; `reply` is the mail server's number."""

    def __init__(self, reply: int) -> None:
        super().__init__(str(reply))
        self.reply = reply


class Mail(Protocol):
    """Hands letters over."""

    async def send(self, letter: Letter) -> None:
        """Raises MailUnavailable, MailRefused."""
        ...
