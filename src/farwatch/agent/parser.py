"""Command lines of the agent: a wrong one is told in one line, by raising."""

from __future__ import annotations

import argparse
from typing import NoReturn

from farwatch.agent.errors import ConfigError


class Parser(argparse.ArgumentParser):
    """Raises ConfigError where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        """A wrong command line."""
        raise ConfigError(f"{message}; see {self.prog} --help")
