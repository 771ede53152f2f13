"""`farwatch agent permissions`: the table of rights, for charts, for people without Helm, and for reading."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from farwatch import __version__
from farwatch.agent.config import CONFIG_FILE_VARIABLE, load
from farwatch.agent.parser import Parser
from farwatch.agent.permissions.check import check_permissions
from farwatch.agent.permissions.manifests import Installation, make_manifests
from farwatch.agent.permissions.rendering import dump_yaml, render_chart, render_markdown, render_text
from farwatch.agent.permissions.rights import Usage, describe_note
from farwatch.agent.permissions.table import SWITCHES
from farwatch.kube.client import KubeClient
from farwatch.kube.config import load_access
from farwatch.kube.errors import KubeConfigError, KubeError
from farwatch.link.frames import PermissionReport

EXIT_OK = 0
EXIT_FAULT = 1

_UNUSED = {"hub": "https://unused.invalid", "token": "unused"}
"""Settings that an agent needs, and a look at its rights does not."""


class Format(StrEnum):
    """How the table is shown."""

    TABLE = "table"
    YAML = "yaml"
    MARKDOWN = "markdown"
    CHART = "chart"


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Shows the table, or holds it against what an account has; returns the process's exit code.

    Raises ConfigError or KubeConfigError when something it was given cannot be used.
    """
    flags = build_parser().parse_args(arguments)
    if flags.check:
        return asyncio.run(check(flags, environment))
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
    parser.add_argument(
        "--check",
        action="store_true",
        help="instead, look at the rights of the account this runs with; exit code 1 when any is missing or too much",
    )
    check = parser.add_argument_group("with --check; other settings are taken from FARWATCH_* variables")
    check.add_argument("--kubeconfig", metavar="FILE", help="kubeconfig, outside a pod")
    check.add_argument("--context", help="context in the kubeconfig")
    check.add_argument("--namespaces", metavar="A,B", help="as the agent watches only these")
    check.add_argument(
        "--config", type=Path, metavar="FILE", help=f"the agent's settings [{CONFIG_FILE_VARIABLE}]"
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


async def check(flags: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Holds the rights of the account this runs with against the settings; returns the process's exit code.

    Raises ConfigError or KubeConfigError when something it was given cannot be used.
    """
    given = {"kubeconfig": flags.kubeconfig, "context": flags.context, "namespaces": flags.namespaces}
    config = load(given | _UNUSED, environment, flags.config)
    access = load_access(config.kubeconfig, config.context or None)
    async with KubeClient(access, user_agent=f"farwatch-agent/{__version__}") as client:
        try:
            report = await check_permissions(client, Usage.of(config, access.namespace), datetime.now(UTC))
        except KubeConfigError:
            raise
        except KubeError as error:
            print(f"farwatch agent permissions: {error}", file=sys.stderr)  # noqa: T201 - for whoever asked
            return EXIT_FAULT
    sys.stdout.write("".join(f"{line}\n" for line in _describe(report)))
    return EXIT_FAULT if report.missing or report.excess else EXIT_OK


def _describe(report: PermissionReport) -> Iterator[str]:
    for note in report.missing:
        yield f"lacks {describe_note(note)}, for {note.capability}"
    for note in report.excess:
        yield f"has {describe_note(note)}, which it never needs"
    if report.omitted:
        yield f"and {report.omitted} more"
    if not (report.missing or report.excess):
        yield "has the rights that it needs and no others"
    if not report.complete:
        yield "the API server does not list every right: what is told of too much may not be all"


def _switches(*, on: bool) -> list[str]:
    return [name for name, value in SWITCHES.items() if value is on]
