"""Certificates in every form a kubeconfig has for them, against a real TLS server."""

from __future__ import annotations

import base64
import json
import shutil
import ssl
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from farwatch.kube.client import KubeClient
from farwatch.kube.config import load_kubeconfig
from farwatch.kube.errors import ApiUnreachable, KubeConfigError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def issue(folder: Path, name: str, subject: str, names: str) -> None:
    """A certificate signed by the test's authority."""
    (folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
    openssl(folder, "req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
    signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", "2", "-days", "2"]
    openssl(
        folder,
        "x509",
        "-req",
        "-in",
        f"{name}.csr",
        *signing,
        "-extfile",
        f"{name}.ext",
        "-out",
        f"{name}.crt",
    )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    openssl(
        folder, "req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=ca"
    )
    issue(folder, "server", "/CN=kube-apiserver", "DNS:api.internal,IP:127.0.0.1")
    issue(folder, "renamed", "/CN=kube-apiserver", "DNS:api.internal")
    issue(folder, "client", "/CN=auditor", "DNS:client")
    return folder


async def tell_who_asks(request: web.Request) -> web.Response:
    assert request.transport is not None
    certificate = request.transport.get_extra_info("peercert") or {}
    names = dict(pair[0] for pair in certificate.get("subject", ()))
    return web.json_response({"gitVersion": names.get("commonName", "nobody")})


async def serve(certificates: Path, name: str) -> TestServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}.crt", certificates / f"{name}.key")
    context.load_verify_locations(certificates / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    application = web.Application()
    application.router.add_get("/version", tell_who_asks)
    server = TestServer(application)
    await server.start_server(ssl=context)
    return server


@pytest.fixture
async def api(certificates: Path) -> AsyncIterator[TestServer]:
    server = await serve(certificates, "server")
    yield server
    await server.close()


@pytest.fixture
async def renamed_api(certificates: Path) -> AsyncIterator[TestServer]:
    """A server whose certificate does not have its address."""
    server = await serve(certificates, "renamed")
    yield server
    await server.close()


async def ask(folder: Path, server: TestServer, cluster: dict[str, Any], user: dict[str, Any]) -> str:
    """Whom the server takes us for."""
    content = {
        "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{server.port}"} | cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = folder / f"config-{server.port}"
    path.write_text(yaml.safe_dump(content))
    async with KubeClient(load_kubeconfig(path)) as client:
        return (await client.server_version()).git_version


def inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


AUTHORITY = {"certificate-authority": "ca.crt"}
CLIENT = {"client-certificate": "client.crt", "client-key": "client.key"}


async def test_certificates_in_files_beside_the_kubeconfig(certificates: Path, api: TestServer) -> None:
    assert await ask(certificates, api, AUTHORITY, CLIENT) == "auditor"


async def test_certificates_in_the_kubeconfig_itself(certificates: Path, api: TestServer) -> None:
    cluster = {"certificate-authority-data": inline(certificates / "ca.crt")}
    user = {
        "client-certificate-data": inline(certificates / "client.crt"),
        "client-key-data": inline(certificates / "client.key"),
    }
    assert await ask(certificates, api, cluster, user) == "auditor"


async def test_a_certificate_from_a_plugin(certificates: Path, api: TestServer) -> None:
    printed = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {
            "clientCertificateData": (certificates / "client.crt").read_text(),
            "clientKeyData": (certificates / "client.key").read_text(),
        },
    }
    (certificates / "printed.json").write_text(json.dumps(printed))
    plugin = certificates / "plugin"
    plugin.write_text(f"#!/bin/sh\ncat {certificates}/printed.json\n")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    user = {"exec": {"apiVersion": printed["apiVersion"], "command": "./plugin"}}
    assert await ask(certificates, api, AUTHORITY, user) == "auditor"


async def test_a_server_of_an_unknown_authority_is_not_spoken_to(certificates: Path, api: TestServer) -> None:
    with pytest.raises(ApiUnreachable, match="certificate verify failed"):
        await ask(certificates, api, {}, {})


async def test_unless_the_kubeconfig_says_so(certificates: Path, api: TestServer) -> None:
    assert await ask(certificates, api, {"insecure-skip-tls-verify": True}, {}) == "nobody"


async def test_a_server_of_another_name_is_spoken_to_if_the_kubeconfig_names_it(
    certificates: Path, renamed_api: TestServer
) -> None:
    with pytest.raises(ApiUnreachable, match="certificate verify failed"):
        await ask(certificates, renamed_api, AUTHORITY, {})
    named = AUTHORITY | {"tls-server-name": "api.internal"}
    assert await ask(certificates, renamed_api, named, {}) == "nobody"


async def test_a_key_that_belongs_to_another_certificate_is_told(certificates: Path, api: TestServer) -> None:
    user = CLIENT | {"client-key": "server.key"}
    with pytest.raises(
        KubeConfigError, match=r"client certificate and key: not usable \(KEY_VALUES_MISMATCH\)"
    ):
        await ask(certificates, api, AUTHORITY, user)
