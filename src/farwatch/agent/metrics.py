"""The agent's own metrics in Prometheus' text format, version 0.0.4. docs/agent.md explains each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path

from farwatch import __version__
from farwatch.agent.calls.handler import SERVED
from farwatch.agent.state import AgentState, LinkPhase
from farwatch.agent.webserver import Page
from farwatch.calls import Method
from farwatch.kube.reflector import Counters
from farwatch.wire.exposition import CONTENT_TYPE, Family, counter, counters, gauge, gauges, write_text

WatchCounters = Mapping[str, Sequence[Counters]]
"""By kind, the counters of its watches."""

_NO_CALL = (Method.AGENT_STATUS.value, SERVED)
"""Shown even while the hub has asked nothing, so that a graph has no holes."""


def metrics_pages(state: AgentState, counters: Callable[[], WatchCounters]) -> dict[str, Callable[[], Page]]:
    """``/metrics`` by path."""
    return {"/metrics": lambda: Page(HTTPStatus.OK, write_text(collect(state, counters())), CONTENT_TYPE)}


def collect(state: AgentState, counters: WatchCounters) -> Iterator[Family]:
    """Every metric, as it is now."""
    yield from _about_process()
    yield from _about_link(state)
    yield from _about_objects(state)
    yield from _about_watches(counters)


def resident_bytes(*, peak: bool = False) -> int:
    """This process's resident set size, now or at its largest, bytes; 0 where the system does not tell.

    Not from getrusage, whose largest size is inherited from the process that started this one.
    """
    field = "VmHWM:" if peak else "VmRSS:"
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field)), 0)


def _about_process() -> Iterator[Family]:
    yield gauge("farwatch_agent_build_info", "The agent's version, as a label.", 1, {"version": __version__})
    yield gauge("farwatch_agent_resident_memory_bytes", "Resident set size.", resident_bytes())
    yield gauge(
        "farwatch_agent_resident_memory_peak_bytes",
        "Largest resident set size so far.",
        resident_bytes(peak=True),
    )
    yield counter("farwatch_agent_cpu_seconds_total", "CPU time used, user and system.", time.process_time())


def _about_link(state: AgentState) -> Iterator[Family]:
    traffic = state.traffic
    yield gauge("farwatch_agent_leader", "1 while this agent does its cluster's work.", state.leads)
    yield gauge("farwatch_agent_link_up", "1 while linked to the hub.", state.link.phase is LinkPhase.LINKED)
    yield gauge(
        "farwatch_agent_link_down_seconds",
        "For how long there has been no link; 0 while linked.",
        state.link_down_seconds,
    )
    yield counter("farwatch_agent_link_connections_total", "Links established.", traffic.connections)
    yield counters(
        "farwatch_agent_link_refusals_total", "Links the hub refused, by its code.", "code", traffic.refusals
    )
    yield counters(
        "farwatch_agent_link_failures_total",
        "Links that failed or were closed, by cause.",
        "cause",
        traffic.failures,
    )
    yield counter("farwatch_agent_link_frames_sent_total", "Frames sent.", traffic.frames_sent)
    yield counter(
        "farwatch_agent_link_sent_bytes_total", "Bytes of frames sent, as compressed.", traffic.bytes_sent
    )
    yield counter("farwatch_agent_link_frames_received_total", "Frames received.", traffic.frames_received)
    yield counter(
        "farwatch_agent_link_received_bytes_total", "Bytes of frames received.", traffic.bytes_received
    )
    yield gauge(
        "farwatch_agent_link_unacknowledged_frames",
        "State frames not durable at the hub yet.",
        traffic.unacknowledged_frames,
    )
    yield gauge("farwatch_agent_link_held_bytes", "Changes waiting for the hub's credit.", traffic.held_bytes)
    yield counter(
        "farwatch_agent_oversized_objects_total",
        "Objects too large for a frame, not sent.",
        traffic.oversized,
    )

    yield Family(
        "farwatch_agent_calls_total",
        "counter",
        "Calls of the hub's that ended, by method and outcome.",
        [
            ({"method": method, "outcome": outcome}, count)
            for (method, outcome), count in sorted(({_NO_CALL: 0} | traffic.calls).items())
        ],
    )


def _about_objects(state: AgentState) -> Iterator[Family]:
    yield gauge("farwatch_agent_api_server_up", "1 while the API server answers.", state.api_server.reachable)
    yield gauges(
        "farwatch_agent_permission_findings",
        "Rights that differ from those needed: missing, or in excess of all that could be needed.",
        "finding",
        _count_findings(state),
    )
    yield gauges("farwatch_agent_objects", "Objects kept, by kind.", "kind", state.objects)
    yield Family(
        "farwatch_agent_watch_state",
        "gauge",
        "1 for the state the watch of a kind is in: syncing, synced, denied, absent or failing.",
        [({"kind": kind.kind, "state": kind.state.value}, 1) for kind in state.kinds],
    )


def _count_findings(state: AgentState) -> dict[str, int]:
    """Nothing while the rights are not known."""
    report = state.permissions
    if report is None or report.problem:
        return {}
    return {"missing": len(report.missing), "excess": len(report.excess)}


def _about_watches(by_kind: WatchCounters) -> Iterator[Family]:
    def sums(read: Callable[[Counters], int]) -> dict[str, int]:
        return {kind: sum(map(read, watches)) for kind, watches in by_kind.items()}

    yield counters(
        "farwatch_agent_changes_total",
        "Changes seen, first lists included.",
        "kind",
        sums(lambda c: c.changes),
    )
    yield counters(
        "farwatch_agent_watch_events_total", "Watch events received.", "kind", sums(lambda c: c.events)
    )
    yield counters(
        "farwatch_agent_lists_total", "Lists begun; each closes a gap.", "kind", sums(lambda c: c.lists)
    )
    yield counters("farwatch_agent_watches_total", "Watches begun.", "kind", sums(lambda c: c.watches))
    yield counters(
        "farwatch_agent_watch_failures_total",
        "Lists and watches that failed.",
        "kind",
        sums(lambda c: c.failures),
    )
    yield counters(
        "farwatch_agent_watch_expired_total",
        "Watches from a version too old.",
        "kind",
        sums(lambda c: c.expired),
    )
    yield counters(
        "farwatch_agent_malformed_objects_total",
        "Objects that did not decode.",
        "kind",
        sums(lambda c: c.malformed),
    )
