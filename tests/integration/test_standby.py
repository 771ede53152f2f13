"""Several hubs on one PostgreSQL and one ClickHouse: one works, the others stand by, and take over when it ends, is killed
or frozen.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from . import clickhouse
from .clickhouse import ClickHouse
from .conftest import Agent, Hub, Stage, ask, eventually
from .postgresql import Server, needs_postgresql, serve

pytestmark = [pytest.mark.integration, needs_postgresql, pytest.mark.xdist_group("postgresql")]

EXIT_LOST = 3
LATE = "routes: [{matchers: ['alertname=Late'], group_wait: 5s}]"
"""One alert is told of later than the others."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve() as server:
        yield server


@pytest.fixture(scope="module")
def telemetry() -> Iterator[ClickHouse]:
    with clickhouse.serve() as telemetry:
        yield telemetry


class Relay:
    """One address in front of several hubs: it leads to the one that is ready, as a Service does.

    Connections to one that is not any longer are cut.
    """

    def __init__(self) -> None:
        self.hubs: list[Hub] = []
        self._pairs: list[tuple[Hub, socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._accept, self._follow)]
        for thread in self._threads:
            thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._over.set()
        self._listener.close()
        self._cut(lambda _: True)

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            hub = next(filter(is_ready, self.hubs), None)
            try:
                if hub is None:
                    raise ConnectionRefusedError
                far = socket.create_connection(("127.0.0.1", int(hub.url.rpartition(":")[2])))
            except OSError:
                near.close()
                continue
            self._pairs.append((hub, near, far))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(one, other), daemon=True).start()

    def _follow(self) -> None:
        while not self._over.wait(0.2):
            for hub in {id(hub): hub for hub, _, _ in list(self._pairs)}.values():
                if not is_ready(hub):
                    self._cut(lambda each, gone=hub: each is gone)

    def _cut(self, chosen: Callable[[Hub], bool]) -> None:
        for pair in list(self._pairs):
            if chosen(pair[0]):
                self._pairs.remove(pair)
                for end in pair[1:]:
                    with suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError), closing(one):
        while data := one.recv(65536):
            other.sendall(data)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)


def is_ready(hub: Hub) -> bool:
    with suppress(OSError):
        return ask("GET", f"{hub.url}/readyz", timeout=2.0).status == 200
    return False


class Replicas:
    """Hubs on one database, behind one address, and an agent that knows no other."""

    def __init__(self, stage: Stage, server: Server, telemetry: ClickHouse, database: str) -> None:
        server.sql(f"CREATE DATABASE {database}")
        self.stage = stage
        stores = ("--database", server.url(database), "--telemetry", telemetry.url(database))
        self._flags = (*stores, "--standby")
        self.relay = Relay()

    def start(self) -> Hub:
        """One more, not waited for."""
        number = len(self.relay.hubs) + 1
        flags = (*self._flags, "--external-url", self.relay.url)
        arguments = self.stage.hub_arguments(*flags, data=f"data-{number}")
        alerting = self.stage.folder / "alerting.yml"
        text = alerting.read_text()
        if "routes:" not in text:
            alerting.write_text(text.replace("repeat_interval: 4h}", f"repeat_interval: 4h, {LATE}}}"))
        hub = self.stage._start(Hub, f"hub-{number}", arguments, self.stage.hub_environment)
        hub.url = hub.first_line().split()[-1]
        self.relay.hubs.append(hub)
        return hub

    def start_pair(self) -> tuple[Hub, Hub]:
        """One that works, and one that stands by."""
        first = self.start()
        wait_ready(first)
        second = self.start()
        wait_standing_by(second)
        return first, second

    def linked_agent(self, hub: Hub, cluster: str, kubeconfig: Path) -> Agent:
        agent = self.stage.agent(self.relay.url, hub.add_cluster(cluster), kubeconfig)
        hub.wait_synced(cluster)
        return agent


@pytest.fixture
def open_replicas(stage: Stage, server: Server, telemetry: ClickHouse) -> Iterator[Callable[[str], Replicas]]:
    opened: list[Replicas] = []

    def open_one(database: str) -> Replicas:
        opened.append(Replicas(stage, server, telemetry, database))
        return opened[-1]

    yield open_one
    for each in opened:
        each.relay.close()


def wait_ready(hub: Hub) -> None:
    eventually(lambda: is_ready(hub), f"{hub.name} works")


def wait_standing_by(hub: Hub) -> None:
    def said() -> bool:
        answer = ask("GET", f"{hub.url}/readyz")
        return answer.status == 503 and answer.json["problems"] == [
            "standing by: another hub holds the database"
        ]

    eventually(said, f"{hub.name} stands by")


def raise_alert(replicas: Replicas, hub: Hub, sim: Any) -> str:
    """An alert that people were told of; its fingerprint."""
    sim.make_trouble("crash-loop")
    fingerprint: str = hub.wait_alert("KubePodCrashLooping", "dev")["fingerprint"]
    replicas.stage.sink.wait_told("KubePodCrashLooping")
    return fingerprint


def test_one_that_stands_by_is_alive_and_sends_everybody_elsewhere(
    open_replicas: Callable[[str], Replicas],
) -> None:
    _, standby = open_replicas("elsewhere").start_pair()
    assert standby.ask("GET", "/healthz", token="").status == 200
    for method, path in (("GET", "/api/v1/clusters"), ("POST", "/api/v2/alerts"), ("GET", "/")):
        answer = standby.ask(method, path)
        assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
        assert answer.json["detail"] == "this hub is standing by: another hub holds the database"
        assert int(answer.headers["retry-after"]) > 0
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}
    assert ask("GET", f"{standby.url}/link", headers=upgrade | key).status == 503
    assert standby.terminate() == 0
    assert "Farwatch hub on" not in standby.output


def test_alerts_silences_and_acknowledgements_outlive_kills_and_stops_of_the_one_that_works(
    open_replicas: Callable[[str], Replicas], stage: Stage
) -> None:
    replicas = open_replicas("kills")
    first, second = replicas.start_pair()
    sim = stage.sim()
    replicas.linked_agent(first, "dev", sim.kubeconfig)
    fingerprint = raise_alert(replicas, first, sim)
    first.post(f"/alerts/{fingerprint}/acknowledgement", {"note": "mine"})
    sim.put_namespace("before")
    eventually(lambda: "before" in first.names("Namespace", "dev"), "the hub sees a change")
    silence = {"matchers": "alertname=Noisy", "endsAt": "2199-01-01T00:00:00Z", "comment": "rollout"}
    made = first.post("/silences", silence)["id"]

    first.kill()
    wait_ready(second)
    second.wait_synced("dev")
    check_known(second, fingerprint, made)

    third = replicas.start()
    wait_standing_by(third)
    assert second.terminate() == 0
    wait_ready(third)
    third.wait_synced("dev")
    check_known(third, fingerprint, made)
    sim.mend()
    stage.sink.wait_told("KubePodCrashLooping", "resolved")
    for status in ("firing", "resolved"):
        assert len(stage.sink.told("KubePodCrashLooping", status)) == 1, (
            "told once, by whichever of the three"
        )


def check_known(hub: Hub, fingerprint: str, silence: str) -> None:
    assert hub.find_log(event="took up where the last run ended", alerts=1)["objects"] > 20
    eventually(
        lambda: len(hub.changes("dev", kind="Namespace", name="before")) == 1,
        "what was seen before is there, once",
    )
    alert = hub.wait_alert("KubePodCrashLooping", "dev")
    assert alert["fingerprint"] == fingerprint
    assert hub.get(f"/alerts/{fingerprint}")["acknowledgement"]["note"] == "mine"
    assert silence in {each["id"] for each in hub.get("/silences")["items"]}


def test_a_frozen_one_is_replaced_and_ends_when_it_wakes(
    open_replicas: Callable[[str], Replicas], stage: Stage
) -> None:
    replicas = open_replicas("frozen")
    first, second = replicas.start_pair()
    sim = stage.sim()
    replicas.linked_agent(first, "dev", sim.kubeconfig)
    # The first one is to tell of this while it is frozen, and would do so when it wakes.
    late = {"labels": {"alertname": "Late", "cluster": "dev"}}
    assert first.ask("POST", "/api/v2/alerts", [late]).status == 200
    with first.frozen():
        wait_ready(second)
        second.wait_synced("dev")
        fingerprint = raise_alert(replicas, second, sim)
        stage.sink.wait_told("Late")
    assert first.wait() == EXIT_LOST
    assert "another hub has taken the records database" in first.log
    assert second.wait_alert("KubePodCrashLooping", "dev")["fingerprint"] == fingerprint
    for name in ("Late", "KubePodCrashLooping"):
        assert len(stage.sink.told(name, "firing")) == 1, name


def test_when_the_database_is_restarted_one_goes_on_and_the_others_stand_by(
    open_replicas: Callable[[str], Replicas], server: Server
) -> None:
    replicas = open_replicas("restart")
    both = replicas.start_pair()
    server.stop()
    eventually(
        lambda: "standing by: the database cannot be reached" in ask("GET", f"{both[1].url}/readyz").text,
        "it says what it waits for",
    )
    server.start()

    def one_works() -> Hub | None:
        working = [hub for hub in both if hub.running and is_ready(hub)]
        return working[0] if len(working) == 1 else None

    hub = eventually(one_works, "one of the two works")
    eventually(lambda: hub.ask("POST", "/api/v1/clusters", {"name": "new"}).status == 201, "it writes")
    assert server.sql("SELECT count(*) FROM clusters", "restart") == "1"


def test_one_that_cannot_be_told_from_others_is_refused(stage: Stage) -> None:
    hub = stage.run("hub", "--data", stage.folder / "d", "--listen", "127.0.0.1:0", FARWATCH_STANDBY="1")
    assert hub.wait() == 2
    assert "--standby has no database to share with other hubs: give --database" in hub.log
