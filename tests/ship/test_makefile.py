"""`make` does what the documents say it does."""

from __future__ import annotations

import re
import subprocess
from importlib.util import find_spec

import pytest

from tests.ship.compose import ROOT
from tests.ship.test_compose import run

TEXT = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", TEXT, re.MULTILINE))
PROMISED = {"demo", "test", "up", "check", "bench", "drill"}
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / ".ci" / "run"]


def test_every_promised_target_is_there() -> None:
    assert PROMISED <= TARGETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_a_target_that_a_document_names_is_there(document: object) -> None:
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", document.read_text(), re.MULTILINE))  # type: ignore[attr-defined]
    assert named <= TARGETS


@pytest.mark.parametrize("target", sorted(PROMISED | {"help", "docs", "lock", "clean"}))
def test_a_target_can_be_made(target: str) -> None:
    """As far as saying what would be run."""
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", sorted(set(re.findall(r"\$\(BIN\)/teekond ([a-z -]+)$", TEXT, re.MULTILINE))))
def test_a_command_that_make_runs_is_one_of_ours(words: str) -> None:
    run(tuple(words.split()))


@pytest.mark.parametrize("module", sorted(set(re.findall(r"\$\(BIN\)/python -m (\S+)", TEXT))))
def test_a_module_that_make_runs_is_there(module: str) -> None:
    assert find_spec(module) is not None
