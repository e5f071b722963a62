"""Services outside the model as a register tells of them, in a table: each row recorded, known, corrected or refused."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain.decision import Actor, Role, RowResult
from domain.fields import Code, PersonalCode
from domain.persons import ROWS_MAX, EntitlementRow, RecordEntitlements
from domain.ports import CodeHolders
from integrations.tables import Row as TableRow
from starter.access import PROBLEMS, Parts, StreamId, caller_of
from starter.table_rows import BODY, Handed, Show, answer, malformed_row, opened, recorded, shaped

PATH = "/v1/entitlements"
REQUIRED = ("service", "starts_on")
WHOSE = ("person_id", "personal_code", "municipality")
OPTIONAL = (*WHOSE, "ends_on", "told_by")
ANSWERS = ("row", "person_id", "result", "field", "rule", "entitlement_id")
TAKEN = ("recorded", "known", "corrected")
HANDED: Handed[EntitlementRow] = Handed(
    kind="persons",
    field="person_id",
    command=lambda rows: RecordEntitlements(rows=tuple(rows)),
    rows_max=ROWS_MAX,
)
PERSON: TypeAdapter[str] = TypeAdapter(StreamId)
HOLDER: TypeAdapter[tuple[str, str]] = TypeAdapter(tuple[Code, PersonalCode])
SEEKERS = frozenset({Role.CASE_MANAGER, Role.LEAD, Role.COORDINATOR})  # [A] until the full table of rights is there
Holder = tuple[str, str]  # municipality and personal code


class EntitlementRowAnswer(BaseModel):
    """`result`: recorded, known (as it was told before), corrected (to another end), or the code of its refusal, with field
    and rule. `person_id` is None where nobody was found."""

    row: int
    person_id: str | None
    result: str
    field: str | None = None
    rule: str = ""
    entitlement_id: str | None = None


class EntitlementTableAnswer(BaseModel):
    rows: int
    recorded: int
    known: int
    corrected: int
    refused: int
    results: tuple[EntitlementRowAnswer, ...]


def entitling(parts: Parts) -> APIRouter:
    router = APIRouter(responses=PROBLEMS, tags=["person"])
    caller = caller_of(parts)

    @router.post(
        PATH, operation_id="record-entitlement-table", openapi_extra=BODY, response_model=EntitlementTableAnswer
    )
    async def table(
        request: Request,
        actor: Annotated[Actor, Depends(caller)],
        content_type: Annotated[str, Header(max_length=200)] = "",
        accept: Annotated[str, Header(max_length=1000)] = "",
        show: Show = "all",
    ) -> Response:
        """Record a table of services outside the model (CSV or XLSX). Columns: person_id, or personal_code and
        municipality; service, starts_on, ends_on (blank while it runs), told_by (register, if nothing else is said). A
        service with the same first day is the same one: sent again it is known, with another end it is corrected."""
        rows = await opened(request, content_type, REQUIRED, OPTIONAL)
        results = await _recorded(parts, actor, rows)
        return answer(
            EntitlementTableAnswer,
            results,
            columns=ANSWERS,
            taken=TAKEN,
            accept=accept,
            show=show,
            name="entitlements-answered",
        )

    return router


# ── Whose a row is ───────────────────────────────────────────────────────────────────────────────────────────────────


async def _recorded(parts: Parts, actor: Actor, rows: Sequence[TableRow]) -> list[EntitlementRowAnswer]:
    answers: list[EntitlementRowAnswer] = []
    wanted: dict[str, list[EntitlementRow]] = {}
    people = await _found(parts.people, (row for row in rows if _holder_named(row)), actor)
    for row in rows:
        person = _whose(row, actor, people)
        if isinstance(person, RowResult):
            answers.append(_told(None, person))
            continue
        try:
            wanted.setdefault(person, []).append(shaped(EntitlementRow, row, days=("starts_on", "ends_on"), but=WHOSE))
        except ValidationError as wrong:
            answers.append(_told(person, malformed_row(row, wrong)))
    told = await recorded(parts, actor, wanted, HANDED)
    return [*answers, *(_told(person_id, result) for person_id, result in told)]


def _holder_named(row: TableRow) -> bool:
    return bool(row.cells["personal_code"] and row.cells["municipality"] and not row.cells["person_id"])


async def _found(people: CodeHolders, rows: Iterable[TableRow], actor: Actor) -> Mapping[Holder, tuple[str, ...]]:
    """Nobody learns whether another municipality knows a code, or, outside the municipality's work, whether anybody does."""
    holders = {holder for row in rows if (holder := _holder(row)) is not None and _may_ask(actor, holder[0])}
    return await people.with_codes(holders) if holders else {}


def _holder(row: TableRow) -> Holder | None:
    try:
        return HOLDER.validate_python((row.cells["municipality"], row.cells["personal_code"]))
    except ValidationError:
        return None


def _may_ask(actor: Actor, municipality: str) -> bool:
    return actor.role in SEEKERS and (actor.is_national or actor.municipality == municipality)


def _whose(row: TableRow, actor: Actor, people: Mapping[Holder, tuple[str, ...]]) -> str | RowResult:
    """The person's id, or why the row names nobody: in words that say nothing of what stood there."""
    if row.cells["person_id"] and not row.cells["personal_code"]:
        return _by_id(row)
    if not _holder_named(row):
        return _nobody(
            row, "person_not_named", "person_id", "Give a person_id, or a personal_code with its municipality."
        )
    holder = _holder(row)
    if holder is None:
        return _nobody(row, "malformed", "personal_code", "A personal code has eleven digits, a municipality its code.")
    if actor.role not in SEEKERS:
        return _nobody(
            row, "not_by_code", "personal_code", "Only the municipality finds people by code; give a person_id."
        )
    if not _may_ask(actor, holder[0]):
        return _nobody(row, "outside_municipality", "municipality", "This belongs to another municipality than yours.")
    match people.get(holder, ()):
        case (person,):
            return person
        case ():
            return _nobody(
                row, "unknown_person", "personal_code", "Nobody is registered there with this personal code."
            )
        case _:
            return _nobody(
                row, "several_persons", "personal_code", "Several have this personal code; give a person_id."
            )


def _by_id(row: TableRow) -> str | RowResult:
    try:
        return PERSON.validate_python(row.cells["person_id"])
    except ValidationError:
        return _nobody(row, "malformed", "person_id", "An id looks like person-0a1b2c.")


def _nobody(row: TableRow, code: str, field: str, rule: str) -> RowResult:
    return RowResult(row=row.number, code=code, field=field, message=rule)


# ── The answer ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _told(person_id: str | None, result: RowResult) -> EntitlementRowAnswer:
    return EntitlementRowAnswer(
        row=result.row,
        person_id=person_id,
        result=result.code,
        field=result.field,
        rule=result.message,
        entitlement_id=result.entitlement_id,
    )
