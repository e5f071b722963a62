"""A step is recorded once, on what is known, by whoever may; and its answer stays the same for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta

import pytest

from activities.messages import Outcome, Stream, Submission
from activities.recording import (
    LOST_RACES,
    SHOWN_DEADLINES,
    KeyReused,
    ReadOnly,
    Stale,
    UnknownCommand,
    UnknownStream,
    WrongShape,
)
from domain import journey
from domain.deciders import BoundReached, OpenJourney
from domain.decision import SYSTEM, OutsideMunicipality, Rejected
from domain.events import ReminderRaised
from domain.offices import RecordStaff
from domain.persons import LinkCarer, UnknownPerson
from domain.places import NothingToOffer, stream_of
from domain.ports import Appended, Quota, QuotaExceeded, QuotaMove, StreamAppend, VersionConflict
from domain.regions import RecordGapAction
from domain.stages.referral import AppointCaseManager, CompleteApplication
from domain.stages.throughout import RaiseReminders
from starter.seeding import SEEDER
from tests.activities.examples import (
    AUDITOR,
    MANAGER,
    NEIGHBOUR,
    Office,
    WatchedStore,
    call,
    eligible,
    given_a_person,
    not_eligible,
    recorder,
    referral,
    step,
)

AGREEMENT = "tori"
SEATS = stream_of(AGREEMENT)


class Rivalled(WatchedStore):
    """Before each of the next `rivals` appends, somebody else is faster."""

    def __init__(self) -> None:
        super().__init__()
        self.rivals: list[Callable[[], Awaitable[object]]] = []

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        if self.rivals:
            await self.rivals.pop(0)()
        return await super().append(
            streams, command_id=command_id, request_hash=request_hash, result=result, quotas=quotas
        )


class Bounded(WatchedStore):
    """Always finds that one bound would not hold."""

    async def append(
        self,
        streams: Sequence[StreamAppend],
        *,
        command_id: str,
        request_hash: str,
        result: bytes,
        quotas: Sequence[QuotaMove] = (),
    ) -> Appended:
        if streams[0].kind == "journeys":
            raise QuotaExceeded("places/tori/2026-01-01")
        return await super().append(
            streams, command_id=command_id, request_hash=request_hash, result=result, quotas=quotas
        )


# ── Once, and the first answer for ever ──────────────────────────────────────────────────────────────────────────────


async def test_a_step_sent_again_gets_the_first_answer_word_for_word(office: Office) -> None:
    """Also when the journey has gone on since; only the mark that it is a repetition is new."""
    await office.refer()
    first = await office.record(call(office.at), "journey-1", key="a call")
    await office.record(eligible(), "journey-1")
    again = await office.record(call(office.at), "journey-1", key="a call")
    assert again == first.model_copy(update={"repeated": True})
    assert office.store.types("journey-1").count("contact.logged") == 1


async def test_a_retry_after_success_is_no_conflict(office: Office) -> None:
    """The known command is looked up before the version is checked: the version it expected is gone by its own doing."""
    await office.refer()
    appoint = AppointCaseManager(case_manager="case_manager.tori")
    first = await office.record(appoint, "journey-1", key="mine", expected=1)
    again = await office.record(appoint, "journey-1", key="mine", expected=1)
    assert (first.version, again.version, again.repeated) == (2, 2, True)


async def test_the_same_key_with_other_content_is_refused(office: Office) -> None:
    await office.refer()
    await office.record(call(office.at, "first"), "journey-1", key="one key")
    with pytest.raises(KeyReused):
        await office.record(call(office.at, "second"), "journey-1", key="one key")


async def test_a_duplicate_that_only_the_append_discovers_gets_the_first_answer_too() -> None:
    """Two workers with the same step: the second reads before the first has recorded, and appends after it."""
    store = Rivalled()
    office = await Office(store=store).open()
    await office.refer()
    submitted = step(call(office.at), "journey-1", at=office.at)
    store.rivals.append(lambda: recorder(store).record(submitted))
    answer = await office.recorder.record(submitted)
    assert (answer.version, answer.repeated) == (2, True)
    assert store.types("journey-1") == ["referral.recorded", "contact.logged"]


async def test_a_key_that_a_rival_used_for_something_else_in_between_is_refused() -> None:
    store = Rivalled()
    office = await Office(store=store).open()
    await office.refer()
    store.rivals.append(lambda: recorder(store).record(step(call(office.at, "b"), "journey-1", key="k", at=office.at)))
    with pytest.raises(KeyReused):
        await office.record(call(office.at, "a"), "journey-1", key="k")


# ── On what the actor has seen ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_change_of_another_part_does_not_spoil_an_edit(office: Office) -> None:
    await office.refer()
    await office.record(call(office.at), "journey-1")
    outcome = await office.record(AppointCaseManager(case_manager="case_manager.tori"), "journey-1", expected=1)
    assert outcome.version == 3


async def test_a_change_of_the_same_part_does(office: Office) -> None:
    await office.refer()
    await office.record(AppointCaseManager(case_manager="case_manager.tori"), "journey-1", expected=1)
    with pytest.raises(Stale, match="case_manager changed since version 1") as stale:
        await office.record(AppointCaseManager(case_manager="lead.tori"), "journey-1", expected=1)
    assert (stale.value.status, stale.value.field) == (412, "If-Match")


async def test_a_version_that_nobody_can_have_seen_is_refused(office: Office) -> None:
    await office.refer()
    with pytest.raises(Stale):
        await office.record(AppointCaseManager(case_manager="case_manager.tori"), "journey-1", expected=7)


# ── What is not there, and who may not ───────────────────────────────────────────────────────────────────────────────


async def test_a_command_that_does_not_exist_is_not_found(office: Office) -> None:
    made_up = step(call(office.at), "journey-1", at=office.at).model_copy(update={"command": "make-up"})
    with pytest.raises(UnknownCommand):
        await office.recorder.record(made_up)


@pytest.mark.parametrize("kind", ["persons", "wishes"])
async def test_a_command_of_another_kind_of_stream_is_not_found(office: Office, kind: str) -> None:
    elsewhere = step(call(office.at), "person-1", at=office.at).model_copy(update={"kind": kind})
    with pytest.raises(UnknownCommand):
        await office.recorder.record(elsewhere)


async def test_a_step_in_a_journey_that_never_began_is_not_found(office: Office) -> None:
    with pytest.raises(UnknownStream):
        await office.record(call(office.at), "journey-unheard-of")


async def test_a_step_of_the_wrong_shape_is_refused_with_every_error_at_once(office: Office) -> None:
    await office.refer()
    wrong = step(call(office.at), "journey-1", at=office.at).model_copy(update={"data": {"on": "soon", "reached": 7}})
    with pytest.raises(WrongShape) as refused:
        await office.recorder.record(wrong)
    assert all(name in str(refused.value) for name in ("on:", "channel:", "with_whom:", "reached:"))


@pytest.mark.parametrize(("actor", "refusal"), [(NEIGHBOUR, OutsideMunicipality), (AUDITOR, ReadOnly)])
async def test_nobody_acts_outside_their_municipality_and_an_auditor_nowhere(
    office: Office, actor: object, refusal: type[Rejected]
) -> None:
    await office.refer()
    foreign = step(call(office.at), "journey-1", at=office.at).model_copy(update={"actor": actor})
    with pytest.raises(refusal):
        await office.recorder.record(foreign)
    assert office.store.types("journey-1") == ["referral.recorded"]


async def test_a_journey_is_begun_in_ones_own_municipality_only(office: Office) -> None:
    await office.refer()
    with pytest.raises(OutsideMunicipality):
        await office.record(referral("person-1", office.at), "journey-2", actor=NEIGHBOUR)


async def test_a_refusal_changes_nothing(office: Office) -> None:
    await office.refer()
    with pytest.raises(Rejected):
        await office.record(CompleteApplication(complete_on=office.at.date()), "journey-1")
    assert office.store.types("journey-1") == ["referral.recorded"]


# ── Lost races ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_step_that_loses_a_race_is_decided_anew_on_what_the_winner_has_left() -> None:
    """Five rivals log a call first; ours comes out as the seventh version, and nobody was refused."""
    store = Rivalled()
    office = await Office(store=store).open()
    await office.refer()

    async def rival() -> Outcome:
        rivals, store.rivals = store.rivals, []
        answer = await recorder(store).record(step(call(office.at), "journey-1", at=office.at))
        store.rivals = rivals
        return answer

    store.rivals = [rival] * 5
    outcome = await office.record(call(office.at), "journey-1")
    assert outcome.version == 7
    assert store.types("journey-1") == ["referral.recorded", *["contact.logged"] * 6]


async def test_a_step_whose_ground_a_rival_takes_away_is_refused() -> None:
    """Decided anew is decided on the new state: what the winner has made impossible is refused, not recorded."""
    store = Rivalled()
    office = await Office(store=store).open()
    await office.refer()
    store.rivals.append(lambda: recorder(store).record(step(not_eligible(), "journey-1", at=office.at)))
    with pytest.raises(Rejected) as refused:
        await office.record(eligible(), "journey-1")
    assert refused.value.code == "wrong_stage"
    assert store.types("journey-1") == ["referral.recorded", "referral.refused"]


async def test_who_loses_without_end_is_not_refused_but_told_to_try_again() -> None:
    store = Rivalled()
    office = await Office(store=store).open()
    await office.refer()

    async def somebody_is_always_faster() -> None:
        raise VersionConflict("journey-1")

    store.rivals = [somebody_is_always_faster] * (LOST_RACES + 1)
    with pytest.raises(VersionConflict):
        await office.record(call(office.at), "journey-1")


# ── Bounds, and several streams at once ──────────────────────────────────────────────────────────────────────────────


async def test_a_person_has_one_open_journey(office: Office) -> None:
    """The bound in the record decides, since two first steps know nothing of each other."""
    await office.refer("journey-1")
    with pytest.raises(OpenJourney) as refused:
        await office.refer("journey-2")
    assert (refused.value.code, refused.value.field) == ("open_journey", "person_id")
    assert office.store.types("journey-2") == []


async def test_after_a_refusal_the_person_may_be_referred_again(office: Office) -> None:
    await office.refer("journey-1")
    await office.record(not_eligible(), "journey-1")
    assert (await office.refer("journey-2")).version == 1


async def test_a_bound_that_only_the_record_knows_is_told_by_its_name() -> None:
    office = await Office(store=Bounded()).open()
    with pytest.raises(BoundReached, match="places/tori/2026-01-01"):
        await office.refer()


async def test_a_place_is_taken_with_the_journeys_own_step(office: Office) -> None:
    """Journey and agreement move in one append: one command, one position, both or neither."""
    await office.refer()
    outcome = await office.record(eligible(), "journey-1")
    assert outcome.events == ("referral.accepted", "place.received")
    taken = [each for each in office.store.events_of(SEATS) if each.event.type == "place.occupied"]
    received = office.store.events_of("journey-1")[-1]
    assert [(each.command_id, each.position.txid) for each in taken] == [(received.command_id, received.position.txid)]
    assert await office.store.quota(f"places/{AGREEMENT}/2026-01-01") == Quota(used=1, allowed=_places(office))


async def test_a_race_for_the_agreement_alone_is_decided_anew_for_both() -> None:
    """Another journey takes a place first: ours reads both streams again, and both places are counted."""
    store = Rivalled()
    office = await Office(store=store).open()
    await office.refer("journey-1", "person-1")
    await office.refer("journey-2", "person-2")
    store.rivals.append(lambda: recorder(store).record(step(eligible(), "journey-2", at=office.at)))
    await office.record(eligible(), "journey-1")
    assert store.types(SEATS).count("place.occupied") == 2
    assert await store.quota(f"places/{AGREEMENT}/2026-01-01") == Quota(used=2, allowed=_places(office))


async def test_the_last_place_goes_to_one_and_the_next_waits(office: Office) -> None:
    for number in range(_places(office) + 1):
        await office.refer(f"journey-{number}", f"person-{number}")
        outcome = await office.record(eligible(), f"journey-{number}")
    assert outcome.waits_for == "a free place"
    assert office.store.types(SEATS)[-1] == "waiting.joined"


async def test_an_offer_is_made_only_where_a_place_is_free_and_somebody_waits(office: Office) -> None:
    offer = Submission(
        command="offer-place", data={}, actor=SYSTEM, kind="agreements", stream_id=SEATS, stage="agreement",
        command_id="an offer", request_hash="h", at=office.at,
    )  # fmt: skip
    with pytest.raises(NothingToOffer):
        await office.recorder.record(offer)


def _places(office: Office) -> int:
    signed = office.store.facts(SEATS)[0]
    places = signed.model_dump()["places"]
    assert isinstance(places, int)
    return places


# ── The answer ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_answer_says_what_the_record_comes_to(office: Office) -> None:
    """Version, stage and deadlines are those of the fold, for a step and for whoever asks where the journey stands."""
    await office.refer()
    outcome = await office.record(eligible(), "journey-1")
    state = journey.fold(office.store.facts("journey-1"), "journey-1")
    assert state is not None
    assert (outcome.version, outcome.stage) == (3, journey.stage_of(state))
    assert [each.at for each in outcome.deadlines] == [wake.at for wake in journey.pending(state)][:SHOWN_DEADLINES]
    stands = await office.recorder.stand(Stream(kind="journeys", stream_id="journey-1", at=office.at))
    assert stands == outcome.model_copy(update={"events": (), "position": ""})


async def test_a_journey_that_never_began_stands_at_version_nought(office: Office) -> None:
    stands = await office.recorder.stand(Stream(kind="journeys", stream_id="journey-unheard-of", at=office.at))
    assert (stands.version, stands.deadlines) == (0, ())


async def test_another_process_comes_to_the_same_from_the_record_alone(office: Office) -> None:
    """What a process keeps in mind saves reading; it never changes an answer."""
    await office.refer()
    await office.record(eligible(), "journey-1")
    asked = Stream(kind="journeys", stream_id="journey-1", at=office.at)
    assert await recorder(office.store).stand(asked) == await office.recorder.stand(asked)


async def test_every_event_says_who_did_it_by_which_command_and_where(office: Office) -> None:
    await office.refer()
    told = office.store.events_of("journey-1")[0]
    assert (told.meta.actor, told.meta.command, told.tenant) == (MANAGER, "record-referral", "tori")


# ── Other people and providers a step names ──────────────────────────────────────────────────────────────────────────


async def test_a_carer_is_known_from_their_own_stream(office: Office) -> None:
    await given_a_person(office.recorder, office.at)
    with pytest.raises(UnknownPerson) as unknown:
        await office.record(LinkCarer(carer_id="person-7", relation="other"), "person-1")
    assert unknown.value.field == "carer_id"
    await given_a_person(office.recorder, office.at, "person-7")
    await office.record(LinkCarer(carer_id="person-7", relation="other"), "person-1")


@pytest.mark.parametrize("other", ["journey-1", "agreement-tori", "provider-90000001", "region-tori"])
async def test_the_id_of_something_else_names_no_person(office: Office, other: str) -> None:
    """Its stream is there, but folded as a person's it would be a bug and not an answer."""
    await office.refer()
    for wish, stream in (
        (LinkCarer(carer_id=other, relation="other"), "person-1"),
        (referral(other, office.at), "journey-2"),
    ):
        with pytest.raises(UnknownPerson):
            await office.record(wish, stream)


async def test_what_is_done_about_a_gap_is_recorded_in_the_municipality_it_is_of(office: Office) -> None:
    """Whoever records it: a coordinator's word about Tori is Tori's to read."""
    act = RecordGapAction(
        municipality="tori", component="leisure", action="Ask.", owner="lead.tori", due_on=date(2026, 6, 30)
    )
    await office.record(act, "region-tori", actor=SEEDER)
    head = await office.store.head("region-tori")
    assert head is not None
    assert (head.kind, head.tenant) == ("regions", "tori")
    with pytest.raises(OutsideMunicipality):
        await office.record(act, "region-tori", actor=NEIGHBOUR)


async def test_a_reminder_names_who_the_municipality_s_office_has_for_it(office: Office) -> None:
    works = RecordStaff(municipality="tori", staff_id="lead.tori", role="lead", mail="lead@tori.example")
    await office.refer()
    await office.record(works, "office-tori", actor=SEEDER)
    head = await office.store.head("office-tori")
    assert head is not None
    assert (head.kind, head.tenant) == ("offices", "tori")
    office.at += timedelta(days=60)
    await office.record(RaiseReminders(), "journey-1", actor=SYSTEM)
    [raised] = (
        each for each in office.store.facts("journey-1") if isinstance(each, ReminderRaised) and each.what == "decision"
    )
    assert (raised.step, raised.level, raised.to, raised.missing) == (
        "coordinator",
        "coordinator",
        (),
        ("coordinator",),
    )
