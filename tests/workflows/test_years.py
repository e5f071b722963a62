"""Ten people over ten years each: their reminders and escalations are those that a count with pen and paper comes to."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from domain.due import Deadline, Due, Escalation
from domain.working_days import at_hour
from tests.workflows.years import live, raised_of
from workflows import person_journey

YEARS, PEOPLE, AT_A_TIME = 10, 10, 2


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that every journey goes through many of them."""
    monkeypatch.setattr(person_journey, "LONG_HISTORY", 150)


@pytest.mark.parametrize("group", range(0, PEOPLE, AT_A_TIME))
async def test_reminders_over_years_are_those_that_the_facts_call_for(group: int) -> None:
    """Each on a server of its own, some of them at a time."""
    reminders = await asyncio.gather(*(live(seed, YEARS) for seed in range(group, group + AT_A_TIME)))
    assert sum(reminders) > YEARS


def test_the_count_tells_late_reminders_from_those_in_time() -> None:
    """The reference itself: opened after its reminder's day but before its own, it says the one at once and the others
    in time."""
    days = Due(
        on=date(2030, 3, 18), remind_on=date(2030, 3, 11), escalate_on=date(2030, 3, 21), rule="a/rule",
        escalations=(Escalation(level="municipality", on=date(2030, 3, 28)),),
    )  # fmt: skip
    due = Deadline(id="a", what="a", due=days)
    said: set[tuple[str, str]] = set()
    since, until = at_hour(date(2030, 3, 12), 12), at_hour(date(2030, 3, 29), 12)
    assert [(each[1], *each[3:5]) for _, each in raised_of(due, since, until, said)] == [
        ("before", "2030-03-12 12:00", "worker"),
        ("on", "2030-03-18 08:00", "worker"),
        ("after", "2030-03-21 08:00", "lead"),
        ("municipality", "2030-03-28 08:00", "coordinator"),
    ]
    assert not raised_of(due, since, until, said)
