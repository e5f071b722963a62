"""Which report is asked for, as it was known at a moment; and how its rows are called and ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.programme import Component, NotKnown, Programme
from domain.reports.count import Asked, Scope
from domain.reports.counting import band_names
from domain.reports.document import Document, Table
from domain.reports.tally import Tally, tables


@dataclass(frozen=True, kw_only=True, slots=True)
class Question(Asked):
    programme: Programme
    at: datetime

    @property
    def asked(self) -> Asked:
        return Asked(definition=self.definition, period=self.period, moment=self.moment)

    def named(self, dimension: str, code: str) -> str:
        """What a row is called in Estonian; its code where nobody has said."""
        worded = self.definition.called(dimension, code)
        if worded is not None:
            return worded.et
        if not code:
            return "" if dimension == "all" else "teadmata"
        try:
            match dimension:
                case "municipality":
                    return self.programme.municipality(code).name
                case "life_area":
                    return self.programme.life_area(code).name_et
                case "component":
                    return self._components()[code].name_et
        except (NotKnown, KeyError):
            return code
        return code

    def ordered(self) -> Mapping[str, Sequence[str]]:
        """The codes of each dimension whose rows have an order, in it."""
        worded = self.definition.wording
        return {
            "municipality": sorted(each.code for each in self.programme.municipalities),
            "life_area": [each.code for each in self.programme.life_areas],
            "component": [*self._components()],
            "age": band_names(self.definition.age_bands),
            **{of: [each.code for each in worded if each.of == of] for of in ("sex", "reason", "deadline")},
        }

    def _components(self) -> Mapping[str, Component]:
        """As the catalogues up to that day have them, the latest first: help keeps its name when its catalogue has ended."""
        begun = [each for each in self.programme.catalogues if each.valid_from <= self.period.last]
        latest_last = sorted(begun, key=lambda each: each.valid_from)
        return {code: component for each in latest_last for code, component in each.components.items()}

    def draft(self, tally: Tally, scope: Scope) -> Document:
        """The report as it would be sent now."""
        return self._document(scope, tuple(tables(tally, self.definition, self.ordered(), self.named)))

    def extract(self, table: Table, scope: Scope) -> Document:
        """What the evaluator gets of the same period."""
        told = self._document(scope, (table,))
        return replace(
            told, report="extract", title_et="Väljavõte hindajale", title_en="Pseudonymised extract for the evaluator"
        )

    def _document(self, scope: Scope, tables: tuple[Table, ...]) -> Document:
        return Document(
            report=self.definition.code,
            period=self.period.code,
            scope=scope.code,
            scope_name=scope.name,
            title_et=self.definition.title_et,
            title_en=self.definition.title_en,
            definition=self.definition.version,
            synthetic=self.programme.synthetic,
            state="draft",
            number=0,
            at=self.at,
            known_to=str(self.moment),
            tables=tables,
        )
