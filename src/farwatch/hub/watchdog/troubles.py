"""What the hub alerts on of itself: decisions only, with time passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from farwatch.hub.alerting import Alert, Origin
from farwatch.hub.times import to_time, to_time_or_none


class OwnAlert(NamedTuple):
    """An alert of the hub's about itself.

    Attributes:
        severity: How bad it is.
        hold: Seconds of trouble before it is raised.
        calm: Seconds without trouble before it is resolved.
        summary: In a few words; ``{cluster}`` where it is about one.
        meaning: What it means, for its runbook.
        advice: What to do about it, likewise; `code` is the only mark-up.
    """

    severity: str
    hold: float
    calm: float
    summary: str
    meaning: str
    advice: str


HUB_LOST, HUB_UNWELL, INGEST_LAG = "FarwatchHubLost", "FarwatchHubUnwell", "FarwatchIngestLag"

OWN_ALERTS: dict[str, OwnAlert] = {
    HUB_LOST: OwnAlert(
        "critical",
        0,
        0,
        "The hub was lost, and is back",
        "The hub was away: for a while nothing was watched, and nobody was told of anything.",
        "look why it ended: the machine's log, the pod's last state, memory and disk. What happened meanwhile was made up "
        "for when the agents came back, and is told now. Only somebody outside can tell of a hub that stays away: "
        "`farwatch hub --heartbeat-url`.",
    ),
    HUB_UNWELL: OwnAlert(
        "critical",
        60,
        60,
        "The hub cannot do its work",
        "A part of the hub does not work. What it was to see to does not happen.",
        "the description names the part, the hub's log the cause; a full disk is the likeliest.",
    ),
    INGEST_LAG: OwnAlert(
        "warning",
        60,
        120,
        "The hub is behind on {cluster}",
        "Changes of a cluster reach the hub late, and so do its alerts.",
        "look at the hub's CPU and disk, then at the agent's and at the way between them. One cluster alone points to its "
        "agent or its network, all of them to the hub.",
    ),
}
"""By name."""


class Trouble(NamedTuple):
    """Something that is wrong with the hub now.

    Attributes:
        name: The alert's.
        facts: What is wrong, in a sentence or two.
        since: Since when; seconds since the epoch. None: since it was first observed.
        cluster: Which cluster it concerns; empty: all.
    """

    name: str
    facts: str
    since: float | None = None
    cluster: str = ""


@dataclass(slots=True)
class _Case:
    since: float
    facts: str
    fires: bool = False
    well_since: float | None = None


class OwnAlerts:
    """Which of the hub's own alerts fire.

    Args:
        runbook_url: Where runbooks are; ``{alertname}`` stands for the alert's name.
    """

    def __init__(self, runbook_url: str) -> None:
        self._runbook_url = runbook_url
        self._cases: dict[tuple[str, str], _Case] = {}

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take up those that fired when the last run ended."""
        for alert in alerts:
            key = alert.labels.get("alertname", ""), alert.labels.get("cluster", "")
            if key[0] in OWN_ALERTS and alert.origin is Origin.HUB:
                facts = alert.annotations.get("description", "")
                self._cases[key] = _Case(alert.starts_at.timestamp(), facts, fires=True)

    def decide(self, troubles: Iterable[Trouble], now: float) -> list[Alert]:
        """What is to be told, given all trouble there is now: alerts that are raised, and those that are resolved."""
        present = {(trouble.name, trouble.cluster): trouble for trouble in troubles}
        return [*self._raise(present, now), *self._resolve(present, now)]

    def _raise(self, present: Mapping[tuple[str, str], Trouble], now: float) -> Iterable[Alert]:
        for key, trouble in present.items():
            since = now if trouble.since is None else trouble.since
            case = self._cases.setdefault(key, _Case(since, trouble.facts))
            case.well_since = None
            if not case.fires:
                case.facts = trouble.facts
                if now - case.since >= OWN_ALERTS[trouble.name].hold:
                    case.fires = True
                    yield self._alert(key, case)

    def _resolve(self, present: Mapping[tuple[str, str], Trouble], now: float) -> Iterable[Alert]:
        for key in self._cases.keys() - present.keys():
            case = self._cases[key]
            if case.well_since is None:
                case.well_since = now
            if not case.fires:
                del self._cases[key]
            elif now - case.well_since >= OWN_ALERTS[key[0]].calm:
                del self._cases[key]
                yield self._alert(key, case, ends_at=now)

    def _alert(self, key: tuple[str, str], case: _Case, ends_at: float | None = None) -> Alert:
        name, cluster = key
        own = OWN_ALERTS[name]
        labels = {"alertname": name, "severity": own.severity}
        return Alert(
            labels=labels | {"cluster": cluster} if cluster else labels,
            annotations={
                "summary": own.summary.format(cluster=cluster),
                "description": case.facts,
                "runbook_url": self._runbook_url.replace("{alertname}", name),
            },
            starts_at=to_time(case.since),
            ends_at=to_time_or_none(ends_at),
        )
