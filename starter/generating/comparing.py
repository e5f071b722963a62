"""Holds a generated population against the published figures: each share beside its own, with the difference in points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.journey import stage_of
from domain.programme import Programme
from domain.states import Exited, Refused, waits_for
from domain.working_days import local_date
from starter.generating.calibration import Calibration
from starter.generating.needs import BANDS, area_of
from starter.generating.population import AGES, DIAGNOSES
from starter.generating.rounds import Life

POINTS = 3.0
MEAN_OFF = 0.10  # the published mean and the published bands are of different years
ENOUGH_PEOPLE = 1_000  # of fewer, chance alone is further off


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """One share, in parts of 100."""

    of: str
    part: str
    published: float
    generated: float

    @property
    def difference(self) -> float:
        return self.generated - self.published

    @property
    def is_off(self) -> bool:
        return abs(self.difference) > POINTS


def compared(lives: Sequence[Life], published: Calibration, programme: Programme) -> tuple[Compared, ...]:
    counted: Mapping[str, Counter[str]] = {
        "age": Counter(_age_group(life) for life in lives),
        "diagnosis": Counter(_diagnosis(life) for life in lives),
        "state_system": Counter("in_it_before" if life.person.entitlements else "never_in_it_before" for life in lives),
        "cost_per_person_month": Counter(_band(cents) for cents in month_costs(lives)),
        "service_need": Counter(area for life in lives for area in _areas(life, programme)),
    }
    return tuple(
        Compared(of=of, part=part, published=100 * share, generated=100 * found[part] / max(found.total(), 1))
        for of, found in counted.items()
        for part, share in published.share[of].items()
    )


def month_costs(lives: Iterable[Life]) -> Iterator[int]:
    """Cents of each whole month in which a person had help."""
    for life in lives:
        this_month = _month(local_date(life.until))
        months: Counter[tuple[int, int]] = Counter()
        for delivery in life.journey.file.deliveries.values():
            months[_month(delivery.day)] += delivery.cents
        yield from (cents for month, cents in months.items() if month < this_month)


def mean_cost(lives: Iterable[Life]) -> float:
    """Euros a person and month."""
    costs = [*month_costs(lives)]
    return sum(costs) / 100 / max(len(costs), 1)


def where_they_stand(lives: Iterable[Life]) -> Counter[str]:
    return Counter(_standing(life) for life in lives)


def _standing(life: Life) -> str:
    match life.journey:
        case Exited(reason=reason):
            return f"exit: {reason.replace('_', ' ')}"
        case Refused():
            return "refused"
        case state:
            return f"{stage_of(state)}: waits for {waits_for(state)}"


def _age_group(life: Life) -> str:
    born, today = life.person.birth_date, local_date(life.until)
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return next(group for group, (_, oldest) in AGES.items() if age <= oldest)


def _diagnosis(life: Life) -> str:
    return next(kind for kind, known in DIAGNOSES.items() if life.profile.diagnoses in known)


def _band(cents: int) -> str:
    return next(band for band, (least, below) in BANDS.items() if least <= cents < below)


def _areas(life: Life, programme: Programme) -> frozenset[str]:
    lines = (line for plan in life.journey.file.plans.values() for line in plan.lines)
    return frozenset(area_of(line.component, programme, line.starts_on) for line in lines)


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def as_table(rows: Sequence[Compared]) -> Iterator[str]:
    yield f"{'of 100':<24}{'':<26}{'published':>10}{'generated':>11}{'points':>8}"
    before = ""
    for row in rows:
        of = "" if row.of == before else row.of.replace("_", " ")
        mark = "  !" if row.is_off else ""
        yield (
            f"{of:<24}{row.part.replace('_', ' '):<26}{row.published:>10.1f}{row.generated:>11.1f}"
            f"{row.difference:>+8.1f}{mark}"
        )
        before = row.of
