"""A claim's own way: put together once the month is over, decided, checked, paid; and never two at once."""

from __future__ import annotations

from datetime import date

import pytest

from domain import claims
from domain.care import ClaimRow, Rejection, RowVerdict
from domain.claims import (
    ROWS_A_FACT,
    AssembleClaim,
    Claim,
    ClaimStage,
    ClaimTooLong,
    DecideClaim,
    MonthNotOver,
    NotAMonth,
    NoteClaimPaid,
    NoteVerdicts,
    NothingToClaim,
    NotInClaim,
    PaidBeforeHelp,
    PayClaim,
    RejectedTwice,
    WrongClaimStage,
)
from domain.deciders import CLAIMS, NotInTheProgramme
from domain.decision import Actor, Command, DateInFuture, NotForThisRole, Role
from domain.due import Due
from domain.events import (
    ClaimAssembled,
    ClaimChecked,
    ClaimDecided,
    ClaimPaid,
    ClaimPaymentOrdered,
    ClaimRowsAdded,
)
from domain.ports import QuotaMove
from domain.providers import UnknownProvider
from tests.domain.given import PROVIDER, TOWN, Given, given, provider

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 2)


def row(number: int = 1, *, cents: int = 3200, journey: str = "journey-1") -> ClaimRow:
    return ClaimRow(
        journey_id=journey,
        delivery_id=f"delivery-{number}",
        line_id="recovery",
        day=date(2026, 3, 26),
        component="mental.recovery",
        tariff="individual",
        minutes=60,
        cents=cents,
    )


def nothing(*rows: ClaimRow) -> Given[Claim]:
    """No claim yet; what the lists say can be claimed."""
    case = Given(decider=CLAIMS, stream_id="claim-1", claimable=rows).served_by(provider(PROVIDER))
    return case.on(APRIL)


def assembly(**other: object) -> AssembleClaim:
    said = {"provider_id": PROVIDER, "municipality": TOWN, "month": MARCH, **other}
    return AssembleClaim.model_validate(said)


def verdict(number: int = 1, *, cents: int = 3200, verdict: str = "accepted", reason: str | None = None) -> RowVerdict:
    said = {"delivery_id": f"delivery-{number}", "verdict": verdict, "reason": reason, "cents": cents}
    return RowVerdict.model_validate(said)


def noted(*rows: RowVerdict, complete: bool = True) -> NoteVerdicts:
    return NoteVerdicts(rows=rows, complete=complete)


def payment(*, on: date = APRIL) -> PayClaim:
    return PayClaim(paid_on=on, reference="INV-7")


def assembled() -> Given[Claim]:
    return given(nothing(row(), row(2)), assembly())


def checked(*rows: RowVerdict) -> Given[Claim]:
    return given(assembled(), DecideClaim(), noted(*(rows or (verdict(), verdict(2)))))


def by_when(case: Given[Claim]) -> Due | None:
    assert case.state is not None
    return case.state.awaits


def test_what_was_delivered_is_put_together() -> None:
    answer = nothing(row(), row(2)).when(assembly()).then(ClaimAssembled)
    [made] = answer.decided.events
    assert isinstance(made, ClaimAssembled)
    assert (made.provider_id, made.municipality, made.month) == (PROVIDER, TOWN, MARCH)
    assert made.rows == (row(), row(2))


def test_the_municipality_has_ten_working_days_for_it_until_it_has_decided() -> None:
    due = by_when(assembled())
    assert due is not None
    assert due.explained == "10 working days from 02.04.2026; 03.04.2026 is a public holiday: due 17.04.2026"
    assert (due.remind_on, due.rule) == (date(2026, 4, 10), "demo.settings@2026/claim-10-working-days")
    assert by_when(given(assembled(), DecideClaim())) is None
    assert by_when(checked()) is None


def test_a_claim_of_before_there_was_a_day_to_decide_by_has_none() -> None:
    made = ClaimAssembled.model_validate({
        "provider_id": PROVIDER, "municipality": TOWN, "month": MARCH, "rows": [row().model_dump()],
    })  # fmt: skip
    assert claims.evolve(None, made, "claim-1", 1).awaits is None


def test_many_rows_stand_in_several_facts() -> None:
    rows = tuple(row(number) for number in range(2 * ROWS_A_FACT + 1))
    answer = nothing(*rows).when(assembly()).then(ClaimAssembled, ClaimRowsAdded, ClaimRowsAdded)
    assert answer.state.rows == rows


def test_a_claim_has_an_end() -> None:
    nothing(*[row()] * 100_001).when(assembly()).refused(ClaimTooLong, field="month", says="100001 rows")


def test_a_month_is_claimed_once_it_is_over() -> None:
    case = nothing(row())
    case.on(date(2026, 3, 31)).when(assembly()).refused(MonthNotOver, field="month", says="2026-03-01")
    case.on(date(2026, 4, 1)).when(assembly()).then(ClaimAssembled)
    case.when(assembly(month=date(2026, 3, 2))).refused(NotAMonth, field="month")


@pytest.mark.parametrize(
    ("month", "until"), [(MARCH, 31), (date(2026, 2, 1), 28), (date(2028, 2, 1), 29), (date(2026, 12, 1), 31)]
)
def test_a_claim_goes_up_to_the_month_s_last_day(month: date, until: int) -> None:
    assert assembly(month=month).until == month.replace(day=until)


def test_there_must_be_something_to_claim_by_somebody_somewhere() -> None:
    nothing().when(assembly()).refused(NothingToClaim, field="month", says=PROVIDER)
    nothing(row()).served_by().when(assembly()).refused(UnknownProvider, field="provider_id")
    nothing(row()).when(assembly(municipality="narnia")).refused(NotInTheProgramme, says="narnia")


def test_a_claim_is_put_together_once_and_one_at_a_time() -> None:
    assembled().when(assembly()).refused(WrongClaimStage, says="the claim is assembled")
    before, after = nothing(row()), assembled()
    key = f"open-claim/{PROVIDER}/{TOWN}"
    assert claims.quota_moves(before.state, after.state) == (QuotaMove(key=key, used=1, limit=1),)
    deciding = given(after, DecideClaim())
    assert claims.quota_moves(after.state, deciding.state) == ()
    assert claims.quota_moves(deciding.state, checked().state) == (QuotaMove(key=key, used=-1, limit=1),)


def test_the_municipality_says_which_rows_it_does_not_accept() -> None:
    rejection = Rejection(delivery_id="delivery-2", reason="not_delivered")
    answer = assembled().when(DecideClaim(rejections=(rejection,))).then(ClaimDecided(rejections=(rejection,)))
    assert answer.state.stage is ClaimStage.BEING_CHECKED
    assembled().when(DecideClaim(rejections=(rejection, rejection))).refused(RejectedTwice, field="rejections")
    other = Rejection(delivery_id="delivery-3", reason="other")
    assembled().when(DecideClaim(rejections=(other,))).refused(NotInClaim, field="rejections", says="delivery-3")


def test_who_claims_neither_decides_nor_pays() -> None:
    provider_s = Actor(id="provider.tori", role=Role.PROVIDER, municipality=TOWN)
    assembled().by(provider_s).when(DecideClaim()).refused(NotForThisRole, says="not for a provider")
    checked().by(provider_s).when(payment()).refused(NotForThisRole)


def test_verdicts_come_in_parts_and_the_last_completes_the_claim() -> None:
    part = given(assembled(), DecideClaim(), noted(verdict(), complete=False))
    assert part.known.stage is ClaimStage.BEING_CHECKED
    answer = part.when(noted(verdict(2, verdict="rejected", reason="double_funding"))).then(ClaimChecked)
    assert (answer.state.stage, answer.state.accepted_cents) == (ClaimStage.CHECKED, 3200)


def test_what_was_accepted_is_paid_less_what_is_set_off() -> None:
    corrected = checked(verdict(), verdict(2, cents=-800))
    corrected.when(payment()).then(ClaimPaymentOrdered(paid_on=APRIL, reference="INV-7", cents=2400))
    corrected.when(payment(on=date(2026, 4, 3))).refused(DateInFuture, field="paid_on")
    paid = given(corrected, payment()).when(NoteClaimPaid()).then(ClaimPaid)
    assert paid.state.stage is ClaimStage.PAID


def test_no_payment_was_made_before_the_help_it_pays_for() -> None:
    """A slip of the pen would never come through to the journeys' books."""
    checked().when(payment(on=date(2026, 3, 25))).refused(PaidBeforeHelp, field="paid_on", says="2026-03-26")
    checked().when(payment(on=date(2026, 3, 26))).then(ClaimPaymentOrdered)


@pytest.mark.parametrize(
    ("case", "command"),
    [
        (assembled(), payment()),
        (assembled(), noted(verdict())),
        (checked(), DecideClaim()),
        (checked(), NoteClaimPaid()),
        (given(checked(), payment()), payment()),
        (given(checked(), payment(), NoteClaimPaid()), payment()),
    ],
)
def test_each_step_has_its_time(case: Given[Claim], command: Command) -> None:
    case.when(command).refused(WrongClaimStage, says="the claim is")


def test_rows_are_looked_at_journey_by_journey() -> None:
    case = given(nothing(row(), row(2, journey="journey-2"), row(3)), assembly())
    by_journey = case.known.by_journey()
    assert {id_: [each.delivery_id for each in rows] for id_, rows in by_journey.items()} == {
        "journey-1": ["delivery-1", "delivery-3"], "journey-2": ["delivery-2"],
    }  # fmt: skip
