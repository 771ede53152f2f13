"""`farwatch agent`: flags made from the settings' model, one line for a wrong one, and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from farwatch.agent.config import CONFIG_FILE_VARIABLE, SETTINGS, Setting, load
from farwatch.agent.errors import ConfigError
from farwatch.agent.parser import Parser
from farwatch.kube.errors import KubeConfigError

EXIT_USAGE = 2


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Runs an agent until it is told to stop, or a command of its own; returns the process's exit code."""
    _keep_small()
    try:
        return _dispatch(arguments, environment)
    except (ConfigError, KubeConfigError) as error:
        print(f"farwatch agent: {error}", file=sys.stderr)  # noqa: T201 - for whoever typed the command
        return EXIT_USAGE


def _dispatch(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    match arguments[:1]:
        case ["permissions"]:
            from farwatch.agent.permissions.command import main as show_permissions  # noqa: PLC0415

            return show_permissions(arguments[1:], environment)
        case ["adopt"]:
            from farwatch.agent.adopt import main as adopt  # noqa: PLC0415

            return adopt(arguments[1:], environment)
    from farwatch.agent.main import run  # noqa: PLC0415 - after _keep_small

    flags = vars(build_parser().parse_args(arguments))
    file = flags.pop("config")
    return run(load(flags, environment, file))


def build_parser() -> argparse.ArgumentParser:
    """One flag for each setting, and ``--config``."""
    parser = Parser(
        prog="farwatch agent",
        description="Watch a cluster and report to the hub. `farwatch agent permissions` shows the rights it needs. Each flag is also an environment variable "
        "(--hub is FARWATCH_HUB) and a key of the YAML file (hub); flags win over environment over file.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"YAML file of settings [{CONFIG_FILE_VARIABLE}]"
    )
    for setting in SETTINGS.values():
        _add_flag(parser, setting)
    return parser


def _add_flag(parser: argparse.ArgumentParser, setting: Setting) -> None:
    if setting.type is bool:
        parser.add_argument(setting.flag, action=argparse.BooleanOptionalAction, help=setting.description)
        return
    choices = f" ({', '.join(setting.choices)})" if setting.choices else ""
    metavar = setting.name.rpartition("_")[2].upper()
    parser.add_argument(setting.flag, metavar=metavar, help=setting.description + choices)


def _keep_small() -> None:
    """Imports structlog without rich, which it would pull in wherever that is installed: 3.5 MiB for its tracebacks."""
    if "structlog" not in sys.modules and "rich" not in sys.modules:
        sys.modules["rich"] = None  # type: ignore[assignment]
        import structlog  # noqa: F401, PLC0415

        del sys.modules["rich"]
