"""What is told when, in fake time, as Alertmanager would tell it."""

from __future__ import annotations

from typing import Any

from .conftest import FakeClock, Hub, Sink, alert, configuration

HOUR = 3600.0


def told(sink: Sink) -> list[tuple[float, str, list[str]]]:
    """What arrived: seconds since the beginning, the receiver, and each alert as ``Sink.told`` has it."""
    return [
        (time, payload["receiver"], pods)
        for (time, _, pods), (_, payload) in zip(sink.told(), sink.requests, strict=True)
    ]


def config(sink: Sink, text: str, *names: str) -> Any:
    receivers = "".join(f"\n  - {{name: {name}, webhook_configs: [{{url: '{sink.url}'}}]}}" for name in names)
    return configuration(f"{text}\nreceivers:{receivers}\n")


ROUTES = """
route:
  receiver: default
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  routes:
    - {match: {severity: critical}, receiver: pager, group_wait: 10s, group_interval: 1m, continue: true}
    - {matchers: [team=web], receiver: web}
"""


async def test_an_alert_is_told_on_every_route_in_that_routes_rhythm(
    hub: Hub, clock: FakeClock, sink: Sink
) -> None:
    alerting = await hub.start(config(sink, ROUTES, "default", "pager", "web"))
    await alerting.put(
        [alert("a", severity="critical", team="web"), alert("b", severity="critical"), alert("c")]
    )
    await clock.advance(100)
    await alerting.put([alert("a", severity="critical", team="web", ends=100)])
    await clock.advance(HOUR)
    assert sorted(told(sink)) == [
        (10, "pager", ["b", "a"]),
        (30, "default", ["c"]),
        (30, "web", ["a"]),
        (130, "pager", ["b", "-a"]),
        (330, "web", ["-a"]),
    ]
    assert {known.alert.labels["pod"] for known in alerting.known()} == {"b", "c"}


async def test_every_route_goes_on_where_it_was_after_a_kill(hub: Hub, clock: FakeClock, sink: Sink) -> None:
    settings = config(sink, ROUTES, "default", "pager", "web")
    alerting = await hub.start(settings)
    await alerting.put([alert("a", severity="critical", team="web")])
    await clock.advance(100)
    await alerting.put([alert("a", severity="critical", team="web", ends=100)])
    await clock.advance(60)
    await hub.kill()
    await hub.start(settings)
    await clock.advance(HOUR)
    assert told(sink) == [
        (10, "pager", ["a"]),
        (30, "web", ["a"]),
        (130, "pager", ["-a"]),
        (330, "web", ["-a"]),
    ]
