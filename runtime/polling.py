"""Whether a worker on this machine asks Temporal for work: exit 0 if so, else 1. What a container's health check runs."""

import asyncio
import socket
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.service import RPCError

from runtime.lifetime import leave
from runtime.settings import Settings, SettingsError, load
from runtime.temporal import TemporalUnreachable, connect

# A poll lasts a minute and is noted when it begins; Temporal remembers a poller that is gone for five.
SILENT = timedelta(minutes=2)


async def polled_here(settings: Settings) -> bool:
    """Workers name themselves process@host."""
    client = await connect(settings)
    found = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=settings.task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    return polls(found.pollers, host=socket.gethostname(), now=datetime.now(UTC))


def polls(pollers: Iterable[PollerInfo], *, host: str, now: datetime) -> bool:
    return any(
        each.identity.endswith(f"@{host}") and now - each.last_access_time.ToDatetime(tzinfo=UTC) < SILENT
        for each in pollers
    )


if __name__ == "__main__":
    try:
        healthy = asyncio.run(polled_here(load()))
    except (SettingsError, TemporalUnreachable, RPCError) as unknown:
        sys.stderr.write(f"{unknown}\n")
        healthy = False
    leave(0 if healthy else 1)
