"""To whom alerts go, and in which rhythm: the tree of routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import ClassVar

import msgspec

from farwatch.hub.alerting.document import Fault, Section
from farwatch.hub.alerting.durations import Duration

ALL_LABELS = "..."


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """To whom alerts go, and in which rhythm.

    Attributes:
        key: The route's place in the tree, as upstream writes it: ``{}`` is the root.
        receiver: The receiver's name.
        group_by: Labels by which alerts are grouped; None: by all of them.
        group_wait: Seconds from a group's first alert to its first flush.
        group_interval: Seconds from flush to flush.
        repeat_interval: Seconds until a receiver is told again of what has not changed.
    """

    receiver: str
    key: str = "{}"
    group_by: frozenset[str] | None = frozenset()
    group_wait: float = 30.0
    group_interval: float = 300.0
    repeat_interval: float = 4 * 3600.0

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels that name an alert's group."""
        if self.group_by is None:
            return dict(labels)
        return {name: value for name, value in labels.items() if name in self.group_by}


class RouteConfig(Section, frozen=True, kw_only=True):
    """``route``: the one route that all alerts take."""

    later: ClassVar = frozenset(
        {
            "active_time_intervals",
            "continue",
            "labels",
            "match",
            "match_re",
            "matchers",
            "mute_time_intervals",
            "routes",
        }
    )

    receiver: str
    group_by: list[str] = msgspec.field(default_factory=list)
    group_wait: Duration = Duration(30)
    group_interval: Duration = Duration(5 * 60)
    repeat_interval: Duration = Duration(4 * 3_600)

    def faults(self) -> Iterator[Fault]:
        """Labels named once, and intervals that pass."""
        for name, count in Counter(self.group_by).items():
            if count > 1:
                yield Fault(("group_by",), f"label `{name}` stands twice in `group_by`")
            if not name:
                yield Fault(("group_by",), "`group_by` holds an empty label name")
        if ALL_LABELS in self.group_by and len(self.group_by) > 1:
            yield Fault(
                ("group_by",), f"`{ALL_LABELS}` in `group_by` is all labels: name no others beside it"
            )
        for name in ("group_interval", "repeat_interval"):
            if getattr(self, name) == 0:
                yield Fault((name,), f"`{name}` cannot be zero")

    def resolved(self) -> Route:
        """The route as dispatching wants it."""
        return Route(
            receiver=self.receiver,
            group_by=None if ALL_LABELS in self.group_by else frozenset(self.group_by),
            group_wait=self.group_wait,
            group_interval=self.group_interval,
            repeat_interval=self.repeat_interval,
        )
