"""What containers wrote: the last lines of each container's current and previous run, as a kubelet keeps them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from farwatch.sim.collection import Change, ChangeType
from farwatch.sim.store import Store

_KEPT_LINES = 2_000

ContainerKey = tuple[str, str, str]
"""Namespace, pod, container."""


class Line(NamedTuple):
    """A line of output and when it was written, seconds since the epoch."""

    time: float
    text: str


class Run:
    """One run of a container and what it wrote; ``ended`` when it will write no more."""

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=_KEPT_LINES)
        self.ended = False
        self._followers: list[Callable[[Line | None], None]] = []

    def write(self, line: Line) -> None:
        """Add a line and hand it to whoever follows."""
        self.lines.append(line)
        for follower in tuple(self._followers):
            follower(line)

    def end(self) -> None:
        """Write no more; followers get None."""
        self.ended = True
        for follower in tuple(self._followers):
            follower(None)

    def follow(self, follower: Callable[[Line | None], None]) -> Callable[[], None]:
        """Call ``follower`` with each line from now on; the answer ends that."""
        self._followers.append(follower)
        return lambda: self._followers.remove(follower)


@dataclass
class _Container:
    current: Run
    previous: Run | None = None


class LogBook:
    """The output of every container of a store's pods; a pod's is dropped when the pod is deleted."""

    def __init__(self, store: Store) -> None:
        self._clock = store.clock
        self._containers: dict[ContainerKey, _Container] = {}
        self._by_pod: dict[tuple[str, str], set[str]] = {}
        store.subscribe("pods", self._forget_deleted)

    def write(self, namespace: str, pod: str, container: str, *texts: str) -> None:
        """Add lines to the container's current run, at the clock's time."""
        run = self._container((namespace, pod, container)).current
        for text in texts:
            run.write(Line(self._clock(), text))

    def restart(self, namespace: str, pod: str, container: str) -> None:
        """The current run ends and becomes the previous one; a new one begins without output."""
        known = self._container((namespace, pod, container))
        known.current.end()
        known.current, known.previous = Run(), known.current

    def current(self, namespace: str, pod: str, container: str) -> Run:
        """The run whose lines a plain ``kubectl logs`` shows; empty when nothing was written."""
        return self._container((namespace, pod, container)).current

    def previous(self, namespace: str, pod: str, container: str) -> Run | None:
        """The run before the last restart, or None when there was none."""
        known = self._containers.get((namespace, pod, container))
        return known.previous if known else None

    def _container(self, key: ContainerKey) -> _Container:
        if key not in self._containers:
            self._containers[key] = _Container(Run())
            self._by_pod.setdefault(key[:2], set()).add(key[2])
        return self._containers[key]

    def _forget_deleted(self, change: Change) -> None:
        if change.type is not ChangeType.DELETED:
            return
        for container in self._by_pod.pop(change.entry.key, ()):
            known = self._containers.pop((*change.entry.key, container))
            known.current.end()


def select_lines(run: Run, *, since: float | None = None, tail: int | None = None) -> Iterator[Line]:
    """The lines written at or after ``since`` (seconds since the epoch), of those the last ``tail``."""
    lines = [line for line in run.lines if since is None or line.time >= since]
    start = max(0, len(lines) - tail) if tail is not None else 0
    return iter(lines[start:])
