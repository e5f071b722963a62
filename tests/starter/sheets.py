"""[synthetic] A municipality's sheet of running cases, as rows that a test can spoil, and a record in memory for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from activities.messages import Outcome, Refusal, Submission
from activities.recording import Recorder
from domain.cipher import NullCipher
from domain.codec import Codec
from domain.decision import Command, Rejected
from domain.events import PersonRegistered
from domain.money import euros, parse_euros
from domain.places import SignAgreement
from domain.ports import START
from domain.programme import load
from domain.states import Journey
from eventstore.memory import MemoryEventStore
from integrations.tables import kind_of, write
from readmodels.person_match import plain
from starter.generating.desk import NothingUsed
from starter.importing.columns import MONEY, columns
from starter.importing.running import importer, rehearsal, taken_over
from starter.importing.telling import Imported
from starter.seeding import SEEDER, seeds
from starter.submit import Refused, step_of
from tests.activities.examples import EveryDelivery

PROGRAMME = load("demonstration")
NOW = datetime(2026, 6, 10, 9, tzinfo=UTC)
UNTIL = "2026-06-09"
BY = importer("lead.tori")
Rows = list[dict[str, str]]


def a_case(number: int, **otherwise: str) -> dict[str, str]:
    """In delivery, with one line of 40 hours."""
    told = {
        "case": f"TORI-{number}", "stage": "delivery", "given_name": "Synthetic", "family_name": f"Näidis {number}",
        "birth_date": f"1980-01-{number:02d}", "sex": "female", "municipality": "tori", "consent_on": "2026-01-12",
        "rights_explained_on": "2026-01-12", "referred_on": "2026-01-12", "complete_on": f"2026-01-{12 + number:02d}",
        "case_manager": "case_manager.tori", "place_from": "2026-02-02", "assessed_on": "2026-02-09",
        "need_mental_health": "3", "main_goal": "Synthetic: to walk to the sea.", "crisis_plan": "Synthetic: call.",
        "plan_agreed_on": "2026-02-20", "next_review": "2026-09-01",
    }  # fmt: skip
    return told | a_line() | otherwise


def a_line(**otherwise: str) -> dict[str, str]:
    told = {
        "goal_area": "mental_health", "goal": "Synthetic: to leave the flat.", "component": "mental.recovery",
        "kind": "individual", "hours": "40", "provider": "90000001", "starts_on": "2026-03-01", "ends_on": "2026-12-31",
        "allocated": "1280.00", "committed": "1000,50", "delivered": "600", "accepted": "500", "paid": "400",
    }  # fmt: skip
    return told | otherwise


def further(number: int, **otherwise: str) -> dict[str, str]:
    """Another line of the same case; what the first row says need not be said again."""
    return {"case": f"TORI-{number}", "municipality": "tori"} | a_line(**otherwise)


def without_a_budget(number: int, stage: str, **otherwise: str) -> dict[str, str]:
    blank = dict.fromkeys((*a_line(), "main_goal", "crisis_plan", "plan_agreed_on", "next_review"), "")
    if stage != "planning":
        blank |= {"assessed_on": "", "need_mental_health": ""}
    return a_case(number, stage=stage) | blank | otherwise


def twelve_cases() -> Rows:
    """Nine in delivery, one of them with two lines, and one each in planning, in assessment and waiting."""
    return [
        *(a_case(number) for number in range(1, 9)),
        a_case(9),
        further(9, component="mental.capacity", hours="20", allocated="900", committed="0", delivered="0", accepted="0",
                paid="0"),
        without_a_budget(10, "planning"),
        without_a_budget(11, "assessment"),
        without_a_budget(12, "waiting", place_from=""),
    ]  # fmt: skip


def totals(rows: Sequence[Mapping[str, str]], **otherwise: str) -> dict[str, str]:
    sums = {name: euros(sum(_cents(row.get(name) or "0") for row in rows)) for name in MONEY}
    numbers = {(row["municipality"], row["case"]) for row in rows}
    return {"case": "total", "cases": str(len(numbers)), "balances_on": UNTIL} | sums | otherwise


def _cents(text: str) -> int:
    try:
        return parse_euros(text)
    except ValueError:
        return 0


def sheet(folder: Path, rows: Sequence[Mapping[str, str]], name: str = "cases.csv", **of_totals: str) -> Path:
    """With its own totals in the last row."""
    header = tuple(each.name for each in columns(PROGRAMME))
    whole = [*rows, totals(rows, **of_totals)]
    path = folder / name
    path.write_bytes(write([tuple(row.get(each, "") for each in header) for row in whole], header, kind=kind_of(name)))
    return path


class Alike:
    """Who is registered, found by name and birthday or code, by reading all there is."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def like(
        self, *, municipality: str, given_name: str, family_name: str, birth_date: date, personal_code: str | None
    ) -> tuple[str, ...]:
        wanted = (plain(given_name), plain(family_name), birth_date)
        found = []
        for told in map(Codec(NullCipher()).decode, await self._office.store.read_all(after=START, limit=1_000_000)):
            event = told.event
            if isinstance(event, PersonRegistered) and event.municipality == municipality:
                named = (plain(event.given_name), plain(event.family_name), event.birth_date)
                if named == wanted or (personal_code is not None and event.personal_code == personal_code):
                    found.append(told.stream_id)
        return tuple(found)


@dataclass(kw_only=True)
class Office:
    """A record in memory with the demonstration programme. It submits as the engine would, one step after the other."""

    store: MemoryEventStore = field(default_factory=MemoryEventStore)
    at: datetime = NOW
    places: int | None = None  # as many as the agreement of tori has, if not as the programme says

    def __post_init__(self) -> None:
        self.matches = Alike(self)
        self.recorder = Recorder(
            store=self.store,
            cipher=NullCipher(),
            programme=PROGRAMME,
            matches=self.matches,
            claimable=EveryDelivery(self.store),
            uses=NothingUsed(),
        )

    async def open(self) -> Office:
        for command in seeds(PROGRAMME, self.at.date()):
            stream_id = command.stream_named()
            assert stream_id is not None
            await self.submit(step_of(self._with_so_many(command), SEEDER, stream_id=stream_id, command_id=stream_id))
        return self

    def _with_so_many(self, command: Command) -> Command:
        if isinstance(command, SignAgreement) and command.agreement == "tori" and self.places is not None:
            return command.model_copy(update={"places": self.places})
        return command

    async def submit(self, step: Submission) -> Outcome:
        try:
            return await self.recorder.record(step.model_copy(update={"at": self.at}))
        except Rejected as refused:
            told = Refusal(code=refused.code, status=refused.status, message=str(refused), field=refused.field)
            raise Refused(told) from refused

    async def rehearse(self, path: Path) -> Imported:
        return await rehearsal(path, self.store, PROGRAMME, self.matches, by=BY, at=self.at)

    async def take_over(self, path: Path) -> Imported:
        """As the command does: what is not in order is not written."""
        done = await self.rehearse(path)
        return done if done.problems else await taken_over(done, self.store, self, by=BY, tick=lambda: None)

    async def journey(self, journey_id: str) -> Journey:
        state = (await self.recorder.journeys.at_latest(journey_id))[0].state
        assert state is not None
        return state

    async def everything(self) -> list[str]:
        return [each.type for each in await self.store.read_all(after=START, limit=1_000_000)]
