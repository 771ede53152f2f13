"""`farwatch agent permissions`: the table of rights, for charts, for people without Helm, and for reading."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum

from farwatch.agent.parser import Parser
from farwatch.agent.permissions.manifests import Installation, make_manifests
from farwatch.agent.permissions.rendering import dump_yaml, render_chart, render_markdown, render_text
from farwatch.agent.permissions.table import SWITCHES

EXIT_OK = 0


class Format(StrEnum):
    """How the table is shown."""

    TABLE = "table"
    YAML = "yaml"
    MARKDOWN = "markdown"
    CHART = "chart"


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:  # noqa: ARG001
    """Shows the table, or holds it against what an account has; returns the process's exit code.

    Raises ConfigError or KubeConfigError when something it was given cannot be used.
    """
    flags = build_parser().parse_args(arguments)
    sys.stdout.write(_show(flags))
    return EXIT_OK


def build_parser() -> argparse.ArgumentParser:
    """The command's flags."""
    parser = Parser(
        prog="farwatch agent permissions",
        description="Show which rights the agent needs for what.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--format",
        choices=[form.value for form in Format],
        default=Format.TABLE.value,
        help="table for reading, yaml for kubectl apply, markdown for docs, chart for the agent's chart",
    )
    yaml = parser.add_argument_group("with --format yaml")
    yaml.add_argument("--namespace", default="farwatch", help="the agent's namespace [farwatch]")
    yaml.add_argument("--account", default="farwatch-agent", help="its ServiceAccount [farwatch-agent]")
    yaml.add_argument(
        "--watch-namespaces",
        default="",
        metavar="A,B",
        help="grant in these namespaces only, not in the cluster",
    )
    for name, values, way in (
        ("--with", _switches(on=False), "on"),
        ("--without", _switches(on=True), "off"),
    ):
        yaml.add_argument(
            name,
            action="append",
            default=[],
            choices=values,
            metavar="VALUE",
            help=f"switch a value of the chart {way}: {', '.join(values)}",
        )
    return parser


def _show(flags: argparse.Namespace) -> str:
    match flags.format:
        case Format.CHART:
            return render_chart()
        case Format.MARKDOWN:
            return render_markdown()
        case Format.YAML:
            watched = tuple(name.strip() for name in flags.watch_namespaces.split(",") if name.strip())
            switches = dict.fromkeys(vars(flags)["with"], True) | dict.fromkeys(flags.without, False)
            installation = Installation(flags.namespace, flags.account, watched, switches)
            return dump_yaml(*make_manifests(installation))
    return render_text()


def _switches(*, on: bool) -> list[str]:
    return [name for name, value in SWITCHES.items() if value is on]
