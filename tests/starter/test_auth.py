"""Who is calling: a token of this installation, or nobody."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import httpx
import pytest

from domain.decision import NATIONAL, Actor, Role
from starter.auth import TokenFile, TokensUnreadable, demonstration_actors, fingerprint, issue
from starter.scene import Scene
from tests.starter.bodies import User, refused

MARI = Actor(id="case_manager.tori", role=Role.CASE_MANAGER, municipality="tori")


async def test_without_a_token_of_this_installation_nothing_is_read_or_written(
    installation: Scene, http: httpx.AsyncClient
) -> None:
    known = installation.tokens["auditor"]
    for authorization in ("", "Bearer", "Bearer wrong", f"Basic {known}", known, f"Bearer {known}x"):
        headers = {"Authorization": authorization} if authorization else {}
        for answer in (
            await http.get("/v1/journeys", headers=headers),
            await http.get("/v1/reference/components", headers=headers),
            await http.post("/v1/persons/commands/register-person", json={}, headers=headers),
        ):
            refused(answer, 401, "unknown_token")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_bytes_that_are_no_text_are_no_token(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/journeys", headers={b"Authorization": "Bearer õ".encode()})

    refused(answer, 401, "unknown_token")


async def test_health_and_the_schema_are_open_to_all(http: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/health/ready", "/v1/openapi.json"):
        assert (await User(http, None).get(path)).status_code == 200


def test_a_file_of_tokens_gives_nobody_a_way_in(tmp_path: Path) -> None:
    """It holds hashes, and only its owner reads it."""
    path = tmp_path / "tokens.json"

    tokens = issue(path, [MARI])

    assert tokens[MARI.id] not in path.read_text()
    assert list(json.loads(path.read_text())) == [fingerprint(tokens[MARI.id])]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TokenFile.read(path).actor(tokens[MARI.id]) == MARI
    assert TokenFile.read(path).actor(fingerprint(tokens[MARI.id])) is None


def test_new_tokens_end_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    old = issue(path, [MARI])[MARI.id]
    new = issue(path, [MARI])[MARI.id]

    assert TokenFile.read(path).actor(old) is None
    assert TokenFile.read(path).actor(new) == MARI


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"x": {"id": "a"}}', '{"x": {"id": "A B", "role": "boss"}}'])
def test_a_file_that_is_none_says_so(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "tokens.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(TokensUnreadable, match="cannot be read as a file of tokens"):
        TokenFile.read(path)


def test_there_is_a_user_for_each_role_in_each_municipality_and_two_for_all() -> None:
    actors = demonstration_actors(["tori", "tapa"])

    assert len({actor.id for actor in actors}) == len(actors) == 12
    assert {actor.role for actor in actors if actor.municipality == NATIONAL} == {Role.COORDINATOR, Role.AUDITOR}
