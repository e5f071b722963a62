"""A coming version of the programme held against every open journey there is: who would change, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domain.agreement import Agreement
from domain.codec import Codec, Recorded
from domain.deciders import AGREEMENTS, JOURNEYS, PERSONS
from domain.events import BudgetDecided, BudgetTakenOver, Event, ReferralAccepted, ReferralReopened
from domain.money import euros
from domain.parties import Person
from domain.ports import START, EventStore
from domain.states import Exited, Journey, Refused
from domain.what_if import Case, Effect, Versions, effect_on, too_few_places

BATCH = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Decisions:
    """Those that stand of one journey."""

    accepted: ReferralAccepted | None = None
    budget: BudgetDecided | BudgetTakenOver | None = None

    def after(self, event: Event) -> Decisions:
        match event:
            case ReferralAccepted():
                return replace(self, accepted=event)
            case ReferralReopened():
                return replace(self, accepted=None)
            case BudgetDecided() | BudgetTakenOver():
                return replace(self, budget=event)
            case _:
                return self


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What would come of it: by journey, and by agreement."""

    versions: Versions
    cases: tuple[tuple[Case, Effect], ...]
    places: tuple[tuple[str, str], ...]  # agreement, sentence

    @property
    def changed(self) -> tuple[tuple[Case, Effect], ...]:
        return tuple((case, effect) for case, effect in self.cases if effect.changes)

    @property
    def untold(self) -> tuple[tuple[Case, Effect], ...]:
        return tuple((case, effect) for case, effect in self.cases if effect.untold)

    @property
    def costs(self) -> tuple[int, int]:
        """Cents of all budget lines that still run: before, after."""
        effects = [effect for _, effect in self.cases]
        return sum(each.cents_before for each in effects), sum(each.cents_after for each in effects)

    def as_json(self) -> dict[str, object]:
        before, after = self.costs
        return {
            "on": self.versions.on.isoformat(),
            "programme": self.versions.was.code,
            "publication": self.versions.was.publication,
            "journeys": len(self.cases),
            "changed": [
                _named(case) | {"joining": effect.joining, "budget": effect.budget} for case, effect in self.changed
            ],
            "untold": [_named(case) | {"asked": effect.untold} for case, effect in self.untold],
            "places": [{"agreement": agreement, "sentence": sentence} for agreement, sentence in self.places],
            "cents_before": before,
            "cents_after": after,
        }

    def as_text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        was = self.versions.was
        yield f"If this held on {self.versions.on:%d.%m.%Y}, instead of what is published as {was.publication or was.code}:"
        yield ""
        yield _row("journey", "municipality", "concerns", "why")
        for case, effect in self.changed:
            yield from _table(case, "who may join", effect.joining)
            yield from _table(case, "budget", effect.budget)
        for agreement, sentence in self.places:
            yield _row("", agreement, "places", sentence)
        if not self.changed and not self.places:
            yield "  nobody would change"
        yield ""
        yield f"{len(self.changed)} of {len(self.cases)} open journeys would change."
        before, after = self.costs
        yield f"Budget lines that still run would cost {euros(after)} euros instead of {euros(before)}."
        yield from _cannot_be_told(self.untold)


def _named(case: Case) -> dict[str, object]:
    return {"journey_id": case.state.file.journey_id, "municipality": case.state.file.municipality}


def _table(case: Case, what: str, sentences: Sequence[str]) -> Iterator[str]:
    for sentence in sentences:
        yield _row(case.state.file.journey_id, case.state.file.municipality, what, sentence)


def _row(journey_id: str, where: str, what: str, why: str) -> str:
    return f"  {journey_id:<28}  {where:<21}  {what:<12}  {why}"


def _cannot_be_told(untold: Sequence[tuple[Case, Effect]]) -> Iterator[str]:
    if not untold:
        return
    yield f"Of {len(untold)} it cannot be told whether they might still join, since something was never judged:"
    for case, effect in untold:
        yield from _table(case, "not known", effect.untold)


async def what_if(store: EventStore, codec: Codec, versions: Versions) -> Found:
    """Folded anew from every event there is; nothing is recorded."""
    persons: dict[str, Person] = {}
    journeys: dict[str, tuple[Journey, Decisions]] = {}
    agreements: dict[str, Agreement] = {}
    position = START
    while batch := await store.read_all(after=position, limit=BATCH):
        for told in map(codec.decode, batch):
            _take_in(told, persons, journeys, agreements)
        position = batch[-1].position
    cases = tuple(
        Case(state=state, person=persons[state.file.person_id], accepted=decided.accepted, budget=decided.budget)
        for _, (state, decided) in sorted(journeys.items())
        if not isinstance(state, Refused | Exited)
    )
    places = ((each.agreement, too_few_places(each, versions)) for _, each in sorted(agreements.items()))
    return Found(
        versions=versions,
        cases=tuple((case, effect_on(case, versions)) for case in cases),
        places=tuple((agreement, sentence) for agreement, sentence in places if sentence is not None),
    )


def _take_in(
    told: Recorded,
    persons: dict[str, Person],
    journeys: dict[str, tuple[Journey, Decisions]],
    agreements: dict[str, Agreement],
) -> None:
    stream, event, version = told.stream_id, told.event, told.version
    match told.kind:
        case PERSONS.kind:
            persons[stream] = PERSONS.evolve(persons.get(stream), event, stream, version)
        case JOURNEYS.kind:
            state, decided = journeys.get(stream, (None, Decisions()))
            journeys[stream] = (JOURNEYS.evolve(state, event, stream, version), decided.after(event))
        case AGREEMENTS.kind:
            agreements[stream] = AGREEMENTS.evolve(agreements.get(stream), event, stream, version)
