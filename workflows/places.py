"""An agreement's places: one that becomes free is offered to the first in order, and then to the next, until it is taken."""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.relaying import relay

with workflow.unsafe.imports_passed_through():
    from activities.messages import own_step
    from domain.places import stream_of

BREATH = timedelta(minutes=1)  # should an offer not pass on when its time has come, it is not asked for without end


@workflow.defn(name="Places")
class Places:
    """Only makes offers, and lets those pass that nobody answers in time. Whoever is offered a place takes it in their
    own journey's step; so no workflow ever waits for one that waits for it. It ends when no offer is open."""

    def __init__(self) -> None:
        self._look_again = True
        self._passes_on: datetime | None = None

    @workflow.run
    async def run(self, agreement: str) -> None:
        while self._look_again or self._passes_on is not None:
            await self._next_news_or_expiry()
            self._look_again = False
            while await self._offer(agreement):
                self._go_on_in_a_new_run(agreement)
            self._go_on_in_a_new_run(agreement)

    @workflow.signal
    def look(self) -> None:
        """A place may have become free, or somebody may have begun to wait."""
        self._look_again = True

    async def _next_news_or_expiry(self) -> None:
        if self._look_again or self._passes_on is None:
            return
        timeout = max(self._passes_on - workflow.now(), BREATH)
        try:
            await workflow.wait_condition(lambda: self._look_again, timeout=timeout, timeout_summary="an offer expires")
        except TimeoutError:
            return

    async def _offer(self, agreement: str) -> bool:
        """Whether anything came of it; then there may be more."""
        self._passes_on = None
        try:
            outcome = await relay(own_step("offer-place", stream_of(agreement), str(workflow.uuid4())))
        except ApplicationError as nothing_to_offer:
            workflow.logger.debug("%s: %s", agreement, nothing_to_offer)
            return False
        self._passes_on = outcome.wake_at
        return bool(outcome.events)

    def _go_on_in_a_new_run(self, agreement: str) -> None:
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(agreement)  # which looks first of all, and so finds the offers that are open
