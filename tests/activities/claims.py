"""Help that can be claimed; and claims put together of whatever rows a test names, without any help behind them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from activities.recording import Recorder
from domain.care import ClaimRow
from domain.cipher import NullCipher
from domain.claims import AssembleClaim
from domain.ports import EventStore
from tests.activities.examples import (
    MUNICIPALITY,
    PROVIDER,
    Strangers,
    Unused,
    agreed,
    assessment,
    budget,
    delivery,
    eligible,
    given_a_person,
    ordered,
    plan,
    programme,
    referral,
    step,
)


async def given_help(on: Recorder, at: datetime, journey_id: str, person_id: str) -> None:
    """A journey with one delivery."""
    await given_a_person(on, at, person_id)
    for to_plan in (referral(person_id, at), eligible(), assessment(at), plan(at)):
        await on.record(step(to_plan, journey_id, at=at))
    state = (await on.journeys.at_latest(journey_id))[0].state
    assert state is not None
    for command in (agreed(list(state.file.plans)[-1], at), budget(), ordered(), delivery(at)):
        await on.record(step(command, journey_id, at=at))


class These:
    """What anybody can claim anywhere."""

    def __init__(self, rows: Sequence[ClaimRow]) -> None:
        self._rows = tuple(rows)

    async def up_to(self, day: date, *, provider_id: str, municipality: str) -> tuple[ClaimRow, ...]:
        return self._rows


def claims_clerk(store: EventStore, *cents: int) -> Recorder:
    """Each claim it puts together has rows of so many cents."""
    rows = [a_row(number, each) for number, each in enumerate(cents, start=1)]
    return Recorder(
        store=store,
        cipher=NullCipher(),
        programme=programme(),
        matches=Strangers(),
        claimable=These(rows),
        uses=Unused(),
    )


def a_row(number: int, cents: int) -> ClaimRow:
    return ClaimRow(
        journey_id="journey-1",
        delivery_id=f"delivery-{number}",
        line_id="recovery",
        day=date(2026, 1, 5),
        component="mental.recovery",
        tariff="individual",
        minutes=60,
        cents=cents,
    )


def assembly(*, provider: str = PROVIDER, municipality: str = MUNICIPALITY, month: date) -> AssembleClaim:
    return AssembleClaim(provider_id=provider, municipality=municipality, month=month)
