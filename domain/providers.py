"""Providers: organisations with a contract for certain components in certain municipalities."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pydantic import Field

from domain.decision import Command, Context, Decision, Rejected
from domain.events import Event, ProviderContractChanged, ProviderContracted
from domain.fields import Capacity, Code, LanguageCode, PublicName, RegistryCode
from domain.parties import Contract, Provider


class ProviderExists(Rejected):
    """This provider has a contract already."""

    code = "provider_exists"


class UnknownProvider(Rejected):
    """There is no provider {provider_id}."""

    code = "unknown_provider"
    status = 422


class UnknownComponent(Rejected):
    """{component} is not a component of the catalogue {catalogue}."""

    code = "unknown_component"
    status = 422


class PeriodBackwards(Rejected):
    """The period ends before it starts."""

    code = "period_backwards"
    status = 422


class ProviderCommand(Command):
    kind = "providers"
    stage = "provider"
    part = "contract"

    components: tuple[Code, ...] = Field(min_length=1, max_length=100)
    municipalities: tuple[Code, ...] = Field(min_length=1, max_length=100)
    valid_from: date
    valid_to: date | None = None
    based_in: Code | None = None  # the municipality in which the provider is at home
    languages: tuple[LanguageCode, ...] = Field(default=(), max_length=20)
    capacity_minutes_per_month: Capacity | None = None  # all components and municipalities together; None: not stated


class ContractProvider(ProviderCommand):
    """Record a provider and its first contract."""

    name = "contract-provider"
    creates = True

    provider_name: PublicName
    registry_code: RegistryCode
    synthetic: bool = False

    def stream_named(self) -> str:
        return f"provider-{self.registry_code}"


class ChangeContract(ProviderCommand):
    """Record new terms, from a day on."""

    name = "change-contract"


COMMANDS: tuple[type[ProviderCommand], ...] = (ContractProvider, ChangeContract)


def decide(command: Command, state: Provider | None, context: Context) -> Decision:
    assert isinstance(command, ProviderCommand), command
    if command.valid_to is not None and command.valid_to < command.valid_from:
        raise PeriodBackwards(field="valid_to")
    catalogue = context.programme.catalogue(command.valid_from)
    for component in command.components:
        if catalogue.get(component) is None:
            raise UnknownComponent(field="components", component=component, catalogue=catalogue.version)
    for municipality in (*command.municipalities, *([command.based_in] if command.based_in else [])):
        context.programme.municipality(municipality)
    if isinstance(command, ContractProvider):
        if state is not None:
            raise ProviderExists
        terms = command.model_dump(exclude={"provider_name"})
        return Decision(events=(ProviderContracted(name=command.provider_name, **terms),))
    if state is None:
        raise UnknownProvider(provider_id=context.stream_id)
    return Decision(events=(ProviderContractChanged(**dict(command)),))


def evolve(state: Provider | None, event: Event, stream_id: str, version: int) -> Provider:
    match event:
        case ProviderContracted():
            return Provider(provider_id=stream_id, name=event.name, contracts=(_contract(event),))
        case ProviderContractChanged() if state is not None:
            return replace(state, contracts=(*state.contracts, _contract(event)))
    raise ValueError(f"{event.type} does not belong here in a provider's stream")


def _contract(event: ProviderContracted | ProviderContractChanged) -> Contract:
    return Contract(
        components=frozenset(event.components),
        municipalities=frozenset(event.municipalities),
        valid_from=event.valid_from,
        valid_to=event.valid_to,
        based_in=event.based_in,
        languages=frozenset(event.languages),
        capacity_minutes_per_month=event.capacity_minutes_per_month,
    )
