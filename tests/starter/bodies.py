"""Users of the API who see every answer as it is, the bodies they send, and journeys brought to each stage by them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import httpx

from domain.persons import CARE
from domain.working_days import local_date
from starter.scene import Scene
from starter.story import CARED_FOR, PROVIDER

Json = dict[str, object]
STAGES = ("referral", "assessment", "planning", "agreement", "budgeting", "delivery", "exit")


def today() -> date:
    return local_date(datetime.now(UTC))


def new_key() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a token, or with none. Nothing is expected of the answers here."""

    http: httpx.AsyncClient
    token: str | None
    municipality: str = "tori"

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **query: str | int | bool) -> httpx.Response:
        return await self.http.get(path, params=query or None, headers=self.headers)

    async def post(
        self, path: str, data: Mapping[str, object], *, key: str | None = "new", match: str | None = "*"
    ) -> httpx.Response:
        """`key` None: without one; "new": one never used before. `match` None: without If-Match."""
        headers = self.headers
        if key is not None:
            headers["Idempotency-Key"] = new_key() if key == "new" else key
        if match is not None:
            headers["If-Match"] = match
        return await self.http.post(path, json=data, headers=headers)

    async def insists(
        self, path: str, data: Mapping[str, object], *, key: str | None = None, match: str = "*"
    ) -> httpx.Response:
        """Sends the same again for as long as it is told to come again."""
        key = key or new_key()
        while True:
            answer = await self.post(path, data, key=key, match=match)
            if answer.status_code not in (429, 503):
                return answer
            await asyncio.sleep(float(answer.headers["Retry-After"]) / 4)

    async def step(self, path: str, command: str, data: Mapping[str, object]) -> Json:
        """On the version as it is now; it must succeed."""
        seen = (await self.get(path)).headers["ETag"]
        return done(await self.post(f"{path}/commands/{command}", data, match=seen))


def user(installation: Scene, http: httpx.AsyncClient, actor: str) -> User:
    return User(http, installation.tokens[actor], actor.rpartition(".")[2])


def done(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def refused(answer: httpx.Response, status: int, code: str, *fields: str) -> Json:
    """It is that problem, in the shape that RFC 9457 gives it, and names exactly these fields."""
    problem: Json = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["type"] == f"urn:teekond:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    assert [each["field"] for each in listed(problem["errors"])] == list(fields), answer.text
    return problem


def listed(value: object) -> list[Json]:
    assert isinstance(value, list), value
    return value


# ── Bodies ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_person(municipality: str = "tori") -> Json:
    """[synthetic] Nobody else has this name."""
    return {
        "municipality": municipality, "given_name": "Mari", "family_name": f"Näidis {new_key()}",
        "birth_date": "1984-03-02", "sex": "female", "synthetic": True,
    }  # fmt: skip


def consent(recipient: str = "tori") -> Json:
    return {"purpose": CARE, "recipient": recipient, "on": str(today())}


def referral(person_id: str, municipality: str = "tori") -> Json:
    day = str(today())
    return {
        "person_id": person_id, "municipality": municipality, "noticed_by": "relative", "noticed_on": day,
        "reason": "Has not left the flat for weeks.", "agreed_on": day, "rights_explained_on": day, "complete_on": day,
    }  # fmt: skip


def eligible() -> Json:
    return {
        "primary_diagnosis": "schizophrenia",
        "findings": [
            {"condition": condition, "holds": True, "judged_by": "document"}
            for condition in (
                "target_group", "judged_to_need_integrated_services", "no_state_special_care",
                "no_social_rehabilitation", "no_similar_externally_financed_service",
            )
        ],
    }  # fmt: skip


def assessment(instrument: Json) -> Json:
    sections = [each for each in listed(instrument["sections"]) if listed(each["items"])[0]["scale"] == "need"]
    return {
        "on": str(today()),
        "sections": [_answer(section) for section in sections],
        "quality_of_life": 3,
        "views": {"own_words": "I want to go outside again.", "specialist": "Withdrawn since the winter."},
    }


def _answer(section: Json) -> Json:
    code = str(section["code"])
    if code not in CARED_FOR:
        return {"section": code, "copes_independently": not section["reversed"]}
    items = [str(item["code"]) for item in listed(section["items"])]
    return {
        "section": code,
        "copes_independently": bool(section["reversed"]),
        "degrees": dict.fromkeys(items, CARED_FOR[code]),
        "comments": dict.fromkeys(items, "Needs somebody beside her."),
    }


def a_line(**changed: object) -> Json:
    return {
        "line_id": "recovery", "goal_id": "out", "component": "mental.recovery", "tariff": "individual",
        "minutes": 40 * 60, "provider_id": PROVIDER, "starts_on": str(today()),
        "ends_on": str(today() + timedelta(days=180)), **changed,
    }  # fmt: skip


def a_plan(*lines: Json) -> Json:
    return {
        "main_goal": "To walk to the sea on my own.",
        "goals": [{"goal_id": "out", "life_area": "mental_health", "words": "To leave the flat every day."}],
        "lines": list(lines) or [a_line()],
        "crisis_plan": "Call the neighbour.",
    }


def a_budget() -> Json:
    return {"form": "administrative_act", "reasons": "As planned."}


def a_contact(**changed: object) -> Json:
    return {"on": str(today()), "channel": "call", "with_whom": "person", "reached": True, **changed}


def a_delivery(**changed: object) -> Json:
    return {"line_id": "recovery", "day": str(today()), "minutes": 60, **changed}


def an_exit(**changed: object) -> Json:
    return {"on": str(today()), "reason": "own_wish", "quality_of_life": 7, **changed}


# ── Journeys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def registered(manager: User) -> str:
    """A person who consents to care; their path."""
    person = done(await manager.post("/v1/persons/commands/register-person", a_person(manager.municipality)))
    path = f"/v1/persons/{person['id']}"
    await manager.step(path, "give-consent", consent(manager.municipality))
    return path


async def a_journey(manager: User, stage: str = "referral") -> str:
    """A new journey brought to a stage, step by step through the API; its path."""
    person = (await registered(manager)).removeprefix("/v1/persons/")
    body = referral(person, manager.municipality)
    path = f"/v1/journeys/{done(await manager.post('/v1/journeys/commands/record-referral', body))['id']}"
    for reached in STAGES[1 : STAGES.index(stage) + 1]:
        await _on_to(reached, path, manager)
    return path


async def _on_to(stage: str, path: str, manager: User) -> None:
    match stage:
        case "assessment":
            await manager.step(path, "decide-eligibility", eligible())
        case "planning":
            await manager.step(path, "assess-needs", assessment(await the_instrument(manager)))
        case "agreement":
            await manager.step(path, "draft-plan", a_plan())
        case "budgeting":
            view = done(await manager.get(path))
            await manager.step(path, "agree-plan", {"plan_id": view["plan_id"], "agreed_on": str(today())})
        case "delivery":
            await manager.step(path, "decide-budget", a_budget())
            await manager.step(path, "commit-service", {"line_id": "recovery", "minutes": 20 * 60})
        case "exit":
            await manager.step(path, "exit-journey", an_exit())


async def the_instrument(somebody: User) -> Json:
    instrument: Json = (await somebody.get("/v1/reference/instrument")).json()["instrument"]
    return instrument
