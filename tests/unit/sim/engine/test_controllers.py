"""What a user's acts lead to."""

from datetime import datetime
from typing import Any

import pytest
import structlog

from farwatch.sim.engine import manifests
from farwatch.sim.engine.ailments import Ailment, AilmentKind, Workload
from farwatch.sim.engine.controllers.schedules import Schedule

Document = dict[str, Any]
Lab = Any  # of conftest.py, which tests cannot import


def scale(replicas: int) -> Any:
    def change(document: Document) -> None:
        document["spec"]["replicas"] = replicas

    return change


def use_image(image: str) -> Any:
    def change(document: Document) -> None:
        document["spec"]["template"]["spec"]["containers"][0]["image"] = image

    return change


def images(lab: Lab, name: str) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in lab.pods(name)}


def names(lab: Lab, resource: str) -> list[str]:
    return [each["metadata"]["name"] for each in lab.store.list(resource, "shop")]


# --- Deployments and ReplicaSets ------------------------------------------------------------------------------------


def test_a_deleted_pod_is_replaced(lab: Lab) -> None:
    lab.deploy("web", 2)
    lab.advance(10)
    gone = lab.pods("web")[0]["metadata"]["name"]

    lab.store.delete("pods", "shop", gone)
    lab.advance(10)

    assert len(lab.pods("web")) == 2
    assert gone not in names(lab, "pods")


def test_scaling_down_takes_the_pods_that_are_not_ready_first(lab: Lab) -> None:
    lab.deploy("web", 2)
    lab.advance(10)
    well = {pod["metadata"]["name"] for pod in lab.pods("web")}
    lab.engine.world.ailments.afflict_image("app:1", Ailment(AilmentKind.NOT_READY))
    lab.change("deployments", "web", scale(4))
    lab.advance(10)

    lab.change("deployments", "web", scale(2))
    lab.advance(10)

    assert {pod["metadata"]["name"] for pod in lab.pods("web")} == well


def test_a_rollout_never_has_fewer_ready_pods_than_allowed(lab: Lab) -> None:
    lab.deploy("web", 4)
    lab.advance(20)
    lab.change("deployments", "web", use_image("app:2"))
    lab.advance(30)

    rolling = [
        each["status"] for each in lab.documents("deployments", "web") if each["metadata"]["generation"] == 2
    ]
    assert min(status.get("availableReplicas", 0) for status in rolling) >= 3
    assert max(status.get("replicas", 0) for status in rolling) <= 5
    assert images(lab, "web") == {"app:2"}


def test_a_rollout_takes_broken_and_sound_old_pods_down_in_one_go(lab: Lab) -> None:
    lab.deploy("web", 4)
    lab.change(
        "deployments", "web", lambda each: each["spec"]["strategy"]["rollingUpdate"].update(maxUnavailable=3)
    )
    lab.advance(10)
    broken = lab.pods("web")[0]["metadata"]["name"]
    lab.engine.world.ailments.afflict_image("app:1", Ailment(AilmentKind.NOT_READY))
    lab.store.delete("pods", "shop", broken)
    lab.advance(5)

    with structlog.testing.capture_logs() as logs:
        lab.change("deployments", "web", use_image("app:2"))
        lab.advance(20)

    assert images(lab, "web") == {"app:2"}
    assert logs == []


def test_a_rollback_takes_up_the_old_replica_set_as_a_new_revision(lab: Lab) -> None:
    lab.deploy("web", 2)
    lab.advance(10)
    lab.change("deployments", "web", use_image("app:2"))
    lab.advance(20)
    lab.change("deployments", "web", use_image("app:1"))
    lab.advance(20)

    revisions = {
        each["spec"]["template"]["spec"]["containers"][0]["image"]: each["metadata"]["annotations"][
            "deployment.kubernetes.io/revision"
        ]
        for each in lab.store.list("replicasets", "shop")
    }
    assert revisions == {"app:1": "3", "app:2": "2"}
    assert (
        lab.get("deployments", "web")["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    )


def test_recreate_ends_the_old_pods_before_new_ones_start(lab: Lab) -> None:
    lab.deploy("web", 2)
    lab.change("deployments", "web", lambda each: each["spec"].update(strategy={"type": "Recreate"}))
    lab.advance(10)
    lab.change("deployments", "web", use_image("app:2"))
    lab.advance(20)

    states = lab.documents("pods", "web")
    ended = max(
        i
        for i, pod in enumerate(states)
        if pod["spec"]["containers"][0]["image"] == "app:1" and pod["status"]["phase"] == "Running"
    )
    began = min(i for i, pod in enumerate(states) if pod["spec"]["containers"][0]["image"] == "app:2")
    assert ended < began
    assert images(lab, "web") == {"app:2"}


def test_a_paused_deployment_waits(lab: Lab) -> None:
    lab.deploy("web", 2)
    lab.advance(10)
    lab.change("deployments", "web", lambda each: each["spec"].update(paused=True))
    lab.change("deployments", "web", use_image("app:2"))
    lab.advance(20)

    assert images(lab, "web") == {"app:1"}


def test_a_rollout_that_does_not_progress_exceeds_its_deadline(lab: Lab) -> None:
    lab.deploy("web", 1)
    lab.advance(10)
    lab.change("deployments", "web", lambda each: each["spec"].update(progressDeadlineSeconds=30))
    lab.change("deployments", "web", use_image("registry.example/does-not-exist:1"))
    lab.advance(25)
    assert "ProgressDeadlineExceeded" not in str(lab.get("deployments", "web"))
    lab.advance(10)

    progressing = next(
        each
        for each in lab.get("deployments", "web")["status"]["conditions"]
        if each["type"] == "Progressing"
    )
    name = next(
        each
        for each in names(lab, "replicasets")
        if lab.get("replicasets", each)["status"].get("readyReplicas", 0) == 0
    )
    assert progressing["status"] == "False"
    assert progressing["reason"] == "ProgressDeadlineExceeded"
    assert progressing["message"] == f'ReplicaSet "{name}" has timed out progressing.'


def test_old_revisions_are_forgotten_beyond_the_limit(lab: Lab) -> None:
    lab.deploy("web", 1)
    lab.change("deployments", "web", lambda each: each["spec"].update(revisionHistoryLimit=2))
    for version in range(2, 7):
        lab.advance(10)
        lab.change("deployments", "web", use_image(f"app:{version}"))
    lab.advance(10)

    assert len(names(lab, "replicasets")) == 3


def test_a_deleted_deployment_takes_its_pods_along(lab: Lab) -> None:
    lab.deploy("web", 3)
    lab.advance(10)

    lab.store.delete("deployments", "shop", "web")
    lab.advance(10)

    assert lab.pods() == []
    assert names(lab, "replicasets") == []


def test_the_kubelet_stops_pods_gracefully_and_says_so(lab: Lab) -> None:
    lab.deploy("web", 1)
    lab.advance(10)
    pod = lab.pods("web")[0]["metadata"]["name"]

    lab.store.delete("pods", "shop", pod)
    lab.advance(5)

    assert lab.reasons(pod)[-1] == "Killing"
    lines = [line.text for line in lab.engine.world.logs.current("shop", pod, "app").lines]
    assert lines == []  # gone with the pod


# --- StatefulSets and DaemonSets --------------------------------------------------------------------------------------


def make_stateful_set(lab: Lab, replicas: int = 3) -> None:
    container = manifests.container("db", "db:1", cpu="50m")
    template = manifests.template({"app.kubernetes.io/name": "db"}, [container])
    lab.store.create("statefulsets", manifests.stateful_set("shop", "db", replicas, template, "1Gi"))


def test_a_stateful_sets_claims_are_bound_to_volumes(lab: Lab) -> None:
    make_stateful_set(lab, 2)
    lab.advance(20)

    claims = lab.store.list("persistentvolumeclaims", "shop")
    assert [(each["metadata"]["name"], each["status"]["phase"]) for each in claims] == [
        ("data-db-0", "Bound"),
        ("data-db-1", "Bound"),
    ]
    volumes = {each["metadata"]["name"]: each for each in lab.store.list("persistentvolumes")}
    assert {each["spec"]["volumeName"] for each in claims} == set(volumes)
    assert {each["spec"]["claimRef"]["name"] for each in volumes.values()} == {"data-db-0", "data-db-1"}


def test_a_stateful_set_rolls_out_from_the_last_pod_to_the_first(lab: Lab) -> None:
    make_stateful_set(lab)
    lab.advance(30)
    lab.change("statefulsets", "db", use_image("db:2"))
    lab.advance(60)

    deleted = [
        event["involvedObject"]["name"] for event in lab.documents("events") if event["reason"] == "Killing"
    ]
    assert deleted == ["db-2", "db-1", "db-0"]
    status = lab.get("statefulsets", "db")["status"]
    assert images(lab, "db") == {"db:2"}
    assert status["currentRevision"] == status["updateRevision"]
    assert status["updatedReplicas"] == 3


def test_a_stateful_set_scales_down_from_the_end_and_keeps_its_claims(lab: Lab) -> None:
    make_stateful_set(lab)
    lab.advance(30)
    lab.change("statefulsets", "db", scale(1))
    lab.advance(30)

    assert [pod["metadata"]["name"] for pod in lab.pods("db")] == ["db-0"]
    assert len(names(lab, "persistentvolumeclaims")) == 3


def make_daemon_set(lab: Lab) -> None:
    container = manifests.container("agent", "agent:1", cpu="10m")
    template = manifests.template({"app.kubernetes.io/name": "agent"}, [container])
    lab.store.create("daemonsets", manifests.daemon_set("shop", "agent", template))


def test_a_daemon_set_follows_the_nodes(lab: Lab) -> None:
    make_daemon_set(lab)
    lab.advance(10)
    assert sorted(pod["spec"]["nodeName"] for pod in lab.pods("agent")) == [
        "sim-node-1",
        "sim-node-2",
        "sim-node-3",
    ]

    lab.add_node(3)
    lab.advance(10)
    assert len(lab.pods("agent")) == 4
    assert lab.get("daemonsets", "agent")["status"]["numberReady"] == 4

    lab.store.delete("nodes", "", "sim-node-4")
    lab.advance(60)
    assert len(lab.pods("agent")) == 3
    assert lab.get("daemonsets", "agent")["status"]["desiredNumberScheduled"] == 3


def test_a_daemon_set_rolls_out_one_node_at_a_time(lab: Lab) -> None:
    make_daemon_set(lab)
    lab.advance(10)
    lab.change("daemonsets", "agent", use_image("agent:2"))
    lab.advance(60)

    unavailable = [
        each["status"].get("numberUnavailable", 0)
        for each in lab.documents("daemonsets", "agent")
        if each["metadata"]["generation"] == 2
    ]
    assert max(unavailable) == 1
    assert images(lab, "agent") == {"agent:2"}


# --- Jobs and CronJobs ------------------------------------------------------------------------------------------------


def job_template() -> Document:
    return manifests.template({}, [manifests.container("c", "app:1", cpu="10m")], restartPolicy="Never")


def test_a_job_deletes_itself_when_its_time_to_live_is_over(lab: Lab) -> None:
    spec = manifests.job_spec(job_template()) | {"ttlSecondsAfterFinished": 60}
    lab.store.create("jobs", manifests.job("shop", "once", spec, lab.store.new_uid()))
    lab.advance(40)
    assert lab.get("jobs", "once")["status"]["succeeded"] == 1

    lab.advance(60)

    assert names(lab, "jobs") == []
    assert lab.pods() == []


def test_a_failed_attempt_is_repeated_after_ten_seconds(lab: Lab) -> None:
    lab.engine.world.ailments.afflict(Workload("shop", "Job", "once"), Ailment(AilmentKind.EXIT))
    spec = manifests.job_spec(job_template(), 1)
    lab.store.create("jobs", manifests.job("shop", "once", spec, lab.store.new_uid()))
    lab.advance(8)
    assert len(lab.pods()) == 1

    lab.engine.world.ailments.heal(Workload("shop", "Job", "once"))
    lab.advance(40)

    status = lab.get("jobs", "once")["status"]
    assert (status["failed"], status["succeeded"]) == (1, 1)
    assert [each["type"] for each in status["conditions"]] == ["SuccessCriteriaMet", "Complete"]


def test_the_pods_of_a_job_that_is_deleted_while_it_runs_go_with_it(lab: Lab) -> None:
    spec = manifests.job_spec(job_template(), 1)
    lab.store.create("jobs", manifests.job("shop", "once", spec, lab.store.new_uid()))
    lab.advance(2)
    assert len(lab.pods()) == 1
    lab.store.delete("jobs", "shop", "once")
    lab.advance(60)
    assert lab.pods() == []


def make_cron_job(lab: Lab, schedule: str = "* * * * *") -> None:
    spec = manifests.job_spec(job_template(), 0)
    lab.store.create("cronjobs", manifests.cron_job("shop", "tick", schedule, spec))


def test_a_cron_job_runs_on_the_minute_and_keeps_a_short_history(lab: Lab) -> None:
    make_cron_job(lab)
    lab.advance(400)

    jobs = lab.store.list("jobs", "shop")
    assert len(jobs) == 3
    status = lab.get("cronjobs", "tick")["status"]
    assert status["lastScheduleTime"].endswith(":00Z")
    assert "active" not in status
    assert status["lastSuccessfulTime"] > status["lastScheduleTime"]
    assert {"SuccessfulCreate", "SawCompletedJob", "SuccessfulDelete"} <= set(lab.reasons("tick"))


def test_a_failing_cron_job_keeps_its_last_failure(lab: Lab) -> None:
    lab.engine.world.ailments.afflict(Workload("shop", "CronJob", "tick"), Ailment(AilmentKind.EXIT))
    make_cron_job(lab)
    lab.advance(280)

    jobs = lab.store.list("jobs", "shop")
    assert [[each["type"] for each in job["status"]["conditions"]] for job in jobs] == [
        ["FailureTarget", "Failed"]
    ]
    messages = {
        event["message"].split(", ")[-1]
        for event in lab.documents("events", "tick")
        if event["reason"] == "SawCompletedJob"
    }
    assert messages == {"condition: Failed"}


def test_a_suspended_cron_job_does_not_run(lab: Lab) -> None:
    make_cron_job(lab)
    lab.change("cronjobs", "tick", lambda each: each["spec"].update(suspend=True))
    lab.advance(200)

    assert names(lab, "jobs") == []


@pytest.mark.parametrize(
    ("schedule", "after", "next_time"),
    [
        ("* * * * *", "2026-11-20T21:14:53", "2026-11-20T21:15:00"),
        ("*/5 * * * *", "2026-11-20T21:15:00", "2026-11-20T21:20:00"),
        ("0 3 * * *", "2026-11-20T21:15:00", "2026-11-21T03:00:00"),
        ("15,45 8-10 * * 1-5", "2026-11-20T10:46:00", "2026-11-23T08:15:00"),
        ("0 0 1 */3 *", "2026-11-20T00:00:00", "2027-01-01T00:00:00"),
        ("@hourly", "2026-12-31T23:30:00", "2027-01-01T00:00:00"),
        ("0 0 13 * 5", "2026-11-14T00:00:00", "2026-11-20T00:00:00"),
    ],
)
def test_a_schedule_knows_its_next_time(schedule: str, after: str, next_time: str) -> None:
    def seconds(text: str) -> float:
        return datetime.fromisoformat(f"{text}+00:00").timestamp()

    assert Schedule(schedule).next_after(seconds(after)) == seconds(next_time)


@pytest.mark.parametrize("schedule", ["", "* * * *", "61 * * * *", "a b c d e", "*/0 * * * *"])
def test_a_schedule_that_cannot_be_read_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError):
        Schedule(schedule)


def test_a_schedule_that_never_comes_has_no_next_time() -> None:
    assert Schedule("0 0 30 2 *").next_after(1_795_209_293.0) is None


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_an_autoscaler_goes_up_to_its_maximum_and_back(lab: Lab) -> None:
    lab.deploy("web", 2)
    lab.store.create("horizontalpodautoscalers", manifests.autoscaler("shop", "web", 1, 5))
    lab.advance(30)
    assert lab.get("deployments", "web")["spec"]["replicas"] == 2

    lab.engine.autoscalers.set_load(("shop", "web"), 8.0)
    lab.advance(40)
    status = lab.get("horizontalpodautoscalers", "web")["status"]
    limited = next(each for each in status["conditions"] if each["type"] == "ScalingLimited")
    assert (status["currentReplicas"], status["desiredReplicas"]) == (5, 5)
    assert (limited["status"], limited["reason"]) == ("True", "TooManyReplicas")
    assert len(lab.pods("web")) == 5

    lab.engine.autoscalers.set_load(("shop", "web"), 1.9)
    lab.advance(120)
    assert len(lab.pods("web")) == 2


def test_an_autoscaler_says_when_its_target_is_absent(lab: Lab) -> None:
    lab.store.create("horizontalpodautoscalers", manifests.autoscaler("shop", "absent", 1, 5))
    lab.advance(20)

    conditions = lab.get("horizontalpodautoscalers", "absent")["status"]["conditions"]
    assert [(each["type"], each["status"], each["reason"]) for each in conditions] == [
        ("AbleToScale", "False", "FailedGetScale")
    ]


def test_a_disruption_budget_counts_ready_pods(lab: Lab) -> None:
    lab.deploy("web", 3)
    lab.store.create("poddisruptionbudgets", manifests.disruption_budget("shop", "web", 2))
    lab.advance(10)
    status = lab.get("poddisruptionbudgets", "web")["status"]
    assert (status["currentHealthy"], status["desiredHealthy"], status["disruptionsAllowed"]) == (3, 2, 1)

    lab.engine.world.ailments.afflict(Workload("shop", "Deployment", "web"), Ailment(AilmentKind.NOT_READY))
    lab.advance(60)

    status = lab.get("poddisruptionbudgets", "web")["status"]
    assert (status["currentHealthy"], status["disruptionsAllowed"]) == (0, 0)
    assert status["conditions"][0]["reason"] == "InsufficientPods"


def test_a_quota_tells_what_is_used(lab: Lab) -> None:
    hard = {"pods": "20", "requests.cpu": "4", "requests.memory": "1Gi", "configmaps": "10"}
    lab.store.create("resourcequotas", manifests.quota("shop", "quota", hard))
    lab.deploy("web", 3)
    lab.store.create("configmaps", manifests.config_map("shop", "settings", {"a": "b"}))
    lab.advance(10)

    assert lab.get("resourcequotas", "quota")["status"] == {
        "hard": hard,
        "used": {"pods": "3", "requests.cpu": "150m", "requests.memory": "192Mi", "configmaps": "1"},
    }


def test_a_claim_waits_for_its_class(lab: Lab) -> None:
    lab.store.create(
        "persistentvolumeclaims", manifests.claim("shop", "data", manifests.claim_spec("1Gi", "absent"))
    )
    lab.advance(40)
    assert lab.get("persistentvolumeclaims", "data")["status"] == {"phase": "Pending"}
    assert lab.reasons("data") == ["ProvisioningFailed"] * 3

    lab.store.create("storageclasses", manifests.storage_class("absent"))
    lab.advance(20)

    claim = lab.get("persistentvolumeclaims", "data")
    assert claim["status"]["phase"] == "Bound"
    lab.store.delete("persistentvolumeclaims", "shop", "data")
    lab.advance(5)
    assert lab.store.list("persistentvolumes") == []


def test_a_deleted_namespace_empties_and_goes(lab: Lab) -> None:
    lab.deploy("web", 2)
    make_stateful_set(lab, 1)
    lab.advance(20)

    lab.store.delete("namespaces", "", "shop")
    lab.advance(40)

    assert lab.store.find("namespaces", "", "shop") is None
    assert lab.pods() == []


# --- what users may send ------------------------------------------------------------------------------------------------


def test_objects_with_only_what_they_must_have_work(lab: Lab) -> None:
    labels = {"matchLabels": {"app": "mine"}}
    template = {
        "metadata": {"labels": {"app": "mine"}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    }
    job_template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "nginx"}]}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}

    def create(resource: str, spec: Document, **status: str) -> None:
        lab.store.create(
            resource, {"metadata": {"name": "mine", "namespace": "shop"}, "spec": spec, "status": status}
        )

    create("deployments", {"replicas": 1, "selector": labels, "template": template})
    create("statefulsets", {"replicas": 1, "selector": labels, "template": template})
    create("daemonsets", {"selector": labels, "template": template})
    create("jobs", {"template": job_template})
    create("cronjobs", {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": job_template}}})
    create("persistentvolumeclaims", claim, phase="Pending")
    create("poddisruptionbudgets", {"maxUnavailable": 1, "selector": labels})
    create(
        "pods",
        {"containers": [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": 1}}}]},
        phase="Pending",
    )
    lab.advance(100)

    assert lab.get("deployments", "mine")["status"]["readyReplicas"] == 1
    assert lab.get("statefulsets", "mine")["status"]["readyReplicas"] == 1
    assert lab.get("daemonsets", "mine")["status"]["numberReady"] == 3
    assert lab.get("jobs", "mine")["status"]["succeeded"] == 1
    assert lab.get("cronjobs", "mine")["status"]["lastScheduleTime"]
    assert lab.get("persistentvolumeclaims", "mine")["status"]["phase"] == "Bound"
    assert lab.get("poddisruptionbudgets", "mine")["status"]["currentHealthy"] == 5
    assert lab.get("pods", "mine")["status"]["phase"] == "Running"


@pytest.mark.parametrize(
    ("resource", "document"),
    [
        ("deployments", {"spec": {"replicas": 1}}),
        ("cronjobs", {"spec": {"schedule": "now and then", "jobTemplate": {"spec": {}}}}),
        ("nodes", {}),
        (
            "pods",
            {
                "spec": {"containers": [{"name": "c"}], "nodeName": "sim-node-1"},
                "status": {"phase": "Pending"},
            },
        ),
        ("pods", {"spec": {"containers": "none"}, "status": {"phase": "Pending"}}),
    ],
)
def test_a_malformed_object_does_not_stop_the_others(lab: Lab, resource: str, document: Document) -> None:
    where = {} if resource == "nodes" else {"namespace": "shop"}
    lab.store.create(resource, {"metadata": {"name": "odd"} | where} | document)
    lab.engine.advance(30, lab.clock)

    lab.deploy("web", 2)
    lab.engine.advance(30, lab.clock)

    assert lab.get("deployments", "web")["status"]["readyReplicas"] == 2
