"""Serves the hub's calls: those on the allow-list, each until its deadline or until it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

import msgspec
import structlog

from farwatch.agent.calls.methods import Method
from farwatch.agent.errors import AgentError
from farwatch.link.events import CallRequested
from farwatch.link.frames import CallErrorCode

_log = structlog.get_logger(__name__)


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


class Replies(Protocol):
    """Where answers go: the session that the call came from."""

    def reply(self, call: int, payload: object, *, final: bool = True) -> bool:
        """Answers a call."""

    def fail(self, call: int, code: str, message: str) -> bool:
        """Tells that a call failed."""


class Dispatcher:
    """The calls under way on one link.

    Args:
        handlers: What serves which method.
        allowed: The methods that may be called; set at install time, never by the hub.
        replies: Where answers go.
        on_reply: Called after each answer, so that it is sent.
    """

    def __init__(
        self,
        handlers: Mapping[Method, Handler],
        allowed: Collection[Method],
        replies: Replies,
        on_reply: Callable[[], None],
    ) -> None:
        self._handlers = handlers
        self._allowed = allowed
        self._replies = replies
        self._on_reply = on_reply
        self._tasks: dict[int, asyncio.Task[object]] = {}

    def start(self, call: CallRequested) -> None:
        """Begins to serve a call, or refuses it."""
        try:
            handler, params = self._admit(call)
        except CallError as error:
            self._fail(call, error)
            return
        serving = _await(handler.serve(params, Caller(call.user, call.deadline)))
        task = asyncio.create_task(serving, name=f"call {call.id} {call.method}")
        self._tasks[call.id] = task
        task.add_done_callback(partial(self._finish, call))

    def cancel(self, call: int) -> None:
        """Stops serving a call whose answer nobody wants any more."""
        task = self._tasks.get(call)
        if task is not None:
            task.cancel()

    def cancel_all(self) -> None:
        """Stops serving: the link is gone."""
        for task in list(self._tasks.values()):
            task.cancel()

    def _admit(self, call: CallRequested) -> tuple[Handler, msgspec.Struct]:
        if call.method not in set(Method):
            raise CallError(CallErrorCode.UNKNOWN_METHOD, f"this agent knows no {call.method[:100]!r}")
        method = Method(call.method)
        if method not in self._allowed:
            raise CallError(
                CallErrorCode.NOT_ALLOWED,
                f"this agent's allowed_calls do not name {method}; its owner decides",
            )
        handler = self._handlers[method]
        try:
            return handler, msgspec.msgpack.decode(call.params, type=handler.params)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise CallError(CallErrorCode.BAD_PARAMS, f"{method}: {error}") from error

    def _finish(self, call: CallRequested, task: asyncio.Task[object]) -> None:
        del self._tasks[call.id]
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._replies.reply(call.id, task.result())
            self._on_reply()
        elif isinstance(error, CallError):
            self._fail(call, error)
        else:
            _log.error("a call failed by a fault of the agent", method=call.method, exc_info=error)
            self._fail(call, CallError(CallErrorCode.FAILED, "the agent failed; its log says how"))

    def _fail(self, call: CallRequested, error: CallError) -> None:
        self._replies.fail(call.id, error.code, str(error))
        self._on_reply()


async def _await(work: Awaitable[object]) -> object:
    return await work
