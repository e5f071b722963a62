"""What must hold in a town after every step: nothing of places and money is lost, doubled, or over a bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from domain import events as e
from domain.claims import ClaimStage
from domain.codec import Recorded
from domain.deciders import JOURNEYS
from domain.deliveries import DAY
from domain.double_funding import overlapping
from domain.journey import BOUNDS, settled
from domain.ledger import Account, LineAccount, entries
from domain.occupancy import occupancy
from domain.states import CaseFile, Delivery, Exited, Journey, Refused
from domain.working_days import local_date
from tests.activities.examples import MUNICIPALITY, PROVIDER, programme
from tests.activities.town import AUTUMN, NEW_YEAR, PEOPLE, Town

REOPENING = (e.DeliveryCorrected, e.DeliveryDisputed, e.RecoveryOpened)  # then there is something to claim again
NUMBERS = {
    "delivered": lambda each: each.cents,
    "accepted": lambda each: each.accepted,
    "paid": lambda each: each.paid,
}


class Watch:
    """Reads the record as anybody else would, and keeps its own books beside."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.read = 0
        self.replayed: dict[str, Journey] = {}
        self.books: dict[tuple[str, str], Counter[Account]] = {}
        self.claimed: Counter[str] = Counter()  # by delivery, what claims accepted of it
        self.paid: Counter[str] = Counter()  # by journey and line
        self.paid_of_claims: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()

    def look(self) -> None:
        told = self.town.told(self.read)
        self.read += len(told)
        for each in told:
            self.seen[each.event.type] += 1
            if each.kind == "journeys":
                self._replay(each)
        self.seen["a year turns"] += self.town.today >= NEW_YEAR
        people = Counter(each.file.person_id for each in self.replayed.values())
        self.seen["a person comes back"] += max(people.values(), default=0) > 1
        _check_places(self.town)
        _check_bounds(self.town)
        _check_caps(self.town)
        for journey_id, state in self.town.states().items():
            assert self.replayed[journey_id] == state, "the writer's state is not what the record comes to"
            self._check_journey(state)
        self._check_claims()

    # ── One fact ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _replay(self, told: Recorded) -> None:
        before = self.replayed.get(told.stream_id)
        after = JOURNEYS.evolve(before, told.event, told.stream_id, told.version)
        self.replayed[told.stream_id] = after
        self._book(told.stream_id, {} if before is None else before.file.accounts, after.file.accounts)
        if before is None:
            return
        self.seen["all is settled"] += settled(after) and bool(after.file.deliveries)
        if settled(before) and not isinstance(told.event, REOPENING):
            assert settled(after), f"settled, and then not any more: {told.event!r}"
        match told.event:
            case e.BudgetSettled():
                _check_settlement(told.event, before, after, local_date(told.occurred_at))
            case e.BudgetReinstated(line_id=line_id):
                plan = before.file.plan_in_force
                over = isinstance(before, Exited) or plan is None or plan.line(line_id) is None
                assert over, "a line that goes on takes what its orders once gave back"
            case e.DeliveriesClaimed(rows=rows):
                for row in rows:
                    self.claimed[row.delivery_id] += row.cents if row.verdict == "accepted" else 0
                    self.seen["a claim rejects"] += row.verdict == "rejected" and row.cents > 0
                    self.seen["a claim holds back"] += row.verdict == "held"
                    held = before.file.deliveries[row.delivery_id].disputed
                    left = after.file.deliveries[row.delivery_id].claimable
                    assert left == 0, "what was claimed, rejected or held back could be claimed again"
                    assert held == (row.verdict == "held"), "a dispute holds its line, and only its line"
            case e.PaymentRecorded(line_id=line_id):
                self.seen["a claim sets off"] += told.event.set_off_cents > 0
                cents = told.event.cents - told.event.set_off_cents
                self.paid[f"{told.stream_id}/{line_id}"] += cents
                self.paid_of_claims[told.event.claim_id or ""] += cents

    def _book(self, journey_id: str, before: Mapping[str, LineAccount], after: Mapping[str, LineAccount]) -> None:
        """What was put somewhere was taken from somewhere else; nothing else ever changes a balance."""
        for line_id, account in after.items():
            books = self.books.setdefault((journey_id, line_id), Counter())
            old = before[line_id].balances if line_id in before else {}
            for entry in entries(old, account.balances):
                assert entry.cents > 0
                books[entry.debit] += entry.cents
                books[entry.credit] -= entry.cents
            assert {each: cents for each, cents in books.items() if cents} == account.balances, (journey_id, line_id)

    # ── One journey ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_journey(self, state: Journey) -> None:
        file = state.file
        for line_id, account in file.accounts.items():
            self._check_line(file, line_id, account)
        minutes: Counter[date] = Counter()
        for delivery in file.deliveries.values():
            minutes[delivery.day] += delivery.minutes
            assert delivery.claimed == self.claimed[delivery.delivery_id], "claimed is not what claims accepted"
            assert delivery.claimed >= 0, delivery
            if delivery.minutes:
                _check_day(delivery, state)
                person = self.town.person(file.person_id)
                if overlapping(person, delivery.day, programme()):
                    assert delivery.recovered, "help on a day that is paid for elsewhere, and no recovery"
        assert max(minutes.values(), default=0) <= DAY, "a day has 24 hours"
        if isinstance(state, Exited):
            assert all(each.of(Account.AVAILABLE) == 0 for each in file.accounts.values()), "not given back at the exit"

    def _check_line(self, file: CaseFile, line_id: str, account: LineAccount) -> None:
        assert sum(account.balances.values()) == 0, f"the books of {line_id} do not balance"
        five = account.paid, account.accepted, account.delivered, account.committed, account.allocated
        assert (0, *five) == tuple(sorted((0, *five))), account
        own = [each for each in file.deliveries.values() if each.line_id == line_id]
        sums = account.delivered, account.accepted, account.paid
        assert sums == tuple(sum(map(cents, own)) for cents in NUMBERS.values()), "a line is not the sum of its help"
        sent = self.paid[f"{file.journey_id}/{line_id}"]
        assert account.paid + account.of(Account.OWED_BACK) == sent, "paid and owed back are not what was sent"
        unpaid = {row.delivery_id for rows in file.unpaid_claims.values() for row in rows}
        done = [each for each in own if not each.disputed and not each.claimable]
        for each in done:
            assert each.accepted == _worth(each), "nothing is left to claim, and it is not what was accepted"
            assert each.delivery_id in unpaid or each.paid == each.accepted, "accepted, and never to be paid"
        if len(done) == len(own) and not unpaid:
            assert not account.of(Account.OWED_BACK), "all is claimed and paid, and something is owed for ever"
        if account.cap is not None:
            assert account.line.starts_on.year == account.line.ends_on.year == account.cap.year

    # ── All together ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _check_claims(self) -> None:
        """The totals of all journeys are the totals of all claims."""
        accounts = [each for state in self.replayed.values() for each in state.file.accounts.values()]
        sent = sum(each.paid + each.of(Account.OWED_BACK) for each in accounts)
        claims = [self.town.claim(each) for each in self.town.claims]
        paid = {each.claim_id: each.accepted_cents for each in claims if each.stage is ClaimStage.PAID}
        assert sent == sum(paid.values())
        assert {id_: cents for id_, cents in self.paid_of_claims.items() if cents} == {
            id_: cents for id_, cents in paid.items() if cents
        }
        rows = Counter[str]()
        for claim in claims:
            assert set(claim.verdicts) <= {row.delivery_id for row in claim.rows}
            rows.update({row.delivery_id: row.cents for row in claim.verdicts.values() if row.verdict == "accepted"})
        assert +rows == +self.claimed, "the claims say other than the journeys"

    def look_back(self) -> None:
        """Every version of every stream is the fold of its facts, as they come out of the store."""
        facts: dict[str, list[Recorded]] = {}
        for told in self.town.told():
            if told.kind == "journeys":
                facts.setdefault(told.stream_id, []).append(told)
        for journey_id, own in facts.items():
            assert [each.version for each in own] == list(range(1, len(own) + 1))
            state: Journey | None = None
            for each in own:
                state = JOURNEYS.evolve(state, each.event, journey_id, each.version)
            assert state == self.town.state(journey_id)


def _worth(delivery: Delivery) -> int:
    return 0 if delivery.recovered else delivery.cents - delivery.rejected


def _check_day(delivery: Delivery, state: Journey) -> None:
    account = state.file.accounts[delivery.line_id]
    assert account.cap is None or delivery.day.year == account.cap.year, "help stands against another year's cap"
    assert account.ran_on(delivery.day), "help outside the days of its line"
    assert not any(each.on(delivery.day) for each in state.file.suspensions), "help while the place is suspended"
    assert not isinstance(state, Exited) or delivery.day <= state.on, "help after the exit"


def _check_settlement(event: e.BudgetSettled, before: Journey, after: Journey, today: date) -> None:
    """What it says was given back is what was; at the exit, the days gone by keep their share of what was ordered."""
    released = {each.line_id: each.cents for each in event.released}
    for line_id, account in before.file.accounts.items():
        left = after.file.accounts[line_id]
        assert account.allocated - left.allocated == released.get(line_id, 0), "given back is not what is missing"
        assert left.delivered == account.delivered
        if event.final:
            assert left.allocated == left.committed == left.delivered, "money is left when all is over"
            assert left.orders_given_back == 0
        elif isinstance(after, Exited):
            line, over = account.line, [each for each in before.file.suspensions if each.to_on is not None]
            whole = (line.starts_on + timedelta(days=n) for n in range((line.ends_on - line.starts_on).days + 1))
            days = [day for day in whole if not any(each.on(day) for each in over)]  # one by one: slow and plain
            away = before.file.suspensions
            gone = [day for day in days if day <= after.on and not any(each.on(day) for each in away)]
            share = ceil(Fraction(account.allocated * len(gone), len(days))) if days else 0
            assert left.allocated == max(account.delivered, min(account.committed, share)), "not its days' share"


# ── Bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _check_places(town: Town) -> None:
    agreement, states = town.agreement(), town.states()
    for terms in agreement.terms:
        assert agreement.held_in(terms) + agreement.offered_in(terms) <= terms.places, "more than there are places"
    assert set(agreement.holdings) == {id_ for id_, state in states.items() if state.file.place is not None}
    assert {each.journey_id for each in agreement.waiting} == {
        id_ for id_, state in states.items() if state.file.waits_for_place
    }
    for day in occupancy(
        agreement, max(local_date(AUTUMN), town.today - timedelta(days=40)), town.today + timedelta(days=5), town.today
    ):
        assert day.reserved + day.occupied + day.suspended + day.offered + day.free == day.places
        assert min(day.reserved, day.occupied, day.suspended, day.offered, day.free) >= 0, day


def _check_bounds(town: Town) -> None:
    """What the database bounds is what the states come to: no more, no less, and nothing beside."""
    known = {key: (quota.used, quota.allowed) for key, quota in town.store.quotas().items()}
    capped = {key: known.pop(key)[0] for key in list(known) if key.startswith(("cap/", "open-claim/"))}
    assert known == dict(_bounds(town))
    undecided = [c for c in map(town.claim, town.claims) if c.stage in (ClaimStage.ASSEMBLED, ClaimStage.BEING_CHECKED)]
    limits: dict[str, int] = {}
    used = Counter({f"open-claim/{PROVIDER}/{MUNICIPALITY}": len(undecided)})
    for state in town.states().values():
        for account in state.file.accounts.values():
            if account.cap is not None:
                key = f"cap/{state.file.person_id}/{account.cap.component}/{account.cap.year}"
                limits[key] = account.cap.cents
                used[f"cap/{state.file.person_id}/{account.cap.component}/{account.cap.year}"] += account.allocated
    assert +Counter(capped) == +used
    assert all(used[key] <= cents for key, cents in limits.items()), "more is set aside than the year's cap"
    assert len(undecided) <= 1, "two claims are undecided"


def _bounds(town: Town) -> Iterator[tuple[str, tuple[int, int]]]:
    agreement = town.agreement()
    for terms in agreement.terms:
        yield f"places/{agreement.agreement}/{terms.valid_from}", (agreement.held_in(terms), terms.places)
    states = town.states()
    open_of = Counter(s.file.person_id for s in states.values() if not isinstance(s, Refused | Exited))
    for person_id in PEOPLE:
        yield f"journey-of/{person_id}", (open_of[person_id], 1)
    for journey_id, state in states.items():
        for line_id, account in state.file.accounts.items():
            for name, used, allowed in BOUNDS:
                if any((used(account), allowed(account))) or _ever(town, f"line/{journey_id}/{line_id}/{name}"):
                    yield f"line/{journey_id}/{line_id}/{name}", (used(account), allowed(account))


def _ever(town: Town, key: str) -> bool:
    return key in town.store.quotas()


def _check_caps(town: Town) -> None:
    """By the day of the help itself, over all journeys of the person, whatever a line says of its year."""
    helped: Counter[tuple[str, str, int]] = Counter()
    for state in town.states().values():
        for each in state.file.deliveries.values():
            helped[state.file.person_id, each.component, each.day.year] += each.cents
    for (person_id, component, year), cents in helped.items():
        found = programme().catalogue(date(year, 1, 1)).get(component)
        cap = None if found is None else found.yearly_cap_cents
        assert cap is None or cents <= cap, f"{person_id} got {component} over its cap in {year}"
