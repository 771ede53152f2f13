from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.evidence.events import MOST_EVENTS, find_warnings
from farwatch.hub.evidence.scope import find_scope


def test_warnings_about_the_objects_of_an_alert_are_found_the_latest_last(kube: Any, objects: Any) -> None:
    objects.put(kube.deployment(), kube.pod(statuses=[kube.looping()]))
    events = [
        kube.event("Pod/web-6d4f-x2", "BackOff", "Back-off  restarting\nfailed container", 30, count=7),
        kube.event("Deployment/web", "ReplicaFailure", seconds=10),
        kube.event("ReplicaSet/web-6d4f", "FailedCreate", seconds=20),
        kube.event("Pod/web-6d4f-x2", "Pulled", seconds=40, type="Normal"),
        kube.event("Pod/cart-1", "BackOff", seconds=50),
        kube.event("Node/node-1", "NodeNotReady", seconds=60),
    ]

    found = find_warnings(events, find_scope(kube.alert().labels, objects))

    assert [(event.kind, event.reason, event.count) for event in found] == [
        ("Deployment", "ReplicaFailure", 1),
        ("ReplicaSet", "FailedCreate", 1),
        ("Pod", "BackOff", 7),
    ]
    assert found[-1].message == "Back-off restarting failed container"


def test_events_of_the_new_api_tell_their_time_and_count_elsewhere(kube: Any, objects: Any) -> None:
    objects.put(kube.deployment())
    series = {"count": 5, "lastObservedTime": kube.at(70)}
    in_series = kube.event("Deployment/web", "A", lastTimestamp=None, eventTime=kube.at(1), series=series)
    once = kube.event("Deployment/web", "B", lastTimestamp=None, eventTime=kube.at(50))

    found = find_warnings([in_series, once], find_scope(kube.alert().labels, objects))

    assert [(event.reason, event.count) for event in found] == [("B", 1), ("A", 5)]
    assert found[-1].time.timestamp() == kube.start + 70


def test_only_the_latest_are_kept(kube: Any, objects: Any) -> None:
    events = [kube.event("Deployment/web", f"R{number}", seconds=number) for number in range(MOST_EVENTS + 5)]
    found = find_warnings(events, find_scope(kube.alert().labels, objects))
    assert len(found) == MOST_EVENTS
    assert found[-1].reason == f"R{MOST_EVENTS + 4}"


@pytest.mark.parametrize(("workload", "reason"), [("checkout", "BackOff"), ("private", "Failed")])
def test_of_a_real_cluster_the_warnings_of_the_failing_workload_are_found(
    recording: Any, objects: Any, workload: str, reason: str
) -> None:
    for change in recording():
        if change.after is not None and change.time < 110:
            objects.put(change.after)
    labels = {"alertname": "x", "cluster": "prod", "namespace": "shop", "workload_kind": "Deployment"}
    scope = find_scope(labels | {"workload": workload}, objects)

    found = find_warnings(objects.objects("prod", "Event"), scope)

    assert scope.failing
    assert scope.failing.pod.metadata.name.startswith(f"{workload}-")
    assert reason in {event.reason for event in found}
    assert all(event.name.startswith(workload) for event in found)
