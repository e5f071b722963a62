"""Lists in pages: whose rows may be seen, from which position on, and where the next page begins."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Query, Request, Response

from domain.decision import Actor
from domain.ports import Position
from domain.programme import NotKnown, Programme
from readmodels.cursors import WrongCursor
from readmodels.positions import wait_for
from starter.access import Parts
from starter.problems import ProblemRaised, malformed

PAGE = 50
PAGE_MAX = 200
After = Annotated[str | None, Query(max_length=60, description="a position: wait for it, up to 2 s")]
Cursor = Annotated[str | None, Query(max_length=400)]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
R = TypeVar("R")


def seen_of(parts: Parts, actor: Actor, municipality: str | None) -> str | None:
    """The municipality whose rows are shown: one's own, or any that the national level asks for; None: all."""
    if not actor.is_national and municipality not in (None, actor.municipality):
        raise ProblemRaised(403, "outside_municipality", "This belongs to another municipality than yours.")
    if municipality is not None:
        _must_be_known(parts.programme, municipality)
    return municipality if actor.is_national else actor.municipality


async def page_of(page: Callable[[], Awaitable[tuple[list[R], str | None]]]) -> tuple[list[R], str | None]:
    try:
        return await page()
    except WrongCursor as wrong:
        raise malformed("cursor", "must be one that this list gave out") from wrong


async def shown_up_to(parts: Parts, name: str, after: str | None) -> None:
    if after is None:
        return
    try:
        position = Position.parse(after)
    except ValueError as wrong:
        raise malformed("after", str(wrong)) from wrong
    if not await wait_for(parts.pool, name, position):
        raise ProblemRaised(503, "not_shown_yet", "The list has not got there yet; ask again.", retry_after=1)


def link_next(request: Request, response: Response, cursor: str | int | None) -> None:
    if cursor is not None:
        following = request.url.include_query_params(cursor=str(cursor))
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'  # the host is the asker's word


def _must_be_known(programme: Programme, municipality: str) -> None:
    try:
        programme.municipality(municipality)
    except NotKnown as unknown:
        raise malformed("municipality", str(unknown)) from unknown
