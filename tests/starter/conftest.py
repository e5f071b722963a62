"""The users of the tests: each with one role, in one municipality or in all of them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from runtime.embedded import embedded
from starter.scene import Scene, scene
from tests.starter.bodies import User, user
from workflows.names import SEARCH_ATTRIBUTES


@pytest.fixture(scope="module")
def own_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="teekond-own-"))
    home.chmod(0o711)
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="module")
async def stage(own_home: Path) -> AsyncIterator[Scene]:
    """An installation of the module's own: for whoever takes places that other tests count, or counts them."""
    async with (
        embedded(own_home, durable=False, search_attributes=SEARCH_ATTRIBUTES) as services,
        scene(own_home, services, {}) as running,
    ):
        yield running


@pytest.fixture
def manager(installation: Scene, http: httpx.AsyncClient) -> User:
    return user(installation, http, "case_manager.tori")


@pytest.fixture
def neighbour(installation: Scene, http: httpx.AsyncClient) -> User:
    """The same work in another municipality."""
    return user(installation, http, "case_manager.tapa")


@pytest.fixture
def provider(installation: Scene, http: httpx.AsyncClient) -> User:
    return user(installation, http, "provider.tori")


@pytest.fixture
def coordinator(installation: Scene, http: httpx.AsyncClient) -> User:
    return user(installation, http, "coordinator")


@pytest.fixture
def auditor(installation: Scene, http: httpx.AsyncClient) -> User:
    return user(installation, http, "auditor")
