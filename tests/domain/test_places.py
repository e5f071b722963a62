"""Places: never over-filled, in an order that can be explained, and offered to who has waited longest."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from domain.deciders import AGREEMENTS, JOURNEYS, BoundReached, NotInTheProgramme, OpenJourney, bound_reached
from domain.events import (
    AgreementSigned,
    ContactDetailsChanged,
    Event,
    PlaceFreed,
    PlaceOccupied,
    PlaceOffered,
    WaitingJoined,
    WaitingLeft,
)
from domain.places import (
    AgreementExists,
    FewerPlacesThanTaken,
    NothingToOffer,
    OfferPlace,
    SignAgreement,
    TermsTooEarly,
)
from domain.ports import QuotaMove
from domain.providers import PeriodBackwards
from tests.domain.given import MONDAY, an_agreement, fold, given, signed

YEAR_END, NEXT_YEAR = date(2026, 12, 31), date(2027, 1, 1)


def signing(
    *, places: int = 2, valid_from: date = date(2026, 1, 1), valid_to: date | None = None, town: str = "tori"
) -> SignAgreement:
    return SignAgreement(
        agreement="tori",
        municipalities=(town,),
        valid_from=valid_from,
        valid_to=valid_to,
        places=places,
        coordinator="coordinator-b",
        synthetic=True,
    )


def taken(number: int) -> PlaceOccupied:
    return PlaceOccupied(journey_id=f"journey-{number}", from_on=date(2026, 1, 5))


def waits(number: int, since: date = MONDAY) -> WaitingJoined:
    return WaitingJoined(journey_id=f"journey-{number}", municipality="tori", since=since, place_from=since)


def offered(number: int) -> PlaceOffered:
    return PlaceOffered(journey_id=f"journey-{number}")


# ── Terms ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_agreement_is_signed() -> None:
    state = an_agreement().when(signing()).then(signed()).state
    assert (state.places, state.free, state.municipalities) == (2, 2, frozenset({"tori"}))


def test_agreements_have_natural_names() -> None:
    assert signing().stream_named() == "agreement-tori"


def test_a_period_does_not_end_before_it_starts() -> None:
    an_agreement().when(signing(valid_to=date(2025, 12, 31))).refused(PeriodBackwards, field="valid_to")


def test_a_party_is_a_municipality_there_is() -> None:
    an_agreement().when(signing(town="narnia")).refused(NotInTheProgramme, says="narnia")


def test_periods_follow_each_other() -> None:
    this_year = an_agreement(signed(valid_to=YEAR_END), taken(1), waits(2))
    this_year.when(signing(valid_from=YEAR_END)).refused(AgreementExists, field="valid_from")
    an_agreement(signed()).when(signing(valid_from=NEXT_YEAR)).refused(AgreementExists, field="valid_from")

    renewed = this_year.on(NEXT_YEAR).when(signing(valid_from=NEXT_YEAR, places=5)).then(AgreementSigned).state
    assert (renewed.places, set(renewed.occupied)) == (5, {"journey-1"})
    assert [each.journey_id for each in renewed.waiting] == ["journey-2"]


def test_who_has_a_place_keeps_it_when_the_agreement_is_renewed() -> None:
    case = an_agreement(signed(valid_to=YEAR_END), taken(1), taken(2)).on(NEXT_YEAR)
    case.when(signing(valid_from=NEXT_YEAR, places=1)).refused(
        FewerPlacesThanTaken, field="places", says="2 places are taken"
    )


def test_next_year_s_places_are_not_given_this_year() -> None:
    """The terms in force hold until their last day, so new ones are recorded when they begin."""
    this_year = an_agreement(signed(places=1, valid_to=YEAR_END), taken(1))
    this_year.on(YEAR_END).when(signing(valid_from=NEXT_YEAR, places=3)).refused(
        TermsTooEarly, field="valid_from", says=str(NEXT_YEAR)
    )


# ── Offers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_place_that_is_freed_is_offered_to_the_first_in_order() -> None:
    full = an_agreement(signed(places=1), taken(1), waits(3, MONDAY), waits(2, MONDAY - timedelta(days=1)))
    full.when(OfferPlace()).refused(NothingToOffer)
    freed = given(full, PlaceFreed(journey_id="journey-1", on=MONDAY))
    freed.when(OfferPlace()).then(offered(2))


def test_a_place_is_offered_to_one_at_a_time() -> None:
    case = an_agreement(signed(places=1), waits(2), waits(3), offered(2))
    case.when(OfferPlace()).refused(NothingToOffer)
    assert case.known.free == 0


def test_with_two_free_places_the_second_is_offered_too() -> None:
    an_agreement(signed(places=2), waits(2), waits(3), offered(2)).when(OfferPlace()).then(offered(3))


def test_who_leaves_the_order_gives_the_offer_on() -> None:
    left = WaitingLeft(journey_id="journey-2", reason="own_wish")
    an_agreement(signed(places=1), waits(2), waits(3), offered(2), left).when(OfferPlace()).then(offered(3))


def test_where_nobody_waits_nothing_is_offered() -> None:
    an_agreement(signed()).when(OfferPlace()).refused(NothingToOffer)
    an_agreement().when(OfferPlace()).refused(NothingToOffer)


def test_an_agreement_that_has_ended_offers_no_places() -> None:
    case = an_agreement(signed(valid_to=YEAR_END), waits(2))
    case.on(YEAR_END).when(OfferPlace()).then(PlaceOffered)
    case.on(NEXT_YEAR).when(OfferPlace()).refused(NothingToOffer)


def test_of_those_complete_on_one_day_who_joined_first_goes_first() -> None:
    state = an_agreement(signed(), waits(5), waits(2), waits(9, MONDAY - timedelta(days=3))).known
    assert [each.journey_id for each in state.waiting] == ["journey-9", "journey-5", "journey-2"]
    assert [state.ahead_of(MONDAY + timedelta(days=n)) for n in (-9, -3, -1, 0)] == [0, 1, 1, 3]


# ── The bound that the database keeps ────────────────────────────────────────────────────────────────────────────────

KEY = "places/tori/2026-01-01"
ALIEN = ContactDetailsChanged(phone=None, email=None, address=None)  # of a person's stream


@pytest.mark.parametrize(
    ("before", "event", "moves"),
    [
        ((), signed(), (QuotaMove(key=KEY, allowed=2),)),
        ((signed(),), taken(1), (QuotaMove(key=KEY, used=1),)),
        ((signed(), taken(1)), PlaceFreed(journey_id="journey-1", on=MONDAY), (QuotaMove(key=KEY, used=-1),)),
        ((signed(),), waits(1), ()),
        ((signed(), waits(1)), offered(1), ()),
        (
            (signed(valid_to=YEAR_END), taken(1)),
            signed(valid_from=NEXT_YEAR, places=3),
            (QuotaMove(key=KEY, used=-1), QuotaMove(key="places/tori/2027-01-01", used=1, allowed=3)),
        ),
    ],
    ids=["signed", "taken", "freed", "joined", "offered", "renewed"],
)
def test_each_fact_moves_the_bound_on_places(
    before: tuple[Event, ...], event: Event, moves: tuple[QuotaMove, ...]
) -> None:
    was = fold(AGREEMENTS, before, "agreement-tori")
    now = fold(AGREEMENTS, (*before, event), "agreement-tori")
    assert AGREEMENTS.quota_moves(was, now) == moves


def test_what_a_bound_means_to_a_person() -> None:
    assert isinstance(bound_reached("journey-of/person-1"), OpenJourney)
    assert isinstance(bound_reached(KEY), BoundReached)
    assert bound_reached(KEY).sentence() == f"More would be used than there is: {KEY}."


journeys = st.integers(min_value=1, max_value=6)
days = st.integers(min_value=0, max_value=3).map(lambda n: MONDAY + timedelta(days=n))
moved = st.one_of(
    journeys.map(taken),
    journeys.map(lambda n: PlaceFreed(journey_id=f"journey-{n}", on=MONDAY)),
    st.builds(waits, journeys, days),
    journeys.map(lambda n: WaitingLeft(journey_id=f"journey-{n}", reason="own_wish")),
    journeys.map(offered),
    st.just(signed(valid_from=NEXT_YEAR, places=9)),
)


@forall(st.lists(moved, max_size=30))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_moves_of_a_bound_add_up_to_the_places_taken(history: list[Event]) -> None:
    """Whatever happens, in whatever order: what the database counts is what the stream says."""
    state, used, allowed = None, dict[str, int](), dict[str, int]()
    for version, event in enumerate((signed(), *history), start=1):
        after = AGREEMENTS.evolve(state, event, "agreement-tori", version)
        for move in AGREEMENTS.quota_moves(state, after):
            used[move.key] = used.get(move.key, 0) + move.used
            allowed[move.key] = allowed.get(move.key, 0) + move.allowed
        state = after
        current = f"places/tori/{state.valid_from}"
        assert (used[current], allowed[current]) == (len(state.occupied), state.places)
        assert [w.since for w in state.waiting] == sorted(w.since for w in state.waiting)


def test_a_stream_of_one_kind_holds_no_facts_of_another() -> None:
    """Nothing is ignored: a fact in the wrong stream is a bug, and rises."""
    with pytest.raises(ValueError, match="does not belong"):
        fold(AGREEMENTS, (signed(), ALIEN), "agreement-tori")
    with pytest.raises(ValueError, match=r"starts with agreement\.signed"):
        fold(AGREEMENTS, (taken(1),), "agreement-tori")
    with pytest.raises(ValueError, match=r"starts with referral\.recorded"):
        fold(JOURNEYS, (ALIEN,), "journey-1")
