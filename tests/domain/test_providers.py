"""Providers: under contract for certain components, in certain municipalities, over certain days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from domain.deciders import PROVIDERS, NotInTheProgramme
from domain.events import Event, ProviderContractChanged
from domain.parties import Provider
from domain.providers import (
    ChangeContract,
    ContractProvider,
    PeriodBackwards,
    ProviderExists,
    UnknownComponent,
    UnknownProvider,
)
from tests.domain.given import MONDAY, a_provider, contracted, provider

FROM, UNTIL = date(2026, 1, 1), date(2026, 12, 31)


def contract(component: str = "leisure", *, town: str = "tori", until: date | None = None) -> ContractProvider:
    return ContractProvider(
        provider_name="Tori Tugi OÜ",
        registry_code="90000001",
        components=(component,),
        municipalities=(town,),
        valid_from=FROM,
        valid_to=until,
        synthetic=True,
    )


def terms(component: str = "leisure", *, start: date = FROM, until: date | None = None) -> ChangeContract:
    return ChangeContract(components=(component,), municipalities=("tori",), valid_from=start, valid_to=until)


def changed(component: str, start: date, until: date | None = None) -> ProviderContractChanged:
    return ProviderContractChanged(**dict(terms(component, start=start, until=until)))


def test_a_provider_gets_a_contract() -> None:
    a_provider().when(contract()).then(contracted("leisure"))
    assert contract().stream_named() == "provider-90000001"


def test_new_terms_follow_from_a_day_on() -> None:
    a_provider(contracted()).when(terms("personal", start=date(2026, 7, 1))).then(changed("personal", date(2026, 7, 1)))


def test_a_provider_is_recorded_once_and_then_changed() -> None:
    a_provider(contracted()).when(contract()).refused(ProviderExists)
    a_provider().when(terms()).refused(UnknownProvider, says="provider-90000001")


def test_a_contract_is_for_components_and_municipalities_there_are() -> None:
    a_provider().when(contract("horse.riding")).refused(
        UnknownComponent,
        field="components",
        says="horse.riding is not a component of the catalogue demo.catalogue@2026",
    )
    a_provider().when(contract(town="narnia")).refused(NotInTheProgramme, says="narnia")


def test_a_contract_says_where_the_provider_is_at_home_what_it_speaks_and_how_much_it_can_give() -> None:
    stated = contract().model_copy(
        update={"based_in": "parnu", "languages": ("et", "ru"), "capacity_minutes_per_month": 9600}
    )
    told = contracted("leisure", based_in="parnu", languages=("et", "ru"), capacity=9600)
    (found,) = a_provider().when(stated).then(told).state.contracts
    assert (found.based_in, found.languages, found.capacity_minutes_per_month) == (
        "parnu",
        frozenset({"et", "ru"}),
        9600,
    )


def test_what_a_contract_does_not_state_stays_unknown() -> None:
    (found,) = a_provider().when(contract()).then(contracted("leisure")).state.contracts
    assert (found.based_in, found.languages, found.capacity_minutes_per_month) == (None, frozenset(), None)


def test_a_provider_is_at_home_in_a_municipality_there_is() -> None:
    a_provider().when(contract().model_copy(update={"based_in": "narnia"})).refused(NotInTheProgramme, says="narnia")


def test_a_contract_does_not_end_before_it_starts() -> None:
    a_provider().when(contract(until=date(2025, 12, 31))).refused(PeriodBackwards, field="valid_to")


def covers(known: Provider, start: date, end: date, component: str = "leisure") -> bool:
    return known.covers(component, "tori", start, end)


def test_a_contract_covers_its_first_and_last_day() -> None:
    known = provider("provider-1", contracted("leisure", valid_to=UNTIL))
    assert covers(known, FROM, UNTIL)
    assert not covers(known, FROM - timedelta(days=1), UNTIL)
    assert not covers(known, FROM, UNTIL + timedelta(days=1))
    assert not covers(known, FROM, UNTIL, "personal")
    assert not known.covers("leisure", "tartu", FROM, UNTIL)


def test_for_any_day_the_terms_told_last_count() -> None:
    known = provider("provider-1", contracted("leisure"), changed("personal", date(2026, 7, 1)))
    assert covers(known, FROM, date(2026, 6, 30))
    assert not covers(known, FROM, date(2026, 7, 1))
    assert covers(known, date(2026, 7, 1), UNTIL, "personal")


def test_terms_that_are_told_again_count_again() -> None:
    first = contracted("leisure")
    known = provider("provider-1", first, changed("personal", FROM), changed("leisure", FROM))
    assert covers(known, FROM, UNTIL)


def test_a_hole_in_the_middle_of_a_period_is_seen() -> None:
    known = provider(
        "provider-1", contracted("leisure", valid_to=date(2026, 3, 31)), changed("leisure", date(2026, 6, 1))
    )
    assert covers(known, FROM, date(2026, 3, 31))
    assert not covers(known, FROM, date(2026, 7, 1))


days = st.integers(min_value=0, max_value=12).map(lambda n: FROM + timedelta(days=n))


@st.composite
def contracts(draw: st.DrawFn) -> Event:
    start, length = draw(days), draw(st.none() | st.integers(min_value=0, max_value=6))
    until = None if length is None else start + timedelta(days=length)
    return changed(draw(st.sampled_from(["leisure", "personal"])), start, until)


@forall(st.lists(contracts(), max_size=4), days, st.integers(min_value=0, max_value=8))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_covered_is_what_is_under_contract_on_each_single_day(history: list[Event], start: date, length: int) -> None:
    known = provider("provider-1", contracted("personal", valid_to=FROM), *history)
    period = [start + timedelta(days=n) for n in range(length + 1)]
    each_day = [known.contract_on(day) for day in period]
    expected = all(found is not None and "leisure" in found.components for found in each_day)
    assert covers(known, period[0], period[-1]) == expected


def test_a_contract_of_several_municipalities_is_changed_nationally() -> None:
    """The last terms told count for all it names, so one municipality must not set another's."""
    own = a_provider(contracted()).known
    shared = replace(own, contracts=(*own.contracts, replace(own.contracts[0], municipalities=frozenset({"tapa"}))))
    change = ChangeContract(components=("personal",), municipalities=("tori",), valid_from=MONDAY)
    assert PROVIDERS.belongs_to(change, own) == {"tori"}
    assert PROVIDERS.belongs_to(change, shared) == frozenset()
