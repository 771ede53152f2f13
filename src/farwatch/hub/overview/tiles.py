"""A cluster at a glance: its health, nodes, pods, alerts and agent. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from farwatch.hub.fleet import AgentView, Cluster
from farwatch.hub.fleet.routes import AgentState, agent_state
from farwatch.hub.inventory import Level, Rows, Sees

WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
"""What people deploy; what these make in turn is not counted."""

LAGS_FROM_SECONDS = 30.0
"""A hub that is so far behind a cluster no longer shows it as it is."""

_GRAVE = ("critical", "page", "emergency")
_WORST_FIRST = (Level.BAD, Level.WARN, Level.UNKNOWN, Level.OK)


class _View(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of what is shown."""


class Health(_View, frozen=True):
    """How bad a cluster is off, and everything that is wrong with it, the worst first."""

    level: Level
    reasons: list[str] = []


class Tally(_View, frozen=True):
    """How many there are, how many are as they should be, and how many stand how.

    `ok` also counts what is over and ended well, such as the pods of jobs that are complete.
    """

    total: int
    ok: int
    levels: dict[str, int] = {}


class AgentTile(_View, frozen=True):
    """A cluster's agent: how it stands since when, its version, and how many seconds the hub is behind it.

    `kubernetesVersion` is that of the API server it talks to.
    """

    state: AgentState
    version: str = ""
    kubernetes_version: str = ""
    since: datetime | None = None
    reason: str = ""
    lag_seconds: float = 0.0
    api_server_reachable: bool | None = None


class ClusterTile(_View, frozen=True):
    """A cluster at a glance; `alerts` are those that fire, by severity.

    Nodes that are cordoned or short of something are `warn`, and ready all the same.
    """

    name: str
    labels: dict[str, str]
    health: Health
    nodes: Tally
    pods: Tally
    workloads: Tally
    alerts: dict[str, int]
    agent: AgentTile


def make_tile(
    cluster: Cluster, agent: AgentTile, alerts: Mapping[str, int], rows: Rows, sees: Sees | None
) -> ClusterTile:
    """A cluster's tile, with what may be seen of it."""
    nodes = count(rows, cluster.name, ("Node",), sees)
    pods = count(rows, cluster.name, ("Pod",), sees)
    workloads = count(rows, cluster.name, WORKLOAD_KINDS, sees)
    return ClusterTile(
        name=cluster.name,
        labels=cluster.labels,
        health=judge(agent, nodes, pods, workloads, alerts),
        nodes=nodes,
        pods=pods,
        workloads=workloads,
        alerts=dict(alerts),
        agent=agent,
    )


def count(rows: Rows, cluster: str, kinds: Iterable[str], sees: Sees | None) -> Tally:
    """How many objects of these kinds stand how."""
    levels = dict.fromkeys(Level, 0)
    for kind in kinds:
        for namespace, counts in rows.counts(kind, cluster):
            if sees is None or sees(cluster, namespace):
                for level, number in counts.items():
                    levels[level] += number
    return add_up(levels)


def add_up(levels: Mapping[Level, int]) -> Tally:
    """The tally of these numbers."""
    return Tally(
        total=sum(levels.values()),
        ok=levels[Level.OK] + levels[Level.DONE],
        levels={level.value: number for level, number in levels.items() if number},
    )


def show_agent(cluster: Cluster, agent: AgentView | None, lag: float) -> AgentTile:
    """How a cluster's agent stands."""
    state = agent_state(agent)
    info = agent.agent if agent else None
    status = agent.status if agent else None
    return AgentTile(
        state=state,
        version=info.version if info else cluster.agent_version,
        kubernetes_version=(info.kubernetes_version if info else "") or cluster.kubernetes_version,
        since=agent.since if agent else None,
        reason="" if agent is None or agent.connected else agent.reason,
        lag_seconds=round(lag, 3),
        api_server_reachable=status.api_server_reachable if status else None,
    )


def judge(agent: AgentTile, nodes: Tally, pods: Tally, workloads: Tally, alerts: Mapping[str, int]) -> Health:
    """How bad a cluster is off."""
    found = [*_judge_agent(agent), *_judge_alerts(alerts), *_judge_objects(nodes, pods, workloads)]
    found.sort(key=lambda pair: _WORST_FIRST.index(pair[0]))
    return Health(level=found[0][0] if found else Level.OK, reasons=[words for _, words in found])


def _judge_agent(agent: AgentTile) -> Iterable[tuple[Level, str]]:
    match agent.state:
        case AgentState.NEVER_CONNECTED:
            yield Level.UNKNOWN, "no agent has connected yet"
        case AgentState.LOST:
            yield Level.BAD, f"its agent is lost{f': {agent.reason}' if agent.reason else ''}"
        case AgentState.AWAY:
            yield Level.WARN, f"its agent is away{f': {agent.reason}' if agent.reason else ''}"
    if agent.api_server_reachable is False:
        yield Level.BAD, "its API server does not answer"
    if agent.lag_seconds >= LAGS_FROM_SECONDS:
        yield Level.WARN, f"what is shown is {agent.lag_seconds:.0f} seconds behind"


def _judge_objects(nodes: Tally, pods: Tally, workloads: Tally) -> Iterable[tuple[Level, str]]:
    """Nodes are the cluster's own; that a workload fails is a reason to look, and that one rolls out is none."""
    if number := nodes.levels.get(Level.BAD, 0):
        yield Level.BAD, f"{_count(number, 'node')} not ready"
    if number := nodes.levels.get(Level.WARN, 0):
        yield Level.WARN, f"{_count(number, 'node')} cordoned or short of something"
    if number := workloads.levels.get(Level.BAD, 0):
        yield Level.WARN, f"{_count(number, 'workload')} in trouble"
    if number := pods.levels.get(Level.BAD, 0):
        yield Level.WARN, f"{_count(number, 'pod')} in trouble"


def _judge_alerts(alerts: Mapping[str, int]) -> Iterable[tuple[Level, str]]:
    for severity, number in alerts.items():
        if severity in _GRAVE:
            yield Level.BAD, f"{_count(number, f'{severity} alert')}"
        elif severity == "warning":
            yield Level.WARN, f"{_count(number, 'warning')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
