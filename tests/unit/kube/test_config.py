from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from farwatch.kube import config
from farwatch.kube.access import TOKEN_FILE_SECONDS, ClusterAccess
from farwatch.kube.config import load_access, load_in_cluster, load_kubeconfig
from farwatch.kube.errors import KubeConfigError


def kubeconfig(**changes: Any) -> dict[str, Any]:
    cluster = {"server": "http://127.0.0.1:8080/"} | changes.pop("cluster", {})
    user = {"token": "secret"} if "user" not in changes else changes.pop("user")
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "prod",
    } | changes


def write(folder: Path, content: Any, name: str = "config") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def fault(path: Path | None, context: str | None = None, **options: Any) -> str:
    """What is wrong, on one line."""
    with pytest.raises(KubeConfigError) as raised:
        load_kubeconfig(path, context, **options)
    message = str(raised.value)
    assert "\n" not in message
    return message


async def headers(access: ClusterAccess) -> list[tuple[str, str]]:
    return list((await access.credentials.current()).headers)


# --- kubeconfig -----------------------------------------------------------------------------------------------


async def test_the_current_context_names_server_user_and_namespace(tmp_path: Path) -> None:
    path = write(tmp_path, kubeconfig())
    access = load_kubeconfig(path)
    assert access.server == "http://127.0.0.1:8080"
    assert access.namespace == "default"
    assert access.proxy is None
    assert access.origin == f"kubeconfig {path}, context prod"
    assert await headers(access) == [("Authorization", "Bearer secret")]


async def test_another_context_may_be_named(tmp_path: Path) -> None:
    content = kubeconfig()
    content["clusters"].append({"name": "other", "cluster": {"server": "http://other:1"}})
    content["contexts"].append(
        {"name": "dev", "context": {"cluster": "other", "user": "u", "namespace": "shop"}}
    )
    access = load_kubeconfig(write(tmp_path, content), "dev")
    assert (access.server, access.namespace) == ("http://other:1", "shop")


async def test_of_several_files_the_first_to_name_a_thing_wins_and_missing_ones_are_skipped(
    tmp_path: Path,
) -> None:
    first = write(tmp_path, {"current-context": "prod", "contexts": kubeconfig()["contexts"]}, "first")
    second = write(tmp_path, kubeconfig(cluster={"server": "http://second"}), "second")
    third = write(tmp_path, kubeconfig(cluster={"server": "http://third"}, user={"token": "third"}), "third")
    names = ":".join(map(str, (first, tmp_path / "missing", second, third)))
    access = load_kubeconfig(environ={"KUBECONFIG": names})
    assert access.server == "http://second"
    assert await headers(access) == [("Authorization", "Bearer secret")]


def test_without_a_name_it_is_the_one_at_home(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    write(tmp_path / ".kube", kubeconfig())
    assert load_kubeconfig(environ={"HOME": str(tmp_path)}).server == "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("clusters: [", "not YAML, line"),
        ("just text", "Expected `object`, got `str`"),
        ("clusters: {a: b}", "Expected `array | null`, got `object` - at `$.clusters`"),
        ("", "no current-context; name one of none"),
        (kubeconfig(**{"current-context": ""}), "no current-context; name one of prod"),
        (kubeconfig(**{"current-context": "gone"}), "no context 'gone'; it has prod"),
        (kubeconfig(clusters=[]), "no cluster 'c'; it has none"),
        (kubeconfig(users=[]), "no user 'u'; it has none"),
        (kubeconfig(contexts=[{"name": "prod"}]), "context 'prod' names no cluster"),
        (kubeconfig(cluster={"server": ""}), "the cluster has no server"),
        (kubeconfig(cluster={"server": "ftp://x"}), "server 'ftp://x' is not an http or https URL"),
        (kubeconfig(cluster={"server": "http://x:99999"}), "is not an http or https URL"),
        (kubeconfig(cluster={"proxy-url": "socks5://x:1"}), "other proxies are not supported"),
        (kubeconfig(user={"auth-provider": {"name": "gcp"}}), "use an exec plugin"),
        (
            kubeconfig(user={"client-key-data": base64.b64encode(b"k").decode()}),
            "client-certificate and client-key belong together",
        ),
        (kubeconfig(user={"client-certificate-data": "%%%"}), "client-certificate-data is not base64"),
        (
            kubeconfig(user={"client-certificate": "missing.pem"}),
            "missing.pem: no such file or directory",
        ),
        (
            kubeconfig(cluster={"server": "https://x", "certificate-authority": "missing.pem"}),
            "missing.pem: no such file or directory",
        ),
        (
            kubeconfig(
                cluster={
                    "server": "https://x",
                    "certificate-authority-data": base64.b64encode(b"no PEM").decode(),
                }
            ),
            "certificate authority data: not usable",
        ),
        (kubeconfig(user={"exec": {"command": "x", "apiVersion": "v0"}}), "apiVersion 'v0' is not supported"),
        (
            kubeconfig(
                user={
                    "exec": {
                        "command": "x",
                        "apiVersion": "client.authentication.k8s.io/v1",
                        "interactiveMode": "Always",
                    }
                }
            ),
            "wants a terminal",
        ),
    ],
)
def test_each_fault_is_one_line_that_names_file_and_thing(tmp_path: Path, content: Any, said: str) -> None:
    path = write(tmp_path, content)
    message = fault(path)
    assert said in message
    assert str(path) in message


def test_a_missing_file_or_context_is_named(tmp_path: Path) -> None:
    assert fault(tmp_path / "none") == f"kubeconfig {tmp_path}/none: no such file or directory"
    assert "no context 'dev'; it has prod" in fault(write(tmp_path, kubeconfig()), "dev")
    assert f"{tmp_path}/a: no such file" in fault(None, environ={"KUBECONFIG": f"{tmp_path}/a:{tmp_path}/b"})


def test_a_broken_file_does_not_show_its_secrets(tmp_path: Path) -> None:
    path = write(tmp_path, "users:\n- name: u\n  user: {token: hunter2\nclusters: [")
    assert "hunter2" not in fault(path)
    path = write(tmp_path, kubeconfig(user={"token": ["hunter2"]}))
    assert "hunter2" not in fault(path)
    path = write(tmp_path, kubeconfig(cluster={"proxy-url": "socks5://user:hunter2@x"}))
    assert "hunter2" not in fault(path)


def test_the_proxy_is_the_one_the_kubeconfig_names(tmp_path: Path) -> None:
    path = write(tmp_path, kubeconfig(cluster={"proxy-url": "http://proxy:3128"}))
    assert load_kubeconfig(path).proxy == "http://proxy:3128"


async def test_a_token_file_is_relative_to_the_kubeconfig(tmp_path: Path, fake_time: Any) -> None:
    write(tmp_path, "from-file\n", "token")
    path = write(tmp_path, kubeconfig(user={"tokenFile": "token", "token": "inline"}))
    access = load_kubeconfig(path, clock=fake_time.clock)
    assert await headers(access) == [("Authorization", "Bearer from-file")]


async def test_names_and_passwords_and_impersonation_become_headers(tmp_path: Path) -> None:
    user = {"username": "me", "password": "pw", "as": "auditor", "as-groups": ["a", "b"]}
    access = load_kubeconfig(write(tmp_path, kubeconfig(user=user)))
    assert await headers(access) == [
        ("Impersonate-User", "auditor"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Authorization", "Basic " + base64.b64encode(b"me:pw").decode()),
    ]


def test_what_the_user_most_likely_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, kubeconfig())
    chosen: list[str] = []
    monkeypatch.setattr(config, "load_in_cluster", lambda: chosen.append("in-cluster"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    load_access()
    assert chosen == ["in-cluster"]
    assert load_access(path).server == "http://127.0.0.1:8080"
    monkeypatch.setenv("KUBECONFIG", str(path))
    assert load_access().server == "http://127.0.0.1:8080"
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    with pytest.raises(KubeConfigError, match="no such file"):
        load_access()
    assert chosen == ["in-cluster"]


# --- in a cluster ---------------------------------------------------------------------------------------------


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """What Kubernetes mounts into a pod; its authority is one made for the test."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        " -keyout key -out ca.crt -days 2 -subj /CN=ca"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "token").write_text("first")
    (tmp_path / "namespace").write_text("monitoring\n")
    return tmp_path


IN_CLUSTER = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}


async def test_in_a_cluster_the_pods_own_account_is_used(mounted: Path) -> None:
    access = load_in_cluster(mounted, environ=IN_CLUSTER)
    assert (access.server, access.namespace) == ("https://10.96.0.1:443", "monitoring")
    credentials = await access.credentials.current()
    assert credentials.headers == (("Authorization", "Bearer first"),)
    assert credentials.tls is not None
    assert len(credentials.tls.get_ca_certs()) == 1


def test_an_address_of_version_6_is_put_in_brackets(mounted: Path) -> None:
    access = load_in_cluster(mounted, environ=IN_CLUSTER | {"KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert access.server == "https://[fd00::1]:443"


async def test_the_token_is_read_again_each_minute_and_when_refused(mounted: Path, fake_time: Any) -> None:
    fake_time.step = 0.0
    access = load_in_cluster(mounted, environ=IN_CLUSTER, clock=fake_time.clock)
    assert await headers(access) == [("Authorization", "Bearer first")]
    (mounted / "token").write_text("second")
    fake_time.now += TOKEN_FILE_SECONDS - 1
    assert await headers(access) == [("Authorization", "Bearer first")]
    fake_time.now += 1
    assert await headers(access) == [("Authorization", "Bearer second")]
    (mounted / "token").write_text("third")
    assert access.credentials.invalidate(await access.credentials.current())
    assert await headers(access) == [("Authorization", "Bearer third")]


async def test_a_token_that_vanished_or_is_empty_is_named(mounted: Path) -> None:
    access = load_in_cluster(mounted, environ=IN_CLUSTER)
    (mounted / "token").write_text("\n")
    with pytest.raises(KubeConfigError, match="token is empty"):
        await access.credentials.current()
    (mounted / "token").unlink()
    with pytest.raises(KubeConfigError, match="no such file"):
        await access.credentials.current()


def test_outside_of_a_cluster_or_without_a_token_it_is_said_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KubeConfigError, match=r"not in a cluster .* name a kubeconfig"):
        load_in_cluster(environ={})
    with pytest.raises(KubeConfigError, match="automountServiceAccountToken"):
        load_in_cluster(tmp_path, environ=IN_CLUSTER)
