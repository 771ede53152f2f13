"""The hub's own metrics. docs/hub.md explains each."""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from litestar.datastructures import State

from farwatch import __version__
from farwatch.hub.alerting import Acknowledgements, Alerting, Configuration, HistoryKeeper
from farwatch.hub.audit import Audit
from farwatch.hub.auth import People
from farwatch.hub.backup import Backups
from farwatch.hub.detect import DETECTORS, Engine, Phase
from farwatch.hub.detection import Detection
from farwatch.hub.evidence import Gatherer
from farwatch.hub.fleet import Fleet
from farwatch.hub.install import Installs
from farwatch.hub.inventory import ChangeLog, Inventory
from farwatch.hub.live import Streams
from farwatch.hub.store import Telemetry
from farwatch.hub.watchdog import Heartbeat, IngestLag
from farwatch.wire.exposition import Family, counter, counters, gauge, gauges

_SEVERITIES = ("critical", "warning", "info")
"""Shown even while nothing of theirs fires, so that a graph has no holes."""


def collect(state: State) -> Iterator[Family]:
    """Every metric, as it is now."""
    yield from _about_process()
    yield from _about_fleet(state.fleet)
    yield from _about_installs(state.installs)
    yield from _about_inventory(state.inventory, state.change_log)
    yield from _about_telemetry(state.telemetry)
    yield from _about_detection(state.detection, state.engine)
    yield from _about_alerting(state.alerting)
    yield from _about_configuration(state.configuration)
    yield from _about_history(state.history_keeper, state.acknowledgements)
    yield from _about_evidence(state.evidence)
    yield from _about_streams(state.streams)
    yield from _about_watchdog(state.ingest_lag, state.heartbeat)
    yield from _about_backups(state.backups)
    yield from _about_audit(state.audit)
    yield from _about_people(state.people)


def _about_process() -> Iterator[Family]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    yield gauge("farwatch_hub_build_info", "The hub's version, as a label.", 1, {"version": __version__})
    yield gauge(
        "farwatch_hub_resident_memory_bytes", "Resident set size.", pages * os.sysconf("SC_PAGE_SIZE")
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    yield gauge("farwatch_hub_resident_memory_peak_bytes", "Largest resident set size so far.", peak)
    yield counter("farwatch_hub_cpu_seconds_total", "CPU time used, user and system.", time.process_time())


def _about_backups(backups: Backups) -> Iterator[Family]:
    outcomes = {"made": backups.made, "failed": backups.failed}
    yield counters("farwatch_backups_total", "Backups that were asked for, by outcome.", "outcome", outcomes)
    if backups.last_at is not None:
        yield gauge(
            "farwatch_backup_last_success_timestamp_seconds",
            "When the last backup was begun.",
            backups.last_at,
        )


def _about_audit(audit: Audit) -> Iterator[Family]:
    counted = audit.counters
    yield counters(
        "farwatch_audit_entries_total", "Entries of the audit log, by result.", "result", counted.written
    )
    yield counter(
        "farwatch_audit_refusals_counted_total",
        "Refusals that were too many to be listed one by one.",
        counted.counted,
    )
    yield counter(
        "farwatch_audit_failures_total", "How often the audit log could not be written.", counted.failures
    )
    yield gauge("farwatch_audit_waiting", "Entries that could not be written yet.", audit.waiting)


def _about_fleet(fleet: Fleet) -> Iterator[Family]:
    agents = fleet.links.agents()
    links = fleet.links.counters
    connected = {agent.cluster: float(agent.connected) for agent in agents}
    yield gauges(
        "farwatch_fleet_agent_connected", "1 while a cluster's agent is linked.", "cluster", connected
    )
    lost = {agent.cluster: float(agent.lost) for agent in agents}
    yield gauges("farwatch_fleet_agent_lost", "1 while a cluster's agent counts as lost.", "cluster", lost)
    yield counter("farwatch_link_opened_total", "Links whose agent was let in.", links.opened)
    yield counters("farwatch_link_refused_total", "Agents turned away, by reason.", "code", links.refused)
    yield counters("farwatch_link_closed_total", "Links that ended, by reason.", "code", links.closed)
    yield counter("farwatch_link_frames_received_total", "Messages received over links.", links.frames)
    yield counter("farwatch_link_received_bytes_total", "Bytes received over links.", links.bytes)
    yield counter(
        "farwatch_fleet_failed_subscribers_total",
        "Batches of changes of the fleet that a part of the hub failed to take.",
        links.failed_subscribers,
    )


def _about_installs(installs: Installs) -> Iterator[Family]:
    done = installs.counters
    yield counter("farwatch_install_links_made_total", "Install links made.", done.made)
    yield counter("farwatch_install_links_delivered_total", "Install links used.", done.delivered)
    yield counters(
        "farwatch_install_links_refused_total",
        "Install links asked for that delivered nothing, by reason.",
        "reason",
        done.refused,
    )
    yield counter("farwatch_install_render_failures_total", "Charts that were not rendered.", done.failed)


def _about_inventory(inventory: Inventory, log: ChangeLog) -> Iterator[Family]:
    yield Family(
        "farwatch_inventory_objects",
        "gauge",
        "Objects known, by cluster and kind.",
        [
            ({"cluster": cluster, "kind": kind}, count)
            for cluster in inventory.clusters
            for kind, count in sorted(inventory.kinds(cluster).items())
        ],
    )
    seen = inventory.counters
    yield counter("farwatch_inventory_changes_total", "Changes of objects.", seen.changes)
    yield counter("farwatch_inventory_unchanged_total", "Items that said nothing new.", seen.unchanged)
    yield counter(
        "farwatch_inventory_undecodable_total", "Documents skipped as unreadable.", seen.undecodable
    )
    yield counter(
        "farwatch_inventory_unknown_kinds_total", "Items of unknown kinds, skipped.", seen.unknown_kinds
    )
    yield counter(
        "farwatch_inventory_failed_subscribers_total",
        "Batches of changes that a part of the hub failed to take.",
        seen.failed_subscribers,
    )
    yield counter("farwatch_history_written_total", "Changes handed to the store.", log.counters.written)
    yield counter(
        "farwatch_history_coalesced_total",
        "Changes that a later one of the same object replaced while the store took nothing.",
        log.counters.coalesced,
    )
    yield gauge("farwatch_history_held", "Changes that wait until the store takes rows again.", log.held)


def _about_telemetry(telemetry: Telemetry) -> Iterator[Family]:
    rows = telemetry.counters
    yield counter("farwatch_telemetry_rows_total", "Rows made durable.", rows.rows_inserted)
    yield counter("farwatch_telemetry_inserts_total", "Inserts that made them so.", rows.inserts)
    yield counter("farwatch_telemetry_retries_total", "Inserts that were tried again.", rows.retries)
    yield counter(
        "farwatch_telemetry_rows_rejected_total", "Rows the store will never take.", rows.rows_rejected
    )
    yield counter(
        "farwatch_telemetry_rows_refused_total", "Rows refused because too many wait.", rows.rows_refused_full
    )
    yield gauge("farwatch_telemetry_pending_bytes", "Rows that wait to be written.", telemetry.pending_bytes)


def _about_detection(detection: Detection, engine: Engine) -> Iterator[Family]:
    yield counter(
        "farwatch_detection_failures_total", "Times that deciding about alerts failed.", detection.failures
    )
    done = engine.counters
    yield counter("farwatch_detect_changes_total", "Changes that detectors were shown.", done.changes)
    yield counter("farwatch_detect_failures_total", "Objects that could not be judged.", done.failures)
    yield counters("farwatch_detect_seconds_total", "Time that judging took, by step.", "step", done.seconds)
    cases = engine.count_cases()
    yield Family(
        "farwatch_detect_cases",
        "gauge",
        "Troubles found, by detector and whether they are still held back or fire.",
        [
            ({"detector": name, "phase": phase.name.lower()}, cases[name, phase])
            for name in DETECTORS
            for phase in (Phase.HELD, Phase.FIRING)
        ],
    )


def _about_alerting(alerting: Alerting) -> Iterator[Family]:
    severities = Counter(dict.fromkeys(_SEVERITIES, 0))
    severities.update(alert.labels.get("severity", "") for alert in alerting.active())
    yield gauges("farwatch_alerts_firing", "Alerts that fire, by severity.", "severity", severities)
    sent = alerting.counters
    delivered, failed = sent.notifications_delivered, sent.notifications_failed
    yield counter("farwatch_alerting_notifications_delivered_total", "Notifications that arrived.", delivered)
    yield counter("farwatch_alerting_notifications_failed_total", "Notifications given up.", failed)
    yield counter("farwatch_alerting_attempts_total", "Attempts to deliver.", sent.attempts)
    yield counter("farwatch_alerting_attempts_failed_total", "Attempts that failed.", sent.attempts_failed)
    yield counter(
        "farwatch_alerting_records_failed_total", "Notes that could not be kept.", sent.records_failed
    )


def _about_history(keeper: HistoryKeeper, acknowledgements: Acknowledgements) -> Iterator[Family]:
    yield gauge("farwatch_alerts_acknowledged", "Alerts that somebody has taken on.", len(acknowledgements))
    yield counter(
        "farwatch_alert_history_updates_left_out_total",
        "Updates of alerts that came too soon after the one before to be kept in the history.",
        keeper.counters.updates_left_out,
    )


def _about_evidence(evidence: Gatherer) -> Iterator[Family]:
    done = evidence.counters
    yield counter("farwatch_evidence_gathered_total", "Gatherings that came to their end.", done.gathered)
    yield counter("farwatch_evidence_failures_total", "Gatherings that failed.", done.failed)
    yield counter(
        "farwatch_evidence_skipped_total",
        "Alerts of which nothing, or no log, was gathered because too many began at once.",
        done.skipped,
    )
    yield counter("farwatch_evidence_late_total", "Alerts told before their evidence was there.", done.late)
    missing = done.missing or {("logs", "none"): 0}
    yield Family(
        "farwatch_evidence_missing_total",
        "counter",
        "What could not be had, by part and reason.",
        [({"part": part, "code": code}, count) for (part, code), count in sorted(missing.items())],
    )
    yield counter(
        "farwatch_evidence_records_failed_total",
        "Evidence that could not be kept or read.",
        done.records_failed,
    )
    yield counter("farwatch_evidence_seconds_total", "Time that gatherings took.", done.seconds)
    yield gauge("farwatch_evidence_under_way", "Gatherings under way.", evidence.under_way)


def _about_configuration(configuration: Configuration) -> Iterator[Family]:
    yield gauge(
        "farwatch_alerting_config_last_reload_successful",
        "0 if the file was bad when it was last read: what was in force before stays.",
        float(not configuration.error),
    )
    yield gauge(
        "farwatch_alerting_config_last_reload_success_timestamp_seconds",
        "Since when the configuration is in force.",
        configuration.loaded_at,
    )


def _about_streams(streams: Streams) -> Iterator[Family]:
    yield gauge("farwatch_live_listeners", "Who follows the live stream.", streams.listeners)


def _about_watchdog(lag: IngestLag, heartbeat: Heartbeat) -> Iterator[Family]:
    yield gauges(
        "farwatch_ingest_lag_seconds",
        "From an agent's seeing a change to the hub's having it; the largest of the last 30 s.",
        "cluster",
        lag.lags(),
    )
    yield counters(
        "farwatch_heartbeat_total",
        "Signs of life for somebody outside, by what became of them.",
        "outcome",
        {"sent": heartbeat.sent, "failed": heartbeat.failed, "withheld": heartbeat.withheld},
    )


def _about_people(people: People) -> Iterator[Family]:
    yield gauge("farwatch_users", "Users, the disabled ones as well.", len(people.users.list()))
    yield gauge("farwatch_sessions", "How often somebody is signed in.", people.sessions.count)
    yield counters(
        "farwatch_logins_total", "Attempts to sign in with a password.", "outcome", people.login.attempts
    )
