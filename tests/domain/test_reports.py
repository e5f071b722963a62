"""Periods, figures and the stream of a report: what is counted, when it is sent, and that it stays as it was sent."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest

from domain.care import FigureColumn, ReportFigures
from domain.deciders import JOURNEYS, REPORTS
from domain.decision import SYSTEM, NotForThisRole
from domain.events import JourneyExited, OfferDeclined, PlaceAwaited, ReportCorrected, ReportSent
from domain.ports import START
from domain.programme import ReportDefinition, load
from domain.programme.report_definition import MEASURES
from domain.reports.count import Asked, Count, Scope
from domain.reports.counting import Dossier, age, band_names, band_of, contributions
from domain.reports.fact import FOREVER, Fact, FactKind, Key
from domain.reports.facts import Told, of_journey
from domain.reports.period import Period, WrongPeriod, between, period_of
from domain.reports.scopes import scopes, tenant_of
from domain.reports.sent import CorrectReport, NotTheNextCorrection, SendReport, SentAlready, SentReport, stream_of
from domain.reports.tally import Cell, one_of
from domain.stages.transferring import AcceptTransfer
from domain.states import Journey
from domain.working_days import local_date
from tests.domain.given import CASE_MANAGER, MONDAY, NEXT_TOWN, TOWN, Given, given
from tests.domain.steps import HELPED, in_delivery, leaving, visit
from tests.domain.test_transferring import JUNE, offered, shared, waiting

MARCH = period_of("monthly", "2026-03")
BANDS = (18, 30, 50, 65)


# ── Periods ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_period_has_its_days() -> None:
    assert (MARCH.first, MARCH.last, MARCH.days) == (date(2026, 3, 1), date(2026, 3, 31), 31)
    assert period_of("monthly", "2024-02").last == date(2024, 2, 29)
    half = period_of("interim", "2026-H2")
    assert (half.first, half.last) == (date(2026, 7, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("report", "code", "why"),
    [("monthly", "2026-13", "there is no 2026-13"), ("monthly", "2026-H1", "period like 2026-03, not 2026-H1"),
     ("interim", "2026-03", "period like 2026-H1"), ("interim", "2026-H3", "not 2026-H3"),
     ("monthly", "1626-03", "there is no 1626-03"), ("monthly", "", "period like"),
     ("monthly", "2026-3", "not 2026-3"), ("monthly", " 2026-03", "period like")],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_an_example(report: str, code: str, why: str) -> None:
    with pytest.raises(WrongPeriod, match=why):
        period_of(report, code)  # type: ignore[arg-type]


def test_the_periods_that_are_over_by_a_day() -> None:
    assert [each.code for each in between("monthly", date(2025, 11, 17), date(2026, 2, 27))] == [
        "2025-11", "2025-12", "2026-01",
    ]  # fmt: skip
    assert [each.code for each in between("interim", date(2025, 11, 17), date(2026, 6, 30))] == ["2025-H2", "2026-H1"]
    assert between("monthly", date(2026, 3, 5), date(2026, 3, 30)) == ()


# ── Figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ages_are_whole_years_in_bands_that_meet() -> None:
    assert age(date(1961, 3, 31), MARCH.last) == 65
    assert age(date(1961, 4, 1), MARCH.last) == 64
    assert band_names(BANDS) == ("0-17", "18-29", "30-49", "50-64", "65+")
    assert [band_of(years, BANDS) for years in (0, 17, 18, 29, 64, 65, 100)] == [
        "0-17", "0-17", "18-29", "18-29", "50-64", "65+", "65+",
    ]  # fmt: skip


def test_percentiles_are_a_value_that_came_and_means_are_in_tenths() -> None:
    waited = Counter({3: 1, 10: 2, 40: 1})
    assert [one_of(how, waited) for how in ("median", "p75", "p90", "max")] == [10, 10, 40, 40]
    assert one_of("mean", Counter({4: 1, 5: 1})) == 45
    assert one_of("mean", Counter({-1: 1, 0: 3})) == -2  # -2.5 tenths; half a tenth goes up
    assert one_of("median", Counter()) is None


def stay(from_on: date, to_on: date = FOREVER, municipality: str = "tori", reason: str = "") -> Fact:
    return Fact(
        kind="stay",
        key=str(from_on),
        municipality=municipality,
        from_on=from_on,
        to_on=to_on,
        code=reason,
        about="tori",
    )


def counted(*facts: Fact, period: Period = MARCH, within: set[str] | None = None) -> Counter[str]:
    dossier = Dossier(subject="journey-1", facts=facts)
    told = dossier if within is None else dossier.within(within)
    found: Counter[str] = Counter()
    for each in contributions(told, period, BANDS):
        found[each.of] += each.value
    return found


@pytest.mark.parametrize(
    ("from_on", "to_on", "expected"),
    [
        (date(2026, 1, 5), FOREVER, {"participants": 1, "at_end": 1}),
        (date(2026, 3, 31), FOREVER, {"participants": 1, "at_end": 1, "joined": 1}),
        (date(2026, 4, 1), FOREVER, {}),
        (date(2026, 1, 5), date(2026, 3, 1), {"participants": 1, "left": 1}),
        (date(2026, 1, 5), date(2026, 3, 31), {"participants": 1, "left": 1}),
        (date(2026, 1, 5), date(2026, 2, 28), {}),
        (date(2026, 3, 9), date(2026, 3, 9), {"participants": 1, "joined": 1, "left": 1}),
        (date(2026, 3, 9), date(2026, 3, 8), {}),  # never came
    ],
)
def test_who_takes_part_on_some_day_joins_leaves_or_is_there_at_the_end(
    from_on: date, to_on: date, expected: dict[str, int]
) -> None:
    assert counted(stay(from_on, to_on)) == Counter(expected)


def test_start_and_joined_less_left_is_the_end_in_every_month() -> None:
    stays = [stay(date(2026, 1, n), date(2026, n % 6 + 1, 28) if n % 2 else FOREVER) for n in range(1, 29)]
    at_start = 0
    for month in range(1, 8):
        period = period_of("monthly", f"2026-{month:02}")
        told = sum((counted(each, period=period) for each in stays), Counter[str]())
        assert at_start + told["joined"] - told["left"] == told["at_end"]
        at_start = told["at_end"]
    assert at_start == 14


def test_who_moves_within_the_country_is_one_participant_of_it() -> None:
    moved = (stay(date(2026, 1, 5), date(2026, 3, 14), "tori", "moved"), stay(date(2026, 3, 15), municipality="tapa"))
    assert counted(*moved) == counted(*reversed(moved)) == Counter({"participants": 1, "at_end": 1})
    assert counted(*moved, within={"tori"}) == Counter({"participants": 1, "left": 1})
    assert counted(*moved, within={"tapa"}) == Counter({"participants": 1, "joined": 1, "at_end": 1})


def test_tallies_that_are_put_together_are_what_is_counted_in_one_go() -> None:
    """Of those who were in one municipality, and of those in several, who are counted for each scope by themselves."""
    moved = (stay(date(2026, 1, 5), date(2026, 3, 14), "tori", "moved"), stay(date(2026, 3, 15), municipality="tapa"))
    settled, gap = stay(date(2026, 2, 1)), Fact(kind="gap", key="1", municipality="tori", from_on=date(2026, 2, 1))
    dossiers = [
        Dossier(subject=f"journey-{number}", facts=facts) for number, facts in enumerate((moved, (settled,), (gap,)))
    ]
    towns = {"ee": (), "both": ("tori", "tapa"), "tapa": ("tapa",)}
    wanted = [Scope(code=code, name=code, municipalities=frozenset(within)) for code, within in towns.items()]
    asked = Asked(definition=load("demonstration").report("interim", MARCH.last), period=MARCH, moment=START)
    at_once = Count(asked, wanted)
    at_once.add(dossiers)
    for split in range(4):
        parts = Count(asked, wanted), Count(asked, wanted)
        for count, some in zip(parts, (dossiers[:split], dossiers[split:]), strict=True):
            count.add(some)
        one, other = (pickle.loads(pickle.dumps(each)) for each in parts)
        one.merge(other)
        for scope in wanted:
            told, expected = one.of(scope), at_once.of(scope)
            assert (told.sums, told.values, told.gaps) == (expected.sums, expected.values, expected.gaps), scope
    assert at_once.of(wanted[1]).figure(Cell("participants", "", "participants")) == 2
    assert (at_once.of(wanted[1]).gaps, at_once.of(wanted[2]).gaps) == ([gap], [])


def test_who_moves_on_the_day_on_which_their_stay_began_joins_once() -> None:
    """Both begin on one day; the one that is over comes first, whatever order they are told in."""
    day = date(2026, 3, 2)
    moved = (stay(day, municipality="tapa"), stay(day, day, "tori", "moved"))
    assert counted(*moved) == Counter({"participants": 1, "joined": 1, "at_end": 1})


def test_money_of_a_year_is_spread_over_its_months_to_the_cent() -> None:
    funds = Fact(
        kind="funding", key="1", municipality="tori", from_on=date(2026, 1, 1), to_on=date(2026, 12, 31), about="tori",
        cents=1_000_001,
    )  # fmt: skip
    months = [period_of("monthly", f"2026-{month:02}") for month in range(1, 13)]
    shares = [counted(funds, period=each)["funding"] for each in months]
    assert sum(shares) == 1_000_001
    assert shares[1] < shares[0]
    endless = funds._replace(to_on=FOREVER)
    assert [counted(endless, period=each)["funding"] for each in months] == [1_000_001, *[0] * 11]


def test_overdue_is_what_was_due_before_the_last_day_and_open_on_it() -> None:
    def due(on: str, from_on: date = date(2026, 3, 2), to_on: date = FOREVER) -> Fact:
        return Fact(kind="deadline", key=on, municipality="tori", from_on=from_on, to_on=to_on, code="plan", about=on)

    assert counted(due("2026-03-30"))["overdue"] == 1
    assert counted(due("2026-03-31"))["overdue"] == 0  # due today is not late
    assert counted(due("2026-03-30", to_on=date(2026, 3, 30)))["overdue"] == 0
    assert counted(due("2026-03-30", from_on=date(2026, 4, 2)))["overdue"] == 0


def test_everything_that_is_counted_is_in_a_row_of_all_that_it_can_be_told_apart_by() -> None:
    """Else the report of a new definition fails on the morning on which it is due."""

    def told(kind: FactKind, key: str = "1", day: int = 2, about: str = "", degrees: tuple[int, ...] = ()) -> Fact:
        areas = zip(("housing", "work", "health"), degrees, strict=False)
        return Fact(
            kind=kind, key=key, municipality="tori", from_on=date(2026, 3, day), code="person", about=about, number=30,
            cents=100, personal={"diagnosis": "other", "rating": 4} if not degrees else dict(areas),
        )  # fmt: skip

    money = [told("money", each, about=each) for each in ("allocated", "committed", "accepted", "paid")]
    left = stay(date(2026, 3, 3), date(2026, 3, 9), reason="own_wish")
    found = [told(kind, kind, 1) for kind in get_args(FactKind) if kind not in ("stay", "need", "measure", "person")]
    changed = [told("need", "1", degrees=(2, 2, 2)), told("need", "2", 9, degrees=(1, 2, 3))]
    told_so = [told("measure", "1", degrees=(1,)), told("measure", "2", 9, degrees=(2,))]
    dossier = Dossier(subject="journey-1", facts=[*money, left, stay(date(2026, 3, 20)), *found, *changed, *told_so])
    rows = {each.of: {*each.whose, *each.what} for each in contributions(dossier, MARCH, BANDS)}
    for name, measure in MEASURES.items():
        assert rows[measure.of] >= set(measure.by), name


# ── What a report shows ──────────────────────────────────────────────────────────────────────────────────────────────


def monthly() -> ReportDefinition:
    return load("demonstration").report("monthly", MARCH.last)


def test_a_definition_with_an_unknown_column_names_it() -> None:
    definition = monthly()
    table = definition.tables[0]
    column = replace(table.columns[0], name="happiness")
    [fault] = replace(definition, tables=(replace(table, columns=(column,)),)).faults()
    assert fault.startswith("table participants: there is no column happiness; there are referred, participants,")


def test_a_column_that_cannot_be_told_apart_so_is_refused() -> None:
    definition = monthly()
    table = replace(definition.tables[0], rows="component")
    faults = list(replace(definition, tables=(table,)).faults())
    assert "table participants: places cannot be told apart by component, only by all, agreement" in faults


def test_nothing_stands_twice_in_a_definition() -> None:
    definition = monthly()
    table = definition.tables[0]
    doubled = replace(table, columns=(table.columns[0], table.columns[0]))
    assert list(replace(definition, tables=(doubled, table), age_bands=(30, 18)).faults()) == [
        "age_bands must rise",
        "there are two tables participants",
        "table participants has the column participants twice",
    ]


def test_names_of_corrections_are_kept_for_them() -> None:
    definition = monthly()
    table = replace(definition.tables[0], name="corrected_count")
    [fault] = replace(definition, tables=(table,)).faults()
    assert "names that begin with corrected_ are those of corrections" in fault


def test_a_coordinator_called_like_a_municipality_or_the_whole_has_a_scope_of_their_own() -> None:
    """Else the municipality would read another's report for its own, or one would be frozen in place of the other."""

    def terms(agreement: str, coordinator: str) -> Fact:
        words = {"municipalities": agreement, "coordinator": coordinator}
        return Fact(kind="places", key="1", municipality=agreement, from_on=MARCH.first, about=agreement, words=words)

    found = list(scopes([terms("tori", "tapa"), terms("tapa", "ee")], MARCH, load("demonstration")))
    assert {each.code: set(each.municipalities) for each in found} == {
        "ee": set(), "coordinator:ee": {"tapa"}, "coordinator:tapa": {"tori"}, "tapa": {"tapa"}, "tori": {"tori"},
    }  # fmt: skip
    assert {each.code for each in found if tenant_of(each) == "tapa"} == {"tapa"}


# ── The stream ───────────────────────────────────────────────────────────────────────────────────────────────────────

FIGURES = ReportFigures(
    name="participants",
    title_et="Osalejad",
    title_en="Participants",
    columns=(FigureColumn(name="joined", label_et="Alustas", label_en="Joined", kind="count"),),
    rows=((3,),),
    note="",
)
SEND = SendReport(
    municipality="tori", report="monthly", period="2026-03", scope="tori", scope_name="Tori vald",
    definition="monthly@1", synthetic=True,
    known_to="7-9", title_et="Seire", title_en="Monitoring", tables=(FIGURES,),
)  # fmt: skip
CORRECTION = ReportFigures(
    name="corrected_count",
    title_et="Parandatud arvud",
    title_en="Counts corrected",
    columns=tuple(
        FigureColumn(
            name=name, label_et=name, label_en=name, kind="count" if name in ("was", "change", "now") else "text"
        )
        for name in ("table", "code", "column", "was", "change", "now")
    ),
    rows=(("participants", "", "joined", 3, 1, 4),),
    note="",
)


def report() -> Given[SentReport]:
    return Given(decider=REPORTS, stream_id=SEND.stream_named(), actor=SYSTEM)


def test_a_report_is_sent_once() -> None:
    sent = report().when(SEND).then(ReportSent)
    sent.after.when(SEND).refused(SentAlready)
    assert sent.state.sent.digest == sent.the(ReportSent).digest


def test_a_correction_follows_and_the_report_stays() -> None:
    sent = report().when(SEND).then(ReportSent)
    correct = CorrectReport(
        number=2, known_to="9-9", title_et="Seire", title_en="Monitoring", tables=(CORRECTION,)
    )  # fmt: skip
    now = sent.after.when(correct).then(ReportCorrected)
    assert now.state.sent == sent.state.sent
    assert now.state.figures.cells == {("participants", "", "joined"): 4}
    now.after.when(correct).refused(NotTheNextCorrection)


def test_nobody_sends_a_report_by_hand() -> None:
    replace(report(), actor=CASE_MANAGER).when(SEND).refused(NotForThisRole)


def test_every_scope_has_a_stream_of_its_own() -> None:
    assert stream_of("interim", "2026-H1", "tori") == "report-interim-2026-h1-tori"
    odd = {stream_of("monthly", "2026-03", code) for code in ("a.b", "a-b", "a_b", "x" * 70)}
    assert len(odd) == 4


# ── Facts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def told_of(history: Given[Journey]) -> dict[Key, Fact]:
    """The facts that a journey's events come to, each on the day on which it was true."""
    facts: dict[Key, Fact] = {}
    state: Journey | None = None
    for version, event in enumerate(history.events, start=1):
        after = JOURNEYS.evolve(state, event, history.stream_id, version)
        day = local_date(event.occurred_at(history.at))
        told = Told(event=event, version=version, day=day, before=state, after=after)
        facts |= {(fact.kind, fact.key): fact for fact in of_journey(facts, told)}
        state = after
    return dict(facts)


def of_kind(history: Given[Journey], kind: str) -> list[tuple[str, date, date]]:
    found = (fact for (each, _), fact in told_of(history).items() if each == kind)
    return sorted((fact.municipality, fact.from_on, fact.to_on) for fact in found)


def test_in_a_shared_agreement_a_stay_goes_on_in_the_other_municipality() -> None:
    moved = shared(in_delivery()).when(AcceptTransfer()).after
    [(first, _, until), (second, since, to_on)] = sorted(of_kind(moved, "stay"), key=lambda each: each[1])
    assert (first, second, until, to_on) == (TOWN, NEXT_TOWN, since, FOREVER)


def test_in_a_shared_order_who_moves_waits_on_with_all_their_days() -> None:
    moved = shared(waiting()).when(AcceptTransfer()).after
    waits = {fact.municipality: fact for (kind, _), fact in told_of(moved).items() if kind == "wait"}
    assert waits[TOWN].to_on == JUNE - timedelta(days=1)
    assert (waits[NEXT_TOWN].from_on, waits[NEXT_TOWN].to_on) == (JUNE, FOREVER)
    assert waits[NEXT_TOWN].number == (JUNE - waits[TOWN].from_on).days


def test_help_told_late_counts_where_it_is_paid_for() -> None:
    moved = given(offered(in_delivery()), AcceptTransfer())
    late = given(moved.by(CASE_MANAGER), visit(on=date(2026, 5, 29)))
    assert late.known.file.municipality == NEXT_TOWN
    assert {municipality for municipality, _, _ in of_kind(late, "delivery")} == {TOWN}
    assert {municipality for municipality, _, _ in of_kind(late, "first_help")} == {TOWN}


def test_who_waits_anew_does_not_rewrite_the_months_before() -> None:
    """The first wait stays as it was; the second begins on its own day, with the days that count already."""
    first = PlaceAwaited(agreement="tori", since=MONDAY, ahead=0)
    passed = OfferDeclined(reason="Not now.", keeps_waiting=False)
    facts: dict[Key, Fact] = {}
    state = waiting().known
    days = (MONDAY, date(2026, 3, 12), date(2026, 6, 1))
    for version, (event, day) in enumerate(zip((first, passed, first), days, strict=True), start=4):
        told = Told(event=event, version=version, day=day, before=state, after=state)
        facts |= {(fact.kind, fact.key): fact for fact in of_journey(facts, told) if fact.kind == "wait"}
    waits = sorted((fact.from_on, fact.to_on, fact.number) for fact in facts.values())
    assert waits == [(MONDAY, date(2026, 3, 12), 0), (date(2026, 6, 1), FOREVER, (date(2026, 6, 1) - MONDAY).days)]


def test_what_nobody_meets_is_no_need_any_more_when_the_person_has_left() -> None:
    left = given(in_delivery(), leaving(on=HELPED))
    lasting = Fact(kind="unmet", key="plan-1/need-1", municipality=TOWN, from_on=MONDAY, area="mental_health")
    exited = left.events[-1] if isinstance(left.events[-1], JourneyExited) else left.events[-2]
    assert isinstance(exited, JourneyExited)
    told = Told(event=exited, version=99, day=exited.on, before=left.known, after=left.known)
    [after] = [fact for fact in of_journey({("unmet", "plan-1/need-1"): lasting}, told) if fact.kind == "unmet"]
    assert after.to_on == exited.on - timedelta(days=1)
