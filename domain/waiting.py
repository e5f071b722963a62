"""The waiting order: by the criteria that the programme names, and each position explained in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import takewhile

from domain.agreement import Agreement, Waiter
from domain.programme import Programme, Settings

Key = tuple[int, ...]  # smaller comes first
ALL_ALIKE = "joined"  # where no criterion tells two apart, who joined the order first


def order_rules(agreement: Agreement, programme: Programme, today: date) -> Settings:
    """One order has one rule: that of the municipality which the agreement names first."""
    return programme.settings(agreement.terms_about(today).municipalities[0], today)


def in_order(waiting: Iterable[Waiter], rules: Settings) -> tuple[Waiter, ...]:
    return tuple(sorted(waiting, key=lambda waiter: _key(waiter, rules)))


def next_to_offer(agreement: Agreement, rules: Settings, today: date) -> Waiter | None:
    return next(iter(in_order(agreement.could_be_offered(today), rules)), None)


def ahead_of(newcomer: Waiter, agreement: Agreement, rules: Settings) -> int:
    """How many come before somebody who joins now."""
    return sum(1 for each in agreement.waiting if _key(each, rules) < _key(newcomer, rules))


def _key(waiter: Waiter, rules: Settings) -> Key:
    return (*(value for _, value in _criteria(waiter, rules)), waiter.joined)


def _criteria(waiter: Waiter, rules: Settings) -> Iterator[tuple[str, int]]:
    for criterion in rules.waiting_order:
        match criterion:
            case "urgency":
                yield criterion, not waiter.urgent
            case "complete_on":
                yield criterion, _counts_from(waiter, rules).toordinal()


def _counts_from(waiter: Waiter, rules: Settings) -> date:
    passed = waiter.passed_on if rules.after_passed_offer == "from_that_day" else None
    return passed or waiter.since


# ── In words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def explained(waiter: Waiter, before: Sequence[Waiter], rules: Settings) -> str:
    """Why somebody stands where they do, naming nobody: which criterion puts how many before them."""
    return f"Number {len(before) + 1}: {_own(waiter, rules)}; {_ahead(waiter, before, rules)}."


def _own(waiter: Waiter, rules: Settings) -> str:
    urgent = "urgent, " if waiter.urgent and "urgency" in rules.waiting_order else ""
    complete = f"{urgent}the application was complete on {waiter.since:%d.%m.%Y}"
    if waiter.passed_on is None:
        return complete
    counts = "which counts since" if _counts_from(waiter, rules) == waiter.passed_on else "which changes nothing"
    return f"{complete}, and an offer was passed on {waiter.passed_on:%d.%m.%Y}, {counts}"


def _ahead(waiter: Waiter, before: Sequence[Waiter], rules: Settings) -> str:
    if not before:
        return "nobody comes before"
    deciding = [_deciding(each, waiter, rules) for each in before]
    reasons = {words: deciding.count(name) for name, words in WORDS.items() if name in deciding}
    comes = "1 comes before" if len(before) == 1 else f"{len(before)} come before"
    if len(reasons) == 1:
        return f"{comes}, {next(iter(reasons))}"
    *most, last = [f"{number} {words}" for words, number in reasons.items()]
    return f"{comes}: {', '.join(most)} and {last}"


WORDS = {
    "urgency": "because it is more urgent there",
    "complete_on": "by an earlier day",
    ALL_ALIKE: "by having joined earlier that day",
}


def _deciding(one: Waiter, other: Waiter, rules: Settings) -> str:
    """The first criterion in which two differ."""
    pairs = zip(_criteria(one, rules), _criteria(other, rules), strict=True)
    alike = tuple(takewhile(lambda pair: pair[0] == pair[1], pairs))
    return [*rules.waiting_order, ALL_ALIKE][len(alike)]
