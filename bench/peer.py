"""A Prometheus that fires the alerts of `feed.py`, for a page of alerts to compare the console's with.

Debian's `prometheus` ships its classic pages, drawn by the server; its `prometheus-alertmanager` ships no pages at all.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from detection import process, until
from feed import labels_of, summary_of

RULES = 25
STEP = "2s"
ALERTS_PAGE = "/classic/alerts"
CONTENT = "tr.alert_header"


def metrics(alerts: int, clusters: int) -> str:
    """A series for each alert, in Prometheus's text format."""
    lines = []
    for number in range(alerts):
        labels = labels_of(number, clusters)
        rule = labels.pop("alertname")
        said = ",".join(f'{name}="{value}"' for name, value in ({"rule": rule} | labels).items())
        lines.append(f"trouble{{{said}}} 1\n")
    return "".join(lines)


def rules() -> str:
    """A rule for each name of alerts; JSON is YAML, too."""
    annotations = {
        "summary": summary_of({"workload": "{{ $labels.workload }}"}),
        "description": "Of the last hour. " * 8,
    }
    found = [
        {
            "alert": f"Trouble{number}",
            "expr": f'trouble{{rule="Trouble{number}"}} > 0',
            "annotations": annotations,
        }
        for number in range(RULES)
    ]
    return json.dumps({"groups": [{"name": "console", "rules": found}]})


@asynccontextmanager
async def prometheus(folder: Path, *, clusters: int, alerts: int) -> AsyncIterator[str | None]:
    """The address of a Prometheus by which all alerts fire; None where there is no such program."""
    program = shutil.which("prometheus")
    if program is None:
        yield None
        return
    said = metrics(alerts, clusters)

    async def tell(_: web.Request) -> web.Response:
        return web.Response(text=said)

    app = web.Application()
    app.router.add_get("/metrics", tell)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    target = f"127.0.0.1:{runner.addresses[0][1]}"
    (folder / "rules.yml").write_text(rules())
    config = {
        "global": {"scrape_interval": STEP, "evaluation_interval": STEP},
        "rule_files": ["rules.yml"],
        "scrape_configs": [{"job_name": "console", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    log = folder / "prometheus.log"
    command = [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
    ]
    try:
        async with (
            process([*command, "--web.listen-address=127.0.0.1:0"], log),
            aiohttp.ClientSession() as http,
        ):

            async def listens() -> bool:
                return 'msg="Listening on"' in log.read_text()

            await until(listens, f"{program} does not listen", 30)
            line = next(line for line in log.read_text().splitlines() if 'msg="Listening on"' in line)
            url = f"http://{line.rpartition('address=')[2].strip()}"

            async def fires() -> bool:
                async with http.get(f"{url}/api/v1/alerts") as answer:
                    if answer.status == 503:  # it is not ready yet
                        return False
                    found = (await answer.json())["data"]["alerts"]
                return sum(alert["state"] == "firing" for alert in found) == alerts

            await until(fires, f"{program} does not fire {alerts} alerts", 120)
            yield url
    finally:
        await runner.cleanup()
