"""What the parameters of several calls have in common."""

from __future__ import annotations

from typing import Annotated

import msgspec

CallName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=253, pattern=r"\A[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z")
]
"""The name of an object, as Kubernetes allows it: it becomes part of a path, and nothing else must fit in there."""


class InNamespace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of every call's parameters that reaches into a namespace: the agent checks it against its own limits."""

    namespace: CallName
