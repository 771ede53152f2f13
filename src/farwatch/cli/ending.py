"""How commands end: their exit codes, and one line on stderr about what was wrong."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a client command; its errors are one line on stderr."""
    from farwatch.client import ClientError  # noqa: PLC0415

    try:
        asyncio.run(work)
    except ClientError as error:
        fail(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None


@contextmanager
def needs_hub(what: str) -> Iterator[None]:
    """Around the import of a part of the hub: where its libraries are not installed, say how to get them."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "farwatch":
            raise
        fail(f"{what} needs {error.name}, which is not installed: pip install 'farwatch[hub]'", EXIT_USAGE)


def fail(message: str, code: int, who: str = "farwatch") -> NoReturn:
    """End with a line on stderr and an exit code."""
    typer.echo(f"{who}: {message}", err=True)
    raise typer.Exit(code)
