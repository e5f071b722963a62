"""Places of several periods, claimed at once: none is given twice, and none that the next period does not have."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date

from domain.deciders import AGREEMENTS
from domain.events import AgreementSigned, PlaceOccupied
from domain.places import SignAgreement
from domain.ports import Appended, EventStore, Quota, QuotaExceeded, QuotaMove
from starter.seeding import SEEDER
from tests.activities.examples import NOON, eligible, given_a_person, recorder, referral, step
from tests.domain.given import fold
from tests.eventstore.examples import onto
from tests.eventstore.examples import step as append

THIS_YEAR, NEXT_YEAR = "places/tori/2026-01-01", "places/tori/2027-01-01"
PERIODS = ((date(2026, 1, 1), date(2026, 12, 31), 3), (date(2027, 1, 1), None, 2))
CROWD = 16


def signing(valid_from: date, valid_to: date | None, places: int) -> SignAgreement:
    return SignAgreement(
        agreement="tori",
        municipalities=("tori",),
        valid_from=valid_from,
        valid_to=valid_to,
        places=places,
        coordinator="coordinator-b",
        synthetic=True,
    )


async def test_a_crowd_gets_the_places_that_every_period_has_and_the_others_wait(store: EventStore) -> None:
    """Decided by two that know nothing of each other: two of three places, since the next year has only two."""
    clerks = (recorder(store), recorder(store))
    for period in PERIODS:
        await clerks[0].record(step(signing(*period), actor=SEEDER, at=NOON))
    for number in range(CROWD):
        await given_a_person(clerks[0], NOON, f"person-{number}")
        await clerks[0].record(step(referral(f"person-{number}", NOON), f"journey-{number}", at=NOON))

    outcomes = await asyncio.gather(
        *(clerks[number % 2].record(step(eligible(), f"journey-{number}", at=NOON)) for number in range(CROWD))
    )

    assert Counter(outcome.events[-1] for outcome in outcomes) == {"place.received": 2, "place.awaited": CROWD - 2}
    assert (await store.quota(THIS_YEAR), await store.quota(NEXT_YEAR)) == (
        Quota(used=2, allowed=3), Quota(used=2, allowed=2),
    )  # fmt: skip


async def test_the_database_refuses_what_a_period_does_not_have_whoever_decided_it(store: EventStore) -> None:
    """Every claimant believes the agreement empty; nothing but the bound stands between them."""
    signed = tuple(
        AgreementSigned.model_validate({**dict(signing(*period)), "municipalities": ("tori",)}) for period in PERIODS
    )
    empty = fold(AGREEMENTS, signed, "agreement-tori")
    opened = tuple(QuotaMove(key=f"places/tori/{first}", allowed=places) for first, _, places in PERIODS)
    await append(store, "signed", onto("a1"), quotas=opened)

    async def claim(number: int) -> Appended:
        taken = PlaceOccupied(journey_id=f"journey-{number}", from_on=date(2026, 3, 2))
        moves = AGREEMENTS.quota_moves(empty, fold(AGREEMENTS, (*signed, taken), "agreement-tori"))
        return await append(store, f"c{number}", onto(f"j{number}"), quotas=moves)

    outcomes = await asyncio.gather(*(claim(number) for number in range(64)), return_exceptions=True)

    assert Counter(type(outcome) for outcome in outcomes) == {Appended: 2, QuotaExceeded: 62}
    assert (await store.quota(THIS_YEAR), await store.quota(NEXT_YEAR)) == (
        Quota(used=2, allowed=3), Quota(used=2, allowed=2),
    )  # fmt: skip
