"""What is built and shipped: all of ours, nothing of others in our place, and every dependency known by hash."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.ship.compose import DOCKERFILE, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SHIPPED: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
NAMES = [each.removesuffix(".py") for each in SHIPPED]
LOCKS = ["requirements.lock", "requirements.runtime.lock", "requirements.build.lock"]
DATA = {".sql", ".csv", ".toml"}


def test_all_of_ours_is_shipped() -> None:
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"worker.py", "server.py"}
    assert set(SHIPPED) == ours - {"tests"}


@pytest.mark.parametrize("name", NAMES)
def test_our_name_is_not_taken_by_another_distribution(name: str) -> None:
    """`workflows` and its like are names that others use as well; whichever came first would be imported."""
    assert set(packages_distributions().get(name, [])) <= {"teekond"}


def test_our_names_lead_into_this_repository() -> None:
    """Asked from elsewhere and without the current folder, as the installed command finds them."""
    asked = f"import importlib.util as u; print(*(u.find_spec(name).origin for name in {NAMES}), sep='\\n')"
    told = subprocess.run([sys.executable, "-P", "-c", asked], cwd="/", check=True, capture_output=True, text=True)
    outside = [origin for origin in told.stdout.split() if not Path(origin).resolve().is_relative_to(ROOT)]
    assert outside == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [built] = folder.glob("*.whl")
    with ZipFile(built) as opened:
        return set(opened.namelist())


def test_the_wheel_holds_every_file_of_ours(wheel: set[str]) -> None:
    missing = {each for each in _files() if each not in wheel}
    assert missing == set()


def test_the_wheel_holds_the_data_and_the_two_programs(wheel: set[str]) -> None:
    """The control of the test above: there is data, and it is seen."""
    assert {Path(each).suffix for each in wheel} >= DATA
    assert {"worker.py", "server.py"} <= wheel
    assert any(re.fullmatch(r"eventstore/migrations/0001_\w+\.sql", each) for each in wheel)


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    strangers = {each for each in wheel if each.split("/")[0] not in SHIPPED and ".dist-info/" not in each}
    assert strangers == set()


def _files() -> set[str]:
    found = [path for name in SHIPPED for path in [ROOT / name, *(ROOT / name).rglob("*")] if path.is_file()]
    return {str(path.relative_to(ROOT)) for path in found if path.suffix != ".pyc"}


# ── Locks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def locked(name: str) -> dict[str, str]:
    """Name → version, of a lock in which every line is what it must be."""
    found = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text().strip()):
        line, *more = [each.strip() for each in entry.replace("\\\n", "\n").split("\n")]
        pinned = re.fullmatch(r"([a-z0-9._-]+)==([^\s;]+)( ; .+)?", line)
        assert pinned, f"{name}: {line!r} is no exact version"
        hashes = [each for each in more if each and not each.startswith("#")]
        assert hashes, f"{name}: {line!r} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes), f"{name}: {line!r}"
        found[pinned[1]] = pinned[2]
    return found


def names_of(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9._-]", each)[0].lower() for each in requirements}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_exact_versions_by_hash_and_no_place_to_get_them(name: str) -> None:
    assert locked(name)
    assert "://" not in (ROOT / name).read_text()


def test_the_image_gets_the_versions_that_were_tested() -> None:
    tested = locked("requirements.lock")
    for name in ("requirements.runtime.lock", "requirements.build.lock"):
        shipped = locked(name)
        assert {each: tested.get(each) for each in shipped} == shipped


def test_the_image_gets_what_the_project_needs_and_nothing_for_development() -> None:
    shipped = locked("requirements.runtime.lock").keys()
    project = PROJECT["project"]
    assert names_of(project["dependencies"]) <= shipped
    extras = {name for extra in project["optional-dependencies"].values() for name in names_of(extra)}
    assert shipped & extras == set()


def test_the_image_is_built_by_the_builder_the_project_names() -> None:
    [builder] = PROJECT["build-system"]["requires"]
    assert f"hatchling=={locked('requirements.build.lock')['hatchling']}" == builder


# ── The image ────────────────────────────────────────────────────────────────────────────────────────────────────────

INSTRUCTIONS = re.findall(r"^([A-Z]+) (.+)$", DOCKERFILE.read_text().replace("\\\n", " "), re.MULTILINE)


def told(instruction: str) -> list[str]:
    return [words for name, words in INSTRUCTIONS if name == instruction]


def test_the_image_stands_on_an_exact_version() -> None:
    stages = {words.split(" AS ")[1] for words in told("FROM") if " AS " in words}
    bases = [words.split()[0] for words in told("FROM") if words.split()[0] not in stages]
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in bases)


def test_the_image_does_not_run_as_root() -> None:
    """By number: a name cannot be checked by whoever forbids root."""
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", told("USER")[-1])


def test_the_image_starts_our_command_without_a_shell_in_between() -> None:
    """A shell would keep the signal to stop for itself."""
    assert told("ENTRYPOINT") == ['["teekond"]']


def test_the_image_installs_only_what_is_known_by_hash() -> None:
    installs = [step for words in told("RUN") for step in words.split("&&") if "pip install" in step]
    assert installs
    assert all("--require-hashes" in step or "--no-deps --no-index" in step for step in installs)


def test_the_image_keeps_no_secret() -> None:
    assert not [words for words in told("ENV") + told("ARG") if re.search(r"PASSWORD|SECRET|TOKEN|_KEY", words)]


def test_the_image_is_built_from_what_is_shipped_and_sees_nothing_else() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert let_in == {*SHIPPED, "pyproject.toml", "README.md", "requirements.runtime.lock", "requirements.build.lock"}
