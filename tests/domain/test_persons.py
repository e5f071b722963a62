"""People: registered once, with a code that fits; their consents, their carers, and who may decide for them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pydantic import ValidationError

from domain.deciders import PERSONS, NotInTheProgramme
from domain.decision import Command, DateInFuture
from domain.events import (
    CarerLinked,
    ConsentGiven,
    ConsentWithdrawn,
    ContactDetailsChanged,
    PersonRegistered,
    RepresentativeNamed,
)
from domain.persons import (
    CARE,
    BornInFuture,
    ChangeContactDetails,
    GiveConsent,
    LinkCarer,
    NameRepresentative,
    NoSuchConsent,
    OwnCarer,
    PersonExists,
    RegisterPerson,
    UnknownPerson,
    WithdrawConsent,
    WrongPersonalCode,
)
from domain.ports import QuotaMove
from tests.domain.given import MONDAY, PERSON, a_person, consented, given, registered, somebody

TOMORROW = MONDAY + timedelta(days=1)


def registration(
    *, born: date = date(1984, 3, 2), code: str | None = None, municipality: str = "tori"
) -> RegisterPerson:
    return RegisterPerson(
        municipality=municipality,
        given_name="Mari",
        family_name="Näidis",
        birth_date=born,
        personal_code=code,
        sex="female",
        synthetic=True,
    )


def test_a_person_is_registered() -> None:
    state = a_person().when(registration()).then(registered()).state
    assert (state.person_id, state.municipality, state.consents) == (PERSON, "tori", frozenset())


@pytest.mark.parametrize(
    ("code", "born"),
    [
        ("37605030299", date(1976, 5, 3)),  # the example everybody knows
        ("48403020017", date(1984, 3, 2)),
        ("48403020045", date(1984, 3, 2)),  # the first weights leave 10, the second 5
        ("48403020280", date(1984, 3, 2)),  # both leave 10: the digit is 0
        ("10001010002", date(1800, 1, 1)),
        ("60001010007", date(2000, 1, 1)),
    ],
)
def test_a_personal_code_fits_the_birth_date(code: str, born: date) -> None:
    a_person().when(registration(born=born, code=code)).then(PersonRegistered)


@pytest.mark.parametrize(
    ("code", "born"),
    [
        ("37605030298", date(1976, 5, 3)),
        ("37605030299", date(1976, 5, 4)),
        ("37605030299", date(1876, 5, 3)),
        ("57605030299", date(1976, 5, 3)),
    ],
    ids=["check digit", "day", "century", "century in the code"],
)
def test_a_personal_code_that_does_not_fit_is_refused(code: str, born: date) -> None:
    a_person().when(registration(born=born, code=code)).refused(WrongPersonalCode, field="personal_code")


def test_nobody_is_born_tomorrow() -> None:
    a_person().when(registration(born=TOMORROW)).refused(BornInFuture, field="birth_date")
    a_person().when(registration(born=MONDAY)).then(PersonRegistered)


def test_a_person_is_registered_once() -> None:
    a_person(registered()).when(registration()).refused(PersonExists)


def test_a_person_is_registered_in_a_municipality_there_is() -> None:
    a_person().when(registration(municipality="narnia")).refused(NotInTheProgramme, says="narnia")


def test_a_name_is_not_blank() -> None:
    with pytest.raises(ValidationError, match="given_name"):
        RegisterPerson(
            municipality="tori", given_name="  ", family_name="Näidis", birth_date=date(1984, 3, 2), sex="female"
        )


def test_of_each_person_one_journey_may_be_open() -> None:
    before, after = None, a_person(registered()).known
    assert PERSONS.quota_moves(before, after) == (QuotaMove(key="journey-of/person-1", allowed=1),)
    assert PERSONS.quota_moves(after, after) == ()


# ── Consents ─────────────────────────────────────────────────────────────────────────────────────────────────────────

GIVE = GiveConsent(purpose=CARE, recipient="tori", on=MONDAY)
WITHDRAW = WithdrawConsent(purpose=CARE, recipient="tori", on=MONDAY)


def test_a_consent_is_for_one_purpose_and_one_recipient() -> None:
    state = a_person(registered()).when(GIVE).then(consented(on=MONDAY)).state
    assert state.consents_to(CARE, "tori")
    assert not state.consents_to(CARE, "tartu")
    assert not state.consents_to("research", "tori")


def test_a_consent_is_withdrawn_and_given_again() -> None:
    case = a_person(registered(), consented())
    withdrawn = case.when(WITHDRAW).then(ConsentWithdrawn(purpose=CARE, recipient="tori", on=MONDAY))
    assert not withdrawn.state.consents_to(CARE, "tori")
    assert withdrawn.after.when(GIVE).then(ConsentGiven).state.consents_to(CARE, "tori")


def test_only_a_consent_in_force_is_withdrawn() -> None:
    for case in (a_person(registered()), given(a_person(registered(), consented()), WITHDRAW)):
        case.when(WITHDRAW).refused(NoSuchConsent, field="purpose", says="person_centred_care by tori")


@pytest.mark.parametrize("command", [GIVE, WITHDRAW], ids=lambda each: each.name)
def test_a_consent_is_not_of_tomorrow(command: Command) -> None:
    tomorrow = command.model_copy(update={"on": TOMORROW})
    a_person(registered(), consented()).when(tomorrow).refused(DateInFuture, field="on")


# ── Others ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_how_a_person_can_be_reached_changes() -> None:
    a_person(registered()).when(ChangeContactDetails(phone="5550 0000")).then(
        ContactDetailsChanged(phone="5550 0000", email=None, address=None)
    )


def test_a_carer_is_a_person_of_their_own() -> None:
    answer = a_person(registered()).knowing(somebody()).when(LinkCarer(carer_id="person-7", relation="sibling"))
    assert answer.then(CarerLinked(carer_id="person-7", relation="sibling")).state.carers == {"person-7"}


def test_a_representative_may_decide_for_the_person() -> None:
    name = NameRepresentative(representative_id="person-7", basis="guardian", from_on=MONDAY)
    answer = (
        a_person(registered())
        .knowing(somebody())
        .when(name)
        .then(RepresentativeNamed(representative_id="person-7", basis="guardian", from_on=MONDAY))
    )
    assert answer.state.representatives == {"person-7"}


def test_carers_and_representatives_are_registered_people() -> None:
    case = a_person(registered()).knowing(somebody("person-8"))
    case.when(LinkCarer(carer_id="person-7", relation="other")).refused(
        UnknownPerson, field="carer_id", says="person-7"
    )
    case.when(NameRepresentative(representative_id="person-7", basis="parent", from_on=MONDAY)).refused(
        UnknownPerson, field="representative_id"
    )


def test_nobody_is_their_own_carer_or_representative() -> None:
    case = a_person(registered())
    case.when(LinkCarer(carer_id=PERSON, relation="other")).refused(OwnCarer, field="carer_id")
    case.when(NameRepresentative(representative_id=PERSON, basis="parent", from_on=MONDAY)).refused(
        OwnCarer, field="representative_id"
    )


@pytest.mark.parametrize(
    "command",
    [GIVE, WITHDRAW, ChangeContactDetails(), LinkCarer(carer_id="person-7", relation="other")],
    ids=lambda each: each.name,
)
def test_who_was_never_registered_is_unknown(command: Command) -> None:
    a_person().when(command).refused(UnknownPerson, says=PERSON)
