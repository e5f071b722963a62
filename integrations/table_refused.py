"""Why a table cannot be taken: one sentence that names the place in it and the rule."""

from __future__ import annotations

from domain.decision import Rejected


class TableRefused(Rejected):
    """{place}{rule}"""

    code = "table_refused"
    status = 422

    def __init__(self, rule: str, *, row: int | None = None, column: str | None = None, field: str = "table") -> None:
        """`row` as a person counts in a spreadsheet (the header is row 1), `column` by its header or its letter."""
        self.row, self.column, self.rule = row, column, rule
        named = [f"row {row}"] * (row is not None) + [f"column {column}"] * (column is not None)
        super().__init__(field=field, place=f"{', '.join(named)}: " if named else "", rule=rule)
