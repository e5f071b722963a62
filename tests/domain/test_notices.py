"""Notices: the same in three languages, and nothing of a person in any of them."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from typing import get_args

import pytest

from domain.due import LEVELS, TOLD, Level
from domain.notices import Words, letter, words
from domain.ports import Letter
from domain.staff import StaffLanguage, StaffMember

LANGUAGES: tuple[StaffLanguage, ...] = get_args(StaffLanguage)


def written(language: StaffLanguage, *, step: str = "before", level: Level = "worker", what: str = "review") -> Letter:
    anne = StaffMember(staff_id="anne", role="lead", mail="anne@tori.example", language=language)
    return letter(
        anne, id="x", journey_id="journey-1", what=what, step=step, level=level, due_on=date(2026, 3, 16),
        at=datetime(2026, 3, 9, 6, tzinfo=UTC),
    )  # fmt: skip


def test_a_notice_says_what_is_due_of_which_journey_when_and_to_whom_it_is_told() -> None:
    english = written("en", step="after", level="lead")
    assert (english.to, english.subject) == ("anne@tori.example", "Teekond: review, due 16.03.2026")
    assert english.text.splitlines()[0] == "Journey journey-1: overdue, the review, since 16.03.2026."
    assert "as the lead" in english.text
    assert "läheneb: ülevaatus, 16.03.2026" in written("et").text
    assert "срок скоро, пересмотр, 16.03.2026" in written("ru").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_words_for_everything(language: StaffLanguage) -> None:
    said, english = words(language), words("en")
    assert said.what.keys() == english.what.keys()
    for name in set(Words.model_fields) - {"what"}:
        assert _put_in(getattr(said, name)) == _put_in(getattr(english, name)), name
    texts = {written(language, step=step, level=level).text for step in TOLD for level in LEVELS}
    assert len(texts) == 3 * len(LEVELS)  # soon, today, overdue


def _put_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_nothing_but_number_matter_and_day_is_put_into_a_notice() -> None:
    """A name has no place where it could come in."""
    for language in LANGUAGES:
        said = words(language)
        placed = [_put_in(getattr(said, name)) for name in set(Words.model_fields) - {"what"}]
        assert set().union(*placed) == {"journey", "what", "day"}


def test_what_has_no_word_yet_is_a_deadline() -> None:
    assert "the deadline, by" in written("en", what="something-new").text
