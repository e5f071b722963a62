"""What becomes of a refusal, an outage and a bug on their way out of an activity."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.messages import Outcome, Refusal, Stream, Submission
from activities.recording import Recorder
from activities.stages import BUG, BUG_TRIES, activities
from domain.commands import STAGES
from domain.ports import Slice, StoreUnavailable, VersionConflict
from tests.activities.examples import NOON, Office, WatchedStore, call, recorder, referral, step

SECRET = "Synthetic Secret"


class Failing(WatchedStore):
    """Fails each read with what it was given."""

    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self._failure = failure

    async def read(
        self, stream_id: str, *, after: int = 0, limit: int | None = None, command_id: str | None = None
    ) -> Slice:
        raise self._failure


def named(name: str, on: Recorder) -> Callable[..., Awaitable[Outcome]]:
    (found,) = [each for each in activities(on) if activity._Definition.must_from_callable(each).name == name]
    return found  # type: ignore[return-value]


async def run(name: str, on: Recorder, question: Submission | Stream, *, attempt: int = 1) -> Outcome:
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt, is_local=True)
    return await environment.run(named(name, on), question)


async def refusal_of(name: str, on: Recorder, question: Submission | Stream, *, attempt: int = 1) -> ApplicationError:
    with pytest.raises(ApplicationError) as raised:
        await run(name, on, question, attempt=attempt)
    return raised.value


def test_there_is_an_activity_for_every_stage_and_one_to_ask_where_a_journey_stands() -> None:
    names = [activity._Definition.must_from_callable(each).name for each in activities(recorder(WatchedStore()))]
    assert names == ["stand", *STAGES]


async def test_a_step_of_a_stage_is_answered_by_its_activity(office: Office) -> None:
    await office.refer()
    outcome = await run("throughout", office.recorder, step(call(office.at), "journey-1", at=office.at))
    assert outcome.events == ("contact.logged",)


async def test_a_refusal_ends_the_step_at_once_with_our_code_and_no_alarm(office: Office) -> None:
    """The API reads code, status, sentence and field; nothing is retried, and nobody's pager rings."""
    refused = await refusal_of(
        "referral", office.recorder, step(referral("person-unknown", office.at), "journey-1", at=office.at)
    )
    assert (refused.type, refused.non_retryable, refused.category) == (
        "unknown_person", True, ApplicationErrorCategory.BENIGN,
    )  # fmt: skip
    (told,) = refused.details
    assert told == Refusal(
        code="unknown_person", status=422, message="There is no person person-unknown.", field="person_id"
    )


async def test_what_was_sent_in_does_not_leave_with_the_refusal(office: Office) -> None:
    """Temporal keeps failures as plain text, causes and all; what somebody wrote must not be among them."""
    await office.refer()
    wrong = step(call(office.at), "journey-1", at=office.at).model_copy(update={"data": {"note": [SECRET]}})
    refused = await refusal_of("throughout", office.recorder, wrong)
    assert (refused.type, refused.__cause__) == ("wrong_shape", None)
    assert SECRET not in str(refused)


@pytest.mark.parametrize("outage", [StoreUnavailable("down"), VersionConflict("journey-1")])
@pytest.mark.parametrize("attempt", [1, BUG_TRIES, 1000])
async def test_an_outage_rises_as_it_is_however_long_it_lasts(outage: Exception, attempt: int) -> None:
    """It is no ApplicationError, so Temporal tries again for as long as it takes."""
    with pytest.raises(type(outage)):
        await run("throughout", recorder(Failing(outage)), step(call(NOON), "journey-1", at=NOON), attempt=attempt)


@pytest.mark.parametrize(
    "question", [step(call(NOON), "journey-1", at=NOON), Stream(kind="journeys", stream_id="journey-1", at=NOON)]
)
async def test_a_bug_fails_the_step_after_three_tries(question: Submission | Stream) -> None:
    """It is tried again in case it was a passing one; then this step fails, and the person is not blocked for ever."""
    name = "throughout" if isinstance(question, Submission) else "stand"
    broken = recorder(Failing(KeyError(SECRET)))
    tries = [await refusal_of(name, broken, question, attempt=attempt) for attempt in range(1, BUG_TRIES + 1)]
    assert [each.non_retryable for each in tries] == [False, False, True]
    assert {each.type for each in tries} == {BUG}
    assert all(SECRET not in str(each) and each.__cause__ is None for each in tries)
