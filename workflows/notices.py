"""One notice to one recipient: tried until the mail server takes it or refuses it for good, then noted in the journey."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.notifying import NOTE_NOTICE, SEND_NOTICE, Notice, Posted, ToNote

RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=10)
)
ONE_TRY = timedelta(seconds=60)  # the mail server itself is given less; so long a lost worker is waited for
NOTING = timedelta(seconds=20)
GIVE_UP = timedelta(days=14)  # a notice later than that helps nobody; the reminder stands in the journey all the while


@workflow.defn(name="SendNotice")
class SendNotice:
    @workflow.run
    async def run(self, notice: Notice) -> None:
        posted = await self._send(notice)
        await workflow.execute_activity(
            NOTE_NOTICE,
            ToNote(notice=notice, posted=posted),
            start_to_close_timeout=NOTING,
            retry_policy=RETRY,
        )

    async def _send(self, notice: Notice) -> Posted:
        try:
            posted: Posted = await workflow.execute_activity(
                SEND_NOTICE,
                notice,
                result_type=Posted,
                start_to_close_timeout=ONE_TRY,
                schedule_to_close_timeout=GIVE_UP,
                retry_policy=RETRY,
            )
        except ActivityError:
            return Posted(result="given_up")
        return posted
