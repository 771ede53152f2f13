"""Serves the hub's calls: those that pass the gate, each until its deadline or until it is cancelled.

Each call, served or refused, leaves a line in the agent's log that says who asked for what.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol

import msgspec
import structlog

from farwatch.agent.calls.gate import Gate
from farwatch.agent.calls.handler import CANCELLED, SERVED, Caller, CallError, Handler
from farwatch.calls import Method
from farwatch.link.events import CallRequested
from farwatch.link.frames import CallErrorCode

_log = structlog.get_logger(__name__)


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
        gate: Lets calls pass.
        replies: Where answers go.
        on_reply: Called after each answer, so that it is sent.
        outcomes: Where calls that ended are counted, by method and outcome.
    """

    def __init__(
        self,
        handlers: Mapping[Method, Handler],
        gate: Gate,
        replies: Replies,
        on_reply: Callable[[], None],
        outcomes: Counter[tuple[str, str]],
    ) -> None:
        self._handlers = handlers
        self._gate = gate
        self._replies = replies
        self._on_reply = on_reply
        self._outcomes = outcomes
        self._tasks: dict[int, asyncio.Task[object]] = {}

    def start(self, call: CallRequested) -> None:
        """Begins to serve a call, or refuses it."""
        try:
            handler, params = self._admit(call)
        except CallError as error:
            self._fail(call, error)
            return
        _log.info("serving a call", call=call.id, method=call.method, user=call.user, params=_show(params))
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
        method = self._gate.check_method(call.method)
        handler = self._handlers[method]
        try:
            params = msgspec.msgpack.decode(call.params, type=handler.params)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise CallError(CallErrorCode.BAD_PARAMS, f"{method}: {error}") from error
        self._gate.check_params(params)
        return handler, params

    def _finish(self, call: CallRequested, task: asyncio.Task[object]) -> None:
        del self._tasks[call.id]
        if task.cancelled():
            self._count(call, CANCELLED)
            return
        error = task.exception()
        if error is None:
            self._count(call, SERVED)
            self._replies.reply(call.id, task.result())
            self._on_reply()
        elif isinstance(error, CallError):
            self._fail(call, error)
        else:
            _log.error("a call failed by a fault of the agent", method=call.method, exc_info=error)
            self._fail(call, CallError(CallErrorCode.FAILED, "the agent failed; its log says how"))

    def _count(self, call: CallRequested, outcome: str) -> None:
        # What the hub calls may be any word: those that are no method must not become a series each.
        method = call.method if call.method in set(Method) else "unknown"
        self._outcomes[method, outcome] += 1

    def _fail(self, call: CallRequested, error: CallError) -> None:
        self._count(call, error.code)
        _log.info(
            "a call was not served",
            call=call.id,
            method=call.method[:100],
            user=call.user,
            code=error.code,
            reason=str(error),
        )
        self._replies.fail(call.id, error.code, str(error))
        self._on_reply()


async def _await(work: Awaitable[object]) -> object:
    return await work


def _show(params: msgspec.Struct) -> dict[str, object]:
    """Parameters for the log, without those that were left at their default."""
    return {
        field.name: value
        for field in msgspec.structs.fields(params)
        if (value := getattr(params, field.name)) != field.default
    }
