"""A data folder for each test, and the proof that nothing started in it outlives the test."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest


def processes_of(home: Path) -> list[psutil.Process]:
    """All that was started with this folder in its command line, zombies aside: those have ended."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if str(home) in " ".join(process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


@pytest.fixture
def home() -> Iterator[Path]:
    """Not pytest's own folder: that one is closed to other users, and as root PostgreSQL runs as one."""
    with tempfile.TemporaryDirectory(prefix="teekond-") as folder:
        data_dir = Path(folder) / "data"
        yield data_dir
        left = processes_of(data_dir)
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=5)
        assert left == []
