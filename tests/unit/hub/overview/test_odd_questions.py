"""Whatever is asked for: an answer, or what is wrong with the question; never a failure of the hub."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

ODD = [
    "\x00",
    "\xff",
    "'",
    '"',
    "\\",
    "\n\t",
    "💥",
    "x" * 3000,
    "a'b\\c",
    "{cluster:String}",
    "%",
    "[",
    ")",
    "ﬁ İ",
    "-",
    "^a",
    "]b",
]
ODD_TIMES = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-21T12:00:00",
    "1969-12-31T23:59:59Z",
    "now",
    "1e9",
    "",
]


async def test_odd_words_and_times_get_an_answer(api: Any) -> None:
    await api.add_cluster("prod")
    paths = [
        *(f"/{route}?{name}={quote(odd)}" for odd in ODD for route, name in WORDS),
        *(f"/clusters/{quote(odd, safe='')}/objects/pods/web/{part}" for odd in ODD for part in PARTS),
        *(f"/clusters/prod/objects/pods/{quote(odd, safe='')}/{part}" for odd in ODD for part in PARTS),
        *(f"/clusters/prod/objects/pods/web/{part}&namespace={quote(odd)}" for odd in ODD for part in PARTS),
        *(f"/clusters/prod/objects/pods/web/detail?at={quote(time)}" for time in ODD_TIMES),
        *(f"/clusters/prod/objects/pods/web?at={quote(time)}" for time in ODD_TIMES),
        *(f"/clusters/prod/objects/pods/web/diff?from={quote(time)}&to={quote(time)}" for time in ODD_TIMES),
        *(f"/clusters/prod/objects/pods/web/history?since={quote(time)}" for time in ODD_TIMES),
        *(f"/table/pods?at={quote(time)}" for time in ODD_TIMES),
    ]
    failed = []
    for path in paths:
        answer = await api.ask("GET", f"/api/v1{path}")
        if answer.status_code not in {200, 400, 404}:
            failed.append((path[:120], answer.status_code, answer.text[:200]))
    assert failed == []


WORDS = [
    ("search", "q"),
    ("search", "types"),
    ("overview", "labels"),
    *(
        ("table/pods", name)
        for name in (
            "search",
            "cluster",
            "namespace",
            "labels",
            "clusterLabels",
            "sort",
            "status",
            "labelColumns",
            "at",
        )
    ),
]
PARTS = [
    "detail?at=2026-01-01T00:00:00Z",
    "history?limit=1",
    "diff?from=2026-01-01T00:00:00Z",
]
