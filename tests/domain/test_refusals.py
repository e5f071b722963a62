"""Every refusal says one sentence, with the facts of the case, under a code of its own that never changes."""

from __future__ import annotations

import ast
import string
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import domain
from domain.decision import Rejected

FOLDER = Path(domain.__path__[0])
MODULES = sorted(
    ".".join(("domain", *path.relative_to(FOLDER).with_suffix("").parts))
    for path in FOLDER.rglob("*.py")
    if path.name != "__init__.py"
)


def family(of: type[Rejected]) -> Iterator[type[Rejected]]:
    for each in of.__subclasses__():
        yield each
        yield from family(each)


for module in MODULES:
    import_module(module)
REFUSALS = sorted(
    (each for each in family(Rejected) if each.__module__.startswith("domain.")), key=lambda each: each.__qualname__
)

CODES = {
    "after_exit", "agreement_exists", "already_challenged", "already_disputed", "another_draft",
    "application_incomplete", "before_beginning", "born_in_future", "bound_reached", "cap_across_years",
    "comment_missing", "consent_missing", "date_in_future", "degree_missing", "degrees_not_asked",
    "destination_missing", "exit_before_delivery", "fewer_places_than_taken", "full_review_due", "journey_exists",
    "double_funding", "entitlement_backwards", "unknown_entitlement", "line_is_another", "place_too_far_off",
    "unknown_period", "offer_expired", "offer_stands", "holds_no_place", "before_place", "suspended_already",
    "helped_since", "not_suspended", "resumed_too_early", "exit_planned_in_past",
    "gap_closed_already", "gap_due_in_past", "gap_in_hand", "gap_not_open_then", "gap_of_what",
    "not_their_carer", "serves_the_person", "unknown_carer_need", "unknown_gap",
    "life_areas_missing", "line_before_place", "no_agreement", "no_budget", "no_place_yet", "no_price_in_force",
    "no_such_consent", "nobody_represents", "not_allocated", "not_committed", "not_in_the_programme",
    "not_offered", "not_the_plans_author", "not_under_contract", "nothing_disputed", "nothing_to_offer",
    "nothing_to_override", "open_journey", "outside_municipality", "outside_period", "over_ceiling",
    "over_yearly_cap", "own_carer", "period_backwards", "person_exists", "place_taken", "possible_duplicates",
    "provider_exists", "quality_of_life_missing", "reasons_missing", "section_missing", "twice_the_same",
    "unknown_challenge", "unknown_component", "unknown_condition", "unknown_decision", "unknown_delivery",
    "unknown_goal", "unknown_item", "unknown_life_area", "unknown_line", "unknown_person", "unknown_plan_goal",
    "unknown_provider", "unknown_review_goal", "unknown_safety_sign", "unknown_section", "waits_already",
    "waits_for_no_place", "wrong_degree", "wrong_personal_code", "wrong_review_degree", "wrong_stage",
    "line_not_named", "long_day", "not_a_group", "nothing_to_pay", "reference_reused", "yearly_cap_reached",
    "claim_too_long", "while_suspended", "month_not_over", "not_a_month", "not_in_claim", "nothing_to_claim",
    "open_claim", "session_told", "already_acknowledged", "unknown_reminder",
    "exit_before_move", "former_line", "helped_on_that_day", "no_transfer_offered", "own_municipality", "transfer_not_due",
    "transfer_open", "transfer_too_far_off",
    "already_told", "area_missing", "area_not_asked", "carer_not_named", "no_measure", "not_asked", "not_their_help",
    "nothing_told", "occasion_does_not_fit",
    "absence_backwards", "absence_overlaps", "own_stand_in", "unknown_absence", "unknown_staff",
    "hand_over_exists", "hand_over_under_way", "undone_already",
    "report_sent_already", "not_the_next_correction",
    "no_such_deadline", "not_on_hold", "on_hold_already", "outside_its_time", "too_many_pauses", "too_much_longer",
    "rejected_twice", "entry_known", "not_for_this_role", "paid_before_help", "outside_contract", "wrong_claim_stage",
    "wrong_tariff", "not_yours_to_publish", "programme_invalid", "another_programme", "nothing_new", "past_changed",
    "component_in_use",
    "missing_to_stand_there", "no_place_left", "not_yours_to_take_over", "numbers_out_of_order", "plan_over",
    "told_elsewhere", "too_much_to_stand_there",
}  # fmt: skip


def test_codes_are_frozen() -> None:
    """Other systems act on them. A new refusal is added here; one that is there is never renamed."""
    assert {each.code for each in REFUSALS} == CODES


def test_each_refusal_has_a_code_of_its_own() -> None:
    twice = [code for code, times in Counter(each.code for each in REFUSALS).items() if times > 1]
    assert not twice
    assert all("code" in vars(each) for each in REFUSALS)


def test_a_name_stands_for_one_refusal() -> None:
    assert len({each.__name__ for each in REFUSALS}) == len(REFUSALS)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda each: each.__name__)
def test_a_refusal_is_one_sentence(refusal: type[Rejected]) -> None:
    sentence = " ".join((refusal.__doc__ or "").split())
    assert sentence.endswith(".")
    assert not sentence.startswith(("a ", "the "))
    assert ". " not in sentence
    assert sentence != " ".join((Rejected.__doc__ or "").split())


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda each: each.__name__)
def test_a_refusal_answers_that_the_request_cannot_be_followed(refusal: type[Rejected]) -> None:
    assert refusal.status in (403, 409, 422)


# ── Where they are raised ────────────────────────────────────────────────────────────────────────────────────────────


def raised() -> Iterator[tuple[str, type[Rejected], frozenset[str]]]:
    """Every place in the domain that makes a refusal: where, which, and the facts it gives."""
    known = {each.__name__: each for each in REFUSALS}
    for path in sorted(FOLDER.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        called = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
        named = [node for node in nodes if isinstance(node, ast.Name) and node.id in known]
        raises = {id(node.exc) for node in nodes if isinstance(node, ast.Raise)}
        for name in named:
            call = called.get(id(name))
            if call is None and id(name) not in raises:
                continue  # a base class
            keywords = frozenset(word.arg or "**" for word in call.keywords) if call else frozenset[str]()
            yield f"{path.relative_to(FOLDER)}:{name.lineno}", known[name.id], keywords - {"field"}


RAISED = list(raised())


@pytest.mark.parametrize(("where", "refusal", "facts"), RAISED, ids=[f"{where} {r.__name__}" for where, r, _ in RAISED])
def test_the_facts_given_are_those_the_sentence_tells(
    where: str, refusal: type[Rejected], facts: frozenset[str]
) -> None:
    """Otherwise a refusal would fail while it is being said, or know something that it keeps to itself."""
    told = {name for _, name, _, _ in string.Formatter().parse(refusal.__doc__ or "") if name}
    assert told == facts, where
    refusal(**dict.fromkeys(facts, "x")).sentence()


RAISED_BY_THE_WRITER = {"possible_duplicates"}  # who looks up what the domain cannot know


def test_every_refusal_is_made_somewhere() -> None:
    unused = {each.code for each in REFUSALS} - {refusal.code for _, refusal, _ in RAISED}
    assert unused == RAISED_BY_THE_WRITER


# ── Where they are tested ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_refusal_is_provoked_by_a_test_of_this_folder() -> None:
    """A test names it in `.refused(…)` or `pytest.raises(…)`; what only the writer raises is tested with the writer."""
    provoked = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first = node.args[0]
                if node.func.attr in ("refused", "raises") and isinstance(first, ast.Name):
                    provoked.add(first.id)
    elsewhere = {each.__name__ for each in REFUSALS if each.code in RAISED_BY_THE_WRITER}
    bounds = {
        "OpenJourney",
        "BoundReached",
        "OpenClaim",
        "YearlyCapReached",
    }  # not decided: what the database's bound means
    assert {each.__name__ for each in REFUSALS} - provoked == elsewhere | bounds
