"""What an auditor asks of the whole record: cost that two systems may have borne at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date

from domain.codec import Codec
from domain.deciders import JOURNEYS, PERSONS
from domain.double_funding import ineligible
from domain.parties import Person
from domain.ports import START, EventStore
from domain.programme import Programme
from domain.states import Journey
from domain.trail import Fate, fate

BATCH = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class IneligibleCost:
    """One delivery on a day on which the person had a service that must not be combined with it."""

    journey_id: str
    delivery_id: str
    day: date
    cents: int
    service: str
    fate: Fate


async def ineligible_costs(store: EventStore, codec: Codec, programme: Programme) -> list[IneligibleCost]:
    """Folded anew from every event there is, so that it depends on nothing anybody worked out before."""
    persons: dict[str, Person] = {}
    journeys: dict[str, Journey] = {}
    position = START
    while batch := await store.read_all(after=position, limit=BATCH):
        for told in map(codec.decode, batch):
            stream, event, version = told.stream_id, told.event, told.version
            if told.kind == PERSONS.kind:
                persons[stream] = PERSONS.evolve(persons.get(stream), event, stream, version)
            elif told.kind == JOURNEYS.kind:
                journeys[stream] = JOURNEYS.evolve(journeys.get(stream), event, stream, version)
        position = batch[-1].position
    return [each async for each in _explained(store, codec, programme, journeys, persons)]


async def _explained(
    store: EventStore,
    codec: Codec,
    programme: Programme,
    journeys: Mapping[str, Journey],
    persons: Mapping[str, Person],
) -> AsyncIterator[IneligibleCost]:
    """Only journeys that have such cost are read once more, for what became of it."""
    for journey_id, state in sorted(journeys.items()):
        found = list(ineligible(state, persons[state.file.person_id], programme))
        history = [codec.decode(each) for each in (await store.read(journey_id)).events] if found else []
        for entitlement, delivery in found:
            yield IneligibleCost(
                journey_id=journey_id,
                delivery_id=delivery.delivery_id,
                day=delivery.day,
                cents=delivery.cents,
                service=entitlement.service,
                fate=fate(history, delivery.delivery_id, delivery.line_id),
            )
