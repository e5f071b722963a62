"""A coming version held against a case of today: what would change for the person, what would not, what nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain.events import BudgetDecided, PlaceOccupied, ReferralAccepted, TransferAccepted
from domain.programme import Programme
from domain.states import Journey
from domain.what_if import Case, Effect, Versions, effect_on, first_difference, too_few_places
from tests.domain.given import MONDAY, PROGRAMME, Given, an_agreement, given, person, signed
from tests.domain.publishing import PRICES_2027, Change, coming, next_catalogue, next_rules
from tests.domain.steps import HELPED, accepted, budgeted, eligibility, in_delivery, line, referred

NEW_YEAR = date(2027, 1, 1)
INTO_2027 = (line(ends_on=date(2027, 3, 1)),)


def case(history: Given[Journey], *, born: date = date(1984, 3, 2)) -> Case:
    decided = [each for each in history.events if isinstance(each, ReferralAccepted)]
    budgets = [each for each in history.events if isinstance(each, BudgetDecided)]
    return Case(
        state=history.known,
        person=person(born=born),
        accepted=decided[-1] if decided else None,
        budget=budgets[-1] if budgets else None,
    )


def effect(of: Case, *changes: Change, new: dict[str, str] | None = None, on: date = NEW_YEAR) -> Effect:
    return effect_on(of, Versions(was=PROGRAMME, coming=coming(*changes, new=new), on=on))


# ── Who may join ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_rules_change_nobody() -> None:
    assert not effect(case(in_delivery())).changes
    assert effect(case(in_delivery()), *next_rules()) == effect(case(in_delivery()))


def test_an_age_that_rises_is_told_with_what_would_have_to_change() -> None:
    told = effect(case(accepted()), *next_rules(age_min=60)).joining
    assert told == ("Could not join. The person would have to be 60 years old or older.",)
    assert effect(case(accepted(), born=date(1950, 1, 1)), *next_rules(age_min=60)).joining == ()


def test_nobody_is_told_to_change_by_merely_growing_older() -> None:
    young = case(referred(), born=date(2010, 3, 2))
    assert effect(young, *next_rules(age_min=18)).joining == ()
    assert effect(young, *next_rules(age_min=16)).joining == ("No longer stands against joining: age min.",)


def test_a_diagnosis_that_was_recorded_is_held_against_the_new_list() -> None:
    stricter = next_rules(excluded=("dementia", "alcohol_dependence", "schizophrenia"))
    [told] = effect(case(accepted()), *stricter).joining
    assert told.startswith("Could not join. It would have to be so that the primary diagnosis is none of those")


def test_a_diagnosis_that_was_never_recorded_cannot_be_told() -> None:
    old = case(accepted())
    assert old.accepted is not None
    before_it_was_kept = replace(old, accepted=old.accepted.model_copy(update={"primary_diagnosis": None}))
    stricter = effect(before_it_was_kept, *next_rules(excluded=("dementia", "alcohol_dependence", "schizophrenia")))
    assert not stricter.changes
    assert stricter.untold == (
        "Somebody would have to judge whether the primary diagnosis is none of those the rules exclude.",
    )
    assert effect(before_it_was_kept, *next_rules(excluded=("dementia",))).untold == ()


def test_a_condition_that_nobody_judged_cannot_be_told() -> None:
    rules = next_rules(all_of=("diagnosed_by_doctor",))
    found = effect(case(accepted()), *rules)
    assert not found.changes
    assert found.untold == (
        "Somebody would have to judge whether the person has a mental disorder diagnosed by a doctor.",
    )
    assert effect(case(referred()), *rules).untold == ()


def test_a_ground_that_falls_away_leaves_open_whether_another_holds() -> None:
    found = effect(
        case(accepted()), *next_rules(one_of=("special_care_need_changed", "in_state_queue_without_service"))
    )
    assert not found.changes
    assert [each[:31] for each in found.untold] == ["It would have to be found that "]


def test_a_ground_that_remains_is_enough() -> None:
    found = effect(case(accepted()), *next_rules(one_of=("judged_to_need_integrated_services",)))
    assert (found.changes, found.untold) == (False, ())


# ── Budgets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dearer_price_is_told_before_and_after() -> None:
    found = effect(
        case(budgeted(*INTO_2027)),
        (PRICES_2027, "mental.recovery,individual,33.60", "mental.recovery,individual,40.00"),
    )
    assert found.budget == ("recovery would cost 400.00 euros instead of 336.00.",)
    assert (found.cents_before, found.cents_after) == (33_600, 40_000)


def test_a_line_of_where_the_journey_was_is_left_alone() -> None:
    """Its money is still kept there, for help that is told late."""
    moved = TransferAccepted(former="tori", municipality="tapa", on=HELPED, due=None, place_stays=True)
    found = effect(
        case(given(budgeted(*INTO_2027), moved)),
        (PRICES_2027, "mental.recovery,individual,33.60", "mental.recovery,individual,40.00"),
    )
    assert found.budget == ()


def test_a_budget_that_has_ended_by_then_is_left_alone() -> None:
    found = effect(
        case(in_delivery()), (PRICES_2027, "mental.recovery,individual,33.60", "mental.recovery,individual,40.00")
    )
    assert (found.changes, found.cents_before) == (False, 0)


def test_a_component_that_goes_is_told() -> None:
    changes, new = next_catalogue("mental.recovery")
    found = effect(case(budgeted(*INTO_2027)), *changes, new=new)
    assert found.budget == ("recovery: mental.recovery (individual) would not be in the catalogue.",)


def test_a_price_that_goes_is_told() -> None:
    hole = (
        "programme.toml", 'settings = "settings.toml"',
        'settings = "settings.toml"\n[[hole]]\nof = "prices"\nvalid_from = 2027-01-01\nreason = "not agreed yet"\n',
    )  # fmt: skip
    gone = (PRICES_2027, "*,mental.recovery,individual,33.60\n", "")
    assert effect(case(budgeted(*INTO_2027)), hole, gone).budget == (
        "recovery: mental.recovery (individual) would have no price on some day.",
    )


def test_a_ceiling_that_falls_is_told_for_the_months_to_come() -> None:
    lower = ("settings.toml", "3 = 2400", "3 = 100")
    found = effect(case(budgeted(line(minutes=5200, ends_on=date(2027, 3, 1)))), lower)
    assert found.budget == ("400 minutes a month would pass the ceiling of 100.",)
    assert effect(case(budgeted(*INTO_2027)), lower).budget == ()


def test_a_cap_that_would_be_passed_is_told() -> None:
    lines = (line("fun", "leisure", minutes=600, starts_on=NEW_YEAR, ends_on=date(2027, 5, 31)),)
    found = effect(case(budgeted(*lines)), ("catalogue.csv", "1500.00", "200.00"))
    assert found.budget == ("leisure would pass its cap of 200.00 euros in 2027.",)


def test_a_day_without_rules_is_told_as_that() -> None:
    hole = (
        "programme.toml", 'settings = "settings.toml"',
        'settings = "settings.toml"\n[[hole]]\nof = "eligibility"\nvalid_from = 2027-01-01\nreason = "not decided yet"\n',
    )  # fmt: skip
    rules = ("eligibility.toml", "valid_from = 2026-01-01", "valid_from = 2026-01-01\nvalid_to = 2026-12-31")
    assert effect(case(accepted()), hole, rules).joining == (
        "Nothing could be decided: no rule on who may join is in force on 01.01.2027.",
    )


# ── Places, and the day to ask about ─────────────────────────────────────────────────────────────────────────────────


def test_fewer_places_than_are_taken_are_told() -> None:
    taken = [PlaceOccupied(journey_id=f"journey-{n}", from_on=MONDAY) for n in range(3)]
    agreement = an_agreement(signed(places=26), *taken).known
    fewer = coming(("agreements.csv", "tori,tori,2026-01-01,,26", "tori,tori,2026-01-01,,2"))
    assert too_few_places(agreement, Versions(was=PROGRAMME, coming=fewer, on=NEW_YEAR)) == (
        "Agreed would be 2, and 3 are taken: 1 too few."
    )
    assert too_few_places(agreement, Versions(was=PROGRAMME, coming=PROGRAMME, on=NEW_YEAR)) is None


def test_the_day_to_ask_about_is_the_first_on_which_anything_differs() -> None:
    def day(of: Programme) -> date | None:
        return first_difference(PROGRAMME, of, MONDAY)

    assert day(PROGRAMME) is None
    assert day(coming(*next_rules(age_min=60))) == NEW_YEAR
    assert day(coming((PRICES_2027, "33.60", "34.00"))) == NEW_YEAR


def test_an_acceptance_with_a_reason_is_held_against_new_failures_only() -> None:
    answer = referred().when(eligibility(but={"target_group": False}, override="A good reason."))
    assert effect(case(answer.after), *next_rules()).joining == ()
    assert len(effect(case(answer.after), *next_rules(age_min=60)).joining) == 1
