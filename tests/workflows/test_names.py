"""Workflow ids are told apart by their kind, and lead back to the stream they stand for."""

from __future__ import annotations

import pytest

from activities.messages import digest
from workflows.names import journey_of, journey_workflow, places_workflow, step_workflow


def test_the_way_to_a_journeys_workflow_leads_back() -> None:
    assert journey_of(journey_workflow("journey-1")) == "journey-1"


@pytest.mark.parametrize(
    "other", [places_workflow("tori"), step_workflow("persons", "person-1", "c"), "journeys/", "journeys/a/b", "sweep"]
)
def test_other_workflows_are_no_journeys(other: str) -> None:
    with pytest.raises(ValueError, match="not the workflow of a journey"):
        journey_of(other)


def test_the_same_parts_have_the_same_digest_and_no_others() -> None:
    assert digest("a", "b") == digest("a", "b")
    assert len({digest("a", "b"), digest("ab"), digest("b", "a"), digest("a", "b", "")}) == 4
