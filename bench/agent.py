"""Does the agent live within its chart's limits, for as long as it runs?

A simulated cluster of each size, all at once, each with an agent that has the limits of charts/farwatch-agent (200m of CPU,
256 MiB), put on it by control groups as a kubelet does; where this machine grants none, the table says so. Pods change and
are replaced by others all the time. Measured: the resident set after the first sync, at the end and at its peak, how it
grew from the second to the last fifth of the run, the CPU of a steady minute, and for how much of the time the limit held
the agent back.

Last line: JSON with, by size, start_mib, end_mib, peak_mib, growth_mib, millicores, throttled_share, events.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from detection import TOKEN, agent, ask, cluster, cpu_seconds, hub, memory_mib, until

GROUPS = Path("/sys/fs/cgroup")
CPU_LIMIT_MILLICORES = 200
MEMORY_LIMIT_MIB = 256
PERIOD_MICROSECONDS = 100_000
SAMPLE_SECONDS = 2.0
GROWTH_BAR = 0.05


@dataclass
class Limits:
    """The control groups of one agent; empty where there are none to be had."""

    folders: dict[str, Path] = field(default_factory=dict)

    @classmethod
    @contextlib.contextmanager
    def make(cls, name: str) -> Iterator[Limits]:
        limits = cls()
        try:
            with contextlib.suppress(OSError):
                limits._make(f"farwatch-bench-{name}")
            yield limits
        finally:
            for folder in limits.folders.values():
                with contextlib.suppress(OSError):
                    folder.rmdir()

    def _make(self, name: str) -> None:
        quota = CPU_LIMIT_MILLICORES * PERIOD_MICROSECONDS // 1000
        memory = MEMORY_LIMIT_MIB * 1024 * 1024
        if (GROUPS / "cgroup.controllers").exists():
            folder = self.folders["cpu"] = self.folders["memory"] = GROUPS / name
            folder.mkdir()
            (folder / "cpu.max").write_text(f"{quota} {PERIOD_MICROSECONDS}")
            (folder / "memory.max").write_text(str(memory))
            return
        for controller, files in {
            "cpu": {"cpu.cfs_period_us": PERIOD_MICROSECONDS, "cpu.cfs_quota_us": quota},
            "memory": {"memory.limit_in_bytes": memory},
        }.items():
            folder = GROUPS / controller / name
            folder.mkdir()
            self.folders[controller] = folder
            for file, value in files.items():
                (folder / file).write_text(str(value))

    def take(self, pid: int) -> None:
        for folder in set(self.folders.values()):
            (folder / "cgroup.procs").write_text(str(pid))

    def throttled_periods(self) -> tuple[int, int]:
        """How many periods the group was held back in, and how many there were."""
        if "cpu" not in self.folders:
            return 0, 0
        lines = (self.folders["cpu"] / "cpu.stat").read_text().split("\n")
        stat = {name: int(value) for name, value in (line.split() for line in lines if line)}
        return stat["nr_throttled"], stat["nr_periods"]


@dataclass
class Course:
    """What one agent used, sample by sample."""

    pods: int
    limited: bool
    memory: list[float] = field(default_factory=list)
    peak: float = 0.0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    events: int = 0
    throttled_share: float = 0.0

    def fifth(self, number: int) -> float:
        """The median of one fifth of the run."""
        size = max(1, len(self.memory) // 5)
        return statistics.median(self.memory[number * size : (number + 1) * size])

    @property
    def growth_mib(self) -> float:
        return self.fifth(4) - self.fifth(1)

    @property
    def grows(self) -> bool:
        return self.growth_mib > max(1.0, GROWTH_BAR * self.fifth(1))

    def report(self) -> dict[str, Any]:
        return {
            "start_mib": round(self.memory[0], 1),
            "end_mib": round(self.memory[-1], 1),
            "peak_mib": round(self.peak, 1),
            "growth_mib": round(self.growth_mib, 2),
            "millicores": round(1000 * self.cpu_seconds / self.seconds, 1),
            "throttled_share": round(self.throttled_share, 3),
            "events": self.events,
            "limited": self.limited,
        }


async def churn(http: aiohttp.ClientSession, control: str, course: Course, seconds: float) -> None:
    """One percent of the pods change in a second, but 50 at most; one is replaced, of every 1,000 and of any."""
    changed, replaced = min(50, max(1, course.pods // 100)), max(1, course.pods // 1000)
    end = time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        async with http.post(f"{control}/churn", params={"events": changed}):
            pass
        async with http.post(f"{control}/replace", params={"pods": replaced}):
            pass
        course.events += changed + 2 * replaced
        await asyncio.sleep(max(0.0, 1.0 - (time.monotonic() - began)))


async def watch(pid: int, course: Course, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now, course.peak = memory_mib(pid)
        course.memory.append(now)
        await asyncio.sleep(SAMPLE_SECONDS)


async def run_one(http: aiohttp.ClientSession, folder: Path, url: str, pods: int, seconds: float) -> Course:
    folder.mkdir()
    name = f"bench-{pods}"
    token = (await ask(http, "POST", f"{url}/api/v1/clusters", {"name": name}))["token"]

    async def synced() -> bool:
        found = await ask(http, "GET", f"{url}/api/v1/clusters/{name}")
        watches = {each["state"] for each in found.get("watches", ())}
        return bool(found["pods"] >= pods and watches and not watches & {"syncing", "failing"})

    with Limits.make(str(pods)) as limits:
        async with cluster(folder, pods) as at, agent(folder, url, token, at["kubeconfig"]) as process:
            limits.take(process.pid)
            await until(synced, f"{pods} pods are at the hub", 600)
            course = Course(pods, bool(limits.folders))
            cpu, began, periods = cpu_seconds(process.pid), time.monotonic(), limits.throttled_periods()
            await asyncio.gather(
                churn(http, at["control"], course, seconds), watch(process.pid, course, seconds)
            )
            course.seconds = time.monotonic() - began
            course.cpu_seconds = cpu_seconds(process.pid) - cpu
            held, all_periods = (
                now - before for now, before in zip(limits.throttled_periods(), periods, strict=True)
            )
            course.throttled_share = held / all_periods if all_periods else 0.0
    return course


async def run(sizes: list[int], seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="farwatch-bench-") as name:
        folder = Path(name)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            hub(folder, "http://127.0.0.1:9/") as url,
        ):
            courses = await asyncio.gather(
                *(run_one(http, folder / str(size), url, size, seconds) for size in sizes)
            )
    limits = f"{CPU_LIMIT_MILLICORES}m and {MEMORY_LIMIT_MIB} MiB"
    print(
        f"Agents {'under ' + limits if all(c.limited for c in courses) else 'WITHOUT limits: no control groups here'}"
    )
    print(
        f"{'pods':>7} {'events':>8} {'start':>8} {'end':>8} {'peak':>8} {'growth':>8} {'CPU':>7} {'held back':>10}"
    )
    for course in courses:
        told = course.report()
        print(
            f"{course.pods:>7} {told['events']:>8} {told['start_mib']:>6} Mi {told['end_mib']:>6} Mi "
            f"{told['peak_mib']:>6} Mi {told['growth_mib']:>6} Mi {told['millicores']:>5} m "
            f"{told['throttled_share']:>9.1%}{'  GROWS' if course.grows else ''}"
        )
    print(json.dumps({str(course.pods): course.report() for course in courses}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pods", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--minutes", type=float, default=10.0)
    arguments = parser.parse_args()
    asyncio.run(run(arguments.pods, arguments.minutes * 60))
