"""A hub process with a fleet that never rests: what `console.py` looks at through a browser.

The agents are sessions of the real protocol over real WebSockets, as in `fleet.py`; simulated API servers for 50 clusters
would take the two cores that the hub and the browser are measured on.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from detection import FARWATCH, TOKEN, ask, process
from fleet import Agent, link_forever, settle
from pages import POD_PARTS, item, meta, pod, workload

from farwatch.link.frames import Item

NODES = 8
PODS_PER_WORKLOAD = 30
BATCH = 256
ADMIN_PASSWORD = "a-password-for-one-run-of-the-bench"
FALLS_ILL = 0.1
"""The share of changes that give a pod another status; the others count its restarts."""
SETTLE_SECONDS = 240.0
CONFIG = """\
route:
  receiver: day
  group_by: [alertname, cluster, namespace]
  routes:
  - {matchers: [severity=critical], receiver: night}
receivers: [{name: day}, {name: night}]
"""


class Troubled(Agent):
    """One cluster's agent; some of its pods are ill, and which ones changes.

    Args:
        number: Which of the clusters.
        pods: How many it has.
        token: With which it comes to the hub.
        chance: Decides what happens.
    """

    def __init__(self, number: int, pods: int, token: str, chance: random.Random) -> None:
        self._chance = chance
        self._words = [chance.choice(POD_PARTS) for _ in range(pods)]
        super().__init__(number, pods, token)
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        nodes = [item("Node", {"metadata": meta(f"node-{n}", "", 1), "status": ready}) for n in range(NODES)]
        workloads = [item("Deployment", workload(n)) for n in range(pods // PODS_PER_WORKLOAD + 1)]
        self.objects["Node"] = {node.name: node for node in nodes}
        self.objects["Deployment"] = {found.name: found for found in workloads}

    def touch(self, pod_number: int) -> Item:
        """Change a pod."""
        if self._chance.random() < FALLS_ILL:
            self._words[pod_number] = self._chance.choice(POD_PARTS)
        self.restarts[pod_number] += 1
        restarts = self.restarts[pod_number]
        found = item("Pod", pod(pod_number, restarts, self._words[pod_number], restarts))
        self.objects["Pod"][found.name] = found
        return found


def cluster_name(number: int) -> str:
    return f"cluster-{number}"


def labels_of(number: int, clusters: int) -> dict[str, str]:
    """What the alert of this number is about: the same for the hub and for whom it is compared with."""
    return {
        "alertname": f"Trouble{number % 25}",
        "severity": ("critical", "warning", "info", "warning")[number % 4],
        "cluster": cluster_name(number % clusters),
        "namespace": f"team-{number % 37}",
        "workload_kind": "Deployment",
        "workload": f"checkout-{number}",
        "region": "eu",
    }


def summary_of(labels: dict[str, str]) -> str:
    return f"Deployment {labels['workload']} answers one request of ten with an error"


@dataclass
class Feed:
    """A hub that is fed.

    Attributes:
        url: Where it listens.
        process: Its process.
        clusters: How many clusters it has.
        alerts: How many alerts are posted to it; those that it detects come on top.
        changes: How many objects have changed so far.
    """

    url: str
    process: asyncio.subprocess.Process
    http: aiohttp.ClientSession
    clusters: int
    alerts: int
    agents: list[Troubled] = field(default_factory=list)
    changes: int = 0

    async def count(self) -> dict[str, int]:
        """What the hub says it has."""
        rows = await ask(self.http, "GET", f"{self.url}/api/v1/table/pods?limit=0")
        firing = await ask(self.http, "GET", f"{self.url}/api/v1/alerts?status=firing&limit=1")
        clusters = (await ask(self.http, "GET", f"{self.url}/api/v1/clusters"))["items"]
        connected = sum(cluster["agentState"] == "connected" for cluster in clusters)
        return {"clusters": connected, "pods": rows["total"], "alerts": firing["total"]}

    async def connect(self, pods: int) -> list[asyncio.Task[None]]:
        """Add the clusters, link their agents, and wait until the hub has everything."""
        chance = random.Random(1)
        for number in range(self.clusters):
            labels = {"env": "prod" if number % 2 else "test", "region": f"r{number % 5}"}
            body = {"name": cluster_name(number), "labels": labels}
            added = await ask(self.http, "POST", f"{self.url}/api/v1/clusters", body)
            self.agents.append(Troubled(number, pods // self.clusters, added["token"], chance))
        links = [asyncio.create_task(link_forever(agent, self.http, self.url)) for agent in self.agents]
        await settle(list(self.agents))
        return links

    async def post(self, numbers: range | list[int], *, over: bool = False) -> None:
        """Raise alerts for two hours, or end them."""
        now = datetime.now(UTC)
        ends = now if over else now + timedelta(hours=2)
        for start in range(0, len(numbers), BATCH):
            alerts = []
            for number in numbers[start : start + BATCH]:
                labels = labels_of(number, self.clusters)
                begun = now - timedelta(seconds=60 + number)
                alerts.append(
                    {
                        "labels": labels,
                        "annotations": {
                            "summary": summary_of(labels),
                            "description": "Of the last hour. " * 8,
                        },
                        "startsAt": begun.isoformat(),
                        "endsAt": ends.isoformat(),
                    }
                )
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with self.http.post(f"{self.url}/api/v2/alerts", json=alerts, headers=headers) as answer:
                answer.raise_for_status()

    async def change_objects(self, agent: Troubled) -> None:
        """One change a second of a cluster, at moments of its own, for as long as it is let."""
        await asyncio.sleep(random.random())
        due = time.monotonic()
        pods = len(agent.restarts)
        for turn in range(2**62):
            changed = agent.touch(turn * 7 % pods)
            if agent.session is not None:
                agent.session.changed("Pod", changed)
                agent.work.set()
                self.changes += 1
            due += 1
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def change_alerts(self) -> None:
        """Each second an alert ends, and the one that ended before fires again."""
        for turn in range(2**62):
            await self.post([turn % self.alerts], over=True)
            if turn:
                await self.post([(turn - 1) % self.alerts])
            await asyncio.sleep(1)


@asynccontextmanager
async def feed(folder: Path, *, clusters: int, pods: int, alerts: int) -> AsyncIterator[Feed]:
    """A hub with its fleet, changing from now on until the end."""
    config = folder / "alerting.yml"
    config.write_text(CONFIG)
    command = [*FARWATCH, "hub", "--data", str(folder / "hub"), "--log-level", "error"]
    command += ["--listen", "127.0.0.1:0", "--alerting", str(config)]
    environment = {"FARWATCH_ADMIN_TOKEN": TOKEN, "FARWATCH_ADMIN_PASSWORD": ADMIN_PASSWORD}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        process(command, folder / "hub.log", **environment) as started,
    ):
        url = (await started.stdout.readline()).decode().split()[-1]
        found = Feed(url, started, http, clusters, alerts)
        tasks: list[asyncio.Task[Any]] = list(await found.connect(pods))
        try:
            await found.post(range(alerts))
            tasks += [asyncio.create_task(found.change_objects(agent)) for agent in found.agents]
            tasks.append(asyncio.create_task(found.change_alerts()))
            yield found
            failed = [task.exception() for task in tasks if task.done()]
            if failed:
                raise SystemExit(f"the fleet did not go on changing: {failed[0]!r}")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
