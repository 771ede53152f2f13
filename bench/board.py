"""How quickly does the hub answer what the console's pages on alerts ask, at 5,000 firing alerts?

One hub with its stores in this process, asked through its whole application but its socket. The alerts are of 50 clusters and 5,000
workloads; 20 silences, 2 rules of inhibition and 3 routes hold. Measured: the CPU of each question, the asking included.

Last line: JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from httpx import ASGITransport, AsyncClient

from farwatch.hub.alerting import Alert
from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.app import Hub, create_app
from farwatch.hub.options import HubOptions

TOKEN = "the-token-of-the-bench"
BAR_MS = 50.0
SILENCES = 20
CONFIG = """\
route:
  receiver: a
  group_by: [alertname, cluster, namespace]
  routes:
  - {matchers: [severity=critical], receiver: b, continue: true}
  - {matchers: ['namespace=~"shop.*"'], receiver: c}
receivers: [{name: a}, {name: b}, {name: c}]
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: ['severity=~"warning|info"'], equal: [cluster, namespace, workload]}
- {source_matchers: [alertname=FarwatchAgentLost], target_matchers: ['severity=~"warning|info"'], equal: [cluster]}
"""

QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "a window, the worst first": ("/alerts", {"sort": "severity", "limit": 100}),
    "with facets": ("/alerts", {"sort": "severity", "limit": 100, "facets": "true"}),
    "filtered, with facets": (
        "/alerts",
        {"filter": 'cluster=~"prod-eu-1.*"', "sort": "age", "limit": 100, "facets": "true"},
    ),
    "searched": ("/alerts", {"search": "wl-12", "sort": "name", "limit": 100}),
    "about which nothing is done": ("/alerts", {"state": "active", "sort": "age", "limit": 100}),
    "groups by route": ("/alerts/groups", {"by": "route", "limit": 100}),
    "groups by workload": ("/alerts/groups", {"by": "workload", "limit": 100}),
    "groups by cluster": ("/alerts/groups", {"by": "cluster"}),
    "names of labels": ("/alerts/labels", {}),
    "values of a label": ("/alerts/labels/workload/values", {"search": "wl-1"}),
    "timeline of a day": ("/history/timeline", {}),
    "timeline by namespace": ("/history/timeline", {"by": "namespace"}),
    "noise": ("/history/noise", {}),
}


def alert(number: int, now: datetime) -> Alert:
    return Alert(
        labels={
            "alertname": f"Kube{number % 20}",
            "severity": ("critical", "warning", "info", "warning")[number % 4],
            "cluster": f"prod-eu-{number % 50}",
            "namespace": f"shop-{number % 37}",
            "workload_kind": "Deployment",
            "workload": f"wl-{number}",
            "region": "eu",
        },
        annotations={"summary": f"wl-{number} is wrong", "description": "what is wrong, at length. " * 8},
        starts_at=now - timedelta(seconds=number * 10),
    )


async def measure(http: AsyncClient, path: str, times: int, query: dict[str, Any]) -> list[float]:
    """Milliseconds of CPU of each."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        answer = await http.get(f"/api/v1{path}", params=query)
        taken.append((time.process_time() - began) * 1000)
        assert answer.status_code == 200, answer.text
    return taken


async def run(alerts: int, times: int) -> None:
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "alertmanager.yml"
        file.write_text(CONFIG)
        options = HubOptions(data=Path(folder) / "data", admin_token=TOKEN, alerting=file)
        hub = await Hub.start(options, "http://hub.bench")
        now = datetime.now(UTC)
        await hub.alerting.put([alert(number, now) for number in range(alerts)])
        for number in range(SILENCES):
            await hub.alerting.set_silence(
                matchers=Matchers.parse(f'cluster="prod-eu-{number}", namespace=~"shop-1.*"'),
                starts_at=time.time(),
                ends_at=time.time() + 3600,
                created_by="bench",
                comment="",
            )
        transport = ASGITransport(create_app(hub))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with AsyncClient(transport=transport, base_url="http://hub.bench", headers=headers) as http:
            for name, (path, query) in QUESTIONS.items():
                await measure(http, path, 2, query)
                found[name] = statistics.median(await measure(http, path, times, query))
        await hub.stop()
    print(f"{alerts} alerts; milliseconds of CPU, the median of {times}; the bar is {BAR_MS:g}\n")
    for name, taken in found.items():
        print(f"{name:32} {taken:8.1f}")
    print(json.dumps({"board_ms": found}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--alerts", type=int, default=5_000)
    parser.add_argument("--times", type=int, default=11)
    args = parser.parse_args()
    asyncio.run(run(args.alerts, args.times))


if __name__ == "__main__":
    main()
