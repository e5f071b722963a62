"""How a synthetic person's life is told to be, and what is thought of the help: after the need that was assessed, by chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date

from domain.care import AreaScore, ServiceLine
from domain.programme import Answerer, NotInForce, Occasion, Programme
from domain.stages.outcomes import RateService, TakeMeasure
from domain.states import CaseFile

EASED: dict[Occasion, tuple[int, ...]] = {"entry": (0, 0, 0, 1), "review": (-1, 0, 0, 1, 1), "exit": (0, 1, 1, 2)}
HOPES: dict[Occasion, tuple[int, ...]] = {"entry": (0, 1, 1, 2), "review": (1, 2, 2, 3), "exit": (2, 3, 3, 4)}
NOT_TOLD = 0.06
RATINGS = (1, 2, 3, 3, 4, 4, 4, 5, 5)


def measure(
    file: CaseFile, programme: Programme, occasion: Occasion, by: Answerer, today: date, chance: random.Random
) -> TakeMeasure | None:
    """None where nobody was assessed, or nothing is asked on that day."""
    try:
        asked = programme.measure(today)
    except NotInForce:
        return None
    if not file.assessments:
        return None
    need = file.assessments[-1].need_by_life_area
    scores = {area: _score(need.get(area, 0), occasion, chance) for area in asked.life_areas}
    return TakeMeasure(occasion=occasion, on=today, by=by, scores=scores)


def _score(need: int, occasion: Occasion, chance: random.Random) -> AreaScore:
    return AreaScore(
        need=None if chance.random() < NOT_TOLD else min(max(need - chance.choice(EASED[occasion]), 0), 4),
        importance=min(max(need, 1) + chance.randint(0, 1), 4),
        confidence=None if chance.random() < NOT_TOLD else chance.choice(HOPES[occasion]),
    )


def rating(lines: Sequence[ServiceLine], today: date, chance: random.Random) -> RateService | None:
    """None where no help has begun."""
    begun = [line for line in lines if line.starts_on <= today]
    if not begun:
        return None
    rated = chance.choice(begun)
    return RateService(
        component=rated.component,
        provider_id=rated.provider_id if chance.random() < 0.8 else None,
        rating=chance.choice(RATINGS),
        by="person",
        on=today,
    )
