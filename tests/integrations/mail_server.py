"""A real mail server for tests: it keeps what it takes, refuses whom it is told to, and answers when it is let."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from runtime.processes import free_port


@dataclass(kw_only=True)
class Mailbox:
    """`mute`: takes no letter to its end, as a server that is overloaded; `refuses`: addresses, with 550."""

    port: int = field(default_factory=free_port)
    refuses: Collection[str] = ()
    busy: Collection[str] = ()
    mute: bool = False
    taken: list[EmailMessage] = field(default_factory=list)
    tries: int = 0

    async def handle_RCPT(  # noqa: N802 — the names are the library's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tries += 1
        if address in self.refuses:
            return "550 5.1.1 nobody of that name"
        if address in self.busy:
            return "451 4.7.1 come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.mute:
            await asyncio.Event().wait()
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"

    @contextmanager
    def open(self, tls: ssl.SSLContext | None = None) -> Iterator[None]:
        controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=tls, require_starttls=tls is not None
        )
        controller.start()
        try:
            yield
        finally:
            controller.stop()
