"""How many agents does one hub carry, and how fast does it absorb all of them coming back at once?

N agents' sessions (the real protocol over real WebSockets, in a process of their own), each with a few objects and one
change a second, against one hub process. Measured: the hub's CPU per 1,000 changes, its memory, how far acknowledgement
lags, and how long it takes until all N are connected, compared and acknowledged when they come at the same moment, first
to a hub that knows nothing, then again after the hub was killed and started anew.

Last line: JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from detection import FARWATCH, TOKEN, ask, cpu_seconds, memory_mib, process, until

from farwatch.kube.objects import (
    Condition,
    ContainerState,
    ContainerStateRunning,
    ContainerStatus,
    Node,
    NodeStatus,
    ObjectMeta,
    OwnerReference,
    Pod,
    PodSpec,
    PodStatus,
)
from farwatch.link.agent import AgentSession
from farwatch.link.frames import (
    PROTOCOL_MIN,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    AgentInfo,
    AgentStatus,
    Hello,
    Item,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Agent:
    """One cluster's agent: its objects, and its end of the link."""

    def __init__(self, number: int, pods: int, token: str) -> None:
        self.token = token
        self.name = f"cluster-{number}"
        self.hello = Hello(
            protocol_min=PROTOCOL_MIN,
            protocol_max=PROTOCOL_VERSION,
            agent=AgentInfo(
                version="bench",
                instance=f"{number}",
                role="cluster",
                cluster_name=self.name,
                cluster_uid=f"uid-{number}",
            ),
        )
        self.objects: dict[str, dict[str, Item]] = {"Node": {"node-0": self._node()}, "Pod": {}}
        self.restarts = [0] * pods
        for pod in range(pods):
            self.touch(pod)
        self.session: AgentSession | None = None
        self.work = asyncio.Event()
        self.settled = asyncio.Event()

    def kinds(self) -> list[str]:
        return list(self.objects)

    def items(self, kind: str) -> Iterator[Item]:
        return iter(list(self.objects[kind].values()))

    def touch(self, pod: int) -> Item:
        self.restarts[pod] += 1
        name = f"web-5d8f7c-{pod}"
        status = ContainerStatus(
            name="app",
            ready=True,
            restart_count=self.restarts[pod],
            image="registry.example/app:1",
            state=ContainerState(running=ContainerStateRunning(started_at=NOW)),
        )
        found = Pod(
            metadata=ObjectMeta(
                name=name,
                namespace="shop",
                uid=f"{self.name}-{pod}",
                resource_version=str(self.restarts[pod]),
                creation_timestamp=NOW,
                labels={"app": "web", "tier": "front", "pod-template-hash": "5d8f7c"},
                owner_references=(
                    OwnerReference(kind="ReplicaSet", name="web-5d8f7c", uid="rs", controller=True),
                ),
            ),
            spec=PodSpec(node_name="node-0"),
            status=PodStatus(
                phase="Running",
                conditions=(Condition(type="Ready", status="True", last_transition_time=NOW),),
                container_statuses=(status,),
            ),
        )
        item = self._item("shop", name, found)
        self.objects["Pod"][name] = item
        return item

    def _node(self) -> Item:
        ready = Condition(type="Ready", status="True", last_transition_time=NOW)
        meta = ObjectMeta(name="node-0", uid=f"{self.name}-node", resource_version="1")
        return self._item("", "node-0", Node(metadata=meta, status=NodeStatus(conditions=(ready,))))

    @staticmethod
    def _item(namespace: str, name: str, found: Any) -> Item:
        meta = found.metadata
        return Item(
            namespace, name, meta.uid, meta.resource_version, msgspec.msgpack.encode(found), time.time()
        )

    async def link(self, http: aiohttp.ClientSession, url: str) -> None:
        """Keep one connection until it breaks or is cancelled."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with http.ws_connect(
            f"{url}/link", protocols=(SUBPROTOCOL,), headers=headers, compress=0
        ) as socket:
            session = AgentSession(self.hello, self, time.monotonic)
            session.open()
            session.status(AgentStatus(api_server_reachable=True, api_server_since=NOW))
            self.work.set()
            self.session = session
            writer = asyncio.create_task(self._write(socket, session))
            try:
                async for message in socket:
                    session.receive(message.data)
                    if session.settled:
                        self.settled.set()
                    self.work.set()
            finally:
                self.session = None
                writer.cancel()

    async def _write(self, socket: aiohttp.ClientWebSocketResponse, session: AgentSession) -> None:
        while True:
            self.work.clear()
            session.tick()
            for frame in session.frames():
                await socket.send_bytes(frame)
            try:
                async with asyncio.timeout(2):
                    await self.work.wait()
            except TimeoutError:
                continue

    async def change(self, seconds: float) -> int:
        """One change a second, at moments of its own, for so long."""
        done = 0
        end = time.monotonic() + seconds
        await asyncio.sleep(random.random())
        while time.monotonic() < end:
            item = self.touch(done % len(self.restarts))
            if self.session is not None:
                self.session.changed("Pod", item)
                self.settled.clear()
                self.work.set()
            done += 1
            await asyncio.sleep(1)
        return done


async def link_forever(agent: Agent, http: aiohttp.ClientSession, url: str) -> None:
    """Come back at once, without the back-off that real agents have: the worst storm there is."""
    while True:
        try:
            await agent.link(http, url)
        except (aiohttp.ClientError, OSError):
            await asyncio.sleep(0.2)


async def settle(agents: list[Agent]) -> float:
    started = time.monotonic()
    await asyncio.wait_for(asyncio.gather(*(agent.settled.wait() for agent in agents)), 240)
    return time.monotonic() - started


async def run(count: int, pods: int, seconds: float) -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, 65536), limit))
    with tempfile.TemporaryDirectory(prefix="farwatch-bench-") as name:
        folder = Path(name)
        command = [*FARWATCH, "hub", "--data", str(folder / "hub"), "--log-level", "error", "--listen"]
        environment = {"FARWATCH_ADMIN_TOKEN": TOKEN}
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:
            async with process([*command, "127.0.0.1:0"], folder / "hub.log", **environment) as hub:
                url = (await hub.stdout.readline()).decode().split()[-1]
                agents = []
                for number in range(count):
                    body = {"name": f"cluster-{number}"}
                    added = await ask(http, "POST", f"{url}/api/v1/clusters", body)
                    agents.append(Agent(number, pods, added["token"]))
                tasks = [asyncio.create_task(link_forever(agent, http, url)) for agent in agents]
                first_storm = await settle(agents)
                cpu, began = cpu_seconds(hub.pid), time.monotonic()
                done = sum(await asyncio.gather(*(agent.change(seconds) for agent in agents)))
                took = time.monotonic() - began
                lag = await settle(agents)
                cpu = cpu_seconds(hub.pid) - cpu
                rss, peak = memory_mib(hub.pid)
                for agent in agents:
                    agent.settled.clear()
                hub.kill()
                await hub.wait()
            port = url.rpartition(":")[2]
            async with process([*command, f"127.0.0.1:{port}"], folder / "hub.log", **environment) as hub:
                await hub.stdout.readline()
                second_storm = await settle(agents)

                async def all_connected() -> bool:
                    items = (await ask(http, "GET", f"{url}/api/v1/clusters"))["items"]
                    return sum(item["agentState"] == "connected" for item in items) == count

                await until(all_connected, "not every agent is connected")
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    result = {
        "agents": count,
        "pods_per_agent": pods,
        "changes": done,
        "changes_per_s": done / took,
        "hub_cpu_s_per_1000_changes": cpu / done * 1000,
        "hub_core_share": cpu / took,
        "hub_rss_mib": rss,
        "hub_peak_mib": peak,
        "ack_lag_s": lag,
        "first_storm_s": first_storm,
        "storm_after_kill_s": second_storm,
    }
    print(f"{count:,} agents, {pods} pods each, one change a second each, {seconds:.0f} s")
    print(f"  hub CPU per 1,000 changes        {result['hub_cpu_s_per_1000_changes'] * 1000:8.0f} ms")
    print(
        f"  share of a core used             {result['hub_core_share'] * 100:8.0f} %   (bar: 100 % at 1,000 agents)"
    )
    print(f"  hub memory, now / peak           {rss:8.0f} / {peak:.0f} MiB")
    print(f"  all came at once, to a new hub   {first_storm:8.1f} s")
    print(
        f"  all came back after kill -9      {second_storm:8.1f} s   (bar: 60 s; start of the hub not counted)"
    )
    print(json.dumps(result))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=1_000)
    parser.add_argument("--pods", type=int, default=20, help="pods in each cluster")
    parser.add_argument("--seconds", type=float, default=20, help="how long they change")
    parser.add_argument("--quick", action="store_true", help="200 agents, 5 s")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.agents, chosen.seconds = 200, 5
    asyncio.run(run(chosen.agents, chosen.pods, chosen.seconds))
