"""Streams without timers (a person, an agreement's terms, a provider): a workflow as short as its one step."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.relaying import relay

with workflow.unsafe.imports_passed_through():
    from activities.messages import Outcome, Submission

PATIENCE = timedelta(hours=1)


@workflow.defn(name="RecordStep")
class RecordStep:
    def __init__(self) -> None:
        self._answered = False

    @workflow.run
    async def run(self) -> None:
        """The step comes with the start. Should a crash of Temporal have lost it, nothing stays behind."""
        try:
            await workflow.wait_condition(lambda: self._answered and workflow.all_handlers_finished(), timeout=PATIENCE)
        except TimeoutError:
            await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def submit(self, step: Submission) -> Outcome:
        try:
            return await relay(step)
        finally:
            self._answered = True
