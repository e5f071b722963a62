"""The list of transfers: what is offered from where to where, and what became of it, by the day of the move."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.persons import CARE, GiveConsent
from domain.stages.transferring import AcceptTransfer, OfferTransfer, RejectTransfer, WithdrawTransfer
from domain.working_days import local_date
from eventstore.postgres import PostgresEventStore
from readmodels.cursors import WrongCursor
from readmodels.person_match import PersonMatch
from readmodels.projector import Pool, Projector
from readmodels.transfer_list import TransferFilter, TransferList
from tests.activities.examples import (
    NEIGHBOUR,
    NOON,
    given_a_person,
    given_the_programme,
    later,
    recorder,
    referral,
    step,
)
from tests.readmodels.databases import CODEC, shown

TUESDAY = later(NOON, days=1)
DAY = local_date(TUESDAY)
BORN = date(1984, 3, 2)


async def filled(pool: Pool) -> tuple[Projector, TransferList, PersonMatch]:
    """Three journeys are offered to Tapa: one is taken over, one rejected and then offered again, one withdrawn."""
    store = PostgresEventStore(pool)
    clerk = recorder(store)
    await given_the_programme(clerk, NOON)
    for number in range(3):
        person = await given_a_person(clerk, NOON, f"person-{number}")
        await clerk.record(step(GiveConsent(purpose=CARE, recipient="tapa", on=local_date(NOON)), person, at=NOON))
        await clerk.record(step(referral(person, NOON), f"journey-{number}", at=NOON))
        await clerk.record(step(offer(number), f"journey-{number}", at=NOON))
    await clerk.record(step(AcceptTransfer(), "journey-0", actor=NEIGHBOUR, at=TUESDAY))
    await clerk.record(step(RejectTransfer(reason="Synthetic."), "journey-1", actor=NEIGHBOUR, at=TUESDAY))
    await clerk.record(step(offer(1), "journey-1", at=TUESDAY))
    await clerk.record(step(WithdrawTransfer(reason="Synthetic."), "journey-2", at=TUESDAY))
    transfers, matches = TransferList(pool), PersonMatch(pool, b"a key")
    projector = Projector(pool, store, CODEC, [transfers, matches])
    await projector.prepare()
    await shown(projector, pool, transfers.name, matches.name)
    return projector, transfers, matches


def offer(number: int) -> OfferTransfer:
    return OfferTransfer(to="tapa", from_on=DAY + timedelta(days=number), reason="Synthetic: moves.")


async def rows(transfers: TransferList, wanted: TransferFilter) -> list[tuple[str, str]]:
    found, _ = await transfers.page(wanted, cursor=None, limit=100)
    return [(row.journey_id, row.status) for row in found]


ALL = [("journey-0", "accepted"), ("journey-1", "rejected"), ("journey-1", "open"), ("journey-2", "withdrawn")]


async def test_both_municipalities_find_it_with_what_became_of_it(pool: Pool) -> None:
    projector, transfers, _ = await filled(pool)
    for wanted in (TransferFilter(), TransferFilter(municipality="tori"), TransferFilter(municipality="tapa")):
        assert await rows(transfers, wanted) == ALL
    assert await rows(transfers, TransferFilter(municipality="parnu")) == []
    assert await rows(transfers, TransferFilter(status="open")) == [("journey-1", "open")]
    [first, *_], _ = await transfers.page(TransferFilter(), cursor=None, limit=1)
    assert (first.former, first.municipality, first.from_on) == ("tori", "tapa", DAY)
    assert (first.offered_at, first.answered_at) == (NOON, TUESDAY)
    await projector.rebuild(transfers)
    assert await rows(transfers, TransferFilter()) == []
    await shown(projector, pool, transfers.name)
    assert await rows(transfers, TransferFilter()) == ALL


async def test_pages_follow_one_another_without_loss_or_doubling(pool: Pool) -> None:
    _, transfers, _ = await filled(pool)
    found, cursor = list[tuple[str, str]](), None
    for _ in range(4):
        page, cursor = await transfers.page(TransferFilter(), cursor=cursor, limit=1)
        found += [(row.journey_id, row.status) for row in page]
    assert (found, cursor) == (ALL, None)
    with pytest.raises(WrongCursor):
        await transfers.page(TransferFilter(), cursor="nonsense", limit=1)


async def test_whoever_moves_is_found_where_they_are_and_where_they_were(pool: Pool) -> None:
    """Nobody registers them a second time."""
    *_, matches = await filled(pool)
    found = {
        town: await matches.like(
            municipality=town, given_name="Mari", family_name="Näidis", birth_date=BORN, personal_code=None
        )
        for town in ("tori", "tapa", "parnu")
    }
    assert found == {"tori": ("person-0", "person-1", "person-2"), "tapa": ("person-0",), "parnu": ()}
