"""The evaluator's extract: nobody stands in a group of few, and a name leads nowhere."""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from domain.reports.counting import Dossier
from domain.reports.extract import FEWEST, FIGURES, Line, extract_table, line_of, suppressed
from domain.reports.fact import FOREVER, Fact
from domain.reports.period import period_of

HALF, OTHER = period_of("interim", "2026-H1"), period_of("interim", "2026-H2")
NOTHING = tuple(None for _ in FIGURES)
groups = st.tuples(
    st.sampled_from(["tori", "tapa", "harku"]), st.sampled_from(["schizophrenia", "other"]),
    st.sampled_from(["female", "male"]), st.sampled_from(["18-29", "30-49", "65+"]),
)  # fmt: skip


def lines(told: list[tuple[str, str, str, str]]) -> list[Line]:
    return [Line(name=f"{number:04}", group=group, figures=NOTHING) for number, group in enumerate(told)]


@given(st.lists(groups, max_size=80))
def test_each_combination_is_shared_by_enough_or_told_less_of(told: list[tuple[str, str, str, str]]) -> None:
    given_lines = lines(told)
    kept = suppressed(given_lines)
    assert all(number >= FEWEST for number in Counter(each.group for each in kept).values())
    assert len(kept) > len(told) - FEWEST
    known = {each.name: each.group for each in given_lines}
    for each in kept:
        assert all(now in (None, was) for now, was in zip(each.group, known[each.name], strict=True))


def test_nothing_more_is_left_out_than_must_be() -> None:
    enough = [("tori", "other", "female", "65+")] * FEWEST
    assert suppressed(lines(enough)) == lines(enough)
    few = [("tapa", "other", "female", "65+")] * (FEWEST - 1)
    assert suppressed(lines(few)) == []
    together = suppressed(lines([*few, ("harku", "other", "female", "65+")]))
    assert {each.group for each in together} == {(None, "other", "female", "65+")}


def participant(subject: str = "journey-1") -> Dossier:
    stay = Fact(kind="stay", key="1", municipality="tori", from_on=date(2026, 2, 2), to_on=FOREVER, about="tori")
    person = Fact(
        kind="person", key="1", municipality="tori", from_on=date(2026, 1, 1),
        personal={"sex": "female", "birth_date": "1961-03-02"},
    )  # fmt: skip
    return Dossier(subject=subject, facts=(stay,), person=person.personal)


def test_a_name_is_another_one_in_another_extract_and_under_another_key() -> None:
    told = [
        line_of(participant(), HALF, (65,), b"key"), line_of(participant(), OTHER, (65,), b"key"),
        line_of(participant(), HALF, (65,), b"other"), line_of(participant("journey-2"), HALF, (65,), b"key"),
    ]  # fmt: skip
    names = [each.name for each in told if each is not None]
    assert len({*names}) == 4
    assert told[0] == line_of(participant(), HALF, (65,), b"key")
    assert told[0] is not None
    assert told[0].group == ("tori", "", "female", "65+")


def test_who_took_no_part_is_not_in_it() -> None:
    assert line_of(Dossier(subject="journey-1", facts=()), HALF, (65,), b"key") is None


def test_the_table_has_no_id_of_ours() -> None:
    made = [line_of(participant(f"journey-{n}"), HALF, (65,), b"key") for n in range(FEWEST)]
    table = extract_table([each for each in made if each is not None], lambda _, code: code)
    assert len(table.rows) == FEWEST
    assert not any("journey" in str(value) for row in table.rows for value in row)
    assert {row[1:5] for row in table.rows} == {("tori", "", "female", "65+")}
