"""What an alert carries to be understood: the failing container's last lines, the cluster's warnings, what changed before."""

from farwatch.hub.evidence.changes import FORCE, Note, RecentChanges
from farwatch.hub.evidence.effects import describe_update
from farwatch.hub.evidence.evidence import EffectKind, Evidence
from farwatch.hub.evidence.gather import (
    DEFAULT_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    EvidenceCounters,
    Gatherer,
    Limits,
)
from farwatch.hub.evidence.investigation import Investigation
from farwatch.hub.evidence.store import EvidenceStore

__all__ = [
    "DEFAULT_WAIT_SECONDS",
    "FORCE",
    "LONGEST_WAIT_SECONDS",
    "EffectKind",
    "Evidence",
    "EvidenceCounters",
    "EvidenceStore",
    "Gatherer",
    "Investigation",
    "Limits",
    "Note",
    "RecentChanges",
    "describe_update",
]
