"""A place that is offered: accepted, declined with a reason, or not answered in time; each passes on as it should."""

from __future__ import annotations

from datetime import date

import pytest

from domain import journey
from domain.events import (
    Event,
    OfferDeclined,
    OfferLapsed,
    OfferPassed,
    OfferReceived,
    PlaceOccupied,
    PlaceOffered,
    PlacePostponed,
    PlaceReceived,
    UrgencyRecorded,
    WaitingJoined,
    WaitingLeft,
    WaitingRanked,
)
from domain.places import OfferPlace
from domain.stages.placing import (
    AcceptPlace,
    DeclinePlace,
    NoAgreement,
    NoteLapsedOffer,
    NotOffered,
    OfferExpired,
    OfferStands,
    PlaceTaken,
    ReceiveOffer,
    RecordUrgency,
    RequestPlace,
    WaitsForNoPlace,
)
from domain.states import AwaitingAssessment, Journey, OfferedPlace, Waiting, waits_for
from tests.domain.given import JOURNEY, Given, an_agreement, given, signed
from tests.domain.steps import ASSESSED, accepted, eligibility, leaving, postponed, referred

FULL: tuple[Event, ...] = (signed(places=1), PlaceOccupied(journey_id="journey-9", from_on=date(2026, 1, 5)))
LAST_DAY = date(2026, 3, 19)  # five working days after the 12th
TOO_FAR = DeclinePlace(reason="Too far from her mother.")
GONE = DeclinePlace(reason="Has found help elsewhere.", keep_waiting=False)


def waiting() -> Given[Journey]:
    return given(referred().in_agreement(*FULL), eligibility(), ASSESSED)


def made_in(case: Given[Journey]) -> PlaceOffered:
    """The offer that the agreement makes once it has a place more."""
    agreement = an_agreement(*case.agreement_events).on(ASSESSED)
    more = given(agreement, signed(valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31)))  # changes nothing
    freed = an_agreement(signed(places=2), *more.events[1:]).on(ASSESSED)
    return freed.when(OfferPlace()).the(PlaceOffered)


def offered(*before: Event) -> Given[Journey]:
    case = waiting().also_in_agreement(*before)
    two_places = (signed(places=2), *case.agreement_events[1:])
    return case.in_agreement(*two_places, made_in(case))


def received() -> Given[Journey]:
    return given(offered(), ReceiveOffer())


def test_an_offer_stands_for_the_working_days_that_the_settings_give() -> None:
    offer = made_in(waiting())
    assert offer.expires is not None
    assert (offer.from_on, offer.expires.on) == (ASSESSED, LAST_DAY)
    assert offer.expires.rule == "demo.settings@2026/offer-5-working-days"


def test_the_journey_is_told_and_the_day_is_a_deadline_of_the_case_manager() -> None:
    case = offered()
    state = case.when(ReceiveOffer()).then(OfferReceived).leads_to(Waiting)
    assert state.file.offer == OfferedPlace(agreement="tori", from_on=ASSESSED, expires=made_in(waiting()).expires)
    assert waits_for(state) == "an answer to the place that was offered"
    assert ("offer", LAST_DAY) in {(wake.deadline.what, wake.deadline.due.on) for wake in journey.pending(state)}


def test_the_person_accepts_until_the_last_day() -> None:
    case = received().on(LAST_DAY, hour=23)
    answer = case.when(AcceptPlace()).then(PlaceReceived)
    answer.agreement_then(PlaceOccupied(journey_id=JOURNEY, from_on=LAST_DAY, reserved_on=LAST_DAY))
    assert answer.leads_to(AwaitingAssessment).file.offer is None
    agreement = answer.after.agreement
    assert agreement is not None
    assert [(each.made_on, each.over_on) for each in agreement.past_offers] == [(ASSESSED, LAST_DAY)]


def test_who_is_quicker_than_the_message_accepts_all_the_same() -> None:
    offered().when(AcceptPlace()).then(PlaceReceived)


def test_an_offer_is_neither_accepted_nor_declined_after_its_last_day() -> None:
    for answer in (AcceptPlace(), TOO_FAR, ReceiveOffer()):
        received().on(date(2026, 3, 20)).when(answer).refused(OfferExpired, says=str(LAST_DAY))


def test_who_declines_waits_on_by_the_day_of_declining() -> None:
    answer = received().when(TOO_FAR).then(OfferDeclined(reason=TOO_FAR.reason, keeps_waiting=True))
    answer.agreement_then(OfferPassed(journey_id=JOURNEY, reason="declined", on=ASSESSED))
    assert answer.leads_to(Waiting).file.offer is None
    agreement = answer.after.agreement
    assert agreement is not None
    assert [each.passed_on for each in agreement.waiting] == [ASSESSED]
    assert not agreement.offers


def test_who_does_not_want_to_wait_any_more_leaves_the_order_and_may_ask_again() -> None:
    answer = received().when(GONE).then(OfferDeclined, PlacePostponed)
    answer.agreement_then(WaitingLeft(journey_id=JOURNEY, reason="declined", on=ASSESSED))
    assert not answer.leads_to(AwaitingAssessment).file.waits_for_place
    answer.after.when(RequestPlace(from_on=date(2026, 6, 1))).then(PlaceReceived)


def test_an_offer_that_lapsed_is_noted_and_the_person_waits_on() -> None:
    passed = OfferPassed(journey_id=JOURNEY, reason="expired", on=date(2026, 3, 20))
    lapsed = received().on(date(2026, 3, 20)).also_in_agreement(passed)
    assert lapsed.when(NoteLapsedOffer()).then(OfferLapsed(expired_on=LAST_DAY)).leads_to(Waiting).file.offer is None
    received().when(NoteLapsedOffer()).refused(OfferStands)
    waiting().when(NoteLapsedOffer()).refused(NotOffered)


def test_an_offer_lapses_although_the_agreement_has_ended_meanwhile() -> None:
    ended = received().agreement_events
    last_day = (signed(places=2, valid_to=LAST_DAY), *ended[1:])
    passed = OfferPassed(journey_id=JOURNEY, reason="expired", on=date(2026, 3, 20))
    case = received().in_agreement(*last_day).on(date(2026, 3, 20))
    an_agreement(*last_day).on(date(2026, 3, 20)).when(OfferPlace()).then(passed)
    case.also_in_agreement(passed).when(NoteLapsedOffer()).then(OfferLapsed)
    case.when(AcceptPlace()).refused(NoAgreement)


def test_who_passed_an_offer_may_still_take_a_place_that_nobody_else_is_to_be_offered() -> None:
    passed = given(received(), TOO_FAR)
    passed.when(AcceptPlace()).then(PlaceReceived)
    other = WaitingJoined(journey_id="journey-8", municipality="tori", since=ASSESSED, place_from=ASSESSED)
    passed.also_in_agreement(other).when(AcceptPlace()).refused(NotOffered)


@pytest.mark.parametrize("command", [AcceptPlace(), TOO_FAR, ReceiveOffer(), NoteLapsedOffer()], ids=lambda c: c.name)
def test_nothing_is_answered_that_was_not_asked(command: AcceptPlace) -> None:
    for case in (accepted(), postponed(), given(waiting(), leaving("own_wish", on=ASSESSED))):
        case.when(command).refused(WaitsForNoPlace)
    waiting().when(command).refused(NotOffered)


# ── Urgency ──────────────────────────────────────────────────────────────────────────────────────────────────────────

URGENT = RecordUrgency(urgent=True, reason="Sleeps outside.")


def test_urgency_is_told_to_the_order_without_its_reason() -> None:
    answer = waiting().when(URGENT).then(UrgencyRecorded(urgent=True, reason="Sleeps outside."))
    answer.agreement_then(WaitingRanked(journey_id=JOURNEY, urgent=True))


def test_urgency_that_was_known_before_is_so_from_the_first_day_of_waiting() -> None:
    case = given(referred().in_agreement(*FULL), URGENT)
    assert case.when(eligibility()).the(WaitingJoined).urgent


def test_what_has_a_place_is_not_urgent() -> None:
    accepted().when(URGENT).refused(PlaceTaken)


def test_the_word_of_an_answer_stays_in_the_journey() -> None:
    """The agreement is read by all its municipalities."""
    facts = [*received().when(TOO_FAR).decided.agreement, *waiting().when(URGENT).decided.agreement]
    assert all("mother" not in str(fact) and "outside" not in str(fact) for fact in facts)
