"""The way to Temporal: a client that speaks our values, and the namespace and search attributes it expects there."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    CountWorkflowExecutionsRequest,
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, PayloadCodec
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from runtime.settings import Settings

SearchAttributes = Sequence[SearchAttributeKey[Any]]  # each key has a value type of its own

NOTICED_SECONDS = 30.0  # a server's caches learn of a new namespace within their refresh time, 10 s by default


class TemporalUnreachable(Exception):
    """Temporal does not answer at this address."""

    def __init__(self, address: str, reason: object) -> None:
        super().__init__(f"Temporal cannot be reached at {address}: {' '.join(str(reason).split())}")


class SearchAttributeTaken(Exception):
    """A search attribute exists already with another type, which Temporal cannot change."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the search attribute {name} exists already with another type")


def converter(codec: PayloadCodec | None = None) -> DataConverter:
    return replace(pydantic_data_converter, payload_codec=codec)


async def connect(settings: Settings, *, codec: PayloadCodec | None = None, runtime: Runtime | None = None) -> Client:
    try:
        return await Client.connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
            tls=_tls(settings) if settings.encrypted else False,
            data_converter=converter(codec),
            runtime=runtime,
        )
    except (RuntimeError, RPCError) as failed:  # the SDK's core reports a refused connection as a RuntimeError
        raise TemporalUnreachable(settings.temporal_address, failed) from failed


def _tls(settings: Settings) -> TLSConfig:
    def content(path: Path | None) -> bytes | None:
        return path.read_bytes() if path else None

    return TLSConfig(
        server_root_ca_cert=content(settings.temporal_tls_ca),
        client_cert=content(settings.temporal_tls_cert),
        client_private_key=content(settings.temporal_tls_key),
    )


async def ensure_namespace(
    client: Client,
    *,
    namespace: str | None = None,
    retention: timedelta,
    search_attributes: SearchAttributes = (),
) -> None:
    """Makes what is missing, changes what differs, and returns when the server acts on it. Safe to repeat.

    Retention is how long the history of a closed workflow is kept.
    """
    name = namespace or client.namespace
    await _register(client, name, retention)
    await _noticed(client, name)
    await _retain(client, name, retention)
    await _complete(client, name, search_attributes)
    for key in search_attributes:
        await _noticed(client, name, f"`{key.name}` IS NULL")


async def _register(client: Client, namespace: str, retention: timedelta) -> None:
    request = RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=_duration(retention))
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as refused:
        if refused.status != RPCStatusCode.ALREADY_EXISTS:
            raise


async def _retain(client: Client, namespace: str, retention: timedelta) -> None:
    service, wanted = client.workflow_service, _duration(retention)
    found = await service.describe_namespace(DescribeNamespaceRequest(namespace=namespace))
    if found.config.workflow_execution_retention_ttl != wanted:
        config = NamespaceConfig(workflow_execution_retention_ttl=wanted)
        await service.update_namespace(UpdateNamespaceRequest(namespace=namespace, config=config))


def _duration(value: timedelta) -> Duration:
    message = Duration()
    message.FromTimedelta(value)
    return message


async def _complete(client: Client, namespace: str, search_attributes: SearchAttributes) -> None:
    found = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace=namespace))
    for key in search_attributes:
        if found.custom_attributes.get(key.name, key.indexed_value_type) != key.indexed_value_type:
            raise SearchAttributeTaken(key.name)
    missing = [key for key in search_attributes if key.name not in found.custom_attributes]
    if missing:
        await add_search_attributes(client, missing, namespace=namespace)


async def add_search_attributes(client: Client, new: SearchAttributes, *, namespace: str | None = None) -> None:
    types = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in new}
    request = AddSearchAttributesRequest(namespace=namespace or client.namespace, search_attributes=types)
    await client.operator_service.add_search_attributes(request)


async def _noticed(client: Client, namespace: str, query: str = "") -> None:
    request = CountWorkflowExecutionsRequest(namespace=namespace, query=query)
    deadline = asyncio.get_running_loop().time() + NOTICED_SECONDS
    while True:
        try:
            await client.workflow_service.count_workflow_executions(request)
            return
        except RPCError as unknown:
            not_yet = unknown.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}
            if not not_yet or asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(0.1)
