"""Several receivers, some of which fail, and what webhooks and Slack are sent."""

from __future__ import annotations

from ..scenario import fire, resolve, route, scenario, slack, webhook

SCENARIOS = [
    scenario("two-webhooks-of-one-receiver", receivers=[webhook(), webhook(send_resolved=False)])
    .at(0, fire("a"))
    .at(4, resolve("a"))
    .until(8),
    scenario("one-fails-the-other-is-told-once", receivers=[webhook(answers=[400, 200]), webhook()])
    .at(0, fire("a"))
    .until(8),
    scenario("refused-is-told-at-the-next-flush", receivers=[webhook(answers=[404, 400, 200])])
    .at(0, fire("a"))
    .until(10),
    scenario("failed-is-tried-again-soon", receivers=[webhook(answers=[500, 200])]).at(0, fire("a")).until(6),
    scenario("resolved-is-refused-once", receivers=[webhook(answers=[200, 400, 200])])
    .at(0, fire("a"))
    .at(4, resolve("a"))
    .until(10),
    scenario(
        "one-hangs-and-delays-nobody",
        receivers={"slow": [webhook(hang=30)], "quick": [webhook()]},
        routes=[route("slow", **{"continue": True}), route("quick")],
    )
    .at(0, fire("a"))
    .at(4, fire("b"))
    .until(8),
    scenario("one-of-a-receiver-hangs-for-a-while", receivers=[webhook(hang=5), webhook()])
    .at(0, fire("a"))
    .at(4, fire("b"))
    .until(14),
    scenario(
        "at-most-two-alerts", receivers=[webhook(max_alerts=2), webhook(max_alerts=1), webhook(max_alerts=0)]
    )
    .at(0, fire("a", zone="1"), fire("b", zone="1"), fire("c", zone="2"))
    .at(4, resolve("a", zone="1"))
    .until(8),
    scenario("nobody-to-tell", receivers={"": []}).at(0, fire("a")).until(4),
    scenario("webhooks-and-slack-together", receivers=[webhook(), slack()])
    .at(0, fire("a", annotations={"summary": "s", "description": "d"}, zone="1"), fire("a", zone="2"))
    .at(4, resolve("a", zone="1"))
    .until(8),
]
