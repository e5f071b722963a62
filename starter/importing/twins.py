"""People who stand in a sheet twice, under two numbers: found before anybody is registered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from domain.persons import RegisterPerson
from readmodels.person_match import plain
from starter.importing.cases import Case
from starter.importing.cells import Problem


def apart(cases: Sequence[Case]) -> tuple[list[Case], list[Problem]]:
    """Those who stand in it once, each knowing of its namesakes; and what is wrong with the others. Two are not the same
    where each has a personal code of their own."""
    alike: defaultdict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in cases:
        for key in _keys(case):
            alike[key].append(case)
    kept, problems = list[Case](), list[Problem]()
    for case in cases:
        others = [each for key in _keys(case) for each in alike[key] if each is not case]
        twin = next((each for each in others if not _are_two(case, each)), None)
        if twin is None:
            kept.append(case.distinct_from(*dict.fromkeys(each.person_id for each in others)))
            continue
        rule = f"row {twin.row} is of the same person; if they are two people, give the personal code of both"
        problems.append(
            Problem(row=case.row, case=case.number, column="family_name", code="twice_in_the_sheet", rule=rule)
        )
    return kept, problems


def _keys(case: Case) -> Iterator[tuple[str, ...]]:
    person = case.register
    if person is None:
        yield ("id", case.person_id)
        return
    yield ("name", person.municipality, plain(person.given_name), plain(person.family_name), str(person.birth_date))
    if person.personal_code is not None:
        yield ("code", person.municipality, person.personal_code)


def _are_two(one: Case, other: Case) -> bool:
    codes = [_code(each.register) for each in (one, other)]
    return None not in codes and codes[0] != codes[1]


def _code(person: RegisterPerson | None) -> str | None:
    return None if person is None else person.personal_code
