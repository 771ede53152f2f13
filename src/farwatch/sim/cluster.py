"""A believable cluster of any size, built as if it had been running for a while.

Everything is settled: pods run, statuses add up, controllers find nothing to do. Pods are created in their running state,
so that 50,000 of them take seconds, not the hour that a real rollout would.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from farwatch.sim.engine import manifests, status
from farwatch.sim.engine.conditions import SOUND, node_condition
from farwatch.sim.engine.controllers.daemonsets import daemon_changes
from farwatch.sim.engine.controllers.statefulsets import ordinal_labels
from farwatch.sim.engine.manifests import container, template
from farwatch.sim.engine.names import container_id, suffix, template_hash
from farwatch.sim.engine.nodes import new_lease
from farwatch.sim.engine.pods import kubelet_fields, new_pod, owned_by
from farwatch.sim.errors import SimError
from farwatch.sim.store import Store
from farwatch.sim.times import format_micro_time, format_time

Document = dict[str, Any]

_ZONES = ("sim-a", "sim-b", "sim-c")
_TEAMS = (
    ("shop", ("web", "checkout", "cart", "catalog", "pricing", "reviews")),
    ("payments", ("gateway", "ledger", "fraud-check", "invoices", "refunds")),
    ("search", ("query", "indexer", "suggest", "ranking", "crawler")),
    ("media", ("images", "transcoder", "thumbnails", "uploads")),
    ("identity", ("login", "sessions", "accounts", "tokens")),
    ("logistics", ("routing", "tracking", "warehouse", "labels")),
    ("messaging", ("mailer", "push", "sms", "templates")),
    ("analytics", ("collector", "sessions-api", "reports", "exports")),
    ("platform", ("config", "flags", "scheduler", "audit")),
    ("support", ("tickets", "chat", "knowledge-base")),
)
_DATABASES = ("postgres", "redis", "kafka", "search-index")
_SYSTEM = ("kube-system", "kube-public", "kube-node-lease", "default")
_DAY = 86_400.0
_PODS_PER_NAMESPACE = 120
_SIDECAR_SHARE = 0.15
_INGRESS_SHARE = 0.25
_AUTOSCALER_SHARE = 0.3
_BUDGET_SHARE = 0.4
_REPLICAS = (1, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6, 8, 12)


@dataclass(frozen=True)
class ClusterSize:
    """How large a cluster is to be.

    Attributes:
        nodes: How many nodes.
        pods: How many pods, those of DaemonSets and completed Jobs included.
    """

    nodes: int = 3
    pods: int = 60

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        if self.nodes < 1:
            raise SimError(f"a cluster of {self.nodes} nodes cannot be built: give at least one")
        if self.pods < 0:
            raise SimError(f"a cluster of {self.pods} pods cannot be built: give none or more")


def build_cluster(store: Store, size: ClusterSize, randomness: random.Random) -> None:
    """Fill an empty store."""
    _Builder(store, size, randomness).build()


class _Builder:
    """Builds one cluster."""

    def __init__(self, store: Store, size: ClusterSize, randomness: random.Random) -> None:
        self._store = store
        self._size = size
        self._random = randomness
        self._now = store.clock()
        self._left = size.pods
        self._nodes: list[Document] = []
        # Large clusters have larger workloads and teams, not just more of them.
        self._growth = max(1, round(3 * math.log10(max(1, size.pods) / 1000)))
        self._placed: dict[str, int] = {}
        self._next_node = 0
        self._service_number = 10

    def build(self) -> None:
        for name in _SYSTEM:
            self._create("namespaces", manifests.namespace(name), _DAY * 90)
        self._create("storageclasses", manifests.storage_class("standard"), _DAY * 90)
        for number in range(self._size.nodes):
            self._add_node(number)
        self._add_system()
        for name, apps in self._teams():
            self._add_namespace(name, apps)

    # --- nodes and system ---------------------------------------------------------------------------------------

    def _add_node(self, number: int) -> None:
        per_node = self._size.pods / self._size.nodes
        capacity = {
            "cpu": str(max(16, 16 * math.ceil(per_node / 60))),
            "ephemeral-storage": "200Gi",
            "memory": f"{max(64, 64 * math.ceil(per_node / 60))}Gi",
            "pods": str(max(110, 10 * math.ceil(per_node * 0.15))),
        }
        zone = _ZONES[number % len(_ZONES)]
        conditions = [node_condition(health, self._now) for health in SOUND]
        name = f"sim-node-{number + 1}"
        node = self._create("nodes", manifests.node(name, number, zone, capacity, conditions), _DAY * 60)
        self._nodes.append(node)
        self._create("leases", new_lease(node, format_micro_time(self._now)), _DAY * 60)

    def _add_system(self) -> None:
        daemons = ("kube-proxy", "node-agent")
        for name in daemons:
            if self._left >= 2 * self._size.nodes:
                self._add_daemon_set("kube-system", name)
        for name, replicas in (("coredns", 2), ("metrics-server", 1)):
            if self._left >= replicas:
                self._add_deployment("kube-system", name, replicas)

    def _teams(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        count = max(1, math.ceil(self._left / (_PODS_PER_NAMESPACE * self._growth)))
        for number in range(count):
            name, apps = _TEAMS[number % len(_TEAMS)]
            round_number = number // len(_TEAMS)
            yield (f"{name}-{round_number + 1}" if round_number else name), apps

    # --- a team's namespace -------------------------------------------------------------------------------------

    def _add_namespace(self, name: str, apps: tuple[str, ...]) -> None:
        self._create("namespaces", manifests.namespace(name, {"team": name}), _DAY * 60)
        for map_name in ("kube-root-ca.crt", "app-config"):
            self._create("configmaps", manifests.config_map(name, map_name, {"key": "value"}), _DAY * 60)
        budget = min(self._left, _PODS_PER_NAMESPACE * self._growth)
        end = self._left - budget
        self._add_stateful_set(name, self._random.choice(_DATABASES), min(3, self._left - end))
        if self._left - end > 1:
            self._add_cron_job(name, "cleanup", "*/5 * * * *")
        if self._left - end > 1:
            self._add_cron_job(name, "report", "0 * * * *")
        number = 0
        while self._left > end:
            app = apps[number % len(apps)]
            full = app if number < len(apps) else f"{app}-{number // len(apps) + 1}"
            self._add_deployment(
                name, full, min(self._growth * self._random.choice(_REPLICAS), self._left - end)
            )
            number += 1
        self._add_quota(name, budget)

    def _add_deployment(self, namespace: str, name: str, replicas: int) -> None:
        age = self._age()
        created = format_time(self._now - age)
        pod_template = template({"app.kubernetes.io/name": name, "team": namespace}, self._containers(name))
        wanted = manifests.deployment(namespace, name, replicas, pod_template, time=created)
        wanted["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "1"}
        new_hash = template_hash(pod_template)
        set_name = f"{name}-{new_hash}"
        wanted["status"] = {
            "observedGeneration": 1,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "readyReplicas": replicas,
            "availableReplicas": replicas,
            "terminatingReplicas": 0,
            "conditions": [
                _condition(
                    "Available", "MinimumReplicasAvailable", "Deployment has minimum availability.", created
                ),
                _condition(
                    "Progressing",
                    "NewReplicaSetAvailable",
                    f'ReplicaSet "{set_name}" has successfully progressed.',
                    created,
                ),
            ],
        }
        deployment = self._create("deployments", wanted, age)
        replica_set = self._create("replicasets", _replica_set(deployment, set_name, new_hash), age)
        for _ in range(replicas):
            self._run_pod(new_pod(replica_set, replica_set["spec"]["template"], self._random, created))
        self._add_front(namespace, name, replicas, age)

    def _containers(self, name: str) -> list[Document]:
        cpu = self._random.choice(("50m", "100m", "250m"))
        env = {"LOG_LEVEL": "info", "ENVIRONMENT": "production", "DATABASE_HOST": f"{name}-db"}
        version = f"{self._random.randint(1, 4)}.{self._random.randint(0, 30)}.{self._random.randint(0, 9)}"
        main = container(
            "app",
            f"registry.example/{name}:{version}",
            cpu=cpu,
            memory="128Mi",
            memory_limit="256Mi",
            port=8080,
            probed=True,
            env=env,
        )
        if self._random.random() < _SIDECAR_SHARE:
            return [main, container("proxy", "registry.example/proxy:1.9.2", cpu="20m", memory="32Mi")]
        return [main]

    def _add_front(self, namespace: str, name: str, replicas: int, age: float) -> None:
        """A Service for every Deployment; for some of them an Ingress, an autoscaler, a budget."""
        self._service_number += 1
        address = f"10.96.{self._service_number // 250 % 256}.{self._service_number % 250 + 1}"
        self._create("services", manifests.service(namespace, name, address), age)
        if namespace == "kube-system":
            return
        if self._random.random() < _INGRESS_SHARE:
            host = f"{name}.{namespace}.example.com"
            self._create("ingresses", manifests.ingress(namespace, name, host), age)
        if replicas > 1 and self._random.random() < _AUTOSCALER_SHARE:
            wanted = manifests.autoscaler(namespace, name, max(1, replicas - 1), replicas * 2)
            wanted["status"] |= {"currentReplicas": replicas, "desiredReplicas": replicas}
            self._create("horizontalpodautoscalers", wanted, age)
        if replicas > 1 and self._random.random() < _BUDGET_SHARE:
            self._create("poddisruptionbudgets", self._budget(namespace, name, replicas), age)

    def _budget(self, namespace: str, name: str, replicas: int) -> Document:
        budget = manifests.disruption_budget(namespace, name, replicas - 1)
        since = format_time(self._now)
        condition = {"type": "DisruptionAllowed", "status": "True", "observedGeneration": 1}
        condition |= {"lastTransitionTime": since, "reason": "SufficientPods", "message": ""}
        budget["status"] = {
            "observedGeneration": 1,
            "disruptionsAllowed": 1,
            "currentHealthy": replicas,
            "desiredHealthy": replicas - 1,
            "expectedPods": replicas,
            "conditions": [condition],
        }
        return budget

    def _add_stateful_set(self, namespace: str, name: str, replicas: int) -> None:
        if not replicas:
            return
        age = self._age()
        image = f"registry.example/{name}:16.2"
        pod_template = template(
            {"app.kubernetes.io/name": name, "team": namespace},
            [container("db", image, cpu="250m", memory="512Mi", memory_limit="1Gi", port=5432, probed=True)],
        )
        wanted = manifests.stateful_set(
            namespace, name, replicas, pod_template, "10Gi", time=format_time(self._now - age)
        )
        revision = f"{name}-{template_hash(pod_template)}"
        wanted["status"] = {
            "observedGeneration": 1,
            "replicas": replicas,
            "readyReplicas": replicas,
            "currentReplicas": replicas,
            "updatedReplicas": replicas,
            "currentRevision": revision,
            "updateRevision": revision,
            "collisionCount": 0,
            "availableReplicas": replicas,
        }
        owner = self._create("statefulsets", wanted, age)
        self._create("services", manifests.service(namespace, name, "None", 5432), age)
        for number in range(replicas):
            pod_name = f"{name}-{number}"
            claim_name = self._add_claim(namespace, f"data-{pod_name}", name, age)
            volume = {"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}
            spec = {"volumes": [volume], "hostname": pod_name, "subdomain": name}
            labels = ordinal_labels(pod_name, number, revision)
            pod = new_pod(owner, pod_template, self._random, format_time(self._now), labels=labels, spec=spec)
            pod["metadata"]["name"] = pod_name
            self._run_pod(pod)

    def _add_claim(self, namespace: str, name: str, app: str, age: float) -> str:
        claim = manifests.claim(
            namespace, name, manifests.claim_spec("10Gi"), {"app.kubernetes.io/name": app}
        )
        claim["metadata"]["uid"] = self._store.new_uid()
        manifests.bind_claim(claim)
        self._create("persistentvolumes", manifests.volume_for(claim), age)
        self._create("persistentvolumeclaims", claim, age)
        return name

    def _add_daemon_set(self, namespace: str, name: str) -> None:
        age, count = _DAY * 60, len(self._nodes)
        image = f"registry.example/{name}:1.36.2"
        pod_template = template(
            {"app.kubernetes.io/name": name},
            [container(name, image, cpu="50m", memory="64Mi")],
            hostNetwork=True,
        )
        wanted = manifests.daemon_set(namespace, name, pod_template, time=format_time(self._now - age))
        wanted["status"] = {
            "currentNumberScheduled": count,
            "numberMisscheduled": 0,
            "desiredNumberScheduled": count,
            "numberReady": count,
            "observedGeneration": 1,
            "updatedNumberScheduled": count,
            "numberAvailable": count,
        }
        owner = self._create("daemonsets", wanted, age)
        revision = template_hash(pod_template)
        for node in self._nodes:
            changes = daemon_changes(owner, node["metadata"]["name"], revision)
            self._run_pod(new_pod(owner, pod_template, self._random, format_time(self._now), **changes), node)

    def _add_cron_job(self, namespace: str, name: str, schedule: str) -> None:
        """With its last Job, done, and that Job's pod."""
        age = self._age()
        image = f"registry.example/{name}:2.3.0"
        pod_template = template(
            {"app.kubernetes.io/name": name, "team": namespace},
            [container("job", image, cpu="50m", memory="64Mi")],
            restartPolicy="Never",
        )
        spec = manifests.job_spec(pod_template, backoff_limit=0)
        wanted = manifests.cron_job(namespace, name, schedule, spec)
        ran = self._now - self._random.uniform(60.0, 290.0)
        ended = ran + 12.0
        wanted["status"] = {"lastScheduleTime": format_time(ran), "lastSuccessfulTime": format_time(ended)}
        owner = self._create("cronjobs", wanted, age)
        uid = self._store.new_uid()
        job_name = f"{name}-{int(ran) // 60}"
        job = manifests.job(namespace, job_name, spec, uid, ownerReferences=[owned_by(owner)])
        told = {"reason": "CompletionsReached", "message": "Reached expected number of succeeded pods"}
        times = {"lastProbeTime": format_time(ended), "lastTransitionTime": format_time(ended)}
        job["status"] = {
            "conditions": [
                {"type": kind, "status": "True", **times, **told}
                for kind in ("SuccessCriteriaMet", "Complete")
            ],
            "startTime": format_time(ran),
            "completionTime": format_time(ended),
            "succeeded": 1,
            "terminating": 0,
            "uncountedTerminatedPods": {},
            "ready": 0,
        }
        stored = self._create("jobs", job, self._now - ran)
        labels = manifests.job_labels(job_name, uid)
        pod = new_pod(stored, pod_template, self._random, format_time(ran), labels=labels)
        self._run_pod(pod, ended=ended, started=ran)

    def _add_quota(self, namespace: str, pods: int) -> None:
        hard = {"pods": str(pods * 2 + 10), "requests.cpu": str(pods), "requests.memory": f"{pods}Gi"}
        self._create("resourcequotas", manifests.quota(namespace, "quota", hard), _DAY * 60)

    # --- pods ---------------------------------------------------------------------------------------------------

    def _run_pod(
        self, pod: Document, node: Document | None = None, *, started: float = 0.0, ended: float = 0.0
    ) -> None:
        """Store a pod that runs since ``started`` (default: some time ago), or has succeeded at ``ended``."""
        node = node or self._pick_node()
        name = node["metadata"]["name"]
        since = started or self._now - self._random.uniform(600.0, 20 * _DAY)
        meta = pod["metadata"]
        generated = f"{meta['generateName']}{suffix(self._random)}"
        meta |= {"name": meta.get("name") or generated, "creationTimestamp": format_time(since)}
        for label in ("topology.kubernetes.io/region", "topology.kubernetes.io/zone"):
            meta["labels"][label] = node["metadata"]["labels"][label]
        pod["spec"]["nodeName"] = name
        address = node["status"]["addresses"][0]["address"]
        status.begin(pod, address, since)
        self._placed[name] = self._placed.get(name, 0) + 1
        prefix = node["spec"]["podCIDR"].rsplit(".", 1)[0]
        pod_address = (
            address if pod["spec"].get("hostNetwork") else f"{prefix}.{self._placed[name] % 253 + 1}"
        )
        status.give_address(pod, pod_address)
        status.set_condition(pod, "PodReadyToStartContainers", "True", since)
        for spec, told in zip(pod["spec"]["containers"], pod["status"]["containerStatuses"], strict=True):
            status.run(told, spec, container_id(self._random), since + 2, ready=True)
            if ended:
                status.end(told, 0, "Completed", ended)
        pod["status"]["phase"] = "Succeeded" if ended else "Running"
        status.refresh(pod, ended or since + 2, "Succeeded" if ended else "")
        meta["managedFields"].append(kubelet_fields(pod, format_time(since + 2)))
        self._store.create("pods", pod)
        self._left -= 1

    def _pick_node(self) -> Document:
        node = self._nodes[self._next_node % len(self._nodes)]
        self._next_node += 1
        return node

    def _age(self) -> float:
        return self._random.uniform(1.0, 60.0) * _DAY

    def _create(self, resource: str, document: Document, age: float) -> Document:
        document["metadata"]["creationTimestamp"] = format_time(self._now - age)
        return self._store.create(resource, document)


def _condition(kind: str, reason: str, message: str, time: str) -> Document:
    condition = {"type": kind, "status": "True", "lastUpdateTime": time, "lastTransitionTime": time}
    return condition | {"reason": reason, "message": message}


def _replica_set(deployment: Document, name: str, new_hash: str) -> Document:
    spec = deployment["spec"]
    replicas = spec["replicas"]
    labels = spec["template"]["metadata"]["labels"] | {"pod-template-hash": new_hash}
    notes = {
        "deployment.kubernetes.io/desired-replicas": str(replicas),
        "deployment.kubernetes.io/max-replicas": str(replicas + math.ceil(replicas / 4)),
        "deployment.kubernetes.io/revision": "1",
    }
    return {
        "metadata": {
            "name": name,
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": notes,
            "ownerReferences": [owned_by(deployment)],
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": spec["selector"]["matchLabels"] | {"pod-template-hash": new_hash}},
            "template": spec["template"] | {"metadata": {"labels": labels}},
        },
        "status": {
            "replicas": replicas,
            "fullyLabeledReplicas": replicas,
            "readyReplicas": replicas,
            "availableReplicas": replicas,
            "terminatingReplicas": 0,
            "observedGeneration": 1,
        },
    }
