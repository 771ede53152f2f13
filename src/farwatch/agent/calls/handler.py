"""What serves a call, on whose behalf, and how it says no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from farwatch.agent.errors import AgentError

SERVED = "served"
"""The outcome of a call that was answered; of others it is the code that tells why not."""

CANCELLED = "cancelled"
"""The outcome of a call whose answer nobody wanted any more."""


class CallError(AgentError):
    """A call cannot be served; the hub is told ``code``, for machines, and the message, for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Caller(NamedTuple):
    """On whose behalf a call is served.

    Attributes:
        user: The user's name at the hub; empty for the hub itself.
        deadline: When nobody waits for the answer any more, seconds, monotonic.
    """

    user: str
    deadline: float


class Handler(NamedTuple):
    """What serves a method.

    Attributes:
        params: The struct that its parameters are decoded to.
        serve: Gives the answer, anything MessagePack can hold; or raises CallError.
    """

    params: type[msgspec.Struct]
    serve: Callable[[Any, Caller], Awaitable[object]]
