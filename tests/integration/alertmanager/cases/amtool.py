"""What the real amtool does and prints against both."""

from __future__ import annotations

from ..scenario import SilencedByAmtool, amtool, fire, resolve, route, scenario

JSON = "--output=json"

SCENARIOS = [
    scenario("amtool-adds-alerts", group_by=["alertname"])
    .at(
        0,
        amtool("alert", "add", "one", "{scenario}", "zone=1"),
        amtool(
            "alert",
            "add",
            "alertname=two",
            "{scenario}",
            "--annotation=summary=from amtool",
            "--generator-url=http://source.example.com",
        ),
    )
    .at(2, amtool("alert", "query", JSON, "{scenario}"))
    .until(4),
    scenario(
        "amtool-queries-alerts",
        inhibit=[{"source_matchers": ["alertname=a"], "target_matchers": ["alertname=b"]}],
        routes=[route("other", "alertname=d")],
    )
    .at(0, fire("a", zone="1"), fire("b"), fire("c"), fire("d"), SilencedByAmtool("s", ["alertname=c"], 60))
    .at(
        2,
        amtool("alert", "query", JSON, "{scenario}"),
        amtool("alert", "query", JSON, "{scenario}", "--silenced"),
        amtool("alert", "query", JSON, "{scenario}", "--inhibited"),
        amtool("alert", "query", JSON, "{scenario}", "--active"),
        amtool("alert", "query", JSON, "{scenario}", "alertname=~a|c"),
        amtool("alert", "query", JSON, "{scenario}", "--receiver=amtool-queries-alerts.other"),
        amtool("alert", "query", JSON, "{scenario}", "nonsense{"),
        amtool("silence", "query", JSON, "{scenario}"),
        amtool("silence", "query", "--quiet", "{scenario}"),
    )
    .until(4),
    scenario("amtool-updates-and-expires-silences")
    .at(
        0,
        SilencedByAmtool("s", ["alertname=a"], 60),
        amtool("silence", "update", JSON, "--comment=another", "--duration=3h", "{s}"),
        amtool("silence", "query", JSON, "{scenario}"),
    )
    .at(1, amtool("silence", "expire", "{s}"), amtool("silence", "query", JSON, "{scenario}"))
    .at(2, amtool("silence", "query", JSON, "--expired", "{scenario}"), amtool("silence", "expire", "{s}"))
    .at(3, fire("a"))
    .at(5, resolve("a"))
    .until(6),
    scenario("amtool-is-refused").at(
        0,
        amtool("silence", "expire", "00000000-0000-4000-8000-000000000000"),
        amtool("silence", "add", "--author=x", "--comment=x", "{scenario}", "a=~("),
        amtool("silence", "add", "--author=x", "--comment=x"),
        amtool("alert", "add", "--start=nonsense", "a", "{scenario}"),
    ),
    scenario(
        "amtool-tests-the-routes-that-are-running",
        differs="addresses of webhooks are secrets, in whose place an amtool of old wants an address",
        before=(0, 26, 0),
        routes=[route("one", 'team=~"x|y"', **{"continue": True}), route("two", "team=y")],
    ).at(
        0,
        amtool("config", "routes", "test", "{scenario}"),
        amtool("config", "routes", "test", "{scenario}", "team=x"),
        amtool("config", "routes", "test", "{scenario}", "team=y"),
    ),
]
