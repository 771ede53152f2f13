"""To whom alerts go, and in which rhythm: the tree of routes.

The rules are Alertmanager's (``dispatch/route.go``): an alert goes down the tree to the deepest routes that match, the
first of siblings only unless that one says ``continue``; what a route does not set it has from its parent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from farwatch.hub.alerting.document import Fault, Section, Way
from farwatch.hub.alerting.durations import Duration
from farwatch.hub.alerting.matchers import CLASSIC_NAME, Matcher, Matchers, Operator
from farwatch.hub.alerting.regex import Regex

ALL_LABELS = "..."


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """To whom alerts go, and in which rhythm.

    Attributes:
        receiver: The receiver's name.
        key: The route's matchers and those of its parents, as upstream writes them: ``{}`` is the root,
            ``{}/{severity="critical"}`` below it. Part of every ``groupKey``; siblings may share it.
        id: The same with the routes' places among their siblings: no two routes share it.
        matchers: What alerts must fulfil to come here.
        goes_on: Siblings that follow are tried, too, although this one matched.
        group_by: Labels by which alerts are grouped; None: by all of them.
        group_wait: Seconds from a group's first alert to its first flush.
        group_interval: Seconds from flush to flush.
        repeat_interval: Seconds until a receiver is told again of what has not changed.
        mute_time_intervals: Names of times at which nobody is told.
        active_time_intervals: Names of times outside which nobody is told; none: always.
        routes: Routes below, in their order.
    """

    receiver: str
    key: str = "{}"
    id: str = "{}"
    matchers: Matchers = Matchers()
    goes_on: bool = False
    group_by: frozenset[str] | None = frozenset()
    group_wait: float = 30.0
    group_interval: float = 300.0
    repeat_interval: float = 4 * 3600.0
    mute_time_intervals: tuple[str, ...] = ()
    active_time_intervals: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()

    def match(self, labels: Mapping[str, str]) -> list[Route]:
        """The routes that an alert takes, of this one and those below."""
        if not self.matchers.match(labels):
            return []
        found: list[Route] = []
        for route in self.routes:
            below = route.match(labels)
            found += below
            if below and not route.goes_on:
                break
        return found or [self]

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels that name an alert's group."""
        if self.group_by is None:
            return dict(labels)
        return {name: value for name, value in labels.items() if name in self.group_by}


class RouteConfig(Section, frozen=True, kw_only=True):
    """``route``, and each entry of ``routes``. None: as the parent has it."""

    later = frozenset({"labels"})

    receiver: str | None = None
    group_by: list[str] | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None
    match: dict[str, str] = msgspec.field(default_factory=dict)
    match_re: dict[str, Regex] = msgspec.field(default_factory=dict)
    matchers: list[Matchers] = msgspec.field(default_factory=list)
    continue_: bool = msgspec.field(name="continue", default=False)
    mute_time_intervals: list[str] = msgspec.field(default_factory=list)
    active_time_intervals: list[str] = msgspec.field(default_factory=list)
    routes: list[RouteConfig] = msgspec.field(default_factory=list)

    def faults(self) -> Iterator[Fault]:
        """Labels named rightly and once, and intervals that pass."""
        group_by = self.group_by or []
        for name, count in Counter(group_by).items():
            if count > 1:
                yield Fault(("group_by",), f"label `{name}` stands twice in `group_by`")
            if not name:
                yield Fault(("group_by",), "`group_by` holds an empty label name")
        if ALL_LABELS in group_by and len(group_by) > 1:
            yield Fault(
                ("group_by",), f"`{ALL_LABELS}` in `group_by` is all labels: name no others beside it"
            )
        for name in ("group_interval", "repeat_interval"):
            if getattr(self, name) == 0:
                yield Fault((name,), f"`{name}` cannot be zero")
        for name in ("match", "match_re"):
            yield from label_faults(name, getattr(self, name))

    def root_faults(self) -> Iterator[Fault]:
        """What is wrong if it is the root, where every alert must come in."""
        if not self.receiver:
            yield Fault((), "`receiver` is missing in `route`: who is told of what no other route takes?")
        for name in ("match", "match_re", "matchers"):
            if getattr(self, name):
                yield Fault((name,), f"`{name}` cannot stand in the topmost route: all alerts take it")
        for name in ("mute_time_intervals", "active_time_intervals"):
            if getattr(self, name):
                yield Fault((name,), f"`{name}` cannot stand in the topmost route: put it into one below")
        if self.continue_:
            yield Fault(("continue",), "`continue` cannot stand in the topmost route: it has no siblings")

    def walk(self, path: Way = ()) -> Iterator[tuple[Way, RouteConfig]]:
        """This route and all below it, each with the way to it from here."""
        yield path, self
        for index, route in enumerate(self.routes):
            yield from route.walk((*path, "routes", index))

    def resolved(self, parent: Route | None = None, index: int = 0) -> Route:
        """The route as dispatching wants it, with all that it has from its parent."""
        matchers = join_matchers(self.match, self.match_re, self.matchers)
        base = parent or Route(receiver="")
        route = Route(
            receiver=self.receiver or base.receiver,
            key=f"{parent.key}/{matchers}" if parent else str(matchers),
            id=f"{parent.id}/{matchers}/{index}" if parent else str(matchers),
            matchers=matchers,
            goes_on=self.continue_,
            # An empty list is one, too: all alerts of the route in one group.
            group_by=base.group_by if self.group_by is None else _group_by(self.group_by),
            group_wait=base.group_wait if self.group_wait is None else self.group_wait,
            group_interval=self.group_interval or base.group_interval,
            repeat_interval=self.repeat_interval or base.repeat_interval,
            # Not from the parent: as upstream, each route names its own.
            mute_time_intervals=tuple(self.mute_time_intervals),
            active_time_intervals=tuple(self.active_time_intervals),
        )
        below = tuple(child.resolved(route, place) for place, child in enumerate(self.routes))
        return msgspec.structs.replace(route, routes=below)


def _group_by(names: Sequence[str]) -> frozenset[str] | None:
    return None if ALL_LABELS in names else frozenset(names)


def label_faults(key: str, names: Mapping[str, object]) -> Iterator[Fault]:
    """Names of labels that the older ways to write matchers do not take."""
    for name in names:
        if not CLASSIC_NAME.fullmatch(name):
            any_name = key.removesuffix("_re") + "ers"
            yield Fault((key,), f'"{name}" in `{key}` is not a label name: use `{any_name}`, which take any')


def join_matchers(
    equal: Mapping[str, str], regex: Mapping[str, Regex], matchers: Sequence[Matchers]
) -> Matchers:
    """All that is said in the three ways in which conditions can be written, in upstream's order.

    What ``match_re`` says is anchored, as upstream writes it: its text is part of every ``groupKey`` of the route.
    """
    found = [Matcher(name, Operator.EQUAL, value) for name, value in equal.items()]
    found += [Matcher(name, Operator.REGEX, f"^(?:{value.pattern})$") for name, value in regex.items()]
    return Matchers(sorted([*found, *(matcher for several in matchers for matcher in several)]))
