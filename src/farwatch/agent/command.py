"""`farwatch agent`: flags made from the settings' model, one line for a wrong one, and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from farwatch.agent.config import CONFIG_FILE_VARIABLE, SETTINGS, Setting, load
from farwatch.agent.errors import ConfigError
from farwatch.kube.errors import KubeConfigError

EXIT_USAGE = 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; see {self.prog} --help")


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Runs an agent until it is told to stop; returns the process's exit code."""
    _keep_small()
    from farwatch.agent.main import run  # noqa: PLC0415 - after _keep_small

    try:
        flags = vars(build_parser().parse_args(arguments))
        file = flags.pop("config")
        return run(load(flags, environment, file))
    except (ConfigError, KubeConfigError) as error:
        print(f"farwatch agent: {error}", file=sys.stderr)  # noqa: T201 - for whoever typed the command
        return EXIT_USAGE


def build_parser() -> argparse.ArgumentParser:
    """One flag for each setting, and ``--config``."""
    parser = _Parser(
        prog="farwatch agent",
        description="Watch a cluster and report to the hub. Each flag is also an environment variable "
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
        parser.add_argument(setting.flag, action="store_const", const=True, help=setting.description)
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
