"""Counts a month anew from the record's own rows, knowing nothing of the product but the names of its facts.

    python tests/reports/recount.py postgresql://… 2026-03 [municipality]

For a report that somebody doubts: it reads `teekond.event` as it lies there and shares no line with what made the report.
"""

from __future__ import annotations

import asyncio
import base64
import calendar
import json
import sys
from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

Json = dict[str, Any]
HERE = ZoneInfo("Europe/Tallinn")


async def history(url: str) -> list[Json]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT stream_id, kind, type, body, sealed, occurred_at FROM teekond.event ORDER BY txid, position"
        )
    finally:
        await connection.close()
    return [
        {"stream": row["stream_id"], "kind": row["kind"], "type": row["type"], **opened(row["body"], row["sealed"]),
         "day": row["occurred_at"].astimezone(HERE).date()}
        for row in rows
    ]  # fmt: skip


def opened(body: bytes, sealed: bytes) -> Json:
    """Without keys yet, what is sealed lies beside the body; each part under its path."""
    told: Json = {"data": json.loads(body)}
    for text in json.loads(sealed or b"{}").values():
        for path, value in json.loads(base64.b64decode(text)).items():
            *steps, last = path.split("/")
            place = told["data"]
            for one in steps:
                place = place[int(one)] if isinstance(place, list) else place[one]
            place[last] = value
    return told


class Case:
    def __init__(self) -> None:
        self.municipality = ""
        self.person = ""
        self.noticed = date.max
        self.stays: list[Json] = []  # municipality, from, to (None: still), reason
        self.waits: list[Json] = []  # likewise
        self.given: dict[str, Json] = {}
        self.goal_of_line: dict[str, str] = {}
        self.area_of_goal: dict[str, str] = {}
        self.needs: list[tuple[date, Json]] = []


def cases_of(events: list[Json]) -> tuple[dict[str, Case], dict[str, Json]]:
    cases: dict[str, Case] = defaultdict(Case)
    people: dict[str, Json] = {}
    for event in events:
        data, name = event["data"], event["type"]
        if name == "person.registered":
            people[event["stream"]] = data
        if event["kind"] == "journeys":
            happened(cases[event["stream"]], name, data, event["day"])
    return cases, people


def happened(case: Case, name: str, data: Json, day: date) -> None:
    if name == "referral.recorded":
        case.municipality, case.person = data["municipality"], data["person_id"]
        case.noticed = date.fromisoformat(data["noticed_on"])
    elif name == "place.awaited":
        since = date.fromisoformat(data["since"])
        waits_no_more(case, day - timedelta(days=1))
        case.waits.append({"in": case.municipality, "from": max(day, since) if case.waits else since, "to": None})
    elif name == "place.received":
        begun = date.fromisoformat(data["from_on"])
        case.stays.append({"in": case.municipality, "from": begun, "to": None, "reason": ""})
        waits_no_more(case, begun - timedelta(days=1))
    elif name == "offer.declined" and not data["keeps_waiting"]:
        waits_no_more(case, day)
    elif name == "journey.exited":
        left = date.fromisoformat(data["on"])
        ends(case, left, data["reason"])
        waits_no_more(case, left)
    elif name == "transfer.accepted":
        moved = date.fromisoformat(data["on"])
        open_waits = [wait for wait in case.waits if wait["to"] is None]
        waits_no_more(case, moved - timedelta(days=1))
        case.municipality = data["municipality"]
        if open_waits and data["place_stays"]:
            case.waits.append({"in": case.municipality, "from": moved, "to": None})
        if ends(case, moved, "moved_municipality") and data["place_stays"]:
            case.stays.append({"in": case.municipality, "from": moved, "to": None, "reason": ""})
    elif name == "plan.drafted":
        case.area_of_goal |= {goal["goal_id"]: goal["life_area"] for goal in data["goals"]}
        case.goal_of_line |= {line["line_id"]: line["goal_id"] for line in data["lines"]}
    elif name == "delivery.recorded":
        area = case.area_of_goal.get(case.goal_of_line.get(data["line_id"], ""), "")
        case.given[data["delivery_id"]] = {**data, "area": area, "in": case.municipality}
    elif name == "delivery.corrected":
        case.given[data["delivery_id"]] |= {"minutes": data["minutes"], "cents": data["cents"]}
    elif name in ("assessment.completed", "review.held"):
        case.needs.append((date.fromisoformat(data["on"]), data["need_by_life_area"]))


def waits_no_more(case: Case, last: date) -> None:
    for wait in case.waits:
        if wait["to"] is None:
            wait["to"] = last


def ends(case: Case, day: date, reason: str) -> bool:
    lasting = [stay for stay in case.stays if stay["to"] is None]
    for stay in lasting:
        stay |= {"to": day, "reason": reason}
    return bool(lasting)


def recount(events: list[Json], month: str, municipality: str | None = None) -> dict[tuple[str, str, str], int]:
    """(table, row, column) → figure, of what the monthly report sums up; what is nothing is left out."""
    year, number = map(int, month.split("-"))
    first, last = date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    cases, people = cases_of(events)
    for case in cases.values():
        for table, row, column, value in figures(case, people.get(case.person, {}), first, last, municipality):
            found[table, row, column] += value
    return {place: value for place, value in found.items() if value}


def figures(
    case: Case, person: Json, first: date, last: date, municipality: str | None
) -> list[tuple[str, str, str, int]]:
    told: list[tuple[str, str, str, int]] = []

    def count(column: str, value: int = 1, *, of: str, tables: str) -> None:
        rows = {"participants": "", "municipalities": of, "sexes": person.get("sex", ""), "ages": band(person, last)}
        told.extend((table, rows[table], column, value) for table in tables.split())

    everywhere = "participants municipalities sexes ages"
    stays = [
        stay for stay in joined_up(case.stays, municipality)
        if stay["from"] <= last and (stay["to"] or last) >= max(first, stay["from"])
    ]  # fmt: skip
    if stays:
        count("participants", of=stays[-1]["in"], tables=everywhere)
        told.extend(("life_areas", area, "participants", 1) for area in in_need(case, last))
    for stay in stays:
        if stay["from"] >= first:
            count("joined", of=stay["in"], tables=everywhere)
        if stay["to"] and stay["to"] <= last:
            count("left", of=stay["in"], tables=everywhere)
            told.append(("reasons", stay["reason"], "left", 1))
        else:
            count("at_end", of=stay["in"], tables="participants municipalities")
    for wait in case.waits:
        if municipality in (None, wait["in"]) and wait["from"] <= last <= (wait["to"] or date.max):
            count("waiting", of=wait["in"], tables=everywhere)
    given = [
        each for each in case.given.values()
        if municipality in (None, each["in"]) and first <= date.fromisoformat(each["day"]) <= last
    ]  # fmt: skip
    for each in given:
        for unit in ("minutes", "cents"):
            count(unit, each[unit], of=each["in"], tables="municipalities")
            told.append(("components", each["component"], unit, each[unit]))
            told.append(("life_areas", each["area"], unit, each[unit]))
    helped = [each for each in given if each["minutes"]]
    if helped:
        count("helped", of=min(helped, key=lambda each: each["day"])["in"], tables="municipalities")
        told.extend(("components", code, "helped", 1) for code in {each["component"] for each in helped})
        told.extend(("life_areas", code, "helped", 1) for code in {each["area"] for each in helped})
    return told


def joined_up(stays: list[Json], municipality: str | None) -> list[Json]:
    """Of one municipality; or of all, where a move from one to another is neither leaving nor joining."""
    if municipality is not None:
        return [stay for stay in stays if stay["in"] == municipality]
    joined: list[Json] = []
    for stay in stays:
        if joined and joined[-1]["reason"] == "moved_municipality" and joined[-1]["to"] == stay["from"]:
            joined[-1] = {**stay, "from": joined[-1]["from"]}
        else:
            joined.append(stay)
    return joined


def in_need(case: Case, last: date) -> set[str]:
    latest: Json = {}
    for day, degrees in sorted(case.needs, key=lambda each: each[0]):
        if day <= last:
            latest |= {area: degree for area, degree in degrees.items() if degree <= 4}
    return {area for area, degree in latest.items() if degree >= 1}


def band(person: Json, on: date) -> str:
    if "birth_date" not in person:
        return ""
    born = date.fromisoformat(person["birth_date"])
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return next(name for start, name in
                [(65, "65+"), (50, "50-64"), (30, "30-49"), (18, "18-29"), (0, "0-17")] if years >= start)  # fmt: skip


if __name__ == "__main__":
    url, month, *of = sys.argv[1:]
    for (table, row, column), value in sorted(recount(asyncio.run(history(url)), month, *of).items()):
        print(f"{table}\t{row}\t{column}\t{value}")
