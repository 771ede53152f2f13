from __future__ import annotations

from typing import Any

import msgspec
import pytest

from farwatch.agent.calls.handler import Caller, CallError
from farwatch.agent.calls.logs import logs_handler
from farwatch.calls.logs import MAX_BYTES, PodLogsAnswer, PodLogsFault, PodLogsParams
from farwatch.kube.client import LogTail
from farwatch.kube.errors import ApiError, ApiUnreachable, KubeError

HUB = Caller("", 99.0)
WEB = PodLogsParams(namespace="shop", pod="web-1", container="web")


class Cluster:
    """A client whose API server gives this log, or fails so."""

    def __init__(
        self, content: bytes = b"", *, truncated: bool = False, error: KubeError | None = None
    ) -> None:
        self.asked: list[dict[str, Any]] = []
        self._tail = (content, truncated)
        self._error = error

    async def read_log(self, namespace: str, pod: str, **how: Any) -> Any:
        self.asked.append({"namespace": namespace, "pod": pod, **how})
        if self._error:
            raise self._error
        return LogTail(*self._tail)


async def ask(cluster: Cluster, params: PodLogsParams = WEB) -> PodLogsAnswer:
    answer: Any = await logs_handler(cluster).serve(params, HUB)  # type: ignore[arg-type]
    return msgspec.convert(answer, PodLogsAnswer, from_attributes=True)


async def test_what_the_container_wrote_is_answered_with_secrets_masked() -> None:
    cluster = Cluster(b"starting\npassword=hunter2\n\xff\xfe odd bytes\n", truncated=True)

    answer = await ask(cluster, PodLogsParams(namespace="shop", pod="web-1", previous=True, tail_lines=5))

    assert answer.text == "starting\npassword=***\n\ufffd\ufffd odd bytes\n"
    assert (answer.masked, answer.truncated) == (1, True)
    assert cluster.asked == [
        {
            "namespace": "shop",
            "pod": "web-1",
            "container": "",
            "previous": True,
            "tail_lines": 5,
            "since_seconds": None,
            "keep_bytes": 64 * 1024,
        }
    ]


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ApiError(404, "NotFound", 'pods "web-1" not found'), PodLogsFault.POD_NOT_FOUND),
        (ApiError(403, "Forbidden", "pods is forbidden"), PodLogsFault.FORBIDDEN),
        (
            ApiError(400, "BadRequest", 'previous terminated container "web" in pod "web-1" not found'),
            PodLogsFault.NO_PREVIOUS_RUN,
        ),
        (
            ApiError(
                400, "BadRequest", 'container "web" in pod "web-1" is waiting to start: ContainerCreating'
            ),
            PodLogsFault.NOT_STARTED,
        ),
        (
            ApiError(400, "BadRequest", "container web is not valid for pod web-1"),
            PodLogsFault.CONTAINER_NOT_FOUND,
        ),
        (
            ApiError(
                400, "BadRequest", "a container name must be specified for pod web-1, choose one of: [a b]"
            ),
            PodLogsFault.CONTAINER_NOT_FOUND,
        ),
        (ApiError(400, "BadRequest", "something else"), PodLogsFault.FAILED),
        (ApiError(500, "InternalError", "dial tcp 10.0.0.1:10250: i/o timeout"), PodLogsFault.UNREACHABLE),
        (ApiUnreachable("https://api does not answer: timed out"), PodLogsFault.UNREACHABLE),
    ],
)
async def test_why_there_are_no_lines_is_told_by_a_code(error: KubeError, fault: PodLogsFault) -> None:
    with pytest.raises(CallError) as raised:
        await ask(Cluster(error=error))
    assert raised.value.code == fault
    assert str(raised.value)


async def test_a_log_whose_file_is_gone_is_no_log() -> None:
    with pytest.raises(CallError) as raised:
        await ask(Cluster(b"unable to retrieve container logs for containerd://4f1e"))
    assert raised.value.code == PodLogsFault.LOG_GONE


@pytest.mark.parametrize(
    "params",
    [
        {"namespace": "shop", "pod": "../../secrets/db"},
        {"namespace": "shop/../kube-system", "pod": "web"},
        {"namespace": "shop", "pod": "web\n"},
        {"namespace": "", "pod": "web"},
        {"namespace": "shop", "pod": "web", "container": "a?follow=true"},
        {"namespace": "shop", "pod": "web", "tail_lines": 0},
        {"namespace": "shop", "pod": "web", "limit_bytes": MAX_BYTES + 1},
        {"namespace": "shop", "pod": "web", "follow": True},
    ],
)
def test_names_that_are_none_and_bounds_beyond_ours_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(params), type=PodLogsParams)


async def test_the_hub_gets_them_through_the_link(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    api_server.logs["shop", "web-1"] = b"one\ntwo\n"
    agent = run_agent()
    await agent.eventually_ready()

    await hub.call("pod.logs", msgspec.to_builtins(WEB))
    await eventually(lambda: hub.answers)

    answer = msgspec.msgpack.decode(hub.answers[0].payload, type=PodLogsAnswer)
    assert answer == PodLogsAnswer(container="web", text="one\ntwo\n")
    assert set(hub.hellos[0].capabilities) == {"call:agent.status", "call:pod.logs"}


async def test_an_agent_of_some_namespaces_shows_no_other_ones_logs(
    hub: Any, api_server: Any, run_agent: Any, eventually: Any
) -> None:
    agent = run_agent(namespaces="other")
    await agent.eventually_ready()

    await hub.call("pod.logs", msgspec.to_builtins(WEB))
    await eventually(lambda: hub.answers)

    assert hub.answers[0].code == "not_allowed"
    assert api_server.logs_read == []
