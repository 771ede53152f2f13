"""How quickly does the hub answer what the console's pages ask, at 50 clusters, 20,000 pods and 5,000 alerts?

One hub with its stores in this process, asked through its whole application but its socket. Agents are left out: objects are
told to the inventory as the link does. Measured: what keeping rows costs for each change, and what CPU each question takes,
the asking included.

Last line: JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from httpx import ASGITransport, AsyncClient

from farwatch.hub.alerting import Alert
from farwatch.hub.app import Hub, create_app
from farwatch.hub.inventory import Rows
from farwatch.hub.options import HubOptions
from farwatch.kube.kinds import KINDS
from farwatch.link.frames import Item

TOKEN = "the-token-of-the-bench"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
POD_PARTS = ["Running"] * 95 + ["CrashLoopBackOff"] * 2 + ["ImagePullBackOff", "Pending", "Completed"]
BARS = {"table": 50.0, "search": 50.0, "overview": 50.0}
"""Milliseconds."""


def item(kind: str, document: dict[str, Any]) -> Item:
    found = msgspec.convert(document, KINDS[kind].type)
    meta = found.metadata
    encoded = msgspec.msgpack.encode(found)
    return Item(meta.namespace, meta.name, meta.uid, meta.resource_version, encoded, time.time())


def meta(name: str, namespace: str, version: int, **labels: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": namespace,
        "uid": f"{namespace}-{name}",
        "resourceVersion": str(version),
        "creationTimestamp": "2026-11-01T00:00:00Z",
        "labels": labels,
    }


def pod(number: int, version: int, word: str, restarts: int) -> dict[str, Any]:
    app = f"app-{number // 30}"
    status: dict[str, Any] = {"name": "main", "restartCount": restarts, "image": f"{app}:1"}
    if word == "Running":
        status |= {"ready": True, "state": {"running": {"startedAt": "2026-11-01T00:00:00Z"}}}
    elif word == "Completed":
        status |= {"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}
    elif word != "Pending":
        status |= {"state": {"waiting": {"reason": word, "message": "back-off 5m0s"}}}
    return {
        "metadata": meta(
            f"{app}-5d9f7c-{number:05d}", f"team-{number // 100}", version, app=app, tier=f"t{number % 3}"
        )
        | {
            "ownerReferences": [
                {"kind": "ReplicaSet", "name": f"{app}-5d9f7c", "uid": app, "controller": True}
            ]
        },
        "spec": {"nodeName": f"node-{number % 8}", "containers": [{"name": "main", "image": f"{app}:1"}]},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.1",
            "qosClass": "Burstable",
            "containerStatuses": [status],
        },
    }


def workload(number: int) -> dict[str, Any]:
    app = f"app-{number}"
    return {
        "metadata": meta(app, f"team-{number * 30 // 100}", 1, app=app),
        "spec": {
            "replicas": 30,
            "template": {"spec": {"containers": [{"name": "main", "image": f"{app}:1"}]}},
        },
        "status": {"replicas": 30, "readyReplicas": 30, "updatedReplicas": 30, "availableReplicas": 30},
    }


async def fill(hub: Hub, http: AsyncClient, *, clusters: int, pods: int, alerts: int) -> None:
    chance = random.Random(1)
    for number in range(clusters):
        name = f"cluster-{number:02d}"
        body = {"name": name, "labels": {"env": "prod" if number % 2 else "test", "region": f"r{number % 5}"}}
        (await http.post("/api/v1/clusters", json=body)).raise_for_status()
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        nodes = [item("Node", {"metadata": meta(f"node-{n}", "", 1), "status": ready}) for n in range(8)]
        made = {
            "Node": nodes,
            "Deployment": [item("Deployment", workload(n)) for n in range(pods // 30 + 1)],
            "Pod": [
                item("Pod", pod(n, 1, chance.choice(POD_PARTS), chance.choice([0, 0, 0, 1, 7])))
                for n in range(pods)
            ],
        }
        for kind, items in made.items():
            hub.change_log.append(hub.inventory.apply(name, kind, items))
        await asyncio.sleep(0)
    raised = [
        Alert(
            labels={
                "alertname": f"Alert{n % 25}",
                "severity": chance.choice(["critical", "warning", "warning", "info"]),
                "cluster": f"cluster-{n % clusters:02d}",
                "namespace": f"team-{n % 4}",
                "workload_kind": "Deployment",
                "workload": f"app-{n}",
            },
            annotations={"summary": f"Deployment app-{n} is in trouble"},
            starts_at=NOW + timedelta(seconds=n),
        )
        for n in range(alerts)
    ]
    for start in range(0, alerts, 500):
        await hub.alerting.put(raised[start : start + 500])
    await hub.telemetry.flush()


async def measure(http: AsyncClient, path: str, times: int, **query: Any) -> list[float]:
    """Milliseconds of CPU, those of the client and the engine included."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        (await http.get(f"/api/v1{path}", params=query)).raise_for_status()
        taken.append((time.process_time() - begun) * 1000)
    return taken


def cost_of_rows(hub: Hub, chance: random.Random) -> float:
    """Microseconds for one change of a pod."""
    changes = []
    for n in range(400):
        again = item("Pod", pod(n, 2, chance.choice(POD_PARTS), 9))
        changes += hub.inventory.apply("cluster-00", "Pod", [again])
    rows = Rows()
    begun = time.process_time()
    for _ in range(25):
        rows.observe(changes)
    return (time.process_time() - begun) / (25 * len(changes)) * 1_000_000


async def run(clusters: int, pods: int, alerts: int, times: int) -> None:
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        hub = await Hub.start(
            HubOptions(data=Path(folder) / "data", admin_token=TOKEN), "https://hub.example"
        )
        headers = {"Authorization": f"Bearer {TOKEN}"}
        transport = ASGITransport(create_app(hub))
        async with AsyncClient(
            transport=transport, base_url="http://hub", headers=headers, timeout=60
        ) as http:
            await fill(hub, http, clusters=clusters, pods=pods // clusters, alerts=alerts)
            questions: list[tuple[str, str, str, dict[str, Any]]] = [
                ("table", "first 100 pods", "/table/pods", {}),
                ("table", "the same with facets", "/table/pods", {"facets": "true"}),
                ("table", "by restarts, most first", "/table/pods", {"sort": "-restarts"}),
                ("table", "by readiness, worst first", "/table/pods", {"sort": "ready,-restarts"}),
                ("table", "by age", "/table/pods", {"sort": "created"}),
                (
                    "table",
                    "by status, from row 15,000 on",
                    "/table/pods",
                    {"sort": "status", "offset": 15_000},
                ),
                ("table", "searched by two words", "/table/pods", {"search": "app-7 crash"}),
                ("table", "one namespace, bad ones", "/table/pods", {"namespace": "team-2", "level": "bad"}),
                (
                    "table",
                    "by label, with a selector",
                    "/table/pods",
                    {"labels": "tier in (t1,t2)", "sort": "label:app"},
                ),
                (
                    "table",
                    "1,000 rows, label columns",
                    "/table/pods",
                    {"limit": 1000, "labelColumns": "app,tier"},
                ),
                ("search", "app-7", "/search", {"q": "app-7"}),
                ("search", "cluster-07 app-3", "/search", {"q": "cluster-07 app-3"}),
                ("search", "ap3x9, by letters", "/search", {"q": "ap3x9"}),
                ("overview", "the whole fleet", "/overview", {}),
                ("overview", "env=prod", "/overview", {"labels": "env=prod"}),
                (
                    "past",
                    "pods of the fleet as they were, first read",
                    "/table/pods",
                    {"at": datetime.now(UTC).isoformat()},
                ),
                (
                    "past",
                    "pods of one cluster as they were",
                    "/table/pods",
                    {"at": datetime.now(UTC).isoformat(), "cluster": "cluster-03"},
                ),
            ]
            found = {}
            for group, name, path, query in questions:
                if group == "past":
                    (first,) = await measure(http, path, 1, **query)
                    again = await measure(http, path, times, **query)
                    found[f"{group}: {name}"] = {
                        "p50": first,
                        "p95": first,
                        "again_p50": statistics.median(again),
                    }
                    continue
                await measure(http, path, 2, **query)
                taken = sorted(await measure(http, path, times, **query))
                found[f"{group}: {name}"] = {
                    "p50": statistics.median(taken),
                    "p95": taken[int(len(taken) * 0.95) - 1],
                }
            change = cost_of_rows(hub, chance)
        await hub.stop()
    print(f"{clusters} clusters, {pods} pods, {alerts} alerts; milliseconds of CPU\n")
    print(f"{'question':56} {'p50':>8} {'p95':>8}   bar")
    for name, numbers in found.items():
        bar = BARS.get(name.split(":")[0])
        again = f"   then {numbers['again_p50']:.1f}" if "again_p50" in numbers else ""
        print(f"{name:56} {numbers['p50']:8.1f} {numbers['p95']:8.1f}   {bar or ''}{again}")
    print(f"\nkeeping a pod's row: {change:.1f} µs for each change\n")
    print(json.dumps({"pages_ms": found, "row_us": change}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clusters", type=int, default=50)
    parser.add_argument("--pods", type=int, default=20_000)
    parser.add_argument("--alerts", type=int, default=5_000)
    parser.add_argument("--times", type=int, default=20)
    args = parser.parse_args()
    asyncio.run(run(args.clusters, args.pods, args.alerts, args.times))


if __name__ == "__main__":
    main()
