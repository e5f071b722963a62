"""Personal data: every text of every fact says whether it tells of a person, and what does never stays in the clear."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from domain.events import CATALOGUE, CarerAssessed, Event
from domain.fields import Clear, Sealed
from tests.domain.coding import PERSONAL_KEY, decoded, encoded, opened
from tests.domain.samples import BIRTHDAY, EVENTS, PERSONAL_CODE, SPARSE_EVENTS, ZEBRA

HARMLESS = (int, bool, date, datetime)
named = pytest.mark.parametrize("event", EVENTS, ids=lambda each: each.type)


# ── Every text is marked ─────────────────────────────────────────────────────────────────────────────────────────────


def unmarked(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Fields that could tell of a person and do not say so. A Literal or an Enum is one of few words that we chose
    ourselves: a code, in the clear, as `Code`s are."""
    for name, field in model.model_fields.items():
        yield from _unmarked(f"{path}{name}", field.annotation, tuple(field.metadata))


def _unmarked(path: str, annotation: object, marks: tuple[object, ...]) -> Iterator[str]:
    origin, inner = get_origin(annotation), get_args(annotation)
    marked = any(isinstance(mark, Clear | Sealed) for mark in marks)
    if origin is Annotated:
        yield from _unmarked(path, inner[0], (*marks, *inner[1:]))
    elif origin in (Union, types.UnionType, tuple):
        for each in inner:
            yield from _unmarked(path, each, marks)
    elif origin is dict:
        if not marked:
            yield path
    elif origin is Literal or annotation in (type(None), Ellipsis):
        return
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from unmarked(annotation, f"{path}/")
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        return
    elif not marked and (annotation not in HARMLESS or (annotation is date and "birth" in path)):
        yield path


@pytest.mark.parametrize("event", CATALOGUE.values(), ids=list(CATALOGUE))
def test_every_text_of_every_fact_says_whether_it_tells_of_a_person(event: type[Event]) -> None:
    assert list(unmarked(event)) == []


def test_a_text_that_says_nothing_is_found() -> None:
    """The check itself: each of these would let a name into the clear, for ever."""

    class Inner(BaseModel):
        comment: str

    class Careless(Event):
        name: str
        perhaps: str | None
        several: tuple[str, ...]
        anything: dict[str, int]
        inner: Inner
        inners: tuple[Inner, ...]
        birth_date: date
        object_: object
        fine: Annotated[str, Clear()]
        kind: Literal["a", "b"]
        on: date
        cents: int

    assert list(unmarked(Careless)) == [
        "name", "perhaps", "several", "anything", "inner/comment", "inners/comment", "birth_date", "object_",
    ]  # fmt: skip


# ── Nothing personal stays in the clear ──────────────────────────────────────────────────────────────────────────────


@named
def test_nothing_that_tells_of_a_person_stays_in_the_clear(event: Event) -> None:
    clear = encoded(event).body.decode()
    for telling in (ZEBRA, str(BIRTHDAY), PERSONAL_CODE):
        assert telling not in clear


@named
def test_nothing_is_lost_between_clear_and_sealed(event: Event) -> None:
    assert decoded(encoded(event)) == event


@pytest.mark.parametrize("event", SPARSE_EVENTS, ids=lambda each: each.type)
def test_what_is_absent_comes_back_absent(event: Event) -> None:
    assert decoded(encoded(event)) == event


SEALED_NUMBERS = {
    "quality_of_life",
    "need_by_life_area",
    "environment",
    "degrees",
    "copes_independently",
    "result",
    "own_needs",
    "scores",
    "rating",
}


@named
def test_numbers_and_answers_that_describe_a_person_are_sealed_too(event: Event) -> None:
    assert not SEALED_NUMBERS & set(keys(json.loads(encoded(event).body)))


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_the_words_are_where_the_check_expects_them() -> None:
    """Most facts do tell of a person; if the samples were empty, nothing could leak from them."""
    telling = [each for each in EVENTS if ZEBRA in each.model_dump_json()]
    assert len(telling) > len(EVENTS) // 3


# ── Under whose key ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_tells_of_a_person_is_sealed_under_that_person_s_key() -> None:
    event = next(each for each in EVENTS if each.type == "referral.recorded")
    assert encoded(event).subject_ids == (PERSONAL_KEY,)
    assert set(opened(encoded(event))) == {PERSONAL_KEY}


def test_what_tells_of_a_carer_is_sealed_under_the_carer_s_own_key() -> None:
    """When the person is erased, the carer's needs stay; and the other way round."""
    event = CarerAssessed(
        carer_id="person-7", on=date(2026, 3, 2), needs="A free evening a week.", own_needs=("respite",)
    )
    assert encoded(event).subject_ids == ("person-7",)
    assert opened(encoded(event)) == {"person-7": {"needs": "A free evening a week.", "own_needs": ["respite"]}}


def test_a_seal_holds_only_where_it_was_set() -> None:
    """A sealed part that is moved to another stream, version or type does not open."""
    event = next(each for each in EVENTS if each.type == "referral.recorded")
    with pytest.raises(AssertionError, match="sealed elsewhere"):
        decoded(encoded(event, version=1), version=2)
    with pytest.raises(AssertionError, match="sealed elsewhere"):
        decoded(encoded(event, stream_id="journey-1"), stream_id="journey-2")


def test_a_fact_of_nobody_seals_nothing() -> None:
    freed = next(each for each in EVENTS if each.type == "place.freed")
    assert (encoded(freed).sealed, encoded(freed).subject_ids) == (b"", ())
