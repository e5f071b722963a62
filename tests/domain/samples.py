"""One example of every fact there can be. All that is told of a person in it is unmistakable: ZEBRA, or a zebra's birthday."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import Enum
from itertools import count
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from domain.decision import Command
from domain.events import CATALOGUE, Event
from domain.fields import Clear

BIRTHDAY = date(1911, 11, 11)
PERSONAL_CODE = "31111110000"
DEGREE = 4
ZEBRA = "zebra"  # lower case, so that it fits a code as well as a sentence


def sample(event: type[Event], *, sparse: bool = False) -> Event:
    """With everything filled in; or, where sparse, with all that may be absent absent."""
    return event.model_validate(_filled(event, count(1), sparse))


def command_sample(command: type[Command]) -> Command:
    return command.model_validate(_filled(command, count(1), sparse=False))


def _filled(model: type[BaseModel], number: Iterator[int], sparse: bool) -> dict[str, object]:
    return {
        name: _value(name, field.annotation, tuple(field.metadata), number, sparse)
        for name, field in model.model_fields.items()
    }


def _value(name: str, annotation: object, marks: tuple[object, ...], number: Iterator[int], sparse: bool) -> object:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _value(name, inner[0], (*marks, *inner[1:]), number, sparse)
    if origin is Literal:
        return inner[0]
    if origin in (Union, types.UnionType):
        some = next(each for each in inner if each is not type(None))
        return None if sparse and type(None) in inner else _value(name, some, marks, number, sparse)
    if origin is tuple:
        return () if sparse else (_value(name, inner[0], marks, number, sparse),)
    if origin is dict:
        return {} if sparse else {f"{ZEBRA}.{next(number)}": _value(name, inner[1], marks, number, sparse)}
    return _plain(name, annotation, marks, number, sparse)


def _plain(name: str, kind: object, marks: tuple[object, ...], number: Iterator[int], sparse: bool) -> object:
    assert isinstance(kind, type), (name, kind)
    if issubclass(kind, BaseModel):
        return _filled(kind, number, sparse)
    if issubclass(kind, Enum):
        return next(iter(kind))
    if issubclass(kind, str):
        return _text(name, marks, number)
    if kind is datetime:
        return datetime(2026, 3, 2, 10, tzinfo=UTC)
    if kind is date:
        return BIRTHDAY if "birth" in name else date(2026, 3, 2)
    if kind is bool:
        return True
    if kind is int:
        return DEGREE
    raise AssertionError((name, kind))


def _text(name: str, marks: tuple[object, ...], number: Iterator[int]) -> str:
    if name == "personal_code":
        return PERSONAL_CODE
    if name == "registry_code":
        return "90000001"
    if name in ("file_digest", "digest"):
        return "0" * 64
    if name == "mail":
        return f"{ZEBRA}.{next(number)}@example.org"
    if name == "languages":
        return "et"
    if not any(isinstance(mark, Clear) for mark in marks):
        return f"{ZEBRA}.{next(number)}"
    return f"{name.replace('_', '')[:12]}-{next(number)}"


EVENTS = [sample(each) for each in CATALOGUE.values()]
SPARSE_EVENTS = [sample(each, sparse=True) for each in CATALOGUE.values()]
