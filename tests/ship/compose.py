"""The compose file as Compose reads it: anchors resolved, variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE, DOCKERFILE, ENV_EXAMPLE = ROOT / "docker-compose.yml", ROOT / "Dockerfile", ROOT / ".env.example"
OURS = re.compile(r"^teekond:")
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<how>[?-])(?P<word>[^}]*))?\}")

Json = dict[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One service; what it does not say is empty."""

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    depends_on: Mapping[str, str]
    told: Json

    @property
    def ours(self) -> bool:
        return OURS.match(self.image) is not None

    @property
    def stays(self) -> bool:
        return self.told.get("restart") == "unless-stopped"

    def words(self, key: str) -> list[str]:
        """A list of texts, such as ports."""
        found = self.told.get(key, [])
        assert isinstance(found, list), f"{self.name}: {key} is a list"
        return [str(each) for each in found]

    def part(self, *path: str) -> Json:
        found: object = self.told
        for key in path:
            found = found.get(key, {}) if isinstance(found, dict) else {}
        assert isinstance(found, dict), f"{self.name}: {'.'.join(path)} is a mapping"
        return found


def services(text: str) -> dict[str, Service]:
    return {name: _service(name, told) for name, told in yaml.safe_load(text)["services"].items()}


def _service(name: str, told: Json) -> Service:
    environment, depends_on, command = told.get("environment", {}), told.get("depends_on", {}), told.get("command", [])
    assert isinstance(environment, dict), f"{name}: environment is written as a mapping"
    assert isinstance(depends_on, dict), f"{name}: depends_on names its conditions"
    assert isinstance(command, list), f"{name}: command is written as a list, so that no shell takes it apart"
    return Service(
        name=name,
        image=str(told["image"]),
        command=tuple(str(word) for word in command),
        environment={str(key): str(value) for key, value in environment.items()},
        depends_on={str(key): str(how["condition"]) for key, how in depends_on.items()},
        told=told,
    )


def required(text: str) -> set[str]:
    return {found["name"] for found in VARIABLE.finditer(text) if found["how"] == "?"}


def filled_in(text: str, values: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: values.get(found["name"], found["word"] if found["how"] == "-" else ""), text)
