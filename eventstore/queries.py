"""The questions put to the database, each by its name, as they stand in `queries.sql`."""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def named(text: str) -> dict[str, str]:
    """Query by name, of SQL in which each query follows a line `-- name: its_name`."""
    _, *parts = _NAME.split(text)
    names = parts[::2]
    assert len(names) == len(set(names)), "two queries bear the same name"
    return dict(zip(names, (query.strip() for query in parts[1::2]), strict=True))


QUERIES = named(Path(__file__).with_name("queries.sql").read_text(encoding="utf-8"))
