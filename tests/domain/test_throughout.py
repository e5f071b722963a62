"""At every stage: contacts, the crisis plan, challenges, and a consent that is withdrawn."""

from __future__ import annotations

from datetime import date

import pytest

from domain.decision import BeforeBeginning, DateInFuture, WrongStage
from domain.due import Due
from domain.events import (
    ChallengeDecided,
    ChallengeFiled,
    ChallengeLapsed,
    ConsentLapsed,
    ContactLogged,
    CrisisPlanChanged,
    ReferralAccepted,
    ReferralReopened,
)
from domain.persons import CARE
from domain.stages.throughout import (
    AlreadyChallenged,
    ChallengeDecision,
    ChangeCrisisPlan,
    DecideChallenge,
    LogContact,
    NoteLapsedConsent,
    RaiseReminders,
    UnknownChallenge,
    UnknownDecision,
)
from domain.states import InDelivery, Journey, Referred, Refused
from tests.domain.given import Given, given, nothing
from tests.domain.steps import (
    DECIDED,
    HELPED,
    eligibility,
    in_delivery,
    leaving,
    referred,
    refused,
)

LAST_DAY = date(2026, 4, 6)  # on which the refusal of 5 March can be challenged
SOON = date(2026, 3, 9)


def call(on: date = DECIDED) -> LogContact:
    return LogContact(on=on, channel="call", with_whom="person", reached=False)


def challenge(decision_id: str = "decision-1", *, filed_on: date = SOON) -> ChallengeDecision:
    return ChallengeDecision(decision_id=decision_id, filed_on=filed_on, grounds="I do need somebody.")


def answered(*, upheld: bool, on: date = SOON, challenge_id: str = "challenge-1") -> DecideChallenge:
    return DecideChallenge(challenge_id=challenge_id, on=on, upheld=upheld, reasons="A social worker has met her.")


def challenged() -> Given[Journey]:
    return given(refused(), SOON, challenge())


# ── Contacts and the crisis plan ─────────────────────────────────────────────────────────────────────────────────────


def test_an_attempt_that_reached_nobody_is_a_contact_too() -> None:
    referred().when(call()).then(
        ContactLogged(contact_id="contact-1", on=DECIDED, channel="call", with_whom="person", reached=False, note=None)
    )


def test_contacts_are_logged_from_the_first_day_to_long_after_the_last() -> None:
    for case in (referred(), refused(), in_delivery(), given(in_delivery(), leaving(on=HELPED))):
        assert case.when(call()).state.file.contacts == 1


def test_a_contact_is_neither_of_tomorrow_nor_from_before_the_beginning() -> None:
    referred().when(call(date(2026, 3, 6))).refused(DateInFuture, field="on")
    referred().when(call(date(2026, 3, 1))).refused(BeforeBeginning, field="on", says="2026-03-01 lies before")


def test_what_to_do_in_a_crisis_may_change_without_a_new_plan() -> None:
    change = ChangeCrisisPlan(crisis_plan="Call her sister first.")
    answer = in_delivery().when(change).then(CrisisPlanChanged(crisis_plan="Call her sister first."))
    answer.leads_to(InDelivery)
    for over in (refused(), given(in_delivery(), leaving(on=HELPED))):
        over.when(change).refused(WrongStage)


def test_a_withdrawn_consent_is_noted() -> None:
    note = NoteLapsedConsent(purpose=CARE, recipient="tori")
    answer = in_delivery().when(note).then(ConsentLapsed(purpose=CARE, recipient="tori"))
    assert answer.state.file.lapsed_consents == {(CARE, "tori")}


def test_before_the_referral_there_is_nothing_to_log() -> None:
    nothing().when(call()).refused(WrongStage, says="a referral")


# ── Challenges ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_challenge_is_answered_in_thirty_days() -> None:
    refused().on(SOON).when(challenge()).then(
        ChallengeFiled(
            challenge_id="challenge-1",
            decision_id="decision-1",
            filed_on=SOON,
            filed_by="person",
            grounds="I do need somebody.",
            due=Due(
                on=date(2026, 4, 8),
                remind_on=date(2026, 3, 31),
                escalate_on=date(2026, 4, 13),
                rule="demo.settings@2026/challenge-30-days",
            ),
        )
    )


def test_where_a_refusal_does_not_stand_the_referral_is_decided_anew() -> None:
    answer = challenged().when(answered(upheld=True)).then(ChallengeDecided, ReferralReopened)
    state = answer.leads_to(Referred)
    assert (state.file.refusal, dict(state.file.challenges)) == (None, {})
    assert state.decision_due is not None
    assert state.decision_due.on == date(2026, 3, 23)
    answer.after.when(eligibility()).the(ReferralAccepted)


def test_where_a_refusal_stands_it_stands() -> None:
    answer = challenged().when(answered(upheld=False)).then(ChallengeDecided)
    assert answer.leads_to(Refused).file.refusal == "decision-1"


def test_a_budget_and_an_exit_can_be_challenged_too() -> None:
    """There is no way back to reopen by itself: what follows is a new step of the case manager."""
    case = given(in_delivery(), leaving(on=HELPED))
    for decision in ("decision-2", "decision-3"):
        filed = case.when(challenge(decision, filed_on=HELPED)).then(ChallengeFiled)
        filed.after.when(answered(upheld=True, on=HELPED)).then(ChallengeDecided)


@pytest.mark.parametrize("decision", ["decision-1", "decision-9"])
def test_only_what_was_decided_against_somebody_can_be_challenged(decision: str) -> None:
    """The first decision was to accept."""
    in_delivery().when(challenge(decision, filed_on=HELPED)).refused(
        UnknownDecision, field="decision_id", says=decision
    )


def test_a_decision_can_be_challenged_on_the_last_day_until_its_end() -> None:
    case = given(refused(), LAST_DAY, RaiseReminders())
    case.on(LAST_DAY, hour=23).when(challenge(filed_on=LAST_DAY)).then(ChallengeFiled)


def test_after_the_last_day_it_is_too_late() -> None:
    late = date(2026, 4, 7)
    refused().on(late).when(challenge(filed_on=late)).refused(UnknownDecision, field="decision_id")


def test_the_time_of_challenge_ends_by_itself() -> None:
    lapsed = refused().on(date(2026, 4, 7)).when(RaiseReminders())
    lapsed.then(ChallengeLapsed(decision_id="decision-1", deadline_id="challenge-window:decision-1:2026-04-06"))
    lapsed.after.when(challenge(filed_on=SOON)).refused(UnknownDecision, field="decision_id")


def test_a_decision_is_challenged_once_at_a_time() -> None:
    challenged().when(challenge()).refused(AlreadyChallenged, field="decision_id")
    given(challenged(), answered(upheld=False)).when(challenge()).then(ChallengeFiled)


def test_only_an_open_challenge_is_decided() -> None:
    for case in (refused(), given(challenged(), answered(upheld=False))):
        case.on(SOON).when(answered(upheld=True)).refused(UnknownChallenge, field="challenge_id", says="challenge-1")


def test_a_challenge_and_its_answer_are_not_of_tomorrow() -> None:
    refused().on(SOON).when(challenge(filed_on=date(2026, 3, 10))).refused(DateInFuture, field="filed_on")
    challenged().when(answered(upheld=True, on=date(2026, 3, 10))).refused(DateInFuture, field="on")


def test_a_challenge_is_not_from_before_the_beginning() -> None:
    refused().on(SOON).when(challenge(filed_on=date(2026, 3, 1))).refused(BeforeBeginning, field="filed_on")


def test_refused_again_the_new_refusal_can_be_challenged_too() -> None:
    again = given(challenged(), answered(upheld=True), eligibility(without=("target_group",), reasons="Not shown."))
    assert again.known.file.refusal == "decision-2"
    again.when(challenge("decision-2")).then(ChallengeFiled)
