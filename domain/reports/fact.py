"""What reports count: dated facts, each known from the moment it was recorded until another replaced it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple, Never

FOREVER = date(9999, 12, 31)
NOTHING: Mapping[str, Never] = {}

FactKind = Literal[
    "referral", "wait", "stay", "diagnosis", "need", "delivery", "first_help", "money", "deadline", "measure", "rating",
    "unmet", "person", "places", "funding", "gap",
]  # fmt: skip
Key = tuple[FactKind, str]


class Fact(NamedTuple):
    """One thing that was so from a day to a day; both count, and without an end it is so still. Told again under the same
    kind and key, the later one counts; one that ends before it begins never was.

    `code`, `area` and `about` say of what (component, reason or deadline; life area; provider, agreement or account);
    `number` is minutes, places, or days waited before; `cents` money. `personal` is kept sealed, `words` are public.
    `because` and `version` are the event that told it, where that was looked up. A tuple: reports make them by the million,
    and a frozen dataclass takes eight times as long to make.
    """

    kind: FactKind
    key: str
    municipality: str
    from_on: date
    to_on: date = FOREVER
    code: str = ""
    area: str = ""
    about: str = ""
    number: int = 0
    cents: int = 0
    personal: Mapping[str, str | int] = NOTHING
    words: Mapping[str, str] = NOTHING
    because: str = ""
    version: int = 0


Facts = Mapping[Key, Fact]
