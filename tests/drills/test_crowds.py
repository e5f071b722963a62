"""A crowd for one place: 64 referrals from 4 client processes, decided by 4 workers at the same moment."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

import httpx
from temporalio.api.enums.v1 import EventType, TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from starter.local import parts
from starter.scene import Scene
from tests.starter.bodies import User, a_journey, user
from tests.starter.crowds import Places, eventually
from tests.starter.test_concurrency import one_step_of
from workflows.names import TASK_QUEUE, journey_workflow

CLIENTS, WORKERS, CROWD = 4, 4, 64


async def test_of_sixty_four_at_once_for_the_last_place_one_gets_it_and_the_first_in_order_the_next(
    installation: Scene, http: httpx.AsyncClient
) -> None:
    """Never more than there are, whoever decides; everybody else waits with a number and a reason; and when the place
    is free again, the first in order is offered it by itself, then the next, and so on."""
    manager = User(http, installation.tokens["coordinator"], "otepaa")
    places = Places(installation=installation, manager=manager)
    async with AsyncExitStack() as more_workers:
        for _ in range(WORKERS - 1):
            worker = parts(installation.environment, logs=None, report=lambda _: None, modules=("worker",))
            await more_workers.enter_async_context(worker)
        await eventually(partial(all_workers_are_there, installation.client))
        await places.fill(leaving=1)
        paths = await asyncio.gather(*(a_journey(manager) for _ in range(CROWD)))

        journeys = await decided_at_once(installation, manager, paths)

        assert len(await workers_of(installation.client, journeys)) == WORKERS
        holder = await places.one_has_it_and_the_others_wait(journeys)
        order = await places.waiting()
        assert len(order) == CROWD - 1
        for _ in range(8):
            await places.leave(holder)
            holder, *order = order
            await places.accept(holder)
            await eventually(partial(places.is_placed, holder))
            assert await places.waiting() == order
        await places.never_over_filled()


async def test_a_thousand_with_one_key_are_one_step_with_one_answer(installation: Scene) -> None:
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=installation.url, timeout=60, limits=limits) as http:
        await one_step_of(1_000, installation, user(installation, http, "case_manager.tori"))


async def all_workers_are_there(client: Client) -> bool:
    asked = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    told = await client.workflow_service.describe_task_queue(asked)
    return len({poller.identity for poller in told.pollers}) >= WORKERS


async def workers_of(client: Client, journeys: Sequence[str]) -> set[str]:
    """Who decided: as the histories have it."""
    return {
        event.workflow_task_completed_event_attributes.identity
        for journey_id in journeys
        for event in (await client.get_workflow_handle(journey_workflow(journey_id)).fetch_history()).events
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    }


async def decided_at_once(installation: Scene, manager: User, paths: Sequence[str]) -> list[str]:
    """Ids of the journeys, in the end; all clients begin at the same word."""
    share = -(-len(paths) // CLIENTS)
    clients = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.drills.client", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(CLIENTS)
    ]
    try:
        for number, client in enumerate(clients):
            assert client.stdin is not None
            given = {
                "url": installation.url, "token": manager.token, "municipality": manager.municipality,
                "paths": paths[number * share : (number + 1) * share],
            }  # fmt: skip
            client.stdin.write(json.dumps(given).encode() + b"\n")
        for client in clients:
            assert client.stdout is not None
            assert await client.stdout.readline() == b"ready\n"
        told = await asyncio.gather(*(client.communicate(b"go\n") for client in clients))
        return [journey_id for out, _ in told for journey_id in json.loads(out)]
    finally:
        for client in clients:
            if client.returncode is None:
                client.kill()
                await client.wait()
