"""The short form of evidence, as it fits into a message. Pure."""

from __future__ import annotations

import re

from farwatch.hub.alerting.evidence import Digest
from farwatch.hub.detect import show_span
from farwatch.hub.evidence.evidence import ContainerLog, Evidence, RelatedChange, WarningEvent

MOST_CHANGES = 3
LEAST_SHARE = 0.25
"""A change is shown if it is at least so likely as the likeliest: beside a rollout, its neighbours' are noise."""

MOST_EVENTS = 5
MOST_LINES = 10
LONGEST_LINE = 300

_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,30}[ -/]{0,5}[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
"""Colours of terminals, and what else is not to be seen."""


def digest(evidence: Evidence) -> Digest:
    """The likeliest causes, the latest warnings and the last lines of the run that failed."""
    began = evidence.starts_at.timestamp()
    latest = {(event.reason, event.message): event for event in evidence.events}
    return Digest(
        changes=tuple(_tell_change(change, began) for change in _likeliest(evidence.changes)),
        events=tuple(
            _tell_event(event)
            for event in sorted(latest.values(), key=lambda event: event.time)[-MOST_EVENTS:]
        ),
        logs=_last_lines(evidence.logs),
        missing=tuple(f"{gap.part}: {gap.words}" for gap in evidence.missing),
    )


def _likeliest(changes: tuple[RelatedChange, ...]) -> list[RelatedChange]:
    return [change for change in changes[:MOST_CHANGES] if change.score >= LEAST_SHARE * changes[0].score]


def _tell_change(change: RelatedChange, began: float) -> str:
    seconds = began - change.time.timestamp()
    when = f"{show_span(seconds)} before" if seconds >= 1 else "just before"
    seen = f"{when}, seen after a gap" if change.after_gap else when
    return _cut(f"{change.kind} {change.name}: {change.words} ({seen})")


def _tell_event(event: WarningEvent) -> str:
    times = f" ({event.count} times)" if event.count > 1 else ""
    return _cut(f"{event.kind} {event.name}: {event.reason}{times}: {event.message}")


def _last_lines(logs: tuple[ContainerLog, ...]) -> tuple[str, ...]:
    failed = next((log for log in logs if log.failed), None)
    if failed is None:
        return ()
    lines = [_cut(line) for text in failed.text.splitlines() if (line := _ESCAPES.sub("", text).rstrip())]
    return tuple(lines[-MOST_LINES:])


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"
