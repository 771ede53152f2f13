"""Clusters that enforce roles, as their administrator and as others see them: simulated, or real where there is one."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import kubernetes
import yaml

from farwatch.sim.apiserver import ApiServer
from farwatch.sim.server.identity import ADMIN_GROUP, User
from farwatch.sim.server.kubeconfig import write_kubeconfig
from farwatch.sim.store import Store

RBAC = "rbac.authorization.k8s.io"


@contextlib.contextmanager
def simulated(folder: Path) -> Iterator[Path]:
    """An API server that enforces roles, in a thread; the kubeconfig of its administrator."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(20)

    store = Store(time.time)
    server = ApiServer(store, users={"admins-token": User("admin", (ADMIN_GROUP,))}, rbac=True)
    wait(server.start())
    try:
        for namespace in ("kube-system", "default"):
            loop.call_soon_threadsafe(store.create, "namespaces", {"metadata": {"name": namespace}})
        yield server.write_kubeconfig(folder / "admin.kubeconfig", token="admins-token")
    finally:
        wait(server.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class World:
    """A cluster as its administrator sees it, and what is installed in it."""

    def __init__(self, kubeconfig: Path, folder: Path, *, is_real: bool) -> None:
        self.kubeconfig = kubeconfig
        self.is_real = is_real
        self.client = kubernetes.config.new_client_from_config(config_file=str(kubeconfig))
        self.core = kubernetes.client.CoreV1Api(self.client)
        self.dynamic = kubernetes.dynamic.DynamicClient(self.client)
        self._folder = folder
        self._numbers = itertools.count(1)
        self._made: list[tuple[Any, str, str]] = []

    def namespace(self) -> str:
        name = f"farwatch-test-{secrets.token_hex(4)}"
        self.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        return name

    def put(self, manifest: dict[str, Any]) -> None:
        resource = self.dynamic.resources.get(api_version=manifest["apiVersion"], kind=manifest["kind"])
        namespace = manifest["metadata"].get("namespace", "")
        resource.create(body=manifest, namespace=namespace or None)
        self._made.append((resource, manifest["metadata"]["name"], namespace))

    def find(self, kind: str, name: str, namespace: str = "", api_version: str = f"{RBAC}/v1") -> Any:
        """The object, or None."""
        resource = self.dynamic.resources.get(api_version=api_version, kind=kind)
        try:
            return resource.get(name=name, namespace=namespace or None).to_dict()
        except kubernetes.dynamic.exceptions.NotFoundError:
            return None

    def install(self, *flags: str) -> str:
        """What ``farwatch agent permissions`` prints, in a namespace of its own, which is given."""
        namespace = self.namespace()
        command = [sys.executable, "-m", "farwatch", "agent", "permissions", "--format", "yaml"]
        printed = subprocess.run(
            [*command, "--namespace", namespace, *flags], check=True, capture_output=True, text=True
        )
        for manifest in yaml.safe_load_all(printed.stdout):
            self.put(manifest)
        return namespace

    def kubeconfig_of(self, namespace: str, account: str = "farwatch-agent") -> Path:
        """A kubeconfig with a token of a ServiceAccount."""
        issued = self.core.create_namespaced_service_account_token(
            account, namespace, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        )
        configuration = self.client.configuration
        path = self._folder / f"account-{next(self._numbers)}.kubeconfig"
        certificate = Path(configuration.ssl_ca_cert) if configuration.ssl_ca_cert else None
        return write_kubeconfig(
            path,
            configuration.host,
            name=namespace,
            token=issued.status.token,
            certificate=certificate,
        )

    def clean_up(self) -> None:
        for resource, name, namespace in reversed(self._made):
            with contextlib.suppress(kubernetes.dynamic.exceptions.NotFoundError):
                resource.delete(name=name, namespace=namespace or None)
        self.client.close()


class Account:
    """Somebody who asks the API server."""

    def __init__(self, kubeconfig: Path) -> None:
        self.client = kubernetes.config.new_client_from_config(config_file=str(kubeconfig))
        self._token = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]

    def send(self, method: str, path: str, body: Any = None, **query: str) -> int:
        """The status of the answer."""
        answer = self.client.rest_client.pool_manager.request(
            method,
            f"{self.client.configuration.host}{path}?{urlencode(query)}",
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json",
            },
            body=None if body is None else json.dumps(body),
            timeout=10,
            retries=False,
        )
        return int(answer.status)

    def may(self, verb: str, group: str, resource: str, namespace: str = "") -> bool:
        plural, _, subresource = resource.partition("/")
        attributes = {
            "verb": verb,
            "group": group,
            "resource": plural,
            "subresource": subresource,
            "namespace": namespace,
        }
        review = {"spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}}}
        api = kubernetes.client.AuthorizationV1Api(self.client)
        return bool(api.create_self_subject_access_review(review).status.allowed)
