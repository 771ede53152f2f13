from __future__ import annotations

import itertools
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.kube import decoding
from farwatch.kube.decoding import (
    Bookmark,
    Malformed,
    ObjectDeleted,
    ObjectSeen,
    StreamFailed,
    WatchDecoder,
    decode_page,
    decode_status,
)
from farwatch.kube.errors import BAD_BODY, ApiError
from farwatch.kube.kinds import KINDS

POD = KINDS["Pod"]


def line(kind: str, found: Any) -> bytes:
    return json.dumps({"type": kind, "object": found}).encode() + b"\n"


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "uid": "u", "resourceVersion": "5"}, **more}


STREAM = b"".join(
    (
        line("ADDED", named("a")),
        line("MODIFIED", named("ä" * 40)),
        line("BOOKMARK", {"metadata": {"resourceVersion": "9"}}),
        b"\n",
        line("ADDED", named("broken", status=7)),
        line("DELETED", named("a", status="whatever")),
        line(
            "BOOKMARK",
            {"metadata": {"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}}},
        ),
        line("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}),
    )
)


def summarise(events: list[Any]) -> list[Any]:
    """Events as comparable values."""
    found: list[Any] = []
    for event in events:
        match event:
            case ObjectSeen(seen):
                found.append(("seen", seen.metadata.name))
            case ObjectDeleted(metadata):
                found.append(("deleted", metadata.name))
            case Bookmark(version, ends):
                found.append(("bookmark", version, ends))
            case Malformed(metadata):
                found.append(("malformed", metadata.name if metadata else None))
            case StreamFailed(error):
                found.append(("failed", error.status))
    return found


EXPECTED = [
    ("seen", "a"),
    ("seen", "ä" * 40),
    ("bookmark", "9", False),
    ("malformed", "broken"),
    ("deleted", "a"),
    ("bookmark", "9", True),
    ("failed", 410),
]


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=12))
def test_it_does_not_matter_where_a_stream_is_cut(cuts: list[int]) -> None:
    decoder = WatchDecoder(POD)
    places = [0, *sorted(cuts), len(STREAM)]
    events: list[Any] = []
    for start, end in itertools.pairwise(places):
        events += decoder.feed(STREAM[start:end])
    assert summarise(events) == EXPECTED
    assert decoder.pending_bytes == 0


@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(noise: bytes) -> None:
    events = WatchDecoder(POD).feed(noise + b"\n")
    assert all(isinstance(event, StreamFailed | Malformed) for event in events)


@given(st.binary(max_size=300))
def test_no_bytes_are_taken_for_a_list_or_break_the_reader_of_errors(noise: bytes) -> None:
    with pytest.raises(ApiError):
        decode_page(POD, noise)
    assert decode_status(noise, 502, "Bad Gateway").status == 502


def test_what_follows_a_line_that_is_no_event_is_not_read() -> None:
    events = WatchDecoder(POD).feed(line("ADDED", named("a")) + b"{oops\n" + line("ADDED", named("b")))
    assert summarise(events) == [("seen", "a"), ("failed", 200)]
    assert events[-1].error.reason == BAD_BODY


def test_an_unfinished_line_is_counted_and_kept() -> None:
    decoder = WatchDecoder(POD)
    whole = line("ADDED", named("a"))
    assert decoder.feed(whole[:10]) == []
    assert decoder.pending_bytes == 10
    assert summarise(decoder.feed(whole[10:])) == [("seen", "a")]


def test_a_line_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_LINE_BYTES", 100)
    decoder = WatchDecoder(POD)
    assert decoder.feed(b"x" * 100) == []
    assert summarise(decoder.feed(b"x")) == [("failed", 200)]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (line("RENAMED", named("a")), ("malformed", None)),
        (line("DELETED", {"spec": {}}), ("malformed", None)),
        (line("BOOKMARK", {"metadata": {}}), ("malformed", None)),
        (line("ADDED", {"metadata": {"name": 5}}), ("malformed", None)),
        (b'{"type":"ADDED","object":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", None),
        (b'{"type":"ADDED","object":{"metadata":{"name":"\xff"}}}\n', None),
    ],
)
def test_each_odd_event_costs_only_itself_or_is_no_event(event: bytes, said: Any) -> None:
    events = summarise(WatchDecoder(POD).feed(line("ADDED", named("before")) + event))
    assert events[0] == ("seen", "before")
    assert len(events) == 2
    if said:
        assert events[1] == said
    else:
        assert events[1][0] in {"malformed", "failed"}


def test_a_malformed_item_of_a_page_costs_only_itself() -> None:
    body = json.dumps(
        {
            "metadata": {"resourceVersion": "7", "continue": "more", "remainingItemCount": 3},
            "items": [named("a"), named("b", spec={"containers": 5}), named("c")],
        }
    ).encode()
    page = decode_page(POD, body)
    assert [found.metadata.name for found in page.items] == ["a", "c"]
    assert [unreadable.metadata.name for unreadable in page.malformed if unreadable.metadata] == ["b"]
    assert (page.resource_version, page.continue_token) == ("7", "more")


def test_items_may_be_null() -> None:
    assert decode_page(POD, b'{"metadata":{"resourceVersion":"7"},"items":null}').items == []


@pytest.mark.parametrize(
    "body", [b"{}", b'{"items":[]}', b'{"metadata":{},"items":[]}', b'{"metadata":{"resourceVersion":"7"}}']
)
def test_an_answer_that_is_no_list_is_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(ApiError, match="not a list of pods"):
        decode_page(POD, body)


def test_an_error_is_told_in_the_servers_words() -> None:
    body = json.dumps(
        {
            "kind": "Status",
            "code": 429,
            "reason": "TooManyRequests",
            "message": "slow down",
            "details": {"retryAfterSeconds": 3},
        }
    ).encode()
    error = decode_status(body, 429, "Too Many Requests")
    assert (error.status, error.reason, error.message, error.retry_after) == (
        429,
        "TooManyRequests",
        "slow down",
        3,
    )


def test_without_words_of_the_server_the_beginning_of_the_body_is_told_on_one_line() -> None:
    error = decode_status(b"<html>\n <h1>Bad   Gateway</h1>" + b"x" * 1000, 502, "Bad Gateway")
    assert str(error).startswith("502 Bad Gateway: <html> <h1>Bad Gateway</h1>x")
    assert len(error.message) == 200


def test_of_a_config_maps_content_only_digests_are_kept() -> None:
    kind = KINDS["ConfigMap"]
    body = json.dumps(
        {
            "metadata": {"resourceVersion": "7"},
            "items": [
                {
                    "metadata": {"name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "5"},
                    "data": {"app.yaml": "password: hunter2", "empty": ""},
                    "binaryData": {"logo.png": "aHVudGVyMg=="},
                },
                {"metadata": {"name": "bare", "namespace": "shop"}, "data": None},
            ],
        }
    ).encode()

    found, bare = decode_page(kind, body).items

    document = msgspec.msgpack.encode(found)
    assert b"hunter2" not in document
    assert b"aHVudGVyMg" not in document
    assert found.data.keys() == {"app.yaml", "empty"}
    assert len({*found.data.values(), *found.binary_data.values()}) == 3
    assert bare.data is None
    # The digests stay as they are wherever the object goes.
    assert kind.msgpack_decoder.decode(document) == found
    assert msgspec.structs.replace(found, metadata=bare.metadata).data == found.data
