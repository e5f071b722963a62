"""A namespace of the shared development server that no installation uses, and a database for a test that needs one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client

from readmodels.projector import Pool
from runtime.embedded import Services
from runtime.temporal import converter, ensure_namespace
from tests.readmodels.databases import fresh_pool
from workflows.names import SEARCH_ATTRIBUTES

NAMESPACE = "workflows-alone"


@pytest.fixture(scope="session")
async def client(services: Services) -> Client:
    """Else a workflow left on the queue of a worker that is gone, `places/otepaa` say, would be the one that an
    installation finds running there, and waits for in vain."""
    made = await Client.connect(services.temporal_address, namespace=NAMESPACE, data_converter=converter())
    await ensure_namespace(made, retention=timedelta(days=1), search_attributes=SEARCH_ATTRIBUTES)
    return made


@pytest.fixture
async def pool(services: Services) -> AsyncIterator[Pool]:
    async with fresh_pool(services) as opened:
        yield opened
