"""`teekond import` as somebody types it: a template, a rehearsal or the whole, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from domain.programme import load as load_programme
from integrations.tables import TableRefused, kind_of, write
from runtime.settings import Settings
from starter.ending import FOUND, WRONG_USE, end
from starter.importing.columns import TOTAL, columns
from starter.importing.running import importer, running
from starter.importing.telling import as_report, in_lines

Say = Callable[[str], None]


def run(
    settings_of: Callable[[Path], Settings],
    data_dir: Path,
    file: Path | None,
    template: Path | None,
    out: Path | None,
    *,
    by: str,
    rehearse: bool,
    say: Say,
) -> int:
    """The exit code."""
    for path in (template, out):
        _is_a_table(path)
        if path is not None and not path.parent.is_dir():
            end(WRONG_USE, f"there is no folder {path.parent}")
    if template is not None:
        write_template(template, say)
    if file is None:
        return 0 if template is not None else end(WRONG_USE, "name a file, or --template FILE.xlsx for an empty one")
    _is_a_table(file)
    return _import(settings_of(data_dir), file, out, by=by, rehearse=rehearse, say=say)


def _is_a_table(path: Path | None) -> None:
    try:
        if path is not None:
            kind_of(path.name)
    except TableRefused as wrong:
        end(WRONG_USE, f"{path}: {wrong}")


def _import(settings: Settings, file: Path, out: Path | None, *, by: str, rehearse: bool, say: Say) -> int:
    if not file.is_file():
        end(WRONG_USE, f"there is no file {file}")
    try:
        actor = importer(by)
    except ValidationError:
        end(WRONG_USE, "--by: must be an id, like coordinator or case_manager.tori")
    try:
        done = asyncio.run(running(settings, file, by=actor, rehearse=rehearse))
    except TableRefused as wrong:
        end(FOUND, f"{file.name}: {wrong}; nothing was written")
    for line in in_lines(done):
        say(line)
    if out is not None:
        out.write_bytes(as_report(done, out.name))
        say(f"what became of each row stands in {out}")
    return 0 if done.in_order else FOUND


def write_template(path: Path, say: Say) -> None:
    """The header, and the row of totals that a sheet ends with. What each column holds is said on the screen."""
    known = columns(load_programme("demonstration"))  # life areas are the same in every programme
    last = tuple(TOTAL if each.name == "case" else "" for each in known)
    path.write_bytes(write([last], tuple(each.name for each in known), kind=kind_of(path.name)))
    say(f"{path}: one row for each budget line; who has none yet has one row. * must be there as a column.")
    for each in known:
        say(f"  {each.name + ('*' if each.needed else ''):<24} {each.what}")
