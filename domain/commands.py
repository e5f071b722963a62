"""Every command by name, gathered from the stages; the API's routes and the catalogue in docs/ are made from this."""

from __future__ import annotations

from domain import claims, handovers, offices, persons, places, providers, publications, regions
from domain.decision import Command
from domain.reports import sent
from domain.stages import (
    assessment,
    budgeting,
    claiming,
    delivery,
    exit,
    handing_over,
    holding,
    outcomes,
    placing,
    planning,
    referral,
    review,
    taking_over,
    throughout,
    timing,
    transferring,
)

ALL: tuple[type[Command], ...] = (
    *persons.COMMANDS,
    *places.COMMANDS,
    *providers.COMMANDS,
    *claims.COMMANDS,
    *publications.COMMANDS,
    *regions.COMMANDS,
    *offices.COMMANDS,
    *handovers.COMMANDS,
    *sent.COMMANDS,
    *referral.COMMANDS,
    *taking_over.COMMANDS,
    *placing.COMMANDS,
    *holding.COMMANDS,
    *assessment.COMMANDS,
    *planning.COMMANDS,
    *budgeting.COMMANDS,
    *delivery.COMMANDS,
    *claiming.COMMANDS,
    *review.COMMANDS,
    *exit.COMMANDS,
    *throughout.COMMANDS,
    *outcomes.COMMANDS,
    *timing.COMMANDS,
    *handing_over.COMMANDS,
    *transferring.COMMANDS,
)
COMMANDS: dict[str, type[Command]] = {command.name: command for command in ALL}
assert len(COMMANDS) == len(ALL), "two commands have the same name"

STAGES: tuple[str, ...] = tuple(dict.fromkeys(str(command.stage) for command in ALL))
PREFIX = {
    "journeys": "journey",
    "persons": "person",
    "agreements": "agreement",
    "providers": "provider",
    "claims": "claim",
    "programmes": "programme",
    "regions": "region",
    "offices": "office",
    "handovers": "handover",
    "reports": "report",
}
