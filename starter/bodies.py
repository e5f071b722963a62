"""What comes in is read up to a limit, and no further; and nothing is let in that a record could not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import LiteralString

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from integrations.tables import MAX_BYTES
from starter.problems import FieldError, ProblemRaised

MAX_BODY = 512 * 1024  # bytes; the largest real assessment has 60 kB, and what is sealed of it must fit the record
HEARD_OUT = 8  # times as much; cut off in mid-sentence, most senders would not hear why
MAX_DEPTH = 40
TABLES = frozenset(
    {"/v1/deliveries", "/v1/entitlements"}
)  # where a spreadsheet comes in; it is read by rules of its own
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)  # of every day in a body: births, contracts, visits
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")  # control characters; halves of a character


class LimitedBodies:
    """Refuses bodies that are too large, whether they say so beforehand or not, or nested deeper than any of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        most = MAX_BYTES if scope["path"] in TABLES else MAX_BODY
        body = await _read(scope, receive, most)
        if body is None:
            refused = _refused(413, "too_large", "body", f"A body may have {most} bytes.", close=True)
        elif scope["path"] in TABLES:
            await self._app(scope, _again(body, receive), send)
            return
        elif body and not _is_json(scope):
            refused = _refused(415, "not_json", "Content-Type", "A body must be application/json.")
        elif _depth(body) > MAX_DEPTH:
            refused = _refused(400, "malformed", "body", f"JSON may be nested {MAX_DEPTH} deep.")
        else:
            await self._app(scope, _again(body, receive), send)
            return
        await refused(scope, receive, send)


def _refused(status: int, code: str, field: str, sentence: str, *, close: bool = False) -> Response:
    refused = ProblemRaised(status, code, sentence, errors=[FieldError(field=field, message=sentence)]).response()
    if close:  # else the server would go on reading what is never looked at
        refused.headers["Connection"] = "close"
    return refused


def _is_json(scope: Scope) -> bool:
    declared: bytes = dict(scope["headers"]).get(b"content-type", b"")
    return declared.partition(b";")[0].strip().lower() == b"application/json"


async def _read(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The whole body; None if it is too large."""
    declared: bytes = dict(scope["headers"]).get(b"content-length", b"0")
    heard_out = HEARD_OUT * most
    if not declared.isdigit() or int(declared) > heard_out:
        return None
    body, length = bytearray(), 0
    while length <= heard_out:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        part = message.get("body", b"")
        length += len(part)
        if length <= most:
            body += part
        if not message.get("more_body", False):
            return bytes(body) if length <= most else None
    return None


def _again(body: bytes, receive: Receive) -> Receive:
    left = [body]

    async def replay() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return replay


def _depth(body: bytes) -> int:
    """An upper bound that needs no parsing; brackets within text count too, but not forty levels of them unclosed."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for byte in body:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


# ── What a record can hold ───────────────────────────────────────────────────────────────────────────────────────────


def all_fit(value: object) -> None:
    """Raises ValidationError with everything that does not fit: in JSON as it came, or in the model it became."""
    errors = [
        InitErrorDetails(type=PydanticCustomError("unfit", rule), loc=where, input=None)
        for where, rule in _unfit(value, ())
    ]
    if errors:
        raise ValidationError.from_exception_data("body", errors)


Where = tuple[int | str, ...]


def _unfit(value: object, where: Where) -> Iterator[tuple[Where, LiteralString]]:
    match value:
        case str() if _UNFIT.search(value):
            yield where, "must not contain control characters or half characters"
        case date() if not FIRST_DAY <= value <= LAST_DAY:
            yield where, "must be a day from 1900 to 2199"
        case BaseModel():
            for name in type(value).model_fields:
                yield from _unfit(getattr(value, name), (*where, name))
        case dict():
            for name, each in value.items():
                if _UNFIT.search(str(name)):
                    yield where, "must not have a name with control characters or half characters"
                else:
                    yield from _unfit(each, (*where, name))
        case list() | tuple():
            for index, each in enumerate(value):
                yield from _unfit(each, (*where, index))
