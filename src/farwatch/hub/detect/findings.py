"""What a detector says of one object, and what a detector may look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from farwatch.hub.detect.state import ClusterState


class ObjectKey(NamedTuple):
    """One object of one cluster, by name: what a finding is about."""

    cluster: str
    kind: str
    namespace: str
    name: str


class Subject(NamedTuple):
    """What an alert is about: a workload, a node, a namespace, a cluster. One alert per name and subject."""

    cluster: str
    namespace: str
    kind: str
    name: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something is wrong with one object.

    Attributes:
        facts: What is wrong with it, in one or two sentences that name reasons, codes, images and counts.
        since: Since when, in seconds since the epoch, where the object says so. None counts from first sight.
        until: When the finding ends by itself if nothing changes, because it is about something recent.
        containers: The containers at fault, where it is about containers.
        certain: No doubt is left that the detector's default hold should clear: raise at once. A hold that the
            settings name is still kept.
        grace: Seconds to wait on top of the hold, because this object has a reason to take longer.
        calm: The least calm in seconds, because this object is known to look well for that long between
            failures.
        progress: While this changes, something moves: the time of first sight is counted anew.
    """

    facts: str
    since: float | None = None
    until: float | None = None
    containers: tuple[str, ...] = ()
    certain: bool = False
    grace: float = 0.0
    calm: float = 0.0
    progress: str = ""


class View(NamedTuple):
    """What a detector may look at beside the object itself.

    Attributes:
        cluster: What is known of the object's cluster.
        now: Seconds since the epoch.
        limits: The detector's thresholds, as the settings have them for this object.
    """

    cluster: ClusterState
    now: float
    limits: Mapping[str, float]
