"""Renders a chart with Helm itself, in a process of its own: run as a script, never imported by the hub.

Helm's library takes some 50 MiB that are given back only when the process ends. The request is one JSON object on
stdin: ``chart`` (a folder), ``release``, ``namespace``, ``values``. The answer is YAML on stdout, every object that
`kubectl apply -f -` is to make, in the order in which they can be made. Exit code 3 says that the chart refuses the
values; why stands on stderr.

Nothing of Farwatch is imported: the script starts in the time that Helm needs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import yaml

REFUSED = 3

ORDER = (
    "Namespace",
    "PriorityClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Service",
    "DaemonSet",
    "Deployment",
    "StatefulSet",
    "ServiceMonitor",
    "PodMonitor",
    "Job",
    "CronJob",
)
"""What others need comes before them; what is not named comes before the jobs."""

CLUSTER_SCOPED = {
    "Namespace",
    "PriorityClass",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleBinding",
}

Object = dict[str, Any]


def main() -> int:
    """Render what stdin asks for."""
    from helm_python import (  # noqa: PLC0415 - an error of its import is told like any other
        Chart,
        HelmChartInvalidError,
        HelmRenderError,
        HelmValuesError,
    )

    request = json.load(sys.stdin)
    release, namespace = request["release"], request["namespace"]
    try:
        with Chart.load(request["chart"]) as chart:
            chart.validate_schema(request["values"])
            files = chart.render(request["values"], name=release, namespace=namespace, is_install=True)
    except (HelmValuesError, HelmRenderError, HelmChartInvalidError) as error:
        sys.stderr.write(str(error))
        return REFUSED
    objects = [each for path, text in sorted(files.items()) for each in read_objects(path, text)]
    wanted = arrange([each for each in objects if is_wanted(each)], release, namespace)
    sys.stdout.write(yaml.dump_all(wanted, Dumper=_Dumper, sort_keys=False, width=120, explicit_start=True))
    return 0


def read_objects(path: str, text: str) -> list[Object]:
    """The objects in a rendered file."""
    if path.endswith("NOTES.txt"):
        return []
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [each for each in yaml.load_all(text, loader) if each]


def is_wanted(each: Object) -> bool:
    """Whether an object is there after an installation: hooks of other times, and tests, are not."""
    hooks = str((each["metadata"].get("annotations") or {}).get("helm.sh/hook", ""))
    return not hooks or bool({"pre-install", "post-install"} & {hook.strip() for hook in hooks.split(",")})


def arrange(objects: list[Object], release: str, namespace: str) -> list[Object]:
    """Objects in the order in which they can be made, after their namespace.

    Each says which namespace it is in, and which release it belongs to: a later `helm upgrade --install` takes it over.
    """
    for each in objects:
        metadata = each["metadata"]
        if each["kind"] not in CLUSTER_SCOPED:
            metadata.setdefault("namespace", namespace)
        if "helm.sh/hook" not in (metadata.get("annotations") or {}):
            metadata["annotations"] = {
                **(metadata.get("annotations") or {}),
                "meta.helm.sh/release-name": release,
                "meta.helm.sh/release-namespace": namespace,
            }
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    return [own, *sorted(objects, key=_place)]


def _place(each: Object) -> tuple[float, str, str]:
    kind = each["kind"]
    place = ORDER.index(kind) if kind in ORDER else ORDER.index("Job") - 0.5
    return place, each["metadata"].get("namespace", ""), each["metadata"]["name"]


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as people do, and no anchors, which nobody reads."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _write_text)

if __name__ == "__main__":
    sys.exit(main())
