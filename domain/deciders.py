"""The kinds of stream behind one shape: decide, evolve, and the bounds that move along in the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain import claims, handovers, journey, offices, persons, places, providers, publications, regions
from domain.agreement import Agreement
from domain.claims import Claim, OpenClaim
from domain.decision import NATIONAL, OFFICE, Command, Context, Decision, NotForThisRole, Rejected
from domain.events import Event, missing_upcasters
from domain.handovers import HandOver
from domain.parties import Person, Provider, Region
from domain.places import RecordFunding, SignAgreement
from domain.ports import QuotaMove
from domain.programme import NotInForce, NotKnown
from domain.publications import Publications
from domain.reports import sent
from domain.reports.sent import SentReport
from domain.staff import Office
from domain.stages.delivery import DeliveryCommand
from domain.stages.transferring import Answer
from domain.states import Journey
from domain.working_days import NoCalendar

S = TypeVar("S")

assert not missing_upcasters(), missing_upcasters()


class NotInTheProgramme(Rejected):
    """The programme has no answer: {sentence}."""

    code = "not_in_the_programme"
    status = 422


class OpenJourney(Rejected):
    """The person has an open journey already."""

    code = "open_journey"


class YearlyCapReached(Rejected):
    """With this, {component} would pass its cap per person in {year}: other journeys of the year count too."""

    code = "yearly_cap_reached"


class BoundReached(Rejected):
    """More would be used than there is: {key}."""

    code = "bound_reached"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decider(Generic[S]):
    """How streams of one kind come to their facts. The state of a stream without events is None."""

    kind: str
    choose: Callable[[Command, S | None, Context], Decision]
    evolve: Callable[[S | None, Event, str, int], S]
    quota_moves: Callable[[S | None, S | None], tuple[QuotaMove, ...]]
    belongs_to: Callable[[Command, S | None], frozenset[str]]  # the municipalities whose people may act here

    def decide(self, command: Command, state: S | None, context: Context) -> Decision:
        """Raises Rejected, and nothing else that a user could have caused."""
        if command.by_office and context.actor.role not in OFFICE:
            raise NotForThisRole(command=command.name, role=context.actor.role.replace("_", " "))
        try:
            return self.choose(command, state, context)
        except (NotInForce, NotKnown, NoCalendar) as unknown:
            raise NotInTheProgramme(sentence=str(unknown)) from unknown


def _one_municipality(
    command: Command, state: Person | Region | Office | HandOver | SentReport | None
) -> frozenset[str]:
    return frozenset({str(getattr(command, "municipality", NATIONAL)) if state is None else state.municipality})


def _journey_s(command: Command, state: Journey | None) -> frozenset[str]:
    """Its own. A transfer is answered by the municipality to which it is offered, and help told by any that pays for some."""
    if state is None:
        return frozenset({str(getattr(command, "municipality", NATIONAL))})
    file = state.file
    if isinstance(command, Answer) and file.transfer is not None:
        return frozenset({file.transfer.to})
    if isinstance(command, DeliveryCommand) and command.part == "delivery":
        return frozenset({file.municipality, *(file.payer(each) for each in file.accounts.values())})
    return frozenset({file.municipality})


def _claim_s(command: Command, state: Claim | None) -> frozenset[str]:
    return frozenset({str(getattr(command, "municipality", NATIONAL)) if state is None else state.municipality})


def _parties(command: Command, state: Agreement | None) -> frozenset[str]:
    """Terms and their money are recorded nationally; what moves places is each party's own."""
    return frozenset() if state is None or isinstance(command, SignAgreement | RecordFunding) else state.municipalities


def _served(command: Command, state: Provider | None) -> frozenset[str]:
    """A contract of one municipality is its own; what concerns several is changed nationally."""
    known = () if state is None else (each for contract in state.contracts for each in contract.municipalities)
    concerned = frozenset((*getattr(command, "municipalities", ()), *known))
    return concerned if len(concerned) == 1 else frozenset()


JOURNEYS: Decider[Journey] = Decider(
    kind="journeys",
    choose=journey.decide,
    evolve=journey.evolve,
    quota_moves=journey.quota_moves,
    belongs_to=_journey_s,
)
PERSONS: Decider[Person] = Decider(
    kind="persons",
    choose=persons.decide,
    evolve=persons.evolve,
    quota_moves=persons.quota_moves,
    belongs_to=_one_municipality,
)
AGREEMENTS: Decider[Agreement] = Decider(
    kind="agreements",
    choose=places.decide,
    evolve=places.evolve,
    quota_moves=places.quota_moves,
    belongs_to=_parties,
)
PROVIDERS: Decider[Provider] = Decider(
    kind="providers",
    choose=providers.decide,
    evolve=providers.evolve,
    quota_moves=lambda before, after: (),
    belongs_to=_served,
)
PROGRAMMES: Decider[Publications] = Decider(
    kind="programmes",
    choose=publications.decide,
    evolve=publications.evolve,
    quota_moves=lambda before, after: (),
    belongs_to=lambda command, state: frozenset(),  # published nationally
)


CLAIMS: Decider[Claim] = Decider(
    kind="claims",
    choose=claims.decide,
    evolve=claims.evolve,
    quota_moves=claims.quota_moves,
    belongs_to=_claim_s,
)

REGIONS: Decider[Region] = Decider(
    kind="regions",
    choose=regions.decide,
    evolve=regions.evolve,
    quota_moves=lambda before, after: (),
    belongs_to=_one_municipality,
)

REPORTS: Decider[SentReport] = Decider(
    kind="reports",
    choose=sent.decide,
    evolve=sent.evolve,
    quota_moves=lambda before, after: (),
    belongs_to=_one_municipality,
)

HANDOVERS: Decider[HandOver] = Decider(
    kind="handovers",
    choose=handovers.decide,
    evolve=handovers.evolve,
    quota_moves=lambda before, after: (),
    belongs_to=_one_municipality,
)

OFFICES: Decider[Office] = Decider(
    kind="offices",
    choose=offices.decide,
    evolve=offices.evolve,
    quota_moves=lambda before, after: (),
    belongs_to=_one_municipality,
)


def bound_reached(key: str) -> Rejected:
    """What it means to a person that a bound in the database would not hold."""
    match key.split("/"):
        case ["journey-of", _]:
            return OpenJourney(field="person_id")
        case ["cap", _, component, year]:
            return YearlyCapReached(field="minutes", component=component, year=year)
        case ["open-claim", *_]:
            return OpenClaim(field="provider_id")
    return BoundReached(key=key)
