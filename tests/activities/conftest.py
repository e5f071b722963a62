"""An office with its programme recorded, in memory."""

from __future__ import annotations

import pytest

from tests.activities.examples import Office


@pytest.fixture
async def office() -> Office:
    return await Office().open()
