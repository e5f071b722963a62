"""The story of one synthetic person, from first contact to exit, as a case manager lives it: through the public API alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from itertools import count
from textwrap import fill

import httpx

from domain.money import euros
from domain.persons import CARE
from domain.working_days import at_hour, local_date

Json = dict[str, object]
PROVIDER = "provider-90000001"
MUNICIPALITY = "tori"
CARED_FOR = {  # what the person does not manage alone: section → degree
    "mental_state_impact": 3,
    "handling_money": 2,
    "household": 2,
    "free_time": 3,
}


DIMENSIONS = ("need", "importance", "confidence")
AT_FIRST = {"mental_health": (4, 4, 1), "daily_living": (3, 2, 2), "employment": (3, 3, 0), "free_time": (3, 2, 1)}
AT_LAST = {"mental_health": (1, 4, 4), "daily_living": (1, 2, 3), "employment": (1, 3, 3), "free_time": (1, 3, 3)}


class Unexpected(Exception):
    """The story did not go as told."""


class Caller:
    """One user of the API. Remembers the version last seen, as a screen would."""

    def __init__(self, client: httpx.AsyncClient, token: str, name: str) -> None:
        self._client, self._name, self._keys = client, name, count(1)
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Json:
        answer = await self._client.get(path, headers=self._headers)
        if answer.status_code != 200:
            raise Unexpected(f"GET {path}: {answer.status_code} {answer.text}")
        found: Json = answer.json()
        return found

    async def create(self, kind: str, command: str, data: Json) -> Json:
        return await self._post(f"/v1/{kind}/commands/{command}", data, {})

    async def send(self, path: str, command: str, data: Json, *, refused: int | None = None) -> Json:
        """On the version just seen. With `refused`, exactly that refusal is expected."""
        seen = await self._client.get(path, headers=self._headers)
        match = {"If-Match": seen.headers.get("ETag", "*")}
        return await self._post(f"{path}/commands/{command}", data, match, refused=refused)

    async def add(self, path: str, command: str, data: Json, *, key: str | None = None) -> Json:
        """A step that only adds, whatever others do meanwhile."""
        return await self._post(f"{path}/commands/{command}", data, {"If-Match": "*"}, key=key)

    async def _post(
        self, path: str, data: Json, headers: Mapping[str, str], *, refused: int | None = None, key: str | None = None
    ) -> Json:
        key = key or f"{self._name}-{next(self._keys)}"
        given = {**self._headers, **headers, "Idempotency-Key": key}
        for _ in range(60):
            try:
                answer = await self._client.post(path, json=data, headers=given)
            except httpx.TransportError:  # the answer is lost, not the step: the same key finds out
                await asyncio.sleep(0.2)
                continue
            if answer.status_code not in (429, 503):
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")) / 4)
        else:
            raise Unexpected(f"POST {path}: no answer")
        if answer.status_code != (refused or 200):
            raise Unexpected(f"POST {path}: {answer.status_code} {answer.text}")
        told: Json = answer.json()
        return told


Skip = Callable[[timedelta], Awaitable[None]]
Now = Callable[[], Awaitable[datetime]]


class Story:
    """Two years. `skip` lets time pass, `now` tells where it stands, `say` tells the reader."""

    def __init__(
        self, *, manager: Caller, person: Caller, provider: Caller, skip: Skip, now: Now, say: Callable[[str], None]
    ) -> None:
        self._manager, self._person, self._provider = manager, person, provider
        self._skip, self._now, self._say = skip, now, say
        self._told = 0
        self.journey = ""

    async def run(self) -> None:
        await self._somebody_notices()
        await self._a_refusal_that_does_not_stand()
        await self._what_is_needed()
        await self._a_plan_of_her_own()
        await self._money()
        await self._help_begins()
        await self._first_review()
        await self._another_plan()
        await self._years_pass()
        await self._goodbye()

    # ── The chapters ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _somebody_notices(self) -> None:
        self._chapter("Somebody notices")
        today = await self._today()
        person = await self._manager.create(
            "persons", "register-person",
            {
                "municipality": MUNICIPALITY, "given_name": "Mari", "family_name": "Näidis", "birth_date": "1984-03-02",
                "sex": "female", "synthetic": True,
            },
        )  # fmt: skip
        self._person_path = f"/v1/persons/{person['id']}"
        self._line("A neighbour tells the municipality that Mari has not left her flat for weeks.")
        await self._give_consent()
        begun = await self._manager.create("journeys", "record-referral", self._referral(str(person["id"]), today))
        self.journey = str(begun["id"])
        await self._pass(days=1)
        await self._contact("visit", reached=True)
        await self._news()

    async def _a_refusal_that_does_not_stand(self) -> None:
        self._chapter("A refusal, and a challenge")
        await self._pass(days=2)
        findings = [{"condition": "target_group", "holds": True, "judged_by": "doctor"}, *_no_other_service()]
        decided: Json = {"findings": findings, "primary_diagnosis": "schizophrenia"}
        refused = await self._manager.send(self._path, "decide-eligibility", decided, refused=422)
        self._line(f"The case manager tries to decide without saying why. The system answers: {refused['detail']}")
        await self._manager.send(
            self._path,
            "decide-eligibility",
            {**decided, "reasons": "None of the three grounds is shown by the papers."},
        )
        await self._news()
        view = await self._manager.get(self._path)
        await self._pass(days=5)
        await self._manager.send(
            self._path, "challenge-decision",
            {
                "decision_id": _first(view["challengeable"])["decision_id"], "filed_on": str(await self._today()),
                "grounds": "I do need somebody to help me put it all together.",
            },
        )  # fmt: skip
        await self._pass(days=6)
        view = await self._manager.get(self._path)
        (challenge,) = _list(view["open_challenges"])
        await self._manager.send(
            self._path, "decide-challenge",
            {
                "challenge_id": challenge, "on": str(await self._today()), "upheld": True,
                "reasons": "A social worker has since met Mari at home and finds that services must be put together.",
            },
        )  # fmt: skip
        ground = {
            "condition": "judged_to_need_integrated_services",
            "holds": True,
            "judged_by": "municipal_social_worker",
        }
        await self._manager.send(self._path, "decide-eligibility", {**decided, "findings": [*findings, ground]})
        await self._manager.send(self._path, "appoint-case-manager", {"case_manager": "case_manager.tori"})
        await self._news()

    async def _what_is_needed(self) -> None:
        self._chapter("What is needed, seen three ways")
        await self._pass(days=7)
        await self._contact("call", reached=False)
        await self._pass(days=4)
        await self._contact("visit", reached=True)
        today = str(await self._today())
        await self._manager.send(
            self._path, "assess-needs", await self._assessment(today, CARED_FOR, quality_of_life=3)
        )
        await self._measure("entry", today, AT_FIRST)
        await self._news()

    async def _a_plan_of_her_own(self) -> None:
        self._chapter("A plan of her own")
        await self._pass(days=8)
        today = await self._today()
        await self._manager.send(
            self._path, "draft-plan", self._plan(today, months=12, hours={"recovery": 40, "daily": 48})
        )
        await self._pass(days=2)
        await self._agree()
        await self._news()

    async def _money(self) -> None:
        self._chapter("Money set aside, and help ordered")
        await self._pass(days=3)
        await self._decide_budget("As planned; within what the degree of need calls for.")
        too_much = await self._manager.send(
            self._path, "commit-service", {"line_id": "recovery", "minutes": 50 * 60}, refused=409
        )
        self._line(f"Ordering more than was set aside is refused: {too_much['detail']}")
        for line, hours in (("recovery", 40), ("daily", 48)):
            await self._manager.send(self._path, "commit-service", {"line_id": line, "minutes": hours * 60})
        await self._news()

    async def _help_begins(self) -> None:
        self._chapter("Help begins")
        for week in range(8):
            await self._pass(days=7)
            await self._deliver("recovery" if week % 2 else "daily", minutes=120)
        view = await self._provider.get(f"{self._path}/events?limit=200")
        delivered = [_data(each) for each in _list(view["items"]) if each["type"] == "delivery.recorded"]
        wrong = str(delivered[-1]["delivery_id"])
        await self._person.send(
            self._path, "dispute-delivery", {"delivery_id": wrong, "reason": "She stayed one hour, not two."}
        )
        await self._manager.send(
            self._path,
            "settle-dispute",
            {"delivery_id": wrong, "upheld": True, "reason": "The worker remembers it so too."},
        )
        await self._provider.send(
            self._path, "correct-delivery", {"delivery_id": wrong, "minutes": 60, "reason": "One hour, as Mari says."}
        )
        await self._note("out", "Goes to the shop alone now.", "better")
        await self._news()

    async def _first_review(self) -> None:
        self._chapter("The first review, which the system remembers by itself")
        await self._pass_until_review()
        await self._news()
        await self._review("progress", "change_plan", quality_of_life=5)
        await self._news()

    async def _another_plan(self) -> None:
        self._chapter("A changed plan")
        await self._pass(days=5)
        today = await self._today()
        hours = {"recovery": 40, "work": 40}
        await self._manager.send(self._path, "draft-plan", self._plan(today, months=18, hours=hours))
        await self._agree()
        await self._decide_budget("Less help at home, more towards work.")
        await self._manager.send(self._path, "commit-service", {"line_id": "work", "minutes": 40 * 60})
        await self._news()

    async def _years_pass(self) -> None:
        self._chapter("Months of help, a review every quarter, a full one every year")
        for _ in range(6):
            for line in ("work", "recovery"):
                await self._pass(days=30)
                await self._deliver(line, minutes=180)
            await self._note("work", "Comes every time, and stays to the end.", "same")
            await self._pass_until_review()
            view = await self._manager.get(self._path)
            await self._review(str(view["next_review"]), "continue", quality_of_life=6)
        await self._news()
        await self._pay()
        await self._news()

    async def _goodbye(self) -> None:
        self._chapter("Goodbye")
        await self._pass(days=20)
        await self._manager.send(
            self._path, "exit-journey",
            {"on": str(await self._today()), "reason": "goal_reached", "quality_of_life": 8},
        )  # fmt: skip
        await self._measure("exit", str(await self._today()), AT_LAST)
        await self._pass(days=45)
        await self._news()
        await self._then_and_now()

    # ── The sentences ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _path(self) -> str:
        return f"/v1/journeys/{self.journey}"

    async def _give_consent(self) -> None:
        today = str(await self._today())
        consent: Json = {"purpose": CARE, "recipient": MUNICIPALITY, "on": today}
        await self._manager.send(self._person_path, "give-consent", consent)

    async def _contact(self, channel: str, *, reached: bool) -> None:
        told: Json = {"on": str(await self._today()), "channel": channel, "with_whom": "person", "reached": reached}
        await self._manager.add(self._path, "log-contact", told)

    async def _note(self, goal: str, note: str, direction: str) -> None:
        told: Json = {"goal_id": goal, "on": str(await self._today()), "note": note, "direction": direction}
        await self._manager.add(self._path, "note-progress", told)

    def _referral(self, person_id: str, today: date) -> Json:
        return {
            "person_id": person_id, "municipality": MUNICIPALITY, "noticed_by": "relative", "noticed_on": str(today),
            "reason": "Has not left the flat for weeks; bills unpaid.", "agreed_on": str(today),
            "rights_explained_on": str(today), "complete_on": str(today),
        }  # fmt: skip

    async def _assessment(self, today: str, degrees: Mapping[str, int], *, quality_of_life: int) -> Json:
        instrument = _dict((await self._manager.get("/v1/reference/instrument"))["instrument"])
        return {
            "on": today,
            "sections": [_answer(section, degrees) for section in _list(instrument["sections"]) if _asks(section)],
            "quality_of_life": quality_of_life,
            "views": {
                "own_words": "I want to go outside again without being afraid.",
                "specialist": "Withdrawn since the winter; manages the basics; money and household slip.",
                "carer": "I bring food, but I cannot be there every day.",
            },
        }

    def _plan(self, today: date, *, months: int, hours: Mapping[str, int]) -> Json:
        component = {"recovery": "mental.recovery", "daily": "daily.support", "work": "employment.work"}
        goal = {"recovery": "out", "daily": "home", "work": "work"}
        ends = today + timedelta(days=30 * months)
        return {
            "main_goal": "To walk to the sea on my own.",
            "goals": [
                {"goal_id": "out", "life_area": "mental_health", "words": "To leave the flat every day."},
                {"goal_id": "home", "life_area": "daily_living", "words": "To keep my home so that I can ask people in."},
                {"goal_id": "work", "life_area": "employment", "words": "To try a few hours of work."},
            ],
            "lines": [
                {
                    "line_id": line, "goal_id": goal[line], "component": component[line], "tariff": "individual",
                    "minutes": volume * 60, "provider_id": PROVIDER, "starts_on": str(today), "ends_on": str(ends),
                }
                for line, volume in hours.items()
            ],
            "community_lines": [
                {"line_id": "neighbour", "goal_id": "out", "helper": "The neighbour", "help": "A walk on Sundays."}
            ],
            "crisis_plan": "Call the neighbour, then the crisis line; the key is with the neighbour.",
        }  # fmt: skip

    async def _measure(self, occasion: str, today: str, told: Mapping[str, tuple[int, int, int]]) -> None:
        """As Mari tells it; what she says nothing of is not told, which is not 0."""
        asked = _dict((await self._manager.get("/v1/reference/measure"))["measure"])["life_areas"]
        scores = {
            area: dict(zip(DIMENSIONS, told.get(area, (None, None, None)), strict=True)) for area in _strings(asked)
        }
        taken: Json = {"occasion": occasion, "on": today, "by": "person", "scores": scores}
        await self._person.add(self._path, "take-measure", taken)

    async def _then_and_now(self) -> None:
        found = _first((await self._person.get(f"{self._path}/measures"))["then_and_now"])
        for area, each in _dict(found["areas"]).items():
            difference = _dict(each)
            if difference["change"] is not None and None not in _dict(difference["change"]).values():
                then, now = _dict(difference["then"]), _dict(difference["now"])
                told = ", ".join(f"{what} {then[what]} then, {now[what]} now" for what in DIMENSIONS)
                self._line(f"Then and now, {area.replace('_', ' ')}: {told}.")

    async def _agree(self) -> None:
        view = await self._manager.get(self._path)
        agreed: Json = {"plan_id": view["plan_id"], "agreed_on": str(await self._today())}
        await self._manager.send(self._path, "agree-plan", agreed)

    async def _decide_budget(self, reasons: str) -> None:
        await self._manager.send(self._path, "decide-budget", {"form": "administrative_act", "reasons": reasons})

    async def _deliver(self, line: str, *, minutes: int) -> None:
        day = str(await self._today())
        await self._provider.add(self._path, "record-delivery", {"line_id": line, "day": day, "minutes": minutes})

    async def _review(self, kind: str, outcome: str, *, quality_of_life: int) -> None:
        areas = _list((await self._manager.get("/v1/reference/life-areas"))["items"])
        await self._manager.send(
            self._path, "hold-review",
            {
                "review": kind, "on": str(await self._today()), "outcome": outcome, "quality_of_life": quality_of_life,
                "need_by_life_area": {str(area["code"]): 1 for area in areas},
                "summary": "Goes out most days; wants to try work.",
            },
        )  # fmt: skip

    async def _pay(self) -> None:
        """The provider's claim of all months that are over: put together, looked at, paid."""
        month = (await self._today()).replace(day=1) - timedelta(days=1)
        asked: Json = {"provider_id": PROVIDER, "municipality": MUNICIPALITY, "month": str(month.replace(day=1))}
        claim = f"/v1/claims/{(await self._provider.create('claims', 'assemble-claim', asked))['id']}"
        await self._manager.send(claim, "decide-claim", {})
        checked = await self._until(claim, "checked")
        self._line(f"Claimed {_euros(checked['claimed_cents'])} euros, accepted {_euros(checked['accepted_cents'])}.")
        await self._manager.send(claim, "pay-claim", {"paid_on": str(await self._today()), "reference": "invoice-1"})
        await self._until(claim, "paid")

    async def _until(self, claim: str, stage: str) -> Json:
        """What follows from a step by itself follows soon."""
        for _ in range(300):
            view = await self._manager.get(claim)
            if view["stage"] == stage:
                return view
            await asyncio.sleep(0.05)
        raise Unexpected(f"{claim} is not {stage}")

    # ── Time, and what is said ───────────────────────────────────────────────────────────────────────────────────────

    async def _today(self) -> date:
        return local_date(await self._now())

    async def _pass(self, *, days: int) -> None:
        there = at_hour(await self._today() + timedelta(days=days), 10)
        await self._skip(there - await self._now())
        await self._settled_down()

    async def _pass_until_review(self) -> None:
        """To the day the review is due, past the reminder before it and the one on the day."""
        view = await self._manager.get(self._path)
        due = next(each for each in _list(view["deadlines"]) if each["what"] == "review")
        days = (date.fromisoformat(str(due["due_on"])) - await self._today()).days
        if days > 0:
            await self._pass(days=days)

    async def _settled_down(self) -> None:
        """Timers that fired in the skipped time have been answered when none is left behind."""
        for _ in range(200):
            if not self.journey:
                return
            view = await self._manager.get(self._path)
            now = await self._now()
            wakes_at = view["wakes_at"]
            if wakes_at is None or datetime.fromisoformat(str(wakes_at)) > now:
                return
            await asyncio.sleep(0.02)
        raise Unexpected("a timer has not fired")

    async def _news(self) -> None:
        """What was recorded since the last time we looked."""
        timeline = _list((await self._manager.get(f"{self._path}/timeline"))["items"])
        for each in timeline[self._told :]:
            when = datetime.fromisoformat(str(each["recorded_at"]))
            mark = "⏰" if _dict(each["actor"])["role"] == "system" else "  "
            self._say(_wrapped(f"  {local_date(when):%d.%m.%Y} {mark} {each['sentence']}"))
        self._told = len(timeline)

    def _chapter(self, title: str) -> None:
        self._say(f"\n{title}")

    def _line(self, text: str) -> None:
        self._say(_wrapped(f"             {text}"))


def _no_other_service() -> list[Json]:
    places = ("no_state_special_care", "no_social_rehabilitation", "no_similar_externally_financed_service")
    return [{"condition": each, "holds": True, "judged_by": "document"} for each in places]


def _asks(section: Json) -> bool:
    return all(item["scale"] == "need" for item in _list(section["items"]))


def _answer(section: Json, degrees: Mapping[str, int]) -> Json:
    code = str(section["code"])
    degree = degrees.get(code)
    if degree is None:
        return {"section": code, "copes_independently": not section["reversed"]}
    items = [str(item["code"]) for item in _list(section["items"])]
    return {
        "section": code,
        "copes_independently": bool(section["reversed"]),
        "degrees": dict.fromkeys(items, degree),
        "comments": dict.fromkeys(items, "Needs somebody beside her."),
    }


# What comes back is JSON; these say what we expect of it.


def _list(value: object) -> list[Json]:
    assert isinstance(value, list), value
    return value


def _strings(value: object) -> list[str]:
    assert isinstance(value, list), value
    return [str(each) for each in value]


def _dict(value: object) -> Json:
    assert isinstance(value, dict), value
    return value


def _data(event: Json) -> Json:
    return _dict(event["data"])


def _wrapped(line: str) -> str:
    return fill(line, width=120, subsequent_indent=" " * 16, break_long_words=False, break_on_hyphens=False)


def _euros(value: object) -> str:
    assert isinstance(value, int), value
    return euros(value)


def _first(value: object) -> Json:
    return _list(value)[0]
