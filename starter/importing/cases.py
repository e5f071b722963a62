"""One running case out of its rows: the person, and the journey as it is to begin here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from activities.messages import Submission, digest
from domain.canonical import canonical
from domain.commands import PREFIX
from domain.decision import Actor, Command
from domain.persons import CARE, GiveConsent, RegisterPerson
from domain.programme import Programme
from domain.stages.taking_over import TakeOverJourney
from integrations.tables import Row
from starter.bodies import all_fit
from starter.importing.cells import Cells, Problem
from starter.importing.columns import MONEY, NEED, columns
from starter.submit import step_of

M = TypeVar("M", bound=BaseModel)
ORIGIN = {"source", "file_digest", "row", "distinct_from"}  # the same case may come again in a mended file
COLUMN_OF = {
    "agreed_on": "consent_on", "on": "consent_on", "standing": "stage", "review_due": "next_review",
    "assessment": "assessed_on", "plan": "plan_agreed_on", "lines": "component", "goals": "goal_area",
    "tariff": "kind", "minutes": "hours", "provider_id": "provider",
    **{f"{each}_cents": each for each in MONEY},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """`register` is None where the person is registered here already; `line_rows` are the rows of its lines, in order."""

    number: str
    row: int
    register: RegisterPerson | None
    consent_on: date
    journey: TakeOverJourney
    line_rows: tuple[int, ...]

    @property
    def key(self) -> tuple[str, str]:
        return self.journey.municipality, self.number

    @property
    def waits(self) -> bool:
        return self.journey.standing == "waiting"

    @property
    def person_id(self) -> str:
        return self.journey.person_id

    @property
    def journey_id(self) -> str:
        return _stream("journeys", *self.key)

    def distinct_from(self, *others: str) -> Case:
        if self.register is None:
            return self
        known = self.register.distinct_from
        return replace(self, register=self.register.model_copy(update={"distinct_from": (*known, *others)}))

    def without_line(self, place: int) -> Case:
        """To find what else there is to say."""
        lines, rows = list(self.journey.lines), list(self.line_rows)
        del lines[place], rows[place]
        journey = self.journey.model_copy(update={"lines": tuple(lines)})
        return replace(self, journey=journey, line_rows=tuple(rows))

    def first_steps(self, actor: Actor) -> Iterator[Submission]:
        """Whoever is new here is registered, with their consent; who is known has theirs here already."""
        if self.register is not None:
            yield self._step(self.register, actor, self.person_id)
            consent = GiveConsent(purpose=CARE, recipient=self.journey.municipality, on=self.consent_on)
            yield self._step(consent, actor, self.person_id)

    def take_over(self, actor: Actor) -> Submission:
        return self._step(self.journey, actor, self.journey_id)

    def _step(self, command: Command, actor: Actor, stream_id: str) -> Submission:
        """Known by municipality and case number, whoever sends it in whichever file; what counts as the same is the rest."""
        step = step_of(command, actor, stream_id=stream_id, command_id=digest("import", command.name, *self.key))
        told = {name: value for name, value in step.data.items() if name not in ORIGIN}
        return step.model_copy(update={"request_hash": digest(command.name, canonical(told).decode())})


def _stream(kind: str, *key: str) -> str:
    return f"{PREFIX[kind]}-{digest('import', kind, *key)[:20]}"


def a_case(
    rows: Sequence[Row], programme: Programme, *, source: str, file_digest: str, balances_on: date | None
) -> tuple[Case | None, list[Problem]]:
    """None where something is wrong; then all of it."""
    first = _merged(rows, programme)
    number = first.case
    lines = [Cells(row=row, case=number) for row in rows if _is_line(row, programme)]
    goals: dict[tuple[str, str], str] = {}
    told_lines = [_line(cells, place, goals) for place, cells in enumerate(lines, start=1)]
    told = _journey(first, goals, programme) | {
        "source": source, "file_digest": file_digest, "row": first.row.number, "case": number,
        "balances_on": balances_on, "lines": told_lines,
    }  # fmt: skip
    register = _person(first, programme)
    if told["municipality"] and told["municipality"] not in {each.code for each in programme.municipalities}:
        first.wrong("municipality", "must be the code of a municipality of the programme")
    key = (str(told["municipality"]), number)
    told["person_id"] = first.row.cells.get("person_id") or _stream("persons", *key)
    person = None if register is None else _built(RegisterPerson, register, first, lines)
    journey = _built(TakeOverJourney, told, first, lines)
    problems = [*first.problems, *(problem for cells in lines for problem in cells.problems)]
    if problems or journey is None or balances_on is None:
        return None, problems
    return Case(
        number=number,
        row=first.row.number,
        register=person,
        consent_on=journey.agreed_on,
        journey=journey,
        line_rows=tuple(cells.row.number for cells in lines),
    ), []


def _merged(rows: Sequence[Row], programme: Programme) -> Cells:
    """What the rows say of the case. A later row may leave it blank, and must not say otherwise."""
    cells = dict(rows[0].cells)
    problems = []
    for name in (each.name for each in columns(programme) if each.of == "case"):
        said = {row.number: row.cells[name] for row in rows if row.cells.get(name)}
        cells[name] = next(iter(said.values()), "")
        for number, value in said.items():
            if value != cells[name]:
                rule = f"says something else than row {next(iter(said))} of the same case"
                problems.append(
                    Problem(row=number, case=rows[0].cells["case"], column=name, code="contradicts", rule=rule)
                )
    return Cells(row=replace(rows[0], cells=cells), case=rows[0].cells["case"], problems=problems)


def _is_line(row: Row, programme: Programme) -> bool:
    return any(row.cells.get(each.name) for each in columns(programme) if each.of == "line")


def _person(cells: Cells, programme: Programme) -> dict[str, object] | None:
    if cells.text("person_id"):
        return None
    return {
        "municipality": cells.text("municipality"),
        "given_name": cells.text("given_name", needed=True),
        "family_name": cells.text("family_name", needed=True),
        "birth_date": cells.day("birth_date", needed=True),
        "personal_code": cells.text("personal_code"),
        "sex": cells.text("sex", needed=True),
        "language": cells.text("language") or "et",
        "distinct_from": tuple((cells.text("distinct_from") or "").replace(",", " ").split()),
        "synthetic": programme.synthetic,
    }


def _journey(cells: Cells, goals: dict[tuple[str, str], str], programme: Programme) -> dict[str, object]:
    return {
        "municipality": cells.text("municipality", needed=True),
        "standing": cells.text("stage", needed=True),
        "noticed_by": cells.text("noticed_by") or "other",
        "referred_on": cells.day("referred_on", needed=True),
        "agreed_on": cells.day("consent_on", needed=True),
        "rights_explained_on": cells.day("rights_explained_on", needed=True),
        "complete_on": cells.day("complete_on", needed=True),
        "case_manager": cells.text("case_manager"),
        "place_from": cells.day("place_from"),
        "assessment": _assessment(cells, programme),
        "plan": _plan(cells, goals),
        "review_due": cells.day("next_review"),
    }


def _assessment(cells: Cells, programme: Programme) -> dict[str, object] | None:
    degrees = {area.code: cells.number(f"{NEED}{area.code}", range(5)) for area in programme.life_areas}
    known = {area: degree for area, degree in degrees.items() if degree is not None}
    on = cells.day("assessed_on", needed=bool(known))
    if on is not None and not known:
        cells.wrong("assessed_on", "needs at least one degree of need")
    return {"on": on, "need_by_life_area": known} if known else None


def _plan(cells: Cells, goals: dict[tuple[str, str], str]) -> dict[str, object] | None:
    if not goals:
        return None
    return {
        "main_goal": cells.text("main_goal", needed=True),
        "goals": [{"goal_id": id_, "life_area": area, "words": words} for (area, words), id_ in goals.items()],
        "crisis_plan": cells.text("crisis_plan", needed=True),
        "agreed_on": cells.day("plan_agreed_on", needed=True),
    }


def _line(cells: Cells, place: int, goals: dict[tuple[str, str], str]) -> dict[str, object]:
    """The same words are the same goal."""
    goal = (cells.text("goal_area", needed=True) or "", cells.text("goal", needed=True) or "")
    goal_id = goals.setdefault(goal, f"goal-{len(goals) + 1}")
    provider = cells.text("provider", needed=True)
    if provider is not None and not (provider.isascii() and provider.isdigit() and len(provider) == 8):
        cells.wrong("provider", "must be a registry code of eight digits")
        provider = None
    starts_on, ends_on = cells.day("starts_on", needed=True), cells.day("ends_on", needed=True)
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        cells.wrong("ends_on", "must not be before starts_on")
        ends_on = None
    line = {
        "line_id": f"line-{place}",
        "goal_id": goal_id,
        "component": cells.text("component", needed=True),
        "tariff": cells.text("kind", needed=True),
        "minutes": cells.minutes("hours"),
        "provider_id": provider and f"provider-{provider}",
        "starts_on": starts_on,
        "ends_on": ends_on,
    }
    return {"line": line} | {f"{each}_cents": cells.cents(each, needed=each == MONEY[0]) for each in MONEY}


def _built(model: type[M], told: dict[str, object], first: Cells, lines: Sequence[Cells]) -> M | None:
    """What the cells alone could not tell to be wrong is said by the model; each column is found fault with once."""
    try:
        built = model.model_validate(told)
        all_fit(built)
    except ValidationError as wrong:
        for error in wrong.errors():
            _note(error["loc"], error["msg"].removeprefix("Value error, "), first, lines)
        return None
    return built


def _note(where: tuple[int | str, ...], rule: str, first: Cells, lines: Sequence[Cells]) -> None:
    cells = lines[where[1]] if where[0] == "lines" and len(where) > 1 and isinstance(where[1], int) else first
    column = _column(where, first)
    problems = [*first.problems, *cells.problems]
    if not any(each.column == column and each.row == cells.row.number for each in problems):
        cells.wrong(column, rule.replace("Input should", "must"))


def _column(where: tuple[int | str, ...], first: Cells) -> str:
    words = [each for each in where if isinstance(each, str)]
    inner = next((each for each in reversed(words) if _known(each, first)), words[0])
    return COLUMN_OF.get(inner, inner)


def _known(name: str, first: Cells) -> bool:
    return COLUMN_OF.get(name, name) in first.row.cells
