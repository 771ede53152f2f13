"""Alerts that keep others quiet."""

from __future__ import annotations

from ..scenario import SilencedByAmtool, fire, get, resolve, scenario

SOURCE, TARGET = 'severity="critical"', 'severity="warning"'
RULE = {"source_matchers": [SOURCE], "target_matchers": [TARGET], "equal": ["zone"]}

critical = {"severity": "critical"}
warning = {"severity": "warning"}

SCENARIOS = [
    scenario("inhibited-from-the-start", inhibit=[RULE], group_by=["alertname"])
    .at(
        0,
        fire("down", zone="1", **critical),
        fire("slow", zone="1", **warning),
        fire("slow", zone="2", **warning),
    )
    .at(
        2,
        get("/api/v2/alerts"),
        get("/api/v2/alerts", inhibited="false"),
        get("/api/v2/alerts", active="false"),
    )
    .until(6),
    scenario("equal-labels-that-both-lack", inhibit=[RULE], group_by=["alertname"])
    .at(0, fire("down", **critical), fire("slow", **warning), fire("late", zone="1", **warning))
    .until(6),
    scenario("the-source-comes-later", inhibit=[RULE], group_by=["alertname"], repeat_interval=3)
    .at(0, fire("slow", zone="1", **warning))
    .at(4, fire("down", zone="1", **critical))
    .until(12),
    scenario("the-source-ends", inhibit=[RULE], group_by=["alertname"])
    .at(0, fire("down", zone="1", **critical), fire("slow", zone="1", **warning))
    .at(4, resolve("down", zone="1", **critical))
    .until(12),
    scenario("the-target-ends-while-inhibited", inhibit=[RULE], group_by=["alertname"])
    .at(0, fire("slow", zone="1", **warning))
    .at(4, fire("down", zone="1", **critical))
    .at(8, resolve("slow", zone="1", **warning))
    .at(10, resolve("down", zone="1", **critical))
    .until(14),
    scenario("part-of-a-group-is-inhibited", inhibit=[RULE])
    .at(0, fire("slow", zone="1", **warning), fire("slow", zone="2", **warning))
    .at(4, fire("down", zone="1", **critical))
    .until(12),
    scenario(
        "no-alert-inhibits-itself",
        inhibit=[{"source_matchers": ["alertname=~'a|b'"], "target_matchers": ["alertname=~'b|c'"]}],
        group_by=["alertname"],
    )
    .at(0, fire("b"))
    .at(2, fire("c"))
    .until(8),
    scenario(
        "both-sides-match-both",
        inhibit=[{"source_matchers": ["kind=x"], "target_matchers": ["kind=x"]}],
        group_by=["alertname"],
    )
    .at(0, fire("a", kind="x"), fire("b", kind="x"))
    .until(4),
    scenario(
        "one-side-matches-both",
        inhibit=[{"source_matchers": ["a=1"], "target_matchers": ["b=1"]}],
        group_by=["alertname"],
    )
    .at(0, fire("only-source", a="1"), fire("both", a="1", b="1"), fire("only-target", b="1"))
    .until(4),
    scenario(
        "a-chain-of-inhibitions",
        inhibit=[
            {"source_matchers": ["level=3"], "target_matchers": ["level=2"]},
            {"source_matchers": ["level=2"], "target_matchers": ["level=1"]},
        ],
        group_by=["alertname"],
    )
    .at(0, fire("c", level="3"), fire("b", level="2"), fire("a", level="1"))
    .at(4, resolve("c", level="3"))
    .until(10),
    scenario("a-silenced-source-inhibits", inhibit=[RULE], group_by=["alertname"])
    .at(0, SilencedByAmtool("s", ["alertname=down"], 60))
    .at(2, fire("down", zone="1", **critical), fire("slow", zone="1", **warning))
    .until(8),
    scenario("two-sources-one-ends", inhibit=[RULE], group_by=["alertname"])
    .at(
        0,
        fire("down", zone="1", **critical),
        fire("gone", zone="1", **critical),
        fire("slow", zone="1", **warning),
    )
    .at(4, resolve("down", zone="1", **critical))
    .at(8, resolve("gone", zone="1", **critical))
    .until(14),
    scenario("the-source-times-out", inhibit=[RULE], group_by=["alertname"])
    .at(0, fire("down", zone="1", ends=5, **critical), fire("slow", zone="1", ends=50, **warning))
    .until(12),
    scenario(
        "older-ways-to-write-rules",
        inhibit=[
            {
                "source_match": {"severity": "critical"},
                "target_match_re": {"severity": "warn.*|info"},
                "equal": ["zone"],
            }
        ],
        group_by=["alertname"],
    )
    .at(
        0,
        fire("down", zone="1", **critical),
        fire("slow", zone="1", **warning),
        fire("note", severity="info"),
    )
    .until(6),
    scenario(
        "equal-on-several-labels",
        inhibit=[{**RULE, "equal": ["zone", "pod"]}],
        group_by=["alertname", "pod"],
    )
    .at(
        0,
        fire("down", zone="1", pod="a", **critical),
        fire("slow", zone="1", pod="a", **warning),
        fire("slow", zone="1", pod="b", **warning),
        fire("slow", zone="2", pod="a", **warning),
    )
    .until(6),
]
