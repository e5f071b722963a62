"""How much is needed and planned where: numbers by municipality, and what is planned of each provider, month by month."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from domain import journey
from domain.capacity import Load, Month
from domain.codec import Codec, Recorded
from domain.deciders import JOURNEYS
from domain.ports import EventStore
from domain.region_needs import Key, tally
from domain.states import Journey
from readmodels.projector import KEPT, Connection, Folds, Pool

PlaceKey = tuple[str, Key]  # municipality, and what is counted there


class RegionCount:
    """Keeps sums alone. How much need somebody has is sealed in their journey, so no row here is about one journey: what
    a journey added last time is found again by folding it up to the version that was counted, and the difference is added."""

    name = "region_count"
    tables = """
        CREATE TABLE IF NOT EXISTS read.region_count (
            municipality text NOT NULL,
            measure text NOT NULL,
            code text NOT NULL,
            part text NOT NULL,  -- the degree or the month, where there is one
            number bigint NOT NULL,
            PRIMARY KEY (municipality, measure, code, part)
        );
        CREATE INDEX IF NOT EXISTS region_count_of_provider ON read.region_count (code) WHERE measure = 'provider';
        CREATE TABLE IF NOT EXISTS read.region_counted (
            journey_id text PRIMARY KEY,
            version bigint NOT NULL
        )"""
    clear = "TRUNCATE read.region_count, read.region_counted"

    def __init__(self, pool: Pool, store: EventStore, codec: Codec) -> None:
        self._pool, self._store, self._codec = pool, store, codec
        self._folds = Folds(store, codec, JOURNEYS)
        self._added: OrderedDict[str, tuple[int, Counter[PlaceKey]]] = OrderedDict()

    async def apply(self, connection: Connection, batch: Sequence[Recorded]) -> None:
        touched = await self._folds.touched(batch)
        counted = await _counted(connection, [state.file.journey_id for state, _ in touched])
        change: Counter[PlaceKey] = Counter()
        newly: list[tuple[str, int]] = []
        for state, last in touched:
            journey_id, since = state.file.journey_id, counted.get(state.file.journey_id, 0)
            if last.version <= since:
                continue
            before, now = await self._added_by(journey_id, since), _adds(state)
            change.update(now)
            change.subtract(before)
            newly.append((journey_id, last.version))  # also where nothing changed: an older batch may come late
            self._remember(journey_id, last.version, now)
        await _add(connection, change, newly)

    async def _added_by(self, journey_id: str, version: int) -> Counter[PlaceKey]:
        """What a journey had added when it was last counted."""
        remembered = self._added.get(journey_id)
        if remembered is not None and remembered[0] == version:
            return remembered[1]
        if version == 0:
            return Counter()
        found = await self._store.read(journey_id, limit=version)
        state = journey.fold((self._codec.decode(each).event for each in found.events), journey_id)
        assert state is not None, "what was counted is there"
        return _adds(state)

    def _remember(self, journey_id: str, version: int, added: Counter[PlaceKey]) -> None:
        self._added[journey_id] = (version, added)
        self._added.move_to_end(journey_id)
        if len(self._added) > KEPT:
            self._added.popitem(last=False)

    async def counts(self, municipality: str) -> Mapping[Key, int]:
        rows = await self._pool.fetch(
            "SELECT measure, code, part, number FROM read.region_count WHERE municipality = $1 AND measure <> 'provider'",
            municipality,
        )
        return {(row["measure"], row["code"], row["part"]): row["number"] for row in rows}

    async def loads(self, providers: Iterable[str]) -> Mapping[str, Load]:
        """What is planned of each, wherever the people live."""
        rows = await self._pool.fetch(
            """SELECT code, part, sum(number)::bigint AS minutes FROM read.region_count
            WHERE measure = 'provider' AND code = ANY($1) GROUP BY code, part""",
            list(providers),
        )
        planned: dict[str, dict[Month, int]] = {}
        for row in rows:
            planned.setdefault(row["code"], {})[row["part"]] = row["minutes"]
        return {provider_id: Load(planned=months) for provider_id, months in planned.items()}


def _adds(state: Journey) -> Counter[PlaceKey]:
    return Counter({(state.file.municipality, key): number for key, number in tally(state).items() if number})


async def _counted(connection: Connection, journeys: Sequence[str]) -> Mapping[str, int]:
    rows = await connection.fetch(
        "SELECT journey_id, version FROM read.region_counted WHERE journey_id = ANY($1)", journeys
    )
    return {row["journey_id"]: row["version"] for row in rows}


async def _add(connection: Connection, change: Counter[PlaceKey], newly: Sequence[tuple[str, int]]) -> None:
    await connection.executemany(
        """INSERT INTO read.region_count AS c VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (municipality, measure, code, part) DO UPDATE SET number = c.number + excluded.number""",
        [(place, *key, number) for (place, key), number in sorted(change.items()) if number],
    )
    await connection.executemany(
        """INSERT INTO read.region_counted VALUES ($1, $2)
        ON CONFLICT (journey_id) DO UPDATE SET version = excluded.version""",
        newly,
    )
