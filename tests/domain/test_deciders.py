"""The kinds of stream: whose people may act in each, and what a user may cause."""

from __future__ import annotations

import pytest

from domain import commands
from domain.deciders import (
    AGREEMENTS,
    CLAIMS,
    HANDOVERS,
    JOURNEYS,
    OFFICES,
    PERSONS,
    PROGRAMMES,
    PROVIDERS,
    REGIONS,
    REPORTS,
    Decider,
    NotInTheProgramme,
)
from domain.decision import NATIONAL, Command
from domain.places import OfferPlace, SignAgreement
from domain.ports import QuotaMove
from domain.providers import ContractProvider
from domain.stages.throughout import RaiseReminders
from tests.domain.given import a_person, a_provider, an_agreement, contracted, nothing, registered, signed
from tests.domain.samples import command_sample
from tests.domain.steps import in_delivery, referral, referred, refused
from tests.domain.test_persons import registration

KINDS = {
    decider.kind
    for decider in (JOURNEYS, PERSONS, AGREEMENTS, PROVIDERS, PROGRAMMES, CLAIMS, REGIONS, OFFICES, HANDOVERS, REPORTS)
}


def test_every_command_is_of_a_kind_that_is_decided() -> None:
    assert {command.kind for command in commands.ALL} == KINDS == set(commands.PREFIX)


def test_the_town_of_the_journey_or_person_acts_in_it() -> None:
    assert JOURNEYS.belongs_to(referral(), None) == {"tori"}
    assert JOURNEYS.belongs_to(RaiseReminders(), referred().known) == {"tori"}
    assert PERSONS.belongs_to(registration(), None) == {"tori"}
    assert PERSONS.belongs_to(registration(), a_person(registered()).known) == {"tori"}


def test_terms_are_signed_nationally_and_places_moved_by_the_parties() -> None:
    agreement = an_agreement(signed()).known
    sign = command_sample(SignAgreement)
    assert AGREEMENTS.belongs_to(sign, None) == AGREEMENTS.belongs_to(sign, agreement) == frozenset()
    assert AGREEMENTS.belongs_to(OfferPlace(), agreement) == {"tori"}


def test_a_provider_is_contracted_by_the_municipalities_it_serves() -> None:
    contract = command_sample(ContractProvider)
    assert isinstance(contract, ContractProvider)
    assert PROVIDERS.belongs_to(contract, None) == frozenset(contract.municipalities)


def test_without_a_journey_only_the_national_level_could_act() -> None:
    assert JOURNEYS.belongs_to(RaiseReminders(), None) == {NATIONAL}


def test_an_open_journey_counts_until_it_is_refused_or_over() -> None:
    key = "journey-of/person-1"
    assert JOURNEYS.quota_moves(None, referred().known) == (QuotaMove(key=key, used=1),)
    assert JOURNEYS.quota_moves(referred().known, refused().known) == (QuotaMove(key=key, used=-1),)
    assert JOURNEYS.quota_moves(refused().known, referred().known) == (QuotaMove(key=key, used=1),)
    assert JOURNEYS.quota_moves(in_delivery().known, in_delivery().known) == ()


def test_a_provider_has_no_bounds() -> None:
    assert PROVIDERS.quota_moves(None, a_provider(contracted()).known) == ()


@pytest.mark.parametrize(
    "decider", [JOURNEYS, PERSONS, AGREEMENTS, PROVIDERS, REGIONS, OFFICES, HANDOVERS], ids=lambda each: each.kind
)
def test_a_stream_never_starts_in_the_middle(decider: Decider[object]) -> None:
    """A stream whose first fact is missing is damaged; that is no refusal."""
    middle = refused().events[-1]
    with pytest.raises(ValueError, match=r"starts with|does not belong"):
        decider.evolve(None, middle, "stream-1", 1)


@pytest.mark.parametrize("command", commands.ALL, ids=lambda each: each.name)
def test_any_wish_at_any_beginning_is_decided_or_refused(command: type[Command]) -> None:
    """Never anything else: a bug would show as an outage to whoever asked."""
    wish = command_sample(command)
    for case in (nothing(), referred(), in_delivery()):
        if command.kind == "journeys":
            answer = case.when(wish)
            assert answer.refusal is not None or answer.decision is not None


def test_what_the_programme_does_not_know_is_a_refusal() -> None:
    a_person().when(registration(municipality="narnia")).refused(NotInTheProgramme, says="'narnia'")
