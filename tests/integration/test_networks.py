"""What lies between an agent and its hub: a corporate proxy that wants a password, a private CA, a line that is slow or cut.

The proxy is tinyproxy, which knows the hub's name by a hosts file of its own; the agent resolves nothing. In front of the
hub ends TLS, with a certificate of a CA that nobody else trusts.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from .conftest import Agent, Hub, Sim, Stage, eventually
from .peers import Peer, find_peer

pytestmark = pytest.mark.integration

HUB_NAME = "hub.corp.test"
USER, PASSWORD = "agent", "pr0xy-s3cret"


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


class Line:
    """What passes bytes on between an agent and the hub; with a context it ends TLS on the agent's side.

    Attributes:
        pause_seconds: How long each piece waits on its way to the hub.
        open: Whether it takes new connections, and keeps those it has.
        carried: Bytes that went to the hub.
    """

    def __init__(self, target: int, tls: ssl.SSLContext | None = None) -> None:
        self.pause_seconds = 0.0
        self.carried = 0
        self._target = target
        self._tls = tls
        self._pairs: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection there is; new ones may come."""
        for each in self._pairs:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._ended.set()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        try:
            if self._tls is not None:
                near = self._tls.wrap_socket(near, server_side=True)
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            return
        self._pairs += [near, far]
        back = threading.Thread(target=self._pump, args=(far, near, False), daemon=True)
        back.start()
        self._pump(near, far, True)
        back.join()
        for each in (near, far):
            self._pairs.remove(each)
            each.close()

    def _pump(self, source: socket.socket, sink: socket.socket, to_hub: bool) -> None:
        with suppress(OSError, ValueError):
            while data := source.recv(16384 if not self.pause_seconds else 2048):
                if to_hub:
                    time.sleep(self.pause_seconds)
                    self.carried += len(data)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(request: pytest.FixtureRequest) -> Iterator[Callable[..., Line]]:
    lines: list[Line] = []

    def lay(target: int, tls: ssl.SSLContext | None = None) -> Line:
        lines.append(Line(target, tls))
        return lines[-1]

    yield lay
    for each in lines:
        each.close()


class Corporation:
    """A proxy with a password, a private CA, and the hub behind both."""

    def __init__(self, folder: Path, hub: Hub, line: Callable[..., Line]) -> None:
        ca = trustme.CA(organization_name="corporation")
        self.ca_file = folder / "ca.pem"
        ca.cert_pem.write_to_path(str(self.ca_file))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(HUB_NAME).configure_cert(tls)
        self.front = line(port_of(hub.url), tls)
        self.url = f"https://{HUB_NAME}:{self.front.port}"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.proxy_port: int = probe.getsockname()[1]
        self.log = folder / "tinyproxy.log"
        settings = folder / "tinyproxy.conf"
        settings.write_text(
            f"Port {self.proxy_port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 20\nLogLevel Info\n"
            f'LogFile "{self.log}"\nBasicAuth {USER} {PASSWORD}\nConnectPort {self.front.port}\n'
        )
        hosts = folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost {HUB_NAME}\n")
        self._process = subprocess.Popen(
            [
                *_own_mounts(),
                "sh",
                "-c",
                f'mount --bind "{hosts}" /etc/hosts && exec "{find_peer(Peer.TINYPROXY)}" -d -c "{settings}"',
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        eventually(self._answers, "tinyproxy listens")

    def proxy(self, password: str = PASSWORD) -> dict[str, str]:
        return {"HTTPS_PROXY": f"http://{USER}:{password}@127.0.0.1:{self.proxy_port}"}

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.proxy_port), timeout=1):
            return True
        assert self._process.poll() is None, "tinyproxy ended"
        return False


def _own_mounts() -> list[str]:
    """How to run a command that has an /etc/hosts of its own; the test is skipped where that cannot be done."""
    for command in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
        ):
            return command
    pytest.skip(
        "needs unshare(1) and the right to a mount namespace, to give the proxy a hosts file of its own"
    )


@pytest.fixture
def corporation(
    stage: Stage, tmp_path: Path, line: Callable[..., Line]
) -> Iterator[tuple[Corporation, Hub, Sim]]:
    hub, sim = stage.hub("--agent-grace", "20"), stage.sim()
    found = Corporation(tmp_path, hub, line)
    yield found, hub, sim
    found.close()


def test_an_agent_behind_a_proxy_with_a_password_reaches_a_hub_of_a_private_ca(
    stage: Stage, corporation: tuple[Corporation, Hub, Sim]
) -> None:
    where, hub, sim = corporation
    token = hub.add_cluster("corporate")

    def start(ca: Path | None = where.ca_file, **environment: str) -> Agent:
        flags = ("--ca-file", ca) if ca else ()
        return stage.agent(where.url, token, sim.kubeconfig, *flags, **environment)

    agent = start(**where.proxy())
    agent.wait_ready()
    hub.wait_synced("corporate")
    assert f"CONNECT {HUB_NAME}:{where.front.port}" in where.log.read_text()
    assert agent.terminate(seconds=10) == 0

    refused = start(**where.proxy("wrong-s3cret"))
    said = refused.wait_unready("the proxy answered 40")
    assert f"127.0.0.1:{where.proxy_port}" in said
    assert "wrong-s3cret" not in said + refused.log

    distrustful = start(None, **where.proxy())
    said = distrustful.wait_unready("(certificate)", "its certificate is not trusted", "ca_file")
    assert token not in said + distrustful.log


def test_on_a_slow_line_all_arrives_in_bounded_memory(stage: Stage, line: Callable[..., Line]) -> None:
    hub, sim = stage.hub("--agent-grace", "20"), stage.sim("--pods", "400", "--nodes", "20")
    slow = line(port_of(hub.url))
    slow.pause_seconds = 0.02
    token = hub.add_cluster("far-away")
    agent = stage.agent(f"http://127.0.0.1:{slow.port}", token, sim.kubeconfig)
    hub.wait_synced("far-away")
    for number in range(20):
        sim.put_namespace(f"busy-{number}")
    eventually(lambda: "busy-19" in hub.names("namespaces", "far-away"), "the last change is seen")
    assert len(hub.names("pods", "far-away")) == len(sim.names("/api/v1/pods"))
    assert slow.carried > 10_000
    assert agent.running


def test_a_line_that_is_cut_again_and_again_costs_nothing(stage: Stage, line: Callable[..., Line]) -> None:
    hub, sim = stage.hub("--agent-grace", "60"), stage.sim()
    shaky = line(port_of(hub.url))
    token = hub.add_cluster("shaky")
    agent = stage.agent(f"http://127.0.0.1:{shaky.port}", token, sim.kubeconfig)
    hub.wait_synced("shaky")
    for number in range(3):
        sim.put_namespace(f"before-{number}")
        shaky.cut()
        sim.put_namespace(f"after-{number}")
        agent.find_logs(number + 2, event="linked")
    wanted = {f"{when}-{number}" for when in ("before", "after") for number in range(3)}
    eventually(lambda: wanted <= hub.names("namespaces", "shaky"), "all changes are seen")

    def created() -> list[str]:
        found = [change["name"] for change in hub.all_changes("shaky") if change["operation"] == "created"]
        return sorted(name for name in found if name in wanted)

    eventually(lambda: len(created()) >= len(wanted), "all changes are in the log")
    assert created() == sorted(wanted)
    assert hub.find_alert("FarwatchAgentLost", "shaky") is None


def test_a_token_is_rotated_without_a_gap(stage: Stage, tmp_path: Path) -> None:
    hub, sim = stage.hub("--agent-grace", "60"), stage.sim()
    secret = tmp_path / "secret"
    secret.mkdir()
    key = secret / "AGENT_TOKEN"
    key.write_text(hub.add_cluster("rotated"))
    where = ("--hub", hub.url, "--kubeconfig", sim.kubeconfig, "--health-listen", "127.0.0.1:0")
    agent = stage._start(Agent, "agent", ("agent", *where, "--token-file", secret), {})
    hub.wait_synced("rotated")
    old = hub.get("/clusters/rotated/tokens")["items"][0]["id"]
    issued: dict[str, Any] = hub.post("/clusters/rotated/tokens", {"overlapSeconds": 3600})
    key.write_text(issued["token"])
    sim.put_namespace("during")
    hub.delete(f"/clusters/rotated/tokens/{old}")
    agent.find_logs(2, event="linked")
    sim.put_namespace("afterwards")
    eventually(lambda: {"during", "afterwards"} <= hub.names("namespaces", "rotated"), "nothing is missed")
    assert hub.find_alert("FarwatchAgentLost", "rotated") is None
