"""What people feel in front of a page, measured in a real Chromium: first content, long tasks, memory.

A long task is what the browser itself calls one: its main thread was busy for more than 50 ms at a stretch. That is time
by the clock, so on a shared machine it counts also how long others had the core. Beside it stands the CPU time of the longest
task, from the browser's trace, which others do not stretch.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, StorageState, async_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TRACED = ["toplevel", "__metadata"]
PATIENCE_MS = 60_000
WATCH = """
window.bench = { longTasks: [], painted: null, wanted: null };
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) window.bench.longTasks.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
"""
AWAIT_PAINT = """
window.bench.selector = %s;
(function look() {
  requestAnimationFrame(() => {
    const found = document.querySelector(window.bench.selector);
    if (found === null || found.getClientRects().length === 0) return look();
    // What this frame shows is painted once the task after it runs.
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { window.bench.painted = performance.now(); };
    channel.port2.postMessage(0);
  });
})();
"""
SCRIPTS = """() => performance.getEntriesByType("resource")
  .filter(({ name, startTime }) => /\\.m?js$/.test(new URL(name).pathname) && startTime < window.bench.painted)
  .map(({ name, encodedBodySize }) => [name, encodedBodySize])"""
LOOP = """() => {
  const begun = performance.now();
  let sum = 0;
  for (let turn = 0; turn < 2e7; turn += 1) sum = (sum * 31 + turn) | 0;
  return [performance.now() - begun, sum];
}"""


@dataclass(frozen=True)
class Opened:
    """How a page came up.

    Attributes:
        content_ms: Milliseconds from navigation until its content was painted.
        cpu_ms: CPU time of its main thread until then: others on the machine do not stretch it.
        script_bytes: The JavaScript it took, as sent.
    """

    content_ms: float
    cpu_ms: float
    script_bytes: int


@dataclass(frozen=True)
class Smoothness:
    """How long the main thread was busy at a stretch, in milliseconds, while something was done.

    Attributes:
        seconds: How long that took.
        long_tasks: The tasks of more than 50 ms by the clock.
        longest_cpu: CPU time of the task that took most of it; None where the browser does not tell.
    """

    seconds: float
    long_tasks: list[float]
    longest_cpu: float | None

    @property
    def longest(self) -> float:
        """The longest task by the clock; 0 when none was long."""
        return max(self.long_tasks, default=0.0)


@dataclass(frozen=True)
class Memory:
    """What a page holds after its garbage was collected.

    Attributes:
        heap_mb: All of the JavaScript heap.
        data_mb: What of that is the page's: objects, closures, strings. The rest is code that the engine has compiled,
            which grows for as long as it finds more to make quicker, and is thrown away when memory is short.
        nodes: Nodes of all documents.
        listeners: Listeners of events.
        documents: Documents.
    """

    heap_mb: float
    data_mb: float
    nodes: int
    listeners: int
    documents: int


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("there is no Chromium on this machine: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        await browser.close()


@asynccontextmanager
async def window(browser: Browser, state: StorageState | None = None) -> AsyncIterator[BrowserContext]:
    """A browser of its own, with nothing in its cache."""
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, storage_state=state, timezone_id="UTC", locale="en-GB"
    )
    context.set_default_timeout(PATIENCE_MS)
    await context.add_init_script(WATCH)
    try:
        yield context
    finally:
        await context.close()


async def open_page(context: BrowserContext, url: str, content: str) -> tuple[Page, Opened]:
    """Go to an address and wait until its content, a selector, is painted."""
    page = await context.new_page()
    await page.add_init_script(AWAIT_PAINT % json.dumps(content))
    devtools = await context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    await page.goto(url, wait_until="commit")
    await page.wait_for_function("() => window.bench.painted !== null")
    answer = await devtools.send("Performance.getMetrics")
    await devtools.detach()
    spent = next(each["value"] for each in answer["metrics"] if each["name"] == "ThreadTime") * 1000
    painted = await page.evaluate("() => window.bench.painted")
    scripts: list[tuple[str, int]] = await page.evaluate(SCRIPTS)
    return page, Opened(painted, spent, sum(size for _, size in scripts))


async def watch_tasks(
    browser: Browser, page: Page, do: Callable[[Page], Awaitable[None]], trace: Path | None = None
) -> Smoothness:
    """Do something on a page and see how long its main thread was busy at a stretch meanwhile."""
    await page.evaluate("() => { window.bench.longTasks.length = 0; }")
    await browser.start_tracing(page=page, categories=TRACED)
    begun = time.monotonic()
    await do(page)
    seconds = time.monotonic() - begun
    await asyncio.sleep(0.5)
    traced = await browser.stop_tracing()
    if trace is not None:
        trace.write_bytes(traced)
    long_tasks: list[tuple[float, float]] = await page.evaluate("() => window.bench.longTasks")
    return Smoothness(seconds, [duration for _, duration in long_tasks], longest_cpu(json.loads(traced)))


def longest_cpu(trace: dict[str, Any]) -> float | None:
    """Milliseconds of CPU of the task that took most on any page's main thread."""
    events = trace["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    spent = [
        event["tdur"] / 1000
        for event in events
        if event["name"].endswith("RunTask") and "tdur" in event and (event["pid"], event["tid"]) in mains
    ]
    return max(spent, default=None)


async def weigh(page: Page) -> Memory:
    """What a page holds once its garbage is collected."""
    found = await read_metrics(page, collect=True)
    return Memory(
        found["JSHeapUsedSize"] / 1e6,
        await weigh_data(page) / 1e6,
        int(found["Nodes"]),
        int(found["JSEventListeners"]),
        int(found["Documents"]),
    )


async def weigh_data(page: Page) -> int:
    """Bytes of all that is in a page's heap but compiled code and what the browser keeps beside it."""
    devtools = await page.context.new_cdp_session(page)
    chunks: list[str] = []
    devtools.on("HeapProfiler.addHeapSnapshotChunk", lambda event: chunks.append(event["chunk"]))
    try:
        await devtools.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    finally:
        await devtools.detach()
    snapshot = json.loads("".join(chunks))
    shape = snapshot["snapshot"]["meta"]
    fields, kinds, nodes = shape["node_fields"], shape["node_types"][0], snapshot["nodes"]
    others = {kinds.index("code"), kinds.index("native")}
    own = zip(
        nodes[fields.index("type") :: len(fields)],
        nodes[fields.index("self_size") :: len(fields)],
        strict=True,
    )
    return sum(size for kind, size in own if kind not in others)


async def read_metrics(page: Page, *, collect: bool = False) -> dict[str, float]:
    """What the browser counts of a page; ``collect`` has its garbage collected before."""
    devtools = await page.context.new_cdp_session(page)
    try:
        await devtools.send("Performance.enable")
        # The second run takes what finalizers of the first let go.
        for _ in range(2 if collect else 0):
            await devtools.send("HeapProfiler.collectGarbage")
        answer = await devtools.send("Performance.getMetrics")
    finally:
        await devtools.detach()
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}


async def time_loop(browser: Browser, times: int = 7) -> list[float]:
    """Milliseconds that a fixed loop of 20 million turns takes in this browser, the quickest first."""
    page = await browser.new_page()
    taken = [(await page.evaluate(LOOP))[0] for _ in range(times)]
    await page.close()
    return sorted(taken)


async def scroll_through(page: Page, selector: str, *, step: int = 1_200, pause: float = 0.04) -> None:
    """Turn the wheel over something until its end, and jump back to its start."""
    box = await page.locator(selector).bounding_box()
    assert box is not None, f"{selector} is not on the screen"
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 300))
    ends = f"""() => {{ const found = document.querySelector({json.dumps(selector)});
      return found.scrollTop + found.clientHeight >= found.scrollHeight - 2; }}"""
    while not await page.evaluate(ends):
        await page.mouse.wheel(0, step)
        await asyncio.sleep(pause)
    await page.evaluate(f"() => {{ document.querySelector({json.dumps(selector)}).scrollTop = 0; }}")
    await asyncio.sleep(1)


async def type_and_clear(page: Page, selector: str, words: list[str], *, enter: bool = False) -> None:
    """Type words letter by letter as a hand does, look at what comes, and take them away again."""
    field = page.locator(selector)
    await field.click()
    for word in words:
        await field.press_sequentially(word, delay=70)
        if enter:
            await page.keyboard.press("Enter")
        await asyncio.sleep(1.2)
        for _ in range(len(word) if not enter else 1):
            await page.keyboard.press("Backspace")
            await asyncio.sleep(0.05)
        await page.keyboard.press("Control+A")
        await page.keyboard.press("Delete")
        await asyncio.sleep(0.8)
