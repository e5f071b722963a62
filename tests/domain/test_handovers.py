"""A caseload goes over in one order, in turn to those who share it, and comes back as far as it is still theirs."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from domain.care import CaseResult
from domain.deciders import HANDOVERS
from domain.decision import Actor, NotForThisRole, Role
from domain.events import CaseManagerAppointed, CasesGivenBack, CasesHandedOver, HandOverOrdered, HandOverUndone
from domain.handovers import (
    HandedOverTwice,
    HandOver,
    HandOverCaseload,
    NoteCases,
    NotOverYet,
    UndoHandOver,
    UndoneAlready,
)
from domain.stages.handing_over import HandOverCase
from domain.stages.referral import AppointCaseManager
from tests.domain.given import CASE_MANAGER, TOWN, Given, given
from tests.domain.steps import HELPED, accepted, in_delivery, leaving, refused

LEAD = Actor(id="lead.tori", role=Role.LEAD, municipality=TOWN)
CASES = ("journey-1", "journey-2", "journey-3")


def order(**changes: object) -> HandOverCaseload:
    told: dict[str, object] = {
        "municipality": TOWN,
        "from_manager": "mari",
        "to": ("jaan", "tiina"),
        "journeys": CASES,
        "reason": "On sick leave.",
    }
    return HandOverCaseload.model_validate({**told, **changes})


def nothing() -> Given[HandOver]:
    return Given(decider=HANDOVERS, stream_id="handover-1", actor=LEAD)


def noted(*codes: str, back: bool = False) -> NoteCases:
    results = tuple(
        CaseResult(journey_id=each, case_manager=None, code=code) for each, code in zip(CASES, codes, strict=False)
    )
    return NoteCases(back=back, results=results)


def case(to: str = "jaan", from_manager: str = "mari", municipality: str = TOWN) -> HandOverCase:
    return HandOverCase(handover_id="handover-1", municipality=municipality, from_manager=from_manager, to=to)


# ── The order ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_cases_go_in_turn_to_those_who_share_them() -> None:
    ordered = nothing().when(order()).then(HandOverOrdered)
    assert [ordered.state.receiver(each) for each in CASES] == ["jaan", "tiina", "jaan"]


def test_only_what_went_over_comes_back() -> None:
    done = given(nothing(), order(), noted("handed_over", "not_theirs", "handed_over"))
    assert done.known.to_give_back == ("journey-1", "journey-3")
    undone = done.when(UndoHandOver(reason="Well again.")).then(HandOverUndone)
    back = undone.after.when(noted("handed_over", back=True)).then(CasesGivenBack)
    assert back.state.given_back["journey-1"].code == "handed_over"
    undone.after.when(UndoHandOver(reason="Once more.")).refused(UndoneAlready)


def test_what_is_under_way_is_not_taken_back() -> None:
    half = given(nothing(), order()).when(noted("handed_over")).then(CasesHandedOver)
    half.after.when(UndoHandOver(reason="Well again.")).refused(NotOverYet, says="of 3 cases 1")
    half.after.when(order()).refused(HandedOverTwice)


def test_a_case_manager_does_not_hand_over_by_themselves() -> None:
    Given(decider=HANDOVERS, stream_id="handover-1", actor=CASE_MANAGER).when(order()).refused(NotForThisRole)


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": ("mari",)},
        {"to": ("jaan", "jaan")},
        {"to": ()},
        {"journeys": ("journey-1", "journey-1")},
        {"journeys": ()},
    ],
)
def test_an_order_that_makes_no_sense_is_not_one(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        order(**wrong)


# ── One case ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_case_goes_to_the_other_and_says_as_part_of_what() -> None:
    theirs = given(accepted(), AppointCaseManager(case_manager="mari"))
    answer = theirs.when(case()).then(CaseManagerAppointed(case_manager="jaan", handover_id="handover-1"))
    assert [row.code for row in answer.decided.rows] == ["handed_over"]


def test_a_case_that_is_somebody_else_s_by_now_stays_with_them() -> None:
    for other in (accepted(), given(accepted(), AppointCaseManager(case_manager="tiina"))):
        answer = other.when(case()).then()
        assert [row.code for row in answer.decided.rows] == ["not_theirs"]
    elsewhere = given(accepted(), AppointCaseManager(case_manager="mari")).when(case(municipality="tapa")).then()
    assert [row.code for row in elsewhere.decided.rows] == ["not_theirs"]


def test_a_journey_that_has_ended_is_nobody_s_case() -> None:
    for ended in (refused(), given(in_delivery(), leaving(on=HELPED))):
        assert [row.code for row in ended.when(case()).then().decided.rows] == ["ended"]
