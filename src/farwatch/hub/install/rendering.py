"""The chart as YAML, made by Helm in a process that ends."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

from farwatch.hub.install.errors import InstallOptionsError, RenderError

RENDER_SECONDS = 30.0
"""How long rendering may take; it takes a fifth of a second."""

AT_ONCE = 2
"""How many processes may render at a time, each of about 70 MiB."""

MOST_BYTES = 1024 * 1024
"""What a rendered chart may hold."""

_REFUSED = 3
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")
_LONGEST_FAULT = 1500

_log = structlog.get_logger(__name__)


class Renderer:
    """Renders charts, a few at a time.

    Args:
        command: What is run: reads a request on stdin, and writes YAML to stdout.
        seconds: How long it may take.
    """

    def __init__(self, command: Sequence[str] | None = None, seconds: float = RENDER_SECONDS) -> None:
        # By its path and with -P: neither packages of ours nor modules beside it are imported by accident.
        self._command = command or (sys.executable, "-P", str(Path(__file__).with_name("helm.py")))
        self._seconds = seconds
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def render(self, chart: Path, *, release: str, namespace: str, values: Mapping[str, Any]) -> str:
        """Everything that `kubectl apply -f -` is to make.

        Raises:
            InstallOptionsError: The chart refuses the values; the message says which and why.
            RenderError: It could not be rendered.
        """
        request = {"chart": str(chart), "release": release, "namespace": namespace, "values": values}
        async with self._slots:
            code, output, errors = await self._run(msgspec.json.encode(request))
        if code == _REFUSED:
            raise InstallOptionsError(f"the chart refuses this: {_one_line(errors)}")
        if code != 0:
            _log.error("rendering failed", code=code, errors=errors[-_LONGEST_FAULT:])
            raise RenderError(f"the chart could not be rendered: {_one_line(errors.strip()[-300:]) or code}")
        if len(output) > MOST_BYTES:
            raise InstallOptionsError(
                f"what the chart makes of these values is larger than {MOST_BYTES} bytes"
            )
        return output.decode()

    async def _run(self, request: bytes) -> tuple[int, bytes, str]:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
            )
        except OSError as error:
            raise RenderError(f"the process that renders cannot be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(self._seconds):
                output, errors = await process.communicate(request)
        except TimeoutError:
            raise RenderError(
                f"the chart was not rendered within {self._seconds:g} s: is the machine overloaded? Try again"
            ) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await asyncio.shield(process.wait())
        return process.returncode or 0, output, errors.decode(errors="replace")


def _one_line(text: str) -> str:
    """Helm's words, of which the lists of faults are the best."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    faults = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    return "; ".join(faults or lines)[:_LONGEST_FAULT]
