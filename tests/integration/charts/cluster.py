"""A cluster that enforces roles, with Helm and kubectl to install into it, and processes that run as its pods."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..conftest import Agent, Process, Stage, eventually
from .charts import Object

KUBECTL = shutil.which("kubectl")
OPENSSL = shutil.which("openssl")
HELM_SECONDS = 120
_HELM = Path(__file__).with_name("helmprocess.py")
_LASTING = (
    "namespaces,clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,secrets,configmaps,services,"
    "deployments,daemonsets,statefulsets,leases,poddisruptionbudgets,networkpolicies"
)
"""Kinds of which nothing comes and goes by itself in a quiet cluster."""


class HelmFailure(Exception):  # noqa: N818 - what Helm calls it
    """What Helm said when it failed."""


class HelmRun:
    """An order to Helm that is under way."""

    def __init__(self, order: Mapping[str, Any], home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, _HELM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "HOME": str(home)},
        )
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order))
        self._process.stdin.close()
        self._process.stdin = None

    def wait(self) -> Any:
        """Its answer; HelmFailure when it failed."""
        try:
            out, err = self._process.communicate(timeout=HELM_SECONDS)
        finally:
            self._process.kill()
        assert self._process.returncode == 0, err
        answer = json.loads(out)
        if isinstance(answer, dict) and "error" in answer:
            raise HelmFailure(answer["error"])
        return answer


class Cluster:
    """A cluster whose API server enforces roles; the kubeconfig is its administrator's."""

    def __init__(self, stage: Stage, kubeconfig: Path) -> None:
        if KUBECTL is None:
            pytest.skip("kubectl is not installed")
        self._stage = stage
        self._folder = stage.folder
        self.kubeconfig = kubeconfig

    @classmethod
    def simulate(cls, stage: Stage) -> Cluster:
        """A simulated one, over TLS: no client sends a token over anything else."""
        if OPENSSL is None:
            pytest.skip("openssl is not installed: without TLS no client sends a token")
        return cls(stage, stage.sim("--rbac", "--tls", "--speed", "20").kubeconfig)

    # --- kubectl ------------------------------------------------------------------------------------------------

    def kubectl(self, *arguments: str, stdin: str = "", account: str = "", code: int | None = 0) -> str:
        """What kubectl printed, as the administrator or as an account ``namespace:name``; on stderr when it failed."""
        assert KUBECTL
        impersonated = [f"--as=system:serviceaccount:{account}"] if account else []
        done = subprocess.run(
            [
                KUBECTL,
                "--kubeconfig",
                str(self.kubeconfig),
                "--cache-dir",
                str(self._folder),
                *impersonated,
                *arguments,
            ],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if code is not None:
            assert done.returncode == code, done.stderr
        return done.stdout if done.returncode == 0 else done.stderr

    def get(self, kind: str, name: str = "", namespace: str = "") -> Any:
        """An object, or (no name) the objects of a namespace or (empty) of all; None when it is not there."""
        where = ("-n", namespace) if namespace else ("-A",) if not name else ()
        told = self.kubectl("get", kind, *filter(None, (name,)), *where, "-o", "json", "--ignore-not-found")
        found = json.loads(told) if told else None
        return found["items"] if found and not name else found

    def apply(self, objects: Iterable[Object], *flags: str) -> None:
        self.kubectl("apply", *flags, "-f", "-", stdin=yaml.safe_dump_all(objects))

    def delete(self, objects: Iterable[Object]) -> None:
        """Delete objects, as far as they are there, without waiting."""
        written = yaml.safe_dump_all(objects)
        self.kubectl("delete", "-f", "-", "--ignore-not-found", "--wait=false", stdin=written)

    def ask(self, questions: Iterable[Object]) -> list[Object]:
        """Post what is answered and not kept, such as SubjectAccessReviews; the answers, in the same order."""
        left = self.kubectl(
            "create", "--validate=false", "-f", "-", "-o", "json", stdin=yaml.safe_dump_all(questions)
        )
        answers = []
        while left := left.lstrip():
            answer, end = json.JSONDecoder().raw_decode(left)
            answers.append(answer)
            left = left[end:]
        return answers

    def lasting(self) -> set[str]:
        """Everything there is of what does not come and go by itself, as kind, namespace and name."""
        return {
            "/".join((each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]))
            for each in self.get(_LASTING)
        }

    def cordon(self, verb: str = "cordon") -> None:
        """Let no pod begin, or (``uncordon``) let them."""
        for node in self.get("nodes"):
            self.kubectl(verb, node["metadata"]["name"])

    # --- Helm -----------------------------------------------------------------------------------------------------

    def start_helm(
        self, act: str, *arguments: Any, namespace: str = "farwatch", user: str = "", **options: Any
    ) -> HelmRun:
        """Begin an action of Helm's: install, upgrade, uninstall, ...; as the administrator or as a user."""
        config = {"kubeconfig_path": str(self.kubeconfig), "namespace": namespace}
        order = {
            "config": config | ({"kube_as_user": user} if user else {}),
            "act": act,
            "arguments": [str(each) if isinstance(each, Path) else each for each in arguments],
            "options": {"timeout": HELM_SECONDS // 2, **options},
        }
        return HelmRun(order, self._folder)

    def helm(self, act: str, *arguments: Any, **options: Any) -> Any:
        return self.start_helm(act, *arguments, **options).wait()

    # --- pods as processes ------------------------------------------------------------------------------------------

    def kubeconfig_of(self, account: str, namespace: str = "farwatch") -> Path:
        """A kubeconfig with a ServiceAccount's own token, in place of what the kubelet mounts."""
        config = yaml.safe_load(self.kubeconfig.read_text())
        token = self.kubectl("-n", namespace, "create", "token", account).strip()
        config["users"][0]["user"] = {"token": token}
        path = self._folder / f"{namespace}-{account}.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    def run_container(self, spec: Object, namespace: str = "farwatch") -> Process:
        """Run the only container of a pod's spec as a process: its command, arguments, environment and mounts.

        Different are only: the API server is found by a kubeconfig (with the account's token), what is mounted lies
        in a folder of the test, and the probes' port is a free one of this machine alone.
        """
        (container,) = spec["containers"]
        root = self._mount(spec, container, namespace)
        pod = {
            "metadata.name": "farwatch-agent-0",
            "metadata.namespace": namespace,
            "spec.nodeName": "node-1",
        }
        environment = self._environment(container, pod, namespace)
        for mount in container.get("volumeMounts") or ():
            for name, value in environment.items():
                if value.startswith(mount["mountPath"]):
                    environment[name] = f"{root}{value}"
        kubeconfig = self.kubeconfig_of(spec["serviceAccountName"], namespace)
        environment |= {"KUBECONFIG": str(kubeconfig)}
        if "FARWATCH_HEALTH_LISTEN" in environment:
            environment["FARWATCH_HEALTH_LISTEN"] = "127.0.0.1:0"
        farwatch, *arguments = [*container["command"], *container.get("args", ())]
        assert farwatch == "farwatch"
        kind = Agent if arguments == ["agent"] else Process
        return self._stage._start(kind, container["name"], arguments, environment)

    def _mount(self, spec: Object, container: Object, namespace: str) -> Path:
        root = self._folder / f"root-{namespace}-{container['name']}"
        volumes = {each["name"]: each for each in spec.get("volumes") or ()}
        for mount in container.get("volumeMounts") or ():
            volume = volumes[mount["name"]]
            folder = root / mount["mountPath"].lstrip("/")
            folder.mkdir(parents=True, exist_ok=True)
            if "secret" in volume:
                data = self._secret(volume["secret"]["secretName"], namespace)
                keys = {each["key"]: each["path"] for each in volume["secret"]["items"]}
                data = {path: data[key] for key, path in keys.items() if key in data}
            else:
                data = self.get("configmap", volume["configMap"]["name"], namespace)["data"]
            for name, text in data.items():
                (folder / name).write_text(text)
        return root

    def _environment(self, container: Object, pod: Mapping[str, str], namespace: str) -> dict[str, str]:
        found = {"KUBERNETES_SERVICE_HOST": "127.0.0.1"}
        for each in container.get("env") or ():
            source = each.get("valueFrom") or {}
            if "fieldRef" in source:
                found[each["name"]] = pod[source["fieldRef"]["fieldPath"]]
            elif "secretKeyRef" in source:
                data = self._secret(source["secretKeyRef"]["name"], namespace)
                if source["secretKeyRef"]["key"] in data:
                    found[each["name"]] = data[source["secretKeyRef"]["key"]]
            else:
                found[each["name"]] = re.sub(
                    r"\$\((\w+)\)", lambda name: found.get(name[1], name[0]), each["value"]
                )
        del found["KUBERNETES_SERVICE_HOST"]
        return found

    def _secret(self, name: str, namespace: str) -> dict[str, str]:
        from .charts import secret_data  # noqa: PLC0415

        found = self.get("secret", name, namespace)
        return secret_data(found) if found else {}


def wait_for(cluster: Cluster, kind: str, name: str, namespace: str = "") -> Object:
    """An object, once it is there."""
    found: Object = eventually(
        lambda: cluster.get(kind, name, namespace), f"{kind} {namespace}/{name} is there"
    )
    return found
