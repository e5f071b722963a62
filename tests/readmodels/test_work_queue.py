"""The work queue says of every journey what its events come to, in the order of what is most urgent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import get_args

import pytest

from activities.messages import own_step
from domain import journey
from domain.codec import Meta, Recorded
from domain.due import Standing, standing
from domain.events import Event, WaitingJoined
from domain.places import SignAgreement
from domain.ports import StreamAppend
from domain.stages.planning import AgreePlan
from domain.stages.timing import Pausable, PauseDeadline
from domain.states import Exited, Refused, waits_for
from domain.working_days import local_date
from eventstore.postgres import PostgresEventStore
from readmodels import projector as projecting
from readmodels.cursors import WrongCursor
from readmodels.lookout import DatabaseLookout
from readmodels.place_count import PlaceCount
from readmodels.projector import Pool, Projector
from readmodels.work_queue import Filter, Row, WorkQueue
from starter.seeding import SEEDER
from tests.activities.examples import (
    NOON,
    agreed,
    assessment,
    budget,
    call,
    eligible,
    given_a_person,
    given_the_programme,
    later,
    leaving,
    not_eligible,
    plan,
    recorder,
    referral,
    step,
)
from tests.readmodels.databases import CODEC, everything, shown

JOURNEYS = 12
TWO_DAYS_ON = later(NOON, days=2)


@pytest.fixture
async def store(pool: Pool) -> PostgresEventStore:
    """Journeys at every stage: the later ones have come less far."""
    found = PostgresEventStore(pool)
    clerk = recorder(found)
    await given_the_programme(clerk, NOON)
    for number in range(JOURNEYS):
        person, path = f"person-{number}", f"journey-{number}"
        await given_a_person(clerk, NOON, person)
        await clerk.record(step(referral(person, NOON), path, at=NOON))
        at = TWO_DAYS_ON if number % 2 else NOON
        steps = [eligible(), assessment(at), plan(at), None, budget(), call(at), leaving(at)]
        if number % 4 == 3:
            steps = [not_eligible()]
        for command in steps[: JOURNEYS - number]:
            await clerk.record(step(command or await _agreed(found, path, at), path, at=at))
    return found


async def _agreed(store: PostgresEventStore, path: str, at: datetime) -> AgreePlan:
    drafted = CODEC.decode((await store.read(path)).events[-1])
    return agreed(str(drafted.event.model_dump()["plan_id"]), at)


@pytest.fixture
async def queue(pool: Pool, store: PostgresEventStore) -> WorkQueue:
    return WorkQueue(pool, store, CODEC)


async def projector_of(pool: Pool, *models: WorkQueue | PlaceCount) -> Projector:
    made = Projector(pool, PostgresEventStore(pool), CODEC, models)
    await made.prepare()
    return made


async def rows_of(queue: WorkQueue) -> list[Row]:
    rows, after = await queue.page(Filter(open=None), cursor=None, limit=1000)
    assert after is None
    return rows


def folded(recorded: list[Recorded]) -> dict[str, Row]:
    """What the queue must show, from the events alone and in one go."""
    streams: dict[str, list[Recorded]] = {}
    for told in recorded:
        if told.kind == "journeys":
            streams.setdefault(told.stream_id, []).append(told)
    return {name: _row(name, events) for name, events in streams.items()}


def _row(journey_id: str, events: list[Recorded]) -> Row:
    state = journey.fold((each.event for each in events), journey_id)
    assert state is not None
    due = next(iter(journey.awaited(state)), None)
    return Row(
        journey_id=journey_id,
        person_id=state.file.person_id,
        municipality=state.file.municipality,
        stage=str(journey.stage_of(state)),
        waits_for=waits_for(state),
        case_manager=state.file.case_manager,
        version=len(events),
        next_what=due.what if due else None,
        next_due=due.due.on if due and due.due.held_since is None else None,
        held_since=due.due.held_since if due else None,
        next_remind=due.due.remind_on if due else None,
        open=not isinstance(state, Refused | Exited),
        changed_at=events[-1].recorded_at,
    )


def by_journey(rows: list[Row]) -> dict[str, Row]:
    return {row.journey_id: row for row in rows}


# ── Rows equal folds ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("batch", [1, 5, 500])
async def test_the_rows_are_what_the_events_come_to(
    pool: Pool, queue: WorkQueue, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting, "BATCH", batch)
    await shown(await projector_of(pool, queue), pool, "work_queue")
    expected = folded(await everything(pool))
    assert len(expected) == JOURNEYS
    assert by_journey(await rows_of(queue)) == expected


async def test_made_anew_they_are_the_same(pool: Pool, queue: WorkQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the process that remembers where each stream stood as by one that does not; in batches that cut streams apart."""
    monkeypatch.setattr(projecting, "BATCH", 5)
    projector = await projector_of(pool, queue)
    await shown(projector, pool, "work_queue")
    before = by_journey(await rows_of(queue))
    for each in (queue, WorkQueue(pool, PostgresEventStore(pool), CODEC)):
        projector = await projector_of(pool, each)
        await projector.rebuild(each)
        assert await rows_of(queue) == []
        await shown(projector, pool, "work_queue")
        assert by_journey(await rows_of(queue)) == before


async def test_batches_that_come_twice_change_nothing(pool: Pool, queue: WorkQueue) -> None:
    await shown(await projector_of(pool, queue), pool, "work_queue")
    before = by_journey(await rows_of(queue))
    recorded = await everything(pool)
    async with pool.acquire() as connection:
        for each in (queue, WorkQueue(pool, PostgresEventStore(pool), CODEC)):
            for start in range(0, len(recorded), 7):
                await each.apply(connection, recorded[start : start + 7])
    assert by_journey(await rows_of(queue)) == before


async def test_an_old_batch_that_comes_late_takes_no_row_back(pool: Pool, queue: WorkQueue) -> None:
    """From a process that knows nothing newer."""
    await shown(await projector_of(pool, queue), pool, "work_queue")
    before = by_journey(await rows_of(queue))
    recorded = await everything(pool)
    async with pool.acquire() as connection:
        await WorkQueue(pool, PostgresEventStore(pool), CODEC).apply(connection, recorded[: len(recorded) // 2])
    assert by_journey(await rows_of(queue)) == before


async def test_a_model_that_was_away_while_another_projected_catches_up_from_the_streams(
    pool: Pool, queue: WorkQueue
) -> None:
    """It meets a journey in the middle, and reads what it missed."""
    (await projector_of(pool, queue),)
    recorded = await everything(pool)
    async with pool.acquire() as connection:
        await queue.apply(connection, recorded[len(recorded) // 2 :])
    expected = folded(recorded)
    rows = by_journey(await rows_of(queue))
    assert rows
    assert rows == {name: expected[name] for name in rows}


async def test_no_row_holds_a_name_or_anybodys_words(pool: Pool, queue: WorkQueue) -> None:
    await shown(await projector_of(pool, queue), pool, "work_queue")
    told = " ".join(str(row) for row in await pool.fetch("SELECT * FROM read.work_queue"))
    assert "journey-0" in told
    assert not any(word in told for word in ("Mari", "Näidis", "Synthetic", "schizophrenia"))


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_pages_put_together_are_the_whole_list_most_urgent_first(pool: Pool, queue: WorkQueue) -> None:
    await shown(await projector_of(pool, queue), pool, "work_queue")
    whole = await rows_of(queue)
    pages: list[Row] = []
    cursor = None
    while True:
        rows, cursor = await queue.page(Filter(open=None), cursor=cursor, limit=5)
        pages += rows
        if cursor is None:
            break
    assert pages == whole
    order = [(row.next_due or date.max, row.journey_id) for row in whole]
    assert order == sorted(order)


Fits = Callable[[Row], bool]
FILTERS: list[tuple[Filter, Fits]] = [
    (Filter(stage="assessment", open=None), lambda row: row.stage == "assessment"),
    (Filter(open=True), lambda row: row.open),
    (Filter(open=False), lambda row: not row.open),
    (Filter(municipality="tapa", open=None), lambda row: row.municipality == "tapa"),
]


async def test_a_filter_leaves_out_exactly_what_does_not_fit(pool: Pool, queue: WorkQueue) -> None:
    await shown(await projector_of(pool, queue), pool, "work_queue")
    whole = await rows_of(queue)
    for wanted, fits in FILTERS:
        rows, _ = await queue.page(wanted, cursor=None, limit=1000)
        assert rows == [row for row in whole if fits(row)]


async def test_a_standing_is_found_as_the_domain_tells_it_on_every_day_that_matters(
    pool: Pool, store: PostgresEventStore, queue: WorkQueue
) -> None:
    """Also where one is on hold."""
    projector = await projector_of(pool, queue)
    await shown(projector, pool, "work_queue")
    waits = next(each for each in await rows_of(queue) if each.open and each.next_what in get_args(Pausable))
    told = {"what": waits.next_what, "from_on": local_date(TWO_DAYS_ON), "reason": "In hospital."}
    await recorder(store).record(step(PauseDeadline.model_validate(told), waits.journey_id, at=TWO_DAYS_ON))
    await shown(projector, pool, "work_queue")
    whole = [row for row in await rows_of(queue) if row.open]
    turning = {day for row in whole for day in (row.next_remind, row.next_due) if day is not None}
    for day in sorted({each + timedelta(days=n) for each in turning for n in (-1, 0, 1)}):
        for wanted in get_args(Standing):
            rows, _ = await queue.page(Filter(standing=wanted, today=day), cursor=None, limit=1000)
            assert rows == [row for row in whole if stands(row, day) == wanted]


def stands(row: Row, day: date) -> Standing | None:
    if row.next_remind is None:
        return None
    return standing(row.next_due or date.max, row.next_remind, day, held=row.held_since is not None)


@pytest.mark.parametrize("cursor", ["", "nonsense", "W10=", "WzEsMl0="])
async def test_a_cursor_that_was_not_given_out_is_refused(pool: Pool, queue: WorkQueue, cursor: str) -> None:
    await projector_of(pool, queue)
    with pytest.raises(WrongCursor):
        await queue.page(Filter(), cursor=cursor, limit=5)


async def test_the_open_journeys_of_a_person_are_found(pool: Pool, queue: WorkQueue) -> None:
    await shown(await projector_of(pool, queue), pool, "work_queue")
    assert await queue.of_person("person-8") == [("journey-8", "tori")]
    assert await queue.of_person("person-3") == []  # refused


# ── What the sweep asks of it, and the places ────────────────────────────────────────────────────────────────────────


async def test_the_sweep_is_told_of_every_journey_until_its_version_is_confirmed(pool: Pool, queue: WorkQueue) -> None:
    places = PlaceCount(pool, PostgresEventStore(pool), CODEC)
    projector = await projector_of(pool, queue, places)
    await shown(projector, pool, "work_queue", "places")
    lookout = DatabaseLookout(pool, places)

    async def open_ones() -> dict[str, int]:
        asked = lookout.unconfirmed(now=TWO_DAYS_ON, grace=TWO_DAYS_ON - later(NOON, days=1))
        return {each.journey_id: each.version async for each in asked}

    first = await open_ones()
    assert set(first) == {f"journey-{number}" for number in range(0, JOURNEYS, 2)}  # the others have just changed
    await lookout.confirm("journey-0", first["journey-0"] - 1)
    assert "journey-0" in await open_ones()
    await lookout.confirm("journey-0", first["journey-0"])
    assert "journey-0" not in await open_ones()


async def test_places_are_counted_as_the_agreement_has_them(pool: Pool, queue: WorkQueue) -> None:
    places = PlaceCount(pool, PostgresEventStore(pool), CODEC)
    await shown(await projector_of(pool, places), pool, "places")
    row = await pool.fetchrow("SELECT * FROM read.places WHERE agreement = 'tori'")
    assert row is not None
    recorded = [each.event.type for each in await everything(pool) if each.stream_id == "agreement-tori"]
    assert row["version"] == len(recorded)
    assert row["taken"] == recorded.count("place.occupied") - recorded.count("place.freed")
    assert (row["waiting"], row["offered"]) == (0, 0)
    assert await places.with_offers_due(date(2026, 3, 2)) == ()


async def test_an_agreement_is_looked_after_while_it_has_an_offer_to_make_or_one_that_was_not_answered(
    pool: Pool, store: PostgresEventStore
) -> None:
    """Full, one waits: nothing. A place is free: an offer to make. It is made: nothing, until its last day is over."""
    places = PlaceCount(pool, store, CODEC)
    projector = await projector_of(pool, places)
    clerk, today = recorder(store), date(2026, 3, 4)

    async def due(on: date) -> tuple[str, ...]:
        await shown(projector, pool, "places")
        return await places.with_offers_due(on)

    number, told = 99, ""
    while told != "place.awaited":
        number += 1
        await given_a_person(clerk, TWO_DAYS_ON, f"person-{number}")
        await clerk.record(step(referral(f"person-{number}", TWO_DAYS_ON), f"journey-{number}", at=TWO_DAYS_ON))
        told = (await clerk.record(step(eligible(), f"journey-{number}", at=TWO_DAYS_ON))).events[-1]
    assert await due(today) == ()
    await clerk.record(step(leaving(TWO_DAYS_ON), "journey-100", at=TWO_DAYS_ON))
    assert await due(today) == ("tori",)
    await clerk.record(own_step("offer-place", "agreement-tori", "once").model_copy(update={"at": TWO_DAYS_ON}))
    assert await due(date(2026, 3, 11)) == ()
    assert await due(date(2026, 3, 12)) == ("tori",)


async def test_a_place_of_a_period_to_come_is_to_be_offered_when_it_begins(
    pool: Pool, store: PostgresEventStore
) -> None:
    places = PlaceCount(pool, store, CODEC)
    projector = await projector_of(pool, places)
    clerk = recorder(store)
    year_end, next_year = date(2026, 12, 31), date(2027, 1, 1)
    for first, last, number in ((date(2026, 1, 1), year_end, 0), (next_year, None, 1)):
        terms = SignAgreement(
            agreement="new", municipalities=("tori",), valid_from=first, valid_to=last, places=number,
            coordinator="coordinator-b", synthetic=True,
        )  # fmt: skip
        await clerk.record(step(terms, actor=SEEDER, at=NOON))
    waits = WaitingJoined(
        journey_id="journey-77", municipality="tori", since=date(2026, 3, 2), place_from=date(2026, 3, 2)
    )
    await recorded(store, waits, "agreement-new", version=3)
    await shown(projector, pool, "places")
    assert await places.with_offers_due(year_end) == ()
    assert await places.with_offers_due(next_year) == ("new",)


async def recorded(store: PostgresEventStore, event: Event, stream_id: str, *, version: int) -> None:
    """Straight into the record."""
    meta = Meta(actor=SEEDER, command="test")
    encoded = CODEC.encode(event, stream_id=stream_id, version=version, subject=stream_id, meta=meta, at=NOON)
    append = StreamAppend(
        stream_id=stream_id, kind="agreements", tenant="tori", expected_version=version - 1, events=(encoded,)
    )
    await store.append([append], command_id="straight", request_hash="test", result=b"{}")
