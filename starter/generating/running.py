"""`teekond generate`, from the first person to the table that says how near to the published figures it came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from activities.folding import Streams
from activities.publishing import latest
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.deciders import PROGRAMMES
from domain.programme import Programme
from domain.programme import load as load_programme
from domain.states import Waiting
from eventstore.postgres import PostgresEventStore, create_pool
from runtime.settings import Settings
from runtime.temporal import connect
from starter.generating.calibration import Calibration, published
from starter.generating.comparing import (
    ENOUGH_PEOPLE,
    MEAN_OFF,
    POINTS,
    Compared,
    as_table,
    compared,
    mean_cost,
    where_they_stand,
)
from starter.generating.generating import Generated, Generator, open_journeys, start
from starter.generating.refusals import OnlySynthetic
from starter.progress import Progress
from workflows.sweeping import TemporalEngine

Say = Callable[[str], None]


async def generate(settings: Settings, *, people: int, seed: int, say: Say) -> bool:
    """Whether the population is as near to the published figures as it must be. Raises OnlySynthetic, NoAgreements."""
    packaged = load_programme(settings.programme)
    if not packaged.synthetic:
        raise OnlySynthetic
    client = await connect(settings)
    pool = await create_pool(settings.database_url.get_secret_value(), max_size=2)
    figures = published()
    store = PostgresEventStore(pool)
    try:
        programme = await latest(Streams(store, Codec(NullCipher()), PROGRAMMES), packaged)
        generator = Generator(store, programme, figures, people=people, seed=seed, now=datetime.now(UTC))
        with Progress("people", people) as tick:
            generated = await generator.record(tick)
    finally:
        await pool.close()
    _tell_what_is_new(generated, people, seed, say)
    journeys = open_journeys(generated.lives)
    with Progress("journeys started", len(journeys)) as tick:
        await start(journeys, TemporalEngine(client, task_queue=settings.task_queue), tick)
    _tell_where_they_stand(generated, programme, say)
    return _held_against(generated, figures, programme, say)


def _tell_what_is_new(generated: Generated, people: int, seed: int, say: Say) -> None:
    events = sum(len(stream.events) for life in generated.lives for stream in life.streams)
    if generated.added == 0:
        say(f"these {people} people of seed {seed} had been generated before: nothing was added")
    else:
        say(f"{generated.added} synthetic people of seed {seed} were added; all {people} together have {events} events")


def _tell_where_they_stand(generated: Generated, programme: Programme, say: Say) -> None:
    waiting = sum(isinstance(life.journey, Waiting) for life in generated.lives)
    places = sum(terms.places for terms in programme.agreements)
    say(f"\nWhere they stand (the agreements have {places} places and no more are made up; {waiting} people wait)")
    for stage, number in sorted(where_they_stand(generated.lives).items()):
        say(f"  {number:>6}  {stage}")


def _held_against(generated: Generated, figures: Calibration, programme: Programme, say: Say) -> bool:
    rows = compared(generated.lives, figures, programme)
    say(f"\nPublished ({figures.source}) and generated")
    for line in as_table(rows):
        say(f"  {line}")
    mean = figures.mean["cost_per_person_month"]
    euros = mean_cost(generated.lives)
    say(f"  euros a person and month: {mean:.0f} published, {euros:.0f} generated")
    if len(generated.lives) < ENOUGH_PEOPLE:
        say(f"  of fewer than {ENOUGH_PEOPLE} people, shares say little and are not judged")
        return True
    return near_enough(rows, mean=mean, euros=euros, say=say)


def near_enough(rows: Sequence[Compared], *, mean: float, euros: float, say: Say) -> bool:
    off = [f"{row.of}: {row.part}".replace("_", " ") for row in rows if row.is_off]
    off += ["the mean cost"] * (abs(euros - mean) > MEAN_OFF * mean)
    if off:
        say(f"  too far off: {', '.join(off)}")
        return False
    say(f"  each share within {POINTS:.0f} points, the mean within {MEAN_OFF:.0%}")
    return True
