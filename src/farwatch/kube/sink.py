"""What those who follow a cluster are told."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from farwatch.kube.comparison import ObservedChange


class WatchState(StrEnum):
    """How the watch of a kind stands."""

    SYNCING = "syncing"
    SYNCED = "synced"
    DENIED = "denied"
    ABSENT = "absent"
    FAILING = "failing"


class Sink(Protocol):
    """Who is told. Kinds are given by name, ``Pod``."""

    def synced(self, kind: str) -> None:
        """The store holds everything there is, for the first time."""
        ...

    def changed(self, kind: str, change: ObservedChange) -> None:
        """An object came, changed or went; the store has it already."""
        ...

    def status(self, kind: str, state: WatchState, message: str) -> None:
        """The watch stands otherwise now; ``message`` says why, in the server's words where it gave any."""
        ...
