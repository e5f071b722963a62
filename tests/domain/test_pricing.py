"""Prices: that of the day of service; and unknown is unknown, never nothing."""

from __future__ import annotations

from datetime import date

import pytest

from domain.decision import Context
from domain.pricing import NoPriceInForce, ceiling_cents, own_share, price_on, prices_over
from domain.programme import Programme
from tests.domain.given import CASE_MANAGER, NOON, PROGRAMME, SOURCED
from tests.domain.steps import line


def known(programme: Programme = PROGRAMME) -> Context:
    return Context(at=NOON, actor=CASE_MANAGER, programme=programme, stream_id="journey-1", new_id=lambda kind: kind)


@pytest.mark.parametrize(
    ("day", "cents", "version"),
    [
        (date(2026, 1, 1), 3200, "demo.prices@2026"),
        (date(2026, 12, 31), 3200, "demo.prices@2026"),
        (date(2027, 1, 1), 3360, "demo.prices@2027"),
        (date(2030, 6, 1), 3360, "demo.prices@2027"),
    ],
)
def test_the_price_is_that_of_the_day_of_service(day: date, cents: int, version: str) -> None:
    price = price_on(day, "mental.recovery", "individual", "tori", known())
    assert (price.cents_per_hour, price.version) == (cents, version)


def test_an_agreement_may_have_a_price_of_its_own() -> None:
    day = date(2026, 6, 1)
    assert price_on(day, "personal", "individual", "tallinn", known()).cents_per_hour == 3100
    assert price_on(day, "personal", "individual", "tori", known()).cents_per_hour == 2800


def test_over_a_change_of_prices_the_highest_is_set_aside() -> None:
    """Ten hours, whenever in the winter they are used: at 33.60 from January, so 336.00."""
    over_new_year = line(starts_on=date(2026, 12, 1), ends_on=date(2027, 1, 31))
    prices = prices_over(over_new_year, "tori", known())
    assert [price.version for price in prices] == ["demo.prices@2026", "demo.prices@2027"]
    assert ceiling_cents(600, prices, own_percent=0) == 33600


def test_the_person_s_own_share_is_not_set_aside() -> None:
    prices = prices_over(line(), "tori", known())
    assert ceiling_cents(600, prices, own_percent=10) == 28800
    assert own_share(3333, 10) == 333


@pytest.mark.parametrize(
    ("component", "tariff"), [("base.consult", "individual"), ("mental.recovery", "family"), ("horse.riding", "group")]
)
def test_a_price_that_is_not_known_is_refused(component: str, tariff: str) -> None:
    with pytest.raises(NoPriceInForce, match="No price is in force for"):
        price_on(date(2026, 6, 1), component, tariff, "tori", known())


def test_a_municipality_without_an_agreement_has_no_prices() -> None:
    """After 2022 the sources know of no agreement, whatever the price lists say."""
    with pytest.raises(NoPriceInForce, match="tallinn"):
        price_on(date(2025, 6, 2), "mental", "individual", "tallinn", known(SOURCED))
    with pytest.raises(NoPriceInForce, match="tallinn"):
        prices_over(line(component="mental", starts_on=date(2025, 6, 2)), "tallinn", known(SOURCED))


def test_a_single_day_without_a_price_refuses_the_whole_line() -> None:
    """The sources have prices of Tallinn until the end of 2021, and agreements of 2022 only."""
    in_2022 = line(component="personal", starts_on=date(2022, 1, 3), ends_on=date(2022, 1, 3))
    with pytest.raises(NoPriceInForce, match="every day from 2022-01-03 to 2022-01-03"):
        prices_over(in_2022, "tallinn", known(SOURCED))
