"""The engine against the recording of a real cluster: same states, same order, same words."""

import gzip
import itertools
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from farwatch.sim.engine import manifests
from farwatch.sim.engine.ailments import Ailment, AilmentKind, Workload

RECORDING = Path(__file__).parents[3] / "data" / "recordings" / "cluster.jsonl.gz"
Document = dict[str, Any]
Lab = Any  # of conftest.py, which tests cannot import


@cache
def rows() -> tuple[Document, ...]:
    with gzip.open(RECORDING) as lines:
        return tuple(row for row in map(json.loads, lines) if row["type"] in ("ADDED", "MODIFIED"))


def recorded(resource: str, name: str, until: float = 1000.0) -> list[Document]:
    """Every state of the first object whose name begins so, and was seen before ``until`` seconds."""
    found: dict[str, list[Document]] = {}
    for row in rows():
        own = row["object"]["metadata"]["name"]
        if row["kind"] == resource and row["t"] < until and own.startswith(name):
            found.setdefault(own, []).append(row["object"])
    return next(iter(found.values()))


def recorded_events(kind: str, name: str, until: float = 1000.0) -> list[Document]:
    """Every Event about the first object of a kind whose name begins so, each time it was written."""
    found: dict[str, list[Document]] = {}
    for row in rows():
        about = row["object"].get("involvedObject", {})
        if row["t"] < until and about.get("kind") == kind and about["name"].startswith(name):
            found.setdefault(about["name"], []).append(row["object"])
    return next(iter(found.values()))


def once(states: Iterable[Any]) -> list[Any]:
    """Without repetitions of the state before."""
    return [state for state, _ in itertools.groupby(states)]


def pod_state(pod: Document) -> tuple[Any, ...]:
    """What detectors look at."""
    status = pod["status"]
    conditions = tuple(
        (each["type"], each["status"], each.get("reason", "")) for each in status.get("conditions") or ()
    )
    containers = tuple(
        (
            container_state(each["state"]),
            container_state(each["lastState"]),
            each["restartCount"],
            each["ready"],
            each["started"],
        )
        for each in status.get("containerStatuses") or ()
    )
    return "deletionTimestamp" in pod["metadata"], status["phase"], conditions, containers


def container_state(state: Document) -> tuple[Any, ...]:
    for kind, details in state.items():
        return kind, details.get("reason", ""), details.get("exitCode", 0)
    return ()


def words(pod: Document) -> Iterator[str]:
    """The messages of a pod's containers and conditions, without what is the pod's own."""
    own = (pod["metadata"]["name"], pod["metadata"]["uid"])
    for container in pod["status"].get("containerStatuses") or ():
        for details in container["state"].values():
            yield without(details.get("message", ""), *own)
    for condition in pod["status"].get("conditions") or ():
        yield without(condition.get("message", ""), *own)


def without(text: str, *parts: str) -> str:
    for part in parts:
        text = text.replace(part, "_")
    return text


def assert_begins_like(ours: list[Any], theirs: list[Any]) -> None:
    """All that was recorded, in the same order, and nothing between."""
    assert ours[: len(theirs)] == theirs


FAULTS = {
    "checkout": Ailment(AilmentKind.EXIT),
    "search": Ailment(AilmentKind.OUT_OF_MEMORY),
    "slow": Ailment(AilmentKind.NOT_READY),
    "wedged": Ailment(AilmentKind.NOT_ALIVE),
    "nonet": Ailment(AilmentKind.NO_NETWORK),
}
IMAGES = {
    "checkout": "registry.example/checkout:2.1.0",
    "search": "registry.example/search:9",
    "mailer": "registry.example/does-not-exist:1",
    "private": "registry.example/private:1",
    "web": "nginx:1.27",
}
CHANGES: dict[str, Document] = {
    "noconfig": {"envFrom": [{"configMapRef": {"name": "absent"}}]},
    "web": {"name": "web"},
}


def run(lab: Lab, name: str, seconds: float) -> None:
    """Do to a Deployment what was done to that of this name when the recording was made."""
    if name in FAULTS:
        lab.engine.world.ailments.afflict(Workload("shop", "Deployment", name), FAULTS[name])
    lab.deploy(name, image=IMAGES.get(name, "app:1"), **CHANGES.get(name, {}))
    lab.advance(seconds)


# The node of some pods was stopped 96 s after the start; states that a busy watch skipped limit others.
UNTIL = {
    "checkout-5f696c7fb5-vg54t": 205.0,
    "search": 95.0,
    "mailer": 90.0,
    "private": 75.0,
    "slow": 205.0,
    "wedged": 205.0,
    "noconfig": 205.0,
    "nonet": 95.0,
    "web-76f494874f-79jm6": 50.0,
}


@pytest.mark.parametrize("pod", sorted(UNTIL))
def test_a_pod_goes_through_the_recorded_states(lab: Lab, pod: str) -> None:
    name = pod.split("-", maxsplit=1)[0]
    theirs = once(map(pod_state, recorded("pods", pod, UNTIL[pod])))

    run(lab, name, 600)

    # A watch may tell a pod for the first time when it is bound already; all of ours begin before that.
    ours = once(map(pod_state, lab.documents("pods", lab.pods(name)[0]["metadata"]["name"])))
    assert_begins_like(ours[ours.index(theirs[0]) :], theirs)


@pytest.mark.parametrize("pod", sorted(UNTIL))
def test_a_pod_is_described_in_the_recorded_words(lab: Lab, pod: str) -> None:
    name = pod.split("-", maxsplit=1)[0]
    theirs = {text for state in recorded("pods", pod, UNTIL[pod]) for text in words(state)}

    run(lab, name, 600)

    ours = {text for state in lab.documents("pods", name) for text in words(state)}
    assert theirs <= ours


@pytest.mark.parametrize(
    ("pod", "until"),
    [*((pod, until) for pod, until in UNTIL.items() if pod != "wedged"), ("wedged", 75.0), ("giant", 90.0)],
)
def test_a_pods_events_come_in_the_recorded_order(lab: Lab, pod: str, until: float) -> None:
    name = pod.split("-", maxsplit=1)[0]
    own = (recorded("pods", pod)[0]["metadata"]["name"], recorded("pods", pod)[0]["metadata"]["uid"])

    def told(events: Iterable[Document], *own: str) -> list[tuple[str, str, str]]:
        varying = ("Successfully pulled", "Successfully assigned", "0/3 nodes")
        texts = [without(event["message"], *own) for event in events]
        return once(
            (event["type"], event["reason"], "" if text.startswith(varying) else text)
            for event, text in zip(events, texts, strict=True)
        )

    theirs = told((recorded_events("Pod", pod, until)), *own)
    if name == "giant":
        select_special_node(lab)
        lab.advance(60)
    else:
        run(lab, name, 600)

    one = lab.pods(name)[0]["metadata"]
    ours = told(
        [each for each in lab.documents("events") if each["involvedObject"]["name"] == one["name"]],
        one["name"],
        one["uid"],
    )
    assert_begins_like(ours, theirs)


def select_special_node(lab: Lab) -> None:
    container = manifests.container("app", "app:1", cpu="1")
    template = manifests.template({"app": "giant"}, [container], nodeSelector={"disk": "nvme"})
    lab.store.create("deployments", manifests.deployment("shop", "giant", 1, template))


def test_an_unschedulable_pod_says_why_in_the_schedulers_words(lab: Lab) -> None:
    theirs = recorded("pods", "giant", 90.0)

    select_special_node(lab)
    lab.advance(5)

    ours = lab.documents("pods", "giant")
    assert once(map(pod_state, ours)) == once(map(pod_state, theirs))
    assert list(words(ours[-1])) == list(words(theirs[-1]))


def test_a_pod_has_the_recorded_fields(lab: Lab) -> None:
    theirs = recorded("pods", "checkout-5f696c7fb5-vg54t", 45.0)[-1]
    run(lab, "checkout", 20)
    waiting = [
        each
        for each in lab.documents("pods", "checkout")
        if "waiting" in each["status"].get("containerStatuses", [{"state": {}}])[0]["state"]
    ]
    ours = waiting[-1]

    def fields(pod: Document) -> dict[str, set[str]]:
        container = pod["status"]["containerStatuses"][0]
        return {
            "pod": set(pod),
            "metadata": set(pod["metadata"]),
            "spec": set(pod["spec"]),
            "container": set(pod["spec"]["containers"][0]),
            "status": set(pod["status"]),
            "container status": set(container),
            "ended": set(container["lastState"]["terminated"]),
            "condition": {name for each in pod["status"]["conditions"] for name in each},
        }

    assert fields(ours) == fields(theirs)


@pytest.mark.parametrize("name", ["checkout", "mailer", "noconfig", "nonet", "web-76f494874f-79jm6"])
def test_a_pod_ends_in_the_recorded_states(lab: Lab, name: str) -> None:
    def ending(states: Iterable[Document]) -> list[Any]:
        marked = once(pod_state(state)[1:] for state in states if "deletionTimestamp" in state["metadata"])
        # How often it had crashed until then is another matter.
        return [
            (phase, conditions, [each[0] for each in containers]) for phase, conditions, containers in marked
        ]

    theirs = ending(recorded("pods", name))
    name = name.split("-", maxsplit=1)[0]
    run(lab, name, 73)
    doomed = lab.pods(name)[0]["metadata"]["name"]

    lab.store.delete("pods", "shop", doomed)
    lab.advance(5)

    assert ending(lab.documents("pods", doomed)) == theirs
    assert doomed not in {pod["metadata"]["name"] for pod in lab.pods(name)}


def deployment_state(document: Document) -> dict[str, tuple[str, str]]:
    return {
        each["type"]: (each["status"], each["reason"])
        for each in (document.get("status") or {}).get("conditions") or ()
    }


def progress(states: Iterable[Document], kind: str) -> list[tuple[str, str]]:
    return once(state[kind] for state in map(deployment_state, states) if kind in state)


def test_a_deployment_tells_the_recorded_progress_of_a_rollout_and_of_scaling(lab: Lab) -> None:
    theirs = recorded("deployments", "web", 80.0)

    lab.deploy("web", 3, "nginx:1.27")
    lab.advance(30)
    lab.change("deployments", "web", set_image("nginx:1.28"))
    lab.advance(20)
    lab.change("deployments", "web", set_replicas(5))
    lab.advance(10)

    ours = lab.documents("deployments", "web")
    assert progress(ours, "Progressing") == progress(theirs, "Progressing")
    assert progress(ours, "Available") == progress(theirs, "Available")
    counted = ("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    assert [ours[-1]["status"][each] for each in counted] == [theirs[-1]["status"][each] for each in counted]
    assert set(ours[-1]["status"]) == set(theirs[-1]["status"])


def set_image(image: str) -> Any:
    def change(document: Document) -> None:
        document["spec"]["template"]["spec"]["containers"][0]["image"] = image

    return change


def set_replicas(replicas: int) -> Any:
    def change(document: Document) -> None:
        document["spec"]["replicas"] = replicas

    return change


def test_a_rollout_is_reported_step_by_step_and_many_are_combined(lab: Lab) -> None:
    def steps(events: Iterable[Document]) -> list[str]:
        texts = [event["message"] for event in events if event["reason"] == "ScalingReplicaSet"]
        hashes = list(
            dict.fromkeys(word for text in texts for word in text.split() if word.startswith("web-"))
        )
        for number, name in enumerate(hashes):
            texts = [text.replace(name, str(number)) for text in texts]
        return texts

    theirs = steps(recorded_events("Deployment", "web", 89.0))

    lab.deploy("web", 3, "nginx:1.27")
    lab.advance(30)
    lab.change("deployments", "web", set_image("nginx:1.28"))
    lab.advance(20)
    lab.change("deployments", "web", set_replicas(5))
    lab.advance(10)
    lab.change("deployments", "web", set_replicas(3))
    lab.advance(5)
    lab.change("deployments", "web", set_image("nginx:1.29"))
    lab.advance(20)

    ours = steps(each for each in lab.documents("events") if each["involvedObject"]["kind"] == "Deployment")
    assert ours[: len(theirs)] == theirs


def job_state(document: Document) -> tuple[Any, ...]:
    status = document.get("status") or {}
    numbers = tuple(
        (name, status.get(name, 0)) for name in ("active", "succeeded", "failed", "ready", "terminating")
    )
    uncounted = {name: len(uids) for name, uids in (status.get("uncountedTerminatedPods") or {}).items()}
    conditions = [
        (each["type"], each["status"], each["reason"], each["message"])
        for each in status.get("conditions") or ()
    ]
    return numbers, uncounted, conditions, set(status)


def job_states(documents: Iterable[Document]) -> list[Any]:
    """Without the state between a pod's end and its being counted, which the real controller's batching may skip."""
    states = once(map(job_state, documents))
    ready = ("ready", 1)
    return [
        state
        for before, state in itertools.pairwise([states[0], *states])
        if not (ready in before[0] and ready not in state[0] and ("active", 1) in state[0])
    ]


@pytest.mark.parametrize(
    ("name", "limit", "ailment"), [("report", 6, None), ("migrate", 1, Ailment(AilmentKind.EXIT))]
)
def test_a_job_goes_through_the_recorded_states(
    lab: Lab, name: str, limit: int, ailment: Ailment | None
) -> None:
    if ailment:
        lab.engine.world.ailments.afflict(Workload("shop", "Job", name), ailment)
    template = manifests.template({}, [manifests.container("c", "app:1", cpu="10m")], restartPolicy="Never")
    spec = manifests.job_spec(template, limit)

    lab.store.create("jobs", manifests.job("shop", name, spec, lab.store.new_uid()))
    lab.advance(60)

    assert job_states(lab.documents("jobs", name)) == job_states(recorded("jobs", name))
    theirs = once(map(pod_state, recorded("pods", name, 200.0)))
    first = lab.documents("pods", name)[0]["metadata"]["name"]
    assert once(map(pod_state, lab.documents("pods", first))) == theirs


def test_a_stateful_set_starts_its_pods_one_by_one_as_recorded(lab: Lab) -> None:
    container = manifests.container("db", "postgres:16", cpu="50m")
    wanted = manifests.stateful_set(
        "shop", "db", 2, manifests.template({"app.kubernetes.io/name": "db"}, [container]), "1Gi"
    )

    lab.store.create("statefulsets", wanted)
    lab.advance(30)

    def tallies(states: Iterable[Document]) -> list[dict[str, int]]:
        counts = [
            {name: value for name, value in (state.get("status") or {}).items() if isinstance(value, int)}
            for state in states
        ]
        return once(count for count in counts if "observedGeneration" in count)

    assert tallies(lab.documents("statefulsets", "db")) == tallies(recorded("statefulsets", "db", 200.0))
    assert once(map(pod_state, lab.documents("pods", "db-0"))) == once(
        map(pod_state, recorded("pods", "db-0", 200.0))
    )


def test_a_node_whose_kubelet_stops_and_comes_back_is_judged_as_recorded(lab: Lab) -> None:
    def node_state(node: Document) -> tuple[Any, ...]:
        taints = [
            (each["key"], each["effect"])
            for each in node["spec"].get("taints") or ()
            if "unschedulable" not in each["key"]
        ]
        conditions = [
            (each["type"], each["status"], each["reason"], each["message"])
            for each in node["status"]["conditions"]
        ]
        return taints, conditions

    theirs = once(map(node_state, recorded("nodes", "sim-node-3")))
    lab.deploy("web", 6)
    lab.advance(30)
    before = lab.store.get("nodes", "", "sim-node-3")

    lab.engine.nodes.stop_kubelet("sim-node-3")
    lab.advance(75)
    lab.engine.nodes.start_kubelet("sim-node-3")
    lab.advance(20)

    assert once(map(node_state, [before, *lab.documents("nodes", "sim-node-3")])) == theirs
    assert lab.reasons("sim-node-3") == [
        "NodeNotReady",
        "NodeHasSufficientMemory",
        "NodeHasNoDiskPressure",
        "NodeHasSufficientPID",
        "NodeReady",
    ]
    recorded_pod = once(map(pod_state, recorded("pods", "web-697c7b4b8f-tfgzv", 186.0)))
    pod = next(each for each in lab.pods("web") if each["spec"]["nodeName"] == "sim-node-3")["metadata"][
        "name"
    ]
    assert once(map(pod_state, lab.documents("pods", pod)))[-3:] == recorded_pod[-3:]
    events = [each for each in lab.documents("events") if each["involvedObject"]["name"] == pod]
    theirs_last = recorded_events("Pod", "web-697c7b4b8f-tfgzv", 186.0)[-2:]
    assert [(each["type"], each["reason"], each["source"]) for each in events[-2:]] == [
        (each["type"], each["reason"], each["source"]) for each in theirs_last
    ]
