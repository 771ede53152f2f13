"""Who came for a cluster and was turned away, and why: what people look for when an agent does not appear."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

import msgspec

from farwatch.hub.times import to_time
from farwatch.link.frames import AgentInfo, CloseCode

MOST_CLUSTERS = 500
"""Of how many names refusals are remembered; a stranger may call itself anything."""

MOST_KINDS = 5
"""How many different refusals are remembered of each."""

_LONGEST_NAME = 63


class RefusalView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An agent that was turned away.

    Attributes:
        code: Why, for machines.
        reason: Why and the way out, for people.
        at: When it was last, UTC.
        count: How often, for this reason.
        peer: The address it last came from.
        version: Its version.
        calls_itself: The name that it says its cluster has.
        pod: Its pod's name.
    """

    code: CloseCode
    reason: str
    at: datetime
    count: int
    peer: str
    version: str = ""
    calls_itself: str = ""
    pod: str = ""


class Refusals:
    """The last refusals of each cluster, in memory: by the cluster whose token was shown, or the name that was claimed.

    The same reason again counts up. What strangers can make of it is bounded, and shown as what it is: a claim.

    Args:
        clock: Seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._clusters: OrderedDict[str, dict[tuple[CloseCode, str], RefusalView]] = OrderedDict()

    def note(self, cluster: str, code: CloseCode, reason: str, peer: str, agent: AgentInfo) -> bool:
        """Remember a refusal, and say whether it is new; one for a name that no cluster can have is not remembered."""
        if not 0 < len(cluster) <= _LONGEST_NAME:
            return False
        known = self._clusters.setdefault(cluster, {})
        self._clusters.move_to_end(cluster)
        before = known.pop((code, reason), None)
        known[code, reason] = RefusalView(
            code=code,
            reason=reason,
            at=to_time(self._clock()),
            count=1 if before is None else before.count + 1,
            peer=peer,
            version=agent.version[:_LONGEST_NAME],
            calls_itself=agent.cluster_name[:_LONGEST_NAME],
            pod=agent.pod[:_LONGEST_NAME],
        )
        while len(known) > MOST_KINDS:
            del known[next(iter(known))]
        while len(self._clusters) > MOST_CLUSTERS:
            self._clusters.popitem(last=False)
        return before is None

    def of(self, cluster: str) -> list[RefusalView]:
        """A cluster's, the latest first."""
        return list(reversed(self._clusters.get(cluster, {}).values()))

    def forget(self, cluster: str) -> None:
        """An agent was let in, or the cluster left the fleet."""
        self._clusters.pop(cluster, None)
