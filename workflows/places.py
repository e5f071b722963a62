"""An agreement's places: whenever one becomes free, it is offered to who has waited longest."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.relaying import relay

with workflow.unsafe.imports_passed_through():
    from activities.messages import own_step
    from domain.places import stream_of


@workflow.defn(name="Places")
class Places:
    """Only makes offers. The journey that is offered a place takes it itself, in its own step; so no workflow ever waits
    for one that waits for it."""

    def __init__(self) -> None:
        self._look_again = True

    @workflow.run
    async def run(self, agreement: str) -> None:
        while self._look_again:
            self._look_again = False
            while await self._offer(agreement):
                if workflow.info().is_continue_as_new_suggested():
                    workflow.continue_as_new(agreement)  # which looks first of all

    @workflow.signal
    def look(self) -> None:
        """A place may have become free, or somebody may have begun to wait."""
        self._look_again = True

    async def _offer(self, agreement: str) -> bool:
        try:
            await relay(own_step("offer-place", stream_of(agreement), str(workflow.uuid4())))
        except ApplicationError as nothing_to_offer:
            workflow.logger.debug("%s: %s", agreement, nothing_to_offer)
            return False
        return True
