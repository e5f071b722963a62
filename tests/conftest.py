"""Servers for the tests: started once per test process, real, and thrown away afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.programme import load
from runtime.embedded import Services, embedded
from starter.scene import Scene, scene
from workflows.names import SEARCH_ATTRIBUTES

LONGEST_FIRST = ("starter", "workflows", "stories", "runtime", "ship", "readmodels", "reports")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long file that begins when all others are done would keep one process busy and the other waiting."""
    places = {folder: place for place, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(places)))


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """Not pytest's own folder: PostgreSQL, which is not root, must pass through to it."""
    path = Path(tempfile.mkdtemp(prefix="teekond-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
async def services(home: Path) -> AsyncIterator[Services]:
    """PostgreSQL and Temporal, empty."""
    async with embedded(home / "services", durable=False, search_attributes=SEARCH_ATTRIBUTES) as started:
        yield started


@pytest.fixture(scope="session")
async def installation(home: Path, services: Services) -> AsyncIterator[Scene]:
    """Worker and API as processes, with the demonstration's agreements and providers recorded; in Tori, where most tests
    take their places, and in Tapa, to where people move, there are enough for all of them."""
    whole = load("demonstration")
    roomy = tuple(replace(each, places=1_000) if each.code in ("tori", "tapa") else each for each in whole.agreements)
    async with scene(services.data_dir, services, {}, programme=replace(whole, agreements=roomy)) as running:
        yield running


@pytest.fixture
async def http(installation: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=installation.url, timeout=30) as client:
        yield client
