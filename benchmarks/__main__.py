"""`python -m benchmarks [name …] [--json]`: ours beside the bare thing, measured. Says what it found, never fails for it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
from pathlib import Path

from benchmarks import append, reports, steps

BENCHMARKS = {"steps": steps.run, "append": append.run, "reports": reports.run}


def main() -> None:
    asked = _asked()
    reports = []
    for name in asked.names or BENCHMARKS:
        with tempfile.TemporaryDirectory(prefix="teekond-bench-") as folder:
            os.chmod(folder, 0o711)  # PostgreSQL, which is never root, must pass through to its data
            report = asyncio.run(BENCHMARKS[name](Path(folder) / "data"))
        reports.append(report)
        if not asked.json:
            print(f"{report.as_text()}\n", flush=True)
    if asked.json:
        print(json.dumps({"machine": _machine(), "reports": [each.as_json() for each in reports]}, indent=2))
    else:
        print(f"measured on: {_machine()}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ours beside the bare thing, measured.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}; all if none is given")
    parser.add_argument("--json", action="store_true", help="as JSON")
    asked = parser.parse_args()
    if unknown := sorted(set(asked.names) - BENCHMARKS.keys()):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    return asked


def _machine() -> str:
    return (
        f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {platform.system()}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
