"""A caseload handed over while some of it is worked on, and taken back: what must be true whatever the number of cases."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

from domain.events import CaseManagerAppointed
from starter.scene import Scene
from tests.starter.bodies import User, a_contact, a_journey, done, listed, new_key
from tests.starter.crowds import eventually

AT_ONCE = 16  # journeys being made


async def handed_over_while_worked_on(
    installation: Scene, lead: User, worker: User, *, cases: int, worked_on: int
) -> None:
    """Nothing lost, nothing doubled, and undone. One case is somebody else's by then and stays with them."""
    mine = f"mari-{new_key()}"
    turns = asyncio.Semaphore(AT_ONCE)

    async def made() -> str:
        async with turns:
            path = await a_journey(worker)
            await worker.step(path, "appoint-case-manager", {"case_manager": mine})
            return path.rpartition("/")[2]

    journeys = list(await asyncio.gather(*(made() for _ in range(cases))))
    elsewhere = journeys[-1]
    await worker.step(f"/v1/journeys/{elsewhere}", "appoint-case-manager", {"case_manager": "somebody"})
    order = {
        "municipality": "tori",
        "from_manager": mine,
        "to": ["jaan", "tiina"],
        "journeys": journeys,
        "reason": "Ill.",
    }

    ordered, *contacts = await asyncio.gather(
        lead.post("/v1/handovers/commands/hand-over-caseload", order, key=new_key()),
        *(worker.insists(f"/v1/journeys/{each}/commands/log-contact", a_contact()) for each in journeys[:worked_on]),
    )

    assert all(done(each) for each in contacts)
    path = f"/v1/handovers/{done(ordered)['id']}"
    await eventually(partial(_answered, lead, path, "result", cases))
    cases_told = listed(done(await lead.get(path))["cases"])
    results = Counter(str(case["result"]) for case in cases_told)
    assert results == {"handed_over": cases - 1, "not_theirs": 1}, results
    for number, journey_id in enumerate(journeys[:-1]):
        told = [each.event for each in await installation.history(journey_id)]
        managers = [each.case_manager for each in told if isinstance(each, CaseManagerAppointed)]
        assert managers == [mine, ("jaan", "tiina")[number % 2]]
        assert [each.type for each in told].count("contact.logged") == (1 if number < worked_on else 0)

    await worker.step(f"/v1/journeys/{journeys[0]}", "appoint-case-manager", {"case_manager": "somebody"})
    await lead.step(path, "undo-hand-over", {"reason": "Well again."})
    await eventually(partial(_answered, lead, path, "given_back", cases - 1))
    seen = (journeys[0], *journeys[1:4], elsewhere)
    theirs = {each: done(await worker.get(f"/v1/journeys/{each}"))["case_manager"] for each in seen}
    assert theirs == {journeys[0]: "somebody", **dict.fromkeys(journeys[1:4], mine), elsewhere: "somebody"}
    back = Counter(case["given_back"] for case in listed(done(await lead.get(path))["cases"]))
    assert back == {"handed_over": cases - 2, "not_theirs": 1, None: 1}


async def _answered(lead: User, path: str, what: str, number: int) -> bool:
    return sum(case[what] is not None for case in listed(done(await lead.get(path))["cases"])) == number
