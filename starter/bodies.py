"""What comes in is read up to a limit, and no further."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from starter.problems import ProblemRaised

MAX_BODY = 1024 * 1024  # bytes; the largest real assessment has 60 kB
MAX_DEPTH = 40


class LimitedBodies:
    """Refuses bodies that are too large, whether they say so beforehand or not, or nested deeper than any of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        body = await _read(scope, receive)
        if body is None:
            refused = ProblemRaised(413, "too_large", f"A body may have {MAX_BODY} bytes.")
            await refused.response()(scope, receive, send)
            return
        if _depth(body) > MAX_DEPTH:
            refused = ProblemRaised(400, "malformed", f"JSON may be nested {MAX_DEPTH} deep.")
            await refused.response()(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body; None if it is too large."""
    declared: bytes = dict(scope["headers"]).get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > MAX_BODY:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


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
