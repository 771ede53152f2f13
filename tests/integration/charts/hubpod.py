"""The hub's pod as a process of this machine: what the chart rendered, and nothing that it did not."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import TypeVar

from ..conftest import Hub, Process, Stage
from .charts import Object
from .cluster import Cluster

P = TypeVar("P", bound=Process)


class HubPod:
    """Runs containers of the hub's chart: its command, arguments, environment and mounts.

    Different are only: what is mounted lies in a folder of the test, claims and ConfigMaps by their names, and the
    address is a free port of this machine alone.
    """

    def __init__(self, stage: Stage, cluster: Cluster, namespace: str) -> None:
        self._stage = stage
        self._cluster = cluster
        self._namespace = namespace
        self._root = stage.folder / f"hub-{namespace}"
        self._counts: dict[str, int] = {}

    def start(self, spec: Object) -> Hub:
        """The hub's container, until it serves."""
        (container,) = spec["containers"]
        hub = self._run(Hub, spec, container)
        hub.url = hub.first_line().split()[-1]
        return hub

    def begin(self, spec: Object) -> Process:
        """The init container, to its end."""
        (container,) = spec["initContainers"]
        process = self._run(Process, spec, container)
        process.wait()
        return process

    def refresh(self, spec: Object) -> None:
        """What the kubelet does a while after a ConfigMap has changed."""
        for volume in spec["volumes"]:
            if "configMap" in volume:
                self._project(volume["configMap"]["name"])

    def claim(self, name: str) -> Path:
        """What is on a volume."""
        return self._root / "claims" / name

    def _run(self, kind: type[P], spec: Object, container: Object) -> P:
        paths = self._mount(spec, container)
        words = [*container["command"], *container.get("args", ())]
        assert words[0] == "farwatch"
        arguments = [self._replace(word, paths) for word in words[1:]]
        environment = self._cluster._environment(container, {}, self._namespace)
        assert environment.get("HOME", "/tmp") == "/tmp"
        return self._stage._start(kind, container["name"], arguments, environment)

    @staticmethod
    def _replace(word: str, paths: dict[str, Path]) -> str:
        option, separator, value = word.rpartition("=")
        if option == "--listen":
            return "--listen=127.0.0.1:0"
        for mounted, real in paths.items():
            if value == mounted or value.startswith(f"{mounted}/"):
                return f"{option}{separator}{real}{value.removeprefix(mounted)}"
        assert not value.startswith("/"), f"{word}: nothing is mounted there"
        return word

    def _mount(self, spec: Object, container: Object) -> dict[str, Path]:
        volumes = {each["name"]: each for each in spec["volumes"]}
        return {
            mount["mountPath"]: self._place(volumes[mount["name"]]) for mount in container["volumeMounts"]
        }

    def _place(self, volume: Object) -> Path:
        if "configMap" in volume:
            return self._project(volume["configMap"]["name"])
        if "persistentVolumeClaim" in volume:
            path = self.claim(volume["persistentVolumeClaim"]["claimName"])
            path.mkdir(parents=True, exist_ok=True)
            return path
        path = self._root / volume["name"]
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        if "secret" in volume:
            data = self._cluster._secret(volume["secret"]["secretName"], self._namespace)
            keys = {each["key"]: each["path"] for each in volume["secret"].get("items", ())}
            for key, text in data.items():
                (path / keys.get(key, key)).write_text(text)
        return path

    def _project(self, name: str) -> Path:
        """As the kubelet does: links by ``..data`` into a folder that is replaced whole."""
        path = self._root / "configmaps" / name
        number = self._counts[name] = self._counts.get(name, 0) + 1
        made = path / f"..{number}"
        made.mkdir(parents=True)
        for key, text in self._cluster.get("configmap", name, self._namespace)["data"].items():
            (made / key).write_text(text)
            if not (path / key).is_symlink():
                (path / key).symlink_to(Path("..data") / key)
        fresh = path / "..data_tmp"
        fresh.symlink_to(made.name)
        fresh.rename(path / "..data")
        return path


def pointed_at(spec: Object, url: str) -> Object:
    """A pod's spec whose containers look for the hub at another address: no cluster's DNS is there."""
    changed: Object = copy.deepcopy(spec)
    for container in changed["containers"]:
        for variable in container["env"]:
            if variable["name"] == "FARWATCH_HUB":
                variable["value"] = url
    return changed
