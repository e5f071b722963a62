"""JSON as it is kept and hashed."""

from __future__ import annotations

import json


def canonical(value: object) -> bytes:
    """The one way we write JSON: hashed as stored, so it must never vary."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
