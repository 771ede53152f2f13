"""Which alerts are told together."""

from __future__ import annotations

from ..scenario import fire, resolve, route, scenario

BATCH = (
    fire("disk", pod="a", severity="warning"),
    fire("disk", pod="b", severity="critical"),
    fire("cpu", pod="a", severity="warning"),
)

SCENARIOS = [
    scenario("group-all-together").at(0, *BATCH).until(4),
    scenario("group-by-one-label", group_by=["alertname"]).at(0, *BATCH).until(4),
    scenario("group-by-two-labels", group_by=["alertname", "pod"]).at(0, *BATCH).until(4),
    scenario("group-by-every-label", group_by=["..."]).at(0, *BATCH).until(4),
    scenario("group-by-a-label-nobody-has", group_by=["nothing"]).at(0, *BATCH).until(4),
    scenario("group-by-a-label-some-have", group_by=["severity"])
    .at(0, fire("a", severity="x"), fire("b"), fire("c", severity=""))
    .until(4),
    scenario("grouping-is-inherited", group_by=["pod"], routes=[route("child", 'severity="warning"')])
    .at(0, *BATCH)
    .until(4),
    scenario(
        "grouping-is-overridden",
        group_by=["pod"],
        routes=[route("child", 'severity="warning"', group_by=["alertname"])],
    )
    .at(0, *BATCH)
    .until(4),
    scenario("alerts-are-told-in-order")
    .at(
        0,
        fire("b", instance="2"),
        fire("z"),
        fire("a", job="2", instance="1"),
        fire("a", job="1", instance="9"),
        fire("a", job="1", instance="1", zone="x"),
        fire("a", job="1", instance="1", zone="y"),
        fire("a", job="1", instance="1", pod="y"),
        fire("a", instance="1"),
        fire("c", a="1", b="2"),
        fire("c", b="2"),
    )
    .until(4),
    scenario("labels-of-any-text", group_by=["alertname", "path", "text"])
    .at(0, fire("a", path='C:\\new "x"', text="line\nbreak\ttab é 日本 \u2028 \x7f"), fire("é", path="ü"))
    .until(4),
    scenario("alerts-join-a-group-later")
    .at(0, fire("a"))
    .at(2, fire("b"))
    .at(4, fire("c"), fire("d"))
    .until(8),
    scenario("common-labels-and-annotations")
    .at(
        0,
        fire("a", annotations={"summary": "s", "text": "1", "empty": ""}, zone="x", pod="1"),
        fire("a", annotations={"summary": "s", "text": "2", "empty": ""}, zone="x", pod="2"),
    )
    .until(4),
    scenario(
        "siblings-share-a-group-key",
        routes=[
            route("one", 'team="x"', **{"continue": True}),
            route("two", 'team="x"'),
        ],
    )
    .at(0, fire("a", team="x"))
    .at(4, resolve("a", team="x"))
    .until(8),
]
