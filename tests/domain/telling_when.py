"""A history as it is read from the record: each fact with its version, its day and who told it."""

from __future__ import annotations

from domain.codec import Meta, Recorded
from domain.ports import Position
from domain.states import Journey
from tests.domain.given import CASE_MANAGER, NOON, Given

META = Meta(actor=CASE_MANAGER, command="step", programme="demonstration/1")


def recorded(case: Given[Journey]) -> tuple[Recorded, ...]:
    """Of the journey; its days are those that the facts name, and else the first."""
    return tuple(
        Recorded(
            event=event,
            stream_id=case.stream_id,
            kind="journeys",
            version=version,
            position=Position(txid=version, number=version),
            tenant="tori",
            occurred_at=event.occurred_at(NOON) if event.day_field is None else event.occurred_at(case.at),
            recorded_at=case.at,
            written_at=case.at,
            command_id=f"command-{version}",
            meta=META,
        )
        for version, event in enumerate(case.events, start=1)
    )
