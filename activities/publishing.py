"""The programme as last published: every process that decides by it, or shows it, looks for a newer one by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from activities.folding import Streams
from domain.ports import StoreUnavailable
from domain.programme import Programme
from domain.publications import Publications, programme_of, publication_of, stream_of

log = structlog.get_logger()
LOOK_EVERY = 2.0  # seconds; a publication changes nothing of today or before, so that a late look does no harm


async def latest(publications: Streams[Publications], known: Programme) -> Programme:
    """The programme as last published; the one that is known where nothing newer is."""
    folded, _ = await publications.at_latest(stream_of(known.code))
    if folded.state is None or publication_of(folded.state.latest) == known.publication:
        return known
    return programme_of(folded.state.latest)


async def follow(look: Callable[[], Awaitable[None]]) -> None:
    """Until cancelled. By reading the head of one stream, since each process must learn of it, not one among them."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await look()
        except StoreUnavailable:
            continue  # whoever decides says so soon enough
        except Exception:
            log.exception("the published programme cannot be read")
