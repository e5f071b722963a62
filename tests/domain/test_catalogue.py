"""The catalogue of facts: what is stored once can be read for ever."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from pydantic import BaseModel

from domain.canonical import canonical
from domain.commands import COMMANDS
from domain.decision import Command
from domain.events import CATALOGUE, UPCASTERS, Event, missing_upcasters, stored_as
from domain.fields import Code, Words
from domain.ports import NewEvent
from tests.domain.coding import CODEC, META, PERSONAL_KEY, TOLD, decoded, encoded, stored
from tests.domain.samples import EVENTS, command_sample

FROZEN = {
    "referral.recorded": 1,
    "referral.completed": 1,
    "referral.accepted": 1,
    "referral.refused": 1,
    "referral.reopened": 1,
    "place.received": 1,
    "place.awaited": 1,
    "place.postponed": 1,
    "case_manager.appointed": 1,
    "contact.logged": 1,
    "consent.lapsed": 1,
    "crisis_plan.changed": 1,
    "challenge.filed": 1,
    "challenge.decided": 1,
    "challenge.lapsed": 1,
    "notice.sent": 1,
    "notice.refused": 1,
    "staff.recorded": 1,
    "staff.removed": 1,
    "absence.recorded": 1,
    "absence.withdrawn": 1,
    "reminder.acknowledged": 1,
    "reminder.raised": 1,
    "assessment.completed": 1,
    "carer.assessed": 1,
    "measure.taken": 1,
    "service.rated": 1,
    "assessment.reopened": 1,
    "assessment.taken_over": 1,
    "budget.taken_over": 1,
    "journey.taken_over": 1,
    "plan.drafted": 1,
    "plan.agreed": 1,
    "plan.reopened": 1,
    "budget.decided": 1,
    "service.committed": 1,
    "payment.recorded": 1,
    "delivery.recorded": 1,
    "delivery.corrected": 1,
    "delivery.confirmed": 1,
    "delivery.disputed": 1,
    "dispute.settled": 1,
    "visit.missed": 1,
    "progress.noted": 1,
    "review.held": 1,
    "journey.exited": 1,
    "report.sent": 1,
    "report.corrected": 1,
    "transfer.offered": 1,
    "transfer.accepted": 1,
    "transfer.rejected": 1,
    "transfer.withdrawn": 1,
    "person.moved": 1,
    "handover.ordered": 1,
    "handover.cases_handed_over": 1,
    "handover.undone": 1,
    "handover.cases_given_back": 1,
    "deadline.paused": 1,
    "deadline.resumed": 1,
    "deadline.extended": 1,
    "deadlines.replanned": 1,
    "budget.settled": 1,
    "offer.received": 1,
    "offer.declined": 1,
    "offer.lapsed": 1,
    "urgency.recorded": 1,
    "place.suspended": 1,
    "place.resumed": 1,
    "exit.planned": 1,
    "agreement.signed": 1,
    "offer.passed": 1,
    "holding.suspended": 1,
    "holding.resumed": 1,
    "holding.exit_planned": 1,
    "waiting.ranked": 1,
    "funding.recorded": 1,
    "place.occupied": 1,
    "place.freed": 1,
    "place.offered": 1,
    "waiting.joined": 1,
    "waiting.left": 1,
    "person.registered": 1,
    "contact_details.changed": 1,
    "representative.named": 1,
    "carer.linked": 1,
    "consent.given": 1,
    "consent.withdrawn": 1,
    "entitlement.recorded": 1,
    "entitlement.corrected": 1,
    "recovery.opened": 1,
    "recovery.withdrawn": 1,
    "provider.contracted": 1,
    "provider.contract_changed": 1,
    "budget.extended": 1,
    "budget.reinstated": 1,
    "deliveries.claimed": 1,
    "claim.assembled": 1,
    "claim.rows_added": 1,
    "claim.decided": 1,
    "claim.checked": 1,
    "claim.payment_ordered": 1,
    "claim.paid": 1,
    "programme.published": 1,
    "gap.action_recorded": 1,
    "gap.closed": 1,
}


def test_stored_names_and_versions_are_frozen() -> None:
    """A name that is in somebody's database is never changed. A new event, or a new version of one, is added here."""
    assert {name: event.schema_version for name, event in CATALOGUE.items()} == FROZEN


def test_every_fact_has_a_name_of_its_own() -> None:
    assert len({event.type for event in CATALOGUE.values()}) == len(CATALOGUE)
    assert all(event.type == name for name, event in CATALOGUE.items())


def test_a_name_is_never_given_twice() -> None:
    with pytest.raises(ValueError, match="is the stored name of ReferralRecorded already"):
        stored_as("referral.recorded", part="referral")(Event)


def test_the_day_on_which_a_fact_was_true_is_one_of_its_fields() -> None:
    for event in CATALOGUE.values():
        assert event.day_field is None or event.day_field in event.model_fields, event.type


def test_past_versions_can_be_read() -> None:
    assert missing_upcasters() == []


# ── A new version of a fact ──────────────────────────────────────────────────────────────────────────────────────────


class NoteFiled(Event):
    """Version 3 says who filed it, and calls the text by its name."""

    words: Words
    filed_by: Code


def with_words(body: dict[str, object]) -> dict[str, object]:
    return {"words": body["text"]}


def with_filer(body: dict[str, object]) -> dict[str, object]:
    return {**body, "filed_by": "not_known"}


@pytest.fixture
def third_version(monkeypatch: pytest.MonkeyPatch) -> type[NoteFiled]:
    monkeypatch.setitem(CATALOGUE, "note.filed", NoteFiled)
    NoteFiled.type, NoteFiled.part, NoteFiled.schema_version = "note.filed", "notes", 3
    return NoteFiled


def test_a_version_that_could_not_be_read_any_more_is_found_at_start(
    third_version: type[NoteFiled], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert missing_upcasters() == ["note.filed v1", "note.filed v2"]
    monkeypatch.setitem(UPCASTERS, ("note.filed", 1), with_words)
    assert missing_upcasters() == ["note.filed v2"]
    monkeypatch.setitem(UPCASTERS, ("note.filed", 2), with_filer)
    assert missing_upcasters() == []


def test_what_was_stored_as_the_first_version_reads_as_the_third(
    third_version: type[NoteFiled], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step by step, sealed parts included; what is newer skips the steps it does not need."""
    monkeypatch.setitem(UPCASTERS, ("note.filed", 1), with_words)
    monkeypatch.setitem(UPCASTERS, ("note.filed", 2), with_filer)
    for version, body in ((1, {"text": "Hello."}), (2, {"words": "Hello."})):
        assert decoded(as_stored(version, body)) == third_version(words="Hello.", filed_by="not_known")
    now = third_version(words="Hello.", filed_by="case_manager.tori")
    assert decoded(encoded(now)) == now


def as_stored(version: int, body: Mapping[str, str]) -> NewEvent:
    """With its text in the clear: what was sealed has been put back by then."""
    return replace(encoded(EVENTS[0]), type="note.filed", schema_version=version, body=canonical(body), sealed=b"")


# ── Bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fact_that_nobody_knows_any_more_does_not_pass_unseen() -> None:
    unknown = replace(encoded(EVENTS[0]), type="referral.forgotten", sealed=b"")
    with pytest.raises(KeyError, match=r"referral\.forgotten"):
        decoded(unknown)


def test_the_same_fact_is_always_the_same_bytes() -> None:
    """Hashes are over the bytes as stored."""
    for event in EVENTS:
        again = type(event).model_validate(dict(reversed(event.model_dump().items())))
        assert encoded(again).body == encoded(event).body
        assert encoded(again).sealed == encoded(event).sealed


def test_estonian_letters_are_stored_as_they_are() -> None:
    named = next(event for event in EVENTS if event.type == "provider.contracted")
    in_estonian = named.model_copy(update={"name": "Õnne ja Ülle OÜ"})
    assert "Õnne ja Ülle OÜ".encode() in encoded(in_estonian).body


def test_under_which_publication_it_was_decided_is_told_where_there_is_one() -> None:
    meta = META.model_copy(update={"programme": "demonstration/2"})
    new = CODEC.encode(EVENTS[0], stream_id="journey-1", version=1, subject=PERSONAL_KEY, meta=meta, at=TOLD)
    assert json.loads(new.meta)["programme"] == "demonstration/2"
    assert CODEC.decode(stored(new)).meta.programme == "demonstration/2"
    assert CODEC.decode(stored(encoded(EVENTS[0]))).meta.programme is None


def test_who_did_it_by_which_command_is_told_with_every_fact() -> None:
    meta = json.loads(stored(encoded(EVENTS[0])).meta)
    assert meta == {
        "actor": {"id": "case_manager.tori", "role": "case_manager", "municipality": "tori"},
        "command": "assess-needs",
    }


# ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_every_command_round_trips_through_json(command: type[Command]) -> None:
    wish = command_sample(command)
    assert command.model_validate_json(wish.model_dump_json()) == wish


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_every_command_says_what_it_does_and_takes_nothing_it_does_not_know(command: type[Command]) -> None:
    assert (command.__doc__ or "").strip().endswith(".")
    assert command.model_config["extra"] == "forbid"
    assert command.model_config["frozen"]


@pytest.mark.parametrize("event", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_fact_is_frozen_and_so_is_all_within_it(event: type[Event]) -> None:
    models: list[type[BaseModel]] = [event]
    for model in models:
        assert model.model_config["frozen"], model
        assert model.model_config["extra"] == "forbid", model
        nested = (each for field in model.model_fields.values() for each in _models(field.annotation))
        models += [each for each in nested if each not in models]


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in getattr(annotation, "__args__", ()) for found in _models(inner)]


def test_the_system_s_own_steps_are_not_offered_to_anybody() -> None:
    internal = {name for name, command in COMMANDS.items() if command.internal}
    assert internal == {
        "check-claimed", "pay-claimed", "note-verdicts", "note-claim-paid",
        "receive-offer", "note-lapsed-offer", "note-lapsed-consent", "raise-reminders", "note-notice", "offer-place",
        "check-double-funding",
        "replan-deadlines", "hand-over-case", "note-cases", "send-report", "correct-report",
    }  # fmt: skip


# ── When it was true ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fact_was_true_from_the_beginning_of_its_day_in_estonia() -> None:
    """Told at noon on 12 March 2026 of the 10th: true since midnight there, 22 o'clock of the 9th in UTC."""
    logged = next(event for event in EVENTS if event.type == "contact.logged")
    earlier = logged.model_copy(update={"on": date(2026, 3, 10)})
    assert earlier.occurred_at(TOLD) == datetime(2026, 3, 9, 22, tzinfo=UTC)


def test_a_fact_is_never_true_later_than_it_was_told() -> None:
    """A place may start in summer; that it was given is true today."""
    received = next(event for event in EVENTS if event.type == "place.received")
    assert received.model_copy(update={"from_on": date(2026, 6, 1)}).occurred_at(TOLD) == TOLD


def test_a_fact_without_a_day_was_true_when_it_was_told() -> None:
    changed = next(event for event in EVENTS if event.type == "crisis_plan.changed")
    assert changed.occurred_at(TOLD) == TOLD
