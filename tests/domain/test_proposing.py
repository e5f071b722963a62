"""Proposals: who could give some help, near home and free first, and a sentence that says why each stands where it does."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st

from domain.capacity import Load, by_month, months
from domain.parties import Provider
from domain.proposing import Proposal, Wanted, propose
from tests.domain.given import PROGRAMME, contracted, provider
from tests.domain.steps import line

FROM, UNTIL = date(2026, 3, 2), date(2026, 5, 31)


def organisation(
    name: str,
    *,
    based_in: str | None = "tori",
    languages: tuple[str, ...] = ("et",),
    capacity: int | None = 6000,
    component: str = "leisure",
    until: date | None = None,
) -> Provider:
    terms = contracted(component, based_in=based_in, languages=languages, capacity=capacity, valid_to=until)
    return provider(f"provider-{name}", terms)


def proposed(
    *providers: Provider, planned: dict[str, dict[str, int]] | None = None, language: str = "et"
) -> list[Proposal]:
    loads = {f"provider-{name}": Load(planned=load) for name, load in (planned or {}).items()}
    wanted = Wanted(component="leisure", municipality="tori", language=language, starts_on=FROM, ends_on=UNTIL)
    return list(propose(wanted, providers, loads, PROGRAMME))


def names(proposals: list[Proposal]) -> list[str]:
    return [each.provider_id.removeprefix("provider-") for each in proposals]


def test_who_is_at_home_comes_before_who_is_in_the_region_and_that_before_elsewhere() -> None:
    found = proposed(
        organisation("unknown", based_in=None),
        organisation("capital", based_in="tallinn"),
        organisation("region", based_in="parnu"),
        organisation("home"),
    )
    assert names(found) == ["home", "region", "capital", "unknown"]
    assert [each.reason.partition(";")[0] for each in found] == [
        "At home in Tori, where the person lives",
        "At home in Pärnu, in the same region as Tori (West and South Estonia)",
        "At home in Tallinn, in another region (North Estonia)",
        "Where it is at home is not stated",
    ]


def test_of_those_equally_near_who_has_room_comes_first() -> None:
    full = {"2026-03": 100, "2026-04": 6000}
    found = proposed(
        organisation("full"), organisation("silent", capacity=None), organisation("free"), planned={"full": full}
    )
    assert names(found) == ["free", "silent", "full"]
    assert "free: 0 h of 100 h are planned in 2026-03, its fullest month of the period" in found[0].reason
    assert "how much it can give is not stated, 0 h are planned of it in 2026-03" in found[1].reason
    assert "full: 100 h of 100 h are planned in 2026-04" in found[2].reason


def test_capacity_is_advice_who_is_full_is_proposed_all_the_same() -> None:
    """A provider may find hours, or hire; whether it does is its own to say."""
    assert names(proposed(organisation("full"), planned={"full": {"2026-03": 60_000}})) == ["full"]


def test_what_is_planned_outside_the_period_fills_no_month_of_it() -> None:
    (found,) = proposed(organisation("one"), planned={"one": {"2026-02": 9999, "2026-06": 9999, "2026-05": 5999}})
    assert (found.fullest_month, found.planned_minutes, found.free.name) == ("2026-05", 5999, "HAS_ROOM")


def test_of_those_near_and_free_who_speaks_the_person_s_language_comes_first() -> None:
    found = proposed(
        organisation("estonian"), organisation("silent", languages=()), organisation("both", languages=("et", "ru")),
        language="ru",
    )  # fmt: skip
    assert names(found) == ["both", "silent", "estonian"]
    assert found[0].reason.endswith("speaks the person's language (ru).")
    assert found[1].reason.endswith("which languages it speaks is not stated.")
    assert found[2].reason.endswith("does not say that it speaks the person's language (ru).")


def test_a_near_one_that_is_full_still_comes_before_a_far_one_that_is_free() -> None:
    found = proposed(organisation("far", based_in="tallinn"), organisation("near"), planned={"near": {"2026-04": 6000}})
    assert names(found) == ["near", "far"]


def test_who_has_no_contract_for_it_over_the_whole_period_is_not_proposed() -> None:
    assert proposed(organisation("other", component="personal"), organisation("ends", until=date(2026, 5, 30))) == []
    assert names(proposed(organisation("to_the_end", until=UNTIL))) == ["to_the_end"]


organisations = st.builds(
    organisation,
    st.sampled_from(["a", "b", "c", "d"]),
    based_in=st.sampled_from(["tori", "parnu", "tallinn", None]),
    languages=st.sampled_from([("et",), ("ru",), ()]),
    capacity=st.sampled_from([100, 6000, None]),
)


@forall(
    st.lists(organisations, max_size=4, unique_by=lambda each: each.provider_id),
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.just({"2026-04": 500})),
    st.randoms(use_true_random=False),
)
@settings(derandomize=True, deadline=None, max_examples=100)
def test_the_order_is_the_same_however_they_come(
    providers: list[Provider], planned: dict[str, dict[str, int]], chance: object
) -> None:
    found = proposed(*providers, planned=planned)
    assert found == proposed(*reversed(providers), planned=planned)
    assert all((a.near, a.free, a.speaks) <= (b.near, b.free, b.speaks) for a, b in pairwise(found))
    assert len(found) == len(providers)


@forall(st.integers(1, 60_000), st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.integers(0, 800))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_a_line_s_minutes_are_spread_evenly_and_none_is_lost(minutes: int, start: date, days: int) -> None:
    end = date.fromordinal(start.toordinal() + days)
    spread = list(by_month(line(minutes=minutes, starts_on=start, ends_on=end)))
    assert [month for month, _ in spread] == list(months(start, end))
    assert sum(each for _, each in spread) == minutes
    assert max(each for _, each in spread) - min(each for _, each in spread) <= 1


def test_a_period_touches_each_of_its_months() -> None:
    assert months(date(2026, 11, 30), date(2027, 2, 1)) == ("2026-11", "2026-12", "2027-01", "2027-02")
