"""A claim that was decided or paid, carried through to the books of every journey it is about; it waits for nobody."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.claiming import SETTLE_CLAIM, ClaimToSettle

# Each try begins where the one before was: what a journey has answered it answers again at once.
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
WHOLE = timedelta(hours=1)  # a claim of a hundred thousand rows
SIGN_OF_LIFE = timedelta(seconds=60)


@workflow.defn(name="SettleClaim")
class SettleClaim:
    @workflow.run
    async def run(self, claim_id: str) -> None:
        await workflow.execute_activity(
            SETTLE_CLAIM,
            ClaimToSettle(claim_id=claim_id, at=workflow.now()),
            start_to_close_timeout=WHOLE,
            heartbeat_timeout=SIGN_OF_LIFE,
            retry_policy=RETRY,
        )
