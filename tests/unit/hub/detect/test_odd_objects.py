"""Whatever a cluster sends that still decodes: the engine takes it, and other clusters never suffer."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from farwatch.hub.detect.registry import DETECTORS_BY_KIND
from farwatch.kube.kinds import KINDS, Kind
from farwatch.kube.objects import KubeObject

ODD_VALUES: list[Any] = [
    None,
    0,
    -1,
    2**62,
    "",
    "x" * 5000,
    "{subject}\n",
    "Unknown",
    "True",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-20T21:15:13",
    [],
    {},
    True,
]

Distortions = Sequence[tuple[int, Any]]

changes = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(ODD_VALUES)), min_size=1, max_size=12)


def list_places(document: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) within a document."""
    places: list[tuple[Any, Any]] = []
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(items):
        places.append((document, key))
        if isinstance(value, dict | list):
            places += list_places(value)
    return places


def distort(kind: Kind, original: KubeObject, changes: Distortions) -> KubeObject:
    """The object with odd values in some places, as far as it still decodes."""
    found = original
    for place, value in changes:
        document = msgspec.json.decode(msgspec.json.encode(found))
        places = list_places(document)
        container, key = places[place % len(places)]
        container[key] = value
        with suppress(msgspec.ValidationError):
            found = kind.json_decoder.decode(msgspec.json.encode(document))
    return found


@given(numbers=st.lists(st.integers(0, 10_000), min_size=1, max_size=4), changes=changes)
@settings(max_examples=150, deadline=None)
def test_any_object_that_decodes_is_taken(
    make_bench: Any,
    recording: Sequence[Any],
    kube: Any,
    numbers: list[int],
    changes: Distortions,
) -> None:
    judged = [event.change.object for event in recording if event.change.kind in DETECTORS_BY_KIND]
    bench = make_bench()
    bench.apply(kube.node(ready="Unknown", since=1))
    for number in numbers:
        original = judged[number % len(judged)]
        kind = KINDS[type(original).__name__]
        bench.apply(distort(kind, original, changes))
        bench.wait(1000)
    bench.delete(*bench.objects.values())
    bench.wait(86_400)
    assert bench.firing() == set()
    for _, alert in bench.said:
        assert msgspec.json.decode(msgspec.json.encode(alert), type=type(alert)) == alert
        assert len(alert.annotations["description"]) <= 1500
