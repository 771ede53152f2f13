from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from farwatch.calls.logs import PodLogsAnswer, PodLogsFault
from farwatch.hub.evidence import Investigation, RecentChanges
from farwatch.hub.evidence.investigation import Depth, Patience
from farwatch.hub.fleet import CallFailedError


class Agents:
    """Pods' logs; of a pod without any the agent says that it is gone, and one that hangs says nothing."""

    def __init__(self, **logs: str) -> None:
        self.logs = logs
        self.hangs = False
        self.asked: list[str] = []

    async def call(self, _cluster: str, _method: str, params: Any = None, **_how: Any) -> bytes:
        self.asked.append(params.pod)
        if self.hangs:
            await asyncio.Event().wait()
        if params.pod not in self.logs:
            raise CallFailedError(PodLogsFault.POD_NOT_FOUND, "gone")
        return msgspec.msgpack.encode(PodLogsAnswer(container="app", text=self.logs[params.pod]))


class Stage:
    def __init__(self, kube: Any, objects: Any, patience_seconds: float = 60.0) -> None:
        self.agents = Agents(**{"web-6d4f-x2": "panic\n"})
        self.recent = RecentChanges()
        self.slept: list[float] = []
        self.on_sleep: Any = lambda: None
        self.investigation = Investigation(
            objects,
            self.recent,
            self.agents,
            clock=lambda: kube.start + 30,
            sleep=self._sleep,
            patience=Patience(logs=patience_seconds),
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep()


@pytest.fixture
def stage(kube: Any, objects: Any) -> Stage:
    return Stage(kube, objects)


async def test_logs_events_and_changes_of_an_alert_are_gathered(
    kube: Any, objects: Any, stage: Stage
) -> None:
    objects.put(
        kube.deployment("web:2"),
        kube.pod(statuses=[kube.looping()]),
        kube.event("Pod/web-6d4f-x2", "BackOff"),
    )
    stage.recent.observe([kube.change(kube.deployment("web:1"), kube.deployment("web:2"), -20)])

    found = await stage.investigation.gather(kube.alert(), Depth.ALL)

    assert [change.words for change in found.changes] == ["image of app web:1 → web:2"]
    assert [event.reason for event in found.events] == ["BackOff"]
    assert [(log.pod, log.text) for log in found.logs] == [("web-6d4f-x2", "panic\n")]
    assert found.missing == ()
    assert (found.fingerprint, found.starts_at) == (kube.alert().fingerprint, kube.alert().starts_at)
    assert found.gathered_at.timestamp() == kube.start + 30


async def test_in_a_storm_no_agent_is_asked(kube: Any, objects: Any, stage: Stage) -> None:
    objects.put(kube.pod(statuses=[kube.looping()]), kube.event("Pod/web-6d4f-x2", "BackOff"))
    found = await stage.investigation.gather(kube.alert(), Depth.WITHOUT_LOGS)
    assert stage.agents.asked == []
    assert [gap.code for gap in found.missing] == ["too_many_alerts"]
    assert found.events


async def test_when_the_pod_is_gone_the_one_in_its_place_is_looked_at_once(
    kube: Any, objects: Any, stage: Stage
) -> None:
    objects.put(kube.pod("web-6d4f-gone", statuses=[kube.looping()]))
    stage.on_sleep = lambda: objects.put(kube.pod(created=9, statuses=[kube.looping()]))

    found = await stage.investigation.gather(kube.alert(), Depth.ALL)

    assert [log.pod for log in found.logs] == ["web-6d4f-x2"]
    assert stage.slept == [0.5]

    stage.agents.logs.clear()
    again = await stage.investigation.gather(kube.alert(), Depth.ALL)
    assert [gap.code for gap in again.missing] == ["pod_not_found"]
    assert len(stage.slept) == 2


async def test_logs_that_do_not_come_cost_only_the_logs(kube: Any, objects: Any) -> None:
    stage = Stage(kube, objects, patience_seconds=0.01)
    objects.put(kube.pod(statuses=[kube.looping()]), kube.event("Pod/web-6d4f-x2", "BackOff"))
    stage.agents.hangs = True
    found = await stage.investigation.gather(kube.alert(), Depth.ALL)
    assert [gap.code for gap in found.missing] == ["out_of_time"]
    assert found.events


async def test_what_cannot_be_known_is_said(kube: Any, objects: Any, stage: Stage) -> None:
    objects.clear("Event")
    labels = kube.alert().labels | {"container": "app"}
    found = await stage.investigation.gather(kube.alert(**labels), Depth.ALL)
    assert {(gap.part.value, gap.code) for gap in found.missing} == {
        ("logs", "no_failing_pod"),
        ("events", "not_watched"),
    }


async def test_an_alert_that_names_no_container_misses_no_logs_where_none_fails(
    kube: Any, objects: Any, stage: Stage
) -> None:
    objects.put(kube.pod(phase="Pending"))
    found = await stage.investigation.gather(kube.alert("KubePodUnschedulable"), Depth.ALL)
    assert found.missing == ()


async def test_of_a_node_no_logs_are_missed(kube: Any, objects: Any, stage: Stage) -> None:
    objects.put(kube.event("Node/node-1", "NodeNotReady"))
    before, after = (kube.build("Node", "node-1", spec=spec) for spec in ({}, {"unschedulable": True}))
    stage.recent.observe([kube.change(before, after, -60)])
    found = await stage.investigation.gather(
        kube.alert("KubeNodeNotReady", node="node-1", cluster="prod"), Depth.ALL
    )
    assert found.missing == ()
    assert [event.reason for event in found.events] == ["NodeNotReady"]
    assert [change.words for change in found.changes] == ["cordoned"]
