"""The recording's README tells what happened; the engine must tell the same, no more and no less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from farwatch.kube.kinds import KINDS

# (alert, what it is about, container, raised after s, resolved after s)
Expected = Sequence[tuple[str, str, str, float, float]]

BY_DEFAULT: Expected = (
    # search is OOM-killed at 10.5, 14.6, ... and backs off from 25.5 on; it is deleted at 208.
    ("KubeContainerOOMKilled", "Deployment/search", "app", 10.5, 268.7),
    ("KubePodCrashLooping", "Deployment/search", "app", 25.5, 328.0),
    # checkout exits with 1 and backs off from 26.5 on; it is deleted at 208.
    ("KubePodCrashLooping", "Deployment/checkout", "app", 26.5, 328.0),
    # wedged fails its liveness probe; its first back-off is at 85.5, it runs from 210.5 on and is deleted at 228.5.
    ("KubePodCrashLooping", "Deployment/wedged", "app", 85.5, 330.5),
    # noconfig's ConfigMap is missing at 7.5; everything left in shop is deleted from 228.3 on.
    ("KubePodConfigError", "Deployment/noconfig", "app", 17.5, 288.4),
    # The first pull fails at 7.5, the kubelet backs off at 19.5.
    ("KubePodImagePullFailed", "Deployment/mailer", "app", 19.5, 288.3),
    ("KubePodImagePullFailed", "Deployment/private", "app", 19.5, 288.4),
    ("KubePodUnschedulable", "Deployment/giant", "", 66.6, 288.3),
    ("KubePodStuckCreating", "Deployment/nonet", "", 127.0, 288.4),
    ("KubePodFailed", "Pod/once", "c", 20.5, 258.4),
    ("KubeJobFailed", "Job/migrate", "", 25.5, 264.5),
    ("KubeCronJobFailing", "CronJob/tick", "", 19.5, 264.5),
    ("KubePersistentVolumeClaimPending", "PersistentVolumeClaim/data", "", 126.4, 264.3),
    # The kubelet stops at 96, the control plane says so at 149.1, and is content again at 183.
    ("KubeNodeUnreachable", "Node/sim-node-3", "", 164.1, 243.0),
    # Nothing of web, db, report, logger: healthy, or rolled out well. (At 86 web is given an image that no registry
    # has, but the recorded runtime ran it all the same.) slow is deleted before it was unready for five minutes.
)

LESS_PATIENT: Mapping[str, Any] = {
    "detectors": {
        "KubePodNotReady": {"hold": "1m", "calm": 20},
        "KubeDeploymentReplicasMismatch": {"hold": 20},
        "KubeNamespaceStuckTerminating": {"hold": 10},
        "KubeQuotaAlmostFull": {"hold": 5, "calm": 5, "limits": {"ratio": 0.8}},
        "KubeNodeUnreachable": {"hold": 0},
        "KubePodUnschedulable": {"hold": 5},
    }
}

WHEN_LESS_PATIENT: Expected = (
    *(one for one in BY_DEFAULT if one[0] not in {"KubeNodeUnreachable", "KubePodUnschedulable"}),
    ("KubeNodeUnreachable", "Node/sim-node-3", "", 149.1, 243.0),
    ("KubePodUnschedulable", "Deployment/giant", "", 11.6, 288.3),
    ("KubePodNotReady", "Deployment/slow", "app", 67.8, 248.4),
    ("KubeDeploymentReplicasMismatch", "Deployment/search", "", 48.6, 238.0),
    ("KubeDeploymentReplicasMismatch", "Deployment/checkout", "", 49.6, 238.0),
    ("KubeDeploymentReplicasMismatch", "Deployment/wedged", "", 136.8, 264.5),
    # web misses the pod on the lost node from 149.2 to 174.5; before a minute of calm, at 228.5, its pods are deleted.
    ("KubeDeploymentReplicasMismatch", "Deployment/web", "", 169.2, 264.5),
    # tick and the scaled-up web make 17 and 18 of 20 pods from 72.2 to 82.
    ("KubeQuotaAlmostFull", "ResourceQuota/quota", "", 77.2, 87.0),
    ("KubeNamespaceStuckTerminating", "Namespace/shop", "", 233.3, 269.7),
)


def replay(make_bench: Any, recording: Sequence[Any], start: float, settings: Mapping[str, Any]) -> Any:
    bench = make_bench(settings)
    for event in recording:
        bench.run_to(start + event.at)
        bench.apply_change(event.change)
    bench.run_to(start + 330)
    bench.wait(3600)
    return bench


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, BY_DEFAULT), (LESS_PATIENT, WHEN_LESS_PATIENT)],
    ids=["by default", "less patient"],
)
def test_the_recording_raises_and_resolves_what_happened_and_nothing_else(
    make_bench: Any, recording: Any, start: float, settings: Mapping[str, Any], expected: Expected
) -> None:
    bench = replay(make_bench, recording, start, settings)
    assert bench.story() == [
        (name, subject, container, pytest.approx(raised, abs=0.2), pytest.approx(resolved, abs=0.2))
        for name, subject, container, raised, resolved in sorted(expected)
    ]


def test_the_recording_ends_with_nothing_held(make_bench: Any, recording: Any, start: float) -> None:
    bench = replay(make_bench, recording, start, {})
    assert bench.engine.next_due() is None
    assert not bench.firing()


def test_nothing_is_told_more_often_than_every_half_minute(
    make_bench: Any, recording: Any, start: float
) -> None:
    bench = replay(make_bench, recording, start, {})
    told_at: dict[str, float] = {}
    for at, alert in bench.said:
        if alert.ends_at is None:
            assert at - told_at.get(alert.fingerprint, at - 30) >= 30 - 1e-6
            told_at[alert.fingerprint] = at


def test_the_facts_are_the_kubelets_own(make_bench: Any, recording: Any, start: float) -> None:
    bench = replay(make_bench, recording, start, {})
    first: dict[str, str] = {}
    for _, alert in bench.said:
        name = f"{alert.labels['alertname']} {alert.labels.get('workload') or alert.labels.get('node')}"
        first.setdefault(name, alert.annotations["description"])
    assert "exit code 137 (OOMKilled) after 3s" in first["KubePodCrashLooping search"]
    assert (
        "Liveness probe failed: HTTP probe failed with statuscode: 500" in first["KubePodCrashLooping wedged"]
    )
    assert "its limit of 64Mi" in first["KubeContainerOOMKilled search"]
    assert "no basic auth credentials" in first["KubePodImagePullFailed private"]
    assert "registry.example/does-not-exist:1: not found" in first["KubePodImagePullFailed mailer"]
    assert 'configmap "absent" not found' in first["KubePodConfigError noconfig"]
    assert "3 node(s) didn't match Pod's node affinity/selector" in first["KubePodUnschedulable giant"]
    assert "no IP addresses available in range set" in first["KubePodStuckCreating nonet"]
    assert 'storageclass.storage.k8s.io "absent" not found' in first["KubePersistentVolumeClaimPending data"]
    assert "Kubelet stopped posting node status" in first["KubeNodeUnreachable sim-node-3"]
    assert "exit code 3 (Error) after 2s" in first["KubePodFailed once"]


def test_a_hub_that_restarts_in_the_middle_tells_the_same_story(
    make_bench: Any, recording: Any, start: float
) -> None:
    never = replay(make_bench, recording, start, {})
    before, after = make_bench(), make_bench()
    for event in recording:
        bench = before if event.at < 120 else after
        if bench is after and not after.objects and before.said:
            take_over(before, after, start + 120)
        bench.run_to(start + event.at)
        bench.apply_change(event.change)
        track(bench, event.change)
    after.run_to(start + 330)
    after.wait(3600)
    after.said = [*before.said, *after.said]
    # What waited over the restart counts by the object's own timestamps, which are whole seconds.
    expected = [(*one[:3], pytest.approx(one[3], abs=1)) for one in never.story()]
    assert [one[:4] for one in after.story()] == expected


def track(bench: Any, change: Any) -> None:
    met = change.object.metadata
    key = (change.kind, met.namespace, met.name)
    if change.after is None:
        bench.objects.pop(key, None)
    else:
        bench.objects[key] = change.after


def take_over(before: Any, after: Any, now: float) -> None:
    """A new engine gets what the store has: the active alerts and the objects."""
    before.run_to(now)
    after.now = now
    after.objects = dict(before.objects)
    after.engine.restore([alert for alert in before.newest().values() if alert.ends_at is None])
    for kind in KINDS:
        after.engine.load("prod", kind, [one for key, one in before.objects.items() if key[0] == kind])
    assert after.advance() == []
    after.engine.cluster_synced("prod")
