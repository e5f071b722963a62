"""The journey's workflow: what it waits for, when it acts by itself, and that it never forgets nor ends too early."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowExecutionStatus

from activities.messages import Outcome, Stream, Submission, own_step
from activities.recording import KeyReused
from domain.decision import Rejected
from domain.persons import CARE
from domain.places import stream_of
from domain.ports import StoreUnavailable
from domain.stages.placing import AcceptPlace
from domain.stages.referral import AppointCaseManager
from domain.working_days import at_hour, local_date
from starter.submit import Broken, Refused
from tests.activities.examples import call, eligible, given_a_person, leaving, not_eligible, referral
from tests.workflows.engines import (
    FIRST_DAY,
    JOURNEY,
    PERSON,
    SkippingEngine,
    happened,
    local_activities,
    skipping_engine,
)
from workflows import person_journey, relaying
from workflows.names import journey_workflow
from workflows.person_journey import PersonJourney

COMPLETED = WorkflowExecutionStatus.COMPLETED
RUNNING = WorkflowExecutionStatus.RUNNING


@pytest.fixture
async def engine() -> AsyncIterator[SkippingEngine]:
    async with skipping_engine() as started:
        yield started


@pytest.fixture
async def bare() -> AsyncIterator[SkippingEngine]:
    """Without the sandbox, so that the workflow sees what a test has changed in its module."""
    async with skipping_engine(sandboxed=False) as started:
        yield started


def to_the_second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def told(engine: SkippingEngine, *about: str) -> list[tuple[str, str, str]]:
    return [(what, when, to_the_second(at)) for what, when, _, at in engine.reminders(*about)]


# ── Reminders ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_reminders_come_before_on_and_after_the_day_at_eight_in_the_morning(engine: SkippingEngine) -> None:
    """Ten working days from the 4th are the 18th; five before and three after it are the 11th and the 21st, and five
    after that the 28th. The first contact is due on the 7th, and is spoken of from the day after the referral on."""
    await engine.refer()
    await engine.pass_days(30)
    assert told(engine) == [
        ("first-contact", "before", "2030-03-05 08:00:00"),
        ("first-contact", "on", "2030-03-07 08:00:00"),
        ("decision", "before", "2030-03-11 08:00:00"),
        ("first-contact", "after", "2030-03-12 08:00:00"),
        ("decision", "on", "2030-03-18 08:00:00"),
        ("first-contact", "municipality", "2030-03-19 08:00:00"),
        ("decision", "after", "2030-03-21 08:00:00"),
        ("first-contact", "coordinator", "2030-03-26 08:00:00"),
        ("decision", "municipality", "2030-03-28 08:00:00"),
    ]


async def test_eight_in_the_morning_stays_so_when_the_clocks_go_forward(engine: SkippingEngine) -> None:
    """Twenty working days from the 4th of March are the 1st of April, in summer time."""
    await engine.refer()
    await engine.send(eligible())
    await engine.pass_days(40)
    assert told(engine, "assessment") == [
        ("assessment", "before", "2030-03-25 08:00:00"),
        ("assessment", "on", "2030-04-01 08:00:00"),
        ("assessment", "after", "2030-04-04 08:00:00"),
        ("assessment", "municipality", "2030-04-11 08:00:00"),
    ]


async def test_a_step_taken_in_time_arms_the_next_deadline_in_place_of_its_own(engine: SkippingEngine) -> None:
    await engine.refer()
    await engine.until(date(2030, 3, 12))
    await engine.send(eligible())
    await engine.until(date(2030, 4, 3))
    assert told(engine, "decision", "assessment") == [
        ("decision", "before", "2030-03-11 08:00:00"),
        ("assessment", "before", "2030-04-02 08:00:00"),
    ]


async def test_two_years_in_which_nobody_does_anything_are_five_reminders_of_each_deadline_and_an_open_journey(
    engine: SkippingEngine,
) -> None:
    await engine.refer()
    await engine.until(date(2032, 3, 4))
    assert Counter(what for what, *_ in told(engine)) == {"first-contact": 5, "decision": 5, "first-help": 5}
    outcome = await engine.send(eligible())
    assert (outcome.version, outcome.stage) == (18, "assessment")
    assert outcome.deadlines[0].due_on == date(2032, 4, 2)  # twenty working days and Good Friday


# ── How a run ends, and what begins the next ─────────────────────────────────────────────────────────────────────────


async def test_a_first_step_that_is_refused_leaves_a_finished_workflow_and_no_stream(engine: SkippingEngine) -> None:
    with pytest.raises(Refused, match="There is no person"):
        await engine.send(referral("person-unknown", await engine.now()))
    assert await engine.ended() == COMPLETED
    assert engine.store.types(JOURNEY) == []


async def test_the_step_that_starts_a_run_tells_where_it_stands(engine: SkippingEngine) -> None:
    """The record is not asked a second time: the update is handled before `run` looks."""
    await engine.refer()
    assert local_activities(await engine.history()) == ["referral"]


async def test_when_the_time_to_challenge_is_over_all_is_settled_and_the_run_ends(engine: SkippingEngine) -> None:
    await engine.refer()
    outcome = await engine.send(not_eligible())
    (window,) = outcome.deadlines
    await engine.skip(window.at - await engine.now() - timedelta(minutes=5))
    assert (await engine.status(), engine.store.types(JOURNEY)[-1]) == (RUNNING, "referral.refused")
    await engine.skip(timedelta(minutes=10))
    assert await engine.ended() == COMPLETED
    assert engine.store.types(JOURNEY)[-1] == "challenge.lapsed"


async def given_a_settled_journey(engine: SkippingEngine) -> Outcome:
    await engine.refer()
    await engine.send(not_eligible(), key="the refusal")
    await engine.pass_days(60)
    assert await engine.ended() == COMPLETED
    return await engine.standing()


async def test_a_step_after_the_end_starts_a_new_run_from_the_record(engine: SkippingEngine) -> None:
    settled = await given_a_settled_journey(engine)
    first_run = (await engine.handle().describe()).run_id
    outcome = await engine.send(call(await engine.now()))
    assert (outcome.version, outcome.settled) == (settled.version + 1, True)
    assert await engine.ended() == COMPLETED
    assert (await engine.handle().describe()).run_id != first_run


async def test_an_old_step_sent_again_after_the_end_does_not_take_the_journey_back(engine: SkippingEngine) -> None:
    """Its first answer tells where the journey stood then; the new run asks the record where it stands, and ends."""
    await given_a_settled_journey(engine)
    latest = await engine.send(call(await engine.now()))
    assert await engine.ended() == COMPLETED
    again = await engine.send(not_eligible(), key="the refusal")
    assert (again.version, again.repeated) == (2, True)
    assert await engine.ended() == COMPLETED
    assert (await engine.standing()).version == latest.version


async def test_a_run_does_not_end_while_a_step_is_being_decided(
    engine: SkippingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first step is refused, which would end the run; but another has come meanwhile, and its deadlines are kept."""
    monkeypatch.setattr(relaying, "RETRY_THRESHOLD", timedelta(milliseconds=1))
    at = await engine.now()
    await given_a_person(engine.recorder, at)
    outage = Outage(engine, monkeypatch, "record-referral")
    refused = asyncio.create_task(engine.send(referral("person-unknown", at)))
    await outage.noticed.wait()
    good = asyncio.create_task(engine.send(referral(PERSON, at)))
    while happened(await engine.history(), EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED) < 2:
        pass
    outage.over()
    with pytest.raises(Refused):
        await refused
    assert (await good).version == 1
    assert await engine.status() == RUNNING
    await engine.pass_days(30)
    assert len(engine.reminders("decision")) == 4


# ── Long histories ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_long_history_is_continued_in_a_new_run_that_loses_nothing(
    bare: SkippingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty calls at once, through many runs: each is in the record once, each has a version of its own."""
    monkeypatch.setattr(person_journey, "LONG_HISTORY", 60)
    await bare.refer()
    first_run = (await bare.handle().describe()).run_id
    at = await bare.now()
    answers = await asyncio.gather(*(bare.send(call(at, f"call {number}")) for number in range(60)))
    assert sorted(answer.version for answer in answers) == list(range(2, 62))
    assert (await bare.standing()).version == 61
    assert (await bare.handle().describe()).run_id != first_run
    await bare.pass_days(30)
    assert len(bare.reminders("decision")) == 4


async def test_a_step_gets_its_first_answer_again_after_the_run_that_gave_it(
    bare: SkippingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal knows an update's id within a run only; the record knows it for ever. Other content is refused."""
    monkeypatch.setattr(person_journey, "LONG_HISTORY", 20)
    await bare.refer()
    at = await bare.now()
    first = await bare.send(call(at, "the first"), key="one")
    for _ in range(6):
        await bare.send(call(at))
    again = await bare.send(call(at, "the first"), key="one")
    assert again == first.model_copy(update={"repeated": True})
    with pytest.raises(Refused) as refused:
        await bare.send(call(at, "another"), key="one")
    assert refused.value.refusal.code == KeyReused.code


async def test_what_is_told_while_an_outage_holds_up_a_step_survives_the_new_run(
    bare: SkippingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run only waits for that step's answer, to go on in a new one: the signal that comes meanwhile is heeded."""
    monkeypatch.setattr(person_journey, "LONG_HISTORY", 5)
    monkeypatch.setattr(relaying, "RETRY_THRESHOLD", timedelta(milliseconds=1))
    await bare.refer()
    outage = Outage(bare, monkeypatch, "log-contact")
    waiting = asyncio.create_task(bare.send(call(await bare.now())))
    await outage.noticed.wait()
    await bare.handle().signal(PersonJourney.tell, lapsed("a reason"))
    outage.over()
    await waiting
    await bare.store.until(lambda: "consent.lapsed" in bare.store.types(JOURNEY))


def lapsed(*reason: str) -> Submission:
    data: dict[str, object] = {"purpose": "person_centred_care", "recipient": "tori"}
    return own_step("note-lapsed-consent", JOURNEY, *reason, data=data)


class Outage:
    """The record cannot be reached for one command, until it is over."""

    def __init__(self, engine: SkippingEngine, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
        self.noticed = asyncio.Event()
        self._lasts = True
        record = engine.recorder.record

        async def or_not(submitted: Submission) -> Outcome:
            if self._lasts and submitted.command == command:
                self.noticed.set()
                raise StoreUnavailable("down")
            return await record(submitted)

        monkeypatch.setattr(engine.recorder, "record", or_not)

    def over(self) -> None:
        self._lasts = False


# ── What nobody waits for ────────────────────────────────────────────────────────────────────────────────────────────


async def given_a_full_house(engine: SkippingEngine) -> None:
    """Every place of the agreement is taken, so that our journey waits for one."""
    at = await engine.now()
    for number in range(100, 126):
        await given_a_person(engine.recorder, at, f"person-{number}")
        await engine.behind_its_back(referral(f"person-{number}", at), f"journey-{number}")
        await engine.behind_its_back(eligible(), f"journey-{number}")


async def test_an_offer_is_a_deadline_of_the_journey_until_the_person_has_answered(engine: SkippingEngine) -> None:
    await given_a_full_house(engine)
    await engine.refer()
    assert (await engine.send(eligible())).waits_for == "a free place"
    await engine.behind_its_back(leaving(await engine.now()), "journey-100")
    offer = own_step("offer-place", stream_of("tori"), "once").model_copy(update={"at": await engine.now()})
    await engine.recorder.record(offer)
    await engine.handle().signal(PersonJourney.tell, own_step("receive-offer", JOURNEY, "offered"))
    told = await engine.stands_at(4)
    assert told.waits_for == "an answer to the place that was offered"
    assert ("offer", date(2030, 3, 11)) in {(each.what, each.due_on) for each in told.deadlines}
    await engine.until(date(2030, 3, 11))
    assert [(what, step) for what, step, *_ in engine.reminders("offer")] == [("offer", "before"), ("offer", "on")]
    accepted = await engine.send(AcceptPlace())
    assert (accepted.events, accepted.waits_for) == (("place.received",), "the assessment of need")


async def test_what_is_told_to_a_journey_that_does_not_run_starts_it(engine: SkippingEngine) -> None:
    await given_a_settled_journey(engine)
    await engine.start(signal="tell", args=[lapsed("late")])
    await engine.store.until(lambda: engine.store.types(JOURNEY)[-1] == "consent.lapsed")
    assert await engine.ended() == COMPLETED


async def test_the_same_thing_told_twice_happens_once(engine: SkippingEngine) -> None:
    await engine.refer()
    for _ in range(2):
        await engine.handle().signal(PersonJourney.tell, lapsed("one reason"))
    await engine.handle().signal(PersonJourney.tell, lapsed("another"))
    await engine.stands_at(3)
    assert engine.store.types(JOURNEY).count("consent.lapsed") == 2


async def test_what_is_told_and_refused_leaves_the_journey_as_it_is(engine: SkippingEngine) -> None:
    await engine.refer()
    await engine.handle().signal(PersonJourney.tell, own_step("receive-offer", JOURNEY, "nobody offered"))
    assert (await engine.send(eligible())).version == 3
    await engine.pass_days(40)
    assert len(engine.reminders("assessment")) == 4


async def test_a_journey_that_is_woken_finds_what_the_record_has_more(engine: SkippingEngine) -> None:
    """Its timers follow: the decision's never come, the assessment's do."""
    await engine.refer()
    await engine.behind_its_back(eligible())
    assert (await engine.standing()).version == 1
    await engine.handle().signal(PersonJourney.wake)
    assert (await engine.stands_at(3)).stage == "assessment"
    await engine.pass_days(40)
    assert {what for what, *_ in told(engine, "assessment", "decision")} == {"assessment"}


async def test_a_journey_that_never_began_is_woken_in_vain(engine: SkippingEngine) -> None:
    await engine.start(signal="wake")
    assert await engine.ended() == COMPLETED
    assert engine.store.types(JOURNEY) == []


# ── When something is broken ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_reminder_that_cannot_be_raised_is_tried_again_in_a_while_and_not_at_once(
    engine: SkippingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six hours of refusals are some two dozen tries, not thousands; when it is mended, the reminder comes."""
    await engine.refer()
    tries = 0
    record, broken = engine.recorder.record, True

    async def refuses(submitted: Submission) -> Outcome:
        nonlocal tries
        if broken and submitted.command == "raise-reminders":
            tries += 1
            raise NotToday
        return await record(submitted)

    monkeypatch.setattr(engine.recorder, "record", refuses)
    await engine.skip(at_hour(date(2030, 3, 5), 14) - await engine.now())
    assert 20 <= tries <= 30
    assert (await engine.send(AppointCaseManager(case_manager="case_manager.tori"))).version == 2
    broken = False
    await engine.skip(timedelta(minutes=30))
    await engine.store.until(lambda: engine.store.types(JOURNEY)[-1] == "reminder.raised")


async def test_what_was_told_and_broke_is_kept_and_done_when_it_is_mended(
    engine: SkippingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would tell it a second time; other steps go on meanwhile."""
    await engine.refer()
    record, broken = engine.recorder.record, True

    async def breaks(submitted: Submission) -> Outcome:
        if broken and submitted.command == "note-lapsed-consent":
            raise ZeroDivisionError
        return await record(submitted)

    monkeypatch.setattr(engine.recorder, "record", breaks)
    consent: dict[str, object] = {"purpose": CARE, "recipient": "tori"}
    journey = engine.client.get_workflow_handle(journey_workflow(JOURNEY))
    await journey.signal(PersonJourney.tell, own_step("note-lapsed-consent", JOURNEY, "told once", data=consent))
    await engine.skip(timedelta(minutes=40))
    assert (await engine.send(AppointCaseManager(case_manager="case_manager.tori"))).version == 2
    broken = False
    await engine.skip(timedelta(minutes=30))
    await engine.store.until(lambda: engine.store.types(JOURNEY)[-1] == "consent.lapsed")


class NotToday(Rejected):
    """Not today."""

    code = "not_today"


async def test_a_bug_fails_the_step_it_meets_and_no_other(
    engine: SkippingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.refer()
    record = engine.recorder.record

    async def stumbles(submitted: Submission) -> Outcome:
        if submitted.command == "log-contact":
            raise ZeroDivisionError
        return await record(submitted)

    monkeypatch.setattr(engine.recorder, "record", stumbles)
    with pytest.raises(Broken):
        await engine.send(call(await engine.now()))
    assert (await engine.send(eligible())).version == 3


async def test_a_record_that_cannot_be_read_does_not_end_the_run(
    engine: SkippingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Woken over a bug, the journey stays where it was and still answers; woken again when it is mended, it finds out."""
    await engine.refer()
    await engine.behind_its_back(call(await engine.now()))
    asked, stand = asyncio.Event(), engine.recorder.stand
    tries = 0

    async def stumbles(stream: Stream) -> Outcome:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise ZeroDivisionError
        asked.set()
        return await stand(stream)

    monkeypatch.setattr(engine.recorder, "stand", stumbles)
    await engine.handle().signal(PersonJourney.wake)
    while tries < 3:
        await engine.standing()
    assert await engine.status() == RUNNING
    await engine.handle().signal(PersonJourney.wake)
    await asked.wait()
    assert (await engine.stands_at(2)).version == 2


async def test_an_outage_fails_no_step_however_long(engine: SkippingEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await engine.refer()
    outage = Outage(engine, monkeypatch, "decide-eligibility")
    waiting = asyncio.create_task(engine.send(eligible()))
    await outage.noticed.wait()
    outage.noticed.clear()
    await outage.noticed.wait()  # and again
    outage.over()
    assert (await waiting).version == 3


async def test_a_step_that_hangs_is_tried_again(engine: SkippingEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relaying, "START_TO_CLOSE", timedelta(milliseconds=300))
    await engine.refer()
    record, hung = engine.recorder.record, False

    async def hangs_once(submitted: Submission) -> Outcome:
        nonlocal hung
        if not hung:
            hung = True
            await asyncio.Event().wait()
        return await record(submitted)

    monkeypatch.setattr(engine.recorder, "record", hangs_once)
    assert (await engine.send(eligible())).version == 3


# ── What Temporal shows ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_search_attributes_say_stage_and_municipality_and_nothing_of_the_person(engine: SkippingEngine) -> None:
    await engine.refer()
    await engine.send(eligible())
    shown = [
        {name: payload.data.decode() for name, payload in fields.items()}
        for each in (await engine.history()).events
        if (fields := each.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields)
    ]
    assert shown == [
        {"TeekondStage": f'"{stage}"', "TeekondMunicipality": '"tori"'} for stage in ("referral", "assessment")
    ]


async def test_a_journey_that_stays_at_its_stage_shows_it_once(engine: SkippingEngine) -> None:
    await engine.refer()
    for _ in range(3):
        await engine.send(call(await engine.now()))
    history = await engine.history()
    assert happened(history, EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES) == 1


async def test_the_day_a_step_is_taken_is_the_engines(engine: SkippingEngine) -> None:
    await engine.refer()
    (begun,) = engine.store.events_of(JOURNEY)
    assert local_date(begun.recorded_at) == FIRST_DAY
