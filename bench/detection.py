"""How long from a watch event to a received webhook, and what does the agent cost?

Real processes on loopback: a simulated cluster, a hub, an agent, and a webhook sink here. Then the same job with the
official `kubernetes` client against the same cluster, in the same run.

Each workload fails once, since it has one alert: with fewer than 100 of them (3,000 pods) p99 is the worst of all. CPU is
counted until the process rests again; what starting up with an empty cluster takes is taken off. The official client
posts from the process that watches, without link, store or hub: that flatters its latency and its CPU per event.

Last line: JSON with p50_s, p99_s (watch event to webhook received), agent_rss_mib, agent_peak_mib, cpu_us_per_pod (first
list), cpu_us_per_event (burst; link included), the same of the official client under "official", and the bars.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

HERE = Path(__file__).parent
FARWATCH = [sys.executable, "-m", "farwatch"]
TOKEN = "a-token-for-this-run-only"
PODS_PER_WORKLOAD = 30
MEMORY_BARS_MIB = {1_000: 48, 10_000: 64, 50_000: 96}
Measured = dict[str, float]


# --- processes ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def process(
    arguments: list[str], log: Path, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    with log.open("ab") as errors:
        started = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            # An installed package is compiled; compiling at each start would be counted as ours.
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""} | environment,
        )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
            await asyncio.wait_for(started.wait(), 20)


@asynccontextmanager
async def cluster(folder: Path, pods: int) -> AsyncIterator[dict[str, str]]:
    arguments = [sys.executable, str(HERE / "cluster.py"), "--pods", str(pods)]
    kubeconfig = folder / f"kubeconfig-{pods}"
    async with process([*arguments, "--kubeconfig", str(kubeconfig)], folder / "cluster.log") as started:
        yield json.loads(await started.stdout.readline())


@asynccontextmanager
async def hub(folder: Path, webhook: str) -> AsyncIterator[str]:
    alerting = folder / "alerting.yml"
    alerting.write_text(
        "route: {receiver: sink, group_by: ['...'], group_wait: 0s, group_interval: 1s}\n"
        f"receivers: [{{name: sink, webhook_configs: [{{url: '{webhook}', send_resolved: false}}]}}]\n"
    )
    arguments = [
        *FARWATCH,
        "hub",
        "--data",
        str(folder / "hub"),
        "--listen",
        "127.0.0.1:0",
        "--alerting",
        str(alerting),
    ]
    async with process(arguments, folder / "hub.log", FARWATCH_ADMIN_TOKEN=TOKEN) as started:
        yield (await started.stdout.readline()).decode().split()[-1]


def agent(folder: Path, url: str, token: str, kubeconfig: str) -> Any:
    return process(
        [
            *FARWATCH,
            "agent",
            "--hub",
            url,
            "--token",
            token,
            "--cluster-name",
            "bench",
            "--kubeconfig",
            kubeconfig,
            "--health-listen",
            "127.0.0.1:0",
        ],
        folder / "agent.log",
    )


class Sink:
    """Receives webhooks and remembers when."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[float] = asyncio.Queue()
        self.url = ""

    async def receive(self, request: web.Request) -> web.Response:
        await request.read()
        self.arrived.put_nowait(time.time())
        return web.Response()

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/", self.receive)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        return runner


# --- measuring ------------------------------------------------------------------------------------------------


def cpu_seconds(pid: int) -> float:
    """Time on a CPU, all threads; the scheduler's own count, which is in nanoseconds and not in ticks."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def memory_mib(pid: int) -> tuple[float, float]:
    """Resident set size now and at its peak."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


async def settle(pid: int) -> float:
    """Wait until a process has nothing to do; its CPU seconds so far."""
    before = cpu_seconds(pid)
    for _ in range(300):
        await asyncio.sleep(0.5)
        now = cpu_seconds(pid)
        if now - before < 0.02:
            return now
        before = now
    raise SystemExit(f"process {pid} does not come to rest")


async def until(check: Callable[[], Awaitable[bool]], what: str, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not await check():
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up waiting: {what}")
        await asyncio.sleep(0.1)


async def measure_latency(
    http: aiohttp.ClientSession, control: str, sink: Sink, pods: list[int]
) -> list[float]:
    """Seconds from a pod's change in the API server to the webhook, one at a time."""
    taken = []
    for pod in pods:
        async with http.post(f"{control}/crash", params={"pod": pod}) as answer:
            at = (await answer.json())["at"]
        taken.append(await asyncio.wait_for(sink.arrived.get(), 30) - at)
        await asyncio.sleep(0.05)
    return taken


@dataclass(frozen=True)
class Bench:
    """One run: where, against what, how much."""

    folder: Path
    http: aiohttp.ClientSession
    sink: Sink
    at: dict[str, str]
    pods: int
    probes: int
    events: int


async def measure_burst(http: aiohttp.ClientSession, control: str, pid: int, events: int) -> float:
    """CPU microseconds per watch event."""
    before = await settle(pid)
    async with http.post(f"{control}/churn", params={"events": events}) as answer:
        await answer.read()
    return (await settle(pid) - before) / events * 1e6


async def ask(http: aiohttp.ClientSession, method: str, url: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with http.request(method, url, json=body, headers=headers) as answer:
        answer.raise_for_status()
        return await answer.json()


async def idle_cpu(folder: Path, http: aiohttp.ClientSession, url: str, name: str) -> float:
    """What an agent uses to start and sync an empty cluster: not counted as cost of pods."""
    async with cluster(folder, 0) as empty:
        token = (await ask(http, "POST", f"{url}/api/v1/clusters", {"name": name}))["token"]
        async with agent(folder, url, token, empty["kubeconfig"]) as started:
            return await settle_synced(http, url, name, 0, started.pid)


async def settle_synced(http: aiohttp.ClientSession, url: str, name: str, pods: int, pid: int) -> float:
    async def synced() -> bool:
        view = await ask(http, "GET", f"{url}/api/v1/clusters/{name}")
        states = [watch["state"] for watch in view.get("watches", ())]
        return bool(states) and set(states) == {"synced"} and view["pods"] == pods

    await until(synced, f"cluster {name} is not synced with {pods} pods")
    return await settle(pid)


async def measure_farwatch(bench: Bench) -> Measured:
    folder, http, sink, at, pods = bench.folder, bench.http, bench.sink, bench.at, bench.pods
    async with hub(folder, sink.url) as url:
        idle = min([await idle_cpu(folder, http, url, name) for name in ("empty-1", "empty-2")])
        token = (await ask(http, "POST", f"{url}/api/v1/clusters", {"name": "bench"}))["token"]
        async with agent(folder, url, token, at["kubeconfig"]) as started:
            listed = await settle_synced(http, url, "bench", pods, started.pid)
            synced_rss, synced_peak = memory_mib(started.pid)
            victims = [
                number * PODS_PER_WORKLOAD for number in range(min(bench.probes, pods // PODS_PER_WORKLOAD))
            ]
            latency = await measure_latency(http, at["control"], sink, victims)
            per_event = await measure_burst(http, at["control"], started.pid, bench.events)
            rss, peak = memory_mib(started.pid)
    return {
        **quantiles(latency),
        "agent_rss_mib": rss,
        "agent_peak_mib": peak,
        "agent_synced_rss_mib": synced_rss,
        "agent_synced_peak_mib": synced_peak,
        "cpu_us_per_pod": (listed - idle) / pods * 1e6,
        "cpu_us_per_event": per_event,
    }


async def measure_official(bench: Bench) -> Measured:
    folder, http, sink, at, pods = bench.folder, bench.http, bench.sink, bench.at, bench.pods
    script = [sys.executable, str(HERE / "official_client.py"), "--kubeconfig"]

    async def listed(started: asyncio.subprocess.Process) -> float:
        await asyncio.wait_for(started.stdout.readline(), 600)
        return await settle(started.pid)

    async with (
        cluster(folder, 0) as empty,
        process([*script, empty["kubeconfig"], "--webhook", sink.url], folder / "official.log") as started,
    ):
        idle = await listed(started)
    async with process(
        [*script, at["kubeconfig"], "--webhook", sink.url], folder / "official.log"
    ) as started:
        cpu = await listed(started)
        victims = [n * PODS_PER_WORKLOAD + 1 for n in range(min(bench.probes, pods // PODS_PER_WORKLOAD))]
        latency = await measure_latency(http, at["control"], sink, victims)
        per_event = await measure_burst(http, at["control"], started.pid, bench.events)
        rss, peak = memory_mib(started.pid)
    return {
        **quantiles(latency),
        "agent_rss_mib": rss,
        "agent_peak_mib": peak,
        "cpu_us_per_pod": (cpu - idle) / pods * 1e6,
        "cpu_us_per_event": per_event,
    }


def quantiles(latency: list[float]) -> Measured:
    ordered = sorted(latency)
    return {
        "p50_s": statistics.median(ordered),
        "p99_s": ordered[min(len(ordered) - 1, round(0.99 * (len(ordered) - 1)))],
        "probes": len(ordered),
    }


# --- telling --------------------------------------------------------------------------------------------------


def print_table(pods: int, ours: Measured, official: Measured | None, bars: Measured) -> None:
    print(f"\n{f'{pods:,} pods':26} {'farwatch':>8} {'official':>12} {'ratio':>8} {'bar':>8}")
    rows = [
        ("event to webhook, p50 ms", "p50_s", 1000),
        ("event to webhook, p99 ms", "p99_s", 1000),
        ("memory, MiB", "agent_rss_mib", 1),
        ("memory at peak, MiB", "agent_peak_mib", 1),
        ("CPU us per pod listed", "cpu_us_per_pod", 1),
        ("CPU us per watch event", "cpu_us_per_event", 1),
    ]
    for title, key, factor in rows:
        peer = (
            f"{official[key] * factor:12.1f} {official[key] / ours[key]:7.1f}x"
            if official
            else f"{'-':>12} {'-':>8}"
        )
        bar = f"{bars[key] * factor:8.0f}" if key in bars else ""
        print(f"{title:26} {ours[key] * factor:8.1f} {peer} {bar}".rstrip())


async def run(pods: int, *, quick: bool, with_official: bool) -> None:
    probes, events = (30, 2_000) if quick else (100, 10_000)
    with tempfile.TemporaryDirectory(prefix="farwatch-bench-") as name:
        folder = Path(name)
        sink = Sink()
        runner = await sink.start()
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=300)) as http,
            cluster(folder, pods) as at,
        ):
            bench = Bench(folder, http, sink, at, pods, probes, events)
            ours = await measure_farwatch(bench)
            official = None
            if with_official:
                while not sink.arrived.empty():
                    sink.arrived.get_nowait()
                official = await measure_official(replace(bench, events=min(events, 5_000)))
        await runner.cleanup()
    bars: Measured = {"p50_s": 0.05, "p99_s": 0.5, "cpu_us_per_pod": 60, "cpu_us_per_event": 60}
    limit = next((mib for size, mib in sorted(MEMORY_BARS_MIB.items()) if pods <= size), None)
    if limit:
        bars["agent_peak_mib"] = limit
    print_table(pods, ours, official, bars)
    print(json.dumps({"pods": pods, **ours, "official": official, "bars": bars}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pods", type=int, default=1_000)
    parser.add_argument(
        "--quick", action="store_true", help="fewer probes and events; ends within 50 s at 1,000 pods"
    )
    parser.add_argument("--no-official", action="store_true", help="leave the official client out")
    chosen = parser.parse_args()
    asyncio.run(run(chosen.pods, quick=chosen.quick, with_official=not chosen.no_official))
