"""The facts that reports count, made from events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from domain import events as e
from domain import journey
from domain.ledger import LineAccount
from domain.reports.fact import FOREVER, Fact, FactKind, Facts
from domain.states import CaseFile, Journey

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One event of a journey on its day, between what was so before and what is so after."""

    event: e.Event
    version: int
    day: date
    before: Journey | None
    after: Journey


def of_journey(facts: Facts, told: Told) -> Iterator[Fact]:
    """What an event adds to the facts of its journey, or changes of them."""
    file = told.after.file
    yield from _course(facts, told, file)
    yield from _help(facts, told, file)
    yield from _money(told, file)
    yield from _deadlines(facts, told, file)


def _fact(file: CaseFile, kind: FactKind, key: object, from_on: date, to_on: date = FOREVER) -> Fact:
    return Fact(kind=kind, key=str(key), municipality=file.municipality, from_on=from_on, to_on=to_on)


# ── The course of a journey ──────────────────────────────────────────────────────────────────────────────────────────


def _course(facts: Facts, told: Told, file: CaseFile) -> Iterator[Fact]:
    match told.event:
        case e.ReferralRecorded() as event:
            yield _fact(file, "referral", 1, event.noticed_on)._replace(code=event.noticed_by, about=event.person_id)
        case e.ReferralAccepted(primary_diagnosis=str() as diagnosis):
            known = _fact(file, "diagnosis", 1, told.day)
            yield known._replace(personal={"diagnosis": diagnosis})
        case e.PlaceAwaited() as event:
            yield from _awaits(facts, file, told, event)
        case e.PlaceReceived() as event:
            yield from _waits_no_more(facts, event.from_on - _DAY)
            yield _stay(file, event.from_on, event.agreement)
        case e.OfferDeclined(keeps_waiting=False):
            yield from _waits_no_more(facts, told.day)
        case e.JourneyExited() as event:
            yield from _waits_no_more(facts, event.on)
            yield from (each._replace(to_on=event.on - _DAY) for each in _lasting(facts, "unmet"))
            for stay in _lasting(facts, "stay"):
                yield stay._replace(to_on=event.on, code=event.reason)
        case e.TransferAccepted() as event:
            yield from _moves(facts, file, event)
        case e.NeedsAssessed() | e.AssessmentTakenOver() | e.ReviewHeld() as event:
            degrees = {area: degree for area, degree in event.need_by_life_area.items() if 0 <= degree <= 4}
            yield _fact(file, "need", told.version, event.on)._replace(personal=degrees)
        case e.MeasureTaken() as event:
            needs = {area: each.need for area, each in event.scores.items() if each.need is not None}
            yield _fact(file, "measure", event.measure_id, event.on)._replace(code=event.by, personal=needs)
        case e.ServiceRated() as event:
            rated = _fact(file, "rating", event.rating_id, event.on, event.on)
            yield rated._replace(code=event.component, about=event.provider_id or "", personal={"rating": event.rating})
        case e.PlanAgreed() as event:
            yield from _unmet(facts, file, event)


def _lasting(facts: Facts, kind: FactKind) -> list[Fact]:
    return [each for each in facts.values() if each.kind == kind and each.to_on == FOREVER]


def _stay(file: CaseFile, from_on: date, agreement: str) -> Fact:
    return _fact(file, "stay", f"{from_on}/{file.municipality}", from_on)._replace(about=agreement)


def _awaits(facts: Facts, file: CaseFile, told: Told, event: e.PlaceAwaited) -> Iterator[Fact]:
    """Who waits anew, or under another agreement, waits there from that day; what was waited before stays as it was. `number`
    is the days that count already."""
    yield from _waits_no_more(facts, told.day - _DAY)
    waited = any(each.kind == "wait" for each in facts.values())
    from_on = max(told.day, event.since) if waited else event.since
    wait = _fact(file, "wait", f"{told.version}/{file.municipality}", from_on)
    yield wait._replace(about=event.agreement, number=(from_on - event.since).days)


def _moves(facts: Facts, file: CaseFile, event: e.TransferAccepted) -> Iterator[Fact]:
    """What was in one municipality ends there, and goes on in the other where both share the place or its order."""
    for stay in _lasting(facts, "stay"):
        yield stay._replace(to_on=event.on, code="moved_municipality")
        if event.place_stays:
            yield _stay(file, max(event.on, stay.from_on), stay.about)
    for wait in _lasting(facts, "wait"):
        yield wait._replace(to_on=event.on - _DAY)
        if event.place_stays:
            yield wait._replace(
                key=f"{wait.key}/{file.municipality}",
                municipality=file.municipality,
                from_on=event.on,
                number=(event.on - wait.from_on).days + wait.number,
            )
    for unmet in _lasting(facts, "unmet"):
        yield unmet._replace(to_on=event.on - _DAY)


def _waits_no_more(facts: Facts, last: date) -> Iterator[Fact]:
    return (each._replace(to_on=last) for each in _lasting(facts, "wait"))


def _unmet(facts: Facts, file: CaseFile, event: e.PlanAgreed) -> Iterator[Fact]:
    """What the plan of that day says that nobody offers; what the one before it said, it said until then."""
    for each in _lasting(facts, "unmet"):
        yield each._replace(to_on=event.agreed_on - _DAY)
    plan = file.plans[event.plan_id]
    for need in plan.unmet:
        goal = plan.goal(need.goal_id)
        named = _fact(file, "unmet", f"{event.plan_id}/{need.need_id}", event.agreed_on)
        yield named._replace(code=need.component or "", area="" if goal is None else goal.life_area)


# ── Help, and what it costs ──────────────────────────────────────────────────────────────────────────────────────────


def _help(facts: Facts, told: Told, file: CaseFile) -> Iterator[Fact]:
    match told.event:
        case e.DeliveryRecorded(delivery_id=delivery_id) | e.DeliveryCorrected(delivery_id=delivery_id):
            given = file.deliveries[delivery_id]
        case _:
            return
    known = facts.get(("delivery", delivery_id))
    if known is None:
        area = _area(file, file.accounts.get(given.line_id))
        known = _paid_by(file, "delivery", delivery_id, given.day, given.line_id)._replace(area=area)
    yield known._replace(code=given.component, about=given.provider_id, number=given.minutes, cents=given.cents)
    if file.origin is not None:
        return  # its first help was given elsewhere, nobody knows when
    first = min((each for each in file.deliveries.values() if each.minutes), default=None, key=lambda each: each.day)
    if first is not None:
        helped = _paid_by(file, "first_help", 1, first.day, first.line_id)
        yield helped._replace(number=(first.day - file.noticed_on).days)
    elif ("first_help", "1") in facts:
        taken_back = facts["first_help", "1"]
        yield taken_back._replace(to_on=taken_back.from_on - _DAY)


def _paid_by(file: CaseFile, kind: FactKind, key: object, day: date, line_id: str) -> Fact:
    """Help counts where it is paid for, also when the journey has moved on."""
    account = file.accounts.get(line_id)
    fact = _fact(file, kind, key, day, day)
    return fact if account is None else fact._replace(municipality=file.payer(account))


def _area(file: CaseFile, account: LineAccount | None) -> str:
    """The life area of the goal that a line serves, as the latest plan that has the goal says."""
    if account is None:
        return ""
    found = (plan.goal(account.line.goal_id) for plan in reversed([*file.plans.values()]))
    return next((goal.life_area for goal in found if goal is not None), "")


def _money(told: Told, file: CaseFile) -> Iterator[Fact]:
    """What moved on each line, by the event's day; what was delivered goes by the days of delivery instead. What came with
    a running case moved elsewhere."""
    if isinstance(told.event, e.BudgetTakenOver):
        return
    before = {} if told.before is None else told.before.file.accounts
    for line_id, now in file.accounts.items():
        was = before.get(line_id)
        if now is was:
            continue
        for name in ("allocated", "committed", "accepted", "paid"):
            moved = getattr(now, name) - (0 if was is None else getattr(was, name))
            if moved:
                entry = _paid_by(file, "money", f"{told.version}/{line_id}/{name}", told.day, line_id)
                yield entry._replace(code=now.line.component, area=_area(file, now), about=name, cents=moved)


# ── What is to be done by a day ──────────────────────────────────────────────────────────────────────────────────────


def _deadlines(facts: Facts, told: Told, file: CaseFile) -> Iterator[Fact]:
    """Each from the day on which it arose to the day before it was met, moved or put on hold. `about` is its due day."""
    awaited = (each for each in journey.awaited(told.after) if each.due.held_since is None)
    running = {f"{each.id}/{file.municipality}": each for each in awaited}
    for known in _lasting(facts, "deadline"):
        if known.key not in running:
            yield known._replace(to_on=max(told.day, known.from_on) - _DAY)
    for name, each in running.items():
        known_one = facts.get(("deadline", name))
        if known_one is None:
            yield _fact(file, "deadline", name, told.day)._replace(code=each.what, about=str(each.due.on))
        elif known_one.to_on != FOREVER:  # put on hold, and taken up again on the same day
            yield known_one._replace(to_on=FOREVER)


# ── Other streams ────────────────────────────────────────────────────────────────────────────────────────────────────


def of_person(event: e.Event, day: date) -> Iterator[Fact]:
    if isinstance(event, e.PersonRegistered):
        known: dict[str, str | int] = {"sex": event.sex, "birth_date": event.birth_date.isoformat()}
        yield Fact(kind="person", key="1", municipality=event.municipality, from_on=day, personal=known)


def of_agreement(facts: Facts, event: e.Event) -> Iterator[Fact]:
    """Terms never overlap, and their money is for the same days. `words` name who shares the places and who coordinates."""
    match event:
        case e.AgreementSigned():
            words = {"municipalities": " ".join(event.municipalities), "coordinator": event.coordinator}
            yield Fact(
                kind="places", key=str(event.valid_from), municipality=event.municipalities[0],
                from_on=event.valid_from, to_on=event.valid_to or FOREVER, about=event.agreement, number=event.places,
                words=words,
            )  # fmt: skip
        case e.FundingRecorded():
            terms = facts.get(("places", str(event.valid_from)))
            yield Fact(
                kind="funding", key=f"{event.valid_from}/{event.source}",
                municipality="" if terms is None else terms.municipality, from_on=event.valid_from,
                to_on=FOREVER if terms is None else terms.to_on, code=event.source,
                about="" if terms is None else terms.about, cents=event.cents,
                words={} if terms is None else terms.words,
            )  # fmt: skip


def of_region(facts: Facts, event: e.Event) -> Iterator[Fact]:
    match event:
        case e.GapActionRecorded():
            yield Fact(
                kind="gap", key=event.gap_id, municipality=event.municipality, from_on=event.since,
                code=event.component or "", area=event.life_area or "", about=event.owner,
                words={"action": event.action, "due_on": event.due_on.isoformat()},
            )  # fmt: skip
        case e.GapClosed():
            known = facts["gap", event.gap_id]
            yield known._replace(to_on=event.on, words={**known.words, "outcome": event.outcome})
