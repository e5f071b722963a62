"""The first outcome measure against the latest, life area by life area and by who tells: what has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from domain.care import AreaScore, MeasureResult
from domain.states import Measure


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Now less then, as degrees (of a mean: as tenths); None where either was not told."""

    need: int | None
    importance: int | None
    confidence: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One life area then and now."""

    then: AreaScore | None
    now: AreaScore | None
    change: Change | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ThenAndNow:
    """What one of them told first and last; `now` is None as long as they told it once. Results that different scorers made
    are not comparable, and then no change is told."""

    by: str
    carer_id: str | None
    then: Measure
    now: Measure | None
    comparable: bool
    means: Change | None
    areas: Mapping[str, Difference]


def then_and_now(measures: Iterable[Measure]) -> tuple[ThenAndNow, ...]:
    """Who told first comes first; of two measures of one day the one told later is the later."""
    by_whom: dict[tuple[str, str | None], list[Measure]] = {}
    for each in sorted(measures, key=lambda measure: measure.on):
        by_whom.setdefault((each.by, each.carer_id), []).append(each)
    return tuple(_compared(told) for told in by_whom.values())


def _compared(told: list[Measure]) -> ThenAndNow:
    then, now = told[0], told[-1] if len(told) > 1 else None
    comparable = now is not None and now.scorer == then.scorer
    areas = dict.fromkeys((*then.scores, *(now.scores if now is not None else ())))
    return ThenAndNow(
        by=then.by,
        carer_id=then.carer_id,
        then=then,
        now=now,
        comparable=comparable,
        means=_means(then, now) if comparable and now is not None else None,
        areas={area: _difference(area, then, now, comparable=comparable) for area in areas},
    )


def _difference(area: str, then: Measure, now: Measure | None, *, comparable: bool) -> Difference:
    was, is_now = then.scores.get(area), None if now is None else now.scores.get(area)
    change = _change(was, is_now) if comparable and was is not None and is_now is not None else None
    return Difference(then=was, now=is_now, change=change)


def _change(then: AreaScore, now: AreaScore) -> Change:
    return Change(
        need=_less(now.need, then.need),
        importance=_less(now.importance, then.importance),
        confidence=_less(now.confidence, then.confidence),
    )


def _means(then: Measure, now: Measure) -> Change:
    """Of a dimension only where the same areas were told both times; else the mean moves with what is left out."""
    return Change(
        need=_mean(then, now, lambda each: each.need, lambda result: result.need_tenths),
        importance=_mean(then, now, lambda each: each.importance, lambda result: result.importance_tenths),
        confidence=_mean(then, now, lambda each: each.confidence, lambda result: result.confidence_tenths),
    )


def _mean(
    then: Measure,
    now: Measure,
    degree: Callable[[AreaScore], int | None],
    mean: Callable[[MeasureResult], int | None],
) -> int | None:
    told = [{area for area, each in of.scores.items() if degree(each) is not None} for of in (then, now)]
    return _less(mean(now.result), mean(then.result)) if told[0] == told[1] else None


def _less(now: int | None, then: int | None) -> int | None:
    return None if now is None or then is None else now - then
