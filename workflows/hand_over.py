"""A caseload that was handed over, or taken back, carried through case by case; a worker that dies is followed by the next."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from workflows.claims import RETRY, SIGN_OF_LIFE

with workflow.unsafe.imports_passed_through():
    from activities.handing_over import HAND_OVER, CasesToHandOver

WHOLE = timedelta(hours=1)


@workflow.defn(name="HandOver")
class HandOverCases:
    @workflow.run
    async def run(self, handover_id: str, back: bool) -> None:
        await workflow.execute_activity(
            HAND_OVER,
            CasesToHandOver(handover_id=handover_id, back=back, at=workflow.now()),
            start_to_close_timeout=WHOLE,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=RETRY,
        )
