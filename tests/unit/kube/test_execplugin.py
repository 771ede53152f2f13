from __future__ import annotations

import base64
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from farwatch.kube import execplugin
from farwatch.kube.access import ClusterAccess
from farwatch.kube.config import load_kubeconfig
from farwatch.kube.errors import KubeConfigError

V1 = "client.authentication.k8s.io/v1"


def script_file(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def credential(version: str = V1, **status: Any) -> str:
    return json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})


class Plugin:
    """A kubeconfig whose user is a script."""

    def __init__(self, folder: Path, fake_time: Any) -> None:
        self.folder = folder
        self._fake_time = fake_time

    def load(self, body: str, *, cluster: dict[str, Any] | None = None, **fields: Any) -> ClusterAccess:
        script_file(self.folder / "plugin", body)
        plugin = {"apiVersion": V1, "command": "./plugin"} | fields
        content = {
            "clusters": [{"name": "c", "cluster": {"server": "http://x"} | (cluster or {})}],
            "users": [{"name": "u", "user": {"exec": plugin}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        path = self.folder / "config"
        path.write_text(yaml.safe_dump(content))
        return load_kubeconfig(path, clock=self._fake_time.clock)

    def print(self, output: str, **options: Any) -> ClusterAccess:
        """A plugin that prints this, and counts its runs."""
        (self.folder / "output").write_text(output)
        return self.load(f"cd {self.folder}; echo run >> runs; cat output", **options)

    @property
    def runs(self) -> int:
        return len((self.folder / "runs").read_text().split())


@pytest.fixture
def plugin(tmp_path: Path, fake_time: Any) -> Plugin:
    return Plugin(tmp_path, fake_time)


async def bearer(access: ClusterAccess) -> str:
    return dict((await access.credentials.current()).headers)["Authorization"].removeprefix("Bearer ")


async def fault(access: ClusterAccess) -> str:
    with pytest.raises(KubeConfigError) as raised:
        await access.credentials.current()
    message = str(raised.value)
    assert "\n" not in message
    assert "exec plugin '" in message
    return message


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_a_token_is_used_until_it_is_refused(plugin: Any, version: str) -> None:
    api = f"client.authentication.k8s.io/{version}"
    access = plugin.print(credential(api, token="one"), apiVersion=api)
    assert await bearer(access) == "one"
    assert await bearer(access) == "one"
    assert plugin.runs == 1
    refused = await access.credentials.current()
    assert access.credentials.invalidate(refused)
    await bearer(access)
    assert plugin.runs == 2
    assert access.credentials.invalidate(refused)  # by another watch that used it as well
    await bearer(access)
    assert plugin.runs == 2


async def test_a_token_that_expires_is_asked_for_anew_shortly_before(plugin: Any, fake_time: Any) -> None:
    expiry = datetime.fromtimestamp(fake_time.wall + 100, UTC).isoformat().replace("+00:00", "Z")
    access = plugin.print(credential(token="one", expirationTimestamp=expiry))
    await bearer(access)
    fake_time.wall += 89
    await bearer(access)
    assert plugin.runs == 1
    fake_time.wall += 1
    await bearer(access)
    assert plugin.runs == 2


async def test_arguments_environment_and_cluster_are_handed_over(plugin: Any) -> None:
    access = plugin.load(
        f"""printf '%s' "$KUBERNETES_EXEC_INFO" > {plugin.folder}/info
printf '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"%s-%s"}}}}' "$1" "$REGION" """,
        args=["first"],
        env=[{"name": "REGION", "value": "eu"}],
        provideClusterInfo=True,
        cluster={"tls-server-name": "api.internal"},
    )
    assert await bearer(access) == "first-eu"
    info = json.loads((plugin.folder / "info").read_text())
    assert info == {
        "kind": "ExecCredential",
        "apiVersion": V1,
        "spec": {
            "interactive": False,
            "cluster": {"server": "http://x", "tls-server-name": "api.internal"},
        },
    }


async def test_a_plugin_that_is_not_there_is_named_with_its_hint(plugin: Any) -> None:
    access = plugin.load("", command="no-such-plugin-anywhere", installHint="get it from\nthe usual place")
    assert await fault(access) == (
        "exec plugin 'no-such-plugin-anywhere': no such file or directory; the usual place"
    )


async def test_a_plugin_that_fails_is_told_with_its_last_words(plugin: Any) -> None:
    access = plugin.load("echo warning >&2; echo 'please log in' >&2; exit 3")
    assert (await fault(access)).endswith("failed with exit code 3: please log in")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("hunter2 garbage", "printed something that is not an ExecCredential"),
        ("", "printed something that is not an ExecCredential"),
        ("[]", "printed something that is not an ExecCredential"),
        (credential(), "printed neither a token nor a client certificate"),
        (credential("client.authentication.k8s.io/v1beta1", token="hunter2"), f"an ExecCredential of {V1}"),
        (credential(clientCertificateData="hunter2"), "without its key"),
        (credential(token="hunter2", expirationTimestamp="soon"), "not an ExecCredential"),
    ],
)
async def test_what_is_not_a_credential_is_refused_and_never_quoted(
    plugin: Any, output: str, said: str
) -> None:
    message = await fault(plugin.print(output))
    assert said in message
    assert "hunter2" not in message


async def test_a_plugin_that_never_ends_is_ended(plugin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execplugin, "PLUGIN_SECONDS", 0.2)
    access = plugin.load("exec sleep 1000")
    assert (await fault(access)).endswith("printed nothing within 0.2 s")


async def test_a_client_certificate_that_is_none_is_told(plugin: Any) -> None:
    access = plugin.print(
        credential(clientCertificateData="no PEM", clientKeyData="no PEM"),
        cluster={"server": "https://x", "certificate-authority-data": "", "insecure-skip-tls-verify": True},
    )
    with pytest.raises(KubeConfigError, match="client certificate and key: not usable"):
        await access.credentials.current()


async def test_the_authority_is_handed_over_from_its_file_too(plugin: Any) -> None:
    (plugin.folder / "ca.crt").write_text("PEM")
    access = plugin.load(
        f"""printf '%s' "$KUBERNETES_EXEC_INFO" > {plugin.folder}/info
printf '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"t"}}}}'""",
        provideClusterInfo=True,
        cluster={"certificate-authority": "ca.crt"},
    )
    await bearer(access)
    info = json.loads((plugin.folder / "info").read_text())
    assert info["spec"]["cluster"]["certificate-authority-data"] == base64.b64encode(b"PEM").decode()
