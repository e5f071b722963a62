"""Of whom there are reports, and who may read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from domain.decision import NATIONAL
from domain.programme import Programme
from domain.reports.count import Scope
from domain.reports.counting import places_of
from domain.reports.fact import Fact
from domain.reports.period import Period


def scopes(agreements: Iterable[Fact], period: Period, programme: Programme) -> Iterator[Scope]:
    """The whole, each coordinator and each municipality of the agreements in force on some day of the period."""
    yield Scope(code=NATIONAL, name="Eesti", municipalities=frozenset())
    coordinated: dict[str, set[str]] = {}
    for fact in sorted(agreements, key=lambda each: (each.about, each.from_on)):
        if fact.kind == "places" and period.meets(fact.from_on, fact.to_on):
            coordinated.setdefault(fact.words["coordinator"], set()).update(places_of(fact))
    municipalities = {each for theirs in coordinated.values() for each in theirs}
    taken = {NATIONAL, *municipalities, *(each.code for each in programme.municipalities)}
    for coordinator, theirs in sorted(coordinated.items()):
        code = f"coordinator:{coordinator}" if coordinator in taken else coordinator
        yield Scope(code=code, name=coordinator, municipalities=frozenset(theirs))
    for municipality in sorted(municipalities):
        name = programme.municipality(municipality)
        yield Scope(code=municipality, name=f"{name.name} {name.kind}", municipalities=frozenset((municipality,)))


def tenant_of(scope: Scope) -> str:
    """Whose people may read it: the municipality's, or national ones."""
    return scope.code if scope.municipalities == {scope.code} else NATIONAL
