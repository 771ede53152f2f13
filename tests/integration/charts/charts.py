"""Real Helm for tests: lints, renders, installs, and holds what it renders against the schemas of Kubernetes releases."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import helm_python as helm
import kubernetes_validate
import yaml
from kubernetes_validate import utils

CHARTS = Path(__file__).parents[3] / "charts"
FOREIGN_GROUPS = ("monitoring.coreos.com", "gateway.networking.k8s.io")
"""Whose kinds no release of Kubernetes has a schema for."""

Object = dict[str, Any]

# The definitions of a release are some megabytes, read anew for each object otherwise.
utils.schema_contents = functools.cache(utils.schema_contents)


def releases() -> list[str]:
    """The Kubernetes releases the charts are for: the first, the newest, and some between."""
    return ["1.29", "1.31", "1.33", "1.35", kubernetes_validate.latest_version()]


@dataclass(frozen=True)
class Rendered:
    """What Helm made of a chart: hooks and tests among the objects."""

    objects: tuple[Object, ...]
    notes: str

    def find(self, kind: str, name: str = "", namespace: str = "") -> Object:
        """The one object of this kind, name and namespace (empty: any)."""
        found = [
            each
            for each in self.of(kind)
            if name in {"", each["metadata"]["name"]}
            and namespace in {"", each["metadata"].get("namespace", "")}
        ]
        assert len(found) == 1, f"{len(found)} objects are {kind} {namespace}/{name}: {self.names(kind)}"
        return found[0]

    def of(self, *kinds: str) -> list[Object]:
        """Every object of some kinds."""
        return [each for each in self.objects if each["kind"] in kinds]

    def names(self, kind: str) -> list[str]:
        return [each["metadata"]["name"] for each in self.of(kind)]

    @property
    def lasting(self) -> list[Object]:
        """What a release consists of: without hooks."""
        return [each for each in self.objects if not hook(each)]

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Every pod's spec there can be, with the name of what makes it."""
        for each in self.objects:
            match each["kind"]:
                case "Pod":
                    spec = each["spec"]
                case "CronJob":
                    spec = each["spec"]["jobTemplate"]["spec"]["template"]["spec"]
                case "Deployment" | "DaemonSet" | "StatefulSet" | "Job":
                    spec = each["spec"]["template"]["spec"]
                case _:
                    continue
            yield f"{each['kind']}/{each['metadata']['name']}", spec


def hook(each: Object) -> str:
    """When Helm makes it, ``post-install,post-upgrade``; empty for what is part of the release."""
    return str((each["metadata"].get("annotations") or {}).get("helm.sh/hook", ""))


class Chart:
    """A chart of ours, by its folder's name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = CHARTS / name
        self._loaded = helm.Chart.load(self.path)

    @property
    def metadata(self) -> dict[str, Any]:
        return self._loaded.metadata

    @property
    def values(self) -> dict[str, Any]:
        return self._loaded.values

    @property
    def schema(self) -> dict[str, Any]:
        schema = self._loaded.schema
        assert schema is not None, f"{self.name} has no values.schema.json"
        return schema

    def lint(self, values: Mapping[str, Any]) -> list[str]:
        """What is to be warned of or wrong; notes of style left out."""
        report = helm.lint(self.path, dict(values), strict=True)
        return [each["error"] for each in report["messages"] if each["severity"] > 1] + report["errors"]

    def render(self, values: Mapping[str, Any], release: str = "", namespace: str = "farwatch") -> Rendered:
        """Every object and the notes, not to be changed; HelmError when the values are refused."""
        return self._render(json.dumps(values), release or self.name, namespace)

    @functools.cache  # noqa: B019 - charts live as long as the tests
    def _render(self, values: str, release: str, namespace: str) -> Rendered:
        files = self._loaded.render(json.loads(values), name=release, namespace=namespace)
        notes = next((text for path, text in files.items() if path.endswith("NOTES.txt")), "")
        objects = tuple(
            each
            for path, text in sorted(files.items())
            if not path.endswith("NOTES.txt")
            for each in yaml.load_all(text, yaml.CSafeLoader)
            if each
        )
        return Rendered(objects, notes)

    def attempt(self, values: Mapping[str, Any]) -> Rendered | str:
        """What is rendered, or what Helm says to values that cannot be used."""
        try:
            return self.render(values)
        except helm.HelmError as error:
            return str(error)

    def refuse(self, values: Mapping[str, Any]) -> str:
        """What Helm says to values that cannot be used; fails when it takes them."""
        said = self.attempt(values)
        assert isinstance(said, str), f"these values were taken: {values}"
        return said


def faults(each: Object) -> list[str]:
    """What the schemas of all releases find wrong with an object, unknown fields included."""
    if each["apiVersion"].partition("/")[0] in FOREIGN_GROUPS:
        return []
    return list(_faults(json.dumps(each, sort_keys=True)))


@functools.cache
def _faults(encoded: str) -> tuple[str, ...]:
    each = json.loads(encoded)
    found = []
    for release in releases():
        try:
            kubernetes_validate.validate(each, release, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(map(str, error.path))
            found.append(f"{release}: {each['kind']}/{each['metadata']['name']}: {path}: {error.message}")
        except kubernetes_validate.SchemaNotFoundError as error:
            found.append(f"{release}: {error.message}")
    return tuple(found)


def secret_data(secret: Object) -> dict[str, str]:
    """What a Secret holds."""
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
