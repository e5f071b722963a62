"""The laws of a journey hold on many more paths than every run of the tests takes."""

from __future__ import annotations

import pytest

from tests.domain.test_laws import STARTS, Start, run


@pytest.mark.parametrize("start", STARTS.values(), ids=list(STARTS))
def test_the_laws_hold_on_many_more_paths(start: Start) -> None:
    run(start, examples=200)
