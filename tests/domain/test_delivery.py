"""Delivery: what was done, when, at the price of the day; said to be so, or not so; and never rewritten."""

from __future__ import annotations

from datetime import date

import pytest

from domain.decision import Actor, BeforeBeginning, Command, Context, DateInFuture, NotForThisRole, Role
from domain.deliveries import (
    AfterExit,
    DeliveryRow,
    EntryKnown,
    LineNotNamed,
    LongDay,
    NotAGroup,
    NotCommitted,
    OutsideContract,
    OutsidePeriod,
    ReferenceReused,
    SessionTold,
    UnknownPlanGoal,
    WhileSuspended,
    record_row,
)
from domain.double_funding import DoubleFunding
from domain.events import (
    BudgetReinstated,
    BudgetSettled,
    DeliveryConfirmed,
    DeliveryCorrected,
    DeliveryDisputed,
    DeliveryRecorded,
    DisputeSettled,
    EntitlementRecorded,
    PaymentRecorded,
    ProgressNoted,
    VisitMissed,
)
from domain.journey import awaited
from domain.ledger import Account
from domain.pricing import NoPriceInForce
from domain.stages.assessment import ReopenAssessment
from domain.stages.delivery import (
    AlreadyDisputed,
    ConfirmDelivery,
    CorrectDelivery,
    DisputeDelivery,
    NoBudget,
    NoteProgress,
    NothingDisputed,
    RecordDeliveries,
    RecordDelivery,
    RecordMissedVisit,
    SettleDispute,
    UnknownDelivery,
)
from domain.stages.holding import SuspendPlace
from domain.stages.throughout import RaiseReminders
from domain.states import UnknownLine
from domain.working_days import at_hour
from tests.domain.given import (
    CASE_MANAGER,
    JOURNEY,
    OTHER_PROVIDER,
    PROGRAMME,
    PROVIDER,
    SOURCED,
    TOWN,
    a_person,
    consented,
    contracted,
    given,
    provider,
    registered,
)
from tests.domain.steps import (
    BUDGETED,
    DRAFTED,
    ENDS,
    HELPED,
    agreed,
    assessed,
    budget,
    budgeted,
    claim,
    in_delivery,
    leaving,
    line,
    order,
    paid,
    payment,
    planned,
    visit,
)
from tests.domain.test_budgeting import five_numbers

YESTERDAY = date(2026, 3, 25)
FIRST = "delivery-1"


def correction(minutes: int, delivery_id: str = FIRST) -> CorrectDelivery:
    return CorrectDelivery(delivery_id=delivery_id, minutes=minutes, reason="She stayed for less.")


def dispute(delivery_id: str = FIRST) -> DisputeDelivery:
    return DisputeDelivery(delivery_id=delivery_id, reason="She stayed one hour, not two.")


def settlement(delivery_id: str = FIRST, *, upheld: bool = True) -> SettleDispute:
    return SettleDispute(delivery_id=delivery_id, upheld=upheld, reason="The worker remembers it so too.")


def missed(on: date = HELPED, line_id: str = "recovery") -> RecordMissedVisit:
    return RecordMissedVisit(line_id=line_id, day=on)


def progress(on: date = HELPED, goal_id: str = "out") -> NoteProgress:
    return NoteProgress(goal_id=goal_id, on=on, note="Goes to the shop alone.", direction="better")


# ── What was done ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_help_is_recorded_by_line_day_and_minutes_at_the_price_of_the_day() -> None:
    in_delivery().when(visit(minutes=90)).then(
        DeliveryRecorded(
            delivery_id=FIRST,
            line_id="recovery",
            day=HELPED,
            minutes=90,
            component="mental.recovery",
            tariff="individual",
            provider_id=PROVIDER,
            price="demo.prices@2026",
            cents_per_hour=3200,
            cents=4800,
            worker=None,
            note=None,
            goal_id="out",
        )
    )


def test_an_hour_in_january_costs_what_it_costs_in_january() -> None:
    winter = budgeted(line(ends_on=date(2027, 3, 31)))
    last_year = given(winter, order(), date(2026, 12, 31))
    assert last_year.when(visit(on=date(2026, 12, 31))).the(DeliveryRecorded).cents == 3200
    assert last_year.on(date(2027, 1, 4)).when(visit(on=date(2027, 1, 4))).the(DeliveryRecorded).cents == 3360


def test_recorded_in_january_december_still_costs_what_it_did() -> None:
    late = given(budgeted(line(ends_on=date(2027, 3, 31))), order(), date(2027, 1, 4))
    told = late.when(visit(on=date(2026, 12, 31))).the(DeliveryRecorded)
    assert (told.price, told.cents) == ("demo.prices@2026", 3200)


def test_a_price_that_is_not_known_any_more_is_refused() -> None:
    in_delivery().under(SOURCED).when(visit()).refused(NoPriceInForce, field="component", says="2026-03-26")


def test_no_more_is_delivered_than_was_ordered() -> None:
    case = given(budgeted(), order(minutes=60), HELPED)
    case.when(visit(minutes=61)).refused(
        NotCommitted, field="minutes", says="32.00 euros ordered and not yet delivered; this delivery costs 32.53"
    )
    given(case, visit()).when(visit(minutes=1)).refused(NotCommitted, field="minutes")


@pytest.mark.parametrize("command", [visit(), missed(), correction(0), dispute()], ids=lambda each: each.name)
def test_before_the_budget_nothing_is_delivered(command: Command) -> None:
    agreed().when(command).refused(NoBudget)


@pytest.mark.parametrize(("day", "ok"), [(DRAFTED, True), (ENDS, True), (date(2026, 3, 15), False)])
def test_help_is_given_in_the_period_of_its_line(day: date, ok: bool) -> None:
    case = in_delivery(date(2026, 9, 30))
    if ok:
        case.when(visit(on=day)).then(DeliveryRecorded)
    else:
        case.when(visit(on=day)).refused(OutsidePeriod, field="day", says="2026-03-16 to 2026-08-31")


def test_help_after_the_line_s_last_day_is_refused() -> None:
    in_delivery(date(2026, 9, 30)).when(visit(on=date(2026, 9, 1))).refused(OutsidePeriod, field="day")


def test_tomorrow_s_help_is_not_recorded_today() -> None:
    in_delivery().when(visit(on=date(2026, 3, 27))).refused(DateInFuture, field="day")


def test_help_is_recorded_on_a_line_of_the_budget() -> None:
    for command in (visit("dancing"), missed(line_id="dancing")):
        in_delivery().when(command).refused(UnknownLine, field="line_id", says="dancing")


def test_help_goes_on_while_need_is_assessed_anew() -> None:
    in_delivery(ReopenAssessment(reason="She was in hospital.")).when(visit()).then(DeliveryRecorded)


def test_help_from_before_the_exit_may_be_told_late() -> None:
    gone = given(in_delivery(), leaving(on=YESTERDAY), date(2026, 4, 10))
    assert five_numbers(gone) == (1894, 1894, 0, 0, 0)
    gone.when(visit(on=YESTERDAY)).then(BudgetReinstated(line_id="recovery", cents=1306), DeliveryRecorded)
    assert five_numbers(given(gone, visit(on=YESTERDAY))) == (3200, 3200, 3200, 0, 0)


def test_late_help_takes_again_no_more_than_its_order_gave_back_and_not_for_ever() -> None:
    gone = given(in_delivery(), leaving(on=YESTERDAY), date(2026, 4, 10))
    gone.when(visit(on=YESTERDAY, minutes=601)).refused(NotCommitted, field="minutes")
    given(gone, date(2026, 11, 2)).when(visit(on=YESTERDAY, minutes=36)).refused(NotCommitted, field="minutes")


def test_after_the_exit_there_is_no_more_help() -> None:
    gone = given(in_delivery(), leaving(on=YESTERDAY), date(2026, 4, 10))
    gone.when(visit(on=HELPED)).refused(AfterExit, field="day", says="2026-03-26 lies after the exit on 2026-03-25")
    gone.when(missed(HELPED)).refused(AfterExit, field="day")


# ── Corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_correction_is_a_new_entry_and_books_the_difference() -> None:
    answer = (
        in_delivery(visit(minutes=120))
        .when(correction(60))
        .then(
            DeliveryCorrected(
                delivery_id=FIRST,
                minutes_before=120,
                minutes=60,
                cents_before=6400,
                cents=3200,
                reason="She stayed for less.",
            )
        )
    )
    assert five_numbers(answer.after) == (32000, 32000, 3200, 0, 0)


def test_no_minutes_take_a_delivery_back_altogether() -> None:
    assert five_numbers(in_delivery(visit(), correction(0))) == (32000, 32000, 0, 0, 0)


def test_a_correction_is_priced_as_the_delivery_was() -> None:
    """Corrected in January, an hour of December costs what it did."""
    case = given(budgeted(line(ends_on=date(2027, 3, 31))), order(), date(2026, 12, 31), visit(on=date(2026, 12, 31)))
    assert case.on(date(2027, 1, 15)).when(correction(120)).the(DeliveryCorrected).cents == 6400


def test_each_correction_starts_from_the_one_before() -> None:
    twice = in_delivery(visit(minutes=120), correction(60)).when(correction(90)).the(DeliveryCorrected)
    assert (twice.minutes_before, twice.cents_before) == (60, 3200)


def test_a_correction_upwards_is_bound_by_what_was_ordered() -> None:
    given(budgeted(), order(minutes=60), HELPED, visit()).when(correction(61)).refused(NotCommitted, field="minutes")


def test_a_correction_upwards_is_help_and_must_be_possible_as_help() -> None:
    """Taken back, then the person was elsewhere or had left: it cannot come back as a correction of nothing to an hour."""
    none = given(budgeted(line(minutes=2000)), order(minutes=2000), HELPED, visit(), correction(0))
    none.when(correction(60)).then(DeliveryCorrected)
    away = given(none, SuspendPlace(from_on=HELPED, reason="In hospital."))
    away.when(correction(60)).refused(WhileSuspended, field="minutes")
    gone = given(none, leaving(on=YESTERDAY))
    gone.when(correction(60)).refused(AfterExit, field="minutes")
    full = given(none, visit(minutes=800), visit(minutes=600))
    full.when(correction(40)).then(DeliveryCorrected)
    full.when(correction(41)).refused(LongDay, field="minutes", says="1441 minutes")
    elsewhere = EntitlementRecorded(
        entitlement_id="entitlement-1",
        service="state_special_care",
        starts_on=HELPED,
        ends_on=HELPED,
        told_by="register",
    )
    served = none.about(a_person(registered(), consented(), elsewhere).known)
    served.when(correction(60)).refused(DoubleFunding, field="minutes")
    given(in_delivery(visit()).about(served.person), correction(30))  # less is always possible


def test_what_was_paid_and_is_corrected_is_owed_back() -> None:
    """By a new entry: the next claim has the difference, and its payment sets it off."""
    corrected = in_delivery(visit(), *paid(), correction(30))
    assert five_numbers(corrected) == (32000, 32000, 1600, 1600, 1600)
    assert corrected.known.file.accounts["recovery"].of(Account.OWED_BACK) == 1600
    answer = given(corrected, claim(number=2)).when(payment(2))
    assert (answer.the(PaymentRecorded).cents, answer.the(PaymentRecorded).set_off_cents) == (0, 1600)
    assert answer.state.file.accounts["recovery"].of(Account.OWED_BACK) == 0


# ── So, or not so ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_person_says_that_it_was_so() -> None:
    answer = (
        in_delivery(visit())
        .when(ConfirmDelivery(delivery_id=FIRST))
        .then(DeliveryConfirmed(delivery_id=FIRST, confirmed_by="person"))
    )
    assert answer.state.file.deliveries[FIRST].confirmed


def test_the_person_says_that_it_was_not_so_and_the_dispute_is_settled() -> None:
    disputed = in_delivery(visit()).when(dispute()).then(DeliveryDisputed)
    assert disputed.state.file.deliveries[FIRST].disputed
    settled = disputed.after.when(settlement(upheld=False)).then(DisputeSettled)
    assert not settled.state.file.deliveries[FIRST].disputed


def test_what_the_person_was_right_about_is_claimed_only_once_it_is_corrected() -> None:
    upheld = in_delivery(visit(), dispute(), settlement(upheld=True))
    assert upheld.known.file.deliveries[FIRST].claimable == 0
    assert given(upheld, correction(30)).known.file.deliveries[FIRST].claimable == 1600


def test_money_and_disputes_are_not_for_who_is_paid_to_decide() -> None:
    provider_s = Actor(id="provider.tori", role=Role.PROVIDER, municipality=TOWN)
    for case, command in (
        (in_delivery(visit(), dispute()), settlement(upheld=False)),
        (agreed(), budget()),
        (budgeted(), order()),
    ):
        case.by(provider_s).when(command).refused(NotForThisRole, says="not for a provider")


def test_help_outside_the_contract_is_refused_when_it_is_told() -> None:
    until_yesterday = provider(PROVIDER, contracted(valid_to=YESTERDAY))
    in_delivery().served_by(until_yesterday).when(visit()).refused(OutsideContract, field="line_id", says="2026-03-26")
    in_delivery().served_by(until_yesterday).when(visit(on=YESTERDAY)).then(DeliveryRecorded)


def test_what_is_taken_back_behind_the_last_settlement_is_given_back_at_once() -> None:
    over = given(in_delivery(visit(), *paid()), leaving(on=HELPED), date(2026, 4, 28), RaiseReminders())
    assert five_numbers(over) == (3200, 3200, 3200, 3200, 3200)
    over.when(correction(30)).then(DeliveryCorrected, BudgetSettled)
    assert five_numbers(given(over, correction(30))) == (1600, 1600, 1600, 1600, 1600)


def test_whoever_disputes_has_an_answer_by_a_day() -> None:
    disputed = in_delivery(visit(), dispute())
    [due] = [each.due for each in awaited(disputed.known) if each.what == "dispute"]
    assert due.rule == "demo.settings@2026/dispute-10-working-days"
    assert due.derivation is not None
    assert (due.derivation.start, due.derivation.count) == (HELPED, 10)
    for answer in (settlement(upheld=False), settlement(upheld=True), correction(30)):
        assert "dispute" not in [each.what for each in awaited(given(disputed, answer).known)]


def test_a_delivery_is_disputed_once_at_a_time() -> None:
    in_delivery(visit(), dispute()).when(dispute()).refused(AlreadyDisputed, field="delivery_id")
    in_delivery(visit(), dispute(), settlement(upheld=False)).when(dispute()).then(DeliveryDisputed)


def test_what_is_not_disputed_needs_no_settling() -> None:
    in_delivery(visit()).when(settlement()).refused(NothingDisputed, field="delivery_id")


UNKNOWN = "delivery-9"


@pytest.mark.parametrize(
    "command",
    [correction(0, UNKNOWN), ConfirmDelivery(delivery_id=UNKNOWN), dispute(UNKNOWN), settlement(UNKNOWN)],
    ids=lambda each: each.name,
)
def test_a_delivery_that_was_never_recorded_is_unknown(command: Command) -> None:
    in_delivery(visit()).when(command).refused(UnknownDelivery, field="delivery_id", says=UNKNOWN)


# ── Missed visits and progress ───────────────────────────────────────────────────────────────────────────────────────


def test_a_missed_visit_is_recorded_neutrally_and_costs_nothing() -> None:
    answer = in_delivery().when(missed()).then(VisitMissed(line_id="recovery", day=HELPED, note=None))
    assert five_numbers(answer.after) == (32000, 32000, 0, 0, 0)


def test_a_missed_visit_has_a_day_of_its_line() -> None:
    in_delivery().when(missed(date(2026, 3, 27))).refused(DateInFuture, field="day")
    in_delivery().when(missed(date(2026, 3, 15))).refused(OutsidePeriod, field="day")


def test_progress_is_noted_by_goal_from_the_first_plan_on() -> None:
    noted = in_delivery().when(progress()).then(ProgressNoted).the(ProgressNoted)
    assert (noted.goal_id, noted.on, noted.direction) == ("out", HELPED, "better")
    planned().when(progress(date(2026, 3, 17))).then(ProgressNoted)


def test_progress_is_towards_a_goal_of_a_plan() -> None:
    in_delivery().when(progress(goal_id="fly")).refused(UnknownPlanGoal, field="goal_id", says="fly")
    assessed().when(progress(BUDGETED)).refused(UnknownPlanGoal, field="goal_id")


def test_progress_is_neither_of_tomorrow_nor_from_before_the_beginning() -> None:
    in_delivery().when(progress(date(2026, 3, 27))).refused(DateInFuture, field="on")
    in_delivery().when(progress(date(2026, 3, 1))).refused(BeforeBeginning, field="on")


# ── Groups, long days, tables ────────────────────────────────────────────────────────────────────────────────────────

GROUP = line("group", "leisure", tariff="group", minutes=300)


def row(number: int = 2, reference: str = "A-1", *, on: date = HELPED, minutes: int = 60, **named: str) -> DeliveryRow:
    """A row of the provider's table; unless it says otherwise, of the line "recovery"."""
    by = named or {"line_id": "recovery"}
    return DeliveryRow.model_validate({"row": number, "reference": reference, "day": on, "minutes": minutes, **by})


def table(*rows: DeliveryRow) -> RecordDeliveries:
    return RecordDeliveries(rows=rows)


def test_help_to_a_group_says_how_many_took_part() -> None:
    case = given(budgeted(GROUP), order("group", minutes=300), HELPED)
    together = RecordDelivery(line_id="group", day=HELPED, minutes=60, session="S-7", participants=6)
    recorded = case.when(together).the(DeliveryRecorded)
    assert (recorded.tariff, recorded.session, recorded.participants) == ("group", "S-7", 6)
    case.when(visit("group")).refused(NotAGroup, field="participants", says="group help has participants")
    in_delivery().when(together.model_copy(update={"line_id": "recovery"})).refused(NotAGroup, field="participants")


def test_nobody_takes_part_in_the_same_session_twice() -> None:
    case = given(budgeted(GROUP), order("group", minutes=300), HELPED)
    together = RecordDelivery(line_id="group", day=HELPED, minutes=60, session="S-7", participants=6)
    again = together.model_copy(update={"participants": 8})
    given(case, together).when(again).refused(SessionTold, field="session", says="S-7 on 2026-03-26")
    given(case, together, correction(0)).when(again).then(DeliveryRecorded)
    given(case, together).when(again.model_copy(update={"session": "S-8"})).then(DeliveryRecorded)


def test_a_day_has_twenty_four_hours_for_each_person() -> None:
    case = given(budgeted(line(minutes=2000)), order(minutes=2000), HELPED, visit(minutes=800))
    case.when(visit(minutes=641)).refused(LongDay, field="minutes", says="1441 minutes would be told for one person")
    case.when(visit(minutes=640)).then(DeliveryRecorded)


def test_help_serves_the_line_s_goal_or_another_of_the_plan() -> None:
    told = RecordDelivery(line_id="recovery", day=HELPED, minutes=60, goal_id="dancing")
    in_delivery().when(told).refused(UnknownPlanGoal, field="goal_id", says="dancing")


def test_each_row_of_a_table_has_its_own_answer() -> None:
    tomorrow = date(2026, 3, 27)
    answer = in_delivery().when(table(row(2, "A-1"), row(3, "A-2", on=tomorrow), row(4, "A-3", line_id="dancing")))
    answer.then(DeliveryRecorded)
    assert [(each.row, each.code, each.field) for each in answer.decided.rows] == [
        (2, "recorded", None), (3, "date_in_future", "day"), (4, "unknown_line", "line_id"),
    ]  # fmt: skip
    assert answer.decided.rows[0].delivery_id == "delivery-1"


def test_the_same_number_on_another_line_is_no_repetition() -> None:
    """Else help that was given would be lost without a word."""
    case = given(budgeted(line(), line("more")), order(), order("more"), HELPED)
    answer = case.when(table(row(2), row(3, line_id="more")))
    assert [each.code for each in answer.decided.rows] == ["recorded", "reference_reused"]


def test_a_row_that_names_a_line_and_another_kind_is_refused() -> None:
    other = row(line_id="recovery", component="daily.support")
    assert in_delivery().when(table(other)).then().decided.rows[0].code == "line_not_named"


def test_each_row_is_decided_on_what_the_rows_before_have_left() -> None:
    answer = in_delivery().when(table(row(2, "A-1", minutes=570), row(3, "A-2"), row(4, "A-3", minutes=30)))
    assert [each.code for each in answer.decided.rows] == ["recorded", "not_committed", "recorded"]


def test_a_row_that_was_told_before_adds_nothing() -> None:
    """In the same table, in the next, and after a correction."""
    again = table(row(2), row(3, minutes=60))
    first = in_delivery().when(again)
    first.then(DeliveryRecorded)
    for case in (first.after, given(first.after, correction(30))):
        answer = case.when(again).then()
        assert [(each.code, each.delivery_id) for each in answer.decided.rows] == [("known", FIRST)] * 2


def test_a_row_s_number_stands_for_one_entry_of_its_provider() -> None:
    told = given(in_delivery(), table(row()))
    answer = told.when(table(row(minutes=61)))
    assert answer.then().decided.rows[0].code == "reference_reused"
    with pytest.raises(ReferenceReused, match="A-1 was told with other content"):
        record_row(row(minutes=61), told.known, context())


def test_one_by_one_an_entry_is_told_once_too() -> None:
    told = RecordDelivery(line_id="recovery", day=HELPED, minutes=60, reference="A-1")
    for before in (told, table(row())):
        in_delivery(before).when(told).refused(
            EntryKnown, field="reference", says="A-1 is recorded already, as delivery-1"
        )
    in_delivery(told).when(table(row())).then()


def test_two_providers_may_give_their_entries_the_same_number() -> None:
    other = line("other", provider_id=OTHER_PROVIDER)
    case = given(budgeted(line(), other), order(), order("other"), HELPED)
    answer = case.when(table(row(2, "A-1"), row(3, "A-1", line_id="other")))
    assert [each.code for each in answer.decided.rows] == ["recorded", "recorded"]


def test_a_row_may_name_component_and_kind_where_that_says_which_line() -> None:
    by_kind = row(component="mental.recovery", kind="individual")
    in_delivery().when(table(by_kind)).then(DeliveryRecorded)
    two = given(budgeted(line(), line("more")), order(), HELPED)
    for case, how_many in ((two, "2 lines"), (given(budgeted(GROUP), HELPED), "No lines")):
        with pytest.raises(LineNotNamed, match=f"{how_many} have mental.recovery as individual"):
            record_row(by_kind, case.known, context())


def test_a_carer_may_say_that_it_was_so() -> None:
    in_delivery(visit()).when(ConfirmDelivery(delivery_id=FIRST, confirmed_by="carer")).then(DeliveryConfirmed)


def context() -> Context:
    return Context(at=at_hour(HELPED, 12), actor=CASE_MANAGER, programme=PROGRAMME, stream_id=JOURNEY, new_id=str)
