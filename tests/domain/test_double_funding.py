"""No double funding: stopped beforehand where the other service is known, claimed back where it becomes known later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.care import Ineligible
from domain.deciders import PERSONS
from domain.decision import Command
from domain.double_funding import DoubleFunding, forbidden_on
from domain.events import (
    DeliveriesClaimed,
    DeliveryCorrected,
    DeliveryRecorded,
    EntitlementCorrected,
    EntitlementRecorded,
    Event,
    PlaceOccupied,
    PlaceOffered,
    PlacePostponed,
    PlaceReceived,
    RecoveryOpened,
    RecoveryWithdrawn,
    ServiceCommitted,
    WaitingLeft,
)
from domain.parties import Person
from domain.persons import (
    CorrectEntitlement,
    EntitlementBackwards,
    EntitlementRow,
    OtherService,
    RecordEntitlement,
    RecordEntitlements,
    UnknownEntitlement,
)
from domain.programme import Programme
from domain.stages.delivery import CorrectDelivery
from domain.stages.placing import AcceptPlace, RequestPlace
from domain.stages.throughout import CheckDoubleFunding
from domain.states import AwaitingAssessment, Journey
from tests.domain.given import (
    JOURNEY,
    PERSON,
    PROGRAMME,
    SOURCED,
    Given,
    a_person,
    consented,
    fold,
    given,
    registered,
    signed,
)
from tests.domain.steps import (
    BUDGETED,
    DECIDED,
    HELPED,
    budgeted,
    claim,
    eligibility,
    in_delivery,
    order,
    postponed,
    referred,
    visit,
)

CARE_HOME = "state_special_care"


def entitled(
    starts_on: date, ends_on: date | None = None, *, service: str = CARE_HOME, id_: str = "entitlement-1"
) -> EntitlementRecorded:
    return EntitlementRecorded(
        entitlement_id=id_, service=service, starts_on=starts_on, ends_on=ends_on, told_by="register"
    )


def someone(*events: Event) -> Person:
    folded = fold(PERSONS, (registered(), consented(), *events), PERSON)
    assert folded is not None
    return folded


def test_what_must_not_be_combined_follows_the_rules_of_the_day() -> None:
    """State special care always; rehabilitation only since 2023."""
    assert forbidden_on(date(2022, 6, 1), SOURCED) == {CARE_HOME}
    assert forbidden_on(date(2025, 6, 1), SOURCED) == {CARE_HOME, "social_rehabilitation"}


def test_what_must_not_be_combined_does_not_become_allowed_when_the_rules_run_out() -> None:
    """Their last day is in 2026; what was delivered then is claimed and looked at in the years after."""
    assert forbidden_on(date(2027, 3, 1), SOURCED) == forbidden_on(date(2026, 12, 31), SOURCED)
    late = in_delivery(visit()).under(without_rules_after(HELPED)).about(someone(entitled(HELPED, HELPED)))
    case = late.on(date(2027, 3, 1))
    case.when(CheckDoubleFunding()).then(RecoveryOpened)
    assert case.when(claim()).the(DeliveriesClaimed).rules == "demo.eligibility@2026"


def without_rules_after(day: date) -> Programme:
    ended = tuple(replace(each, valid_to=day) for each in PROGRAMME.eligibility_versions)
    return replace(PROGRAMME, eligibility_versions=ended)


def test_a_rule_that_begins_in_mid_period_stops_an_order_too() -> None:
    """From July on the rules forbid what they allowed before."""
    (now,) = PROGRAMME.eligibility_versions
    until = replace(now, valid_to=date(2026, 6, 30), until_place=())
    after = replace(now, version="demo.eligibility@2026-07", valid_from=date(2026, 7, 1))
    coming = replace(PROGRAMME, eligibility_versions=(until, after))
    case = budgeted().under(coming).about(someone(entitled(date(2026, 1, 1))))
    case.when(order()).refused(DoubleFunding, field="line_id", says="2026-07-01")


def test_a_place_does_not_start_while_such_a_service_runs() -> None:
    referred().about(someone(entitled(date(2026, 1, 1)))).when(eligibility()).refused(
        DoubleFunding, field="findings", says=CARE_HOME
    )
    case = postponed().about(someone(entitled(date(2026, 1, 1), date(2026, 4, 30))))
    case.when(RequestPlace(from_on=date(2026, 4, 30))).refused(DoubleFunding, field="from_on", says="2026-04-30")
    case.when(RequestPlace(from_on=date(2026, 5, 1))).then(PlaceReceived)


def offered(*known: Event) -> Given[Journey]:
    full: tuple[Event, ...] = (signed(places=1), PlaceOccupied(journey_id="journey-9", from_on=date(2026, 1, 5)))
    waiting = given(referred().in_agreement(*full), eligibility())
    return waiting.also_in_agreement(PlaceOffered(journey_id=JOURNEY)).about(someone(*known))


def test_an_offered_place_starts_when_the_service_ends() -> None:
    case = offered(entitled(date(2026, 3, 1), date(2026, 3, 31)))
    assert case.when(AcceptPlace()).the(PlaceReceived).from_on == date(2026, 4, 1)


def test_an_offered_place_goes_on_to_the_next_while_nobody_knows_when_the_service_ends() -> None:
    answer = offered(entitled(date(2026, 3, 1))).when(AcceptPlace()).then(PlacePostponed)
    answer.agreement_then(WaitingLeft(journey_id=JOURNEY, reason="other_service", on=DECIDED))
    assert not answer.leads_to(AwaitingAssessment).file.waits_for_place
    assert answer.after.agreement is not None
    assert not answer.after.agreement.offers


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [(BUDGETED, BUDGETED), (date(2026, 5, 1), None), (date(2026, 1, 1), date(2026, 3, 25))],
)
def test_no_help_is_ordered_for_a_time_in_which_such_a_service_runs(starts_on: date, ends_on: date | None) -> None:
    budgeted().about(someone(entitled(starts_on, ends_on))).when(order()).refused(DoubleFunding, field="line_id")


@pytest.mark.parametrize(
    "known",
    [
        entitled(date(2025, 1, 1), date(2026, 3, 19)),  # over before the line begins
        entitled(date(2026, 1, 1), service="other"),  # may be combined
    ],
)
def test_what_does_not_overlap_or_may_be_combined_stops_nothing(known: EntitlementRecorded) -> None:
    case = budgeted().about(someone(known))
    case.when(order()).then(ServiceCommitted)


def test_no_help_is_recorded_for_a_day_on_which_such_a_service_runs() -> None:
    case = in_delivery(HELPED).about(someone(entitled(HELPED, HELPED)))
    case.when(visit(on=HELPED)).refused(DoubleFunding, field="day", says="demo.eligibility@2026")
    in_delivery(HELPED).about(someone(entitled(date(2026, 3, 27)))).when(visit(on=HELPED)).then(DeliveryRecorded)


def test_what_becomes_known_later_is_claimed_back_once_and_to_the_cent() -> None:
    """The audit's case: two visits were paid for, and then it turns out that a state service had run on one of the days."""
    helped = in_delivery(HELPED, visit(on=HELPED), date(2026, 4, 2), visit(on=date(2026, 4, 2)))
    late = helped.about(someone(entitled(date(2026, 4, 1))))

    opened = late.when(CheckDoubleFunding()).then(RecoveryOpened).the(RecoveryOpened)

    price = PROGRAMME.price(agreement="tori", component="mental.recovery", tariff="individual", on=date(2026, 4, 2))
    assert price is not None
    cost = Ineligible(delivery_id="delivery-2", line_id="recovery", day=date(2026, 4, 2), cents=price.cents_per_hour)
    assert (opened.entitlement_id, opened.deliveries, opened.cents) == ("entitlement-1", (cost,), cost.cents)
    late.when(CheckDoubleFunding()).after.when(CheckDoubleFunding()).then()


def test_a_delivery_that_was_taken_back_is_no_cost() -> None:
    undone = CorrectDelivery(delivery_id="delivery-1", minutes=0, reason="It did not take place.")
    case = in_delivery(HELPED, visit(on=HELPED), undone).about(someone(entitled(HELPED)))
    case.when(CheckDoubleFunding()).then()


def test_more_help_on_such_a_day_is_not_recorded_by_a_correction_either() -> None:
    case = in_delivery(HELPED, visit(on=HELPED)).about(someone(entitled(HELPED)))
    case.when(CorrectDelivery(delivery_id="delivery-1", minutes=90, reason="Stayed longer.")).refused(
        DoubleFunding, field="minutes", says=CARE_HOME
    )
    case.when(CorrectDelivery(delivery_id="delivery-1", minutes=30, reason="Left earlier.")).then(DeliveryCorrected)


# ── What was claimed back wrongly ────────────────────────────────────────────────────────────────────────────────────

LATER = date(2026, 4, 2)


def claimed_back() -> Given[Journey]:
    """Of two days, since the service seemed to run on both."""
    helped = in_delivery(HELPED, visit(on=HELPED), LATER, visit(on=LATER))
    return given(helped.about(someone(entitled(HELPED))), CheckDoubleFunding())


def recovered_of(state: Journey) -> list[bool]:
    return [each.recovered for each in state.file.deliveries.values()]


def test_a_recovery_is_taken_back_by_a_new_entry_when_the_service_never_was() -> None:
    case = claimed_back().about(someone())
    answer = case.when(CheckDoubleFunding()).then(
        RecoveryWithdrawn(
            recovery_id="recovery-1",
            rules="demo.eligibility@2026",
            deliveries=(
                Ineligible(delivery_id="delivery-1", line_id="recovery", day=HELPED, cents=3200),
                Ineligible(delivery_id="delivery-2", line_id="recovery", day=LATER, cents=3200),
            ),
            cents=6400,
        )
    )
    assert recovered_of(answer.state) == [False, False]
    assert [each.claimable for each in answer.state.file.deliveries.values()] == [3200, 3200]
    answer.after.when(CheckDoubleFunding()).then()


def test_of_a_service_that_ended_earlier_only_the_days_after_it_are_taken_back() -> None:
    case = claimed_back().about(someone(entitled(HELPED, HELPED)))
    answer = case.when(CheckDoubleFunding())
    assert [each.delivery_id for each in answer.the(RecoveryWithdrawn).deliveries] == ["delivery-2"]
    assert recovered_of(answer.state) == [True, False]
    never = given(answer.after.about(someone()), CheckDoubleFunding())
    assert recovered_of(never.known) == [False, False]


def test_what_another_such_service_stands_against_stays_claimed_back() -> None:
    case = claimed_back().about(someone(entitled(HELPED, id_="entitlement-2")))
    case.when(CheckDoubleFunding()).then()


def test_a_service_that_lay_on_other_days_is_taken_back_here_and_claimed_back_there() -> None:
    helped = in_delivery(HELPED, visit(on=HELPED), LATER, visit(on=LATER))
    first = given(helped.about(someone(entitled(HELPED, HELPED))), CheckDoubleFunding())
    moved = first.about(someone(entitled(LATER)))
    answer = moved.when(CheckDoubleFunding()).then(RecoveryWithdrawn, RecoveryOpened)
    assert recovered_of(answer.state) == [False, True]


# ── What is known of other services ──────────────────────────────────────────────────────────────────────────────────


def recorded(ends_on: date | None = None) -> RecordEntitlement:
    return RecordEntitlement(service="state_special_care", starts_on=DECIDED, ends_on=ends_on, told_by="register")


def test_a_service_is_recorded_with_its_period_and_corrected_later() -> None:
    case = given(a_person(registered()), recorded())
    corrected = CorrectEntitlement(entitlement_id="entitlement-1", starts_on=DECIDED, ends_on=HELPED)
    after = case.when(corrected).then(EntitlementCorrected).state
    assert after.entitlements["entitlement-1"].ends_on == HELPED

    withdrawn = CorrectEntitlement(entitlement_id="entitlement-1", starts_on=DECIDED, withdrawn=True)
    assert not case.when(withdrawn).state.entitlements


@pytest.mark.parametrize(
    "backwards",
    [
        recorded(ends_on=date(2026, 1, 1)),
        CorrectEntitlement(entitlement_id="entitlement-1", starts_on=HELPED, ends_on=DECIDED),
    ],
)
def test_a_service_does_not_end_before_it_starts(backwards: Command) -> None:
    given(a_person(registered()), recorded()).when(backwards).refused(EntitlementBackwards, field="ends_on")


def test_only_what_was_recorded_is_corrected() -> None:
    unknown = CorrectEntitlement(entitlement_id="entitlement-9", starts_on=DECIDED)
    a_person(registered()).when(unknown).refused(UnknownEntitlement, field="entitlement_id", says="entitlement-9")


# ── As a register tells of it, in a table ────────────────────────────────────────────────────────────────────────────


def table(*periods: tuple[date, date | None], service: OtherService = "state_special_care") -> RecordEntitlements:
    rows = enumerate(periods, start=2)
    return RecordEntitlements(
        rows=tuple(EntitlementRow(row=row, service=service, starts_on=start, ends_on=end) for row, (start, end) in rows)
    )


def answers(case: Given[Person], command: RecordEntitlements) -> list[tuple[int, str, str | None, str | None]]:
    rows = case.when(command).decided.rows
    return [(each.row, each.code, each.field, each.entitlement_id) for each in rows]


def test_each_row_of_a_table_has_its_answer_and_sent_again_nothing_is_doubled() -> None:
    case = a_person(registered())
    sent = table((DECIDED, None), (HELPED, DECIDED), (HELPED, HELPED))
    assert answers(case, sent) == [
        (2, "recorded", None, "entitlement-1"),
        (3, "entitlement_backwards", "ends_on", None),
        (4, "recorded", None, "entitlement-2"),
    ]
    case.when(sent).then(
        entitled(DECIDED, id_="entitlement-1"), entitled(HELPED, HELPED, id_="entitlement-2")
    ).after.when(sent).then()
    assert [code for _, code, _, _ in answers(given(case, sent), sent)] == ["known", "entitlement_backwards", "known"]


def test_a_service_with_the_same_first_day_and_another_end_is_corrected() -> None:
    case = given(a_person(registered()), table((DECIDED, None)))
    ended = table((DECIDED, HELPED))
    case.when(ended).then(
        EntitlementCorrected(entitlement_id="entitlement-1", starts_on=DECIDED, ends_on=HELPED, withdrawn=False)
    )
    assert answers(case, ended) == [(2, "corrected", None, "entitlement-1")]
    assert answers(given(case, ended), ended) == [(2, "known", None, "entitlement-1")]
    assert answers(given(case, ended), table((DECIDED, None))) == [(2, "corrected", None, "entitlement-1")]
    assert answers(case, table((DECIDED, None), service="other")) == [(2, "recorded", None, "entitlement-2")]


def test_a_table_that_says_both_ends_the_service_where_its_last_row_does() -> None:
    both = table((DECIDED, None), (DECIDED, HELPED))
    case = a_person(registered())
    assert [code for _, code, _, _ in answers(case, both)] == ["recorded", "corrected"]
    assert given(case, both).known.entitlements["entitlement-1"].ends_on == HELPED


def test_what_was_withdrawn_and_is_told_again_is_recorded_again() -> None:
    withdrawn = CorrectEntitlement(entitlement_id="entitlement-1", starts_on=DECIDED, withdrawn=True)
    case = given(a_person(registered()), table((DECIDED, None)), withdrawn)
    assert answers(case, table((DECIDED, None))) == [(2, "recorded", None, "entitlement-2")]
