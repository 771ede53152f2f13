from __future__ import annotations

from typing import Any

import pytest

from farwatch.hub.detect.owners import workload_of


def lookup_among(*found: Any) -> Any:
    known = {(type(one).__name__, one.metadata.namespace, one.metadata.name): one for one in found}
    return lambda kind, namespace, name: known.get((kind, namespace, name))


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("ReplicaSet/web-6d4f", ("Deployment", "web")),
        ("ReplicaSet/bare", ("ReplicaSet", "bare")),
        ("StatefulSet/db", ("StatefulSet", "db")),
        ("DaemonSet/logger", ("DaemonSet", "logger")),
        ("Job/migrate", ("Job", "migrate")),
        ("Workflow/build", ("Workflow", "build")),
        ("Node/node-1", ("Pod", "p")),
        ("", ("Pod", "p")),
    ],
)
def test_names_tell_where_the_object_between_is_not_known(
    kube: Any, owner: str, expected: tuple[str, str]
) -> None:
    assert workload_of(kube.pod("p", owner=owner), lookup_among()) == expected


def test_a_known_replica_set_says_who_owns_it(kube: Any) -> None:
    replica_set = kube.workload("ReplicaSet", {}, {}, name="web-6d4f", owner="Rollout/canary")
    assert workload_of(kube.pod(), lookup_among(replica_set)) == ("Rollout", "canary")


def test_a_known_replica_set_without_an_owner_is_the_workload(kube: Any) -> None:
    replica_set = kube.workload("ReplicaSet", {}, {}, name="web-6d4f")
    assert workload_of(kube.pod(), lookup_among(replica_set)) == ("ReplicaSet", "web-6d4f")


def test_a_known_job_says_who_owns_it(kube: Any) -> None:
    job = kube.workload("Job", {}, {}, name="anything", owner="CronJob/tick")
    assert workload_of(kube.pod(owner="Job/anything"), lookup_among(job)) == ("CronJob", "tick")


def test_an_unknown_job_is_a_cron_jobs_if_its_name_ends_in_its_time(kube: Any, start: float) -> None:
    scheduled = kube.pod(owner=f"Job/tick-{int(start // 60)}")
    dated = kube.pod(owner="Job/report-20261120")
    assert workload_of(scheduled, lookup_among()) == ("CronJob", "tick")
    assert workload_of(dated, lookup_among()) == ("Job", "report-20261120")


def test_the_recorded_pods_have_the_workloads_that_made_them(recorded: Any) -> None:
    found = {
        name: workload_of(recorded("Pod", name, 78), lookup_among())
        for name in ("checkout", "db-0", "logger", "once", "migrate", "tick")
    }
    assert found == {
        "checkout": ("Deployment", "checkout"),
        "db-0": ("StatefulSet", "db"),
        "logger": ("DaemonSet", "logger"),
        "once": ("Pod", "once"),
        "migrate": ("Job", "migrate"),
        "tick": ("CronJob", "tick"),
    }
