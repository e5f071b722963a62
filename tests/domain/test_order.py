"""The waiting order: by the criteria of the data, and every position said in a sentence that names nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from domain.agreement import Waiter
from domain.programme import Settings
from domain.waiting import ahead_of, explained, in_order, order_rules
from tests.domain.given import MONDAY, PROGRAMME, SOURCED, an_agreement, signed

URGENCY_FIRST = PROGRAMME.settings("tori", MONDAY)
DAY_ALONE = SOURCED.settings("tori", MONDAY)


def waiter(number: int, since: date = MONDAY, *, urgent: bool = False, passed_on: date | None = None) -> Waiter:
    return Waiter(
        journey_id=f"journey-{number}",
        municipality="tori",
        since=since,
        place_from=since,
        joined=number,
        urgent=urgent,
        passed_on=passed_on,
    )


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def numbers(rules: Settings, *waiting: Waiter) -> list[int]:
    return [each.joined for each in in_order(waiting, rules)]


def sentences(rules: Settings, *waiting: Waiter) -> list[str]:
    order = in_order(waiting, rules)
    return [explained(each, order[:place], rules) for place, each in enumerate(order)]


def test_the_programme_says_which_criteria_there_are() -> None:
    assert (URGENCY_FIRST.waiting_order, DAY_ALONE.waiting_order) == (("urgency", "complete_on"), ("complete_on",))
    assert "waiting_order" in DAY_ALONE.assumptions
    assert "after_passed_offer" in DAY_ALONE.assumptions


def test_urgency_counts_where_the_data_say_so() -> None:
    waiting = (waiter(1, day(0)), waiter(2, day(5), urgent=True), waiter(3, day(-1)))
    assert numbers(URGENCY_FIRST, *waiting) == [2, 3, 1]
    assert numbers(DAY_ALONE, *waiting) == [3, 1, 2]


def test_of_those_alike_who_joined_first_goes_first() -> None:
    assert numbers(URGENCY_FIRST, waiter(5), waiter(2), waiter(9, day(-3))) == [9, 2, 5]


def test_who_passed_an_offer_counts_from_that_day_unless_the_data_say_otherwise() -> None:
    waiting = (waiter(1, passed_on=day(10)), waiter(2, day(9)), waiter(3, day(11)))
    assert numbers(DAY_ALONE, *waiting) == [2, 1, 3]
    assert numbers(_as_before(DAY_ALONE), *waiting) == [1, 2, 3]


def test_a_newcomer_is_told_how_many_come_before() -> None:
    agreement = an_agreement(signed()).known

    waiting = replace(agreement, waiting=(waiter(1), waiter(2, day(3)), waiter(3, day(9), urgent=True)))
    assert ahead_of(waiter(9, day(2)), waiting, URGENCY_FIRST) == 2
    assert ahead_of(waiter(9, day(2)), waiting, DAY_ALONE) == 1
    assert order_rules(waiting, PROGRAMME, MONDAY) == URGENCY_FIRST


def test_each_position_is_explained() -> None:
    told = sentences(
        URGENCY_FIRST,
        waiter(1, urgent=True),
        waiter(2),
        waiter(3, day(1)),
        waiter(4, day(1)),
        waiter(5, day(-20), passed_on=day(2)),
    )
    assert told == [
        "Number 1: urgent, the application was complete on 02.03.2026; nobody comes before.",
        "Number 2: the application was complete on 02.03.2026; 1 comes before, because it is more urgent there.",
        "Number 3: the application was complete on 03.03.2026; 2 come before: 1 because it is more urgent there and 1 by an "
        "earlier day.",
        "Number 4: the application was complete on 03.03.2026; 3 come before: 1 because it is more urgent there, 1 by an "
        "earlier day and 1 by having joined earlier that day.",
        "Number 5: the application was complete on 10.02.2026, and an offer was passed on 04.03.2026, which counts since; "
        "4 come before: 1 because it is more urgent there and 3 by an earlier day.",
    ]


def test_what_does_not_count_is_not_given_as_a_reason() -> None:
    told = sentences(_as_before(DAY_ALONE), waiter(1, urgent=True, passed_on=day(3)), waiter(2, day(1)))
    assert told == [
        "Number 1: the application was complete on 02.03.2026, and an offer was passed on 05.03.2026, which changes "
        "nothing; nobody comes before.",
        "Number 2: the application was complete on 03.03.2026; 1 comes before, by an earlier day.",
    ]


def _as_before(rules: Settings) -> Settings:

    return replace(rules, after_passed_offer="as_before")
