from __future__ import annotations

import pytest

from farwatch.hub.fleet.routes import AgentState
from farwatch.hub.inventory import Level
from farwatch.hub.overview.tiles import AgentTile, Tally, judge

FINE = AgentTile(state=AgentState.CONNECTED, api_server_reachable=True)
NONE = Tally(total=0, ok=0)


def tally(**levels: int) -> Tally:
    return Tally(total=sum(levels.values()), ok=levels.get("ok", 0), levels=levels)


@pytest.mark.parametrize(
    ("agent", "nodes", "pods", "workloads", "alerts", "level", "reasons"),
    [
        (FINE, tally(ok=3), tally(ok=9), tally(ok=2), {}, Level.OK, []),
        (FINE, tally(ok=3), tally(ok=9, warn=2), NONE, {"info": 3}, Level.OK, []),
        (FINE, tally(ok=3), tally(ok=9, bad=2), NONE, {}, Level.WARN, ["2 pods in trouble"]),
        (FINE, tally(ok=2, bad=1), NONE, NONE, {}, Level.BAD, ["1 node not ready"]),
        (FINE, tally(ok=2, warn=1), NONE, NONE, {}, Level.WARN, ["1 node cordoned or short of something"]),
        (FINE, NONE, NONE, tally(warn=2), {}, Level.OK, []),
        (FINE, NONE, NONE, tally(bad=2), {}, Level.WARN, ["2 workloads in trouble"]),
        (FINE, NONE, NONE, NONE, {"warning": 2}, Level.WARN, ["2 warnings"]),
        (FINE, NONE, NONE, NONE, {"warning": 1, "critical": 1}, Level.BAD, ["1 critical alert", "1 warning"]),
        (
            AgentTile(state=AgentState.NEVER_CONNECTED),
            NONE,
            NONE,
            NONE,
            {},
            Level.UNKNOWN,
            ["no agent has connected yet"],
        ),
        (
            AgentTile(state=AgentState.LOST, reason="heartbeat lost"),
            tally(ok=3),
            NONE,
            NONE,
            {},
            Level.BAD,
            ["its agent is lost: heartbeat lost"],
        ),
        (AgentTile(state=AgentState.AWAY), NONE, NONE, NONE, {}, Level.WARN, ["its agent is away"]),
        (
            AgentTile(state=AgentState.CONNECTED, api_server_reachable=False),
            NONE,
            NONE,
            NONE,
            {},
            Level.BAD,
            ["its API server does not answer"],
        ),
        (
            AgentTile(state=AgentState.CONNECTED, lag_seconds=42.4),
            NONE,
            NONE,
            NONE,
            {},
            Level.WARN,
            ["what is shown is 42 seconds behind"],
        ),
    ],
)
def test_a_cluster_is_as_bad_off_as_the_worst_that_is_wrong_with_it(
    *,
    agent: AgentTile,
    nodes: Tally,
    pods: Tally,
    workloads: Tally,
    alerts: dict[str, int],
    level: Level,
    reasons: list[str],
) -> None:
    health = judge(agent, nodes, pods, workloads, alerts)
    assert (health.level, health.reasons) == (level, reasons)
