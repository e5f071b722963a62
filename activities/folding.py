"""Streams folded into what they come to; what was folded once is kept, and only newer events are read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.codec import Codec
from domain.deciders import Decider
from domain.events import Event
from domain.ports import EventStore, KnownCommand

S = TypeVar("S")
KEPT = 5_000  # the append's version check keeps a stale one from doing harm


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded(Generic[S]):
    """A stream as far as it has been read; version 0 has no state."""

    version: int
    state: S | None


class Streams(Generic[S]):
    """All streams of one kind."""

    def __init__(self, store: EventStore, codec: Codec, decider: Decider[S]) -> None:
        self.decider = decider
        self._store = store
        self._codec = codec
        self._kept: OrderedDict[str, Folded[S]] = OrderedDict()

    async def at_latest(
        self, stream_id: str, *, command_id: str | None = None
    ) -> tuple[Folded[S], KnownCommand | None]:
        """The stream as it stands, and, in the same round trip, the answer to the command if it has one already."""
        kept: Folded[S] = self._kept.get(stream_id, Folded(version=0, state=None))
        found = await self._store.read(stream_id, after=kept.version, command_id=command_id)
        folded = self.advance(stream_id, kept, (self._codec.decode(each).event for each in found.events))
        self.keep(stream_id, folded)
        return folded, found.known

    def kept(self, stream_id: str) -> Folded[S] | None:
        """The stream as it was last seen here, if it was."""
        return self._kept.get(stream_id)

    def advance(self, stream_id: str, folded: Folded[S], events: Iterable[Event]) -> Folded[S]:
        version, state = folded.version, folded.state
        for event in events:
            version += 1
            state = self.decider.evolve(state, event, stream_id, version)
        return Folded(version=version, state=state)

    def keep(self, stream_id: str, folded: Folded[S]) -> None:
        kept = self._kept.get(stream_id)
        if folded.version == 0 or (kept is not None and kept.version > folded.version):
            return
        self._kept[stream_id] = folded
        self._kept.move_to_end(stream_id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
