"""Whom alerts go to."""

from __future__ import annotations

from ..scenario import fire, resolve, route, scenario, webhook

GO_ON = {"continue": True}

SCENARIOS = [
    scenario("first-match-wins", routes=[route("one", 'team="x"'), route("two", 'team="x"'), route("rest")])
    .at(0, fire("a", team="x"), fire("b", team="y"))
    .until(4),
    scenario(
        "continue-tries-the-next",
        routes=[
            route("one", 'team="x"', **GO_ON),
            route("two", 'team="x"', **GO_ON),
            route("three", 'team="x"'),
            route("four", 'team="x"'),
        ],
    )
    .at(0, fire("a", team="x"))
    .at(4, resolve("a", team="x"))
    .until(8),
    scenario("continue-without-another", routes=[route("one", 'team="x"', **GO_ON)])
    .at(0, fire("a", team="x"), fire("b", team="y"))
    .until(4),
    scenario(
        "the-deepest-match-wins",
        routes=[
            route(
                "team",
                'team="x"',
                routes=[
                    route("critical", 'severity="critical"', routes=[route("night", 'when="night"')]),
                    route("warning", 'severity="warning"', **GO_ON),
                    route("any", "severity=~'.+'"),
                ],
            )
        ],
    )
    .at(
        0,
        fire("a", team="x"),
        fire("b", team="x", severity="critical"),
        fire("c", team="x", severity="critical", when="night"),
        fire("d", team="x", severity="warning"),
        fire("e", team="y", severity="critical"),
    )
    .until(4),
    scenario(
        "continue-within-and-without",
        routes=[
            route(
                "outer",
                'team="x"',
                **GO_ON,
                routes=[route("inner-1", 'a="1"', **GO_ON), route("inner-2", 'b="1"')],
            ),
            route("other", 'a="1"'),
        ],
    )
    .at(0, fire("a", team="x", a="1", b="1"), fire("b", team="x"), fire("c", a="1"))
    .until(4),
    scenario(
        "older-ways-to-write-matchers",
        routes=[
            {"receiver": "equal", "match": {"team": "x"}},
            {"receiver": "regex", "match_re": {"team": "y|z.*"}},
            {
                "receiver": "both",
                "match": {"team": "w"},
                "match_re": {"pod": "a.+"},
                "matchers": ['zone!="q"'],
            },
        ],
    )
    .at(
        0,
        fire("a", team="x"),
        fire("b", team="y"),
        fire("c", team="zebra"),
        fire("d", team="w", pod="ab"),
        fire("e", team="w", pod="a"),
        fire("f", team="w", pod="ab", zone="q"),
        fire("g", team="xy"),
    )
    .until(4),
    scenario(
        "negative-matchers-and-missing-labels",
        group_by=["alertname"],
        routes=[
            route("no-team", 'team=""'),
            route("not-x", "team!=x", "team!~y.*"),
            route("some-zone", "zone!=''", 'zone!~""'),
            route("dotted", 'team=~"y.z"'),
        ],
    )
    .at(
        0,
        fire("a"),
        fire("b", team="x"),
        fire("c", team="yes"),
        fire("d", team="z"),
        fire("e", team="x", zone="1"),
        fire("f", team="y.z"),
        fire("g", team="yaz"),
    )
    .until(4),
    scenario(
        "matchers-in-every-notation",
        routes=[
            route("braces", '{team="a", zone="1"}'),
            route("quoted", 'team="a b,c"'),
            route("bare", "team=bare word"),
            route("escaped", 'team="say \\"hi\\"\\\\n"'),
            route("two-in-one", 'team=~"p|q",zone=~"1|2"'),
        ],
    )
    .at(
        0,
        fire("a", team="a", zone="1"),
        fire("b", team="a b,c"),
        fire("c", team="bare word"),
        fire("d", team='say "hi"\\n'),
        fire("e", team="q", zone="2"),
        fire("f", team="q", zone="3"),
        fire("g", team="a"),
    )
    .until(4),
    scenario(
        "rhythm-is-inherited-and-overridden",
        group_wait=0,
        group_interval=4,
        routes=[
            route("same", 'team="x"'),
            route("own", 'team="y"', group_wait=3, group_interval=2, repeat_interval=3),
        ],
    )
    .at(0, fire("a", team="x"), fire("a", team="y"))
    .at(2, fire("b", team="x"), fire("b", team="y"))
    .until(12),
    scenario(
        "an-alert-in-two-groups-ends-in-both",
        routes=[route("fast", **GO_ON), route("slow", group_interval=6)],
        receivers={"slow": [webhook(send_resolved=False)]},
    )
    .at(0, fire("a"))
    .at(2, resolve("a"))
    .at(4, fire("b"))
    .until(12),
]
