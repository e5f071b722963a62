"""Words in which a test reads as a sentence: given what happened, when somebody wants this, then that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import takewhile
from typing import Generic, TypeVar

from domain import journey
from domain.agreement import Agreement
from domain.care import ClaimRow
from domain.deciders import AGREEMENTS, JOURNEYS, OFFICES, PERSONS, PROGRAMMES, PROVIDERS, REGIONS, Decider
from domain.decision import Actor, Command, Context, Decision, Rejected, Role, Stage
from domain.due import Due
from domain.events import (
    AgreementSigned,
    CarerLinked,
    ConsentGiven,
    Event,
    PersonRegistered,
    ProviderContracted,
    RepresentativeNamed,
    TransferAccepted,
)
from domain.parties import Person, Provider, Region
from domain.persons import CARE
from domain.ports import ComponentUse
from domain.programme import Programme, load
from domain.publications import Publications
from domain.staff import Office
from domain.states import Journey
from domain.working_days import at_hour

S = TypeVar("S")
E = TypeVar("E", bound=Event)
J = TypeVar("J", bound=Journey)

PROGRAMME = load("demonstration")
SOURCED = load("sourced")
TOWN, NEXT_TOWN = "tori", "tapa"
CARER = "person-7"
JOURNEY, PERSON, PROVIDER, OTHER_PROVIDER = "journey-1", "person-1", "provider-90000001", "provider-90000002"
MONDAY = date(2026, 3, 2)  # when somebody notices
NOON = at_hour(MONDAY, 12)

CASE_MANAGER = Actor(id="case_manager.tori", role=Role.CASE_MANAGER, municipality=TOWN)
COORDINATOR = Actor(id="coordinator", role=Role.COORDINATOR, municipality="ee")
NEIGHBOUR = Actor(id="case_manager.tapa", role=Role.CASE_MANAGER, municipality=NEXT_TOWN)
LEAD = Actor(id="lead.tori", role=Role.LEAD, municipality=TOWN)
BASE_SUPPORT = Actor(id="base_support.tori", role=Role.BASE_SUPPORT, municipality=TOWN)


class Folded(Generic[S]):
    """The last history that was folded, with the state after each of its facts. The next is mostly the same and a step
    longer: folded from the beginning each time, a path of a hundred steps would take five thousand."""

    def __init__(self) -> None:
        self._of: tuple[Decider[S], str] | None = None
        self._states: list[tuple[Event, S]] = []

    def state(self, decider: Decider[S], events: tuple[Event, ...], stream_id: str) -> S | None:
        same = 0
        if self._of == (decider, stream_id):
            pairs = zip(self._states, events, strict=False)
            same = sum(1 for _ in takewhile(lambda each: each[0][0] is each[1], pairs))
        self._of = decider, stream_id
        del self._states[same:]
        state = self._states[-1][1] if self._states else None
        for version, event in enumerate(events[same:], start=same + 1):
            state = decider.evolve(state, event, stream_id, version)
            self._states.append((event, state))
        return state


@dataclass(frozen=True, kw_only=True, slots=True)
class Given(Generic[S]):
    """What has happened in one stream, what else is known, and what day it is. Nothing in it ever changes."""

    decider: Decider[S]
    stream_id: str
    events: tuple[Event, ...] = ()
    agreement_events: tuple[Event, ...] = ()
    receiving_events: tuple[Event, ...] = ()  # of the agreement there, where the journey may move
    providers: Mapping[str, Provider] = field(default_factory=dict)
    claimable: tuple[ClaimRow, ...] = ()
    uses: tuple[ComponentUse, ...] = ()
    person: Person | None = None
    persons: Mapping[str, Person] = field(default_factory=dict)
    office: Office | None = None
    programme: Programme = PROGRAMME
    actor: Actor = CASE_MANAGER
    at: datetime = NOON
    made: Mapping[str, int] = field(default_factory=dict)
    _own: Folded[S] = field(default_factory=Folded, compare=False, repr=False)
    _here: Folded[Agreement] = field(default_factory=Folded, compare=False, repr=False)
    _there: Folded[Agreement] = field(default_factory=Folded, compare=False, repr=False)

    @property
    def state(self) -> S | None:
        return self._own.state(self.decider, self.events, self.stream_id)

    @property
    def known(self) -> S:
        state = self.state
        assert state is not None, "nothing has happened yet"
        return state

    @property
    def agreement(self) -> Agreement | None:
        return self._here.state(AGREEMENTS, self.agreement_events, f"agreement-{TOWN}")

    @property
    def receiving(self) -> Agreement | None:
        return self._there.state(AGREEMENTS, self.receiving_events, f"agreement-{NEXT_TOWN}")

    def on(self, day: date, *, hour: int = 12) -> Given[S]:
        return replace(self, at=at_hour(day, hour))

    def by(self, actor: Actor) -> Given[S]:
        return replace(self, actor=actor)

    def under(self, programme: Programme) -> Given[S]:
        return replace(self, programme=programme)

    def about(self, person: Person | None) -> Given[S]:
        return replace(self, person=person)

    def knowing(self, *people: Person) -> Given[S]:
        return replace(self, persons={each.person_id: each for each in people})

    def served_by(self, *providers: Provider) -> Given[S]:
        return replace(self, providers={each.provider_id: each for each in providers})

    def in_office(self, office: Office) -> Given[S]:
        return replace(self, office=office)

    def resting_on(self, *uses: ComponentUse) -> Given[S]:
        return replace(self, uses=uses)

    def in_agreement(self, *events: Event) -> Given[S]:
        return replace(self, agreement_events=events)

    def also_in_agreement(self, *events: Event) -> Given[S]:
        return replace(self, agreement_events=(*self.agreement_events, *events))

    def next_to(self, *events: Event) -> Given[S]:
        """The agreement of the municipality to which the journey may move."""
        return replace(self, receiving_events=events)

    def when(self, command: Command) -> Answer[S]:
        made = Counter(self.made)

        def new_id(kind: str) -> str:
            made[kind] += 1
            return f"{kind}-{made[kind]}"

        context = Context(
            at=self.at,
            actor=self.actor,
            programme=self.programme,
            stream_id=self.stream_id,
            new_id=new_id,
            person=self.person,
            agreement=self.agreement,
            receiving=self.receiving,
            providers=self.providers,
            claimable=self.claimable,
            uses=self.uses,
            persons=self.persons,
            office=self.office,
        )
        try:
            return Answer(before=self, made=made, decision=self.decider.decide(command, self.state, context))
        except Rejected as refusal:
            return Answer(before=self, made=made, refusal=refusal)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer(Generic[S]):
    """What came of it: facts, or a refusal."""

    before: Given[S]
    made: Mapping[str, int]
    decision: Decision | None = None
    refusal: Rejected | None = None

    @property
    def decided(self) -> Decision:
        assert self.decision is not None, f"refused: {self.refusal!r}"
        return self.decision

    def then(self, *expected: Event | type[Event]) -> Answer[S]:
        """Exactly these facts, in this order; a type stands for any fact of it."""
        _same(self.decided.events, expected)
        return self

    def agreement_then(self, *expected: Event | type[Event]) -> Answer[S]:
        _same(self.decided.agreement, expected)
        return self

    def receiving_then(self, *expected: Event | type[Event]) -> Answer[S]:
        _same(self.decided.receiving, expected)
        return self

    def refused(self, why: type[Rejected], *, field: str | None = None, says: str = "") -> None:
        assert self.refusal is not None, f"not refused: {self.decision}"
        assert type(self.refusal) is why, repr(self.refusal)
        assert self.refusal.field == field
        assert says in self.refusal.sentence()

    def the(self, kind: type[E]) -> E:
        """The one fact of that kind."""
        (found,) = (each for each in (*self.decided.events, *self.decided.agreement) if isinstance(each, kind))
        return found

    @property
    def after(self) -> Given[S]:
        """Where the journey has moved between two agreements, the other one is its own now."""
        own = (*self.before.agreement_events, *self.decided.agreement)
        there = (*self.before.receiving_events, *self.decided.receiving)
        if any(isinstance(each, TransferAccepted) and not each.place_stays for each in self.decided.events):
            own, there = there, own
        return replace(
            self.before,
            events=(*self.before.events, *self.decided.events),
            agreement_events=own,
            receiving_events=there,
            made=self.made,
        )

    @property
    def state(self) -> S:
        return self.after.known

    def leads_to(self, kind: type[J]) -> J:
        state = self.state
        assert isinstance(state, kind), state
        return state


def given(history: Given[S], *steps: Command | Event | date) -> Given[S]:
    """A history and what followed: commands decided, facts recorded, days to which time went on."""
    for step in steps:
        match step:
            case Command():
                history = history.when(step).after
            case Event():
                history = replace(history, events=(*history.events, step))
            case date():
                history = history.on(step)
    return history


def fold(decider: Decider[S], events: tuple[Event, ...], stream_id: str) -> S | None:
    state: S | None = None
    for version, event in enumerate(events, start=1):
        state = decider.evolve(state, event, stream_id, version)
    return state


def stage(history: Given[Journey]) -> Stage:
    return journey.stage_of(history.known)


def _same(found: tuple[Event, ...], expected: tuple[Event | type[Event], ...]) -> None:
    """What is expected without a trace leaves open how it was come to, a due day who is
    told later and how it came about."""
    as_named = tuple(
        type(each) if isinstance(wanted, type) else _as_traced(each, wanted)
        for each, wanted in zip(found, expected, strict=False)
    )
    assert (*as_named, *found[len(expected) :]) == expected


def _as_traced(found: Event, wanted: Event) -> Event:
    if type(found) is not type(wanted):
        return found
    untraced = {"trace": ()} if getattr(wanted, "trace", None) == () else {}
    return found.model_copy(update={**untraced, **_plain_dues(found, wanted)})


def _plain_dues(found: Event, wanted: Event) -> dict[str, Due]:
    dues = ((name, getattr(found, name), each) for name, each in wanted if isinstance(each, Due))
    return {name: _plain(own, each) for name, own, each in dues if isinstance(own, Due)}


def _plain(found: Due, wanted: Due) -> Due:
    left_open: dict[str, object] = {} if wanted.escalations else {"escalations": ()}
    if wanted.derivation is None:
        left_open["derivation"] = None
    if wanted.told_from is None:
        left_open["told_from"] = None
    return found.model_copy(update=left_open)


# ── Who and what there is ────────────────────────────────────────────────────────────────────────────────────────────


def registered(*, born: date = date(1984, 3, 2), municipality: str = TOWN) -> PersonRegistered:
    return PersonRegistered(
        municipality=municipality,
        given_name="Mari",
        family_name="Näidis",
        birth_date=born,
        personal_code=None,
        sex="female",
        language="et",
        distinct_from=(),
        synthetic=True,
    )


def consented(municipality: str = TOWN, *, on: date = date(2020, 1, 1)) -> ConsentGiven:
    return ConsentGiven(purpose=CARE, recipient=municipality, on=on, given_by="person")


def person(
    *, born: date = date(1984, 3, 2), municipality: str = TOWN, represented: bool = False, also: str = ""
) -> Person:
    """A person who consented, perhaps to another municipality's care also, and has a carer; where represented, with a
    representative named."""
    named = RepresentativeNamed(representative_id="person-2", basis="guardian", from_on=date(2020, 1, 1))
    carer = CarerLinked(carer_id=CARER, relation="sibling")
    events = (
        registered(born=born),
        consented(municipality),
        carer,
        *((named,) if represented else ()),
        *((consented(also),) if also else ()),
    )
    folded = fold(PERSONS, events, PERSON)
    assert folded is not None
    return folded


def somebody(person_id: str = CARER) -> Person:
    """Another person who is registered."""
    folded = fold(PERSONS, (registered(),), person_id)
    assert folded is not None
    return folded


def signed(
    *municipalities: str, places: int = 2, valid_from: date = date(2026, 1, 1), valid_to: date | None = None
) -> AgreementSigned:
    """Under the name of the first of them."""
    parties = municipalities or (TOWN,)
    return AgreementSigned(
        agreement=parties[0],
        municipalities=parties,
        valid_from=valid_from,
        valid_to=valid_to,
        places=places,
        coordinator="coordinator-b",
        synthetic=True,
    )


def contracted(
    *components: str,
    valid_from: date = date(2026, 1, 1),
    valid_to: date | None = None,
    municipality: str = TOWN,
    based_in: str | None = None,
    languages: tuple[str, ...] = (),
    capacity: int | None = None,
) -> ProviderContracted:
    every = tuple(sorted(PROGRAMME.catalogue(MONDAY).components))
    return ProviderContracted(
        name="Tori Tugi OÜ",
        registry_code="90000001",
        components=components or every,
        municipalities=(municipality,),
        valid_from=valid_from,
        valid_to=valid_to,
        synthetic=True,
        based_in=based_in,
        languages=languages,
        capacity_minutes_per_month=capacity,
    )


def provider(provider_id: str, *events: Event) -> Provider:
    folded = fold(PROVIDERS, events or (contracted(),), provider_id)
    assert folded is not None
    return folded


def nothing() -> Given[Journey]:
    """No journey yet, but the person, the town's agreement and its providers."""
    return Given(
        decider=JOURNEYS,
        stream_id=JOURNEY,
        agreement_events=(signed(),),
        person=person(),
        providers={PROVIDER: provider(PROVIDER), OTHER_PROVIDER: provider(OTHER_PROVIDER)},
    )


def a_person(*events: Event) -> Given[Person]:
    return Given(decider=PERSONS, stream_id=PERSON, events=events)


def an_agreement(*events: Event) -> Given[Agreement]:
    return Given(decider=AGREEMENTS, stream_id=f"agreement-{TOWN}", events=events)


def a_provider(*events: Event) -> Given[Provider]:
    return Given(decider=PROVIDERS, stream_id=PROVIDER, events=events)


def the_programme(*events: Event) -> Given[Publications]:
    """The programme's own stream, as the coordinator meets it."""
    return Given(decider=PROGRAMMES, stream_id="programme-demonstration", events=events, actor=COORDINATOR)


def an_office(*events: Event) -> Given[Office]:
    return Given(decider=OFFICES, stream_id=f"office-{TOWN}", events=events, actor=LEAD)


def a_region(*events: Event) -> Given[Region]:
    return Given(decider=REGIONS, stream_id=f"region-{TOWN}", events=events)
