"""The installation in containers: as far as it can be told without an engine, it is whole, closed and without secrets."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from datetime import timedelta
from graphlib import TopologicalSorter
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typer
from typer.main import get_command

from runtime.settings import PREFIX, Settings
from starter.cli import app
from starter.local import settings_from
from tests.ship.compose import COMPOSE, ENV_EXAMPLE, ROOT, VARIABLE, Service, filled_in, required, services

TEXT = COMPOSE.read_text()
SERVICES = services(TEXT)
OURS = [each for each in SERVICES.values() if each.ours]
ALL = list(SERVICES.values())
SECRET = re.compile(r"PASSWORD|PWD|SECRET|TOKEN$|KEY$")


def named(service: Service) -> str:
    return service.name


def test_it_is_a_compose_file() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.compose-spec", COMPOSE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", OURS, ids=named)
def test_what_a_container_of_ours_runs_is_a_command_of_ours(service: Service) -> None:
    """A renamed command or option would be found out at the first start of an installation."""
    run(service.command)


def run(words: tuple[str, ...]) -> None:
    command = get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    context = command.make_context("teekond", list(words), resilient_parsing=True)
    name, found, rest = command.resolve_command(context, list(words))
    assert found is not None
    found.make_context(name, rest, parent=context)


@pytest.mark.parametrize("service", OURS, ids=named)
def test_every_setting_of_a_container_of_ours_exists_and_is_one_we_take(service: Service) -> None:
    values = dict.fromkeys(required(TEXT), "abc123") | {"PROGRAMME": "demonstration"}
    given = {name: filled_in(value, values) for name, value in service.environment.items()}
    unknown = {name for name in given if name.removeprefix(PREFIX).lower() not in Settings.model_fields}
    assert unknown == set(), "a setting that nobody reads"
    settings = settings_from(given)
    assert urlsplit(settings.database_url.get_secret_value()).hostname == "postgres"
    assert settings.temporal_address == "temporal:7233"


def test_each_part_has_the_settings_it_cannot_do_without() -> None:
    assert all("TEEKOND_MATCH_KEY" in SERVICES[each].environment for each in ("worker", "api"))
    assert SERVICES["api"].environment["TEEKOND_TOKENS_FILE"] == f"/run/secrets/{SERVICES['api'].words('secrets')[0]}"
    assert SERVICES["api"].environment["TEEKOND_API_HOST"] == "0.0.0.0"
    assert "TEEKOND_MIGRATION_DATABASE_URL" in SERVICES["migrate"].environment


def test_only_the_migration_knows_the_owner_of_the_record() -> None:
    knowing = {each.name for each in OURS if "teekond_owner" in str(each.environment)}
    assert knowing == {"migrate"}


@pytest.mark.parametrize("service", ALL, ids=named)
def test_no_secret_is_written_down(service: Service) -> None:
    for name, value in service.environment.items():
        if SECRET.search(name):
            assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value), (
                f"{name} must be given from outside, or nothing starts"
            )
        if "://" in value:
            assert re.search(r"://[a-z_]+:\$\{[A-Z_]+:\?[^}]+\}@", value), f"{name} has a password of its own"


def test_the_example_of_settings_names_all_that_must_be_set_and_sets_none() -> None:
    lines = ENV_EXAMPLE.read_text().splitlines()
    asked = {line.partition("=")[0]: line.partition("=")[2] for line in lines if line and not line.startswith("#")}
    assert asked.keys() == required(TEXT)
    assert set(asked.values()) == {""}, "a value that works would be left as it is"
    offered = {line.removeprefix("# ").partition("=")[0] for line in lines if re.match(r"# [A-Z_]+=", line)}
    assert offered == {found["name"] for found in VARIABLE.finditer(TEXT) if found["how"] == "-"}


@pytest.mark.parametrize("service", ALL, ids=named)
def test_an_image_is_named_by_an_exact_version(service: Service) -> None:
    tag = service.image.rpartition(":")[2]
    assert re.match(r"\d+\.\d+", tag), f"{service.image} may be another one tomorrow"


@pytest.mark.parametrize("service", ALL, ids=named)
def test_what_stays_says_how_it_is_and_what_does_not_tries_again(service: Service) -> None:
    if service.stays:
        assert service.part("healthcheck").get("test"), "nobody would know that it hangs"
    else:
        assert str(service.told.get("restart")).startswith("on-failure:"), "a passing outage would end it for good"


def test_the_order_of_start_has_no_circle() -> None:
    list(TopologicalSorter({each.name: each.depends_on.keys() for each in ALL}).static_order())


@pytest.mark.parametrize("service", ALL, ids=named)
def test_what_is_waited_for_can_happen(service: Service) -> None:
    for name, condition in service.depends_on.items():
        if condition == "service_healthy":
            assert SERVICES[name].part("healthcheck"), f"{name} never says that it is healthy"
        else:
            assert condition == "service_completed_successfully"
            assert not SERVICES[name].stays, f"{name} never ends"


def test_only_the_api_and_the_ui_can_be_reached_and_only_from_this_machine_unless_it_is_said() -> None:
    assert {each.name for each in ALL if each.words("ports")} == {"api", "temporal-ui"}
    for service in ALL:
        assert all(port.startswith("${PUBLISH_ON:-127.0.0.1}:") for port in service.words("ports"))
        assert "network_mode" not in service.told


@pytest.mark.parametrize("service", OURS, ids=named)
def test_a_container_of_ours_can_change_nothing_but_its_scratch_space(service: Service) -> None:
    assert service.told["read_only"] is True
    assert service.words("tmpfs") == ["/tmp"]
    assert service.words("cap_drop") == ["ALL"]
    assert "volumes" not in service.told


@pytest.mark.parametrize("service", ALL, ids=named)
def test_no_container_gains_rights_or_takes_the_whole_machine(service: Service) -> None:
    assert service.words("security_opt") == ["no-new-privileges:true"]
    assert service.part("deploy", "resources", "limits").keys() == {"cpus", "memory"}
    assert not service.told.get("privileged")


def test_a_worker_is_given_more_time_to_stop_than_it_takes() -> None:
    drain: timedelta = importlib.import_module("worker").DRAIN
    given = re.fullmatch(r"(\d+)s", str(SERVICES["worker"].told["stop_grace_period"]))
    assert given is not None
    assert timedelta(seconds=int(given[1])) >= drain + timedelta(seconds=10)


def test_more_than_one_worker_runs() -> None:
    assert SERVICES["worker"].part("deploy")["replicas"] == 2


def test_what_is_mounted_from_here_is_here() -> None:
    mounted = [volume.split(":")[0] for service in ALL for volume in service.words("volumes")]
    missing = [each for each in mounted if each.startswith("./") and not (ROOT / each).is_file()]
    assert missing == []


def test_the_records_database_notices_rot() -> None:
    assert "--data-checksums" in SERVICES["postgres"].environment["POSTGRES_INITDB_ARGS"]


def test_the_image_bears_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert {each.image for each in OURS} == {f"teekond:{version[1]}"}
