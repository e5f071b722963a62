"""Carers as people supported in their own right: what each needs, which lines of the plan support them, what is still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.care import ServiceLine
from domain.programme import CarerNeed
from domain.states import CaseFile


@dataclass(frozen=True, kw_only=True, slots=True)
class SupportedCarer:
    carer_id: str
    assessed_on: date | None
    needs: tuple[str, ...] | None
    lines: tuple[str, ...]
    not_met: tuple[str, ...] | None


def supported(file: CaseFile, listed: Sequence[CarerNeed] | None) -> tuple[SupportedCarer, ...]:
    """Everybody assessed, or named by a line of the latest plan. What no line meets is told by the list of needs of today;
    a replay goes without, since it must say the same for ever."""
    plan = list(file.plans.values())[-1] if file.plans else None
    lines = [line for line in plan.lines if line.carer_id is not None] if plan is not None else []
    found = []
    for carer_id in sorted({*file.carers, *(line.carer_id for line in lines if line.carer_id is not None)}):
        assessed = file.carers.get(carer_id)
        own = [line for line in lines if line.carer_id == carer_id]
        needs = None if assessed is None else assessed.needs
        found.append(
            SupportedCarer(
                carer_id=carer_id,
                assessed_on=None if assessed is None else assessed.on,
                needs=needs,
                lines=tuple(line.line_id for line in own),
                not_met=None if listed is None else _not_met(needs or (), own, listed),
            )
        )
    return tuple(found)


def _not_met(needs: Sequence[str], lines: Sequence[ServiceLine], listed: Sequence[CarerNeed]) -> tuple[str, ...]:
    met_by = {need.code: frozenset(need.components) for need in listed}
    helped_with = {line.component for line in lines}
    return tuple(need for need in needs if helped_with.isdisjoint(met_by.get(need, frozenset())))
