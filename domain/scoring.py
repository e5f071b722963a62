"""What answers come to: each scorer is a small rule with a version of its own, and stays as it is once it was used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from domain.care import AreaScore, MeasureResult

Scores = Mapping[str, AreaScore]
Scorer = Callable[[Scores], MeasureResult]


def mean_tenths(scores: Scores) -> MeasureResult:
    """The mean of each dimension over the areas that were told, in tenths of a degree; and need times importance (0 to 16)
    of each area of which both were told. What was not told counts as nothing, not as 0."""
    return MeasureResult(
        need_tenths=_mean(each.need for each in scores.values()),
        importance_tenths=_mean(each.importance for each in scores.values()),
        confidence_tenths=_mean(each.confidence for each in scores.values()),
        priority_by_life_area={
            area: each.need * each.importance
            for area, each in scores.items()
            if each.need is not None and each.importance is not None
        },
    )


def _mean(values: Iterable[int | None]) -> int | None:
    """In tenths, a half rounded up; None where nothing was told."""
    told = [value for value in values if value is not None]
    return (20 * sum(told) + len(told)) // (2 * len(told)) if told else None


# A scorer is never changed: another rule is another version, beside the old one.
SCORERS: Mapping[str, Scorer] = {"mean_tenths@1": mean_tenths}
