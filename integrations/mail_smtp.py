"""Mail through a mail server, encrypted unless the installation says otherwise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.policy import SMTP
from typing import Literal

import aiosmtplib

from domain.ports import Letter, MailRefused, MailUnavailable
from integrations.mail_message import message_of

FINAL = range(500, 600)  # the server will say the same tomorrow


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpMail:
    """`security`: TLS from the first byte, by STARTTLS, or none. A server without STARTTLS is then an outage: nothing is
    sent in the open. `seconds`: how long one attempt may take as a whole."""

    host: str
    port: int
    sender: str
    security: Literal["tls", "starttls", "none"] = "starttls"
    certificates: str | None = None
    user: str | None = None
    password: str | None = None
    seconds: float = 20.0

    async def send(self, letter: Letter) -> None:
        """A refused letter is final; everything else (no connection, no answer, wrong login) may be put right."""
        try:
            async with asyncio.timeout(self.seconds):
                await self._send(letter)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            codes = [each.code for each in refused.recipients]
            raise _refused_or_later(codes[0]) from refused
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as refused:
            raise _refused_or_later(refused.code) from refused
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as outage:
            raise MailUnavailable(f"the mail server does not take it: {type(outage).__name__}") from outage

    async def _send(self, letter: Letter) -> None:
        message = message_of(letter, sender=self.sender, encoding="quoted-printable")
        await aiosmtplib.send(
            message.as_bytes(policy=SMTP),
            sender=self.sender,
            recipients=[letter.to],
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            timeout=self.seconds,
            use_tls=self.security == "tls",
            start_tls=self.security == "starttls",
            cert_bundle=self.certificates,
        )


def _refused_or_later(code: int) -> MailRefused | MailUnavailable:
    return MailRefused(code) if code in FINAL else MailUnavailable(f"the mail server asks to come again: {code}")
