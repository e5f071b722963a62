"""What an installation is seeded with: every period that the programme has, each as a step of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain.places import SignAgreement
from domain.programme import load
from starter.seeding import _step, seeds

SOURCED, DEMONSTRATION = load("sourced"), load("demonstration")


def test_periods_of_other_years_are_signed_too() -> None:
    """So that past days can be told, and the next period's places are known beforehand."""
    signed = [each for each in seeds(SOURCED, date(2026, 3, 2)) if isinstance(each, SignAgreement)]
    assert len(signed) == len(SOURCED.agreements)
    assert {each.valid_from.year for each in signed} == {2022}


def test_two_periods_of_one_agreement_are_two_steps_and_the_same_ones_every_time() -> None:
    first = next(each for each in DEMONSTRATION.agreements if each.code == "tori")
    this_year = replace(first, valid_to=date(2026, 12, 31))
    both = replace(DEMONSTRATION, agreements=(this_year, replace(first, valid_from=date(2027, 1, 1))))
    twice = [[_step(each).command_id for each in seeds(both, date(2026, 3, 2))] for _ in range(2)]
    assert twice[0] == twice[1]
    assert len(set(twice[0])) == len(twice[0])
