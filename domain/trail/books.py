"""A journey's books: what each fact took from which account of which line, and where it put it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.codec import Recorded
from domain.journey import evolve
from domain.ledger import Entry, LineAccount, entries
from domain.states import Journey


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """One entry with the fact that made it."""

    line_id: str
    entry: Entry
    told: Recorded


def postings(history: Iterable[Recorded]) -> Iterator[Posting]:
    """In the order of the facts: each entry is the difference that a fact made to the balances of a line."""
    state: Journey | None = None
    for told in history:
        before = {} if state is None else state.file.accounts
        state = evolve(state, told.event, told.stream_id, told.version)
        for line_id, account in state.file.accounts.items():
            was = before.get(line_id, LineAccount(line=account.line))
            for entry in entries(was.balances, account.balances):
                yield Posting(line_id=line_id, entry=entry, told=told)
