"""Timers by key in a heap."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

_Key = TypeVar("_Key")

_SLACK = 64


class Timers(Generic[_Key]):
    """One due time for each key. Setting, clearing and popping cost the logarithm of the number of timers.

    A timer that was set anew leaves its old entry in the heap, where it is skipped when it comes up; when most
    entries are such, the heap is built anew.
    """

    def __init__(self) -> None:
        self._due: dict[_Key, float] = {}
        self._heap: list[tuple[float, int, _Key]] = []
        self._count = 0

    def set(self, key: _Key, due: float) -> None:
        """Sets the key's timer, in place of the one it may have."""
        if self._due.get(key) == due:
            return
        self._due[key] = due
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, key))
        if len(self._heap) > 2 * len(self._due) + _SLACK:
            self._heap = [entry for entry in self._heap if self._due.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)

    def clear(self, key: _Key) -> None:
        """Forgets the key's timer, if it has one."""
        self._due.pop(key, None)

    def next_due(self) -> float | None:
        """When the first timer is due."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> list[_Key]:
        """Takes out the keys whose timers are due, earliest first."""
        keys = []
        while (due := self.next_due()) is not None and due <= now:
            key = heapq.heappop(self._heap)[2]
            del self._due[key]
            keys.append(key)
        return keys
