"""Whether the API server answers, asked of itself: a silent watch cannot tell a quiet cluster from a dead server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from farwatch.agent.state import AgentState
from farwatch.backoff import jittered
from farwatch.kube.client import KubeClient
from farwatch.kube.clock import SYSTEM_CLOCK, Clock
from farwatch.kube.errors import ApiError, KubeError

PROBE_SECONDS = 20.0
"""Between two questions while the answer stays the same."""

RETRY_SECONDS = 2.0
"""Until the second question, after the first failure: one lost packet is no outage."""

ANSWER_SECONDS = 10.0
"""How long the answer may take. A server that is frozen, connections open, is told 42 s later at most; with the client's
own patience it would be 100."""

_FAILURES_THAT_COUNT = 2
_FIRST_SERVER_ERROR = 500

_log = structlog.get_logger(__name__)


async def probe_api_server(
    client: KubeClient,
    state: AgentState,
    on_change: Callable[[], None],
    clock: Clock = SYSTEM_CLOCK,
    doubt: asyncio.Event | None = None,
) -> None:
    """Asks for the version until cancelled; notes it, and whether there was an answer.

    A refusal (4xx) is an answer. Two failures in a row make the server unreachable, one success reachable. Who sets
    ``doubt`` had no answer to something else, and has the server asked at once.
    """
    doubt = doubt or asyncio.Event()
    failures = 0
    while True:
        doubt.clear()
        problem = await _ask(client, state)
        failures = failures + 1 if problem else 0
        if not problem or failures >= _FAILURES_THAT_COUNT or not state.api_server.reachable:
            _note(state, problem, on_change)
        doubtful = problem and failures < _FAILURES_THAT_COUNT
        if doubtful:
            await clock.sleep(RETRY_SECONDS)
        else:
            await _wait(jittered(PROBE_SECONDS, clock.random()), doubt, clock)


async def _wait(seconds: float, doubt: asyncio.Event, clock: Clock) -> None:
    waits = (asyncio.ensure_future(clock.sleep(seconds)), asyncio.create_task(doubt.wait()))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _ask(client: KubeClient, state: AgentState) -> str:
    """The problem in words; empty when there was an answer."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            state.kubernetes_version = (await client.server_version()).git_version
    except ApiError as error:
        return str(error) if error.status >= _FIRST_SERVER_ERROR else ""
    except KubeError as error:
        return str(error)
    except TimeoutError:
        return f"{client.access.server} does not answer: nothing came for {ANSWER_SECONDS:g} s"
    return ""


def _note(state: AgentState, problem: str, on_change: Callable[[], None]) -> None:
    was_reachable = state.api_server.reachable
    if not state.set_api_server(reachable=not problem, message=problem):
        return
    if problem:
        _log.warning("the API server does not answer", reason=problem)
    elif not was_reachable:
        _log.info("the API server answers", version=state.kubernetes_version)
    on_change()
