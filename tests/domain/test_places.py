"""Places: never over-filled, in an order that can be explained, and offered to who has waited longest."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from domain.deciders import AGREEMENTS, JOURNEYS, BoundReached, NotInTheProgramme, OpenJourney, bound_reached
from domain.due import Due
from domain.events import (
    AgreementSigned,
    ContactDetailsChanged,
    Event,
    OfferPassed,
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
    RecordFunding,
    SignAgreement,
    UnknownPeriod,
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


def waits(number: int, since: date = MONDAY, *, place_from: date | None = None, urgent: bool = False) -> WaitingJoined:
    return WaitingJoined(
        journey_id=f"journey-{number}",
        municipality="tori",
        since=since,
        place_from=place_from or since,
        urgent=urgent,
    )


EXPIRES = Due(
    on=date(2026, 3, 9),  # five working days after Monday
    remind_on=MONDAY,
    escalate_on=date(2026, 3, 12),
    rule="demo.settings@2026/offer-5-working-days",
)


def offered(number: int, from_on: date = MONDAY) -> PlaceOffered:
    return PlaceOffered(journey_id=f"journey-{number}", from_on=from_on, made_on=MONDAY, expires=EXPIRES)


def passed(number: int, on: date = MONDAY, reason: str = "declined") -> OfferPassed:
    return OfferPassed(journey_id=f"journey-{number}", reason=reason, on=on)


# ── Terms ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_agreement_is_signed() -> None:
    state = an_agreement().when(signing()).then(signed()).state
    (terms,) = state.terms
    assert (terms.places, state.room_from(MONDAY), state.municipalities) == (2, 2, frozenset({"tori"}))


def test_agreements_have_natural_names() -> None:
    assert signing().stream_named() == "agreement-tori"


def test_a_period_does_not_end_before_it_starts() -> None:
    an_agreement().when(signing(valid_to=date(2025, 12, 31))).refused(PeriodBackwards, field="valid_to")


def test_a_party_is_a_municipality_there_is() -> None:
    an_agreement().when(signing(town="narnia")).refused(NotInTheProgramme, says="narnia")


def test_periods_stand_side_by_side_and_never_overlap() -> None:
    """The next one is signed beforehand; a second one for the same day is refused, whichever came first."""
    this_year = an_agreement(signed(valid_to=YEAR_END), taken(1), waits(2))
    this_year.when(signing(valid_from=YEAR_END)).refused(AgreementExists, field="valid_from")
    this_year.when(signing(valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1))).refused(
        AgreementExists, field="valid_from"
    )
    an_agreement(signed()).when(signing(valid_from=NEXT_YEAR)).refused(AgreementExists, field="valid_from")

    signed_beforehand = this_year.when(signing(valid_from=NEXT_YEAR, places=5)).then(AgreementSigned).state
    assert [each.places for each in signed_beforehand.terms] == [2, 5]
    assert set(signed_beforehand.holdings) == {"journey-1"}
    assert [each.journey_id for each in signed_beforehand.waiting] == ["journey-2"]


def test_a_period_before_the_first_can_be_signed_later() -> None:
    state = an_agreement(signed()).when(signing(valid_from=date(2025, 1, 1), valid_to=date(2025, 12, 31))).state
    assert [each.valid_from.year for each in state.terms] == [2025, 2026]


def test_who_has_a_place_keeps_it_when_the_agreement_is_renewed() -> None:
    """And who was offered one can still accept it."""
    case = an_agreement(signed(valid_to=YEAR_END), taken(1), taken(2))
    case.when(signing(valid_from=NEXT_YEAR, places=1)).refused(
        FewerPlacesThanTaken, field="places", says="2 places are taken"
    )
    offering = an_agreement(signed(valid_to=YEAR_END), taken(1), waits(2), offered(2))
    offering.when(signing(valid_from=NEXT_YEAR, places=1)).refused(FewerPlacesThanTaken, field="places", says="2 ")


def test_next_year_s_places_are_not_given_this_year() -> None:
    """This year is full, the next has room: who can start then gets a place then."""
    case = an_agreement(signed(places=1, valid_to=YEAR_END), signed(places=2, valid_from=NEXT_YEAR), taken(1))
    assert [case.known.room_from(day) for day in (MONDAY, YEAR_END, NEXT_YEAR)] == [0, 0, 1]
    given(case, waits(2)).when(OfferPlace()).refused(NothingToOffer)
    given(case, waits(2, place_from=NEXT_YEAR)).when(OfferPlace()).then(offered(2, NEXT_YEAR))


def test_a_place_that_the_next_period_does_not_have_is_not_given_now() -> None:
    """Else somebody would have to leave at the turn of the year."""
    case = an_agreement(signed(places=3, valid_to=YEAR_END), signed(places=1, valid_from=NEXT_YEAR), taken(1))
    assert case.known.room_from(MONDAY) == 0


def test_nobody_is_offered_a_place_in_a_period_that_nobody_signed() -> None:
    case = an_agreement(signed(valid_to=YEAR_END), waits(2, place_from=NEXT_YEAR), waits(3))
    case.when(OfferPlace()).then(offered(3))


def test_nobody_is_offered_a_place_under_terms_that_their_municipality_has_not_signed() -> None:
    elsewhere = signed(places=2).model_copy(update={"municipalities": ("tapa",)})
    an_agreement(elsewhere, waits(2)).when(OfferPlace()).refused(NothingToOffer)


# ── Money ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_money_is_recorded_by_period_and_source_and_the_later_amount_holds() -> None:
    def money(source: str, cents: int, valid_from: date = date(2026, 1, 1)) -> RecordFunding:
        return RecordFunding(valid_from=valid_from, source=source, cents=cents)

    case = an_agreement(signed(valid_to=YEAR_END), signed(valid_from=NEXT_YEAR))
    state = given(case, money("esf_plus", 9_000_000), money("state", 100), money("esf_plus", 8_000_000)).known
    assert dict(state.funding) == {
        (date(2026, 1, 1), "esf_plus"): 8_000_000,
        (date(2026, 1, 1), "state"): 100,
    }
    case.when(money("state", 1, MONDAY)).refused(UnknownPeriod, field="valid_from", says=str(MONDAY))


# ── Offers ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_place_that_is_freed_is_offered_to_the_first_in_order() -> None:
    full = an_agreement(signed(places=1), taken(1), waits(3, MONDAY), waits(2, MONDAY - timedelta(days=1)))
    full.when(OfferPlace()).refused(NothingToOffer)
    freed = given(full, PlaceFreed(journey_id="journey-1", on=MONDAY))
    freed.when(OfferPlace()).then(offered(2))


def test_a_place_is_offered_to_one_at_a_time() -> None:
    """While an offer is open there is nothing to do, and the answer tells until when."""
    case = an_agreement(signed(places=1), waits(2), waits(3), offered(2))
    case.when(OfferPlace()).then()
    assert case.known.room_from(MONDAY) == 0


def test_an_offer_that_nobody_answers_passes_to_the_next() -> None:
    """Its last day still counts."""
    case = an_agreement(signed(places=1), waits(2), waits(3), offered(2))
    case.on(EXPIRES.on, hour=23).when(OfferPlace()).then()
    tuesday = case.on(date(2026, 3, 10))
    expired = tuesday.when(OfferPlace()).then(passed(2, date(2026, 3, 10), "expired")).after
    assert expired.when(OfferPlace()).the(PlaceOffered).journey_id == "journey-3"


def test_who_passed_an_offer_waits_behind_those_who_waited_by_then_and_is_not_offered_the_same_place_again() -> None:
    case = an_agreement(signed(places=1), waits(2), offered(2), passed(2))
    case.when(OfferPlace()).refused(NothingToOffer)
    given(case, waits(3, MONDAY - timedelta(days=1))).when(OfferPlace()).then(offered(3))
    newcomer_later = given(case, waits(3, MONDAY + timedelta(days=1)), taken(9))
    freed = given(newcomer_later, PlaceFreed(journey_id="journey-9", on=MONDAY))
    freed.when(OfferPlace()).then(offered(2))


def test_an_offer_of_a_time_without_days_does_not_expire() -> None:
    case = an_agreement(signed(places=1), waits(2), PlaceOffered(journey_id="journey-2"))
    case.on(NEXT_YEAR).when(OfferPlace()).then()


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


# ── The bound that the database keeps ────────────────────────────────────────────────────────────────────────────────

KEY, NEXT = "places/tori/2026-01-01", "places/tori/2027-01-01"
TWO_YEARS = (signed(valid_to=YEAR_END), signed(valid_from=NEXT_YEAR))
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
            (QuotaMove(key=NEXT, used=1, allowed=3),),
        ),
        (TWO_YEARS, taken(1), (QuotaMove(key=KEY, used=1), QuotaMove(key=NEXT, used=1))),
        (
            TWO_YEARS,
            PlaceOccupied(journey_id="journey-1", from_on=NEXT_YEAR),
            (QuotaMove(key=NEXT, used=1),),
        ),
        (
            (*TWO_YEARS, taken(1)),
            PlaceFreed(journey_id="journey-1", on=MONDAY),
            (QuotaMove(key=KEY, used=-1), QuotaMove(key=NEXT, used=-1)),
        ),
    ],
    ids=["signed", "taken", "freed", "joined", "offered", "renewed", "taken in both", "taken later", "freed in both"],
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
    journeys.map(lambda n: PlaceOccupied(journey_id=f"journey-{n}", from_on=NEXT_YEAR)),
    journeys.map(passed),
    journeys.map(lambda n: PlaceFreed(journey_id=f"journey-{n}", on=MONDAY)),
    st.builds(waits, journeys, days),
    journeys.map(lambda n: WaitingLeft(journey_id=f"journey-{n}", reason="own_wish")),
    journeys.map(offered),
    st.just(signed(valid_from=NEXT_YEAR, places=9, valid_to=date(2027, 12, 31))),
    st.just(signed(valid_from=date(2028, 1, 1), places=9)),
)


@forall(st.lists(moved, max_size=30))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_moves_of_a_bound_add_up_to_the_places_taken(history: list[Event]) -> None:
    """Whatever happens, in whatever order: what the database counts is what the stream says."""
    state, used, allowed = None, dict[str, int](), dict[str, int]()
    for version, event in enumerate((signed(valid_to=YEAR_END), *history), start=1):
        if isinstance(event, AgreementSigned) and state and event.valid_from in {t.valid_from for t in state.terms}:
            continue  # would be refused
        after = AGREEMENTS.evolve(state, event, "agreement-tori", version)
        for move in AGREEMENTS.quota_moves(state, after):
            used[move.key] = used.get(move.key, 0) + move.used
            allowed[move.key] = allowed.get(move.key, 0) + move.allowed
        state = after
        for terms in state.terms:
            key = f"places/tori/{terms.valid_from}"
            assert (used.get(key, 0), allowed[key]) == (state.held_in(terms), terms.places)


def test_a_stream_of_one_kind_holds_no_facts_of_another() -> None:
    """Nothing is ignored: a fact in the wrong stream is a bug, and rises."""
    with pytest.raises(ValueError, match="does not belong"):
        fold(AGREEMENTS, (signed(), ALIEN), "agreement-tori")
    with pytest.raises(ValueError, match=r"starts with agreement\.signed"):
        fold(AGREEMENTS, (taken(1),), "agreement-tori")
    with pytest.raises(ValueError, match=r"starts with referral\.recorded"):
        fold(JOURNEYS, (ALIEN,), "journey-1")
