from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.calls.logs import PodLogsAnswer, PodLogsFault, PodLogsParams
from farwatch.hub.evidence.evidence import Run
from farwatch.hub.evidence.logs import LIMIT_BYTES, Reading, read_logs
from farwatch.hub.evidence.scope import find_scope
from farwatch.hub.fleet import AgentAwayError, CallFailedError
from farwatch.link.frames import CallErrorCode


class Agents:
    """Agents that answer so for the current run and so for the previous one; an exception is raised."""

    def __init__(self, current: object = "", previous: object = None) -> None:
        self.answers = {False: current, True: current if previous is None else previous}
        self.asked: list[PodLogsParams] = []

    async def call(
        self, cluster: str, method: str, params: Any = None, *, timeout_seconds: float = 30.0, user: str = ""
    ) -> bytes:
        assert (cluster, method, timeout_seconds, user) == ("prod", "pod.logs", 3.0, "")
        self.asked.append(msgspec.msgpack.decode(msgspec.msgpack.encode(params), type=PodLogsParams))
        answer = self.answers[params.previous]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, bytes):
            return answer
        return msgspec.msgpack.encode(PodLogsAnswer(container="app", text=str(answer), masked=1))


async def read(kube: Any, objects: Any, agents: Agents, status: dict[str, Any], at: float = 30) -> Reading:
    objects.put(kube.pod(statuses=[status]))
    failing = find_scope(kube.alert().labels, objects).failing
    assert failing
    return await read_logs(agents, "prod", failing, 3.0, kube.start + at)


def runs(reading: Reading) -> list[tuple[Run, str, bool]]:
    return [(log.run, log.text, log.failed) for log in reading.logs]


async def test_both_runs_of_a_container_that_waited_are_read_and_the_one_before_failed(
    kube: Any, objects: Any
) -> None:
    # While it waits, a kubelet gives its last run for both: when they differ, it has been restarted since.
    agents = Agents("starting\n", "panic\n")
    reading = await read(kube, objects, agents, kube.looping())
    assert runs(reading) == [
        (Run.CURRENT, "starting\n", False),
        (Run.PREVIOUS, "panic\n", True),
    ]
    assert reading.logs[0].masked == 1
    assert [(asked.pod, asked.container, asked.previous) for asked in agents.asked] == [
        ("web-6d4f-x2", "app", False),
        ("web-6d4f-x2", "app", True),
    ]
    assert all(asked.limit_bytes == LIMIT_BYTES for asked in agents.asked)


async def test_the_same_lines_are_given_once(kube: Any, objects: Any) -> None:
    reading = await read(kube, objects, Agents("panic\n", "panic\n"), kube.looping())
    assert runs(reading) == [(Run.CURRENT, "panic\n", True)]


@pytest.mark.parametrize(("at", "failed"), [(30, Run.PREVIOUS), (900, Run.CURRENT)])
async def test_of_a_container_that_runs_again_the_run_before_failed_if_that_was_just_now(
    kube: Any, objects: Any, at: float, failed: Run
) -> None:
    status = {"state": {"running": {}}, "lastState": kube.crashed(0), "restartCount": 1}
    reading = await read(kube, objects, Agents("listening\n", "panic\n"), status, at)
    assert {run for run, _, is_failed in runs(reading) if is_failed} == {failed}


async def test_a_run_that_has_said_nothing_is_not_the_one_that_failed(kube: Any, objects: Any) -> None:
    reading = await read(kube, objects, Agents("\n", "panic\n"), kube.looping())
    assert {run for run, _, is_failed in runs(reading) if is_failed} == {Run.PREVIOUS}


async def test_of_a_container_that_was_restarted_meanwhile_the_run_before_failed(
    kube: Any, objects: Any
) -> None:
    reading = await read(kube, objects, Agents("starting\n", "out of memory\n"), {"state": kube.crashed()})
    assert runs(reading) == [(Run.CURRENT, "starting\n", False), (Run.PREVIOUS, "out of memory\n", True)]


async def test_of_a_container_that_ended_once_no_earlier_run_is_missed(kube: Any, objects: Any) -> None:
    none = CallFailedError(PodLogsFault.NO_PREVIOUS_RUN, "not found")
    reading = await read(kube, objects, Agents("panic\n", none), {"state": kube.crashed()})
    assert runs(reading) == [(Run.CURRENT, "panic\n", True)]
    assert reading.missing == ()


async def test_a_container_that_never_restarted_has_one_run(kube: Any, objects: Any) -> None:
    agents = Agents("not ready\n")
    reading = await read(kube, objects, agents, {"state": {"running": {}}, "ready": False})
    assert runs(reading) == [(Run.CURRENT, "not ready\n", True)]
    assert len(agents.asked) == 1


async def test_a_container_that_never_started_is_not_asked_for(kube: Any, objects: Any) -> None:
    agents = Agents()
    status = {"state": {"waiting": {"reason": "ImagePullBackOff"}}}
    reading = await read(kube, objects, agents, status)
    ((gap,), asked) = reading.missing, agents.asked
    assert asked == []
    assert gap.code == PodLogsFault.NOT_STARTED
    assert gap.words == "container app of pod web-6d4f-x2 has not started: ImagePullBackOff"
    assert not reading.is_outdated


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (AgentAwayError("the agent of 'prod' is not connected"), "agent_away", "not connected"),
        (
            CallFailedError(CallErrorCode.NOT_ALLOWED, "this agent's allowed_calls do not name pod.logs"),
            "not_allowed",
            "this agent's allowed_calls do not name pod.logs",
        ),
        (
            CallFailedError(CallErrorCode.UNKNOWN_METHOD, "knows no 'pod.logs'"),
            "unknown_method",
            "upgrade it",
        ),
        (CallFailedError(CallErrorCode.DEADLINE_EXCEEDED, "too late"), "deadline_exceeded", "in time"),
        (
            CallFailedError(PodLogsFault.FORBIDDEN, "pods {x} is forbidden"),
            "forbidden",
            "grant it get on pods/log",
        ),
        (CallFailedError(PodLogsFault.POD_NOT_FOUND, "gone"), "pod_not_found", "pod web-6d4f-x2 is gone"),
        (CallFailedError("something_new", "odd words"), "something_new", "odd words"),
        (b"\xc1", "bad_answer", "cannot be read"),
    ],
)
async def test_what_could_not_be_read_is_told_once_with_the_reason(
    kube: Any, objects: Any, fault: object, code: str, words: str
) -> None:
    reading = await read(kube, objects, Agents(fault), kube.looping())
    (gap,) = reading.missing
    assert (gap.part, gap.code) == ("logs", code)
    assert words in gap.words
    assert reading.logs == ()
    assert reading.is_outdated is (code == PodLogsFault.POD_NOT_FOUND)


async def test_one_run_that_is_not_kept_costs_only_itself(kube: Any, objects: Any) -> None:
    gone = CallFailedError(PodLogsFault.NO_PREVIOUS_RUN, "not found")
    reading = await read(kube, objects, Agents("panic\n", gone), kube.looping())
    assert runs(reading) == [(Run.CURRENT, "panic\n", True)]
    assert [gap.code for gap in reading.missing] == ["no_previous_run"]
    assert not reading.is_outdated


async def test_an_agent_that_sends_more_than_was_asked_for_is_cut(kube: Any, objects: Any) -> None:
    reading = await read(kube, objects, Agents("x" * (LIMIT_BYTES + 9) + "end"), kube.looping())
    assert len(reading.logs[0].text) == LIMIT_BYTES
    assert reading.logs[0].text.endswith("end")
