"""How places are used day by day: what was, from the history; what comes, from exits, reservations and periods known."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from domain.deciders import AGREEMENTS
from domain.due import Due
from domain.events import (
    Event,
    HoldingExitPlanned,
    HoldingResumed,
    HoldingSuspended,
    OfferPassed,
    PlaceFreed,
    PlaceOccupied,
    PlaceOffered,
    WaitingJoined,
)
from domain.occupancy import DayOfPlaces, occupancy
from tests.domain.given import fold, signed

FIRST = date(2026, 3, 2)
TODAY = date(2026, 3, 12)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def used(*events: Event, days: int = 20, today: date = TODAY) -> list[DayOfPlaces]:
    state = fold(AGREEMENTS, (signed(places=3), *events), "agreement-tori")
    assert state is not None
    return list(occupancy(state, FIRST, day(days - 1), today))


def row(found: list[DayOfPlaces], number: int) -> tuple[int, int, int, int, int]:
    each = found[number]
    assert each.day == day(number)
    return each.reserved, each.occupied, each.suspended, each.offered, each.free


def taken(number: int, from_on: date, reserved_on: date | None = None) -> PlaceOccupied:
    return PlaceOccupied(journey_id=f"journey-{number}", from_on=from_on, reserved_on=reserved_on or from_on)


def test_a_place_is_reserved_until_its_first_day_and_occupied_from_then_on() -> None:
    found = used(taken(1, day(5), day(3)))
    assert [row(found, n)[:2] for n in (2, 3, 4, 5, 6)] == [(0, 0), (1, 0), (1, 0), (0, 1), (0, 1)]
    assert [each.free for each in found[2:6]] == [3, 2, 2, 2]


def test_a_place_that_was_left_is_free_from_that_day_and_the_next_holder_may_begin_on_it() -> None:
    found = used(taken(1, day(0)), PlaceFreed(journey_id="journey-1", on=day(4)), taken(2, day(4)))
    assert [row(found, n)[1] for n in (3, 4, 5)] == [1, 1, 1]


def test_a_place_that_was_given_back_before_it_began_was_never_occupied() -> None:
    found = used(taken(1, day(9), day(2)), PlaceFreed(journey_id="journey-1", on=day(5)))
    assert [row(found, n)[:2] for n in (4, 5, 9)] == [(1, 0), (0, 0), (0, 0)]


def test_a_suspended_place_counts_and_shows_as_such() -> None:
    found = used(
        taken(1, day(0)),
        HoldingSuspended(journey_id="journey-1", from_on=day(3)),
        HoldingResumed(journey_id="journey-1", on=day(6)),
        HoldingSuspended(journey_id="journey-1", from_on=day(8)),
    )
    assert [row(found, n)[1:3] for n in (2, 3, 5, 6, 7, 8, 19)] == [
        (1, 0), (0, 1), (0, 1), (1, 0), (1, 0), (0, 1), (0, 1),
    ]  # fmt: skip
    assert {each.free for each in found} == {2}


def test_a_suspension_ends_with_the_stay() -> None:
    found = used(
        taken(1, day(0)),
        HoldingSuspended(journey_id="journey-1", from_on=day(3)),
        PlaceFreed(journey_id="journey-1", on=day(6)),
    )
    assert [row(found, n)[1:3] for n in (5, 6, 7)] == [(0, 1), (0, 0), (0, 0)]


def test_an_offer_keeps_its_place_from_the_day_it_is_made_until_it_is_over() -> None:
    waits = WaitingJoined(journey_id="journey-1", municipality="tori", since=day(0), place_from=day(0))
    due = Due(on=day(7), remind_on=day(0), escalate_on=day(10), rule="test")
    made = PlaceOffered(journey_id="journey-1", from_on=day(2), made_on=day(2), expires=due)
    over = OfferPassed(journey_id="journey-1", reason="expired", on=day(8))
    still_open = used(waits, made)
    assert [row(still_open, n)[3] for n in (1, 2, 8, 19)] == [0, 1, 1, 1]  # nobody has said no yet
    passed = used(waits, made, over)
    assert [row(passed, n)[3] for n in (1, 2, 7, 8)] == [0, 1, 1, 0]
    accepted = used(waits, made, taken(1, day(6), day(5)))
    assert [row(accepted, n)[:4] for n in (4, 5, 6)] == [(0, 0, 0, 1), (1, 0, 0, 0), (0, 1, 0, 0)]


def test_free_places_are_forecast_from_planned_exits() -> None:
    leaves = HoldingExitPlanned(journey_id="journey-1", on=day(15))
    found = used(taken(1, day(0)), leaves)
    assert [(each.free, each.forecast) for each in (found[10], found[11], found[14], found[15])] == [
        (2, False), (2, True), (2, True), (3, True),
    ]  # fmt: skip
    taken_back = used(taken(1, day(0)), leaves, HoldingExitPlanned(journey_id="journey-1", on=None))
    assert taken_back[15].free == 2


def test_a_plan_that_passed_unfulfilled_frees_nothing() -> None:
    found = used(taken(1, day(0)), HoldingExitPlanned(journey_id="journey-1", on=day(5)))
    assert {each.occupied for each in found} == {1}
    leaves_today = used(taken(1, day(0)), HoldingExitPlanned(journey_id="journey-1", on=TODAY))
    assert [row(leaves_today, n)[1] for n in (9, 10, 11)] == [1, 1, 0]


def test_the_next_period_s_places_are_known_beforehand_and_without_a_period_there_are_none() -> None:
    two = (signed(places=3, valid_to=day(9)), signed(places=5, valid_from=day(10), valid_to=day(14)))
    state = fold(AGREEMENTS, (*two, taken(1, day(0))), "agreement-tori")
    assert state is not None
    found = list(occupancy(state, FIRST, day(19), TODAY))
    assert [(found[n].places, found[n].free) for n in (9, 10, 14, 15)] == [(3, 2), (5, 4), (5, 4), (0, 0)]


def test_what_was_recorded_before_days_were_known_is_reserved_from_today_on() -> None:
    old = PlaceOccupied(journey_id="journey-1", from_on=day(15))
    found = used(old)
    assert [row(found, n)[:2] for n in (9, 10, 14, 15)] == [(0, 0), (1, 0), (1, 0), (0, 1)]


numbers = st.integers(min_value=0, max_value=40)


@forall(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=3), numbers, numbers)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_every_day_is_counted_by_itself(stays: list[tuple[int, int, int, int]], first: int, length: int) -> None:
    """Reckoned by changes, the days come out as if each holding were asked on each day."""
    events: list[Event] = []
    for number, (start, suspended, resumed, end) in enumerate(stays):
        journey_id = f"journey-{number}"
        events += [
            taken(number, day(start), day(max(0, start - 3))),
            HoldingSuspended(journey_id=journey_id, from_on=day(start + suspended)),
            HoldingResumed(journey_id=journey_id, on=day(start + suspended + resumed)),
            PlaceFreed(journey_id=journey_id, on=day(start + end)),
        ]
    state = fold(AGREEMENTS, (signed(places=3), *events), "agreement-tori")
    assert state is not None
    for each in occupancy(state, day(first), day(first + length), TODAY):
        number = (each.day - FIRST).days
        here = [stay for stay in stays if stay[0] <= number < stay[0] + stay[3]]
        away = [s for s in here if s[0] + s[1] <= number < s[0] + s[1] + s[2]]
        coming = [stay for stay in stays if max(0, stay[0] - 3) <= number < stay[0]]
        assert (each.occupied, each.suspended, each.reserved) == (len(here) - len(away), len(away), len(coming))
        assert each.free == 3 - len(here) - len(coming)
