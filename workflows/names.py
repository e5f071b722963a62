"""Every name that Temporal knows of us, and the way from a stream to its workflow and back."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey

TASK_QUEUE = "teekond"
SWEEP_SCHEDULE = "teekond-sweep"
REPORT_SCHEDULE = "teekond-reports"

# Search attributes, ids and summaries are plain text to whoever runs Temporal: nothing personal in them.
STAGE = SearchAttributeKey.for_keyword("TeekondStage")
MUNICIPALITY = SearchAttributeKey.for_keyword("TeekondMunicipality")
SEARCH_ATTRIBUTES = (STAGE, MUNICIPALITY)


def journey_workflow(journey_id: str) -> str:
    return f"journeys/{journey_id}"


def step_workflow(kind: str, stream_id: str, command_id: str) -> str:
    return f"{kind}/{stream_id}/{command_id}"


def places_workflow(agreement: str) -> str:
    return f"places/{agreement}"


def claim_workflow(claim_id: str, phase: str) -> str:
    return f"claims/{claim_id}/{phase}"


def handover_workflow(handover_id: str, *, back: bool) -> str:
    return f"handovers/{handover_id}/{'back' if back else 'over'}"


def notice_workflow(journey_id: str, deadline_id: str, step: str, recipient: str) -> str:
    return f"notices/{journey_id}/{deadline_id}/{step}/{recipient}"


def journey_of(workflow_id: str) -> str:
    """The journey a workflow id stands for; ValueError if it is no journey's."""
    kind, _, journey_id = workflow_id.partition("/")
    if kind != "journeys" or not journey_id or "/" in journey_id:
        raise ValueError(f"{workflow_id} is not the workflow of a journey")
    return journey_id
