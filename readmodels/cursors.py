"""Where a page of a list ends, so that the next begins there: a day and an id, closed to whoever carries them."""

from __future__ import annotations

import base64
import json
from datetime import date

from pydantic import TypeAdapter

from domain.fields import Id

CURSOR = TypeAdapter(tuple[date, Id])


class WrongCursor(ValueError):
    """The cursor is not one that this list gave out."""


def closed(day: date, id_: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([day.isoformat(), id_]).encode()).decode()


def opened(cursor: str) -> tuple[date, str]:
    """Raises WrongCursor."""
    try:
        return CURSOR.validate_json(base64.urlsafe_b64decode(cursor), strict=True)
    except ValueError as wrong:
        raise WrongCursor(cursor) from wrong
