"""What an hour costs: the price in force in a municipality on the day of service. Unknown is unknown, never 0."""

from __future__ import annotations

from datetime import date

from domain.care import ServiceLine
from domain.decision import Context, Rejected
from domain.money import cost_cents
from domain.programme import AgreementTerms, Price


class NoPriceInForce(Rejected):
    """No price is in force for {component} ({tariff}) in {municipality} on {day}; without a price there is no line."""

    code = "no_price_in_force"
    status = 422


def price_on(day: date, component: str, tariff: str, municipality: str, context: Context) -> Price:
    terms = _terms(day, component, tariff, municipality, context)
    price = context.programme.price(agreement=terms.code, component=component, tariff=tariff, on=day)
    if price is None:
        raise NoPriceInForce(field="component", component=component, tariff=tariff, municipality=municipality, day=day)
    return price


def prices_over(line: ServiceLine, municipality: str, context: Context) -> tuple[Price, ...]:
    """Every price in force at some time in the line's period; refused if a day of it has none."""
    programme = context.programme
    terms = _terms(line.starts_on, line.component, line.tariff, municipality, context)
    wanted = (terms.code, line.component, line.tariff, line.starts_on, line.ends_on)
    if not programme.covers(*wanted):
        raise NoPriceInForce(
            field="lines",
            component=line.component,
            tariff=line.tariff,
            municipality=municipality,
            day=f"every day from {line.starts_on} to {line.ends_on}",
        )
    return programme.prices_between(*wanted)


def ceiling_cents(minutes: int, prices: tuple[Price, ...], own_percent: int) -> int:
    """Enough for the minutes whenever in the period they are used: the highest price counts, less the person's own share."""
    cost = cost_cents(minutes=minutes, cents_per_hour=max(price.cents_per_hour for price in prices))
    return cost - own_share(cost, own_percent)


def own_share(cents: int, own_percent: int) -> int:
    """What the person pays of a cost, by the rule of their municipality; a part of a cent is not theirs."""
    return cents * own_percent // 100


def _terms(day: date, component: str, tariff: str, municipality: str, context: Context) -> AgreementTerms:
    terms = context.programme.agreement_of(municipality, day)
    if terms is None:
        raise NoPriceInForce(field="component", component=component, tariff=tariff, municipality=municipality, day=day)
    return terms
