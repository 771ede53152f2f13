"""Helm in a process of its own, as the command line runs it: one order as JSON on stdin, its answer as JSON on stdout."""

from __future__ import annotations

import json
import sys

import helm_python as helm


def main() -> None:
    order = json.load(sys.stdin)
    try:
        with helm.Config(**order["config"]) as config:
            answer = getattr(config, order["act"])(*order["arguments"], **order["options"])
    except helm.HelmError as error:
        answer = {"error": str(error)}
    json.dump(answer, sys.stdout)


main()
