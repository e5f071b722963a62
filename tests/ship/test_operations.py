"""docs/operations.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic_core import PydanticUndefined

from runtime.settings import PREFIX, Settings
from starter.auth import TokenFile
from starter.cli import app
from tests.ship.compose import ROOT, required
from tests.ship.test_compose import TEXT as COMPOSE_TEXT
from tests.ship.test_compose import run

TEXT = (ROOT / "docs" / "operations.md").read_text()


def test_the_table_of_settings_is_complete_and_its_defaults_are_right() -> None:
    table = dict(re.findall(rf"^\| `({PREFIX}[A-Z_]+)` \| (.+?) \|", TEXT, re.MULTILINE))
    assert table == {f"{PREFIX}{name.upper()}": _default(name) for name in Settings.model_fields}


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if field.default_factory is not None:
        return f"`{PREFIX}DATABASE_URL`"  # the only one that is made from another
    if field.default is PydanticUndefined:
        return "must be set"
    return "none" if field.default is None else f"`{field.default}`"


def test_the_file_of_tokens_that_is_shown_can_be_read(tmp_path: Path) -> None:
    shown = re.search(r"<!-- tokens: .*? -->\n```json\n(.+?)```", TEXT, re.DOTALL)
    assert shown is not None
    (tmp_path / "tokens.json").write_text(shown[1])
    TokenFile.read(tmp_path / "tokens.json")


def test_the_commands_that_are_shown_are_ours() -> None:
    shown = set(re.findall(r"^teekond ([a-z -]+?)(?: +#.*)?$", TEXT, re.MULTILINE))
    assert {words.split()[0] for words in shown} >= {"migrate", "worker", "api", "seed"}
    for words in shown:
        run(tuple(words.split()))


def test_every_lasting_command_is_told_of() -> None:
    told = TEXT + (ROOT / "README.md").read_text()
    names = [each.name or each.callback.__name__ for each in app.registered_commands if each.callback]
    assert [name for name in names if not re.search(rf"teekond {name}|make {name}", told)] == []


def test_what_is_mentioned_is_there() -> None:
    paths = re.findall(r"`((?:deploy|tests|runtime|docs)/[\w./-]+)`|checked against (\S+) by (\S+)", TEXT)
    for path in filter(None, (each for found in paths for each in found)):
        assert (ROOT / path).exists(), path


def test_the_publishing_variables_are_told_of() -> None:
    assert {"PUBLISH_ON", "API_PORT", "UI_PORT"} <= set(re.findall(r"`([A-Z_]+)`", TEXT))
    assert required(COMPOSE_TEXT), "and all others are in .env.example"
