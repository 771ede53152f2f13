"""What a real cluster sent, through decoder and reflector."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from farwatch.kube.decoding import decode_page, decode_status
from farwatch.kube.kinds import KINDS, KINDS_BY_PLURAL

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"


@cache
def recorded() -> dict[str, list[dict[str, Any]]]:
    """The recorded events of each kind that is watched, by plural."""
    events = defaultdict(list)
    with gzip.open(RECORDINGS / "cluster.jsonl.gz") as lines:
        for line in lines:
            event = json.loads(line)
            if event["kind"] in KINDS_BY_PLURAL:
                events[event["kind"]].append(event)
    return events


def objects_left(events: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[str, str]]:
    """By namespace and name the uid and version of what is there in the end."""
    left: dict[tuple[str, str], tuple[str, str]] = {}
    for event in events:
        metadata = event["object"]["metadata"]
        key = (metadata.get("namespace", ""), metadata.get("name", ""))
        if event["type"] == "DELETED":
            del left[key]
        elif event["type"] != "BOOKMARK":
            left[key] = (metadata["uid"], metadata["resourceVersion"])
    return left


def lines(events: list[dict[str, Any]]) -> bytes:
    return b"".join(
        json.dumps({"type": event["type"], "object": event["object"]}).encode() + b"\n" for event in events
    )


def test_the_recording_has_what_this_test_is_about() -> None:
    assert len(recorded()) == 15
    assert sum(map(len, recorded().values())) > 2_000


@pytest.mark.parametrize("plural", sorted(recorded()))
async def test_the_right_objects_are_left_of_the_recorded_stream(
    script: Any, say: Any, sink: Any, follower: Any, plural: str
) -> None:
    events = recorded()[plural]
    stream = lines(events)
    cuts = [stream[start : start + 7_001] for start in range(0, len(stream), 7_001)]
    script.watches = [say.stream(*cuts, say.HANG)]
    kind = KINDS_BY_PLURAL[plural]
    reflector = follower.start(kind=kind.name, streaming=True)
    await sink.until(lambda: reflector.counters.events == len(events))

    assert {
        (stored.namespace, stored.name): (stored.uid, stored.resource_version) for stored in follower.store
    } == objects_left(events)
    assert sink.syncs == [kind.name]
    assert reflector.counters.malformed == 0
    assert reflector.counters.failures == 0
    for stored in follower.store:
        found = kind.msgpack_decoder.decode(stored.document)
        assert (found.metadata.name, found.metadata.resource_version) == (
            stored.name,
            stored.resource_version,
        )


@pytest.mark.parametrize("plural", sorted(recorded()))
async def test_a_stream_that_breaks_in_the_middle_of_the_recording_loses_nothing(
    script: Any, say: Any, sink: Any, follower: Any, plural: str
) -> None:
    events = recorded()[plural]
    middle = len(events) // 2
    whole = lines(events[:middle])
    script.watches = [
        say.stream(whole, lines(events[middle : middle + 1])[:50], say.CUT),
        say.stream(lines(events[middle:]), say.HANG),
    ]
    follower.start(kind=KINDS_BY_PLURAL[plural].name, streaming=True)
    await sink.until(
        lambda: follower.reflector.counters.events >= len(events) and len(script.watch_versions) == 2
    )
    kept = {(stored.namespace, stored.name): stored.uid for stored in follower.store}
    assert kept == {key: uid for key, (uid, _) in objects_left(events).items()}


def test_the_recorded_answers_are_read_as_they_are_meant() -> None:
    answers = json.loads(gzip.decompress((RECORDINGS / "answers.json.gz").read_bytes()))

    def read(name: str) -> Any:
        code, body = answers[name]
        raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return decode_status(raw, code, "")

    page = decode_page(KINDS["Pod"], json.dumps(answers["list with limit=1"][1]).encode())
    assert (page.resource_version, page.continue_token, page.items) == ("307", "", [])
    assert read("forbidden").is_forbidden
    assert read("forbidden").message.startswith('pods is forbidden: User "nobody" cannot list')
    assert read("absent object").is_not_found
    assert read("unknown resource").message == "the server could not find the requested resource"
    assert read("bad continue token").reason == "BadRequest"
