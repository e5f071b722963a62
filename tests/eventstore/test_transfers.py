"""The last place, claimed at once by a newcomer and by somebody who moves there: one of them has it, and the other waits."""

from __future__ import annotations

import asyncio
from datetime import datetime

from activities.recording import Recorder
from domain.deciders import JOURNEYS
from domain.persons import CARE, GiveConsent
from domain.places import SignAgreement
from domain.ports import EventStore, Quota
from domain.stages.transferring import AcceptTransfer, OfferTransfer
from domain.working_days import local_date
from starter.seeding import SEEDER
from tests.activities.examples import (
    NEIGHBOUR,
    NOON,
    a_person,
    eligible,
    given_a_person,
    later,
    recorder,
    referral,
    step,
)

TUESDAY = later(NOON, days=1)
PAIRS = 4  # of a newcomer and somebody who moves; there is a place for one of all


def signing(municipality: str, places: int) -> SignAgreement:
    return SignAgreement(
        agreement=municipality,
        municipalities=(municipality,),
        valid_from=NOON.date().replace(month=1, day=1),
        places=places,
        coordinator="coordinator-b",
        synthetic=True,
    )


def consent(to: str, at: datetime) -> GiveConsent:
    return GiveConsent(purpose=CARE, recipient=to, on=local_date(at))


async def given_a_mover(on: Recorder, number: int) -> None:
    """With a place in Tori, offered to Tapa from Tuesday on."""
    journey, person = f"journey-mover-{number}", f"person-mover-{number}"
    await given_a_person(on, NOON, person)
    offer = OfferTransfer(to="tapa", from_on=local_date(TUESDAY), reason="Synthetic: moves.")
    for command, stream in (
        (consent("tapa", NOON), person),
        (referral(person, NOON), journey),
        (eligible(), journey),
        (offer, journey),
    ):
        await on.record(step(command, stream, at=NOON))


async def given_a_newcomer(on: Recorder, number: int) -> None:
    """Referred in Tapa, and not decided."""
    person = f"person-new-{number}"
    register = a_person(given=f"New {number}").model_copy(update={"municipality": "tapa"})
    await on.record(step(register, person, actor=NEIGHBOUR, at=NOON))
    await on.record(step(consent("tapa", NOON), person, actor=NEIGHBOUR, at=NOON))
    referred = referral(person, NOON, municipality="tapa")
    await on.record(step(referred, f"journey-new-{number}", actor=NEIGHBOUR, at=NOON))


async def test_an_acceptance_that_races_with_newcomers_never_over_fills(store: EventStore) -> None:
    """Decided by two that know nothing of each other."""
    clerks = (recorder(store), recorder(store))
    await clerks[0].record(step(signing("tori", PAIRS), actor=SEEDER, at=NOON))
    await clerks[0].record(step(signing("tapa", 1), actor=SEEDER, at=NOON))
    for number in range(PAIRS):
        await given_a_mover(clerks[0], number)
        await given_a_newcomer(clerks[0], number)

    await asyncio.gather(
        *(
            clerks[number % 2].record(step(AcceptTransfer(), f"journey-mover-{number}", actor=NEIGHBOUR, at=TUESDAY))
            for number in range(PAIRS)
        ),
        *(
            clerks[(number + 1) % 2].record(step(eligible(), f"journey-new-{number}", actor=NEIGHBOUR, at=TUESDAY))
            for number in range(PAIRS)
        ),
    )

    reader = recorder(store)
    there = (await reader.agreements.at_latest("agreement-tapa"))[0].state
    here = (await reader.agreements.at_latest("agreement-tori"))[0].state
    assert there is not None
    assert here is not None
    assert (len(there.holdings), len(there.waiting)) == (1, 2 * PAIRS - 1)
    assert (len(here.holdings), len(here.released)) == (0, PAIRS)
    assert await store.quota("places/tapa/2026-01-01") == Quota(used=1, allowed=1)
    assert await store.quota("places/tori/2026-01-01") == Quota(used=0, allowed=PAIRS)
    for number in range(PAIRS):
        state = (await reader.journeys.at_latest(f"journey-mover-{number}"))[0].state
        assert state is not None
        has = state.file.place is not None
        assert (has, state.file.waits_for_place) == (state.file.journey_id in there.holdings, not has)
        assert JOURNEYS.belongs_to(AcceptTransfer(), state) == {"tapa"}


async def test_all_that_an_acceptance_moves_is_recorded_at_once_each_where_it_belongs(store: EventStore) -> None:
    clerk = recorder(store)
    await clerk.record(step(signing("tori", 1), actor=SEEDER, at=NOON))
    await clerk.record(step(signing("tapa", 1), actor=SEEDER, at=NOON))
    await given_a_mover(clerk, 0)

    accept = step(AcceptTransfer(), "journey-mover-0", actor=NEIGHBOUR, key="accept", at=TUESDAY)
    outcome = await clerk.record(accept)
    again = await clerk.record(accept)

    assert (outcome.events, outcome.municipality) == (("transfer.accepted", "place.received"), "tapa")
    assert (again.repeated, again.version) == (True, outcome.version)
    told = [
        (each.stream_id, each.type, each.tenant)
        for stream in ("agreement-tapa", "agreement-tori", "journey-mover-0", "person-mover-0")
        for each in (await store.read(stream)).events
        if each.command_id == accept.command_id
    ]
    assert told == [
        ("agreement-tapa", "place.occupied", "tapa"),
        ("agreement-tori", "place.freed", "tapa"),
        ("journey-mover-0", "transfer.accepted", "tapa"),
        ("journey-mover-0", "place.received", "tapa"),
        ("person-mover-0", "person.moved", "tapa"),
    ]
    before = [each.tenant for each in (await store.read("journey-mover-0")).events if each.recorded_at < TUESDAY]
    assert set(before) == {"tori"}
