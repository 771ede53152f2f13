"""A simulated cluster for benchmarks: N synthetic pods of about 8 KB of JSON, 30 to a workload, changed on demand.

Prints one line of JSON when it serves: {"kubeconfig": path, "control": url}. Ends when its standard input closes.

Control: POST /crash?pod=I makes pod I crash loop and answers the time just before; POST /churn?events=N changes N pods
one after the other, as fast as it can; POST /replace?pods=N takes N pods away and makes as many of other names.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from aiohttp import web

from farwatch.sim.apiserver import ApiServer
from farwatch.sim.store import Store

PODS_PER_WORKLOAD = 30
BULK = "x" * 60


def object_meta(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def new_deployment(number: int, replicas: int) -> dict[str, Any]:
    labels = {"app": f"service-{number}"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": object_meta(f"service-{number}", namespace=namespace(number), labels=labels),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "app:1"}]},
            },
        },
        "status": {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas},
    }


def new_replica_set(number: int, replicas: int, owner: dict[str, Any]) -> dict[str, Any]:
    labels = {"app": f"service-{number}", "pod-template-hash": f"{number:08x}"}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": object_meta(
            f"service-{number}-{number:08x}",
            namespace=namespace(number),
            labels=labels,
            ownerReferences=[owner_reference(owner)],
        ),
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}},
        "status": {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas},
    }


def new_pod(number: int, owner: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    workload = number // PODS_PER_WORKLOAD
    now = "2026-01-01T00:00:00Z"
    labels = {
        "app": f"service-{workload}",
        "pod-template-hash": f"{workload:08x}",
        "tier": "backend",
        "team": "payments",
    }
    conditions = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    suffix = "".join(chance.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": object_meta(
            f"{owner['metadata']['name']}-{suffix}{number}",
            namespace=namespace(workload),
            labels=labels,
            annotations={f"example.com/note-{i}": f"{BULK}{chance.random()}" for i in range(8)},
            ownerReferences=[owner_reference(owner)],
            managedFields=[
                {
                    "manager": f"manager-{i}",
                    "operation": "Update",
                    "apiVersion": "v1",
                    "time": now,
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {
                        "f:metadata": {
                            f"f:field-{j}": {".": {}, "f:inner": {BULK[:20]: {}}} for j in range(18)
                        }
                    },
                }
                for i in range(2)
            ],
        ),
        "spec": {
            "nodeName": f"node-{number % 500}",
            "restartPolicy": "Always",
            "containers": [
                {
                    "name": name,
                    "image": f"registry.example/{name}:1.{workload % 9}",
                    "env": [{"name": f"SETTING_{i}", "value": BULK[:30]} for i in range(12)],
                    "resources": {
                        "requests": {"cpu": "100m", "memory": "128Mi"},
                        "limits": {"memory": "256Mi"},
                    },
                    "volumeMounts": [
                        {"name": "kube-api-access", "mountPath": "/var/run/secrets", "readOnly": True}
                    ],
                }
                for name in ("app", "sidecar")
            ],
        },
        "status": {
            "phase": "Running",
            "qosClass": "Burstable",
            "podIP": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "startTime": now,
            "conditions": [
                {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
                for kind in conditions
            ],
            "containerStatuses": [running(name) for name in ("app", "sidecar")],
        },
    }


def running(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": f"registry.example/{name}:1",
        "imageID": f"registry.example/{name}@sha256:{'a' * 64}",
        "containerID": f"containerd://{random.randbytes(32).hex()}",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        "lastState": {},
    }


def crash(pod: dict[str, Any]) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    status = pod["status"]["containerStatuses"][0]
    status.update(ready=False, started=False, restartCount=status["restartCount"] + 1)
    status["state"] = {
        "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}
    }
    status["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": now}}


def touch(pod: dict[str, Any]) -> None:
    """What a readiness flap changes: a time and two conditions' words."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    pod["status"]["conditions"][2]["lastTransitionTime"] = now
    pod["status"]["containerStatuses"][1]["restartCount"] += 1


def namespace(workload: int) -> str:
    return f"team-{workload % 20}"


def replica_set_of(pod: int) -> tuple[str, str]:
    workload = pod // PODS_PER_WORKLOAD
    return namespace(workload), f"service-{workload}-{workload:08x}"


def owner_reference(owner: dict[str, Any]) -> dict[str, Any]:
    metadata = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }


def build(store: Store, pods: int, chance: random.Random) -> list[tuple[str, str]]:
    for name in ("kube-system", "default", *(f"team-{i}" for i in range(20))):
        store.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for i in range(min(500, max(1, pods // 30))):
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        store.create(
            "nodes",
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": f"node-{i}"},
                "status": {"conditions": [ready]},
            },
        )
    keys = []
    for start in range(0, pods, PODS_PER_WORKLOAD):
        count = min(PODS_PER_WORKLOAD, pods - start)
        workload = start // PODS_PER_WORKLOAD
        deployment = store.create("deployments", new_deployment(workload, count))
        replica_set = store.create("replicasets", new_replica_set(workload, count, deployment))
        for number in range(start, start + count):
            pod = store.create("pods", new_pod(number, replica_set, chance))
            keys.append((pod["metadata"]["namespace"], pod["metadata"]["name"]))
    return keys


async def serve(pods: int, kubeconfig: Path) -> None:
    store = Store(time.time)
    chance = random.Random(1)
    keys = build(store, pods, chance)
    server = ApiServer(store, keep_house=False)
    await server.start()
    server.write_kubeconfig(kubeconfig)

    async def on_crash(request: web.Request) -> web.Response:
        key = keys[int(request.query["pod"])]
        before = time.time()
        store.modify("pods", *key, crash, subresource="status")
        return web.json_response({"at": before})

    async def on_churn(request: web.Request) -> web.Response:
        count = int(request.query["events"])
        for number in range(count):
            store.modify("pods", *keys[number % len(keys)], touch, subresource="status")
            if number % 50 == 49:
                await asyncio.sleep(0)
        return web.json_response({"events": count})

    async def on_replace(request: web.Request) -> web.Response:
        for _ in range(int(request.query["pods"])):
            number = chance.randrange(len(keys))
            owner = store.get("replicasets", *replica_set_of(number))
            store.delete("pods", *keys[number], grace_period=0)
            pod = store.create("pods", new_pod(number, owner, chance))["metadata"]
            keys[number] = (pod["namespace"], pod["name"])
            await asyncio.sleep(0)
        return web.json_response({})

    app = web.Application()
    routes = {"/crash": on_crash, "/churn": on_churn, "/replace": on_replace}
    app.add_routes([web.post(path, handler) for path, handler in routes.items()])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    print(json.dumps({"kubeconfig": str(kubeconfig), "control": f"http://127.0.0.1:{port}"}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()
    await server.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, required=True)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.pods, arguments.kubeconfig))
