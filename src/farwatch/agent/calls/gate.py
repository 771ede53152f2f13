"""Which calls are served at all: decided at install time, never by the hub."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from farwatch.agent.calls.handler import CallError
from farwatch.calls import InNamespace, Method
from farwatch.link.frames import CallErrorCode

READ_ONLY = (Method.AGENT_STATUS, Method.POD_LOGS)
"""The default allow-list: nothing that writes."""


class Gate:
    """Lets calls pass, or refuses them.

    Args:
        allowed: The methods that may be called.
        namespaces: The namespaces that calls may reach into; empty means all.
        excluded: Those that they may not reach into.
    """

    def __init__(
        self, allowed: Collection[Method], namespaces: Collection[str] = (), excluded: Collection[str] = ()
    ) -> None:
        self._allowed = frozenset(allowed)
        self._namespaces = frozenset(namespaces)
        self._excluded = frozenset(excluded)

    def check_method(self, name: str) -> Method:
        """The method of this name; CallError when it is not known or not allowed."""
        if name not in set(Method):
            raise CallError(CallErrorCode.UNKNOWN_METHOD, f"this agent knows no {name[:100]!r}")
        method = Method(name)
        if method not in self._allowed:
            raise CallError(
                CallErrorCode.NOT_ALLOWED,
                f"this agent's allowed_calls do not name {method}; its owner decides",
            )
        return method

    def check_params(self, params: msgspec.Struct) -> None:
        """CallError when the parameters reach into a namespace that is none of this agent's."""
        if not isinstance(params, InNamespace):
            return
        if params.namespace in self._excluded:
            raise CallError(
                CallErrorCode.NOT_ALLOWED,
                f"this agent's exclude_namespaces name {params.namespace!r}; its owner decides",
            )
        if self._namespaces and params.namespace not in self._namespaces:
            raise CallError(
                CallErrorCode.NOT_ALLOWED,
                f"this agent's namespaces do not name {params.namespace!r}; its owner decides",
            )
