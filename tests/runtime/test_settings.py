"""Settings: what must be given, what follows from what, and what a wrong one is told."""

from pathlib import Path

import pytest

from runtime.settings import Settings, SettingsError, load

DATABASE = "postgresql://service:secret-word@db.example:5432/teekond"
REQUIRED = {"DATABASE_URL": DATABASE}


@pytest.fixture(autouse=True)
def only_what_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"TEEKOND_{name.upper()}", raising=False)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(f"TEEKOND_{name}", value)


def refusal(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(f"TEEKOND_{name}", value)
    with pytest.raises(SettingsError) as raised:
        load()
    return str(raised.value)


def test_all_else_has_a_default() -> None:
    settings = load()
    assert settings.migration_database_url == settings.database_url
    assert settings.temporal_address == "127.0.0.1:7233"
    assert (settings.task_queue, settings.api_host, settings.api_port) == ("teekond", "127.0.0.1", 8080)
    assert (settings.programme, settings.encrypted) == ("demonstration", False)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_setting_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(f"TEEKOND_{name}")
    assert refusal(monkeypatch) == f"TEEKOND_{name}: is not set"


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_variable_is_a_missing_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert refusal(monkeypatch, **{name: ""}) == f"TEEKOND_{name}: is not set"


def test_every_wrong_setting_is_named_and_no_value_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(
        monkeypatch,
        DATABASE_URL="mysql://service:secret-word@db/teekond",
        TEMPORAL_ADDRESS="https://temporal",
        API_PORT="eighty",
        PROGRAMME="imagined",
    )
    for name in ("DATABASE_URL", "TEMPORAL_ADDRESS", "API_PORT", "PROGRAMME"):
        assert f"TEEKOND_{name}: " in said
    assert "secret-word" not in said
    assert "\n" not in said


def test_a_certificate_needs_its_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    certificate.touch()
    said = refusal(monkeypatch, TEMPORAL_TLS_CERT=str(certificate))
    assert said == "TEEKOND_TEMPORAL_TLS_CERT and TEEKOND_TEMPORAL_TLS_KEY: set both or neither"


def test_a_certificate_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, TEMPORAL_TLS_CA="/nowhere/ca.pem")
    assert said.startswith("TEEKOND_TEMPORAL_TLS_CA: ")


def test_an_api_key_is_never_sent_in_the_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEEKOND_TEMPORAL_API_KEY", "key")
    monkeypatch.setenv("TEEKOND_TEMPORAL_TLS", "false")
    assert load().encrypted


def test_settings_can_be_shown_without_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEEKOND_TEMPORAL_API_KEY", "secret-key")
    shown = repr(load())
    for secret in ("secret-word", "secret-match", "secret-key"):
        assert secret not in shown


def test_mail_is_set_in_whole_and_its_password_kept_from_an_open_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "TEEKOND_SMTP_FROM" in refusal(monkeypatch, SMTP_ADDRESS="mail.example:25")
    assert "must look like name@domain" in refusal(monkeypatch, SMTP_FROM="Teekond <teekond@tori.example>")
    monkeypatch.setenv("TEEKOND_SMTP_FROM", "teekond@tori.example")
    assert load().smtp_security == "starttls"
    assert "set both or neither" in refusal(monkeypatch, SMTP_USER="teekond")
    said = refusal(monkeypatch, SMTP_PASSWORD="secret-word", SMTP_SECURITY="none")
    assert "open line" in said
    assert "secret-word" not in said
