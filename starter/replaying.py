"""A journey's history told again, and the state it comes to: as known on one day, as true on another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.codec import Codec, Recorded
from domain.journey import evolve
from domain.money import euros
from domain.ports import EventStore
from domain.states import Journey
from domain.working_days import TALLINN
from starter.telling import tell
from starter.views import journey_view


class NoSuchJourney(Exception):
    """There is no such journey, or it had not begun as it was known, or true, then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """`told` is the history; `state` what it comes to."""

    journey_id: str
    told: tuple[Recorded, ...]
    state: Journey

    def as_json(self) -> dict[str, object]:
        return {
            "journey_id": self.journey_id,
            "state": journey_view(self.state, self.told[-1].version).model_dump(mode="json"),
            "history": [
                {
                    "version": each.version,
                    "type": each.event.type,
                    "occurred_at": each.occurred_at.isoformat(),
                    "recorded_at": each.recorded_at.isoformat(),
                    "actor": each.meta.actor.model_dump(mode="json"),
                    "sentence": tell(each),
                    "data": each.event.model_dump(mode="json"),
                }
                for each in self.told
            ],
        }

    def as_text(self) -> str:
        view = journey_view(self.state, self.told[-1].version)
        lines = [f"{self.journey_id}: {len(self.told)} events", ""]
        lines += [f"  {e.version:>3}  {e.recorded_at.astimezone(TALLINN):%d.%m.%Y %H:%M}  {tell(e)}" for e in self.told]
        lines += ["", f"  stage      {view.stage}", f"  waits for  {view.waits_for}"]
        lines += [f"  due        {each.what}: {each.explained} ({each.rule})" for each in view.deadlines]
        for line in view.budget:
            five = (
                line.allocated_cents, line.committed_cents, line.delivered_cents, line.accepted_cents, line.paid_cents,
            )  # fmt: skip
            told = "  ".join(f"{name} {euros(cents)}" for name, cents in zip(_FIVE, five, strict=True))
            lines.append(f"  budget     {line.line_id} ({line.component}): {told}")
        return "\n".join(lines)


_FIVE = ("allocated", "committed", "delivered", "accepted", "paid")


async def replay(
    store: EventStore, codec: Codec, journey_id: str, *, known: datetime | None = None, valid: datetime | None = None
) -> Replay:
    """Only what had been recorded by `known`, of that only what had become true by `valid`. Raises NoSuchJourney."""
    head = await store.head(journey_id)
    if head is None or head.kind != "journeys":
        raise NoSuchJourney(f"there is no journey {journey_id}")
    found = await store.read(journey_id)
    told = tuple(
        each
        for each in map(codec.decode, found.events)
        if (known is None or each.recorded_at <= known) and (valid is None or each.occurred_at <= valid)
    )
    state: Journey | None = None
    for each in told:
        state = evolve(state, each.event, journey_id, each.version)
    if state is None:
        raise NoSuchJourney(f"of {journey_id} nothing was known, or nothing was true, then")
    return Replay(journey_id=journey_id, told=told, state=state)
