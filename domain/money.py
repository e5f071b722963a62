"""Money in whole cents: what an hour of help costs, and how an amount is written and read."""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:[.,]([0-9]{1,2}))?")


def cost_cents(*, minutes: int, cents_per_hour: int) -> int:
    """Cost of so many minutes at an hourly price, exact, half a cent rounded up; neither may be negative.

    A correction takes back the cents that were recorded: it never computes a negative time anew.
    """
    if minutes < 0 or cents_per_hour < 0:
        raise ValueError(f"neither time nor price may be negative: {minutes} min at {cents_per_hour} cents per hour")
    return (2 * minutes * cents_per_hour + 60) // 120


def euros(cents: int) -> str:
    """123450 as `1234.50`, -5 as `-0.05`."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


def parse_euros(text: str) -> int:
    """Cents of `1234.5`, `1234,50` or `-3`; ValueError for anything else, more than two decimals included."""
    read = _AMOUNT.fullmatch(text.strip())
    if read is None:
        raise ValueError(f"{text!r} is not an amount in euros (digits, and at most two decimals)")
    sign, whole, decimals = read.groups()
    cents = int(whole) * 100 + int((decimals or "0").ljust(2, "0"))
    return -cents if sign else cents
