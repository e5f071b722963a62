"""What the programme answers when it has no rule for a day, does not know a code, or its data cannot be right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date


class NotInForce(ValueError):
    """The programme has no version of this that is in force on that day."""

    code = "not_in_force"

    def __init__(self, what: str, on: date) -> None:
        super().__init__(f"no {what} is in force on {on.strftime('%d.%m.%Y')}")
        self.what = what
        self.on = on


class NotKnown(ValueError):
    """The programme has nothing under that code."""

    code = "not_known"

    def __init__(self, what: str, key: str) -> None:
        super().__init__(f"the programme has no {what} {key!r}")
        self.what = what
        self.key = key


class ProgrammeInvalid(ValueError):
    """The programme's data cannot be right. Nothing of it is used until every problem is put right."""

    code = "programme_invalid"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
