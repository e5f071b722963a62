"""What every event store promises, whether it keeps its events in memory or in PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from domain.ports import (
    START,
    CommandReused,
    EventStore,
    NewEvent,
    Quota,
    QuotaExceeded,
    QuotaMove,
    StreamAppend,
    StreamHead,
    VersionConflict,
)
from tests.eventstore.examples import NOON, event, everything, onto, step


async def test_what_was_appended_is_read_as_it_was(store: EventStore) -> None:
    """Bytes, times, subjects and all: nothing is normalised, translated or lost."""
    tallinn = timezone(timedelta(hours=2))
    given = NewEvent(
        type="assessment.completed",
        schema_version=3,
        body=b'{"b": 1,  "a":\t"\xc3\xb5\x00"}',
        sealed=b"\x00\xff",
        subject_ids=("mari", "jüri"),
        meta=b"not json",
        occurred_at=datetime(2024, 2, 29, 23, 59, 59, 999999, tallinn),
        recorded_at=NOON,
    )
    appended = await step(store, "c1", onto("j1", 0, given, tenant="tartu"))

    [stored] = (await store.read("j1")).events

    assert [getattr(stored, name) for name in NewEvent.__slots__] == [
        getattr(given, name) for name in NewEvent.__slots__
    ]
    assert (stored.stream_id, stored.version, stored.kind, stored.tenant) == ("j1", 1, "journey", "tartu")
    assert (stored.command_id, stored.position) == ("c1", appended.position)
    assert stored.written_at.utcoffset() == stored.occurred_at.utcoffset() == timedelta(0)


async def test_versions_of_a_stream_are_dense_from_one(store: EventStore) -> None:
    await step(store, "c1", onto("j1", 0, event("a"), event("b")))
    await step(store, "c2", onto("other", 0))
    await step(store, "c3", onto("j1", 2, event("c"), event("d"), event("e")))

    events = (await store.read("j1")).events

    assert [(e.version, e.type) for e in events] == list(enumerate("abcde", start=1))


async def test_a_read_can_begin_behind_a_version_and_end_after_some(store: EventStore) -> None:
    await step(store, "c1", onto("j1", 0, *(event() for _ in range(5))))

    assert [e.version for e in (await store.read("j1", after=1, limit=2)).events] == [2, 3]
    assert [e.version for e in (await store.read("j1", after=3)).events] == [4, 5]
    assert (await store.read("j1", after=5)).events == ()
    assert (await store.read("j1", limit=0)).events == ()


async def test_an_unknown_stream_is_empty_and_has_no_head(store: EventStore) -> None:
    found = await store.read("nobody", command_id="never")

    assert (found.events, found.known) == ((), None)
    assert await store.head("nobody") is None
    assert await store.quota("nothing") is None


async def test_the_head_tells_version_kind_and_the_tenant_of_the_latest_step(store: EventStore) -> None:
    await step(store, "c1", onto("j1", 0, event(), event(), tenant="tartu"))
    await step(store, "c2", onto("j1", 2, tenant="narva"))

    assert await store.head("j1") == StreamHead(stream_id="j1", kind="journey", tenant="narva", version=3)
    assert [e.tenant for e in (await store.read("j1")).events] == ["tartu", "tartu", "narva"]


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_a_stream_that_does_not_stand_where_expected_conflicts(store: EventStore, expected: int) -> None:
    """Whether the caller is behind, ahead, or believed the stream to be new: nothing is stored, the stream is named."""
    await step(store, "c1", onto("j1", 0, event(), event()))

    with pytest.raises(VersionConflict, match="j1"):
        await step(store, "c2", onto("j1", expected))

    assert len(await everything(store)) == 2
    assert (await store.read("j1", command_id="c2")).known is None


async def test_a_stream_that_should_exist_and_does_not_conflicts(store: EventStore) -> None:
    with pytest.raises(VersionConflict, match="j1"):
        await step(store, "c1", onto("j1", 1))


async def test_a_stream_keeps_its_kind(store: EventStore) -> None:
    await step(store, "c1", onto("j1"))

    with pytest.raises(ValueError, match="journey"):
        await step(store, "c2", onto("j1", 1, kind="agreement"))


async def test_a_repeated_command_gets_the_first_answer_and_stores_nothing(store: EventStore) -> None:
    """Also when the repetition brings another result, and when the stream has moved on: the command is probed first."""
    first = await step(store, "c1", onto("j1"))
    await step(store, "c2", onto("j1", 1))

    again = await store.append([onto("j1", 0, event("z"))], command_id="c1", request_hash="h", result=b"other")

    assert (again.result, again.position, again.duplicate) == (b"answer to c1", first.position, True)
    assert first.duplicate is False
    assert len(await everything(store)) == 2


async def test_a_command_id_with_other_content_is_refused(store: EventStore) -> None:
    await step(store, "c1", onto("j1"))

    with pytest.raises(CommandReused):
        await step(store, "c1", onto("j1", 1), request_hash="other")

    assert len(await everything(store)) == 1


async def test_a_command_that_was_refused_may_be_tried_again(store: EventStore) -> None:
    """A refused append leaves no trace of its command id behind."""
    await step(store, "c1", onto("j1"))
    with pytest.raises(VersionConflict):
        await step(store, "c2", onto("j1", 0))

    assert not (await step(store, "c2", onto("j1", 1))).duplicate


async def test_a_read_tells_the_answer_to_a_known_command(store: EventStore) -> None:
    """With and without events beside it; the command may belong to any stream."""
    appended = await step(store, "c1", onto("j1", 0, event(), event()))

    for found, size in [
        (await store.read("j1", command_id="c1"), 2),
        (await store.read("j1", after=2, command_id="c1"), 0),
        (await store.read("j2", command_id="c1"), 0),
    ]:
        assert len(found.events) == size
        assert found.known is not None
        assert (found.known.request_hash, found.known.result) == ("h", b"answer to c1")
        assert found.known.position == appended.position


async def test_several_streams_are_one_step(store: EventStore) -> None:
    """Streams stand in the order of their ids with their events in the caller's, and the position is the last one's."""
    await step(store, "c1", onto("z", 0))

    appended = await step(store, "c2", onto("z", 1, event("a"), event("b")), onto("a", 0, event("c"), kind="agreement"))

    told = [(e.stream_id, e.kind, e.version, e.type) for e in (await everything(store))[1:]]
    assert told == [("a", "agreement", 1, "c"), ("z", "journey", 2, "a"), ("z", "journey", 3, "b")]
    assert (await everything(store))[-1].position == appended.position


async def test_of_several_streams_all_move_or_none(store: EventStore) -> None:
    await step(store, "c1", onto("j2", 0))

    with pytest.raises(VersionConflict, match="j2"):
        await step(store, "c2", onto("j1", 0), onto("j2", 0), quotas=(QuotaMove(key="q", allowed=1),))

    assert await store.head("j1") is None
    assert await store.quota("q") is None
    assert len(await everything(store)) == 1


async def test_each_event_keeps_its_own_subjects(store: EventStore) -> None:
    given = [("mari",), (), ("mari", "jüri", "mari"), ("ants",)]

    await step(
        store,
        "c1",
        onto("j1", 0, *(event(subject_ids=ids) for ids in given[:2])),
        onto("j2", 0, *(event(subject_ids=ids) for ids in given[2:])),
    )

    assert [e.subject_ids for e in await everything(store)] == given


async def test_a_bound_that_was_never_set_allows_nothing(store: EventStore) -> None:
    with pytest.raises(QuotaExceeded) as refused:
        await step(store, "c1", onto("j1"), quotas=(QuotaMove(key="places:a1", used=1),))

    assert refused.value.key == "places:a1"
    assert await store.quota("places:a1") is None
    assert await everything(store) == []


async def test_what_is_used_stays_within_what_is_allowed(store: EventStore) -> None:
    """Up to the bound and not beyond; freed units can be used again."""
    key = "places:a1"
    await step(store, "c1", onto("j1"), quotas=(QuotaMove(key=key, allowed=2),))
    await step(store, "c2", onto("j2"), quotas=(QuotaMove(key=key, used=2),))
    with pytest.raises(QuotaExceeded):
        await step(store, "c3", onto("j3"), quotas=(QuotaMove(key=key, used=1),))

    await step(store, "c4", onto("j4"), quotas=(QuotaMove(key=key, used=-1),))
    await step(store, "c5", onto("j5"), quotas=(QuotaMove(key=key, used=1),))

    assert await store.quota(key) == Quota(used=2, allowed=2)


@pytest.mark.parametrize(
    "move",
    [QuotaMove(key="q", used=-2), QuotaMove(key="q", allowed=-1), QuotaMove(key="q", used=-1, allowed=-2)],
    ids=["less than nothing used", "less allowed than used", "both at once"],
)
async def test_a_negative_move_cannot_break_a_bound(store: EventStore, move: QuotaMove) -> None:
    await step(store, "c1", onto("j1"), quotas=(QuotaMove(key="q", used=1, allowed=1),))

    with pytest.raises(QuotaExceeded):
        await step(store, "c2", onto("j2"), quotas=(move,))

    assert await store.quota("q") == Quota(used=1, allowed=1)


async def test_a_limit_that_comes_with_the_move_is_kept_over_all_streams(store: EventStore) -> None:
    """No stream owns it: what a person may get of a component in a year, over all their journeys."""
    cap = "cap/p1/therapy/2026"
    await step(store, "c1", onto("j1"), quotas=(QuotaMove(key=cap, used=700, limit=1000),))
    with pytest.raises(QuotaExceeded) as exceeded:
        await step(store, "c2", onto("j2"), quotas=(QuotaMove(key=cap, used=301, limit=1000),))
    assert exceeded.value.key == cap
    await step(store, "c3", onto("j3"), quotas=(QuotaMove(key=cap, used=300, limit=1000),))
    assert await store.quota(cap) == Quota(used=1000, allowed=1000)


async def test_a_limit_may_be_lowered_and_what_is_given_back_passes_all_the_same(store: EventStore) -> None:
    await step(store, "c1", onto("j1"), quotas=(QuotaMove(key="cap", used=900, limit=1000),))
    await step(store, "c2", onto("j2"), quotas=(QuotaMove(key="cap", used=-100, limit=500),))
    assert await store.quota("cap") == Quota(used=800, allowed=1000)
    with pytest.raises(QuotaExceeded):
        await step(store, "c3", onto("j3"), quotas=(QuotaMove(key="cap", used=1, limit=500),))
    await step(store, "c4", onto("j4"), quotas=(QuotaMove(key="cap", used=100, limit=1200),))
    assert await store.quota("cap") == Quota(used=900, allowed=1200)


async def test_moves_of_one_bound_count_together(store: EventStore) -> None:
    """Two parts of a plan may draw on the same budget line in one step; only the end must hold."""
    moves = (QuotaMove(key="q", used=3), QuotaMove(key="q", used=-1), QuotaMove(key="q", allowed=2))

    await step(store, "c1", onto("j1"), quotas=moves)

    assert await store.quota("q") == Quota(used=2, allowed=2)


async def test_of_several_bounds_all_move_or_none(store: EventStore) -> None:
    await step(store, "c1", onto("j1"), quotas=(QuotaMove(key="a", allowed=5), QuotaMove(key="c", allowed=5)))

    with pytest.raises(QuotaExceeded) as refused:
        await step(store, "c2", onto("j2"), quotas=tuple(QuotaMove(key=key, used=1) for key in "cba"))

    assert refused.value.key == "b"
    assert [await store.quota(key) for key in "abc"] == [Quota(used=0, allowed=5), None, Quota(used=0, allowed=5)]


async def test_the_whole_store_is_read_in_position_order_page_by_page(store: EventStore) -> None:
    for number in range(1, 8):
        await step(store, f"c{number}", onto(f"j{number % 3}-{number}", 0, event(), event()))

    pages = await everything(store, page=3)

    assert pages == await everything(store)
    assert [e.position for e in pages] == sorted({e.position for e in pages})
    assert len(pages) == 14
    assert await everything(store, after=pages[-1].position) == []
    assert await everything(store, after=pages[4].position) == pages[5:]
    assert await store.read_all(after=START, limit=0) == ()


@pytest.mark.parametrize(
    ("streams", "sentence"),
    [
        ([], "at least one stream"),
        ([onto("j1"), onto("j1")], "stands twice"),
        ([onto("")], "stream id must have 1 to 200 bytes"),
        ([onto("õ" * 101)], "stream id must have 1 to 200 bytes"),
        ([onto("j\x001")], "null character"),
        ([onto("j1", -1)], "negative version"),
        ([onto("j1", 0, event(body=b"x" * (1024 * 1024 + 1)))], "at most 1048576"),
        ([onto("j1", 0, event(""))], "event type"),
        ([onto("j1", 0, event(subject_ids=("p",) * 101))], "more than 100 persons"),
        ([onto("j1", 0, *[event()] * 1001)], "at most 1000 events"),
        ([onto("j1", 0, *[event(body=b"x" * 1024 * 1024)] * 17)], "at most 16777216 bytes"),
        ([StreamAppend(stream_id="j1", kind="k", tenant="EE", expected_version=0, events=())], "without events"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_could_never_be_stored_is_refused_in_a_sentence(
    store: EventStore, streams: list[StreamAppend], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        await step(store, "c1", *streams)

    assert await everything(store) == []


async def test_what_is_just_within_the_limits_is_stored(store: EventStore) -> None:
    """The limits that are checked before the database are not wider than those of the database."""
    largest = event("t" * 200, body=b"x" * 1024 * 1024, subject_ids=("p" * 200,) * 100)
    streams = [onto("s" * 200, 0, largest, kind="k" * 200, tenant="t" * 200), onto("j1", 0, *[event()] * 999)]

    await step(store, "c" * 200, *streams, request_hash="h" * 200, quotas=(QuotaMove(key="q" * 400, allowed=10**15),))

    assert len(await everything(store)) == 1000
