"""How does the console feel at 50 clusters, 20,000 pods, 5,000 alerts and 50 changes a second?

A real hub process, fed by the sessions of 50 agents over real WebSockets (`feed.py`: the protocol is real, the API servers are left
out), and a real Chromium in front of it (`browser.py`). Each second 50 pods change, one alert ends and one fires again. Measured:
the JavaScript of the first page; the time from navigation until the first tile or row is painted, with an empty cache each time;
long tasks while tables are scrolled from end to end and while somebody types into their search; memory of three open pages
over some minutes, after a forced garbage collection. Beside it, where there is a Prometheus, the page of alerts of its own (Debian's
`prometheus`, its classic pages) with the same alerts in the same browser: it has no stream, no search, and draws all rows.

The machine's speed is told, too: a fixed loop in the same browser, and the load. The browser, the hub and the agents share the cores.

Last line: JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from browser import (
    Memory,
    Opened,
    Smoothness,
    chromium,
    open_page,
    scroll_through,
    time_loop,
    type_and_clear,
    watch_tasks,
    weigh,
    window,
)
from detection import cpu_seconds, memory_mib
from feed import ADMIN_PASSWORD, Feed, feed
from peer import ALERTS_PAGE, CONTENT, prometheus
from playwright.async_api import Browser, Page, StorageState

TABLE = "main [data-table]"
BARS = {"scripts_kb": 350.0, "content_s": 1.5, "long_task_ms": 100.0, "growth": 0.05}
WARM_UP = 2
"""Openings that are not counted: the hub has compressed its files and made its rows by then."""
MINUTE = 60.0
SETTLE_SECONDS = 4.0
"""After a page has come up, the browser loads the others in the background."""


@dataclass(frozen=True)
class View:
    """A page of the console: its address, and the selector of the first thing that says something."""

    name: str
    path: str
    content: str


VIEWS = [
    View("overview", "/", 'main ul[aria-label="Clusters"] > li a'),
    View("alert board", "/alerts", f"{TABLE} [data-index] a"),
    View("pods table", "/objects/pods", f"{TABLE} [data-index] a"),
]


async def sign_in(browser: Browser, url: str) -> StorageState:
    async with window(browser) as context:
        body = {"username": "admin", "password": ADMIN_PASSWORD}
        answer = await context.request.post(f"{url}/api/v1/session", data=body, headers={"Origin": url})
        assert answer.ok, f"signing in: {answer.status} {await answer.text()}"
        return await context.storage_state()


async def time_opening(
    browser: Browser, url: str, view: View, state: StorageState | None, runs: int
) -> list[Opened]:
    """How a page comes up, each time in a new browser with an empty cache."""
    found = []
    for _ in range(WARM_UP + runs):
        async with window(browser, state) as context:
            _, opened = await open_page(context, url + view.path, view.content)
            found.append(opened)
    return found[WARM_UP:]


async def watch_hands(
    browser: Browser, url: str, state: StorageState, trace: Path | None
) -> dict[str, Smoothness]:
    """Long tasks while somebody scrolls and types."""
    scroll: Callable[[Page], Awaitable[None]] = lambda page: scroll_through(page, TABLE)  # noqa: E731
    words = ["crashloop", "app-7 team-2", "cluster-07"]
    matchers = ['severity="critical"', 'cluster=~"cluster-1.*"', 'namespace="team-2"']
    acts: list[tuple[str, View, Callable[[Page], Awaitable[None]]]] = [
        ("scrolling the alert board", VIEWS[1], scroll),
        (
            "filtering the alert board",
            VIEWS[1],
            lambda page: type_and_clear(page, "main [data-search]", matchers, enter=True),
        ),
        ("scrolling the pods table", VIEWS[2], scroll),
        (
            "searching the pods table",
            VIEWS[2],
            lambda page: type_and_clear(page, "main input[data-search], main [data-search] input", words),
        ),
    ]
    found = {}
    for name, view, do in acts:
        async with window(browser, state) as context:
            page, _ = await open_page(context, url + view.path, view.content)
            await asyncio.sleep(SETTLE_SECONDS)
            path = trace and trace / f"{name.replace(' ', '-')}.json"
            found[name] = await watch_tasks(browser, page, do, path)
    return found


async def watch_memory(
    browser: Browser, url: str, state: StorageState, minutes: float, every: float
) -> dict[str, list[Memory]]:
    """What open pages hold, now and then, for so long."""
    found: dict[str, list[Memory]] = {view.name: [] for view in VIEWS}
    async with AsyncExitStack() as exits:
        pages = {}
        for view in VIEWS:
            context = await exits.enter_async_context(window(browser, state))
            pages[view.name], _ = await open_page(context, url + view.path, view.content)
        begun = time.monotonic()
        for turn in range(round(minutes * MINUTE / every) + 1):
            await asyncio.sleep(max(0.0, begun + turn * every - time.monotonic()))
            for name, page in pages.items():
                found[name].append(await weigh(page))
            told = "  ".join(f"{name} {taken[-1].heap_mb:.1f} MB" for name, taken in found.items())
            print(f"  {turn * every / MINUTE:4.1f} min  {told}  load {os.getloadavg()[0]:.1f}", flush=True)
    return found


def slope(numbers: list[float]) -> float:
    """The trend: the median of the slopes between any two, for each step. One odd sample does not bend it."""
    slopes = [
        (later - earlier) / (second - first)
        for first, earlier in enumerate(numbers)
        for second, later in enumerate(numbers)
        if second > first
    ]
    return statistics.median(slopes) if slopes else 0.0


def trend(samples: list[Memory], minutes_each: float) -> dict[str, float]:
    """How memory went, the first sample left out: what loads in the background is there by the second."""
    steady = samples[1:] if len(samples) > 2 else samples
    heaps = [sample.heap_mb for sample in steady]
    data = [sample.data_mb for sample in steady]
    return {
        "first_mb": heaps[0],
        "last_mb": heaps[-1],
        "first_data_mb": data[0],
        "last_data_mb": data[-1],
        "data_mb_per_minute": slope(data) / minutes_each,
        "nodes_per_minute": slope([float(sample.nodes) for sample in steady]) / minutes_each,
        "listeners_per_minute": slope([float(sample.listeners) for sample in steady]) / minutes_each,
        "growth": slope(data) * (len(data) - 1) / data[0],
    }


def quantiles(opened: list[Opened]) -> dict[str, float]:
    seconds = [one.content_ms / 1000 for one in opened]
    spent = statistics.median(one.cpu_ms for one in opened) / 1000
    return {"median_s": statistics.median(seconds), "worst_s": max(seconds), "median_cpu_s": spent}


async def watch_peer(browser: Browser, url: str, runs: int) -> dict[str, Any]:
    """The same of Prometheus's own page of alerts: opened, then all rules unfolded and scrolled through."""

    async def unfold_and_scroll(page: Page) -> None:
        for rule in await page.locator(CONTENT).all():
            await rule.evaluate("found => found.click()")
        await scroll_through(page, "html")

    view = View("", ALERTS_PAGE, CONTENT)
    opened = await time_opening(browser, url, view, None, runs)
    async with window(browser) as context:
        page, _ = await open_page(context, url + view.path, view.content)
        await asyncio.sleep(SETTLE_SECONDS)
        tasks = await watch_tasks(browser, page, unfold_and_scroll)
        return {"content": quantiles(opened), "tasks": say_tasks(tasks), "memory": asdict(await weigh(page))}


def say_tasks(tasks: Smoothness) -> dict[str, Any]:
    return asdict(tasks) | {"longest": tasks.longest}


async def run(options: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="farwatch-bench-") as name:
        folder = Path(name)
        async with chromium() as browser:
            if not options.peer_alone:
                sizes = {"clusters": options.clusters, "pods": options.pods, "alerts": options.alerts}
                async with feed(folder, **sizes) as hub:
                    found = await measure(hub, browser, options)
            if options.peer or options.peer_alone:
                async with prometheus(folder, clusters=options.clusters, alerts=options.alerts) as url:
                    found["prometheus"] = url and await watch_peer(browser, url, options.runs)
                tell_peer(found["prometheus"])
    return found


async def measure(hub: Feed, browser: Browser, options: argparse.Namespace) -> dict[str, Any]:
    state = await sign_in(browser, hub.url)
    counted = await hub.count()
    print("  ".join(f"{number:,} {what}" for what, number in counted.items()), flush=True)
    loop, load = await time_loop(browser), os.getloadavg()
    began, changes, cpu = time.monotonic(), hub.changes, cpu_seconds(hub.process.pid)
    opened = {view.name: await time_opening(browser, hub.url, view, state, options.runs) for view in VIEWS}
    hands = await watch_hands(browser, hub.url, state, options.trace)
    found: dict[str, Any] = {
        "counted": counted,
        "loop_ms": {"quickest": loop[0], "median": statistics.median(loop)},
        "load_before": load,
        "scripts_kb": max(one.script_bytes for one in opened["overview"]) / 1000,
        "content": {name: quantiles(each) for name, each in opened.items()},
        "long_tasks": {name: say_tasks(each) for name, each in hands.items()},
    }
    tell(found)
    if options.minutes:
        every = min(MINUTE, options.minutes * MINUTE / 2)
        samples = await watch_memory(browser, hub.url, state, options.minutes, every)
        found["memory"] = {name: trend(taken, every / MINUTE) for name, taken in samples.items()}
        found["memory_samples"] = {name: [asdict(one) for one in taken] for name, taken in samples.items()}
        tell_memory(found["memory"])
    took = time.monotonic() - began
    found["changes_per_s"] = (hub.changes - changes) / took
    found["hub_core_share"] = (cpu_seconds(hub.process.pid) - cpu) / took
    found["hub_rss_mib"] = memory_mib(hub.process.pid)[0]
    found["load_after"] = os.getloadavg()
    found["counted_after"] = await hub.count()
    print(
        f"\n{found['changes_per_s']:.0f} changes a second; the hub used {found['hub_core_share']:.0%} of a core,"
    )
    print(
        f"holds {found['hub_rss_mib']:.0f} MiB; {found['counted_after']['alerts']:,} alerts fire; load {load[0]:.1f} before, {found['load_after'][0]:.1f} after"
    )
    return found


def tell(found: dict[str, Any]) -> None:
    loop = found["loop_ms"]
    print(
        f"\na fixed loop takes {loop['quickest']:.0f} ms, the median {loop['median']:.0f}; load {found['load_before'][0]:.1f}\n"
    )
    print(f"{'':44} {'median':>9} {'worst':>9} {'of CPU':>9}   bar")
    print(
        f"{'JavaScript of the first page, gzip':44} {found['scripts_kb']:6.0f} kB {'':9} {'':9}   < {BARS['scripts_kb']:.0f} kB"
    )
    for name, times in found["content"].items():
        print(
            f"{f'first content: {name}':44} {times['median_s']:7.2f} s {times['worst_s']:7.2f} s"
            f" {times['median_cpu_s']:7.2f} s   < {BARS['content_s']} s"
        )
    print(f"\n{'':44} {'longest':>9} {'of CPU':>9}   tasks > 50 ms / > 100 ms")
    for name, tasks in found["long_tasks"].items():
        cpu = "" if tasks["longest_cpu"] is None else f"{tasks['longest_cpu']:.0f} ms"
        longer = sum(task > BARS["long_task_ms"] for task in tasks["long_tasks"])
        print(
            f"{name:44} {tasks['longest']:6.0f} ms {cpu:>9}   {len(tasks['long_tasks'])} / {longer} in {tasks['seconds']:.0f} s"
        )
    print(flush=True)


def tell_peer(found: dict[str, Any] | None) -> None:
    if found is None:
        print(
            "\nnothing to compare with: there is no prometheus on this machine (apt-get install prometheus)"
        )
        return
    content, tasks, memory = found["content"], found["tasks"], found["memory"]
    longer = sum(task > BARS["long_task_ms"] for task in tasks["long_tasks"])
    print("\nPrometheus's own page of the same alerts, folded up by rule, without a stream")
    print(
        f"{'  first content':44} {content['median_s']:7.2f} s {content['worst_s']:7.2f} s {content['median_cpu_s']:7.2f} s"
    )
    cpu = "" if tasks["longest_cpu"] is None else f"{tasks['longest_cpu']:.0f} ms"
    print(
        f"{'  unfolding and scrolling, longest task':44} {tasks['longest']:6.0f} ms {cpu:>9}   {longer} > 100 ms"
    )
    print(f"{'  memory':44} {memory['heap_mb']:6.1f} MB   {memory['nodes']:,} nodes")


def tell_memory(memory: dict[str, dict[str, float]]) -> None:
    print(
        f"\n{'memory':20} {'from':>9} {'to':>9}   {'data from':>9} {'to':>9} {'a minute':>12}   growth (bar: < {BARS['growth']:.0%})"
    )
    for name, one in memory.items():
        print(
            f"{name:20} {one['first_mb']:6.1f} MB {one['last_mb']:6.1f} MB   {one['first_data_mb']:6.2f} MB {one['last_data_mb']:6.2f} MB"
            f" {one['data_mb_per_minute'] * 1000:9.0f} kB   {one['growth']:.1%}; nodes {one['nodes_per_minute']:+.1f},"
            f" listeners {one['listeners_per_minute']:+.1f} a minute"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clusters", type=int, default=50)
    parser.add_argument("--pods", type=int, default=20_000, help="in all clusters")
    parser.add_argument(
        "--alerts", type=int, default=5_000, help="posted; those that the hub detects come on top"
    )
    parser.add_argument("--runs", type=int, default=9, help="openings of each page")
    parser.add_argument(
        "--minutes",
        type=float,
        help="for which memory is watched; 0: not at all [10; half of one where it is quick]",
    )
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="without a Prometheus beside it")
    parser.add_argument("--peer-alone", action="store_true", help="the Prometheus, and no hub")
    parser.add_argument("--trace", type=Path, help="a folder for the browser's traces")
    parser.add_argument(
        "--quick", action="store_true", help="4 clusters, 400 pods, 200 alerts, half a minute"
    )
    options = parser.parse_args()
    if options.quick:
        options.clusters, options.pods, options.alerts = 4, 400, 200
        options.runs = 3
    if options.minutes is None:
        options.minutes = 0.5 if options.quick else 10
    if options.trace is not None:
        options.trace.mkdir(parents=True, exist_ok=True)
    print(json.dumps(asyncio.run(run(options))))


if __name__ == "__main__":
    main()
