"""A hundred people over ten years each: their reminders and escalations are those that the count comes to."""

from __future__ import annotations

import asyncio

import pytest

from tests.workflows.years import live
from workflows import person_journey

YEARS, PEOPLE, AT_A_TIME = 10, 100, 4


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_journey, "LONG_HISTORY", 150)


@pytest.mark.parametrize("group", range(1000, 1000 + PEOPLE, AT_A_TIME))
async def test_a_hundred_people_s_reminders_over_ten_years_are_those_that_the_facts_call_for(group: int) -> None:
    reminders = await asyncio.gather(*(live(seed, YEARS) for seed in range(group, group + AT_A_TIME)))
    assert min(reminders) > 0
