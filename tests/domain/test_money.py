"""Money is exact: whole cents, half a cent rounded up, nothing lost between writing and reading."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import cost_cents, euros, parse_euros

minutes = st.integers(min_value=0, max_value=60_000)
prices = st.integers(min_value=0, max_value=100_000)


@pytest.mark.parametrize(
    ("time", "price", "cost"),
    [(60, 2700, 2700), (90, 2700, 4050), (1, 2700, 45), (1, 29, 0), (1, 30, 1), (1, 31, 1), (3, 30, 2), (0, 2700, 0)],
)
def test_an_hour_costs_its_price_and_half_a_cent_goes_up(time: int, price: int, cost: int) -> None:
    assert cost_cents(minutes=time, cents_per_hour=price) == cost


@given(minutes, prices)
def test_cost_is_the_decimal_one(time: int, price: int) -> None:
    exact = Decimal(time) * price / 60
    assert cost_cents(minutes=time, cents_per_hour=price) == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@given(minutes, minutes, prices)
def test_more_time_never_costs_less(one: int, other: int, price: int) -> None:
    less, more = sorted((one, other))
    assert cost_cents(minutes=less, cents_per_hour=price) <= cost_cents(minutes=more, cents_per_hour=price)


@pytest.mark.parametrize(("time", "price"), [(-1, 2700), (60, -1)])
def test_negative_time_or_price_is_refused(time: int, price: int) -> None:
    with pytest.raises(ValueError, match="negative"):
        cost_cents(minutes=time, cents_per_hour=price)


@pytest.mark.parametrize(
    ("cents", "written"), [(123450, "1234.50"), (0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-123450, "-1234.50")]
)
def test_an_amount_is_written_with_two_decimals(cents: int, written: str) -> None:
    assert euros(cents) == written


@given(st.integers(min_value=-(10**14) + 1, max_value=10**14 - 1))
def test_what_is_written_reads_back_the_same(cents: int) -> None:
    assert parse_euros(euros(cents)) == cents


@pytest.mark.parametrize(
    ("text", "cents"), [("27", 2700), ("27.5", 2750), ("27,50", 2750), (" 0.05 ", 5), ("-0.5", -50), ("007.00", 700)]
)
def test_amounts_read_as_people_write_them(text: str, cents: int) -> None:
    assert parse_euros(text) == cents


@pytest.mark.parametrize(
    "text", ["", "27.005", "27.", ".5", "1 000", "1,000.00", "1e3", "NaN", "+3", "--3", "٢٧", "27.00\n1", "9" * 13]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        parse_euros(text)
