"""A reminder reaches whom it is for by mail, once each, whatever the mail server is like; nothing personal goes along."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.client import Client

from activities.notifying import notifying
from domain.decision import SYSTEM
from domain.events import NoticeRefused, NoticeSent, ReminderRaised
from domain.offices import RecordStaff, RemoveStaff
from domain.ports import Letter, MailUnavailable
from domain.stages.throughout import RaiseReminders
from integrations.mail_smtp import SmtpMail
from readmodels.projector import Pool
from starter.seeding import SEEDER
from tests.activities.examples import PATIENCE_SECONDS, call, given_the_programme, step
from tests.integrations.mail_server import Mailbox
from tests.workflows.test_places import House
from workflows.names import notice_workflow

ANNE, BORIS = "coordinator.anne", "coordinator.boris"
LATE = timedelta(days=45)  # long enough for the reminder to have gone up to the coordinators, and for no other to come


class Post(House):
    """The house of a journey whose decision is long overdue, with two coordinators who read different languages."""

    by_mail = True

    def __init__(self, client: Client, pool: Pool, name: str) -> None:
        super().__init__(client, pool, name)
        self.box = Mailbox()
        self.smtp = SmtpMail(
            host="127.0.0.1", port=self.box.port, sender="teekond@tori.example", security="none", seconds=1
        )
        self.failed = asyncio.Event()

    def activities(self) -> list[Callable[..., object]]:
        return [*super().activities(), *notifying(self.recorder, self, self.submitter)]

    async def send(self, letter: Letter) -> None:
        """As the server; it can be seen when an attempt came to nothing."""
        try:
            await self.smtp.send(letter)
        except MailUnavailable:
            self.failed.set()
            raise

    async def overdue(self) -> ReminderRaised:
        now = datetime.now(UTC)
        await given_the_programme(self.recorder, now - LATE)
        await self.given_a_referral(0, now - LATE)
        await self.recorder.record(step(call(now - LATE), self.journey(0), at=now - LATE))
        for staff_id, language in ((ANNE, "en"), (BORIS, "ru")):
            works = RecordStaff.model_validate({
                "municipality": "tori", "staff_id": staff_id, "role": "coordinator", "language": language,
                "mail": address(staff_id),
            })  # fmt: skip
            await self.recorder.record(step(works, "office-tori", actor=SEEDER, at=now))
        await self.recorder.record(step(RaiseReminders(), self.journey(0), actor=SYSTEM, at=now))
        raised = (await self.events(self.journey(0)))[-1].event
        assert isinstance(raised, ReminderRaised)
        return raised

    async def until_a_try_has_failed(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.failed.wait()

    async def noted(self) -> dict[str, NoticeSent | NoticeRefused]:
        """What became of both notices, once that is known; each is noted once."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                facts = [each.event for each in await self.events(self.journey(0))]
                found = [each for each in facts if isinstance(each, NoticeSent | NoticeRefused)]
                if len(found) == 2:
                    return {each.recipient: each for each in found}

    async def run(self, raised: ReminderRaised, recipient: str) -> str | None:
        """The latest run of a notice's workflow, once it is over."""
        named = notice_workflow(self.journey(0), raised.deadline_id, raised.step, recipient)
        handle = self.client.get_workflow_handle(named)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await handle.result()
        return (await handle.describe()).run_id

    def addresses(self) -> list[str]:
        return sorted(str(each["To"]) for each in self.box.taken)


def address(staff_id: str) -> str:
    return f"{staff_id}@tori.example"


async def test_each_who_is_told_gets_one_mail_in_their_language(client: Client, pool: Pool) -> None:
    post = Post(client, pool, "mailed")
    raised = await post.overdue()
    assert raised.to == (ANNE, BORIS)
    with post.box.open():
        async with post.open():
            assert [type(each) for each in (await post.noted()).values()] == [NoticeSent, NoticeSent]
            first = await post.run(raised, ANNE)
            await post.reactor.react(await post.events(post.journey(0)))  # as after a worker's death
            assert await post.run(raised, ANNE) == first
    assert post.addresses() == [address(ANNE), address(BORIS)]
    by_whom = {str(each["To"]): each.get_content() for each in post.box.taken}
    assert "Journey journey-mailed-0: overdue" in by_whom[address(ANNE)]
    assert "Путь journey-mailed-0: срок прошёл" in by_whom[address(BORIS)]
    assert len({str(each["Message-ID"]) for each in post.box.taken}) == 2


async def test_a_server_that_is_down_gets_the_mail_when_it_is_up_again(client: Client, pool: Pool) -> None:
    post = Post(client, pool, "down")
    await post.overdue()
    async with post.open():
        await post.until_a_try_has_failed()
        with post.box.open():
            assert [type(each) for each in (await post.noted()).values()] == [NoticeSent, NoticeSent]
    assert post.addresses() == [address(ANNE), address(BORIS)]


async def test_a_server_that_was_too_slow_gets_it_again_and_keeps_it_once(client: Client, pool: Pool) -> None:
    post = Post(client, pool, "slow")
    await post.overdue()
    post.box.mute = True
    with post.box.open():
        async with post.open():
            await post.until_a_try_has_failed()
            post.box.mute = False
            await post.noted()
    assert post.box.tries > 2
    assert post.addresses() == [address(ANNE), address(BORIS)]


async def test_a_refused_address_is_final_and_the_other_gets_its_mail(client: Client, pool: Pool) -> None:
    post = Post(client, pool, "refused")
    raised = await post.overdue()
    post.box.refuses = {address(ANNE)}
    with post.box.open():
        async with post.open():
            noted = await post.noted()
    about = {"deadline_id": raised.deadline_id, "step": raised.step}
    assert noted[ANNE] == NoticeRefused(**about, recipient=ANNE, reason="refused", reply=550)
    assert noted[BORIS] == NoticeSent(**about, recipient=BORIS)
    assert (post.addresses(), post.box.tries) == ([address(BORIS)], 2)


async def test_no_name_goes_by_mail_and_no_address_into_the_engine(client: Client, pool: Pool) -> None:
    post = Post(client, pool, "secret")
    raised = await post.overdue()
    with post.box.open():
        async with post.open():
            await post.noted()
    told = b"".join(each.as_bytes() + each.get_content().encode() for each in post.box.taken).decode()
    person = (await post.events("person-0"))[0].event.model_dump()
    for name in ("given_name", "family_name", "birth_date", "person_id"):
        assert str(person.get(name) or "person-0") not in told, name
    run = client.get_workflow_handle(notice_workflow(post.journey(0), raised.deadline_id, raised.step, ANNE))
    assert address(ANNE) not in (await run.fetch_history()).to_json()


@pytest.mark.parametrize("gone", [ANNE, BORIS])
async def test_who_has_left_meanwhile_has_no_address(client: Client, pool: Pool, gone: str) -> None:
    post = Post(client, pool, f"left-{gone[12:]}")
    await post.overdue()
    await post.recorder.record(step(RemoveStaff(staff_id=gone), "office-tori", actor=SEEDER, at=datetime.now(UTC)))
    with post.box.open():
        async with post.open():
            noted = await post.noted()
    refused = noted[gone]
    assert isinstance(refused, NoticeRefused)
    assert refused.reason == "no_address"
