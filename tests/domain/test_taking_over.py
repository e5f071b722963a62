"""A case that runs elsewhere begins here where it stands: nothing of it is asked again, and nothing is paid twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain import journey
from domain.care import Goal, RunningAssessment, RunningLine, RunningPlan
from domain.decision import BeforeBeginning, Command, DateInFuture
from domain.deliveries import NotCommitted, ToldElsewhere
from domain.double_funding import DoubleFunding
from domain.events import (
    AssessmentTakenOver,
    BudgetTakenOver,
    CaseManagerAppointed,
    EntitlementRecorded,
    JourneyTakenOver,
    PlaceAwaited,
    PlaceOccupied,
    PlaceReceived,
    PlanAgreed,
    PlanDrafted,
    ReferralAccepted,
    ReferralRecorded,
    WaitingJoined,
)
from domain.ledger import Account
from domain.pricing import NoPriceInForce
from domain.stages.budgeting import OverYearlyCap
from domain.stages.placing import NoPlaceLeft, PlaceTooFarOff
from domain.stages.planning import NotUnderContract, TwiceTheSame, UnknownGoal, UnknownLifeArea
from domain.stages.referral import ConsentMissing, JourneyExists
from domain.stages.taking_over import (
    MissingToStandThere,
    NotYoursToTakeOver,
    NumbersOutOfOrder,
    PlanOver,
    TakeOverJourney,
    TooMuchToStandThere,
)
from domain.states import AwaitingAssessment, AwaitingPlan, InDelivery, Journey, Waiting
from domain.trail import Source, line_trail
from tests.domain.given import (
    BASE_SUPPORT,
    COORDINATOR,
    JOURNEY,
    PERSON,
    PROGRAMME,
    PROVIDER,
    Given,
    a_person,
    consented,
    contracted,
    given,
    nothing,
    provider,
    registered,
    signed,
)
from tests.domain.steps import OUT, claim, leaving, line, order, paid, review, visit
from tests.domain.telling_when import recorded
from tests.domain.test_budgeting import five_numbers

TODAY, BEFORE = date(2026, 6, 10), date(2026, 6, 9)
REFERRED, COMPLETE, PLACED, ASSESSED, AGREED = (
    date(2026, 1, 12), date(2026, 1, 14), date(2026, 2, 2), date(2026, 2, 9), date(2026, 2, 20),
)  # fmt: skip
RUNNING = line(starts_on=date(2026, 3, 1), ends_on=date(2026, 12, 31), minutes=2400)
REVIEW = date(2026, 9, 1)


def running(
    numbers: tuple[int, int, int, int, int] = (128000, 100000, 60000, 50000, 40000), **other: object
) -> RunningLine:
    """Allocated, committed, delivered, accepted, paid, in cents."""
    names = ("allocated_cents", "committed_cents", "delivered_cents", "accepted_cents", "paid_cents")
    return RunningLine.model_validate({"line": RUNNING} | dict(zip(names, numbers, strict=True)) | other)


def take_over(standing: str = "delivery", /, **otherwise: object) -> TakeOverJourney:
    told: dict[str, object] = {
        "person_id": PERSON, "municipality": "tori", "source": "cases.xlsx", "file_digest": "a" * 64, "row": 2,
        "case": "TORI-17", "balances_on": BEFORE, "standing": standing, "referred_on": REFERRED, "agreed_on": REFERRED,
        "rights_explained_on": REFERRED, "complete_on": COMPLETE,
    }  # fmt: skip
    if standing != "waiting":
        told |= {"case_manager": "case_manager.tori", "place_from": PLACED}
    if standing in ("planning", "delivery"):
        told["assessment"] = RunningAssessment(on=ASSESSED, need_by_life_area={"mental_health": 3})
    if standing == "delivery":
        told["plan"] = RunningPlan(
            main_goal="To walk to the sea.", goals=(OUT,), crisis_plan="Call the neighbour.", agreed_on=AGREED
        )
        told |= {"lines": (running(),), "review_due": REVIEW}
    return TakeOverJourney.model_validate(told | otherwise)


def today(*steps: Command | date) -> Given[Journey]:
    return given(nothing().on(TODAY), *steps)


# ── Where it begins ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_case_in_delivery_is_brought_to_where_it_stands_in_one_decision() -> None:
    answer = today().when(take_over())
    answer.then(
        ReferralRecorded, JourneyTakenOver, ReferralAccepted, PlaceReceived, CaseManagerAppointed, AssessmentTakenOver,
        PlanDrafted, PlanAgreed, BudgetTakenOver,
    )  # fmt: skip
    answer.agreement_then(PlaceOccupied(journey_id=JOURNEY, from_on=PLACED, reserved_on=TODAY))
    state = answer.leads_to(InDelivery)
    assert (state.review_kind, state.review_due.on) == ("progress", REVIEW)
    assert state.file.case_manager == "case_manager.tori"
    assert state.file.plan_in_force is not None
    assert state.file.plan_in_force.goals == (OUT,)
    assert state.file.plan_ends is not None
    assert state.file.plan_ends.on == RUNNING.ends_on


def test_where_it_comes_from_is_kept_and_nothing_is_invented() -> None:
    answer = today().when(take_over())
    origin = answer.state.file.origin
    assert origin is not None
    assert (origin.source, origin.file_digest, origin.row, origin.case) == ("cases.xlsx", "a" * 64, 2, "TORI-17")
    assert (origin.on, origin.balances_on) == (TODAY, BEFORE)
    accepted = answer.the(ReferralAccepted)
    assert (accepted.rules, accepted.conditions, accepted.trace) == ("taken_over", (), ())
    assert answer.the(PlanDrafted).author_role == "taken_over"
    assert answer.state.file.assessments[0].instrument == "taken_over"
    assert not answer.state.file.challengeable


def test_without_degrees_there_is_no_assessment() -> None:
    assert today().when(take_over(assessment=None)).leads_to(InDelivery).file.assessments == ()


def test_the_other_standings_go_on_from_there() -> None:
    assert today().when(take_over("assessment")).leads_to(AwaitingAssessment).file.place is not None
    assert today().when(take_over("planning")).leads_to(AwaitingPlan).file.highest_need == 3
    full = today().in_agreement(signed(places=1), PlaceOccupied(journey_id="journey-9", from_on=date(2026, 1, 1)))
    answer = full.when(take_over("waiting"))
    answer.agreement_then(
        WaitingJoined(journey_id=JOURNEY, municipality="tori", since=COMPLETE, place_from=TODAY, urgent=False)
    )
    assert answer.the(PlaceAwaited).ahead == 0
    assert answer.leads_to(Waiting).since == COMPLETE


def test_a_review_that_nobody_planned_is_due_as_after_a_new_budget() -> None:
    state = today().when(take_over(review_due=None)).leads_to(InDelivery)
    assert state.review_due.on == date(2026, 9, 10)
    assert state.progress_note_due is not None
    assert state.progress_note_due.on == date(2026, 8, 10)


def test_a_review_comes_as_for_everybody() -> None:
    case = today(take_over(), REVIEW)
    assert case.when(review(on=REVIEW)).leads_to(InDelivery).review_due.on > REVIEW


# ── The books ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_five_numbers_are_those_of_the_file_and_the_books_balance() -> None:
    case = today(take_over())
    assert five_numbers(case) == (128000, 100000, 60000, 50000, 40000)
    balances = case.known.file.accounts["recovery"].balances
    assert balances == {
        Account.FUNDING: -128000, Account.AVAILABLE: 28000, Account.ORDERED: 40000, Account.DELIVERED: 10000,
        Account.PAYABLE: 10000, Account.PAID: 40000,
    }  # fmt: skip
    assert sum(balances.values()) == 0


def test_the_bounds_in_the_database_begin_with_the_same_numbers() -> None:
    moves = {
        move.key.rsplit("/", 1)[1]: (move.used, move.allowed)
        for move in journey.quota_moves(None, today(take_over()).known)
        if move.key.startswith("line/")
    }
    assert moves == {
        "committed": (100000, 128000), "delivered": (60000, 100000), "accepted": (50000, 60000), "paid": (40000, 50000),
    }  # fmt: skip


def test_help_goes_on_within_what_is_left_of_the_order() -> None:
    case = today(take_over(), visit(on=TODAY, minutes=60))
    assert five_numbers(case) == (128000, 100000, 63200, 50000, 40000)
    case.when(visit(on=TODAY, minutes=700)).refused(NotCommitted, field="minutes", says="368.00 euros ordered")
    assert five_numbers(given(case, order(minutes=60)))[1] == 103200


def test_what_was_delivered_before_cannot_be_told_again() -> None:
    today(take_over()).when(visit(on=BEFORE)).refused(ToldElsewhere, field="day", says="up to and including 2026-06-09")


def test_only_new_help_is_claimed() -> None:
    case = today(take_over(), visit(on=TODAY, minutes=60))
    assert five_numbers(given(case, claim("delivery-1"))) == (128000, 100000, 63200, 53200, 40000)
    assert [each.claimable for each in case.known.file.deliveries.values()] == [3200]


def test_at_an_exit_the_share_of_the_days_gone_by_stays() -> None:
    case = today(take_over())
    after = given(case, leaving(on=TODAY))
    allocated, committed, delivered, *_ = five_numbers(after)
    assert (allocated, committed, delivered) == (60000, 60000, 60000)


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ((100, 101, 0, 0, 0), "committed_cents"),
        ((100, 50, 51, 0, 0), "delivered_cents"),
        ((100, 50, 50, 51, 0), "accepted_cents"),
        ((100, 50, 50, 50, 51), "paid_cents"),
    ],
)
def test_no_number_is_above_the_one_before(numbers: tuple[int, int, int, int, int], field: str) -> None:
    today().when(take_over(lines=(running(numbers),))).refused(NumbersOutOfOrder, field=field, says="recovery")


def test_a_yearly_cap_counts_what_was_taken_over() -> None:
    capped = line("talk", "mental.therapy", starts_on=date(2026, 3, 1), ends_on=date(2026, 12, 31))
    cap = nothing().programme.catalogue(TODAY).components["mental.therapy"].yearly_cap_cents
    assert cap is not None
    command = take_over(lines=(running((cap, 0, 0, 0, 0), line=capped),))
    moves = journey.quota_moves(None, today().when(command).state)
    assert [(each.key, each.used, each.limit) for each in moves if each.key.startswith("cap/")] == [
        (f"cap/{PERSON}/mental.therapy/2026", cap, cap)
    ]
    too_much = take_over(lines=(running((cap + 1, 0, 0, 0, 0), line=capped),))
    today().when(too_much).refused(OverYearlyCap, field="minutes", says="mental.therapy")


# ── The place ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_taken_over_into_a_full_agreement() -> None:
    full = today().in_agreement(signed(places=1), PlaceOccupied(journey_id="journey-9", from_on=date(2026, 1, 1)))
    full.when(take_over()).refused(NoPlaceLeft, field="place_from", says="Every place of tori")


def test_who_has_a_place_keeps_it_whoever_waits() -> None:
    waits = WaitingJoined(journey_id="journey-8", municipality="tori", since=REFERRED, place_from=TODAY, urgent=True)
    today().in_agreement(signed(places=1), waits).when(take_over()).agreement_then(PlaceOccupied)


def test_a_place_of_before_the_agreement_counts_from_its_first_day() -> None:
    case = today().in_agreement(signed(valid_from=date(2026, 4, 1)))
    answer = case.when(take_over())
    assert answer.the(PlaceReceived).from_on == PLACED
    assert answer.the(PlaceOccupied).from_on == date(2026, 4, 1)


@pytest.mark.parametrize("standing", ["waiting", "assessment"])
def test_no_place_is_kept_for_longer_than_a_year(standing: str) -> None:
    far_off = take_over(standing, place_from=date(2027, 6, 11))
    today().when(far_off).refused(PlaceTooFarOff, field="place_from", says="to 2027-06-10")


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_those_whose_case_it_is_take_it_over() -> None:
    today().by(BASE_SUPPORT).when(take_over()).refused(NotYoursToTakeOver, says="not by a base support")
    today().by(COORDINATOR).when(take_over()).leads_to(InDelivery)


def test_a_journey_is_taken_over_once() -> None:
    today(take_over()).when(take_over()).refused(JourneyExists)


def test_nobody_is_taken_over_without_their_consent() -> None:
    nobody = replace(today(), person=a_person(registered()).known)
    nobody.when(take_over()).refused(ConsentMissing, field="person_id")


@pytest.mark.parametrize(
    ("standing", "missing"),
    [
        ("assessment", "place_from"),
        ("assessment", "case_manager"),
        ("planning", "assessment"),
        ("delivery", "plan"),
        ("delivery", "lines"),
    ],
)
def test_what_a_standing_needs_must_be_there(standing: str, missing: str) -> None:
    nothing_of_it: object = () if missing == "lines" else None
    today().when(take_over(standing, **{missing: nothing_of_it})).refused(MissingToStandThere, field=missing)


def test_what_comes_later_cannot_be_there_yet() -> None:
    early = take_over("planning", lines=(running(),))
    today().when(early).refused(TooMuchToStandThere, field="lines", says="in planning cannot have lines")


@pytest.mark.parametrize("field", ["referred_on", "agreed_on", "rights_explained_on", "complete_on", "balances_on"])
def test_what_has_not_happened_is_not_taken_over(field: str) -> None:
    today().when(take_over(**{field: date(2026, 6, 11)})).refused(DateInFuture, field=field)


@pytest.mark.parametrize("field", ["complete_on", "place_from"])
def test_nothing_lies_before_somebody_noticed(field: str) -> None:
    today().when(take_over(**{field: date(2026, 1, 11)})).refused(BeforeBeginning, field=field)


def test_what_is_still_to_come_of_a_line_must_be_possible_here() -> None:
    unpriced = today().under(replace(PROGRAMME, prices={}))
    unpriced.when(take_over()).refused(NoPriceInForce, field="lines", says="from 2026-06-10 to 2026-12-31")
    no_longer = today().served_by(provider(PROVIDER, contracted(valid_to=date(2026, 6, 30))))
    no_longer.when(take_over()).refused(NotUnderContract, field="lines")


def test_what_lies_behind_was_decided_elsewhere() -> None:
    """Before 2026 the programme has neither catalogue nor prices, and the provider had no contract with us."""
    old = line(starts_on=date(2025, 7, 1), ends_on=date(2026, 6, 30))
    since = today().served_by(provider(PROVIDER, contracted(valid_from=TODAY)))
    since.when(take_over(referred_on=date(2025, 5, 1), lines=(running(line=old),))).leads_to(InDelivery)


def test_a_plan_that_is_over_is_made_anew() -> None:
    over = line(starts_on=date(2026, 3, 1), ends_on=BEFORE)
    today().when(take_over(lines=(running(line=over),))).refused(PlanOver, field="lines", says="2026-06-09")


def test_lines_and_goals_fit_together_also_where_they_are_over() -> None:
    over = line("over", starts_on=date(2026, 3, 1), ends_on=BEFORE, goal_id="elsewhere")
    today().when(take_over(lines=(running(), running(line=over)))).refused(UnknownGoal, field="lines")
    today().when(take_over(lines=(running(), running()))).refused(TwiceTheSame, field="lines")
    plan = RunningPlan(
        main_goal="Out.", goals=(Goal(goal_id="out", life_area="luck", words="Out."),), crisis_plan="Call.",
        agreed_on=AGREED,
    )  # fmt: skip
    today().when(take_over(plan=plan)).refused(UnknownLifeArea, field="goals")
    unheard_of = RunningAssessment(on=ASSESSED, need_by_life_area={"luck": 3})
    today().when(take_over(assessment=unheard_of)).refused(UnknownLifeArea, field="assessment")


def test_nobody_is_taken_over_who_has_a_service_that_must_not_be_combined() -> None:
    """Also where it begins only later, while a line still runs."""
    for starts_on, field in ((date(2026, 5, 1), "place_from"), (date(2026, 8, 1), "lines")):
        service = EntitlementRecorded(
            entitlement_id="entitlement-1", service="state_special_care", starts_on=starts_on, ends_on=None,
            told_by="register",
        )  # fmt: skip
        cared_for = a_person(registered(), consented(), service).known
        today().about(cared_for).when(take_over()).refused(DoubleFunding, field=field)


# ── The euro's trail ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_trail_of_a_euro_goes_back_to_the_file_it_came_from() -> None:
    case = today(take_over(), visit(on=TODAY), *paid(on=TODAY))
    source = Source(journey=recorded(case), person=(), agreements=())
    forward = line_trail(source, "recovery")
    assert [(each.what, each.cents) for each in forward.moves] == [
        ("taken_over", 128000), ("delivery", 3200), ("verdict", 3200), ("payment", 3200),
    ]  # fmt: skip
    assert forward.adds_up
    assert forward.told.paid == 43200
    back = line_trail(source, "recovery", ("delivery-1",))
    whats = {each.what: each.sentence for each in back.grounds}
    assert {"taken_over", "assessment", "goal", "place", "eligibility", "origin", "referral"} <= set(whats)
    assert "from cases.xlsx, row 2" in whats["origin"]
    assert "as was decided before the journey was taken over" in whats["eligibility"]
