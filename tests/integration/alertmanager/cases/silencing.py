"""Silences, made by the real amtool against both, and by the API.

Where an alert fires at 1, its group is flushed at even times, and things happen at odd ones.
"""

from __future__ import annotations

from ..scenario import (
    UTF8,
    Asked,
    Expired,
    Posted,
    Silenced,
    SilencedByAmtool,
    equal,
    fire,
    get,
    resolve,
    scenario,
)

SCENARIOS = [
    scenario("silenced-before-it-fires")
    .at(0, SilencedByAmtool("s", ["alertname=a"], 60))
    .at(2, fire("a"))
    .at(4, get("/api/v2/alerts"), get("/api/v2/alerts", silenced="false"), get("/api/v2/silences"))
    .until(8),
    scenario("silenced-after-it-was-told", repeat_interval=3)
    .at(0, fire("a"))
    .at(4, SilencedByAmtool("s", ["alertname=a"], 60))
    .until(10),
    scenario("a-silence-runs-out")
    .at(0, SilencedByAmtool("s", ["alertname=a"], 5))
    .at(1, fire("a"))
    .until(11),
    scenario("a-silence-is-expired-by-amtool")
    .at(0, SilencedByAmtool("s", ["alertname=a"], 60))
    .at(1, fire("a"))
    .at(5, Expired("s"), get("/api/v2/silences"))
    .until(11),
    scenario("a-silence-is-expired-by-the-api")
    .at(0, Silenced("s", [equal("alertname", "a")], 0, 60))
    .at(1, fire("a"))
    .at(5, Expired("s", by_amtool=False), Asked("GET", "/api/v2/silence/{s}"))
    .at(6, Expired("s", by_amtool=False))
    .until(11),
    scenario("a-silence-that-is-to-come")
    .at(0, Silenced("s", [equal("alertname", "a")], 4, 10), get("/api/v2/silences"))
    .at(2, fire("a"))
    .at(6, fire("b"), get("/api/v2/silences"))
    .until(14),
    scenario("part-of-a-group-is-silenced")
    .at(0, fire("a"), fire("b"))
    .at(4, SilencedByAmtool("s", ["alertname=a"], 60))
    .at(8, fire("c"))
    .until(12),
    scenario("a-whole-group-is-silenced-and-told-again", repeat_interval=3)
    .at(0, fire("a"), fire("b"))
    .at(2, SilencedByAmtool("s", ["alertname=~a|b"], 6))
    .until(14),
    scenario("resolved-while-silenced")
    .at(0, fire("a"))
    .at(4, SilencedByAmtool("s", ["alertname=a"], 60))
    .at(6, resolve("a"))
    .at(10, Expired("s"))
    .until(14),
    scenario("resolved-while-part-of-the-group-is-silenced")
    .at(0, fire("a"), fire("b"))
    .at(4, SilencedByAmtool("s", ["alertname=a"], 6))
    .at(6, resolve("a"))
    .until(14),
    scenario("silenced-by-a-regex-and-a-negation", group_by=["alertname"])
    .at(0, SilencedByAmtool("s", ["alertname=~a.+", "zone!=2", "pod!~p.*"], 60))
    .at(
        2,
        fire("ab", zone="1"),
        fire("ac", zone="2"),
        fire("ad"),
        fire("ae", pod="pq"),
        fire("a", zone="1"),
    )
    .until(6),
    scenario("a-silence-is-changed-in-place")
    .at(0, Silenced("s", [equal("alertname", "a")], 0, 60))
    .at(1, fire("a"), Silenced("t", [equal("alertname", "a")], 0, 5, id="s", comment="for less long"))
    .at(2, get("/api/v2/silences"))
    .until(11),
    scenario("a-silence-is-changed-to-match-another")
    .at(0, Silenced("s", [equal("alertname", "a")], 0, 60))
    .at(1, fire("a"), fire("b"), Silenced("t", [equal("alertname", "b")], 1, 60, id="s"))
    .at(6, get("/api/v2/silences"))
    .until(11),
    scenario("two-silences-of-one-alert")
    .at(0, SilencedByAmtool("s", ["alertname=a"], 60), SilencedByAmtool("t", ["alertname=~."], 60))
    .at(1, fire("a"))
    .at(5, Expired("s"))
    .at(9, Expired("t"))
    .until(13),
    scenario("silences-that-are-refused").at(
        0,
        Silenced("no-matchers", [equal("", "")], 0, 60),
        Silenced("ends-before-it-begins", [equal("a", "b")], 60, 50),
        Silenced("in-the-past", [equal("a", "b")], -60, -50),
        Silenced("empty-comment", [equal("a", "b")], 0, 61, comment=""),
        Silenced("bad-regex", [equal("a", "b") | {"value": "(", "isRegex": True}], 0, 60),
        Silenced("not-equal", [equal("a", "b") | {"isEqual": False}], 0, 62),
        Silenced("is-equal-left-out", [{"name": "a", "value": "b", "isRegex": False}], 0, 63),
        Silenced("is-regex-left-out", [{"name": "a", "value": "b"}], 0, 60),
        get("/api/v2/silences"),
    ),
    scenario(
        "a-silence-of-a-label-of-any-name", differs="older ones let labels have plain names only", before=UTF8
    )
    .at(0, Silenced("s", [equal("1 a", "b")], 0, 60), get("/api/v2/silences"))
    .at(1, fire("a"), Posted({"alertname": "b", "1 a": "b"}))
    .until(5),
    scenario("silences-that-are-unknown").at(
        0,
        Asked("GET", "/api/v2/silence/00000000-0000-4000-8000-000000000000"),
        Asked("GET", "/api/v2/silence/not-an-id"),
        Asked("DELETE", "/api/v2/silence/00000000-0000-4000-8000-000000000000"),
        Asked("DELETE", "/api/v2/silence/not-an-id"),
        Asked("POST", "/api/v2/silences", b"{"),
        Asked("POST", "/api/v2/silences", {}),
        Asked("POST", "/api/v2/silences", {"id": "x"}),
        get("/api/v2/silences", "alertname=a"),
    ),
    scenario("silences-are-filtered")
    .at(
        0,
        Silenced("a", [equal("alertname", "a"), equal("zone", "1")], 0, 60),
        Silenced("b", [equal("alertname", "b")], 0, 50),
        Silenced("c", [equal("alertname", "a.*") | {"isRegex": True}], 30, 40),
        Silenced("d", [equal("alertname", "d") | {"isEqual": False}], 0, 70),
    )
    .at(
        1,
        Expired("b"),
        get("/api/v2/silences"),
        get("/api/v2/silences", "alertname=a"),
        get("/api/v2/silences", "alertname=~a.*"),
        get("/api/v2/silences", "alertname!=a"),
        get("/api/v2/silences", "alertname=d"),
        get("/api/v2/silences", "zone=1"),
        get("/api/v2/silences", 'zone=""'),
        get("/api/v2/silences", "not a matcher"),
    ),
]
