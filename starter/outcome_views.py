"""What a caller sees of outcome measures and ratings: each as told, and the first against the latest."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from domain.care import AreaScore, MeasureResult
from domain.states import CaseFile
from domain.then_and_now import then_and_now
from starter.views import View


class MeasureView(View):
    """`result` as the scorer made it when the measure was taken: means in tenths of a degree."""

    measure_id: str
    instrument: str
    scorer: str
    occasion: str
    on: date
    by: str
    carer_id: str | None
    scores: dict[str, AreaScore]
    result: MeasureResult


class ChangeView(View):
    """Now less then; `null` where either was not told."""

    need: int | None
    importance: int | None
    confidence: int | None


class DifferenceView(View):
    """One life area then and now, in degrees."""

    then: AreaScore | None
    now: AreaScore | None
    change: ChangeView | None


class ThenAndNowView(View):
    """First and latest of one of them (`now` is null where there is one alone). Where `comparable` is false, two measures
    were made by different scorers, and no change is told. `means` in tenths of a degree."""

    by: str
    carer_id: str | None
    then: MeasureView
    now: MeasureView | None
    comparable: bool
    means: ChangeView | None
    areas: dict[str, DifferenceView]


class RatingView(View):
    """1 bad to 5 very good; without a provider the rating is of the component, whoever gives it."""

    rating_id: str
    on: date
    component: str
    provider_id: str | None
    rating: int
    by: str
    carer_id: str | None


class OutcomesView(View):
    journey_id: str
    then_and_now: tuple[ThenAndNowView, ...]
    measures: tuple[MeasureView, ...]
    ratings: tuple[RatingView, ...]


def outcomes_view(file: CaseFile) -> OutcomesView:
    return OutcomesView(
        journey_id=file.journey_id,
        then_and_now=tuple(ThenAndNowView.model_validate(asdict(each)) for each in then_and_now(file.measures)),
        measures=tuple(MeasureView.model_validate(asdict(each)) for each in file.measures),
        ratings=tuple(RatingView.model_validate(asdict(each)) for each in file.ratings),
    )
