"""The few commands of Helm's that deploy.sh gives, by the same Helm as a library: where there is no `helm`, this is it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml


def main() -> None:
    parser = argparse.ArgumentParser(prog="helm")
    commands = parser.add_subparsers(dest="command", required=True)
    dependency = commands.add_parser("dependency")
    dependency.add_argument("verb", choices=["build"])
    dependency.add_argument("chart")
    for name in ("upgrade", "status", "uninstall"):
        command = commands.add_parser(name)
        command.add_argument("release")
        command.add_argument("--namespace", required=True)
        if name != "status":
            command.add_argument("--wait", action="store_true")
            command.add_argument("--timeout")
        if name == "upgrade":
            command.add_argument("chart")
            command.add_argument("--install", action="store_true", required=True)
            command.add_argument("-f", dest="values", action="append", default=[])
    asked = parser.parse_args()
    try:
        run(asked)
    except helm.HelmError as error:
        sys.exit(f"Error: {error}")


def run(asked: argparse.Namespace) -> None:
    if asked.command == "dependency":
        helm.dependency_build(asked.chart)
        return
    with helm.Config(kubeconfig_path=os.environ["KUBECONFIG"], namespace=asked.namespace) as config:
        match asked.command:
            case "status":
                config.status(asked.release)
            case "uninstall":
                config.uninstall(asked.release, timeout=60)
            case "upgrade":
                values: dict[str, Any] = {}
                for path in asked.values:
                    values |= yaml.safe_load(Path(path).read_text())
                try:
                    config.status(asked.release)
                    act = config.upgrade
                except helm.HelmError:
                    act = config.install
                act(asked.chart, asked.release, values, wait="watcher", timeout=60)


main()
