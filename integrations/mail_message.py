"""A letter as mail: always the same for the same letter, its Message-ID included."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

from domain.ports import Letter


def message_of(letter: Letter, *, sender: str, encoding: Literal["8bit", "quoted-printable"]) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    message["Date"] = format_datetime(letter.at)
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Content-Language"] = letter.language
    message["Auto-Submitted"] = "auto-generated"  # nobody's absence note answers it
    message.set_content(letter.text, cte=encoding)
    return message
