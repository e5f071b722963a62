"""Many at once: nobody's step is lost, nobody's is doubled, and of those that exclude each other one wins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from starter.scene import Scene
from tests.starter.bodies import User, a_contact, a_journey, done, new_key, refused, user


@pytest.fixture
async def crowd(installation: Scene) -> AsyncIterator[User]:
    """A case manager with a hundred connections."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=installation.url, timeout=60, limits=limits) as http:
        yield user(installation, http, "case_manager.tori")


async def events(installation: Scene, path: str) -> list[str]:
    told = await installation.history(path.rpartition("/")[2])
    assert [each.version for each in told] == list(range(1, len(told) + 1))
    return [each.event.type for each in told]


async def test_forty_who_add_at_once_all_get_in_with_a_version_each(installation: Scene, crowd: User) -> None:
    """More than the engine takes for one person at once: whoever is asked to come again does, and gets in."""
    path = await a_journey(crowd)

    answers = await asyncio.gather(*(crowd.insists(f"{path}/commands/log-contact", a_contact()) for _ in range(40)))

    assert sorted(int(str(done(answer)["version"])) for answer in answers) == list(range(2, 42))
    assert Counter(await events(installation, path))["contact.logged"] == 40


async def test_whoever_comes_after_too_many_is_told_when_to_come_again_and_gets_in_then(crowd: User) -> None:
    path = await a_journey(crowd)
    step, keys = f"{path}/commands/log-contact", [new_key() for _ in range(100)]

    answers = await asyncio.gather(*(crowd.post(step, a_contact(), key=key) for key in keys))

    for answer in answers:
        assert answer.status_code == 200 or refused(answer, 429, "busy")
        assert answer.headers.get("Retry-After") == (None if answer.status_code == 200 else "1")
    answers = await asyncio.gather(*(crowd.insists(step, a_contact(), key=key) for key in keys))
    assert sorted(int(str(done(answer)["version"])) for answer in answers) == list(range(2, 102))


async def test_two_hundred_with_one_key_are_one_step_with_one_answer(installation: Scene, crowd: User) -> None:
    """A drill has a thousand."""
    await one_step_of(200, installation, crowd)


async def one_step_of(many: int, installation: Scene, crowd: User) -> None:
    """And another content under that key is refused meanwhile, not mixed up with it."""
    path, key = await a_journey(crowd), new_key()
    step = f"{path}/commands/log-contact"

    *answers, other = await asyncio.gather(
        *(crowd.insists(step, a_contact(), key=key) for _ in range(many)),
        after_the_first(crowd, installation, path, key),
    )

    assert Counter(answer.text for answer in answers).most_common() == [(answers[0].text, many)]
    assert done(answers[0])["events"] == ["contact.logged"]
    refused(other, 409, "idempotency_key_reused", "Idempotency-Key")
    assert await events(installation, path) == ["referral.recorded", "contact.logged"]


async def after_the_first(crowd: User, installation: Scene, path: str, key: str) -> httpx.Response:
    while len(await installation.history(path.rpartition("/")[2])) < 2:  # noqa: ASYNC110 — what is awaited is in the database
        await asyncio.sleep(0)
    return await crowd.insists(f"{path}/commands/log-contact", a_contact(reached=False), key=key)


async def test_two_contents_under_one_key_at_the_same_moment_are_not_both_taken(
    installation: Scene, crowd: User
) -> None:
    path, key = await a_journey(crowd), new_key()
    step = f"{path}/commands/log-contact"

    answers = await asyncio.gather(
        *(crowd.insists(step, a_contact(reached=bool(number % 2)), key=key) for number in range(20))
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 10
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert await events(installation, path) == ["referral.recorded", "contact.logged"]


async def test_of_edits_that_exclude_each_other_exactly_one_wins(installation: Scene, crowd: User) -> None:
    """All saw the same version; the others are told that it has changed since."""
    path = await a_journey(crowd)
    seen = (await crowd.get(path)).headers["ETag"]

    answers = await asyncio.gather(
        *(
            crowd.insists(f"{path}/commands/appoint-case-manager", {"case_manager": f"m{number}"}, match=seen)
            for number in range(12)
        )
    )

    [winner] = [answer for answer in answers if answer.status_code == 200]
    for answer in answers:
        assert answer is winner or refused(answer, 412, "stale", "If-Match")
    assert await events(installation, path) == ["referral.recorded", "case_manager.appointed"]


async def test_a_creation_sent_many_times_at_once_makes_one(crowd: User) -> None:
    key = new_key()
    body = {
        "municipality": "tori", "given_name": "Jaan", "family_name": f"Näidis {key}", "birth_date": "1990-05-17",
        "sex": "male", "synthetic": True,
    }  # fmt: skip

    answers = await asyncio.gather(
        *(crowd.insists("/v1/persons/commands/register-person", body, key=key) for _ in range(50))
    )

    assert len({answer.text for answer in answers}) == 1
    assert done(answers[0])["version"] == 1
