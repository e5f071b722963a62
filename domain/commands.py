"""Every command by name, gathered from the stages; the API's routes and the catalogue in docs/ are made from this."""

from __future__ import annotations

from domain import persons, places, providers, regions
from domain.decision import Command
from domain.stages import assessment, budgeting, delivery, exit, planning, referral, review, throughout

ALL: tuple[type[Command], ...] = (
    *persons.COMMANDS,
    *places.COMMANDS,
    *providers.COMMANDS,
    *regions.COMMANDS,
    *referral.COMMANDS,
    *assessment.COMMANDS,
    *planning.COMMANDS,
    *budgeting.COMMANDS,
    *delivery.COMMANDS,
    *review.COMMANDS,
    *exit.COMMANDS,
    *throughout.COMMANDS,
)
COMMANDS: dict[str, type[Command]] = {command.name: command for command in ALL}
assert len(COMMANDS) == len(ALL), "two commands have the same name"

STAGES: tuple[str, ...] = tuple(dict.fromkeys(str(command.stage) for command in ALL))
PREFIX = {
    "journeys": "journey",
    "persons": "person",
    "agreements": "agreement",
    "providers": "provider",
    "regions": "region",
}
