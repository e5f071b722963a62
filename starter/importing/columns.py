"""The columns of a sheet of running cases: what each holds, and whether it tells of the case, of one budget line, or of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from domain.programme import Programme

NEED = "need_"  # how the columns of the life areas begin
MONEY = ("allocated", "committed", "delivered", "accepted", "paid")
TOTAL = "total"  # stands in the column `case` of the last row
Of = Literal["case", "line", "totals"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    name: str
    what: str
    of: Of
    needed: bool = False  # the column must be there; whether its cells may be blank is another matter


def columns(programme: Programme) -> tuple[Column, ...]:
    """As the template has them."""
    return (*_of_the_case(), *_of_the_need(programme), *_of_the_plan(), *_of_a_line(), *_of_the_money(), *_of_all())


def names(programme: Programme, *, needed: bool) -> tuple[str, ...]:
    return tuple(each.name for each in columns(programme) if each.needed is needed)


def _of_the_case() -> Iterator[Column]:
    for name, what, needed in (
        ("case", "your own number of the case; the rows of one person have the same. In the last row: total", True),
        ("stage", "waiting, assessment, planning or delivery", True),
        ("person_id", "if the person is registered here already: the id", False),
        ("distinct_from", "ids of people who look like the same and are not, with blanks between", False),
        ("given_name", "first name", True),
        ("family_name", "last name", True),
        ("birth_date", "day", True),
        ("personal_code", "eleven digits", False),
        ("sex", "female, male or not_known", True),
        ("language", "et, ru, en or other; blank: et", False),
        ("municipality", "code, as in `tori`", True),
        ("consent_on", "day on which the person agreed", True),
        ("rights_explained_on", "day on which their rights were explained", True),
        ("noticed_by", "person, relative, social_worker, doctor, ...; blank: other", False),
        ("referred_on", "day on which somebody noticed", True),
        ("complete_on", "day of the complete application; the waiting order goes by it", True),
        ("case_manager", "the case manager's id", True),
        ("place_from", "day from which the place is theirs; waiting: from which they want one", True),
    ):
        yield Column(name=name, what=what, of="case", needed=needed)


def _of_the_need(programme: Programme) -> Iterator[Column]:
    yield Column(name="assessed_on", what="day of the last assessment", of="case")
    for area in programme.life_areas:
        yield Column(name=f"{NEED}{area.code}", what=f"degree of need, 0 to 4: {area.name_en}", of="case")


def _of_the_plan() -> Iterator[Column]:
    yield Column(name="main_goal", what="the person's main goal in their words", of="case")
    yield Column(name="crisis_plan", what="what to do in a crisis", of="case")
    yield Column(name="plan_agreed_on", what="day on which the person agreed to the plan", of="case")
    yield Column(name="next_review", what="day of the next review; blank: as after a new budget", of="case")


def _of_a_line() -> Iterator[Column]:
    for name, what in (
        ("goal_area", "life area of the goal that the line serves"),
        ("goal", "the goal in words; the same words, the same goal"),
        ("component", "service component, as in `mental.recovery`"),
        ("kind", "individual, group, family or family_group"),
        ("hours", "planned in the whole period"),
        ("provider", "registry code, eight digits"),
        ("starts_on", "first day"),
        ("ends_on", "last day"),
    ):
        yield Column(name=name, what=what, of="line")


def _of_the_money() -> Iterator[Column]:
    for name, what in zip(
        MONEY, ("set aside", "ordered", "given by now", "accepted in claims", "paid to the provider"), strict=True
    ):
        yield Column(name=name, what=f"euros: {what}. In the last row: the sum", of="line")


def _of_all() -> Iterator[Column]:
    yield Column(name="cases", what="in the last row alone: how many cases there are", of="totals", needed=True)
    yield Column(
        name="balances_on",
        what="in the last row alone: the last day whose help is in the sums",
        of="totals",
        needed=True,
    )
