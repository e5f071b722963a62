"""Mail where there is no mail server: one readable file for each letter, in a folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from email.policy import SMTPUTF8
from pathlib import Path

from domain.ports import Letter, MailUnavailable
from integrations.mail_message import message_of

SENDER = "teekond@localhost.invalid"


class Outbox:
    """A letter's file is named by its id and there at once or not at all: sent again, it stays the one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, letter: Letter) -> None:
        try:
            await asyncio.to_thread(self._write, letter)
        except OSError as full:
            raise MailUnavailable(f"the outbox cannot be written: {full.strerror}") from full

    def _write(self, letter: Letter) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=self._folder, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(message_of(letter, sender=SENDER, encoding="8bit").as_bytes(policy=SMTPUTF8))
            with contextlib.suppress(FileExistsError):
                os.link(unfinished, self._folder / f"{letter.id}.eml")
        finally:
            Path(unfinished).unlink()
