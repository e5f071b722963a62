"""Referral: who may begin a journey, what completes an application, and who the case manager is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.deciders import NotInTheProgramme
from domain.decision import BeforeBeginning, DateInFuture, WrongStage
from domain.due import Due
from domain.events import CaseManagerAppointed, ReferralCompleted, ReferralRecorded
from domain.persons import UnknownPerson
from domain.stages.referral import (
    AppointCaseManager,
    CompleteApplication,
    ConsentMissing,
    Incomplete,
    JourneyExists,
    NobodyRepresents,
)
from domain.states import Membership, Referred
from tests.domain.given import MONDAY, given, nothing, person
from tests.domain.steps import accepted, eligibility, leaving, referral, referred, refused

TUESDAY = MONDAY + timedelta(days=1)


def test_somebody_notices_and_a_journey_begins() -> None:
    nothing().when(referral()).then(
        ReferralRecorded(
            person_id="person-1",
            municipality="tori",
            noticed_by="relative",
            noticed_on=MONDAY,
            reason="Has not left the flat for weeks.",
            agreed_on=MONDAY,
            agreed_by="person",
            rights_explained_on=MONDAY,
            complete_on=MONDAY,
            decision_due=Due(
                on=date(2026, 3, 16),
                remind_on=date(2026, 3, 9),
                escalate_on=date(2026, 3, 19),
                rule="demo.settings@2026/decision-10-working-days",
            ),
            first_contact_due=Due(
                on=date(2026, 3, 5),
                remind_on=date(2026, 2, 26),
                escalate_on=date(2026, 3, 10),
                rule="demo.settings@2026/first-contact-3-working-days",
            ),
            first_help_due=Due(
                on=date(2026, 5, 4),  # sixty days end on the 1st, a public holiday, and a Friday
                remind_on=date(2026, 4, 24),
                escalate_on=date(2026, 5, 7),
                rule="demo.settings@2026/first-help-60-days",
            ),
        )
    ).leads_to(Referred)


def test_a_journey_belongs_to_its_municipality_from_the_day_on_which_somebody_noticed() -> None:
    assert referred().known.file.memberships == (Membership(municipality="tori", from_on=MONDAY),)


def test_independence_day_is_not_one_of_the_ten_working_days() -> None:
    """From Thursday 12 February 2026, ten working days end on the 27th, since Tuesday the 24th is a public holiday."""
    thursday = date(2026, 2, 12)
    due = nothing().on(thursday).when(referral(on=thursday, complete_on=thursday)).the(ReferralRecorded).decision_due
    assert due is not None
    assert due.on == date(2026, 2, 27)


def test_nobody_begins_a_journey_for_a_person_who_did_not_consent() -> None:
    elsewhere = person(municipality="tartu")
    nothing().about(elsewhere).when(referral()).refused(ConsentMissing, field="person_id", says="tori")


def test_a_journey_needs_a_person() -> None:
    nothing().about(None).when(referral()).refused(UnknownPerson, field="person_id", says="person-1")


def test_a_representative_agrees_only_for_who_has_one() -> None:
    nothing().when(referral(agreed_by="representative")).refused(NobodyRepresents, field="agreed_by")
    nothing().about(person(represented=True)).when(referral(agreed_by="representative")).then(ReferralRecorded)


def test_a_municipality_that_does_not_exist_is_not_in_the_programme() -> None:
    nothing().about(person(municipality="narnia")).when(referral(municipality="narnia")).refused(
        NotInTheProgramme, says="narnia"
    )


def test_a_day_before_the_programme_began_is_not_in_the_programme() -> None:
    long_ago = date(2025, 12, 1)
    nothing().when(referral(on=long_ago, complete_on=long_ago)).refused(NotInTheProgramme, says="01.12.2025")


@pytest.mark.parametrize("field", ["noticed_on", "agreed_on", "rights_explained_on", "complete_on"])
def test_what_has_not_happened_cannot_be_recorded(field: str) -> None:
    command = referral().model_copy(update={field: TUESDAY})
    nothing().when(command).refused(DateInFuture, field=field, says="2026-03-03 has not come yet")


def test_an_application_is_not_complete_before_anybody_noticed() -> None:
    before = MONDAY - timedelta(days=1)
    nothing().when(referral(complete_on=before)).refused(BeforeBeginning, field="complete_on")
    given(nothing(), referral(complete_on=None)).when(CompleteApplication(complete_on=before)).refused(
        BeforeBeginning, field="complete_on", says="2026-03-01 lies before 2026-03-02"
    )


def test_a_journey_begins_once() -> None:
    referred().when(referral()).refused(JourneyExists)


def test_nothing_but_a_referral_begins_a_journey() -> None:
    nothing().when(CompleteApplication(complete_on=MONDAY)).refused(WrongStage, says="a referral")


def test_the_clock_of_the_decision_starts_when_the_application_is_complete() -> None:
    incomplete = given(nothing(), referral(complete_on=None), TUESDAY)
    assert incomplete.known == Referred(file=incomplete.known.file, decision_due=None)

    completed = incomplete.when(CompleteApplication(complete_on=TUESDAY)).the(ReferralCompleted)
    assert (completed.complete_on, completed.decision_due.on) == (TUESDAY, date(2026, 3, 17))


def test_an_incomplete_application_cannot_be_decided() -> None:
    given(nothing(), referral(complete_on=None)).when(eligibility()).refused(Incomplete)


def test_an_application_is_completed_once() -> None:
    referred().when(CompleteApplication(complete_on=MONDAY)).refused(WrongStage)


def test_a_completion_in_future_is_refused() -> None:
    given(nothing(), referral(complete_on=None)).when(CompleteApplication(complete_on=TUESDAY)).refused(
        DateInFuture, field="complete_on"
    )


def test_the_last_case_manager_named_counts() -> None:
    first, second = (AppointCaseManager(case_manager=f"case_manager.{name}") for name in ("kadri", "juhan"))
    taken_over = given(accepted(), first).when(second).then(CaseManagerAppointed(case_manager="case_manager.juhan"))
    assert taken_over.state.file.case_manager == "case_manager.juhan"


def test_a_journey_that_is_over_gets_no_case_manager() -> None:
    appoint = AppointCaseManager(case_manager="case_manager.kadri")
    for over in (refused(), given(accepted(), leaving("own_wish", on=MONDAY))):
        over.when(appoint).refused(WrongStage)
