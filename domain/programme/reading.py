"""Reads lists (CSV) and rules (TOML), and keeps each problem with its file and row: all can be put right at once."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from itertools import takewhile
from posixpath import basename, join, normpath
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from domain.programme.refusals import ProgrammeInvalid

T = TypeVar("T")
Convert = Callable[[str], object]
Files = Callable[[str], bytes]  # what stands in the file of that name; OSError where there is none

# What every list says of itself in lines before its header: `# source: …`. No last day means without end.
_FACTS: Mapping[str, Convert] = {"source": str, "valid_from": date.fromisoformat, "valid_to": date.fromisoformat}


class Reading:
    """One reading of a programme: all that was found wrong, each once, the source of each file or version, and the texts
    themselves under the names by which the programme calls them."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._found: dict[str, None] = {}
        self.sources: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def add(self, where: str, what: str) -> None:
        self._found[f"{where}: {what}"] = None

    def text(self, name: str) -> str | None:
        if name not in self.texts:
            try:
                self.texts[name] = self._files(name).decode()
            except OSError:
                self.add(basename(name), "the file cannot be read")
            except UnicodeError:
                self.add(basename(name), "the file is not UTF-8 text")
        return self.texts.get(name)

    @property
    def is_clean(self) -> bool:
        return not self._found

    def refuse(self) -> None:
        """Raises ProgrammeInvalid if anything was found."""
        if self._found:
            raise ProgrammeInvalid(tuple(self._found))


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What one row or table of a file says, before it is known to be right."""

    where: str
    values: Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Found(Generic[T]):
    """A value, and where it stands."""

    where: str
    value: T


def beside(folder: str, name: str) -> str:
    """The name of a file that another one, in that folder, calls so."""
    return normpath(join(folder, name))


def optional(convert: Convert) -> Convert:
    """Blank means that there is none."""
    return lambda cell: convert(cell) if cell else None


def yes_or_no(cell: str) -> bool:
    if cell not in ("yes", "no"):
        raise ValueError(f"{cell!r} is neither yes nor no")
    return cell == "yes"


def listed(cell: str) -> tuple[str, ...]:
    """`a; b` as (a, b)."""
    return tuple(part.strip() for part in cell.split(";")) if cell else ()


def rules(file: str, reading: Reading) -> dict[str, object]:
    """The whole of a TOML file; empty where it cannot be read."""
    text = reading.text(file)
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        reading.add(basename(file), f"not TOML: {error}")
        return {}


def tables(where: str, found: Mapping[str, object], key: str, reading: Reading) -> list[Row]:
    """The `[[key]]` tables of a TOML file or table, each named by its number."""
    listed_tables = found.get(key, [])
    if not isinstance(listed_tables, list) or not all(isinstance(table, dict) for table in listed_tables):
        reading.add(where, f"{key} must be a list of tables")
        return []
    return [Row(where=f"{where}, {key} {n}", values=table) for n, table in enumerate(listed_tables, start=1)]


def versions(file: str, reading: Reading) -> list[Row]:
    """The `[[version]]` tables of a TOML file without their `source`, which is kept apart."""
    found = tables(basename(file), rules(file, reading), "version", reading)
    if not found:
        reading.add(basename(file), "it has no version")
    return [Row(where=row.where, values=_sourced(row, reading)) for row in found]


def _sourced(row: Row, reading: Reading) -> dict[str, object]:
    source = row.values.get("source")
    if not isinstance(source, str) or not source:
        reading.add(row.where, "it must say its source")
    reading.sources[str(row.values.get("version"))] = str(source)
    return {name: value for name, value in row.values.items() if name != "source"}


def table(file: str, columns: Mapping[str, Convert], reading: Reading) -> tuple[dict[str, object], list[Row]]:
    """What a CSV file says of itself, and its rows with each cell read by its column."""
    text, where = reading.text(file), basename(file)
    if text is None:
        return {}, []
    lines = text.splitlines()
    head = list(takewhile(lambda line: line.startswith("#"), lines))
    about = _about(where, head, reading)
    reader = csv.reader(lines[len(head) :])
    names = next(reader, [])
    if names != list(columns):
        reading.add(where, f"its columns must be {','.join(columns)}, not {','.join(names)}")
        return about, []
    numbered = ((f"{where}, row {len(head) + reader.line_num}", cells) for cells in reader)
    rows = (_row(row, cells, columns, reading) for row, cells in numbered)
    return about, [row for row in rows if row is not None]


def build(kind: type[T], rows: Iterable[Row], reading: Reading, **otherwise: object) -> list[Found[T]]:
    """The rows as values of that kind; `otherwise` says what a field is that a row leaves out."""
    adapter = _adapter(kind)
    values = ((row.where, _value(adapter, kind, row, otherwise, reading)) for row in rows)
    return [Found(where=where, value=value) for where, value in values if value is not None]


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # making one takes longer than reading most files


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _about(name: str, head: Iterable[str], reading: Reading) -> dict[str, object]:
    pairs = (line.lstrip("# ").partition(":") for line in head)
    said = {key.strip(): value.strip() for key, _, value in pairs}
    for key in _FACTS:
        if key not in said or (key != "valid_to" and not said[key]):
            reading.add(name, f"it must say its {key} in a line before the header")
    reading.sources[said.get("version", name)] = said.get("source", "")
    return {key: _cell(name, key, value, optional(_FACTS.get(key, str)), reading) for key, value in said.items()}


def _row(where: str, cells: list[str], columns: Mapping[str, Convert], reading: Reading) -> Row | None:
    if len(cells) != len(columns):
        reading.add(where, f"it has {len(cells)} cells, not {len(columns)}")
        return None
    read = {
        column: _cell(where, column, cell.strip(), convert, reading)
        for (column, convert), cell in zip(columns.items(), cells, strict=True)
    }
    return None if _UNREADABLE in read.values() else Row(where=where, values=read)


_UNREADABLE = object()


def _cell(where: str, column: str, cell: str, convert: Convert, reading: Reading) -> object:
    try:
        return convert(cell)
    except ValueError as error:
        reading.add(where, f"{column}: {error}")
        return _UNREADABLE


def _value(
    adapter: TypeAdapter[T], kind: type[Any], row: Row, otherwise: Mapping[str, object], reading: Reading
) -> T | None:
    for name in row.values.keys() - {field.name for field in fields(kind)}:
        reading.add(row.where, f"{name} is not known here")
    try:
        return adapter.validate_python({**otherwise, **row.values})
    except ValidationError as error:
        for wrong in error.errors(include_url=False):
            reading.add(row.where, f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}")
        return None
