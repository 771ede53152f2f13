"""What controllers ask of all pods again and again, kept in step with the store: by owner, node and namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec
import structlog

from farwatch.sim.collection import Change, ChangeType, Entry, Key
from farwatch.sim.engine.quantities import read_quantity
from farwatch.sim.store import Store


class _Slim(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """A trimmed decoding of what the store holds."""


class _Owner(_Slim, frozen=True):
    uid: str
    controller: bool = False


class _Metadata(_Slim, frozen=True):
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    owner_references: tuple[_Owner, ...] = ()


class _Resources(_Slim, frozen=True):
    requests: dict[str, str | float] | None = None
    limits: dict[str, str | float] | None = None


class _Container(_Slim, frozen=True):
    resources: _Resources | None = None


class _Spec(_Slim, frozen=True):
    node_name: str | None = None
    containers: tuple[_Container, ...] = ()


class _Condition(_Slim, frozen=True):
    type: str
    status: str


class _Status(_Slim, frozen=True):
    phase: str = "Pending"
    conditions: tuple[_Condition, ...] = ()


class _Pod(_Slim, frozen=True):
    metadata: _Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()


class PodFacts(msgspec.Struct, frozen=True, gc=False):
    """What is to be known of a pod without looking it up.

    Attributes:
        entry: The pod as stored.
        owner: The uid of the controller that owns it, or empty.
        node: The node it is bound to, or empty.
        phase: ``Pending`` ... ``Failed``.
        ready: Whether its Ready condition holds.
        deleting: Whether it is marked as deleted.
        created: When, seconds since the epoch.
        requests: Quantities asked for, by resource name.
        limits: Bounds set, by resource name.
    """

    entry: Entry
    owner: str
    node: str
    phase: str
    ready: bool
    deleting: bool
    created: float
    requests: dict[str, float]
    limits: dict[str, float]

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.entry.key

    @property
    def ended(self) -> bool:
        """Whether it will never run again."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def active(self) -> bool:
        """Whether a controller counts it: neither ended nor going."""
        return not self.ended and not self.deleting


_decoder = msgspec.json.Decoder(_Pod)
_log = structlog.get_logger(__name__)
_NOTHING: dict[str, float] = {}


class PodIndex:
    """All pods of a store by key, owner, node and namespace."""

    def __init__(self, store: Store) -> None:
        self._facts: dict[Key, PodFacts] = {}
        self._by_owner: dict[str, dict[Key, None]] = {}
        self._by_node: dict[str, dict[Key, None]] = {}
        self._by_namespace: dict[str, dict[Key, None]] = {}
        self._shapes: dict[tuple[tuple[tuple[str, str | float], ...], ...], dict[str, float]] = {}
        self._listeners: list[Callable[[PodFacts | None, PodFacts | None], None]] = []
        for entry in store.collection("pods").entries():
            self._put(None, self._read(entry))
        store.subscribe("pods", self._follow)

    def __len__(self) -> int:
        return len(self._facts)

    def subscribe(self, listener: Callable[[PodFacts | None, PodFacts | None], None]) -> None:
        """Call ``listener(before, after)`` with each change from now on, after the index has taken it in."""
        self._listeners.append(listener)

    def get(self, key: Key) -> PodFacts | None:
        """A pod's facts, or None when there is no such pod."""
        return self._facts.get(key)

    def all(self) -> Iterable[PodFacts]:
        """Every pod."""
        return self._facts.values()

    def owned_by(self, uid: str) -> list[PodFacts]:
        """The pods that a controller owns, oldest first."""
        return [self._facts[key] for key in self._by_owner.get(uid, ())]

    def on_node(self, node: str) -> list[PodFacts]:
        """The pods bound to a node."""
        return [self._facts[key] for key in self._by_node.get(node, ())]

    def in_namespace(self, namespace: str) -> list[PodFacts]:
        """The pods of a namespace."""
        return [self._facts[key] for key in self._by_namespace.get(namespace, ())]

    def _follow(self, change: Change) -> None:
        before = self._facts.get(change.entry.key)
        after = None if change.type is ChangeType.DELETED else self._read(change.entry)
        self._put(before, after)
        for listener in self._listeners:
            listener(before, after)

    def _put(self, before: PodFacts | None, after: PodFacts | None) -> None:
        for facts, present in ((before, False), (after, True)):
            if facts is None:
                continue
            for groups, group in (
                (self._by_owner, facts.owner),
                (self._by_node, facts.node),
                (self._by_namespace, facts.entry.namespace),
            ):
                if present and group:
                    groups.setdefault(group, {})[facts.key] = None
                elif group and group in groups and not _same_group(before, after, groups is self._by_node):
                    groups[group].pop(facts.key, None)
                    if not groups[group]:
                        del groups[group]
        if after is not None:
            self._facts[after.key] = after
        elif before is not None:
            del self._facts[before.key]

    def _read(self, entry: Entry) -> PodFacts:
        pod = _decode(entry)
        metadata, conditions = pod.metadata, pod.status.conditions
        return PodFacts(
            entry=entry,
            owner=next((owner.uid for owner in metadata.owner_references if owner.controller), ""),
            node=pod.spec.node_name or "",
            phase=pod.status.phase,
            ready=any(condition.type == "Ready" and condition.status == "True" for condition in conditions),
            deleting=metadata.deletion_timestamp is not None,
            created=metadata.creation_timestamp.timestamp() if metadata.creation_timestamp else 0.0,
            requests=self._total(pod.spec.containers, "requests"),
            limits=self._total(pod.spec.containers, "limits"),
        )

    def _total(self, containers: tuple[_Container, ...], what: str) -> dict[str, float]:
        """The sum over containers; shared between pods of one shape, of which there are few."""
        shape = tuple(
            tuple((getattr(container.resources, what) or {}).items())
            for container in containers
            if container.resources
        )
        if shape not in self._shapes:
            total: dict[str, float] = {}
            for container in shape:
                for name, quantity in container:
                    total[name] = total.get(name, 0.0) + _readable(quantity)
            self._shapes[shape] = total or _NOTHING
        return self._shapes[shape]


def _readable(quantity: str | float) -> float:
    try:
        return read_quantity(quantity)
    except ValueError:
        return 0.0


def _decode(entry: Entry) -> _Pod:
    """A pod that no real server would have let in is as good as empty: it must not stop those that are in order."""
    try:
        return _decoder.decode(entry.encoded)
    except msgspec.ValidationError as error:
        _log.warning("malformed pod", namespace=entry.namespace, name=entry.name, why=str(error))
        return _Pod(_Metadata())


def _same_group(before: PodFacts | None, after: PodFacts | None, by_node: bool) -> bool:  # noqa: FBT001
    """Whether a change leaves a pod in the group it is in; only its node changes in a pod's life."""
    if before is None or after is None:
        return False
    return before.node == after.node if by_node else True
