"""Mail: through a real server, and into the outbox where there is none. Sent again, a letter is the same letter."""

from __future__ import annotations

import shutil
import ssl
import stat
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from domain.ports import Letter, MailRefused, MailUnavailable
from integrations.mail_outbox import Outbox
from integrations.mail_smtp import SmtpMail
from tests.integrations.mail_server import Mailbox

LETTER = Letter(
    id="2026-03-09-before-abc",
    to="lead@tori.example",
    subject="Teekond: срок, tähtaeg",
    text="Teekonna journey-1 tähtaeg.\nСрок скоро.\n",
    language="ru",
    at=datetime(2026, 3, 9, 6, tzinfo=UTC),
)


def smtp(box: Mailbox, *, seconds: float = 20.0, certificates: str | None = None) -> SmtpMail:
    return SmtpMail(
        host="127.0.0.1",
        port=box.port,
        sender="teekond@tori.example",
        security="none" if certificates is None else "starttls",
        certificates=certificates,
        seconds=seconds,
    )


# ── A server ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_letter_arrives_as_it_was_written_and_keeps_its_id() -> None:
    box = Mailbox()
    with box.open():
        for _ in range(2):
            await smtp(box).send(LETTER)
    first, again = box.taken
    assert first.as_bytes() == again.as_bytes()
    assert first["Message-ID"] == "<2026-03-09-before-abc@tori.example>"
    assert (first["Subject"], first["To"]) == (LETTER.subject, LETTER.to)
    assert first.get_content().splitlines() == LETTER.text.splitlines()
    assert first["Auto-Submitted"] == "auto-generated"


async def test_a_server_that_is_down_is_an_outage() -> None:
    with pytest.raises(MailUnavailable, match="SMTPConnectError"):
        await smtp(Mailbox()).send(LETTER)


async def test_a_server_that_does_not_answer_in_time_is_an_outage() -> None:
    box = Mailbox(mute=True)
    with box.open(), pytest.raises(MailUnavailable):
        await smtp(box, seconds=0.2).send(LETTER)
    assert box.taken == []


async def test_a_refused_address_is_final_and_one_to_come_again_for_is_not() -> None:
    box = Mailbox(refuses={LETTER.to}, busy={"busy@tori.example"})
    with box.open():
        with pytest.raises(MailRefused) as refused:
            await smtp(box).send(LETTER)
        with pytest.raises(MailUnavailable, match="451"):
            await smtp(box).send(replace(LETTER, to="busy@tori.example"))
    assert refused.value.reply == 550


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    assert openssl is not None, "openssl is needed to make a certificate"
    folder = tmp_path_factory.mktemp("tls")
    key, own = folder / "key.pem", folder / "own.pem"
    wanted = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(own)]
    subprocess.run([openssl, *wanted, *named], check=True, capture_output=True)
    return key, own


async def test_a_letter_is_encrypted_and_only_to_the_server_that_is_trusted(certificate: tuple[Path, Path]) -> None:
    key, own = certificate
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own, key)
    box = Mailbox()
    with box.open(tls):
        await smtp(box, certificates=str(own)).send(LETTER)
        with pytest.raises(MailUnavailable):
            await replace(smtp(box), security="starttls").send(LETTER)  # trusts nobody of its kind
        with pytest.raises(MailUnavailable):
            await smtp(box).send(LETTER)  # in the open, which this server does not take
    assert len(box.taken) == 1


async def test_to_a_server_without_encryption_nothing_is_sent_unless_it_was_said_so() -> None:
    box = Mailbox()
    with box.open(), pytest.raises(MailUnavailable):
        await replace(smtp(box), security="starttls").send(LETTER)
    assert (box.taken, box.tries) == ([], 0)


# ── The outbox ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_outbox_has_one_readable_file_a_letter_however_often_it_is_sent(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    for _ in range(3):
        await outbox.send(LETTER)
    await outbox.send(replace(LETTER, id="another"))
    names = sorted(each.name for each in (tmp_path / "outbox").iterdir())
    assert names == ["2026-03-09-before-abc.eml", "another.eml"]
    file = tmp_path / "outbox" / names[0]
    assert "Срок скоро." in file.read_text(encoding="utf-8")
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"] == LETTER.subject
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_an_outbox_that_cannot_be_written_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")
    with pytest.raises(MailUnavailable):
        await Outbox(tmp_path / "outbox").send(LETTER)
