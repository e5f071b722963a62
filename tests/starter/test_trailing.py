"""The euro's trail over a whole story, decided for real: back from claims and deliveries, forward from a line, in few reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from typer.testing import CliRunner

from domain.cipher import NullCipher
from domain.codec import Codec
from domain.persons import CARE, WithdrawConsent
from domain.ports import Slice
from runtime.settings import Settings
from starter import cli
from starter.auditing import ineligible_costs
from starter.trail_views import ledger_view, trail_text, trail_view
from starter.trailing import NoSuchTrail, Trail, checked_id
from tests.activities.examples import MUNICIPALITY, Office, WatchedStore, consent, programme
from tests.starter.spending import JOURNEY, LINE, Spending

GROUNDS = ["agreement_to_plan", "goal", "assessment", "place", "agreement", "eligibility", "referral", "consent"]


class Counting(WatchedStore):
    """Counts which streams are read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: Counter[str] = Counter()

    async def read(
        self, stream_id: str, *, after: int = 0, limit: int | None = None, command_id: str | None = None
    ) -> Slice:
        self.reads[stream_id] += 1
        return await super().read(stream_id, after=after, limit=limit, command_id=command_id)


@pytest.fixture(scope="module")
async def spent() -> Spending:
    """Two hours and one, claimed and paid; one of them corrected, the difference set off; then a service becomes known that
    must not be combined with either."""
    story = await Spending(office=Office(store=Counting())).helped(120, 60)
    await story.claimed()
    await story.corrected(60)
    await story.claimed()
    await story.paid_elsewhere()
    return story


def whats(trail: Trail) -> list[str]:
    return [each.what for line in trail.lines for each in line.moves]


async def test_a_line_is_told_forward_and_adds_up(spent: Spending) -> None:
    trail = await spent.trails.of(LINE)
    assert whats(trail) == [
        "budget", "order", "delivery", "delivery", "verdict", "verdict", "payment", "payment", "correction", "verdict",
        "payment", "recovery", "recovery",
    ]  # fmt: skip
    (line,) = trail.lines
    assert [each.what for each in line.grounds] == GROUNDS
    assert (line.books.delivered, line.books.accepted, line.books.paid, line.books.owed_back) == (6400, 0, 0, 6400)
    assert trail.amiss == ()


async def test_a_delivery_is_told_back_to_the_consent(spent: Spending) -> None:
    """Every step names where it is recorded; the last of them is the consent, in the person's own stream."""
    (line,) = (await spent.trails.of(spent.deliveries[0])).lines
    assert [each.what for each in line.moves] == [
        "recovery", "payment", "verdict", "correction", "payment", "verdict", "delivery", "order",
    ]  # fmt: skip
    assert [each.what for each in line.grounds] == ["budget", *GROUNDS]
    steps = (*line.moves, *line.grounds)
    for each in steps:
        assert spent.office.store.events_of(each.stream_id)[each.version - 1].meta.programme == each.publication
    by = {each.what: (each.stream_id, each.version) for each in line.grounds}
    assert (by["consent"], by["agreement"], by["referral"]) == (("person-1", 2), ("agreement-tori", 1), (JOURNEY, 1))
    assert line.grounds[-1].sentence == "The person consented to person centred care by tori on 02.03.2026."
    assert {each.publication for each in steps} == {"demonstration/1"}


async def test_a_claim_is_told_back_row_by_row(spent: Spending) -> None:
    first, second = await spent.trails.of("claim-1"), await spent.trails.of("claim-2")
    assert [(each.what, each.cents) for each in first.claim] == [
        ("booked", None), ("payment", 9600), ("verdict", 9600), ("decision", None), ("claim", 9600),
    ]  # fmt: skip
    assert [each.cents for each in second.claim if each.what == "payment"] == [-3200]
    told = {each.delivery_id for line in first.lines for each in line.moves if each.delivery_id}
    assert told == set(spent.deliveries)
    assert {each.delivery_id for line in second.lines for each in line.moves if each.delivery_id} == {
        spent.deliveries[0]
    }
    assert (first.amiss, second.amiss) == ((), ())


async def test_a_claim_is_shown_so_many_journeys_at_a_time(spent: Spending) -> None:
    assert (await spent.trails.of("claim-1", limit=1)).next is None
    assert (await spent.trails.of("claim-1", after=1, limit=1)).lines == ()


async def test_only_the_streams_concerned_are_read(spent: Spending) -> None:
    """Once each, and never the whole store."""
    store = spent.office.store
    assert isinstance(store, Counting)
    for trail_id, claims in ((LINE, ()), (spent.deliveries[0], ()), ("claim-1", ("claim-1",))):
        store.reads.clear()
        await spent.trails.of(trail_id)
        assert store.reads == Counter((JOURNEY, "person-1", "agreement-tori", *claims))


@pytest.mark.parametrize(
    "unknown", ["claim-9", "delivery-9", "journey-9/recovery", f"{JOURNEY}/other", JOURNEY, "person-1"]
)
async def test_what_is_not_there_is_said_so(spent: Spending, unknown: str) -> None:
    with pytest.raises(NoSuchTrail, match=unknown):
        await spent.trails.of(unknown)


@pytest.mark.parametrize(
    "wrong", ["", "journey-1", "journey-1/", "claim-1/x", "delivery_1", "agreement-tori", "claim-1\n"]
)
def test_what_cannot_be_a_trail_s_id_is_named(wrong: str) -> None:
    with pytest.raises(NoSuchTrail):
        checked_id(wrong)


async def test_the_text_reads_from_top_to_bottom(spent: Spending) -> None:
    text = trail_text(await spent.trails.of(LINE))
    told = [
        text.index(word) for word in ("  budget ", "  order ", "  delivery ", "  verdict ", "  payment ", "  recovery ")
    ]
    assert told == sorted(told)
    assert text.index("What it rests on") < text.index("  consent ") < text.index("The line's books")
    assert text.endswith("\n\nAdds up.")
    assert max(map(len, text.splitlines())) <= 140
    back = trail_text(await spent.trails.of(spent.deliveries[0]))
    assert back.index("  payment ") < back.index("  delivery ") < back.index("  budget ") < back.index("  consent ")


async def test_what_does_not_add_up_is_shown_in_place_of_that_it_does(spent: Spending) -> None:
    found = await spent.trails.of(LINE)
    wrong = Trail(id=LINE, forward=True, claim=(), lines=found.lines, amiss=("One euro is missing.",))
    assert trail_text(wrong).endswith("\n\nOne euro is missing.")
    assert not trail_view(wrong).adds_up


async def test_a_ledger_has_equal_debits_and_credits_and_the_balances_of_the_books(spent: Spending) -> None:
    view = ledger_view(JOURNEY, spent.office.store.events_of(JOURNEY))
    assert view.debit_cents == view.credit_cents == sum(each.cents for each in view.entries) > 0
    assert sum(each.cents for each in view.accounts) == 0
    assert {each.account: each.cents for each in view.accounts} == {
        "funding": -134400, "available": 0, "ordered": 128000, "delivered": 6400, "payable": 0, "paid": 0,
        "owed_back": 6400, "refunds": -6400,
    }  # fmt: skip
    first = view.entries[0]
    assert (first.debit, first.credit, first.cents, first.version) == ("available", "funding", 134400, 7)
    assert first.sentence.startswith("Budget decided: 1344.00 euros")


async def test_each_ineligible_cost_is_explained_until_nothing_is_owed() -> None:
    story = await Spending().helped(60)
    await story.claimed()
    await story.paid_elsewhere()

    async def explained() -> list[str]:
        found = await ineligible_costs(story.office.store, Codec(NullCipher()), programme())
        assert all(each.fate.explained for each in found)
        return [each.fate.sentence.partition(", ")[2] for each in found]

    assert await explained() == ["32.00 euros still owed"]
    await story.claimed(pay=False)
    assert await explained() == ["set off in claim-2, which is not paid yet"]
    assert (await story.trails.of("claim-2")).amiss == ()


@pytest.mark.parametrize(("looked", "code", "told"), [
    (False, 1, "state_special_care: NOT CLAIMED BACK\n1 deliveries, 32.00 euros; open: 1, 32.00 euros\n"),
    (True, 0, "nothing of it was claimed\n1 deliveries, 32.00 euros; open: 0, 0.00 euros\n"),
])  # fmt: skip
def test_only_cost_that_nobody_has_claimed_back_ends_the_command_with_1(
    monkeypatch: pytest.MonkeyPatch, looked: bool, code: int, told: str
) -> None:
    story = Spending()

    async def tell(settings: Settings, look: Callable[[WatchedStore], Awaitable[None]]) -> None:
        await story.helped(60)
        await story.paid_elsewhere(looked=looked)
        await look(story.office.store)

    monkeypatch.setattr(cli, "_with_store", tell)
    monkeypatch.setenv("TEEKOND_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/teekond")
    monkeypatch.setenv("TEEKOND_PROGRAMME", "demonstration")
    ended = CliRunner().invoke(cli.app, ["audit", "ineligible"])
    assert ended.exit_code == code
    assert ended.stdout.endswith(told)
    assert f"{JOURNEY}  {story.deliveries[0]}  " in ended.stdout


async def test_a_consent_that_was_withdrawn_since_is_told_beside_the_one_it_rests_on() -> None:
    story = await Spending().helped(60)
    story.days_pass(3)
    await story.do(WithdrawConsent(purpose=CARE, recipient=MUNICIPALITY, on=story.office.at.date()), stream="person-1")
    await story.do(consent(story.office.at), stream="person-1")
    (line,) = (await story.trails.of(LINE)).lines
    assert [(each.what, each.sentence) for each in line.grounds[-2:]] == [
        ("consent_withdrawn", "The consent was withdrawn on 05.03.2026."),
        ("consent", "The person consented to person centred care by tori on 02.03.2026."),
    ]
