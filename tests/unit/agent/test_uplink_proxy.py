"""The link through a real CONNECT proxy, over TLS."""

from __future__ import annotations

import asyncio
import base64
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

HUB = "hub.example.com"
CREDENTIALS = base64.b64encode(b"me:pa@ss").decode()


class ConnectProxy:
    """A proxy that opens tunnels to the few places it knows, for those who know its password.

    Attributes:
        routes: By ``host:port`` as asked for, the port on this machine that stands for it.
        tunnels: What was asked for and opened.
        refusals: The statuses of what was not opened.
    """

    def __init__(self, routes: dict[str, int]) -> None:
        self.routes = routes
        self.tunnels: list[str] = []
        self.refusals: list[int] = []
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        if method != "CONNECT" or target not in self.routes:
            await self._refuse(writer, 403, "Forbidden")
        elif f"Proxy-Authorization: Basic {CREDENTIALS}\r\n" not in head:
            await self._refuse(writer, 407, "Proxy Authentication Required")
        else:
            self.tunnels.append(target)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.routes[target])
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for source, sink in ((reader, far_writer), (far_reader, writer)):
                self._pumps.add(asyncio.create_task(self._pump(source, sink)))

    async def _refuse(self, writer: asyncio.StreamWriter, status: int, reason: str) -> None:
        self.refusals.append(status)
        writer.write(f"HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, ssl.SSLError):
            pass  # one end is gone, so the other goes as well
        finally:
            writer.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate of its own making, for the hub's name and for localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", f"/CN={HUB}", "-addext", f"subjectAltName=DNS:{HUB},DNS:localhost"]
    command += [
        "-addext",
        "keyUsage=critical,digitalSignature,keyCertSign",
        "-addext",
        "extendedKeyUsage=serverAuth",
    ]
    subprocess.run(
        [*command, "-keyout", folder / "key", "-out", folder / "cert"], check=True, capture_output=True
    )
    both = folder / "both.pem"
    both.write_bytes((folder / "cert").read_bytes() + (folder / "key").read_bytes())
    return both


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
async def tls_hub(hub: Any, server_tls: ssl.SSLContext) -> Any:
    await hub.vanish()
    await hub.start(ssl_context=server_tls)
    return hub


@pytest.fixture
async def proxy(tls_hub: Any) -> AsyncIterator[ConnectProxy]:
    proxy = ConnectProxy({f"{HUB}:8443": tls_hub.port})
    await proxy.start()
    yield proxy
    await proxy.stop()


async def test_the_link_goes_through_the_proxy_with_its_credentials(
    tls_hub: Any, proxy: ConnectProxy, run_agent: Any, certificate: Path
) -> None:
    environment = {
        "https_proxy": f"http://me:pa%40ss@127.0.0.1:{proxy.port}",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }
    agent = run_agent(environment, hub=f"wss://{HUB}:8443", ca_file=str(certificate))

    await agent.eventually_ready()

    assert proxy.tunnels == [f"{HUB}:8443"]
    assert tls_hub.offered_tokens == ["t0ken"]


async def test_the_proxy_itself_may_speak_tls(
    tls_hub: Any, run_agent: Any, certificate: Path, server_tls: ssl.SSLContext
) -> None:
    proxy = ConnectProxy({f"{HUB}:8443": tls_hub.port})
    await proxy.start(server_tls)
    environment = {"HTTPS_PROXY": f"https://me:pa%40ss@localhost:{proxy.port}"}
    agent = run_agent(environment, hub=f"https://{HUB}:8443", ca_file=str(certificate))

    await agent.eventually_ready()

    assert proxy.tunnels == [f"{HUB}:8443"]
    await agent.stop()
    await proxy.stop()


async def test_a_proxy_that_refuses_is_named_without_its_password(
    proxy: ConnectProxy, run_agent: Any, certificate: Path, eventually: Any
) -> None:
    environment = {"HTTPS_PROXY": f"http://me:wrong@127.0.0.1:{proxy.port}"}
    agent = run_agent(environment, hub=f"https://{HUB}:8443", ca_file=str(certificate))

    await eventually(lambda: any(line.get("code") == "proxy" for line in agent.logs))

    _, text = await agent.read("/readyz")
    assert f"through the proxy http://127.0.0.1:{proxy.port}: the proxy answered 407" in text
    assert proxy.refusals[0] == 407
    assert "wrong" not in text + str(agent.logs)


async def test_a_hub_named_in_no_proxy_or_on_this_machine_is_reached_directly(
    tls_hub: Any, proxy: ConnectProxy, run_agent: Any, certificate: Path
) -> None:
    environment = {"HTTPS_PROXY": f"http://me:pa%40ss@127.0.0.1:{proxy.port}"}
    agent = run_agent(environment, hub=f"https://localhost:{tls_hub.port}", ca_file=str(certificate))

    await agent.eventually_ready()

    assert proxy.tunnels == []
    assert len(tls_hub.hellos) == 1


async def test_a_hub_whose_certificate_is_not_trusted_is_never_shown_the_token(
    tls_hub: Any, run_agent: Any, eventually: Any
) -> None:
    agent = run_agent(hub=f"https://localhost:{tls_hub.port}")

    await eventually(lambda: any(line.get("code") == "certificate" for line in agent.logs))

    assert "name its CA in ca_file" in (await agent.read("/readyz"))[1]
    assert tls_hub.offered_tokens == []
