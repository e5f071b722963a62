"""Running cases come in from a sheet at mid-path: rehearsed whole, taken over once, and held against its own totals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from activities.messages import Outcome, Submission
from domain.claims import AssembleClaim
from domain.persons import GiveConsent, RecordEntitlement, RegisterPerson
from domain.stages.claiming import CheckClaimed
from domain.stages.delivery import RecordDelivery
from domain.states import AwaitingAssessment, AwaitingPlan, InDelivery, Waiting
from domain.working_days import local_date
from integrations.tables import Row, TableRefused, read
from starter.importing.cases import a_case as a_read_case
from starter.importing.columns import columns, names
from starter.importing.telling import REPORT, Imported, as_report, in_lines
from starter.scene import Scene
from starter.submit import Refused, step_of
from tests.activities.examples import now
from tests.starter.bodies import done, listed, refused, user
from tests.starter.sheets import (
    BY,
    PROGRAMME,
    Office,
    Rows,
    a_case,
    further,
    sheet,
    twelve_cases,
    without_a_budget,
)
from tests.starter.test_cli import teekond

TODAY = date(2026, 6, 10)
Spoil = Callable[[Rows], object]


def told(done: Imported) -> str:
    return "\n".join(in_lines(done))


async def wrong_with(folder: Path, *rows: dict[str, str], office: Office | None = None) -> set[tuple[int, str, str]]:
    """Row, column and rule of all that is refused."""
    done = await (office or await Office().open()).rehearse(sheet(folder, rows))
    return {(each.row, each.column, each.code) for each in done.problems}


def a_person(number: int, **otherwise: str) -> RegisterPerson:
    """The person of that case, as they would be registered by hand."""
    case = a_case(number) | otherwise
    return RegisterPerson.model_validate(
        {name: case[name] for name in ("municipality", "given_name", "family_name", "birth_date", "sex")}
    )


async def registered(office: Office, number: int, *, consented: bool = True) -> str:
    await office.submit(step_of(a_person(number), BY, stream_id="person-known", command_id="register"))
    if consented:
        consent = GiveConsent(purpose="person_centred_care", recipient="tori", on=date(2026, 1, 12))
        await office.submit(step_of(consent, BY, stream_id="person-known", command_id="consent"))
    return "person-known"


# ── A whole sheet ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["cases.csv", "cases.xlsx"])
async def test_a_sheet_is_rehearsed_then_taken_over_and_the_record_holds_what_it_says(
    tmp_path: Path, name: str
) -> None:
    office = await Office().open()
    path = sheet(tmp_path, twelve_cases(), name)
    before = await office.everything()
    rehearsed = await office.rehearse(path)
    assert rehearsed.in_order, rehearsed.problems
    assert len(rehearsed.rehearsed.new) == 12
    assert await office.everything() == before
    done = await office.take_over(path)
    assert done.in_order, done.problems
    assert done.there == done.sheet.own
    assert done.sheet.own == {
        "cases": 12, "allocated": 1242000, "committed": 900450, "delivered": 540000, "accepted": 450000, "paid": 360000,
    }  # fmt: skip
    kinds = [type(await office.journey(case.journey_id)) for case in done.written]
    assert [kinds.count(each) for each in (InDelivery, AwaitingPlan, AwaitingAssessment)] == [9, 1, 2]


async def test_each_journey_says_where_it_comes_from(tmp_path: Path) -> None:
    office = await Office().open()
    done = await office.take_over(sheet(tmp_path, twelve_cases()))
    ninth = next(case for case in done.written if case.number == "TORI-9")
    origin = (await office.journey(ninth.journey_id)).file.origin
    assert origin is not None
    assert (origin.source, origin.row, origin.case, origin.on) == ("cases.csv", 10, "TORI-9", TODAY)
    assert len(origin.file_digest) == 64
    assert origin.balances_on == date(2026, 6, 9)


async def test_sent_again_it_adds_nothing_even_in_a_longer_file_of_another_name(tmp_path: Path) -> None:
    office = await Office().open()
    await office.take_over(sheet(tmp_path, twelve_cases()))
    before = await office.everything()
    again = await office.take_over(sheet(tmp_path, twelve_cases()))
    assert (again.written, len(again.rehearsed.known), again.in_order) == ((), 12, True)
    assert await office.everything() == before
    longer = await office.take_over(sheet(tmp_path, [a_case(13), *twelve_cases()], "more.csv"))
    assert ([case.number for case in longer.written], longer.in_order) == (["TORI-13"], True)


async def test_a_case_that_stands_otherwise_since_it_was_taken_over_is_refused(tmp_path: Path) -> None:
    office = await Office().open()
    await office.take_over(sheet(tmp_path, [a_case(1), a_case(2)]))
    found = await wrong_with(tmp_path, a_case(1, paid="450"), a_case(2), office=office)
    assert found == {(2, "case", "changed_since")}


async def test_what_was_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Somebody is registered, and then the line breaks: sent again, they are taken over and not registered twice."""
    office = await Office().open()
    path = sheet(tmp_path, [a_case(1)])
    (case,) = (await office.rehearse(path)).rehearsed.new
    for step in case.first_steps(BY):
        await office.submit(step)
    done = await office.take_over(path)
    assert done.in_order
    assert (await office.everything()).count("person.registered") == 1
    mended = await wrong_with(tmp_path, a_case(2), office=office)
    assert mended == set()


async def test_who_was_registered_by_a_cut_off_import_and_stands_otherwise_now_is_named(tmp_path: Path) -> None:
    office = await Office().open()
    (case,) = (await office.rehearse(sheet(tmp_path, [a_case(1)]))).rehearsed.new
    for step in case.first_steps(BY):
        await office.submit(step)
    mended = a_case(1, family_name="Näidis 99")
    assert await wrong_with(tmp_path, mended, office=office) == {(2, "person_id", "registered_otherwise")}
    assert await wrong_with(tmp_path, mended | {"person_id": case.person_id}, office=office) == set()


async def test_afterwards_help_goes_on_and_only_new_help_is_claimed(tmp_path: Path) -> None:
    office = await Office().open()
    done = await office.take_over(sheet(tmp_path, twelve_cases()))
    journey_id = done.written[0].journey_id
    visit = RecordDelivery(line_id="line-1", day=TODAY, minutes=60)
    told_before = visit.model_copy(update={"day": TODAY - timedelta(days=1)})
    with pytest.raises(Refused, match="taken over with all help up to and including 2026-06-09"):
        await office.submit(step_of(told_before, BY, stream_id=journey_id, command_id="before"))
    await office.submit(step_of(visit, BY, stream_id=journey_id, command_id="visit"))
    (delivery_id,) = (await office.journey(journey_id)).file.deliveries
    claim = CheckClaimed(claim_id="claim-1", provider_id="provider-90000001", deliveries=(delivery_id,))
    await office.submit(step_of(claim, BY, stream_id=journey_id, command_id="claim"))
    account = (await office.journey(journey_id)).file.accounts["line-1"]
    assert (account.delivered, account.accepted, account.paid) == (63200, 53200, 40000)
    again = await office.take_over(sheet(tmp_path, twelve_cases()))
    assert again.in_order, "the sums of the take-over stay what they were"


async def test_a_provider_claims_nothing_of_what_was_taken_over(tmp_path: Path) -> None:
    office = await Office().open()
    await office.take_over(sheet(tmp_path, twelve_cases()))
    claim = AssembleClaim(provider_id="provider-90000001", municipality="tori", month=date(2026, 5, 1))
    with pytest.raises(Refused, match="has delivered nothing here"):
        await office.submit(step_of(claim, BY, stream_id="claim-1", command_id="claim"))


async def test_who_waits_joins_in_the_order_of_applications_after_those_who_hold_a_place(tmp_path: Path) -> None:
    office = await Office(places=1).open()
    rows = [
        without_a_budget(3, "waiting", place_from=""), without_a_budget(2, "waiting", place_from=""), a_case(1),
    ]  # fmt: skip
    done = await office.take_over(sheet(tmp_path, rows))
    assert done.in_order, done.problems
    assert [case.number for case in done.written] == ["TORI-1", "TORI-2", "TORI-3"]
    agreement = (await office.recorder.agreements.at_latest("agreement-tori"))[0].state
    assert agreement is not None
    assert [each.journey_id for each in agreement.waiting] == [case.journey_id for case in done.written[1:]]
    assert isinstance(await office.journey(done.written[1].journey_id), Waiting)


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────────


def put(row: int, **cells: str) -> Spoil:
    return lambda rows: rows[row].update(cells)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (put(0, birth_date="31.02.1980"), (2, "birth_date", "wrong_shape")),
        (put(0, referred_on="1899-12-31"), (2, "referred_on", "wrong_shape")),
        (put(0, next_review="2200-01-01"), (2, "next_review", "wrong_shape")),
        (put(0, given_name=""), (2, "given_name", "wrong_shape")),
        (put(0, sex="f"), (2, "sex", "wrong_shape")),
        (put(0, municipality="atlantis"), (2, "municipality", "wrong_shape")),
        (put(0, stage="done"), (2, "stage", "wrong_shape")),
        (put(0, hours="0"), (2, "hours", "wrong_shape")),
        (put(0, hours="0.011"), (2, "hours", "wrong_shape")),
        (put(0, allocated="12.345"), (2, "allocated", "wrong_shape")),
        (put(0, paid="-1"), (2, "paid", "wrong_shape")),
        (put(0, provider="9"), (2, "provider", "wrong_shape")),
        (put(0, need_mental_health="5"), (2, "need_mental_health", "wrong_shape")),
        (put(0, assessed_on=""), (2, "assessed_on", "wrong_shape")),
        (put(0, crisis_plan=""), (2, "crisis_plan", "wrong_shape")),
        (put(0, starts_on="2026-12-31", ends_on="2026-03-01"), (2, "ends_on", "wrong_shape")),
        (put(0, personal_code="38001010000"), (2, "personal_code", "wrong_personal_code")),
        (put(0, complete_on="2026-01-11"), (2, "complete_on", "before_beginning")),
        (put(0, consent_on="2026-06-11"), (2, "consent_on", "date_in_future")),
        (put(0, committed="1280.01"), (2, "committed", "numbers_out_of_order")),
        (put(0, paid="500.01"), (2, "paid", "numbers_out_of_order")),
        (put(0, component="mental.nonsense"), (2, "component", "unknown_component")),
        (put(0, kind="family"), (2, "component", "wrong_tariff")),
        (put(0, goal_area="luck"), (2, "goal_area", "unknown_life_area")),
        (put(0, provider="99999999"), (2, "provider", "unknown_provider")),
        (put(0, ends_on="2026-06-09"), (2, "component", "plan_over")),
        (put(0, stage="planning"), (2, "plan_agreed_on", "too_much_to_stand_there")),
        (put(9, stage="delivery"), (11, "plan_agreed_on", "missing_to_stand_there")),
        (put(9, place_from=""), (11, "place_from", "missing_to_stand_there")),
        (put(8, family_name="Other"), (10, "family_name", "contradicts")),
        (put(1, balances_on="2026-06-09"), (3, "balances_on", "wrong_shape")),
        (put(1, case="total"), (3, "case", "no_totals")),
    ],
)
async def test_what_is_wrong_with_a_row_is_named_and_nothing_is_written(
    tmp_path: Path, spoil: Spoil, found: tuple[int, str, str]
) -> None:
    rows = [*(a_case(number) for number in range(1, 8)), a_case(9), further(9),
            without_a_budget(10, "planning")]  # fmt: skip
    spoil(rows)
    office = await Office().open()
    before = await office.everything()
    done = await office.take_over(sheet(tmp_path, rows))
    assert found in {(each.row, each.column, each.code) for each in done.problems}, done.problems
    assert not done.in_order
    assert await office.everything() == before


async def test_every_line_that_is_refused_is_named_not_only_the_first(tmp_path: Path) -> None:
    rows = (a_case(1, provider="99999999"), further(1, component="nonsense"), further(1, component="mental.capacity"))
    assert await wrong_with(tmp_path, *rows) == {
        (2, "provider", "unknown_provider"),
        (3, "component", "unknown_component"),
    }


async def test_the_sheet_must_say_what_it_comes_to_and_come_to_it(tmp_path: Path) -> None:
    office = await Office().open()
    done = await office.take_over(sheet(tmp_path, twelve_cases(), cases="13", paid="3599.99"))
    assert {(each.row, each.column, each.rule) for each in done.problems} == {
        (15, "cases", "says 13, and the rows above are of 12"),
        (15, "paid", "says 3599.99, and the rows above come to 3600.00: 0.01 too little"),
    }
    assert done.there is None
    blank = await office.take_over(sheet(tmp_path, twelve_cases(), case="TORI-13", cases="", balances_on=""))
    assert {(each.row, each.column) for each in blank.problems} >= {(15, "case"), (15, "cases"), (15, "balances_on")}


async def test_a_sheet_with_nothing_in_it_is_none(tmp_path: Path) -> None:
    with pytest.raises(TableRefused, match="there must be cases"):
        await (await Office().open()).rehearse(sheet(tmp_path, []))


async def test_a_formula_is_no_number(tmp_path: Path) -> None:
    path = sheet(tmp_path, [a_case(1)])
    path.write_text(path.read_text(encoding="utf-8-sig").replace(";600;", ";=300*2;"), encoding="utf-8-sig")
    with pytest.raises(TableRefused, match=r"row 2, column .*formula"):
        await (await Office().open()).rehearse(path)


def test_what_no_record_can_hold_is_refused_wherever_it_comes_from() -> None:
    """Tables refuse control characters themselves; this is the guard behind them."""
    header = [each.name for each in columns(PROGRAMME)]
    cells = dict.fromkeys(header, "") | a_case(1, given_name="Bell\x07", crisis_plan="Half \ud800.")
    case, problems = a_read_case(
        [Row(number=2, cells=cells)], PROGRAMME, source="x.csv", file_digest="a" * 64, balances_on=date(2026, 6, 9)
    )
    assert case is None
    assert {each.column for each in problems} == {"given_name", "crisis_plan"}
    assert any("must not contain control characters" in each.rule for each in problems)


async def test_a_full_agreement_takes_as_many_as_it_has_places(tmp_path: Path) -> None:
    office = await Office(places=2).open()
    found = await wrong_with(tmp_path, a_case(1), a_case(2), a_case(3), office=office)
    assert found == {(4, "place_from", "no_place_left")}


async def test_one_person_under_two_numbers_is_found(tmp_path: Path) -> None:
    twin = a_case(2, family_name="NAIDIS 1", birth_date="01.01.1980")
    assert await wrong_with(tmp_path, a_case(1), twin) == {
        (2, "family_name", "twice_in_the_sheet"), (3, "family_name", "twice_in_the_sheet"),
    }  # fmt: skip
    namesakes = a_case(1, personal_code="48001010010"), twin | {"personal_code": "48001010021"}
    office = await Office().open()
    done = await office.take_over(sheet(tmp_path, namesakes))
    assert done.in_order, done.problems


async def test_who_may_be_registered_already_is_named_and_can_be_said_to_be_that_one(tmp_path: Path) -> None:
    office = await Office().open()
    person_id = await registered(office, 1)
    done = await office.rehearse(sheet(tmp_path, [a_case(1)]))
    (problem,) = done.problems
    assert (problem.column, problem.code) == ("distinct_from", "possible_duplicates")
    assert person_id in problem.rule
    assert "put the id into person_id" in problem.rule
    assert await wrong_with(tmp_path, a_case(1, distinct_from=person_id), office=office) == set()
    it_is = await office.take_over(sheet(tmp_path, [a_case(1, person_id=person_id)]))
    assert it_is.in_order
    assert (await office.journey(it_is.written[0].journey_id)).file.person_id == person_id


async def test_who_is_known_must_have_consented_and_must_not_have_another_journey(tmp_path: Path) -> None:
    office = await Office().open()
    person_id = await registered(office, 1, consented=False)
    known = a_case(1, person_id=person_id)
    assert await wrong_with(tmp_path, known, office=office) == {(2, "person_id", "consent_missing")}
    await registered(office, 1)
    assert (await office.take_over(sheet(tmp_path, [known]))).in_order
    assert await wrong_with(tmp_path, known | {"case": "TORI-2"}, office=office) == {(2, "person_id", "open_journey")}
    nobody = a_case(3, person_id="person-nobody")
    assert await wrong_with(tmp_path, nobody, office=office) == {(2, "person_id", "unknown_person")}


async def test_who_is_cared_for_elsewhere_is_not_paid_for_twice(tmp_path: Path) -> None:
    office = await Office().open()
    person_id = await registered(office, 1)
    service = RecordEntitlement(service="state_special_care", starts_on=date(2026, 5, 1), told_by="register")
    await office.submit(step_of(service, BY, stream_id=person_id, command_id="service"))
    found = await wrong_with(tmp_path, a_case(1, person_id=person_id), office=office)
    assert found == {(2, "place_from", "double_funding")}


class TakenMeanwhile(Office):
    """Between rehearsal and writing, somebody else gets the last place."""

    async def submit(self, step: Submission) -> Outcome:
        if step.command == "take-over-journey" and step.data["case"] == "TORI-2":
            step = step.model_copy(update={"data": step.data | {"municipality": "nowhere"}})
        return await super().submit(step)


async def test_what_is_refused_only_when_it_is_written_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    office = TakenMeanwhile()
    await office.open()
    done = await office.take_over(sheet(tmp_path, [a_case(1), a_case(2), a_case(3)]))
    assert [case.number for case in done.written] == ["TORI-1", "TORI-3"]
    assert [(each.row, each.code) for each in done.problems] == [(3, "not_in_the_programme")]
    assert not done.in_order
    assert "2 cases were taken over; 1 thing is wrong: mend that and send the same file again" in told(done)
    assert "  difference                 1      1280.00" in told(done)


class Forgetful(Office):
    """Says that a step was recorded, and did not record it."""

    async def submit(self, step: Submission) -> Outcome:
        if step.command == "take-over-journey" and step.data["case"] == "TORI-2":
            return Outcome(version=1, stage="delivery")
        return await super().submit(step)


async def test_the_record_is_read_again_and_held_against_the_sheet(tmp_path: Path) -> None:
    office = Forgetful()
    await office.open()
    done = await office.take_over(sheet(tmp_path, [a_case(1), a_case(2)]))
    assert not done.problems
    assert not done.in_order
    assert "  difference                 1      1280.00" in told(done)
    assert "the record does not hold what the file says" in told(done)


# ── What is told ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_report_has_a_line_for_each_row(tmp_path: Path) -> None:
    office = await Office().open()
    wrong = await office.rehearse(sheet(tmp_path, [a_case(1, sex="f", provider="9"), a_case(9), further(9, hours="0")]))
    rows = [row.cells for row in as_rows(wrong)]
    assert [(row["row"], row["case"], row["result"], row["field"]) for row in rows] == [
        ("2", "TORI-1", "refused", "sex"),
        ("2", "TORI-1", "refused", "provider"),
        ("3", "TORI-9", "left out with another row of the case", ""),
        ("4", "TORI-9", "refused", "hours"),
        ("5", "total", "the file's own totals", ""),
    ]
    right = await office.take_over(sheet(tmp_path, [a_case(9), further(9)]))
    rows = [row.cells for row in as_rows(right)]
    assert [(row["row"], row["result"], row["journey_id"]) for row in rows[:2]] == [
        ("2", "taken over", right.written[0].journey_id), ("3", "taken over", right.written[0].journey_id),
    ]  # fmt: skip


def as_rows(done: Imported) -> tuple[Row, ...]:
    return read(as_report(done, "report.xlsx"), name="report.xlsx", columns=REPORT)


async def test_names_do_not_stand_in_what_is_told(tmp_path: Path) -> None:
    rows = [a_case(1, family_name="Zebra", birth_date="31.02.1980"), a_case(2, family_name="Zebra", main_goal="")]
    done = await (await Office().open()).rehearse(sheet(tmp_path, rows))
    assert len(done.problems) == 2
    assert "Zebra" not in told(done) + as_report(done, "report.csv").decode()


# ── On the command line ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_template_has_every_column_and_the_row_of_totals(tmp_path: Path) -> None:
    for name in ("template.csv", "template.xlsx"):
        ended = await teekond("import", "--template", str(tmp_path / name))
        assert ended.code == 0, ended.err
        assert "balances_on" in ended.out
        (last,) = read(
            (tmp_path / name).read_bytes(), name=name, columns=names(PROGRAMME, needed=True),
            optional=names(PROGRAMME, needed=False),
        )  # fmt: skip
        assert last.cells["case"] == "total"


async def test_wrong_use_is_told_in_one_line(tmp_path: Path) -> None:
    settings = {"TEEKOND_DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:9/teekond", "TEEKOND_MATCH_KEY": "key"}
    path = sheet(tmp_path, [a_case(1)])
    (await teekond("import")).in_one_line(2, "--template")
    (await teekond("import", "cases.pdf")).in_one_line(2, "only CSV")
    (await teekond("import", str(path), "--out", "report.txt")).in_one_line(2, "only CSV")
    (await teekond("import", "/nowhere/cases.csv", **settings)).in_one_line(2, "there is no file")
    (await teekond("import", str(path), "--by", "Mari Maasikas", **settings)).in_one_line(2, "--by")
    without_key = {**settings, "TEEKOND_MATCH_KEY": ""}
    (await teekond("import", str(path), **without_key)).in_one_line(2, "TEEKOND_MATCH_KEY")
    (await teekond("import", str(path), **settings)).in_one_line(3, "database")


def as_of_today(rows: Rows) -> Rows:
    """The same sheet, moved to today with all its days."""
    moved = local_date(now()) - TODAY

    def on(cell: str) -> str:
        try:
            return str(date.fromisoformat(cell) + moved)
        except ValueError:
            return cell

    kept = ("birth_date",)
    return [{name: cell if name in kept else on(cell) for name, cell in row.items()} for row in rows]


async def test_a_sheet_in_the_real_record_through_the_engine(stage: Scene, tmp_path: Path) -> None:
    """Rehearsed, taken over and sent again; then help is told and claimed, and the workflow of each journey runs."""
    until = str(local_date(now()) - timedelta(days=1))
    path, report = (
        sheet(tmp_path, as_of_today(twelve_cases()), "cases.xlsx", balances_on=until),
        tmp_path / "report.csv",
    )
    rehearsed = await teekond("import", str(path), "--dry-run", **stage.environment)
    assert rehearsed.code == 0, rehearsed.out + rehearsed.err
    assert "rehearsed: 12 cases could be taken over; nothing was written" in rehearsed.out
    first = await teekond("import", str(path), "--out", str(report), "--by", "lead.tori", **stage.environment)
    assert first.code == 0, first.out + first.err
    assert "12 cases were taken over" in first.out
    assert "12 of 12 cases" in first.err
    await _goes_on(stage, read(report.read_bytes(), name=report.name, columns=REPORT)[0].cells["journey_id"])
    again = await teekond("import", str(path), **stage.environment)
    assert "nothing was added, 12 had been taken over before" in again.out
    wrong = await teekond("import", str(sheet(tmp_path, as_of_today([a_case(1, paid="9999")]))), **stage.environment)
    assert wrong.code == 1
    assert "row 2, case (case TORI-1): This case was taken over before" in wrong.out


async def _goes_on(stage: Scene, journey_id: str) -> None:
    """Its case manager sees where it comes from; help is told on the day after the balances, and not before."""
    async with httpx.AsyncClient(base_url=stage.url, timeout=30) as http:
        manager = user(stage, http, "case_manager.tori")
        path = f"/v1/journeys/{journey_id}"
        view = done(await manager.get(path))
        assert view["stage"] == "delivery"
        origin = view["origin"]
        assert isinstance(origin, dict)
        assert (origin["source"], origin["row"], origin["case"]) == ("cases.xlsx", 2, "TORI-1")
        assert "Taken over from cases.xlsx, row 2" in (await manager.get(f"{path}/timeline")).text
        today = local_date(now())
        visit = {"line_id": "line-1", "day": str(today), "minutes": 60}
        assert (await manager.step(path, "record-delivery", visit))["events"] == ["delivery.recorded"]
        before = visit | {"day": str(today - timedelta(days=1))}
        refused(await manager.post(f"{path}/commands/record-delivery", before), 422, "told_elsewhere", "day")
        (line,) = listed(done(await manager.get(path))["budget"])
        assert (line["delivered_cents"], line["accepted_cents"], line["paid_cents"]) == (63200, 50000, 40000)


def test_every_column_is_explained_to_whoever_fills_in_the_sheet() -> None:
    told = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    assert [each.name for each in columns(PROGRAMME) if f"`{each.name}`" not in told] == []
