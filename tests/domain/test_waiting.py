"""Who gets a place, and who waits for one, in which order, and from when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.decision import WrongStage
from domain.events import (
    AgreementSigned,
    Event,
    PlaceAwaited,
    PlaceOccupied,
    PlaceOffered,
    PlaceReceived,
    ReferralAccepted,
    WaitingJoined,
    WaitingLeft,
)
from domain.stages.placing import (
    AcceptPlace,
    NoAgreement,
    NotOffered,
    PlaceTaken,
    PlaceTooFarOff,
    RequestPlace,
    WaitsAlready,
    WaitsForNoPlace,
)
from domain.states import AwaitingAssessment, AwaitingPlan, Journey, Place, Waiting
from tests.domain.given import JOURNEY, MONDAY, SOURCED, Given, given, signed
from tests.domain.steps import ASSESSED, DECIDED, accepted, assessment, eligibility, leaving, postponed, referred

FULL: tuple[Event, ...] = (signed(places=1), PlaceOccupied(journey_id="journey-9", from_on=date(2026, 1, 5)))


def joined(journey: str, since: date, *, place_from: date | None = None) -> WaitingJoined:
    return WaitingJoined(journey_id=journey, municipality="tori", since=since, place_from=place_from or since)


def waiting(*before: Event) -> Given[Journey]:
    """Eligible, but every place is taken."""
    return given(referred().in_agreement(*FULL, *before), eligibility(), ASSESSED)


OFFERED = PlaceOffered(journey_id=JOURNEY)


def test_a_place_and_the_journey_s_fact_are_one_step() -> None:
    referred().when(eligibility()).agreement_then(
        PlaceOccupied(journey_id=JOURNEY, from_on=DECIDED, reserved_on=DECIDED)
    )


def test_without_a_free_place_an_eligible_person_waits() -> None:
    case = referred().in_agreement(*FULL)
    answer = case.when(eligibility()).then(ReferralAccepted, PlaceAwaited(agreement="tori", since=MONDAY, ahead=0))
    answer.agreement_then(joined(JOURNEY, MONDAY, place_from=DECIDED))
    assert answer.leads_to(Waiting).since == MONDAY


@pytest.mark.parametrize(("since", "ahead"), [(date(2026, 2, 20), 1), (MONDAY, 1), (date(2026, 3, 3), 0)])
def test_who_was_complete_no_later_is_ahead(since: date, ahead: int) -> None:
    """The order is that of complete applications; of those of one day, who joined first goes first."""
    case = referred().in_agreement(*FULL, joined("journey-8", since))
    assert case.when(eligibility()).the(PlaceAwaited).ahead == ahead


def test_nobody_overtakes_who_waits_although_a_place_is_free() -> None:
    free_but_awaited = (signed(places=2), FULL[1], joined("journey-8", MONDAY))
    referred().in_agreement(*free_but_awaited).when(eligibility()).then(ReferralAccepted, PlaceAwaited)


def test_a_place_that_was_offered_is_taken_and_the_assessment_begins() -> None:
    answer = waiting().also_in_agreement(OFFERED).when(AcceptPlace()).then(PlaceReceived)
    answer.agreement_then(PlaceOccupied(journey_id=JOURNEY, from_on=ASSESSED, reserved_on=ASSESSED))
    assert answer.leads_to(AwaitingAssessment).file.place == Place(agreement="tori", from_on=ASSESSED)
    agreement = answer.after.agreement
    assert agreement is not None
    assert not agreement.waiting
    assert not agreement.offers


def test_a_place_that_was_not_offered_is_not_taken() -> None:
    """Else a journey could step before those who have waited longer."""
    waiting().when(AcceptPlace()).refused(NotOffered)
    waiting().also_in_agreement(PlaceOffered(journey_id="journey-8")).when(AcceptPlace()).refused(NotOffered)


def test_who_waits_for_no_place_takes_none() -> None:
    for case in (accepted(), postponed(), given(waiting(), leaving("own_wish", on=ASSESSED))):
        case.when(AcceptPlace()).refused(WaitsForNoPlace)


def test_who_leaves_while_waiting_leaves_the_order_too() -> None:
    answer = waiting().also_in_agreement(OFFERED).when(leaving("own_wish", on=ASSESSED))
    answer.agreement_then(WaitingLeft(journey_id=JOURNEY, reason="own_wish", on=ASSESSED))
    agreement = answer.after.agreement
    assert agreement is not None
    assert (agreement.waiting, dict(agreement.offers)) == ((), {})


# ── Without an agreement ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_municipality_without_an_agreement_has_no_places() -> None:
    referred().in_agreement().when(eligibility()).refused(NoAgreement, says="tori")


def test_an_agreement_that_has_ended_gives_no_places() -> None:
    last_day = signed(valid_to=DECIDED)
    referred().in_agreement(last_day).when(eligibility()).then(ReferralAccepted, PlaceReceived)
    referred().in_agreement(last_day).on(date(2026, 3, 6)).when(eligibility()).refused(NoAgreement)


def test_another_municipality_s_agreement_gives_no_places() -> None:
    elsewhere = signed().model_copy(update={"municipalities": ("tartu",)})
    referred().in_agreement(elsewhere).when(eligibility()).refused(NoAgreement)


def test_a_place_can_be_postponed_only_under_an_agreement() -> None:
    """After 2022 the sources know of no agreement."""
    still_served = eligibility(but={"no_state_special_care": False}, override="All else holds.")
    case = referred().under(SOURCED)
    findings = tuple(
        each for each in still_served.findings if each.condition in ("target_group", "no_state_special_care")
    )
    case.when(still_served.model_copy(update={"findings": findings})).refused(NoAgreement)


# ── The place that had to wait for the end of a state service ────────────────────────────────────────────────────────


def test_a_postponed_place_is_asked_for_when_the_end_is_known() -> None:
    answer = postponed().when(RequestPlace(from_on=date(2026, 4, 1))).then(PlaceReceived)
    answer.agreement_then(PlaceOccupied(journey_id=JOURNEY, from_on=date(2026, 4, 1), reserved_on=ASSESSED))
    assert answer.leads_to(AwaitingAssessment).file.place == Place(agreement="tori", from_on=date(2026, 4, 1))


def test_a_place_that_comes_later_leaves_the_journey_where_it_is() -> None:
    answer = given(postponed(), assessment()).when(RequestPlace(from_on=date(2026, 4, 1)))
    assert answer.leads_to(AwaitingPlan).file.place is not None


def test_a_postponed_place_may_have_to_be_waited_for_while_planning_goes_on() -> None:
    case = given(postponed(), assessment()).in_agreement(*FULL)
    state = case.when(RequestPlace(from_on=date(2026, 4, 1))).then(PlaceAwaited).leads_to(AwaitingPlan)
    assert state.file.waits_for_place


def test_a_place_that_was_waited_for_never_starts_before_the_state_service_ends() -> None:
    """Else the same person would be paid for twice."""
    case = given(postponed().in_agreement(*FULL), RequestPlace(from_on=date(2026, 6, 1)))
    offered = case.also_in_agreement(OFFERED)
    assert offered.on(date(2026, 4, 1)).when(AcceptPlace()).the(PlaceReceived).from_on == date(2026, 6, 1)
    assert offered.on(date(2026, 7, 1)).when(AcceptPlace()).the(PlaceReceived).from_on == date(2026, 7, 1)


def test_nobody_stands_in_the_order_twice() -> None:
    ask = RequestPlace(from_on=date(2026, 6, 1))
    given(postponed().in_agreement(*FULL), ask).when(ask).refused(WaitsAlready)


def test_nobody_has_two_places() -> None:
    accepted().when(RequestPlace(from_on=date(2026, 6, 1))).refused(PlaceTaken)


def test_a_place_is_asked_for_from_today_on_and_within_a_year() -> None:
    """What lies behind cannot be given any more, and a place kept for ever is nobody's."""
    case = postponed()
    for from_on in (date(2026, 3, 4), date(2199, 1, 1)):
        case.when(RequestPlace(from_on=from_on)).refused(PlaceTooFarOff, field="from_on", says=str(from_on))


def test_a_place_is_asked_for_only_by_who_was_accepted() -> None:
    referred().when(RequestPlace(from_on=date(2026, 6, 1))).refused(WrongStage)
    waiting().when(RequestPlace(from_on=date(2026, 6, 1))).refused(WaitsAlready)


def test_who_waits_in_an_agreement_that_their_town_has_left_waits_on_in_the_one_in_force() -> None:
    """Else nobody would ever offer them a place."""
    again = waiting()
    elsewhere = tuple(
        each.model_copy(update={"agreement": "saare"}) if isinstance(each, AgreementSigned) else each for each in FULL
    )
    case = replace(again, agreement_events=elsewhere)
    answer = case.when(RequestPlace(from_on=ASSESSED)).then(PlaceAwaited)
    answer.agreement_then(WaitingJoined)
    assert answer.leads_to(Waiting).file.waits_in == "saare"
