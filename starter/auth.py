"""Who is calling. A bearer token stands for a demonstration user; real sign-on will sit behind the same seam."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from domain.decision import NATIONAL, Actor, Role
from runtime.cluster import write_private


class Authenticator(Protocol):
    def actor(self, token: str) -> Actor | None:
        """Whose token this is; None if nobody's."""
        ...


class TokensUnreadable(Exception):
    """The file of tokens cannot be used."""


def fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class TokenFile:
    """Tokens of a small installation: kept as hashes only, so that the file gives nobody a way in."""

    def __init__(self, actors: Mapping[str, Actor]) -> None:
        self._actors = dict(actors)

    @classmethod
    def read(cls, path: Path) -> TokenFile:
        try:
            return cls(TypeAdapter(dict[str, Actor]).validate_json(path.read_bytes()))
        except (OSError, ValidationError) as unusable:
            raise TokensUnreadable(f"{path} cannot be read as a file of tokens") from unusable

    def actor(self, token: str) -> Actor | None:
        return self._actors.get(fingerprint(token))


def demonstration_actors(municipalities: Iterable[str]) -> list[Actor]:
    """[synthetic] One user a role in some municipalities, and those who work nation-wide."""
    local = (Role.CASE_MANAGER, Role.LEAD, Role.PROVIDER, Role.BASE_SUPPORT, Role.PERSON)
    return [
        *(Actor(id=f"{role}.{each}", role=role, municipality=each) for each in municipalities for role in local),
        Actor(id="coordinator", role=Role.COORDINATOR, municipality=NATIONAL),
        Actor(id="auditor", role=Role.AUDITOR, municipality=NATIONAL),
    ]


def issue(path: Path, actors: Iterable[Actor]) -> dict[str, str]:
    """Writes a new file of tokens; actor id → token, told this once and never again."""
    tokens = {actor.id: (secrets.token_urlsafe(24), actor) for actor in actors}
    kept = {fingerprint(token): actor.model_dump(mode="json") for token, actor in tokens.values()}
    write_private(path, json.dumps(kept, indent=1))
    return {actor_id: token for actor_id, (token, _) in tokens.items()}
