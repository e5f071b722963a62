"""The README's tour is run as it stands, line by line, against a running installation."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from starter.scene import Scene

ROOT = Path(__file__).parent.parent


def tour() -> str:
    told = (ROOT / "README.md").read_text(encoding="utf-8").split("<!-- tour -->")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", told, flags=re.S))


async def test_the_tour_leads_from_a_click_to_an_event(installation: Scene) -> None:
    """Every step is answered, the one that must be refused is, and the last line replays the journey to its exit."""
    script = tour().replace("http://127.0.0.1:8080", installation.url)
    environment = {**os.environ, **installation.environment, "TOKEN": installation.tokens["case_manager.tori"]}
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script,
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    told = out.decode()
    assert process.returncode == 0, told
    assert told.count("urn:teekond:problem:") == 1, told
    assert '"rows":1,"recorded":1' in told, told
    assert "urn:teekond:problem:date_in_future" in told
    assert re.search(r"14  .* Left on", told), told
    assert "allocated 80.00  committed 80.00  delivered 80.00  accepted 0.00  paid 0.00" in told, told
