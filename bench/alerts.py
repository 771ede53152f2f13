"""What do alerts cost that other tools post, and how fast are they read, beside a real Alertmanager?

The same postings, in batches as Prometheus sends them, go to a real `farwatch hub` and to a real Alertmanager, one after
the other: first all alerts anew, then each again twice, as senders do as long as an alert fires. Then both are read. The
configuration has 20 routes and an inhibition rule. A hub's answer means that the alerts are on disk; Alertmanager keeps
them in memory alone. CPU seconds are those of the whole process.

Last line: JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

BATCH = 256
TEAMS = 20
ROUNDS = 3
READINGS = 5
START_SECONDS = 60.0
QUIET_SECONDS = 3.0
"""What is still written and merged after the last posting counts, too."""

READS = {
    "one team of 20": "/api/v2/alerts?filter=team%3D%22team-3%22",
    "one pod": "/api/v2/alerts?filter=pod%3D%22checkout-7d9f8b6c5-000123%22",
    "a regex on pods": "/api/v2/alerts?filter=pod%3D~%22.%2A123%22",
    "all": "/api/v2/alerts",
    "groups of a team": "/api/v2/alerts/groups?filter=team%3D%22team-3%22",
}

CONFIG = {
    "route": {
        "receiver": "nobody",
        "group_by": ["alertname", "cluster"],
        "routes": [
            {"receiver": f"team-{number}", "matchers": [f'team="team-{number}"']} for number in range(TEAMS)
        ],
    },
    "receivers": [{"name": "nobody"}, *({"name": f"team-{number}"} for number in range(TEAMS))],
    "inhibit_rules": [
        {
            "source_matchers": ['alertname="ClusterDown"'],
            "target_matchers": ['severity="warning"'],
            "equal": ["cluster"],
        }
    ],
}


def spell(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def bodies(count: int, begun: float, end: float) -> list[bytes]:
    """Each alert once, in batches, encoded as Prometheus encodes them."""
    alerts = [
        {
            "annotations": {
                "description": "Container app restarted 12 times within 10 minutes.",
                "runbook_url": "https://runbooks.example.com/KubePodCrashLooping",
                "summary": f"Pod checkout-7d9f8b6c5-{number:06d} is crash looping",
            },
            "endsAt": spell(end),
            "startsAt": spell(begun),
            "generatorURL": "http://prometheus.example.com:9090/graph?g0.expr=rate%28x%5B5m%5D%29&g0.tab=1",
            "labels": {
                "alertname": f"Alert{number % 50}",
                "cluster": f"prod-{number % 10}",
                "instance": f"10.0.{number // 256 % 256}.{number % 256}:9090",
                "job": "kubelet",
                "namespace": f"shop-{number % 20}",
                "pod": f"checkout-7d9f8b6c5-{number:06d}",
                "severity": "warning" if number % 3 else "critical",
                "team": f"team-{number // 7 % TEAMS}",
            },
        }
        for number in range(count)
    ]
    return [
        json.dumps(alerts[start : start + BATCH], separators=(",", ":")).encode()
        for start in range(0, count, BATCH)
    ]


class Side:
    """A running process that takes alerts."""

    def __init__(self, process: psutil.Process, address: str) -> None:
        self.process = process
        host, _, port = address.rpartition(":")
        self._connection = http.client.HTTPConnection(host, int(port), timeout=300)

    def cpu(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system

    def memory_mib(self) -> float:
        return self.process.memory_info().rss / 2**20

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status == 200, f"{method} {path}: {answer.status} {text[:500]!r}"
        return text


@contextmanager
def running(command: list[str], folder: Path, address: str) -> Iterator[Side]:
    """A process, once its output tells the address (the group of the pattern)."""
    log = folder / "log"
    with log.open("wb") as out, subprocess.Popen(command, cwd=folder, stdout=out, stderr=out) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not (found := re.search(address, log.read_text())):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, f"{command[0]} did not start: {log.read_text()}"
                time.sleep(0.1)
            yield Side(psutil.Process(process.pid), found[1])
        finally:
            process.terminate()
            process.wait(30)


def farwatch(folder: Path, config: Path) -> Any:
    command = [sys.executable, "-m", "farwatch", "hub", "--data", "data", "--alerting", str(config)]
    command += [
        "--listen",
        "127.0.0.1:0",
        "--alertmanager-listen",
        "127.0.0.1:0",
        "--alertmanager-auth",
        "none",
    ]
    return running(command, folder, r"Alertmanager's API on http://(\S+)")


def alertmanager(folder: Path, config: Path) -> Any:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    assert program, "Alertmanager is missing: apt-get install prometheus-alertmanager, or --no-alertmanager"
    command = [program, f"--config.file={config}", f"--storage.path={folder / 'data'}"]
    command += ["--cluster.listen-address=", "--web.listen-address=127.0.0.1:0"]
    return running(command, folder, r'"?Listening on"? address=(\S+)')


def measure(side: Side, count: int) -> dict[str, float]:
    """One side's numbers: alerts per CPU second, seconds per read, memory."""
    begun = time.time()
    before = side.memory_mib()
    spent = []
    for turn in range(ROUNDS):
        batches = bodies(count, begun, time.time() + 240 + 15 * turn)
        used = side.cpu()
        for batch in batches:
            side.ask("POST", "/api/v2/alerts", batch)
        time.sleep(QUIET_SECONDS)
        spent.append(side.cpu() - used)
    found: dict[str, float] = {
        "new_per_cpu_second": count / spent[0],
        "again_per_cpu_second": count * (ROUNDS - 1) / sum(spent[1:]),
        "all_per_cpu_second": count * ROUNDS / sum(spent),
        "memory_before_mib": before,
        "memory_mib": side.memory_mib(),
    }
    for name, path in READS.items():
        took, used = [], side.cpu()
        for _ in range(READINGS):
            started = time.monotonic()
            side.ask("GET", path)
            took.append(time.monotonic() - started)
        found[f"read {name}, ms"] = statistics.median(took) * 1000
        found[f"read {name}, CPU ms"] = (side.cpu() - used) / READINGS * 1000
    found["memory_after_reads_mib"] = side.memory_mib()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, nargs="+", default=[10_000, 50_000, 100_000])
    parser.add_argument("--no-alertmanager", action="store_true", help="measure the hub alone")
    options = parser.parse_args()
    sides = {"farwatch": farwatch} | ({} if options.no_alertmanager else {"alertmanager": alertmanager})
    results: dict[str, dict[str, dict[str, float]]] = {}
    for count in options.alerts:
        results[str(count)] = {}
        for name, start in sides.items():
            with tempfile.TemporaryDirectory() as folder:
                config = Path(folder) / "alertmanager.yml"
                config.write_text(json.dumps(CONFIG))
                with start(Path(folder), config) as side:
                    results[str(count)][name] = measure(side, count)
        print(f"{count:,} alerts{'':<22}" + "".join(f"{name:>16}" for name in sides), flush=True)
        for key in next(iter(results[str(count)].values())):
            print(f"  {key:<32}" + "".join(f"{results[str(count)][name][key]:>16,.0f}" for name in sides))
    print(json.dumps({"bench": "alerts", "batch": BATCH, "results": results}))


if __name__ == "__main__":
    main()
