"""Real hubs, agents and simulated clusters, each a process of its own on a free port with its data in a folder of the test.

A ``Stage`` starts them, reads their first line to know where they are, keeps what they write, and ends what it started.
When a test fails, the end of each log of its stage is shown with it.
"""

from __future__ import annotations

import functools
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import pytest

ADMIN_TOKEN = "an-admin-token-for-one-test-run-only"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
WAIT_SECONDS = 60.0
POLL_SECONDS = 0.05
TAIL_LINES = 60

IMPATIENCE = {
    name: {"hold": "0s", "calm": "1s"}
    for name in (
        "FarwatchAgentLost",
        "FarwatchClusterApiDown",
        "FarwatchWatchDenied",
        "KubePodCrashLooping",
        "KubePodImagePullFailed",
    )
}
"""Detectors as impatient as they can be: what a test waits for is then the machinery itself."""

T = TypeVar("T")


def eventually(check: Callable[[], T], what: str, seconds: float = WAIT_SECONDS) -> T:
    """What ``check`` gives once that is truthy; the test fails when it is not in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}; at last: {found!r}"
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Answer:
    """What an HTTP server said."""

    status: int
    headers: Message
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def ask(
    method: str,
    url: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
) -> Answer:
    """One HTTP request; a ``body`` that is not bytes goes as JSON. OSError when there is no answer."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(
            method,
            f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}",
            data,
            {"Content-Type": "application/json", **(headers or {})},
        )
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


# --- processes ------------------------------------------------------------------------------------------------


class Process:
    """A `farwatch` process, with all it wrote."""

    def __init__(
        self, name: str, folder: Path, arguments: Sequence[str | Path], environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "farwatch", *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=_plain_environment() | environment,
                cwd=folder,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def output(self) -> str:
        return self._out.read_text()

    @property
    def log(self) -> str:
        return self._err.read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log, line by line; a line that is still being written is left out."""
        return [json.loads(line) for line in self.log.split("\n")[:-1] if line.startswith("{")]

    def first_line(self) -> str:
        """Wait for the first line on stdout."""

        def read() -> str:
            assert self.running, f"{self.name} ended with {self._process.returncode}:\n{self.log}"
            return self.output if "\n" in self.output else ""

        return eventually(read, f"{self.name} says where it is", START_SECONDS).splitlines()[0]

    def find_log(self, **wanted: object) -> dict[str, Any]:
        """Wait for a log line with these fields."""
        return self.find_logs(1, **wanted)[0]

    def find_logs(self, count: int, **wanted: object) -> list[dict[str, Any]]:
        """Wait for so many log lines with these fields."""

        def read() -> list[dict[str, Any]]:
            found = [line for line in self.lines if wanted.items() <= line.items()]
            return found if len(found) >= count else []

        return eventually(read, f"{self.name} logs {wanted}")

    def terminate(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end, which it must within so many seconds; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = START_SECONDS) -> int:
        """Wait until it ends by itself; its exit code."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop it in its tracks until the block is left."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def clean_up(self) -> None:
        """See to it that it is gone."""
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()


def _plain_environment() -> dict[str, str]:
    """Ours, without what would make a process of the test behave otherwise: proxies, settings of Farwatch."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("FARWATCH_")
    }


class Sim(Process):
    """A simulated cluster."""

    kubeconfig: Path
    url: str

    def call(
        self, method: str, path: str, body: object = None, content_type: str = "application/json"
    ) -> Any:
        """One request to the API server; what it answered. Any refusal fails the test."""
        answer = ask(method, self.url + path, body, {"Content-Type": content_type})
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json

    def names(self, path: str) -> list[str]:
        """The names in a collection."""
        return [item["metadata"]["name"] for item in self.call("GET", path)["items"]]

    def patch(self, path: str, patch: object) -> None:
        """A merge patch."""
        self.call("PATCH", path, patch, "application/merge-patch+json")

    def put_namespace(self, name: str, **labels: str) -> None:
        """Create a namespace: the smallest change there is to be seen."""
        self.call("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})

    def make_trouble(self, trouble: str, **where: str) -> dict[str, Any]:
        """Raise a trouble; the answer names it and what it befell."""
        found: dict[str, Any] = self.call("POST", "/_sim/trouble", {"trouble": trouble, **where})
        return found

    def mend(self) -> None:
        """End every trouble."""
        self.call("DELETE", "/_sim/trouble", {})


class Agent(Process):
    """An agent; `health` is where it tells of itself."""

    @functools.cached_property
    def health(self) -> str:
        return f"http://127.0.0.1:{self.find_log(event='serving', setting='health_listen')['port']}"

    def ask_ready(self) -> Answer:
        return ask("GET", f"{self.health}/readyz")

    def wait_ready(self) -> None:
        eventually(lambda: self.ask_ready().status == 200, f"{self.name} is ready")

    def wait_unready(self, *words: str) -> str:
        """Wait until /readyz says no and why, in these words; what it said."""

        def read() -> str:
            answer = self.ask_ready()
            said = answer.status == 503 and all(word in answer.text for word in words)
            return answer.text if said else ""

        return eventually(read, f"{self.name} is unready because of {words}")


class Hub(Process):
    """A hub, and its API."""

    url: str
    token = ADMIN_TOKEN

    def ask(self, method: str, path: str, body: object = None, token: str | None = None) -> Answer:
        """One request, as the administrator unless another token is given (empty: none)."""
        token = self.token if token is None else token
        return ask(method, self.url + path, body, {"Authorization": f"Bearer {token}"} if token else {})

    def get(self, path: str, **query: str | int) -> Any:
        """What a GET below /api/v1 answers."""
        return self._checked("GET", f"{path}?{urlencode(query)}")

    def post(self, path: str, body: object) -> Any:
        """What a POST below /api/v1 answers."""
        return self._checked("POST", path, body)

    def delete(self, path: str) -> None:
        self._checked("DELETE", path)

    def _checked(self, method: str, path: str, body: object = None) -> Any:
        answer = self.ask(method, f"/api/v1{path}", body)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json if answer.text else None

    # --- what tests ask again and again -----------------------------------------------------------------------

    def add_cluster(self, name: str) -> str:
        """Add a cluster; its agent's token."""
        token: str = self.post("/clusters", {"name": name})["token"]
        return token

    def changes(self, cluster: str, **query: str | int) -> list[dict[str, Any]]:
        """A cluster's changes, the newest first."""
        items: list[dict[str, Any]] = self.get(f"/clusters/{cluster}/changes", limit=1000, **query)["items"]
        return items

    def all_changes(self, cluster: str) -> list[dict[str, Any]]:
        """Every change of a cluster, page by page, the newest first."""
        found = self.changes(cluster)
        while page := self.changes(cluster, before=found[-1]["sequence"]) if found else []:
            found += page
        return found

    def names(self, kind: str, cluster: str, **query: str | int) -> set[str]:
        """Names of a cluster's current objects of a kind."""
        page = self.get(f"/objects/{kind}", cluster=cluster, limit=1000, **query)
        return {item["object"]["metadata"]["name"] for item in page["items"]}

    def find_alert(self, alertname: str, cluster: str, status: str = "firing") -> dict[str, Any] | None:
        """The alert of this name, if it is there now."""
        label = f"alertname={alertname}"
        items = self.get("/alerts", cluster=cluster, status=status, label=label)["items"]
        return items[0] if items else None

    def wait_alert(self, alertname: str, cluster: str, status: str = "firing") -> dict[str, Any]:
        return eventually(
            lambda: self.find_alert(alertname, cluster, status), f"{alertname} of {cluster} is {status}"
        )

    def wait_synced(self, cluster: str) -> None:
        """Wait until the agent is there and no kind is still being listed."""

        def synced() -> bool:
            found = self.get(f"/clusters/{cluster}")
            states = {watch["state"] for watch in found.get("watches", ())}
            return found["agentState"] == "connected" and bool(states) and not states & {"syncing", "failing"}

        eventually(synced, f"the agent of {cluster} is connected and synced")

    def metric(self, name: str, **labels: str) -> float:
        """A sample of /metrics; 0 when it is not there yet."""
        written = ",".join(f'{key}="{value}"' for key, value in labels.items())
        series = f"{name}{{{written}}}" if written else name
        for line in self.ask("GET", "/metrics").text.splitlines():
            found, _, value = line.rpartition(" ")
            if found == series:
                return float(value)
        return 0.0


# --- who is told ----------------------------------------------------------------------------------------------


@dataclass
class Sink:
    """A webhook receiver that keeps what it is told; with another ``status`` it refuses, and keeps it apart."""

    url: str = ""
    status: int = 200
    messages: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    def told(self, alertname: str, status: str) -> list[dict[str, Any]]:
        """Every time somebody was told that this alert has this status."""
        return [
            alert
            for message in list(self.messages)
            for alert in message["alerts"]
            if alert["labels"]["alertname"] == alertname and alert["status"] == status
        ]

    def wait_told(self, alertname: str, status: str = "firing") -> dict[str, Any]:
        return eventually(lambda: self.told(alertname, status), f"a webhook says {alertname} is {status}")[0]

    @contextmanager
    def serve(self) -> Iterator[Sink]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                (sink.messages if sink.status < 300 else sink.refused).append(message)
                self.send_response(sink.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """A test's output is not the place for it."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_port}/"
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


# --- the stage ------------------------------------------------------------------------------------------------


class Stage:
    """Starts processes, and ends them all when the test is over."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        self.folder = folder
        self.sink = sink
        self.processes: list[Process] = []
        self._names: dict[str, int] = {}

    def run(self, *arguments: str | Path, **environment: str) -> Process:
        """Any `farwatch` command."""
        return self._start(Process, str(arguments[0]), arguments, environment)

    def cli(self, hub: Hub, *arguments: str, **environment: str) -> Process:
        """A client command, run to its end."""
        found = {"FARWATCH_HUB": hub.url, "FARWATCH_TOKEN": hub.token, "COLUMNS": "200"} | environment
        done = self.run(*arguments, **found)
        done.wait()
        return done

    def sim(self, *flags: str | Path, port: int = 0, name: str = "sim") -> Sim:
        """A small simulated cluster, the same each time unless seeded otherwise; ten seconds pass there in one."""
        kubeconfig = self.folder / f"{name}.kubeconfig"
        small = ("--nodes", "2", "--pods", "20", "--speed", "10", "--seed", "1")
        where = ("--listen", f"127.0.0.1:{port}", "--kubeconfig", kubeconfig)
        sim = self._start(Sim, name, ("sim", *small, *where, *flags))
        sim.kubeconfig = Path(sim.first_line())
        sim.url = next(
            line.split()[-1] for line in sim.kubeconfig.read_text().splitlines() if "server:" in line
        )
        return sim

    def hub(self, *flags: str | Path, port: int = 0, data: str = "hub-data") -> Hub:
        """A hub that tells the sink at once, and calls an agent lost after a second."""
        hub = self._start(Hub, "hub", self.hub_arguments(*flags, port=port, data=data), self.hub_environment)
        hub.url = hub.first_line().split()[-1]
        return hub

    hub_environment: Mapping[str, str] = {"FARWATCH_ADMIN_TOKEN": ADMIN_TOKEN}

    def hub_arguments(
        self, *flags: str | Path, port: int = 0, data: str = "hub-data"
    ) -> tuple[str | Path, ...]:
        alerting = self.folder / "alerting.yml"
        alerting.write_text(
            "route: {receiver: sink, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}\n"
            f"receivers: [{{name: sink, webhook_configs: [{{url: '{self.sink.url}'}}]}}]\n"
        )
        detectors = self.folder / "detectors.yml"
        detectors.write_text(json.dumps({"detect": {"detectors": IMPATIENCE}}))
        where = ("--data", self.folder / data, "--listen", f"127.0.0.1:{port}")
        how = ("--alerting", alerting, "--detectors", detectors, "--agent-grace", "1")
        return ("hub", *where, *how, *flags)

    def agent(
        self, hub: Hub | str, token: str, kubeconfig: Path, *flags: str | Path, **environment: str
    ) -> Agent:
        """An agent, not waited for."""
        url = hub if isinstance(hub, str) else hub.url
        where = ("--hub", url, "--kubeconfig", kubeconfig, "--health-listen", "127.0.0.1:0")
        return self._start(
            Agent, "agent", ("agent", *where, *flags), {"FARWATCH_TOKEN": token, **environment}
        )

    def linked_agent(self, hub: Hub, cluster: str, kubeconfig: Path, *flags: str | Path) -> Agent:
        """Add a cluster, and start its agent; it is synced."""
        agent = self.agent(hub, hub.add_cluster(cluster), kubeconfig, *flags)
        agent.wait_ready()
        hub.wait_synced(cluster)
        return agent

    def restart(self, process: Hub) -> Hub:
        """Start a hub that has ended anew, at the same address and on the same data."""
        return self.hub(port=urlsplit(process.url).port or 0)

    P = TypeVar("P", bound=Process)

    def _start(
        self,
        kind: type[P],
        name: str,
        arguments: Sequence[str | Path],
        environment: Mapping[str, str] | None = None,
    ) -> P:
        number = self._names[name] = self._names.get(name, 0) + 1
        process = kind(f"{name}-{number}", self.folder, arguments, environment or {})
        self.processes.append(process)
        return process

    def clean_up(self) -> None:
        """Agents go first, as long as there is a hub to say farewell to."""
        for process in sorted(self.processes, key=lambda each: (Agent, Sim, Hub, Process).index(type(each))):
            process.clean_up()


_stages: list[Stage] = []
"""Those in use: their logs are shown with a test that fails."""


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    with Sink().serve() as sink:
        stage = Stage(folder, sink)
        _stages.append(stage)
        try:
            yield stage
        finally:
            _stages.remove(stage)
            stage.clean_up()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Processes for one test."""
    with open_stage(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def common_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Processes that the tests of a module share."""
    with open_stage(tmp_path_factory.mktemp("stage")) as opened:
        yield opened


@pytest.fixture(scope="session", name="eventually")
def eventually_fixture() -> Callable[..., Any]:
    """``eventually(check, what)`` waits until ``check()`` is truthy, and gives that."""
    return eventually


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        for stage in _stages:
            for process in stage.processes:
                tail = "\n".join(process.log.splitlines()[-TAIL_LINES:])
                if tail:
                    report.sections.append((f"log of {process.name}", tail))
    return report
