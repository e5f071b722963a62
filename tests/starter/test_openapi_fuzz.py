"""What the published schema allows, and what it forbids, is sent by the dozen: no answer is our fault, each is as published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from domain.commands import ALL
from starter.scene import Scene
from tests.starter.bodies import User, a_journey, done, new_key, user

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 3
AnyCase: TypeAlias = "Case[Any]"
READ = (
    "get-journey", "get-timeline", "get-events", "list-journeys", "get-person", "get-agreement", "get-occupancy",
    "list-claims", "get-claim", "export-payment", "get-trail", "get-ledger", "get-measures", "record-delivery-table",
    "record-entitlement-table", "propose-providers", "get-needs", "get-region", "get-office", "get-handover", "get-reference",
    "list-reports", "get-report", "export-report", "get-report-rows", "get-report-draft", "export-report-draft",
    "get-report-draft-rows", "list-transfers", "get-transfer", "list-publications", "live", "ready",
)  # fmt: skip
PUBLIC = (*(command.name for command in ALL if not command.internal), *READ)


@dataclass(frozen=True, slots=True)
class Fuzzer:
    url: str
    token: str
    streams: Mapping[str, str]
    session: requests.Session
    schema: OpenApiSchema

    def send(self, operation: str, mode: GenerationMode, checks: list[CheckFunction]) -> None:
        strategy = self.schema.find_operation_by_id(operation).as_strategy(mode)

        @settings(
            max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=strategy)
        def fuzz(case: AnyCase) -> None:
            if mode is GenerationMode.POSITIVE and "{id}" in case.path:
                kind = case.path_parameters.get("kind", case.path.split("/")[2])
                case.path_parameters["id"] = self.streams[kind]
            case.validate_response(self._sent(case), checks=checks)

        fuzz()

    def _sent(self, case: AnyCase) -> Response:
        """On the version as it is now, so that it comes through to the rules."""
        kind, stream = case.path_parameters.get("kind", case.path.split("/")[2]), case.path_parameters.get("id")
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": new_key(), "If-Match": '"1"'}
        if stream in self.streams.values():
            seen = self.session.get(f"{self.url}/v1/{kind}/{stream}", headers=headers)
            headers["If-Match"] = seen.headers.get("ETag", '"1"')
        return case.call(base_url=self.url, session=self.session, headers=headers)


@pytest.fixture(scope="module")
def fuzzer(installation: Scene, openapi: dict[str, object], streams: Mapping[str, str]) -> Iterator[Fuzzer]:
    with requests.Session() as session:
        schema = schemathesis.openapi.from_dict(openapi)
        yield Fuzzer(installation.url, installation.tokens["coordinator"], streams, session, schema)


@pytest.fixture(scope="module")
async def streams(installation: Scene) -> Mapping[str, str]:
    """One that exists of each kind: what is sent to it comes through to the rules."""
    async with httpx.AsyncClient(base_url=installation.url, timeout=30) as http:
        manager = user(installation, http, "case_manager.tori")
        path = await a_journey(manager, "delivery")
        return {
            "journeys": path.rpartition("/")[2],
            "persons": str(done(await manager.get(path))["person_id"]),
            "agreements": "agreement-tori",
            "providers": "provider-90000001",
            "trail": f"{path.rpartition('/')[2]}/recovery",
            "claims": "claim-none",  # of a month that is over: none can be there yet
            "regions": await _a_region(manager),
            "handovers": "handover-none",
            "reports": "report-none",  # sent by the system alone
            "offices": "office-none",  # kept by leads
        }


async def _a_region(manager: User) -> str:
    action: dict[str, object] = {
        "municipality": "tori", "component": "daily.independence", "action": "Ask.", "owner": "lead.tori",
        "due_on": "2199-01-01",
    }  # fmt: skip
    return str(done(await manager.post("/v1/regions/commands/record-gap-action", action))["id"])


@pytest.fixture(scope="module")
def openapi(installation: Scene) -> dict[str, object]:
    found: dict[str, object] = httpx.get(f"{installation.url}/v1/openapi.json").json()
    return found


def test_every_operation_is_fuzzed(openapi: dict[str, object]) -> None:
    paths = openapi["paths"]
    assert isinstance(paths, dict)
    assert sorted(each["operationId"] for path in paths.values() for each in path.values()) == sorted(PUBLIC)


@pytest.mark.parametrize("operation", PUBLIC)
def test_what_the_schema_allows_is_never_our_fault_and_answered_as_published(fuzzer: Fuzzer, operation: str) -> None:
    fuzzer.send(operation, GenerationMode.POSITIVE, CHECKS)


@pytest.mark.parametrize("operation", [each for each in PUBLIC if each not in ("live", "ready")])
def test_what_the_schema_forbids_is_never_our_fault_and_refused(fuzzer: Fuzzer, operation: str) -> None:
    fuzzer.send(operation, GenerationMode.NEGATIVE, [*CHECKS, negative_data_rejection])
