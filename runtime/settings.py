"""What each installation decides: where its database and Temporal are, and how the program listens and logs."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, FilePath, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "TEEKOND_"


class SettingsError(Exception):
    """The settings are incomplete or wrong: one line that names every variable concerned, and no value."""


def _database(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise ValueError("must look like postgresql://user:password@host:port/database")
    return url


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise ValueError("must look like host:port")
    return value


def _sender(value: str) -> str:
    name, _, domain = value.rpartition("@")
    if not name or not domain or any(each.isspace() or each in "<>," for each in value):
        raise ValueError("must look like name@domain")
    return value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]


class Settings(BaseSettings):
    """Read from TEEKOND_* in the environment; arguments given in code win over it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    database_url: DatabaseUrl
    """The application's own login, which may append and read but never change or delete."""
    migration_database_url: DatabaseUrl = Field(default_factory=lambda given: given["database_url"])
    """The owner's login, for migrations alone; the application's where an installation has only one."""

    temporal_address: Annotated[str, AfterValidator(_address)] = "127.0.0.1:7233"
    temporal_namespace: str = "teekond"
    temporal_tls: bool = False
    temporal_tls_ca: FilePath | None = None
    temporal_tls_cert: FilePath | None = None
    temporal_tls_key: FilePath | None = None
    temporal_api_key: SecretStr | None = None
    task_queue: str = "teekond"

    api_host: str = "127.0.0.1"
    api_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    tokens_file: Path | None = None

    match_key: SecretStr | None = None
    """Keys the hashes by which people are found again who may be registered already; keep it, or rebuild that list."""

    smtp_address: Annotated[str, AfterValidator(_address)] | None = None
    """The mail server that notices go through; without it they are written to `outbox`, and without that not sent."""
    smtp_security: Literal["tls", "starttls", "none"] = "starttls"
    smtp_tls_ca: FilePath | None = None
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: Annotated[str, AfterValidator(_sender)] | None = None
    smtp_timeout_seconds: Annotated[float, Field(gt=0, le=50)] = 20.0
    outbox: Path | None = None

    time_skipping: bool = False
    """Temporal is its time-skipping test server: "today" is asked of it, and it has no schedules."""

    programme: Literal["demonstration", "sourced"] = "demonstration"

    log_json: bool | None = None
    """None: JSON unless a person reads along at a terminal."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _certificate_with_its_key(self) -> Self:
        if (self.temporal_tls_cert is None) != (self.temporal_tls_key is None):
            raise ValueError(f"{PREFIX}TEMPORAL_TLS_CERT and {PREFIX}TEMPORAL_TLS_KEY: set both or neither")
        return self

    @model_validator(mode="after")
    def _mail_in_whole(self) -> Self:
        if self.smtp_address and not self.smtp_from:
            raise ValueError(f"{PREFIX}SMTP_ADDRESS needs {PREFIX}SMTP_FROM, the address that notices come from")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError(f"{PREFIX}SMTP_USER and {PREFIX}SMTP_PASSWORD: set both or neither")
        if self.smtp_password and self.smtp_security == "none":
            raise ValueError(f"{PREFIX}SMTP_PASSWORD never crosses an open line; set {PREFIX}SMTP_SECURITY")
        return self

    @property
    def encrypted(self) -> bool:
        """An API key never crosses an open line, whatever TEEKOND_TEMPORAL_TLS says."""
        return any((self.temporal_tls, self.temporal_tls_ca, self.temporal_tls_cert, self.temporal_api_key))


class GivenSettings(Settings):
    """Only what is given: the processes of one machine must not take over what happens to be set around them."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def load() -> Settings:
    """The settings from the environment, or SettingsError."""
    try:
        return Settings()
    except ValidationError as invalid:
        errors = [error for error in invalid.errors() if error["type"] != "default_factory_not_called"]  # a mere echo
        raise SettingsError("; ".join(_sentence(error) for error in errors)) from None


def _sentence(error: ErrorDetails) -> str:
    what = "is not set" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{str(error['loc'][0]).upper()}: {what}" if error["loc"] else what
