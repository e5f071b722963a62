"""The list of claims: how far each is and what it comes to, the newest month first, page by page."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import get_args

import pytest

from activities.recording import Recorder
from domain.care import RowVerdict
from domain.claims import DecideClaim, NoteVerdicts
from domain.due import Standing, standing
from eventstore.postgres import PostgresEventStore
from readmodels.claim_list import ClaimFilter, ClaimList, ListedClaim
from readmodels.cursors import WrongCursor
from readmodels.projector import Pool, Projector
from tests.activities.claims import assembly, claims_clerk
from tests.activities.examples import NEIGHBOUR, NOON, PROVIDER, given_the_programme, step
from tests.readmodels.databases import CODEC, shown

OTHER = "provider-90000002"
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
VERDICTS = NoteVerdicts(
    rows=(
        RowVerdict(delivery_id="delivery-1", verdict="accepted", cents=3200),
        RowVerdict(delivery_id="delivery-2", verdict="rejected", reason="not_delivered", cents=1600),
    ),
    complete=True,
)


async def filled(pool: Pool) -> tuple[Recorder, Projector, ClaimList]:
    """Four claims: one is checked, the others were put together only."""
    store = PostgresEventStore(pool)
    clerk = claims_clerk(store, 3200, 1600)
    await given_the_programme(clerk, NOON)
    await clerk.record(step(assembly(month=JANUARY), "claim-1", at=NOON))
    for command in (DecideClaim(), VERDICTS):
        await clerk.record(step(command, "claim-1", at=NOON))
    await clerk.record(step(assembly(month=FEBRUARY), "claim-2", at=NOON))
    await clerk.record(step(assembly(month=FEBRUARY, provider=OTHER), "claim-3", at=NOON))
    await clerk.record(
        step(assembly(month=JANUARY, provider=OTHER, municipality="tapa"), "claim-4", at=NOON, actor=NEIGHBOUR)
    )
    claims = ClaimList(pool, store, CODEC)
    projector = Projector(pool, store, CODEC, [claims])
    await projector.prepare()
    await shown(projector, pool, claims.name)
    return clerk, projector, claims


async def ids(claims: ClaimList, wanted: ClaimFilter) -> list[str]:
    rows, _ = await claims.page(wanted, cursor=None, limit=100)
    return [row.claim_id for row in rows]


async def test_each_claim_says_how_far_it_is_and_what_it_comes_to(pool: Pool) -> None:
    clerk, projector, claims = await filled(pool)
    rows, more = await claims.page(ClaimFilter(), cursor=None, limit=100)
    assert more is None
    told = {row.claim_id: (row.stage, row.version, row.rows, row.claimed_cents, row.accepted_cents) for row in rows}
    assert told["claim-1"] == ("checked", 3, 2, 4800, 3200)
    assert told["claim-2"] == ("assembled", 1, 2, 4800, 0)
    await clerk.record(step(DecideClaim(), "claim-2", at=NOON))
    await shown(projector, pool, claims.name)
    assert await ids(claims, ClaimFilter(stage="being_checked")) == ["claim-2"]
    assert {type(row) for row in rows} == {ListedClaim}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ClaimFilter(), ["claim-3", "claim-2", "claim-4", "claim-1"]),
        (ClaimFilter(municipality="tori"), ["claim-3", "claim-2", "claim-1"]),
        (ClaimFilter(provider_id=PROVIDER), ["claim-2", "claim-1"]),
        (ClaimFilter(month=JANUARY), ["claim-4", "claim-1"]),
        (ClaimFilter(stage="assembled", municipality="tapa"), ["claim-4"]),
        (ClaimFilter(stage="paid"), []),
    ],
)
async def test_a_filter_leaves_out_exactly_what_does_not_fit(pool: Pool, wanted: ClaimFilter, found: list[str]) -> None:
    *_, claims = await filled(pool)
    assert await ids(claims, wanted) == found


async def test_a_standing_is_found_as_the_domain_tells_it_until_it_is_decided(pool: Pool) -> None:
    """On each day on which one standing turns into the next, and on those beside it."""
    _, _, claims = await filled(pool)
    rows, _ = await claims.page(ClaimFilter(), cursor=None, limit=100)
    open_ones = {row.claim_id: (row.due_on, row.remind_on) for row in rows if row.due_on and row.remind_on}
    assert set(open_ones) == {"claim-2", "claim-3", "claim-4"}
    beside = [timedelta(days=days) for days in (-1, 0, 1)]
    days = {day + by for both in open_ones.values() for day in both if day for by in beside}
    told = set()
    for day in days:
        for wanted in get_args(Standing):
            found = await ids(claims, ClaimFilter(standing=wanted, today=day))
            due = {
                claim
                for claim, (on, before) in open_ones.items()
                if on and before and standing(on, before, day) == wanted
            }
            assert set(found) == due, (wanted, day)
            told |= {wanted} if due else set()
    assert told == {"open", "due_soon", "due", "overdue"}


async def test_pages_follow_one_another_without_loss_or_doubling(pool: Pool) -> None:
    *_, claims = await filled(pool)
    found: list[ListedClaim] = []
    cursor = None
    for _ in range(4):
        rows, cursor = await claims.page(ClaimFilter(), cursor=cursor, limit=1)
        found += rows
    assert cursor is None
    assert [row.claim_id for row in found] == ["claim-3", "claim-2", "claim-4", "claim-1"]
    assert all(earlier.month >= later.month for earlier, later in pairwise(found))
    with pytest.raises(WrongCursor):
        await claims.page(ClaimFilter(), cursor="nonsense", limit=1)


async def test_made_again_from_the_record_it_is_the_same(pool: Pool) -> None:
    _, projector, claims = await filled(pool)
    before, _ = await claims.page(ClaimFilter(), cursor=None, limit=100)
    await projector.rebuild(claims)
    assert await ids(claims, ClaimFilter()) == []
    await shown(projector, pool, claims.name)
    assert (await claims.page(ClaimFilter(), cursor=None, limit=100))[0] == before
