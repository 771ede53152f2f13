"""What the failing container wrote last, asked of the cluster's agent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from farwatch.calls import Method
from farwatch.calls.logs import PodLogsAnswer, PodLogsFault, PodLogsParams
from farwatch.hub.evidence.evidence import ContainerLog, Gap, Part, Run
from farwatch.hub.evidence.scope import Failing
from farwatch.hub.fleet import AgentAwayError, CallFailedError
from farwatch.hub.times import to_seconds
from farwatch.link.frames import CallErrorCode

TAIL_LINES = 100
LIMIT_BYTES = 16 * 1024
"""Of each run; what is kept with an alert must stay small."""

RECENT_FAILURE_SECONDS = 600.0
"""The end of the previous run is what a container's trouble is about for so long after it."""

_decode = msgspec.msgpack.Decoder(PodLogsAnswer).decode

_WORDS: dict[str, str] = {
    CallErrorCode.UNKNOWN_METHOD: "the agent is too old to read logs: upgrade it",
    CallErrorCode.DEADLINE_EXCEEDED: "the agent did not answer in time",
    PodLogsFault.FORBIDDEN: "the agent has no right to: grant it get on pods/log ({message})",
    PodLogsFault.POD_NOT_FOUND: "pod {pod} is gone",
    PodLogsFault.NO_PREVIOUS_RUN: "no log of the run before the restart of container {container} is kept",
    PodLogsFault.NOT_STARTED: "container {container} has not started",
    PodLogsFault.UNREACHABLE: "the cluster did not give them: {message}",
}


class Agents(Protocol):
    """The agents of every cluster, at the other end of their links."""

    async def call(
        self,
        cluster: str,
        method: str,
        params: object = None,
        *,
        timeout_seconds: float = 30.0,
        user: str = "",
    ) -> bytes:
        """Ask a cluster's agent, and get its answer in MessagePack.

        Raises:
            AgentAwayError: It is not connected, or left before it answered.
            CallFailedError: It said no, or did not answer in time.
        """


class Reading(NamedTuple):
    """The logs of a container, and which of them could not be had."""

    logs: tuple[ContainerLog, ...] = ()
    missing: tuple[Gap, ...] = ()

    @property
    def is_outdated(self) -> bool:
        """Whether the pod that was asked for is gone: another may be in its place."""
        return not self.logs and any(gap.code == PodLogsFault.POD_NOT_FOUND for gap in self.missing)


async def read_logs(
    agents: Agents, cluster: str, failing: Failing, timeout_seconds: float, now: float
) -> Reading:
    """The last lines of a container's runs; of two runs with the same lines only one is given."""
    runs = _runs_of(failing)
    if not runs:
        return Reading(missing=(_explain_unstarted(failing),))
    asked = (_read(agents, cluster, failing, run, timeout_seconds) for run in runs)
    found = dict(zip(runs, await asyncio.gather(*asked), strict=True))
    logs = {run: log for run, log in found.items() if isinstance(log, ContainerLog)}
    gaps = list(dict.fromkeys(gap for gap in found.values() if isinstance(gap, Gap)))
    if not _has_restarted(failing):
        gaps = [gap for gap in gaps if gap.code != PodLogsFault.NO_PREVIOUS_RUN]
    if Run.CURRENT in logs and Run.PREVIOUS in logs and logs[Run.CURRENT].text == logs[Run.PREVIOUS].text:
        # While a container waits to be restarted, the server gives its last run for either.
        del logs[Run.PREVIOUS]
    failed = _failed_run(failing, logs, now)
    marked = (msgspec.structs.replace(log, failed=run is failed) for run, log in logs.items())
    return Reading(tuple(marked), tuple(gaps))


def _runs_of(failing: Failing) -> tuple[Run, ...]:
    state = failing.status.state
    if _has_restarted(failing) or (state is not None and state.terminated is not None):
        return (Run.CURRENT, Run.PREVIOUS)
    return (Run.CURRENT,) if state is not None and state.running is not None else ()


def _has_restarted(failing: Failing) -> bool:
    last = failing.status.last_state
    return last is not None and last.terminated is not None


def _failed_run(failing: Failing, logs: Mapping[Run, ContainerLog], now: float) -> Run | None:
    """The run that the trouble is about: the previous one while the next has just begun, or has said nothing."""
    written = [run for run, log in logs.items() if log.text.strip()]
    if Run.PREVIOUS not in written or Run.CURRENT not in written:
        return written[0] if written else None
    state, last = failing.status.state, failing.status.last_state
    if last is None or last.terminated is None:
        return Run.PREVIOUS  # it was restarted since its status was told
    if state is not None and state.waiting is not None:
        # While it waits, both are the same run; that they differ says it was restarted meanwhile.
        return Run.PREVIOUS
    ended = last.terminated.finished_at
    is_running = state is not None and state.running is not None
    is_recent = ended is None or now - to_seconds(ended) < RECENT_FAILURE_SECONDS
    return Run.PREVIOUS if is_running and is_recent else Run.CURRENT


async def _read(
    agents: Agents, cluster: str, failing: Failing, run: Run, timeout_seconds: float
) -> ContainerLog | Gap:
    pod, container = failing.pod.metadata.name, failing.status.name
    params = PodLogsParams(
        namespace=failing.pod.metadata.namespace,
        pod=pod,
        container=container,
        previous=run is Run.PREVIOUS,
        tail_lines=TAIL_LINES,
        limit_bytes=LIMIT_BYTES,
    )
    try:
        answer = _decode(await agents.call(cluster, Method.POD_LOGS, params, timeout_seconds=timeout_seconds))
    except AgentAwayError as error:
        return Gap(part=Part.LOGS, code="agent_away", words=str(error))
    except CallFailedError as error:
        words = _WORDS.get(error.code, "{message}").format(message=error, pod=pod, container=container)
        return Gap(part=Part.LOGS, code=error.code, words=words)
    except msgspec.MsgspecError as error:
        return Gap(part=Part.LOGS, code="bad_answer", words=f"the agent's answer cannot be read: {error}")
    return ContainerLog(
        pod=pod,
        container=container,
        run=run,
        text=answer.text[-LIMIT_BYTES:],
        truncated=answer.truncated,
        masked=answer.masked,
    )


def _explain_unstarted(failing: Failing) -> Gap:
    waiting = failing.status.state.waiting if failing.status.state else None
    why = f": {waiting.reason}" if waiting and waiting.reason else ""
    words = f"container {failing.status.name} of pod {failing.pod.metadata.name} has not started{why}"
    return Gap(part=Part.LOGS, code=PodLogsFault.NOT_STARTED, words=words)
