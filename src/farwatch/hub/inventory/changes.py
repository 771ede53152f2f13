"""What a change is, once the hub has compared an object with what it knew."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from farwatch.kube.objects import KubeObject


class Operation(StrEnum):
    """What happened to an object."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class ObjectChange(msgspec.Struct, frozen=True, kw_only=True):
    """One object created, updated or deleted.

    Attributes:
        cluster: The cluster's name at the hub.
        kind: A name in ``farwatch.kube.kinds.KINDS``.
        operation: What happened.
        time: When the agent saw it, seconds since the epoch.
        before: The object as it was; None when created.
        after: The object as it is; None when deleted.
        after_gap: Found by comparing after a gap: it happened at some time before ``time``.
    """

    cluster: str
    kind: str
    operation: Operation
    time: float
    before: KubeObject | None
    after: KubeObject | None
    after_gap: bool = False

    @property
    def object(self) -> KubeObject:
        """The object as it is, or as it last was."""
        found = self.after or self.before
        if found is None:
            raise ValueError(f"a change of {self.kind} in {self.cluster} without an object")
        return found
