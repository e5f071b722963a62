"""Then and now: the first measure against the latest of the same teller, and no change where there can be none."""

from __future__ import annotations

from datetime import date

from domain.care import AreaScore
from domain.programme import Answerer, Occasion
from domain.scoring import SCORERS
from domain.states import Measure
from domain.then_and_now import Change, ThenAndNow, then_and_now

BEFORE, BETWEEN, AFTER = date(2026, 3, 12), date(2026, 6, 22), date(2027, 3, 1)


def measure(
    on: date,
    need: int | None,
    *,
    by: Answerer = "person",
    scorer: str = "mean_tenths@1",
    area: str = "employment",
    carer_id: str | None = None,
    occasion: Occasion = "entry",
) -> Measure:
    scores = {area: AreaScore(need=need, importance=2, confidence=None)}
    return Measure(
        measure_id=f"measure-{on}",
        instrument="life_areas@1",
        scorer=scorer,
        occasion=occasion,
        on=on,
        by=by,
        carer_id=carer_id,
        scores=scores,
        result=SCORERS["mean_tenths@1"](scores),
    )


def only(*measures: Measure) -> ThenAndNow:
    (found,) = then_and_now(measures)
    return found


def test_the_first_stands_against_the_latest_by_their_days_however_they_were_told() -> None:
    found = only(measure(AFTER, 1), measure(BETWEEN, 4), measure(BEFORE, 3))
    assert found.now is not None
    assert (found.then.on, found.now.on, found.comparable) == (BEFORE, AFTER, True)
    assert found.areas["employment"].change == Change(need=-2, importance=0, confidence=None)
    assert found.means == Change(need=-20, importance=0, confidence=None)


def test_one_measure_alone_has_nothing_to_stand_against() -> None:
    found = only(measure(BEFORE, 3))
    assert (found.now, found.comparable, found.means, found.areas["employment"].change) == (None, False, None, None)
    assert then_and_now(()) == ()


def test_what_different_scorers_made_is_not_comparable() -> None:
    found = only(measure(BEFORE, 3), measure(AFTER, 1, scorer="other@1"))
    assert found.now is not None
    assert (found.comparable, found.means, found.areas["employment"].change) == (False, None, None)


def test_each_teller_is_compared_with_themselves() -> None:
    told = (
        measure(BEFORE, 3),
        measure(BEFORE, 2, by="carer", carer_id="person-7"),
        measure(AFTER, 1, by="case_manager"),
        measure(AFTER, 0, by="carer", carer_id="person-8"),
    )
    found = then_and_now(told)
    assert [(each.by, each.carer_id, each.now) for each in found] == [
        ("person", None, None),
        ("carer", "person-7", None),
        ("case_manager", None, None),
        ("carer", "person-8", None),
    ]


def test_what_was_not_told_once_makes_no_change_and_an_area_told_once_is_shown() -> None:
    assert only(measure(BEFORE, None), measure(AFTER, 4)).areas["employment"].change == Change(
        need=None, importance=0, confidence=None
    )
    found = only(measure(BEFORE, 3), measure(AFTER, 3, area="free_time"))
    assert found.means == Change(need=None, importance=None, confidence=None)
    assert (found.areas["employment"].now, found.areas["free_time"].then) == (None, None)
    assert found.areas["free_time"].change is None
