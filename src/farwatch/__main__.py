"""Starts what the command line asks for; also as `python -m farwatch`."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script."""
    if sys.argv[1:2] == ["agent"]:
        # The agent's memory is counted in every cluster: it does not load the library behind the other commands.
        from farwatch.agent.command import main as agent_main  # noqa: PLC0415

        sys.exit(agent_main(sys.argv[2:]))

    from farwatch.cli import app  # noqa: PLC0415

    app()


if __name__ == "__main__":
    main()
