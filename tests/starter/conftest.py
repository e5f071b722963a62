"""The users of the tests: each with one role, in one municipality or in all of them."""

from __future__ import annotations

import httpx
import pytest

from starter.scene import Scene
from tests.starter.bodies import User, user


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
