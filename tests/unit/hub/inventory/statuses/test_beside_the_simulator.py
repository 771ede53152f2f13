"""The hub's words for pods beside those of the simulated API server, which finds them from whole documents."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.inventory.statuses.pods import summarise
from farwatch.kube.objects import Pod
from farwatch.sim.server.podstatus import pod_restarts, pod_status, ready_containers
from farwatch.sim.times import parse_time

times = st.integers(0, 59).map(lambda second: f"2026-11-21T12:00:{second:02d}Z")
ended = st.builds(
    lambda code, reason, signal, time: {
        "exitCode": code,
        "reason": reason,
        "signal": signal,
        "finishedAt": time,
    },
    st.sampled_from([0, 1, 137]),
    st.sampled_from(["", "Completed", "Error", "OOMKilled"]),
    st.sampled_from([0, 9]),
    times,
)
states = st.one_of(
    st.builds(
        lambda reason: {"waiting": {"reason": reason}},
        st.sampled_from(["PodInitializing", "CrashLoopBackOff", ""]),
    ),
    st.just({"running": {}}),
    st.builds(lambda end: {"terminated": end}, ended),
)


def statuses(prefix: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.builds(
        lambda state, last, ready, restarts: {
            "state": state,
            "lastState": {"terminated": last} if last else {},
            "ready": ready and "running" in state,
            "restartCount": restarts,
        },
        states,
        st.none() | ended,
        st.booleans(),
        st.integers(0, 3),
    )
    return st.lists(one, max_size=3).map(
        lambda found: [{**status, "name": f"{prefix}{place}"} for place, status in enumerate(found)]
    )


@st.composite
def pods(draw: st.DrawFn) -> dict[str, Any]:
    inits, containers = draw(statuses("i")), draw(statuses("c"))
    phase = draw(st.sampled_from(["Pending", "Running", "Succeeded", "Failed"]))
    ready = draw(st.sampled_from(["True", "False"]))
    conditions = [{"type": "Ready", "status": ready}]
    if draw(st.booleans()):
        conditions.append({"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"})
    metadata = {"name": "web-1", "namespace": "shop"}
    # What is over and is deleted keeps its word since Kubernetes 1.27; the simulator does not make such pods.
    if phase in {"Pending", "Running"} and draw(st.booleans()):
        metadata["deletionTimestamp"] = "2026-11-21T12:00:00Z"
    return {
        "metadata": metadata,
        "spec": {
            "containers": [{"name": one["name"]} for one in containers],
            "initContainers": [{"name": one["name"]} for one in inits],
        },
        "status": {
            "phase": phase,
            "reason": draw(st.sampled_from(["", "Evicted", "NodeLost"])),
            "conditions": conditions,
            "initContainerStatuses": inits,
            "containerStatuses": containers,
        },
    }


@given(pods())
def test_both_say_the_same_of_any_pod(document: dict[str, Any]) -> None:
    summary = summarise(msgspec.convert(document, Pod))
    assert summary.word == pod_status(document)
    if not pod_status({**document, "metadata": {}}).startswith("Init:"):  # else kubectl looks no further
        assert f"{summary.ready}/{summary.containers}" == ready_containers(document)
        restarts, last = pod_restarts(document)
        assert summary.restarts == restarts
        found = summary.last_restart.timestamp() if summary.last_restart else None
        assert found == (parse_time(last) if last else None)
