"""A client of the shared development server, and a database of its own for a test that needs one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from readmodels.projector import Pool
from runtime.embedded import Services
from runtime.temporal import converter
from tests.readmodels.databases import fresh_pool


@pytest.fixture(scope="session")
async def client(services: Services) -> Client:
    return await Client.connect(
        services.temporal_address, namespace=services.temporal_namespace, data_converter=converter()
    )


@pytest.fixture
async def pool(services: Services) -> AsyncIterator[Pool]:
    async with fresh_pool(services) as opened:
        yield opened
