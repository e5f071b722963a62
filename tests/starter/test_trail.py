"""The euro's trail and a journey's books by HTTP and on the command line: the same query, the same rights, bad input named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from domain.care import ClaimRow
from domain.cipher import NullCipher
from domain.codec import Codec, Meta
from domain.decision import SYSTEM
from domain.events import ClaimAssembled, DeliveryCorrected, Event
from domain.ports import StreamAppend
from starter.scene import Scene
from starter.story import PROVIDER
from tests.starter.bodies import Json, User, a_delivery, a_journey, done, listed, new_key, refused, today
from tests.starter.test_cli import teekond


@dataclass(frozen=True, slots=True)
class Helped:
    """A journey with one hour of help."""

    path: str
    delivery: str

    @property
    def journey(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def line(self) -> str:
        return f"{self.journey}/recovery"


async def helped(manager: User) -> Helped:
    path = await a_journey(manager, "delivery")
    await manager.step(path, "record-delivery", a_delivery())
    events = listed(done(await manager.get(f"{path}/events"))["items"])
    (data,) = (each["data"] for each in events if each["type"] == "delivery.recorded")
    assert isinstance(data, dict)
    return Helped(path, str(data["delivery_id"]))


async def a_claim(installation: Scene, of: Helped) -> str:
    """Put together as if its month were over: none can be, of help that is recorded today."""
    row = ClaimRow(
        journey_id=of.journey, delivery_id=of.delivery, line_id="recovery", day=today(), component="mental.recovery",
        tariff="individual", minutes=60, cents=3200,
    )  # fmt: skip
    made = ClaimAssembled(provider_id=PROVIDER, municipality="tori", month=today().replace(day=1), rows=(row,))
    stream = f"claim-{new_key()}"
    await forged(installation, made, stream, "claims")
    return stream


async def forged(installation: Scene, event: Event, stream: str, kind: str, version: int = 1) -> None:
    """Straight into the record, past every rule."""
    new = Codec(NullCipher()).encode(
        event, stream_id=stream, version=version, subject=stream, meta=Meta(actor=SYSTEM, command="forge"),
        at=datetime.now(UTC),
    )  # fmt: skip
    append = StreamAppend(stream_id=stream, kind=kind, tenant="tori", expected_version=version - 1, events=(new,))
    await installation.store.append([append], command_id=new_key(), request_hash="test", result=b"{}")


async def test_a_line_a_delivery_and_a_claim_have_a_trail(installation: Scene, manager: User, auditor: User) -> None:
    """For the journey's readers, and for the auditor who reads everything."""
    of = await helped(manager)
    for trail_id, forward in ((of.line, True), (of.delivery, False), (await a_claim(installation, of), False)):
        found = done(await manager.get(f"/v1/trail/{trail_id}"))
        assert found == done(await auditor.get(f"/v1/trail/{trail_id}"))
        assert (found["id"], found["forward"], found["adds_up"], found["next"]) == (trail_id, forward, True, None)
        (line,) = listed(found["lines"])
        assert line["books"] == line["told"]
        assert listed(line["grounds"])[-1]["what"] == "consent"
        assert of.delivery in [each["delivery_id"] for each in listed(line["moves"])]


async def test_a_trail_is_read_by_those_who_read_the_journey(
    installation: Scene, manager: User, neighbour: User
) -> None:
    of = await helped(manager)
    for trail_id in (of.line, of.delivery, await a_claim(installation, of)):
        refused(await neighbour.get(f"/v1/trail/{trail_id}"), 403, "outside_municipality")
        refused(await User(manager.http, None).get(f"/v1/trail/{trail_id}"), 401, "unknown_token")
    refused(await neighbour.get(f"{of.path}/ledger"), 403, "outside_municipality")


async def test_what_is_not_there_has_no_trail(manager: User) -> None:
    of = await helped(manager)
    for unknown in ("claim-none", "delivery-none", "journey-none/recovery", f"{of.journey}/other"):
        refused(await manager.get(f"/v1/trail/{unknown}"), 404, "unknown_trail")
    refused(await manager.get("/v1/journeys/journey-none/ledger"), 404, "unknown_stream")


@pytest.mark.parametrize("wrong", ["journey-1", "person-1", "agreement-tori", "claim-1/recovery", "journey-1/A", "%00"])
async def test_what_cannot_be_a_trail_is_named(manager: User, wrong: str) -> None:
    refused(await manager.get(f"/v1/trail/{wrong}"), 400, "malformed", "id")


async def test_a_cursor_and_a_limit_that_are_none_are_named(manager: User) -> None:
    refused(await manager.get("/v1/trail/claim-none", cursor=-1, limit=51), 400, "malformed", "cursor", "limit")


async def test_the_books_of_a_journey_balance(manager: User) -> None:
    of = await helped(manager)
    books = done(await manager.get(f"{of.path}/ledger"))
    assert books["debit_cents"] == books["credit_cents"]
    moved = [(each["credit"], each["debit"]) for each in listed(books["entries"])]
    assert moved == [("funding", "available"), ("available", "ordered"), ("ordered", "delivered")]
    balances = {str(each["account"]): each["cents"] for each in listed(books["accounts"])}
    (line,) = listed(done(await manager.get(of.path))["budget"])
    assert -_int(balances["funding"]) == line["allocated_cents"]
    assert balances["delivered"] == line["delivered_cents"]


async def test_a_journey_without_a_budget_has_empty_books(manager: User) -> None:
    books = done(await manager.get(f"{await a_journey(manager)}/ledger"))
    assert (books["entries"], books["accounts"], books["debit_cents"]) == ([], [], 0)


async def test_the_auditor_s_command_tells_what_the_api_tells(installation: Scene, manager: User) -> None:
    of = await helped(manager)
    for trail_id in (of.line, of.delivery):
        told = await teekond("audit", "trail", trail_id, "--json", **installation.environment)
        assert (told.code, told.err) == (0, "")
        found: Json = json.loads(told.out)
        assert found == done(await manager.get(f"/v1/trail/{trail_id}"))
    text = await teekond("audit", "trail", of.line, **installation.environment)
    assert text.code == 0
    assert text.out.endswith("\nAdds up.\n")


async def test_a_trail_that_does_not_add_up_ends_with_1_and_says_what(installation: Scene, manager: User) -> None:
    """A correction straight in the record that starts where the delivery never stood."""
    of = await helped(manager)
    wrong = DeliveryCorrected(
        delivery_id=of.delivery,
        minutes_before=60,
        minutes=60,
        cents_before=3000,
        cents=3200,
        reason="Synthetic: forged.",
    )
    history = await installation.history(of.journey)
    await forged(installation, wrong, of.journey, "journeys", version=len(history) + 1)

    ended = await teekond("audit", "trail", of.line, **installation.environment)

    amiss = f"{of.line}: the books say delivered 32.00, the facts come to 34.00 euros."
    assert ended.code == 1
    assert ended.out.endswith(f"\n{amiss}\n")
    found = done(await manager.get(f"/v1/trail/{of.line}"))
    assert (found["adds_up"], found["amiss"]) == (False, [amiss])


async def test_a_trail_that_is_none_is_said_so_in_one_line(installation: Scene) -> None:
    for unknown in ("journey-none/recovery", "delivery-none", "claim-none", "nothing", "\x1b[31m"):
        ended = await teekond("audit", "trail", unknown, **installation.environment)
        ended.in_one_line(2, "no" if unknown.isprintable() else "?")


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
