"""One person's path from referral until all is settled, as one durable workflow.

The path: referral → (waiting for a place) → assessment → planning → agreement → budgeting → delivery ⇄ review → exit. At each
stage the journey waits for a step of a person, sent as an update, or for its next deadline: the decision on eligibility,
the assessment, the plan, the budget, the review; a reminder before it, one on the day, an escalation after it. What a
step does is decided by the activity of its stage and kept in the record; here is only what is waited for, and until when.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows import names
from workflows.relaying import relay, stand

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel, ConfigDict

    from activities.messages import Outcome, Submission, own_step
    from activities.stages import BUG

# A cold replay costs 40 ms at 50 events and a second at 2 000; a run takes at most 2 000 updates.
LONG_HISTORY = 500
REST = timedelta(minutes=15)  # before a deadline is tried again that could not be acted upon


class JourneyStart(BaseModel):
    """`latest` is where the run before left off; without it the record is asked. `broken` is what it still has to do."""

    model_config = ConfigDict(frozen=True)

    journey_id: str
    latest: Outcome | None = None
    broken: tuple[Submission, ...] = ()


@workflow.defn(name="PersonJourney")
class PersonJourney:
    @workflow.init
    def __init__(self, start: JourneyStart) -> None:
        self._journey_id = start.journey_id
        self._latest = start.latest
        self._told: deque[Submission] = deque()
        self._broken = list(start.broken)
        self._retry_at = workflow.now()
        self._behind = False
        self._rest_until: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    @workflow.run
    async def run(self, start: JourneyStart) -> None:
        await self._take_up()
        while not self._all_settled():
            await self._next_news_or_deadline()
            if self._behind:
                await self._catch_up()
            await self._do_what_was_told()
            if self._deadline_has_come():
                await self._raise_reminders()
            if self._history_is_long():
                await self._go_on_in_a_new_run()

    # ── What comes in ────────────────────────────────────────────────────────────────────────────────────────────────

    @workflow.update
    async def submit(self, step: Submission) -> Outcome:
        """A step somebody waits for. One at a time: each is decided on what the one before has left."""
        async with self._one_at_a_time:
            outcome = await relay(step)
            self._stands_at(outcome)
            return outcome

    @workflow.signal
    def tell(self, step: Submission) -> None:
        """A step nobody waits for: a place became free, a consent was withdrawn."""
        self._told.append(step)

    @workflow.signal
    def wake(self) -> None:
        """The record knows more than this workflow."""
        self._behind = True

    @workflow.query
    def standing(self) -> Outcome | None:
        return self._latest

    # ── What it does by itself ───────────────────────────────────────────────────────────────────────────────────────

    async def _take_up(self) -> None:
        """Where the journey stands. Mostly the step that came with the start tells, since Temporal hands updates over
        before it calls `run`; else the record does."""
        async with self._one_at_a_time:
            if self._latest is None:
                await self._ask_the_record()
            else:
                self._show(self._latest)

    async def _catch_up(self) -> None:
        async with self._one_at_a_time:
            await self._ask_the_record()

    async def _next_news_or_deadline(self) -> None:
        armed = self._wake_at()
        timeout = None if armed is None else max(armed - workflow.now(), timedelta(milliseconds=1))
        try:
            await workflow.wait_condition(
                lambda: bool(self._told) or self._behind or self._wake_at() != armed or self._all_settled()
                or self._history_is_long(),
                timeout=timeout,
                timeout_summary=self._latest.deadlines[0].id if self._latest and self._latest.deadlines else None,
            )  # fmt: skip
        except TimeoutError:
            return

    async def _raise_reminders(self) -> None:
        latest = self._latest
        assert latest is not None
        next_up = latest.deadlines[0]
        await self._own(own_step("raise-reminders", self._journey_id, next_up.id, next_up.step))
        if self._latest is not None and self._latest.version == latest.version:
            self._rest_until = workflow.now() + REST  # else it would be tried again at once, without end

    async def _do_what_was_told(self) -> None:
        """A refusal is an answer. What broke is kept and tried again: nobody else would ask for it a second time."""
        if self._broken and self._retry_at <= workflow.now():
            self._told.extend(self._broken)
            self._broken.clear()
        while self._told:
            step = self._told.popleft()
            if not await self._own(step):
                self._broken.append(step)
                self._retry_at = workflow.now() + REST

    async def _own(self, step: Submission) -> bool:
        """Whether there was an answer."""
        async with self._one_at_a_time:
            try:
                self._stands_at(await relay(step))
            except ApplicationError as refusal:
                workflow.logger.info("own step %s refused: %s", step.command, refusal)
                await self._ask_the_record()
                return refusal.type != BUG
            return True

    async def _go_on_in_a_new_run(self) -> None:
        """Only where the journey stands is handed over; so whatever has come in meanwhile is done first."""
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not self._told and not self._behind:
            broken = tuple(self._broken)
            workflow.continue_as_new(JourneyStart(journey_id=self._journey_id, latest=self._latest, broken=broken))

    # ── Where it stands ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _ask_the_record(self) -> None:
        self._behind = False
        try:
            self._stands_at(await stand("journeys", self._journey_id))
        except ApplicationError as bug:
            workflow.logger.error("%s cannot be read: %s", self._journey_id, bug)

    def _stands_at(self, outcome: Outcome) -> None:
        """A repeated answer tells where the journey stood then; where it stands now, the record knows."""
        before = self._latest
        if outcome.repeated:
            self._behind = self._behind or before is None or before.version < outcome.version
            return
        self._latest = outcome
        if before is None or before.version != outcome.version:
            self._rest_until = None
        self._show(outcome)
        known = None if before is None else (before.stage, before.municipality)
        if outcome.version and known != (outcome.stage, outcome.municipality):
            workflow.upsert_search_attributes(
                [names.STAGE.value_set(outcome.stage), names.MUNICIPALITY.value_set(outcome.municipality)]
            )

    def _show(self, outcome: Outcome) -> None:
        lines = [f"**{outcome.stage}**: waits for {outcome.waits_for} (version {outcome.version})"]
        lines += [
            f"- {each.what} due {each.due_on}: {each.step} at {each.at:%Y-%m-%d %H:%M}" for each in outcome.deadlines
        ]
        workflow.set_current_details("\n".join(lines))

    def _wake_at(self) -> datetime | None:
        deadline_at = self._deadline_at()
        if not self._broken:
            return deadline_at
        return self._retry_at if deadline_at is None else min(deadline_at, self._retry_at)

    def _deadline_at(self) -> datetime | None:
        wake_at = self._latest.wake_at if self._latest is not None else None
        return wake_at if wake_at is None or self._rest_until is None else max(wake_at, self._rest_until)

    def _deadline_has_come(self) -> bool:
        deadline_at = self._deadline_at()
        return deadline_at is not None and deadline_at <= workflow.now()

    def _all_settled(self) -> bool:
        """Settled, or never begun because its first step was refused; and nothing left to look at or to answer."""
        latest = self._latest
        over = latest is not None and (latest.settled or latest.version == 0)
        idle = not self._told and not self._broken and not self._behind
        return over and idle and workflow.all_handlers_finished()

    def _history_is_long(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.get_current_history_length() > LONG_HISTORY
