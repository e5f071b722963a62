"""A reminder on its way to somebody's mail: sent, or finally refused, and noted in the journey either way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.claiming import Steps
from activities.messages import Message, digest, own_step
from activities.recording import Recorder
from domain.due import Level
from domain.events import NoticeResult
from domain.notices import letter
from domain.offices import stream_of
from domain.ports import Mail, MailRefused, MailUnavailable

log = structlog.get_logger()
SEND_NOTICE = "send-notice"
NOTE_NOTICE = "note-notice"


class Notice(Message):
    """One reminder for one recipient. It names the journey and whoever works there, and carries no mail address."""

    journey_id: str
    municipality: str
    deadline_id: str
    what: str
    step: str
    level: Level
    due_on: date
    recipient: str
    at: datetime  # when the reminder was raised

    @property
    def id(self) -> str:
        """The same for every attempt: the letter's name, by which whoever gets it twice can tell."""
        whole = digest(self.journey_id, self.deadline_id, self.step, self.recipient)
        return f"{self.at:%Y-%m-%d}-{self.step}-{whole[:24]}"


class Posted(Message):
    """What came of sending: `reply` is the mail server's number, where it refused."""

    result: NoticeResult
    reply: int | None = None


class ToNote(Message):
    notice: Notice
    posted: Posted


def notifying(recorder: Recorder, mail: Mail, steps: Steps) -> Sequence[Callable[..., Awaitable[object]]]:
    """Safe to repeat: a letter keeps its id, and what was noted is not noted again."""

    @activity.defn(name=SEND_NOTICE)
    async def send_notice(notice: Notice) -> Posted:
        office = (await recorder.offices.at_latest(stream_of(notice.municipality)))[0].state
        member = None if office is None else office.staff.get(notice.recipient)
        if member is None:
            return Posted(result="no_address")
        about = notice.model_dump(include={"journey_id", "what", "step", "level", "due_on", "at"})
        try:
            await mail.send(letter(member, id=notice.id, **about))
        except MailRefused as refused:
            log.warning("notice refused", notice=notice.id, reply=refused.reply)
            return Posted(result="refused", reply=refused.reply)
        except MailUnavailable as outage:
            log.warning("notice waits for the mail server", notice=notice.id, attempt=activity.info().attempt)
            raise ApplicationError(str(outage), type="mail_unavailable") from None
        return Posted(result="sent")

    @activity.defn(name=NOTE_NOTICE)
    async def note_notice(to_note: ToNote) -> None:
        notice, posted = to_note.notice, to_note.posted
        data: dict[str, object] = {
            "deadline_id": notice.deadline_id,
            "step": notice.step,
            "recipient": notice.recipient,
            "result": posted.result,
            "reply": posted.reply,
        }
        await steps.submit(own_step("note-notice", notice.journey_id, notice.id, data=data))

    return [send_notice, note_notice]
