"""Transfer: offered, accepted, rejected, withdrawn; what moves with the journey, and what stays where it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import journey
from domain.belonging import recorded_in, sight
from domain.care import Release
from domain.deciders import JOURNEYS, NotInTheProgramme
from domain.decision import OutsideMunicipality, WrongStage
from domain.deliveries import NotCommitted, OutsidePeriod
from domain.events import (
    BudgetDecided,
    BudgetSettled,
    DeliveriesClaimed,
    DeliveryCorrected,
    DeliveryRecorded,
    Event,
    JourneyExited,
    PersonMoved,
    PlaceAwaited,
    PlaceFreed,
    PlaceOccupied,
    PlacePostponed,
    PlaceReceived,
    PlaceResumed,
    ReferralRefused,
    TransferAccepted,
    TransferOffered,
    TransferRejected,
    TransferWithdrawn,
    WaitingJoined,
    WaitingLeft,
)
from domain.programme import Price
from domain.programme.programme import PriceKey
from domain.stages.budgeting import CommitService, OverYearlyCap
from domain.stages.delivery import ConfirmDelivery, CorrectDelivery, DisputeDelivery
from domain.stages.exit import ExitBeforeMove
from domain.stages.holding import ResumePlace, SuspendPlace
from domain.stages.placing import NoAgreement
from domain.stages.planning import ReopenPlan
from domain.stages.referral import AppointCaseManager, ConsentMissing
from domain.stages.throughout import LogContact, RaiseReminders
from domain.stages.transferring import (
    AcceptTransfer,
    HelpedOnThatDay,
    NoTransferOffered,
    OfferTransfer,
    OwnMunicipality,
    RejectTransfer,
    TransferNotDue,
    TransferOpen,
    TransferTooFarOff,
    WithdrawTransfer,
)
from domain.states import (
    AwaitingAssessment,
    AwaitingPlan,
    Exited,
    FormerLine,
    InDelivery,
    Journey,
    Membership,
    Referred,
    Refused,
    Waiting,
)
from tests.domain.given import (
    CASE_MANAGER,
    COORDINATOR,
    JOURNEY,
    MONDAY,
    NEIGHBOUR,
    NEXT_TOWN,
    PERSON,
    PROGRAMME,
    PROVIDER,
    TOWN,
    Given,
    a_person,
    consented,
    contracted,
    given,
    nothing,
    person,
    provider,
    registered,
    signed,
)
from tests.domain.steps import (
    DECIDED,
    ENDS,
    HELPED,
    accepted,
    agreement_to,
    assessed,
    budget,
    budgeted,
    claim,
    eligibility,
    in_delivery,
    leaving,
    line,
    order,
    payment,
    plan,
    postponed,
    referral,
    referred,
    refused,
    replanned,
    visit,
)
from tests.domain.test_budgeting import THERAPY, five_numbers
from tests.domain.test_double_funding import entitled, someone

JUNE = date(2026, 6, 1)
IN_BOTH = provider(PROVIDER, contracted().model_copy(update={"municipalities": (TOWN, NEXT_TOWN)}))


def ready(case: Given[Journey], *there: Event) -> Given[Journey]:
    """The person consents to the care of the next town too, which has an agreement and the same provider."""
    case = case.about(person(also=NEXT_TOWN)).served_by(IN_BOTH)
    return case.next_to(*(there or (signed(NEXT_TOWN),)))


def offer(*, on: date = JUNE, to: str = NEXT_TOWN) -> OfferTransfer:
    return OfferTransfer(to=to, from_on=on, reason="She moves to her sister.")


def offered(case: Given[Journey], *there: Event, on: date = JUNE) -> Given[Journey]:
    """On the day of the move, when the next town looks at it."""
    return given(ready(case, *there), offer(on=on), on).by(NEIGHBOUR)


def moved(case: Given[Journey], *there: Event, on: date = JUNE) -> Given[Journey]:
    return given(offered(case, *there, on=on), AcceptTransfer())


# ── Offered ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_journey_is_offered_and_stays_where_it_is_until_somebody_takes_it() -> None:
    answer = ready(in_delivery()).when(offer())
    answer.then(TransferOffered(to=NEXT_TOWN, from_on=JUNE, reason="She moves to her sister.")).agreement_then()
    state = answer.leads_to(InDelivery)
    assert (state.file.municipality, len(state.file.memberships)) == (TOWN, 1)
    given(answer.after, visit())  # and is helped there


def test_it_is_offered_to_another_municipality_that_there_is() -> None:
    case = ready(in_delivery())
    case.when(offer(to=TOWN)).refused(OwnMunicipality, field="to", says=TOWN)
    case.when(offer(to="narnia")).refused(NotInTheProgramme, says="narnia")


def test_it_is_offered_to_one_at_a_time() -> None:
    given(ready(in_delivery()), offer()).when(offer(to="parnu")).refused(TransferOpen, field="to", says=NEXT_TOWN)


def test_nobody_elsewhere_learns_of_the_person_without_their_consent() -> None:
    in_delivery().when(offer()).refused(ConsentMissing, field="to", says=NEXT_TOWN)


@pytest.mark.parametrize("day", [HELPED - timedelta(days=1), HELPED + timedelta(days=366)])
def test_a_move_is_neither_of_yesterday_nor_further_off_than_a_year(day: date) -> None:
    ready(in_delivery()).when(offer(on=day)).refused(TransferTooFarOff, field="from_on", says=str(day))


def test_it_stays_a_day_at_least() -> None:
    """Who was noticed today can move tomorrow; and who came today can go on tomorrow."""
    case = ready(given(nothing(), referral()))
    case.when(offer(on=MONDAY)).refused(TransferTooFarOff, field="from_on")
    case.when(offer(on=MONDAY + timedelta(days=1))).then(TransferOffered)
    came = moved(in_delivery()).about(person(also="parnu"))
    came.when(offer(on=JUNE, to="parnu")).refused(TransferTooFarOff, field="from_on")


def test_what_is_over_is_not_offered() -> None:
    for case in (refused(), given(in_delivery(), leaving(on=HELPED))):
        ready(case).when(offer()).refused(WrongStage)


# ── Rejected, withdrawn ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_other_does_not_take_it_and_it_can_be_offered_again() -> None:
    answer = offered(in_delivery()).when(RejectTransfer(reason="She lives in Türi."))
    answer.then(TransferRejected(reason="She lives in Türi."))
    assert answer.state.file.transfer is None
    answer.after.when(offer()).then(TransferOffered)


def test_an_offer_is_withdrawn() -> None:
    answer = offered(in_delivery()).when(WithdrawTransfer(reason="She stays after all."))
    answer.then(TransferWithdrawn(reason="She stays after all."))
    answer.after.when(AcceptTransfer()).refused(NoTransferOffered)


def test_where_nothing_is_offered_nothing_is_answered() -> None:
    for command in (AcceptTransfer(), RejectTransfer(reason="No."), WithdrawTransfer(reason="No.")):
        ready(in_delivery()).when(command).refused(NoTransferOffered)


def test_who_leaves_is_not_offered_any_more() -> None:
    case = offered(in_delivery())
    case.when(leaving(on=JUNE)).then(TransferWithdrawn(reason=None), JourneyExited, BudgetSettled).leads_to(Exited)


def test_who_may_not_join_is_not_offered_any_more() -> None:
    case = offered(referred(), on=date(2026, 3, 6))
    answer = case.when(eligibility(but={"target_group": False}, reasons="Not of the target group."))
    assert answer.then(TransferWithdrawn(reason=None), ReferralRefused).leads_to(Refused).file.transfer is None


def test_the_giving_one_offers_and_withdraws_and_the_other_one_answers() -> None:
    state = offered(in_delivery()).known
    for command in (AcceptTransfer(), RejectTransfer(reason="No.")):
        assert JOURNEYS.belongs_to(command, state) == {NEXT_TOWN}
        assert JOURNEYS.belongs_to(command, in_delivery().known) == {TOWN}
    for other in (offer(), WithdrawTransfer(reason="No."), visit(), AppointCaseManager(case_manager="mari")):
        assert JOURNEYS.belongs_to(other, state) == {TOWN}


# ── Accepted ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_moves_with_a_free_place_and_is_planned_anew() -> None:
    """Of 320.00 euros, all ordered, 77 of the line's 169 days are gone by: 145.80 are kept for help that is told late."""
    answer = offered(in_delivery(visit(minutes=120))).when(AcceptTransfer())
    answer.then(TransferAccepted, BudgetSettled(released=(Release(line_id="recovery", cents=17420),)), PlaceReceived)
    answer.agreement_then(PlaceFreed(journey_id=JOURNEY, on=JUNE))
    answer.receiving_then(PlaceOccupied(journey_id=JOURNEY, from_on=JUNE, reserved_on=JUNE))
    assert answer.decided.person == (PersonMoved(municipality=NEXT_TOWN, on=JUNE),)
    accepted = answer.the(TransferAccepted)
    assert (accepted.former, accepted.municipality, accepted.on, accepted.place_stays) == (TOWN, NEXT_TOWN, JUNE, False)
    state = answer.leads_to(AwaitingPlan)
    assert state.plan_due == accepted.due
    assert state.plan_due.on == date(2026, 6, 22)
    file = state.file
    assert file.place is not None
    assert (file.municipality, file.place.agreement, file.place.from_on) == (NEXT_TOWN, NEXT_TOWN, JUNE)
    assert (file.case_manager, file.plan_in_force, file.plan_ends, file.transfer) == (None, None, None, None)
    assert set(file.plans) == {"plan-1"}  # to be read, and no more than that
    assert file.assessments
    assert five_numbers(answer.after) == (14580, 14580, 6400, 0, 0)


def test_it_is_known_whose_a_journey_was_when() -> None:
    version = len(offered(in_delivery()).events) + 1
    assert moved(in_delivery()).known.file.memberships == (
        Membership(municipality=TOWN, from_on=MONDAY, to_on=date(2026, 5, 31), left_at=version),
        Membership(municipality=NEXT_TOWN, from_on=JUNE),
    )


def test_it_moves_on_the_day_of_acceptance_never_before_the_day_in_the_offer() -> None:
    offered(in_delivery()).on(date(2026, 5, 31)).when(AcceptTransfer()).refused(TransferNotDue, says="2026-06-01")
    late = offered(in_delivery()).on(date(2026, 6, 9)).when(AcceptTransfer())
    assert late.the(TransferAccepted).on == date(2026, 6, 9)


def test_whoever_helps_until_then_is_not_overtaken() -> None:
    case = given(offered(in_delivery()).by(COORDINATOR), visit(on=JUNE)).by(NEIGHBOUR)
    case.when(AcceptTransfer()).refused(HelpedOnThatDay, says="2026-06-01")
    case.on(date(2026, 6, 2)).when(AcceptTransfer()).leads_to(AwaitingPlan)


def test_a_consent_that_was_withdrawn_since_counts() -> None:
    offered(in_delivery()).about(person()).when(AcceptTransfer()).refused(ConsentMissing, says=NEXT_TOWN)


def test_where_there_are_no_places_nobody_is_taken_over_with_one() -> None:
    offered(in_delivery()).next_to().when(AcceptTransfer()).refused(NoAgreement, says=NEXT_TOWN)


# ── Where it stands then ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_undecided_referral_is_decided_there_in_the_time_that_was_left() -> None:
    case = referred()
    before = case.known
    assert isinstance(before, Referred)
    assert before.decision_due is not None
    state = moved(case, on=date(2026, 3, 9)).known
    assert isinstance(state, Referred)
    assert state.decision_due is not None
    assert state.decision_due.on == before.decision_due.on
    assert given(moved(case, on=date(2026, 3, 9)), eligibility()).known.file.place is not None


def test_who_is_not_assessed_yet_is_assessed_there() -> None:
    state = moved(accepted()).known
    assert isinstance(state, AwaitingAssessment)
    assert state.assessment_due.on == date(2026, 7, 1)  # Victory Day and Midsummer Day are on the way


def test_who_was_assessed_is_planned_for() -> None:
    assert isinstance(moved(assessed()).known, AwaitingPlan)
    assert isinstance(moved(budgeted()).known, AwaitingPlan)


def test_whose_state_service_runs_on_has_no_place_to_move_with() -> None:
    answer = offered(postponed()).when(AcceptTransfer())
    answer.then(TransferAccepted).agreement_then().receiving_then().leads_to(AwaitingAssessment)


def test_a_place_is_not_taken_before_a_state_service_ends() -> None:
    still = replace(person(also=NEXT_TOWN), entitlements=someone(entitled(JUNE)).entitlements)
    answer = offered(in_delivery()).about(still).when(AcceptTransfer())
    answer.then(TransferAccepted, BudgetSettled, PlacePostponed)
    assert answer.state.file.place is None


# ── Places ───────────────────────────────────────────────────────────────────────────────────────────────────────────

FULL = (signed(NEXT_TOWN, places=1), PlaceOccupied(journey_id="journey-9", from_on=MONDAY))
WAITS = WaitingJoined(journey_id="journey-8", municipality=NEXT_TOWN, since=date(2026, 5, 4), place_from=MONDAY)


def test_where_every_place_is_taken_the_person_waits_and_is_planned_for_meanwhile() -> None:
    answer = offered(in_delivery(), *FULL).when(AcceptTransfer())
    answer.then(TransferAccepted, BudgetSettled, PlaceAwaited).agreement_then(PlaceFreed)
    answer.receiving_then(
        WaitingJoined(journey_id=JOURNEY, municipality=NEXT_TOWN, since=JUNE, place_from=JUNE, urgent=False)
    )
    assert answer.leads_to(AwaitingPlan).file.waits_in == NEXT_TOWN


def test_nobody_who_waits_there_is_overtaken_by_who_comes_from_elsewhere() -> None:
    """Though a place is free, and though she applied in March and they in May."""
    answer = offered(in_delivery(), signed(NEXT_TOWN), WAITS).when(AcceptTransfer())
    awaited = answer.the(PlaceAwaited)
    assert (awaited.agreement, awaited.since, awaited.ahead) == (NEXT_TOWN, JUNE, 1)
    assert answer.the(PlaceAwaited).trace


def waiting() -> Given[Journey]:
    full = (signed(places=1), PlaceOccupied(journey_id="journey-7", from_on=MONDAY))
    return given(nothing().in_agreement(*full), referral(), DECIDED, eligibility(), HELPED)


def test_who_waits_leaves_the_one_order_and_takes_a_free_place_or_joins_the_other() -> None:
    free = offered(waiting()).when(AcceptTransfer())
    free.then(TransferAccepted, PlaceReceived).leads_to(AwaitingAssessment)
    free.agreement_then(WaitingLeft(journey_id=JOURNEY, reason="moved_municipality", on=JUNE))
    taken = offered(waiting(), *FULL).when(AcceptTransfer()).then(TransferAccepted, PlaceAwaited).leads_to(Waiting)
    assert (taken.since, taken.file.waits_in) == (JUNE, NEXT_TOWN)


SHARED = signed(TOWN, NEXT_TOWN, places=1)


def shared(case: Given[Journey]) -> Given[Journey]:
    """Both municipalities share one agreement."""
    case = replace(case, agreement_events=(SHARED, *case.agreement_events[1:]))
    return offered(case, *case.agreement_events)


def test_in_a_shared_agreement_the_place_stays() -> None:
    answer = shared(in_delivery()).when(AcceptTransfer())
    answer.then(TransferAccepted, BudgetSettled).agreement_then().receiving_then()
    assert answer.the(TransferAccepted).place_stays
    assert answer.state.file.place == in_delivery().known.file.place


def test_in_a_shared_order_who_moves_keeps_their_standing() -> None:
    answer = shared(waiting()).when(AcceptTransfer()).then(TransferAccepted).receiving_then()
    answer.agreement_then(
        WaitingJoined(journey_id=JOURNEY, municipality=NEXT_TOWN, since=MONDAY, place_from=DECIDED, urgent=False)
    )
    before, after = waiting().known, answer.leads_to(Waiting)
    assert isinstance(before, Waiting)
    assert (after.since, after.file.waits_in) == (before.since, TOWN)
    agreement = answer.after.agreement
    assert agreement is not None
    [waiter] = agreement.waiting
    assert (waiter.municipality, waiter.since, waiter.joined) == (NEXT_TOWN, MONDAY, 3)


# ── The budget, help told late, claims ───────────────────────────────────────────────────────────────────────────────


def test_help_until_the_day_before_the_move_is_told_and_claimed_where_it_was_given() -> None:
    case = moved(in_delivery(visit())).by(COORDINATOR)
    late = given(case, visit(on=date(2026, 5, 29), minutes=120), claim("delivery-1", "delivery-2"), payment(on=JUNE))
    assert five_numbers(late) == (14580, 14580, 9600, 9600, 9600)


def test_help_from_the_day_of_the_move_on_is_not_of_the_former_budget() -> None:
    moved(in_delivery()).by(COORDINATOR).when(visit(on=JUNE)).refused(OutsidePeriod, field="day", says="2026-05-31")


def test_orders_that_were_given_back_serve_for_help_told_late_while_it_may_be_told() -> None:
    """More than the share of the days was given; 62 days after the last it is too late."""
    case = moved(in_delivery()).by(COORDINATOR)
    told = given(case, visit(on=date(2026, 5, 29), minutes=480))
    assert five_numbers(told) == (25600, 25600, 25600, 0, 0)
    case.on(date(2026, 8, 3)).when(visit(on=date(2026, 5, 29), minutes=480)).refused(NotCommitted, field="minutes")


def test_when_no_late_help_can_be_told_any_more_the_rest_is_given_back_there() -> None:
    """The last day of it is the 1st of August; by then two hours are told, of which one late."""
    case = moved(in_delivery(visit())).by(COORDINATOR)
    told = given(case, visit(on=date(2026, 5, 29)), date(2026, 8, 1), RaiseReminders())
    assert five_numbers(told) == (14580, 14580, 6400, 0, 0)
    answer = told.on(date(2026, 8, 2)).when(RaiseReminders())
    rest = Release(line_id="recovery", cents=8180)
    assert answer.the(BudgetSettled) == BudgetSettled(released=(rest,), final=True, last_day=date(2026, 5, 31))
    assert five_numbers(answer.after) == (6400, 6400, 6400, 0, 0)
    assert dict(answer.state.file.settlements) == {}
    assert recorded_in((answer.the(BudgetSettled),), answer.state.file) == TOWN
    less = CorrectDelivery(delivery_id="delivery-2", minutes=30, reason="Less.")
    given_back = Release(line_id="recovery", cents=1600)
    answer.after.when(less).then(
        DeliveryCorrected, BudgetSettled(released=(given_back,), final=True, last_day=date(2026, 5, 31))
    )
    answer.after.when(visit(on=date(2026, 5, 28))).refused(NotCommitted, field="minutes")


def test_an_exit_there_does_not_end_the_time_of_late_help_here() -> None:
    case = moved(in_delivery(visit())).by(COORDINATOR)
    lapsed = given(case, date(2026, 6, 9), leaving(on=date(2026, 6, 9)), date(2026, 7, 20), RaiseReminders())
    assert isinstance(lapsed.known, Exited)
    assert not journey.settled(lapsed.known)
    assert five_numbers(lapsed) == (14580, 14580, 3200, 0, 0)
    late = given(lapsed, visit(on=date(2026, 5, 29), minutes=480))
    assert five_numbers(late) == (28800, 28800, 28800, 0, 0)
    over = given(lapsed, date(2026, 8, 2), RaiseReminders())
    assert five_numbers(over) == (3200, 3200, 3200, 0, 0)
    assert not over.known.file.settlements


def test_where_there_was_no_budget_nothing_is_to_be_settled() -> None:
    assert moved(assessed()).known.file.settlements == {}


def test_each_municipality_tells_the_help_that_it_pays_for_and_no_other() -> None:
    case = moved(in_delivery(visit()))
    late, wrong = visit(on=date(2026, 5, 29)), CorrectDelivery(delivery_id="delivery-1", minutes=30, reason="Less.")
    answers = ConfirmDelivery(delivery_id="delivery-1"), DisputeDelivery(delivery_id="delivery-1", reason="No.")
    for command in (late, wrong, *answers):
        case.by(NEIGHBOUR).when(command).refused(OutsideMunicipality)
        assert JOURNEYS.belongs_to(command, case.known) == {TOWN, NEXT_TOWN}
        assert case.by(CASE_MANAGER).when(command).refusal is None
    assert JOURNEYS.belongs_to(LogContact(on=JUNE, channel="call", with_whom="person", reached=True), case.known) == {
        NEXT_TOWN
    }


def there_again() -> Given[Journey]:
    """Planned, budgeted and helped where the journey is now."""
    case = moved(in_delivery(visit()))
    day = date(2026, 6, 9)
    new = line("outdoors", starts_on=day, ends_on=ENDS)
    return given(case, *replanned(new, on=day), order("outdoors", minutes=300), visit("outdoors", on=day))


def test_the_next_budget_leaves_the_former_one_alone() -> None:
    case = there_again()
    assert isinstance(case.known, InDelivery)
    (*_, decided) = (event for event in case.events if isinstance(event, BudgetDecided))
    assert [each.line.line_id for each in decided.lines] == ["outdoors"]
    assert five_numbers(case) == (14580, 14580, 3200, 0, 0)
    assert five_numbers(case, "outdoors") == (32000, 16000, 3200, 0, 0)
    assert case.known.file.payer(case.known.file.accounts["recovery"]) == TOWN
    assert case.known.file.payer(case.known.file.accounts["outdoors"]) == NEXT_TOWN


def test_a_former_line_is_neither_ordered_from_nor_planned_again() -> None:
    case = there_again()
    case.when(CommitService(line_id="recovery", minutes=60)).refused(FormerLine, field="line_id", says=TOWN)
    moved(in_delivery()).when(plan(line())).refused(FormerLine, field="lines", says=TOWN)


def test_what_comes_later_gives_back_nothing_of_the_former_budget_but_the_last_settlement() -> None:
    gone = given(there_again(), leaving(on=date(2026, 6, 9)))
    assert five_numbers(gone) == (14580, 14580, 3200, 0, 0)
    assert isinstance(gone.known, Exited)


def test_nobody_left_before_they_came() -> None:
    moved(in_delivery()).when(leaving(on=date(2026, 5, 31))).refused(ExitBeforeMove, field="on", says="2026-06-01")
    given(in_delivery(), JUNE, leaving(on=date(2026, 5, 31)))  # as everybody may, who never moved


def test_what_a_former_line_was_given_counts_towards_the_yearly_cap() -> None:
    """Of 1800.00 euros 500.00 are used where the journey was."""
    talk = line("talk", THERAPY, minutes=600)
    case = moved(given(budgeted(talk), order("talk"), HELPED, visit("talk", minutes=600)))
    more = line("more", THERAPY, minutes=27 * 60, starts_on=JUNE)
    again = given(case, plan(more), agreement_to("plan-2", on=JUNE))
    again.when(budget()).refused(OverYearlyCap, field="minutes", says="1850.00")
    again.when(budget(more=26 * 60)).then(BudgetDecided)


def test_a_suspension_that_lasts_beyond_the_move_gives_back_nothing_of_a_former_line_again() -> None:
    """Its days were given back when the journey moved."""
    case = given(in_delivery(), date(2026, 4, 1), SuspendPlace(from_on=date(2026, 4, 1), reason="In hospital."))
    kept = given(shared(case), AcceptTransfer(), date(2026, 6, 15))
    before = five_numbers(kept)
    answer = kept.when(ResumePlace(on=date(2026, 6, 15))).then(PlaceResumed)
    assert five_numbers(answer.after) == before == (3030, 3030, 0, 0, 0)


def test_the_prices_and_contracts_of_its_own_municipality_hold_for_a_former_line() -> None:
    """Tapa pays more for an hour, and has no contract with the provider."""
    dearer = replace(PROGRAMME, prices=dearer_in(NEXT_TOWN))
    case = moved(in_delivery(visit())).by(COORDINATOR).served_by(provider(PROVIDER)).under(dearer)
    told = case.when(visit(on=date(2026, 5, 29)))
    assert told.the(DeliveryRecorded).cents == 3200
    claimed = told.after.when(claim("delivery-1", "delivery-2")).the(DeliveriesClaimed)
    assert [(row.verdict, row.reason) for row in claimed.rows] == [("accepted", None)] * 2


def dearer_in(agreement: str) -> dict[PriceKey, tuple[Price, ...]]:
    return {
        key: tuple(replace(price, cents_per_hour=price.cents_per_hour + 1) for price in prices)
        if key[0] == agreement
        else prices
        for key, prices in PROGRAMME.prices.items()
    }


def test_a_line_that_was_to_begin_later_never_does() -> None:
    case = in_delivery()
    later = line("later", starts_on=date(2026, 7, 1))
    case = given(case, ReopenPlan(reason="More."), *replanned(line(), later, on=HELPED), order("later"))
    state = moved(case).by(COORDINATOR)
    assert five_numbers(state, "later") == (0, 0, 0, 0, 0)
    assert state.on(date(2026, 7, 2)).when(visit("later", on=date(2026, 7, 2))).refusal is not None


# ── Who reads what, and where it is recorded ─────────────────────────────────────────────────────────────────────────


def test_the_former_municipality_reads_what_was_until_the_move_and_later_only_of_its_own_lines() -> None:
    case = given(there_again().by(COORDINATOR), visit(on=date(2026, 5, 29)), claim("delivery-2"), claim("delivery-1"))
    file = case.known.file
    seen = sight(file, TOWN)
    assert seen is not None
    shown = [event.type for version, event in enumerate(case.events, start=1) if seen.shows(event, version)]
    until = len(offered(in_delivery(visit())).events) + 1
    assert shown[:until] == [event.type for event in case.events[:until]]
    assert shown[until:] == ["budget.settled", "delivery.recorded", "deliveries.claimed"]


def test_who_has_it_reads_all_and_nobody_else_anything() -> None:
    case = there_again()
    seen = sight(case.known.file, NEXT_TOWN)
    assert seen is not None
    assert all(seen.shows(event, version) for version, event in enumerate(case.events, start=1))
    assert sight(case.known.file, "parnu") is None
    assert sight(offered(in_delivery()).known.file, NEXT_TOWN) is None


def test_a_fact_is_recorded_where_the_journey_is_or_where_the_line_is_that_it_is_about() -> None:
    case = moved(in_delivery(visit()))
    file = case.known.file
    late = case.by(COORDINATOR).when(visit(on=date(2026, 5, 29))).decided.events
    contact = case.when(LogContact(on=JUNE, channel="call", with_whom="person", reached=True)).decided.events
    assert recorded_in(late, file) == TOWN
    assert recorded_in(contact, file) == NEXT_TOWN
    assert recorded_in((*late, *contact), file) == NEXT_TOWN
    assert recorded_in((), file) == NEXT_TOWN


def test_a_person_moves_with_their_journey() -> None:
    case = a_person(registered(), consented(), PersonMoved(municipality=NEXT_TOWN, on=JUNE))
    assert (case.known.municipality, dict(case.known.formers)) == (NEXT_TOWN, {TOWN: 3})
    assert case.known.person_id == PERSON


def test_a_journey_moves_on_and_comes_back() -> None:
    case = given(
        moved(in_delivery()).about(person(also=NEXT_TOWN)), date(2026, 7, 1), offer(on=date(2026, 7, 1), to=TOWN)
    )
    back = given(case, AcceptTransfer()).known.file
    assert [each.municipality for each in back.memberships] == [TOWN, NEXT_TOWN, TOWN]
    assert back.payer(back.accounts["recovery"]) == TOWN
    assert back.accounts["recovery"].former is not None  # settled, whoever has the journey
    assert sight(back, TOWN) is not None
    assert not journey.settled(case.known)
