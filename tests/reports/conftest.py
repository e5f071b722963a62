"""A database of its own for each test, and where others find it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from readmodels.projector import Pool
from runtime.embedded import Services
from tests.readmodels.databases import fresh_database

Database = tuple[Pool, str]


@pytest.fixture
async def database(services: Services) -> AsyncIterator[Database]:
    async with fresh_database(services) as opened:
        yield opened
