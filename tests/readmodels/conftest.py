"""A database of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from readmodels.projector import Pool
from runtime.embedded import Services
from tests.readmodels.databases import fresh_pool


@pytest.fixture
async def pool(services: Services) -> AsyncIterator[Pool]:
    async with fresh_pool(services) as opened:
        yield opened
